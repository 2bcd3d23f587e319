"""The page on which whoever makes the mail sees it as its readers will."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from paperround.bodies import octets
from paperround.papers import PaperId
from paperround.rendering import LARGEST_HTML, Rendered, findings, pictures
from paperround.web.builtin import environment, page
from paperround.web.pages import PRIVATE, policy_hash

# A page of somebody else's whose name leads to this machine all at once sends its own name along.
HOSTS = ("127.0.0.1", "localhost")

_MOST_MAILS = 16  # kept for the frames of pages that are open
_PICTURES = "pictures"  # asked for where those from elsewhere shall be loaded
# Of the page's own origin, so that the page can scroll it back to where it was; it has no scripts.
_MAIL_POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src {}; form-action 'none'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A digest as it would go out, `papers` its picks; `silence` says why it would not."""

    address: str
    day: date
    papers: tuple[PaperId, ...]
    rendered: Rendered
    silence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the page shows: what there is to choose from, and a proof or what is in its way.

    `version` changes whenever the config or a template does; `address` and `day` are what was asked for.
    """

    version: str
    address: str | None = None
    day: date | None = None
    addresses: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    warnings: tuple[str, ...] = ()
    proof: Proof | None = None
    troubles: tuple[str, ...] = ()


class Press(Protocol):
    """What makes the proofs."""

    async def view(self, address: str | None, day: date | None) -> View:
        """Return the view of a day of a subscriber; the first of either where none is named."""

    async def changed(self, since: str) -> str:
        """Return the version once it is another than `since`, or after a while the same."""


def create_preview(press: Press) -> Starlette:
    """Return the application. All it knows is GET, and only by the names of this machine."""
    table = _Table(press=press)
    return Starlette(
        routes=[
            Route("/", table.page),
            Route("/mails/{key}", table.mail),
            Route("/changes", table.changes),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Where proofs are looked at; a frame shows the very mail that its page was made for."""

    press: Press
    mails: OrderedDict[str, str] = field(default_factory=OrderedDict)

    async def page(self, request: Request) -> Response:
        asked = request.query_params
        view = await self.press.view(asked.get("to") or None, _day(asked.get("day")))
        key = self._kept(view.proof.rendered.html) if view.proof else ""
        return _page(view, key, with_pictures=_PICTURES in asked)

    async def mail(self, request: Request) -> Response:
        html = self.mails.get(request.path_params["key"])
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "This mail is not kept any more; reload the page.")
        # A link opens beside the page, and not within the frame.
        shown = html.replace("<head>", '<head><base target="_blank">', 1)
        policy = _MAIL_POLICY.format("data: https:" if _PICTURES in request.query_params else "data:")
        return HTMLResponse(shown, headers={**PRIVATE, "Content-Security-Policy": policy})

    async def changes(self, request: Request) -> Response:
        version = await self.press.changed(request.query_params.get("since", ""))
        return PlainTextResponse(version, headers=PRIVATE)

    def _kept(self, html: str) -> str:
        key = hashlib.sha256(html.encode()).hexdigest()[:32]
        self.mails[key] = html
        self.mails.move_to_end(key)
        while len(self.mails) > _MOST_MAILS:
            self.mails.popitem(last=False)
        return key


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "day is not a day; write it as 2026-06-16.") from error


def _page(view: View, key: str, *, with_pictures: bool) -> HTMLResponse:
    made = environment()
    parts = {name: made.get_template(f"pages/preview.{name}").render() for name in ("css", "js")}
    style, script = policy_hash(parts["css"]), policy_hash(parts["js"])
    policy = (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; "
        "img-src data:; connect-src 'self'; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    proof = view.proof
    rendered = proof.rendered if proof else None
    text = made.get_template("pages/preview.html.j2").render(
        view=view,
        proof=proof,
        mail=f"/mails/{key}?{_PICTURES}" if with_pictures else f"/mails/{key}",
        size=octets(rendered.html) if rendered else 0,
        largest=LARGEST_HTML,
        findings=(*findings(rendered), *view.warnings) if rendered else (),
        pictures=pictures(rendered.html) if rendered else 0,
        with_pictures=with_pictures,
        loading=urlencode({"to": proof.address, "day": proof.day, _PICTURES: ""}) if proof else "",
    )
    return page(text, policy)
