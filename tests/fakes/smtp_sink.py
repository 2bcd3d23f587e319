"""Postfix's smtp-sink: a server of another author, which fails as it is told to."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import pytest

from paperround.settings import RelaySettings, Tls


@contextlib.asynccontextmanager
async def smtp_sink(*options: str) -> AsyncIterator[RelaySettings]:
    """Run it with these options, and yield how to reach it."""
    port = await free_port()
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    process = await asyncio.create_subprocess_exec(
        "smtp-sink", *user, *options, f"127.0.0.1:{port}", "50", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _listening(port)
        yield RelaySettings(host="127.0.0.1", port=port, tls=Tls.NONE)
    finally:
        process.terminate()
        await process.wait()


async def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def _listening(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.transport.abort()
            return
        await asyncio.sleep(0.02)
    pytest.fail("smtp-sink does not listen")
