"""The web server: uvicorn, small and without a log of what was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from paperround.settings import WebSettings


class Server(uvicorn.Server):
    """Serve the application until `should_exit` is set; signals are left to whoever runs it."""

    def __init__(self, app: Starlette, settings: WebSettings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                access_log=False,  # a path holds a token, and whoever reads a log must not act with it
                log_config=None,
                server_header=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
                lifespan="off",
                ws="none",
                limit_concurrency=200,
                timeout_graceful_shutdown=5,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals of the process as they are."""
        yield
