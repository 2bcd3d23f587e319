"""What readers read again on the web: their own digest of a day, and all the latest as a feed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from paperround.atom import MEDIA_TYPE
from paperround.ports import SubscriberId
from paperround.subscribers import Subscriber
from paperround.tokens import FEED, digest_of, subscriber_of
from paperround.web.conditional import is_known, tag
from paperround.web.pages import PRIVATE

# A mail has its styles on its elements, for that is what mail programs read; it has no scripts and no forms.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src https: data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_FEED_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


class Feed(Protocol):
    """Somebody's digests as a feed; `version` is another whenever there is something new in it."""

    @property
    def version(self) -> str: ...  # noqa: D102 - said above

    @property
    def document(self) -> Callable[[], bytes]: ...  # noqa: D102 - makes it


class Shelf(Protocol):
    """Where digests are kept. Raise StoreError where they cannot be looked up."""

    def digest(self, subscriber: SubscriberId, day: date) -> str | None:
        """Return the digest of that day as HTML, or None where there was no letter."""

    def feed(self, subscriber: SubscriberId, *, now: datetime) -> Feed | None:
        """Return the latest digests as an Atom feed, or None where there is none for somebody."""

    def feed_address(self, subscriber: SubscriberId) -> str | None:
        """Return where somebody's feed is, if there are feeds."""


def reading_routes(
    shelf: Shelf,
    *,
    readers: Callable[[SubscriberId], Subscriber | None],
    secret: bytes,
    now: Callable[[], datetime],
) -> tuple[Route, ...]:
    """Return where these are asked for, by tokens made with the secret; a feed by those who are sent mail."""
    desk = _Desk(shelf=shelf, readers=readers, secret=secret, now=now)
    return Route("/digest/{token}", desk.digest), Route("/feed/{token}.xml", desk.feed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    shelf: Shelf
    readers: Callable[[SubscriberId], Subscriber | None]
    secret: bytes = field(repr=False)
    now: Callable[[], datetime]

    async def digest(self, request: Request) -> Response:
        found = digest_of(self.secret, request.path_params["token"])
        html = await run_in_threadpool(self.shelf.digest, *found) if found else None
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(html, headers={**PRIVATE, "Content-Security-Policy": _MAIL_POLICY})

    async def feed(self, request: Request) -> Response:
        subscriber = subscriber_of(self.secret, FEED, request.path_params["token"])
        if subscriber is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        # Programs ask for years; this tells them that they may stop.
        if await run_in_threadpool(self.readers, subscriber) is None:
            raise HTTPException(HTTPStatus.GONE)
        feed = await run_in_threadpool(self.shelf.feed, subscriber, now=self.now())
        if feed is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        headers = {**PRIVATE, "ETag": tag(feed.version), "Content-Security-Policy": _FEED_POLICY}
        if is_known(request, headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        document = await run_in_threadpool(feed.document)
        return Response(document, headers=headers, media_type=MEDIA_TYPE)
