"""The body of a request, as far as we are willing to read it."""

import asyncio
from datetime import timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_LARGEST_BODY = 8192


async def received(request: Request, *, patience: timedelta, largest: int = _LARGEST_BODY) -> bytes:
    """Return the body, or refuse one that is too large or too slow."""
    body = b""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError as error:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
    except ClientDisconnect as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error
    return body
