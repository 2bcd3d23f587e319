"""A question to a web application, without a server between."""

import asyncio

import httpx
from starlette.applications import Starlette

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(
    method: str, path: str, app: Starlette, body: bytes = b"", headers: dict[str, str] | None = None
) -> httpx.Response:
    """Return what the application answers."""

    async def conversation() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://papers.example.org") as client:
            return await client.request(method, path, content=body, headers=headers)

    return asyncio.run(conversation())
