"""The page that says how the service stands, for who looks after it: the figures, and nobody's address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from paperround.overview import DayOfMail, Overview, briefly, near_day
from paperround.plots import Plot, Series, drawn
from paperround.ports import Status
from paperround.tokens import shows_status
from paperround.web.builtin import environment, page
from paperround.web.monitoring import asks_from_here
from paperround.web.pages import policy_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """What says how it stands, which may take a moment, and what time it is."""

    overview: Callable[[], Overview]
    now: Callable[[], datetime]


def status_routes(lookout: Lookout, *, secret: bytes) -> tuple[Route, ...]:
    """Return where it is asked for: on this machine, or with a token that is made with the secret."""

    async def here(request: Request) -> Response:
        if not asks_from_here(request):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await run_in_threadpool(shown)

    async def anywhere(request: Request) -> Response:
        if not shows_status(secret, request.path_params["token"], on=lookout.now().date()):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await run_in_threadpool(shown)

    def shown() -> HTMLResponse:
        return status_page(lookout.overview())

    return Route("/status", here), Route("/status/{token}", anywhere)


def status_page(overview: Overview) -> HTMLResponse:
    """Return the page."""
    made = environment()
    style = made.get_template("pages/status.css").render()
    text = made.get_template("pages/status.html.j2").render(
        overview=overview,
        mail=Markup(drawn(_mail(overview))),  # noqa: S704 - what is not ours in it is escaped
        papers=Markup(drawn(_papers(overview))),  # noqa: S704
        kinds=tuple(_KINDS),
        Status=Status,
        near_day=near_day,
        briefly=briefly,
    )
    return page(
        text,
        f"default-src 'none'; style-src '{policy_hash(style)}'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'",
    )


# What the bars of mails are made of, from below.
_KINDS: Mapping[str, Callable[[DayOfMail], int]] = {
    "sent": lambda mail: mail.of(Status.SENT),
    "waiting": lambda mail: mail.waiting,
    "unknown": lambda mail: mail.of(Status.UNKNOWN),
    "failed": lambda mail: mail.of(Status.FAILED),
}


def _mail(overview: Overview) -> Plot:
    series = [
        Series(name=kind, kind=kind, counts={mail.day: of(mail) for mail in overview.mail})
        for kind, of in _KINDS.items()
    ]
    return Plot(key="mail", title="Mails by day", days=overview.days, series=series)


def _papers(overview: Overview) -> Plot:
    series = Series(name="papers", kind="papers", counts=overview.papers)
    return Plot(key="papers", title="Papers announced by day", days=overview.days, series=(series,))
