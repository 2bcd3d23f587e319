"""What programs ask that watch the service: whether it is ready, and its metrics."""

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from paperround.web.pages import PRIVATE

# What a proxy adds: who asks is then not on this machine, though the connection is.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


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
    elif not _is_here(request) or any(name in request.headers for name in _FORWARDED):
        raise HTTPException(HTTPStatus.NOT_FOUND)


def _is_here(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
