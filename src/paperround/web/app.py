"""The web application: leaving the list, choosing how to read, and whether the service is well."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paperround import translations
from paperround.languages import Language, Wording
from paperround.ports import Preferences, SubscriberId
from paperround.subscribers import Interests, Subscriber
from paperround.tokens import FEED, PREFERENCES, UNSUBSCRIBE, digest_of, subscriber_of
from paperround.trials import Trial
from paperround.web.accepting import language_of
from paperround.web.archive import Papers, archive_routes
from paperround.web.armour import Armour
from paperround.web.bodies import received
from paperround.web.forms import asks_to_unsubscribe
from paperround.web.joining import Reception, joining_routes
from paperround.web.monitoring import Probes, monitoring_routes
from paperround.web.pages import PRIVATE, Pages
from paperround.web.preferences import Choosing
from paperround.web.reading import Shelf, reading_routes
from paperround.web.status import Lookout, status_routes

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the service does its work.

    Each problem is a sentence for people, and so is each note, of which nothing is wrong.
    """

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Suppressions(Protocol):
    """The part of the ledger that the pages need."""

    def suppress(self, subscriber: SubscriberId, reason: str, *, now: datetime) -> None:
        """Send this subscriber nothing any more. Doing it again changes nothing."""


def create_app(  # noqa: PLR0913 - all that the pages need is named in one place
    *,
    ledger: Suppressions,
    preferences: Preferences,
    readers: Callable[[SubscriberId], Subscriber | None],
    language: Callable[[SubscriberId], Language | None],
    secret: bytes,
    health: Callable[[], Health],
    now: Callable[[], datetime],
    sender_name: str,
    templates: Path | None = None,
    patience: timedelta = timedelta(seconds=10),
    probes: Probes | None = None,
    shelf: Shelf | None = None,
    papers: Papers | None = None,
    hosts: Collection[str] | None = None,
    lookout: Lookout | None = None,
    reception: Reception | None = None,
    public_url: str = "",
    trial: Callable[[Interests], Trial | None] | None = None,
) -> Starlette:
    """Return the application.

    `readers` tells of whoever is sent mail what the config says of them, `language` in which one somebody
    reads, sent mail or not. `patience` is how long the body of a request may take to arrive. Without
    `probes` nobody can ask for metrics, without a `shelf` nobody reads a digest again, without `papers`
    there is no page of them, without a `lookout` nobody sees how it stands, without a `trial` nobody learns
    what interests would have brought, and without a `reception`, whose page is at the `public_url`, nobody
    subscribes by themselves. Who asks by another name than one of `hosts`, or of this machine, is not
    answered; None lets everybody in.
    """
    pages = Pages(sender_name=sender_name, templates=templates)
    desk = _Desk(ledger=ledger, language=language, secret=secret, now=now, pages=pages, patience=patience)
    choosing = Choosing(
        preferences=preferences,
        readers=readers,
        secret=secret,
        now=now,
        pages=pages,
        patience=patience,
        feed_address=shelf.feed_address if shelf else lambda _: None,
        trial=trial,
    )

    joining = reception and joining_routes(
        reception, secret=secret, public_url=public_url, now=now, pages=pages, patience=patience
    )

    async def healthz(_: Request) -> JSONResponse:
        return _report(await run_in_threadpool(health))

    async def refused(request: Request, error: Exception) -> Response:
        wording = desk.wording(request)
        if isinstance(error, HTTPException):
            return pages.problem(error.status_code, error.headers or {}, wording)
        return pages.problem(HTTPStatus.INTERNAL_SERVER_ERROR, {}, wording)

    def misdirected(status: HTTPStatus) -> Response:
        return pages.problem(status, {}, translations.wording(Language.ENGLISH))

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            *(monitoring_routes(probes) if probes else ()),
            *(reading_routes(shelf, readers=readers, secret=secret, now=now) if shelf else ()),
            *(archive_routes(papers, pages, patience=patience) if papers else ()),
            *(status_routes(lookout, secret=secret) if lookout else ()),
            *(joining or ()),
            Route("/unsubscribe/{token}", desk.unsubscribe, methods=["GET", "POST"]),
            Route("/preferences/{token}", choosing.answer, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(Armour, hosts=hosts, refuse=misdirected)],
        exception_handlers={HTTPException: refused, Exception: refused},
    )
    # RFC 8058, 3.1: an unsubscription is never answered with a redirect.
    app.router.redirect_slashes = False
    return app


def _report(health: Health) -> JSONResponse:
    return JSONResponse(
        {
            "status": "failing" if health.problems else "ok",
            "problems": health.problems,
            "notes": health.notes,
        },
        HTTPStatus.SERVICE_UNAVAILABLE if health.problems else HTTPStatus.OK,
        PRIVATE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where readers leave the list."""

    ledger: Suppressions
    language: Callable[[SubscriberId], Language | None]
    secret: bytes
    now: Callable[[], datetime]
    pages: Pages
    patience: timedelta

    async def unsubscribe(self, request: Request) -> Response:
        subscriber = subscriber_of(self.secret, UNSUBSCRIBE, request.path_params["token"])
        if subscriber is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        # Programs that look for malware open every link of an email, so opening one changes nothing.
        if request.method != "POST":
            return self.pages.question(self.wording(request))
        body = await received(request, patience=self.patience)
        if not asks_to_unsubscribe(request.headers.get("Content-Type", ""), body):
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        now = self.now()
        await run_in_threadpool(self.ledger.suppress, subscriber, f"unsubscribed on {now:%Y-%m-%d}", now=now)
        _log.info("subscriber.unsubscribed", subscriber=subscriber)
        return self.pages.done(self.wording(request))

    def wording(self, request: Request) -> Wording:
        """Return how whoever asks is answered: by the token of their link, or as their browser says."""
        given = request.path_params.get("token", "")
        known = [subscriber_of(self.secret, purpose, given) for purpose in (UNSUBSCRIBE, PREFERENCES, FEED)]
        known += (digest_of(self.secret, given) or ())[:1]
        languages = (self.language(each) for each in known if each is not None)
        accepted = language_of(request.headers.get("Accept-Language", ""))
        return translations.wording(next(filter(None, languages), accepted))
