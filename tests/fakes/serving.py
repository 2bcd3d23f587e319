"""A web application on a real server, and what is said to it byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette

from paperround.settings import WebSettings
from paperround.web import Server
from paperround.web.server import Bounds

PATIENCE = 10  # seconds for a server that ought to have answered, or hung up, long ago


@asynccontextmanager
async def serving(app: Starlette, bounds: Bounds | None = None) -> AsyncIterator[int]:
    """Serve the application meanwhile; give the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(app, WebSettings(), bounds)
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running
        listener.close()


def raw(app: Starlette, *pieces: bytes, bounds: Bounds | None = None) -> bytes:
    """Return what the server answers until it ends the conversation."""

    async def conversation() -> bytes:
        async with serving(app, bounds) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            answer = b""
            with suppress(ConnectionError):  # it may hang up while something is said
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.01)
                async with asyncio.timeout(PATIENCE):
                    answer = await reader.read()
            writer.close()
            return answer

    return asyncio.run(conversation())
