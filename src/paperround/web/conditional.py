"""Answers that need not be sent again to whoever has them."""

import base64
import hashlib
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

_OF_A_BODY = ("content-length", "content-type")


def tag(text: str | bytes) -> str:
    """Return an entity tag (RFC 9110, 8.8.3) for what is said by a text."""
    digest = hashlib.sha256(text.encode() if isinstance(text, str) else text).digest()
    return f'W/"{base64.urlsafe_b64encode(digest[:15]).decode()}"'


def is_known(request: Request, etag: str) -> bool:
    """Return whether whoever asks has what goes by that tag."""
    given = request.headers.get("If-None-Match", "")
    return given.strip() == "*" or etag.removeprefix("W/") in (
        each.strip().removeprefix("W/") for each in given.split(",")
    )


def conditional(request: Request, response: Response) -> Response:
    """Return the answer with its entity tag, or without its body where whoever asks has it."""
    if response.status_code != HTTPStatus.OK:
        return response
    response.headers["ETag"] = tag(bytes(response.body))
    if not is_known(request, response.headers["ETag"]):
        return response
    kept = {name: value for name, value in response.headers.items() if name not in _OF_A_BODY}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
