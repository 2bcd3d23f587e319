"""The web server: uvicorn, small, patient with nobody, and without a log of what was asked for."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from paperround.settings import WebSettings
from paperround.web.armour import ALWAYS, PROBES


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a request and its answer may take.

    Within `head` the whole head of a request has come, and an answer that is out was read; within
    `answer` the rest of the request, and what fits into no buffer of the answer. Beyond `busy`
    connections, requests are answered with 503, and beyond `connections` nobody is.
    """

    head: timedelta = timedelta(seconds=15)
    answer: timedelta = timedelta(seconds=60)
    idle: timedelta = timedelta(seconds=5)  # between two requests of a connection
    largest_head: int = 16_384  # bytes
    busy: int = 200
    connections: int = 400


class Server(uvicorn.Server):
    """Serve the application until `should_exit` is set; signals are left to whoever runs it."""

    def __init__(self, app: Starlette, settings: WebSettings, bounds: Bounds | None = None) -> None:
        # What is below an error is what others sent: it says nothing of us, and may fill a disk.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(_Config(app, settings, bounds or Bounds()))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals of the process as they are."""
        yield


# What else is asked for is not looked at.
_BUSY = PlainTextResponse(
    "Too much is asked for at once. Please try again in a moment.\n",
    HTTPStatus.SERVICE_UNAVAILABLE,
    {**ALWAYS, "Retry-After": "5", "Connection": "close"},
)


class _Config(uvicorn.Config):
    def __init__(self, app: Starlette, settings: WebSettings, bounds: Bounds) -> None:
        self.bounds = bounds
        super().__init__(
            app,
            host=settings.host,
            port=settings.port,
            http=_Bounded,
            access_log=False,  # a path holds a token, and whoever reads a log must not act with it
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            lifespan="off",
            ws="none",
            h11_max_incomplete_event_size=bounds.largest_head,
            timeout_keep_alive=int(bounds.idle.total_seconds()),
            timeout_graceful_shutdown=5,
        )


class _Bounded(H11Protocol):
    """A connection that ends when whoever is at its other end takes their time.

    Uvicorn waits for ever for a request that comes byte by byte, and for who does not read the answer.
    """

    def __init__(
        self,
        config: _Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False  # whoever may listen: without this it is so as long as nobody does
        self._bounds = config.bounds
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as inherited
        super().connection_made(transport)
        self._within(self._bounds.head)
        if len(self.connections) > self._bounds.connections:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._end is not None:
            self._end.cancel()

    def handle_events(self) -> None:
        before = self.cycle
        self.app = self._busy if len(self.connections) >= self._bounds.busy else self.config.loaded_app
        super().handle_events()
        if self.cycle is not before:
            self._within(self._bounds.answer)

    async def _busy(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what watches the service, which may else be taken for dead, and nobody else."""
        app = self.config.loaded_app if scope["path"] in PROBES else _BUSY
        await app(scope, receive, send)

    def on_response_complete(self) -> None:
        self._within(self._bounds.head)
        super().on_response_complete()  # which may begin with the next request

    def send_400_response(self, msg: str) -> None:
        headers = {**ALWAYS, "Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        for event in (
            h11.Response(status_code=HTTPStatus.BAD_REQUEST, headers=raw, reason=b"Bad Request"),
            h11.Data(data=msg.encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _within(self, time: timedelta) -> None:
        """End the connection unless something else is waited for by then."""
        if self._end is not None:
            self._end.cancel()
        self._end = self.loop.call_later(time.total_seconds(), self.transport.abort)
