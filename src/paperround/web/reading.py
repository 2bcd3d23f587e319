"""What readers read again on the web: their own digest of a day."""

from datetime import date
from http import HTTPStatus
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from paperround.ports import SubscriberId
from paperround.tokens import digest_of
from paperround.web.pages import PRIVATE

# A mail has its styles on its elements, for that is what mail programs read; it has no scripts and no forms.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src https: data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class Shelf(Protocol):
    """Where digests are kept. Raise StoreError where they cannot be looked up."""

    def digest(self, subscriber: SubscriberId, day: date) -> str | None:
        """Return the digest of that day as HTML, or None where there was no letter."""


def reading_routes(shelf: Shelf, *, secret: bytes) -> tuple[Route, ...]:
    """Return where these are asked for, by tokens made with the secret."""

    async def digest(request: Request) -> Response:
        found = digest_of(secret, request.path_params["token"])
        html = await run_in_threadpool(shelf.digest, *found) if found else None
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(html, headers={**PRIVATE, "Content-Security-Policy": _MAIL_POLICY})

    return (Route("/digest/{token}", digest),)
