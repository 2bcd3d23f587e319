"""What programs ask that watch the service: whether it is ready, and its metrics."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paperround.web.armour import is_here, name_of
from paperround.web.pages import PRIVATE

# What a proxy adds: who asks is then not on this machine, though the connection is.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
# What nginx before 1.29.7 speaks to whoever is behind it, unless told otherwise, and it adds nothing then.
# What adds nothing and speaks 1.1, as a later one does, looks like a browser on this machine.
_OF_PROXIES = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What is answered: `ready` says why nothing can be done now, if so; `metrics` is the text of them.

    Without a `token`, metrics are for this machine alone.
    """

    ready: Callable[[], str]
    metrics: Callable[[], bytes]
    token: str | None = field(default=None, repr=False)


def monitoring_routes(probes: Probes) -> tuple[Route, ...]:
    """Return where these are asked for."""

    async def readyz(_: Request) -> Response:
        problem = await run_in_threadpool(probes.ready)
        status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
        return JSONResponse({"ready": not problem, "problem": problem}, status, PRIVATE)

    async def metrics(request: Request) -> Response:
        _admit(request, probes.token)
        text = await run_in_threadpool(probes.metrics)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=PRIVATE)

    return Route("/readyz", readyz), Route("/metrics", metrics)


def _admit(request: Request, token: str | None) -> None:
    """Refuse whoever does not show the token, or, where there is none, is not on this machine."""
    if token is not None:
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        known = hmac.compare_digest(shown.strip().encode("latin-1"), token.encode())
        if kind.lower() != "bearer" or not known:
            raise HTTPException(HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    elif not asks_from_here(request):
        raise HTTPException(HTTPStatus.NOT_FOUND)


def asks_from_here(request: Request) -> bool:
    """Return whether whoever asks is on this machine, and no proxy does it for them, nor a page of others.

    Such a page may ask this machine by a name of its own, which leads here all at once.
    """
    if request.scope["http_version"] == _OF_PROXIES or any(map(request.headers.__contains__, _FORWARDED)):
        return False
    client = request.client.host if request.client else ""
    return is_here(client) and is_here(name_of(request.headers.get("Host", "")))
