"""The pages on which people subscribe by themselves: they ask, and confirm what they asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paperround import translations
from paperround.admission import Admission
from paperround.languages import Wording
from paperround.ports import RequestId, Wish
from paperround.preferences import rhythm_of
from paperround.standing import next_day
from paperround.subscribers import Subscriber
from paperround.tokens import request_of
from paperround.web.accepting import language_of
from paperround.web.applying import Application, applied, blank, is_a_trap
from paperround.web.bodies import received
from paperround.web.choices import how_often
from paperround.web.forms import fields
from paperround.web.pages import Pages

_LARGEST_FORM = 65_536  # bytes: twenty long keywords, each letter of them percent-encoded
_OURS = ("same-origin", "none")


class Reception(Protocol):
    """Where it is asked for the papers. Raise StoreError where nothing can be entered."""

    @property
    def newcomer(self) -> Subscriber:
        """How somebody reads who says nothing but keywords."""

    def address(self, typed: str) -> str:
        """Return an address as mail is sent to it, or raise ValueError where none can be."""

    def ask(self, address: str, wish: Wish, *, host: str) -> Admission:
        """Take what somebody at that host asks for, if they may ask."""

    def asked(self, request: RequestId) -> Wish | None:
        """Return what a request asks for, or None where it cannot be confirmed any more."""

    def confirm(self, request: RequestId, *, host: str) -> Subscriber | None:
        """Do what a request asks for, and return the reader; None where it cannot be done any more."""


def joining_routes(
    reception: Reception,
    *,
    secret: bytes,
    public_url: str,
    now: Callable[[], datetime],
    pages: Pages,
    patience: timedelta,
) -> tuple[Route, ...]:
    """Return where people ask, and where they confirm, by tokens made with the secret."""
    counter = _Counter(
        reception=reception, secret=secret, public_url=public_url, now=now, pages=pages, patience=patience
    )
    return (
        Route("/subscribe", counter.subscribe, methods=["GET", "POST"]),
        Route("/confirm/{token}", counter.confirm, methods=["GET", "POST"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counter:
    reception: Reception
    secret: bytes
    public_url: str
    now: Callable[[], datetime]
    pages: Pages
    patience: timedelta

    async def subscribe(self, request: Request) -> Response:
        wording = _wording(request)
        newcomer = self.reception.newcomer
        if request.method != "POST":
            return self.pages.subscribe(blank(newcomer), HTTPStatus.OK, wording)
        form = await self._form(request)
        if is_a_trap(form):
            return self.pages.asked(wording)
        asked = applied(form, newcomer, wording, address=self.reception.address)
        if isinstance(asked, Application):
            return self.pages.subscribe(asked, HTTPStatus.UNPROCESSABLE_ENTITY, wording)
        host = _host(request)
        admission = await run_in_threadpool(self.reception.ask, asked.address, asked.wish, host=host)
        if admission is Admission.BUSY:
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "3600"})
        return self.pages.asked(wording)

    async def confirm(self, request: Request) -> Response:
        number = request_of(self.secret, request.path_params["token"])
        if number is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        wish = await run_in_threadpool(self.reception.asked, number)
        if wish is None:
            return self.pages.stale(_wording(request))
        wording = translations.wording(wish.language)
        # Programs that look for malware open every link of an email, so opening one changes nothing.
        if request.method != "POST":
            return self.pages.confirm(wish, wording)
        if (await self._form(request)).get("confirm") != "yes":
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        reader = await run_in_threadpool(self.reception.confirm, number, host=_host(request))
        if reader is None:
            return self.pages.stale(wording)
        often = how_often(rhythm_of(reader), wording)
        first = next_day(reader, self.now())
        return self.pages.confirmed(often, wording.long_day(first) if first else "", wording)

    async def _form(self, request: Request) -> dict[str, str]:
        if not self._is_from_here(request):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        body = await received(request, patience=self.patience, largest=_LARGEST_FORM)
        form = dict(fields(request.headers.get("Content-Type", ""), body))
        if not form:
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        return form

    def _is_from_here(self, request: Request) -> bool:
        """Return whether a form was sent from our own page, as far as the browser says.

        There is no session to be ridden. But another website could make its visitors ask, from as many
        networks as they have.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in _OURS
        origin = request.headers.get("Origin", "null")  # which is what no-referrer makes of it
        return origin == "null" or _site(origin) == _site(self.public_url)


def _site(url: str) -> tuple[str, str] | None:
    """Return the scheme and the host of an address, or None where it is none."""
    try:
        return urlsplit(url)[:2]
    except ValueError:
        return None


def _wording(request: Request) -> Wording:
    return translations.wording(language_of(request.headers.get("Accept-Language", "")))


def _host(request: Request) -> str:
    return request.client.host if request.client else ""
