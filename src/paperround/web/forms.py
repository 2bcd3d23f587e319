"""What a POST asks for, in either form of RFC 8058."""

import re
from urllib.parse import parse_qsl

_ONE_CLICK = ("List-Unsubscribe", "One-Click")
_MOST_FIELDS = 20
_BOUNDARY = re.compile(r";\s*boundary=(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE)
_NAME = re.compile(r";\s*name=\"?([^\";\r\n]*)", re.IGNORECASE)


def asks_to_unsubscribe(content_type: str, body: bytes) -> bool:
    """Return whether the form holds `List-Unsubscribe=One-Click`."""
    return _ONE_CLICK in fields(content_type, body)


def fields(content_type: str, body: bytes, *, most: int = _MOST_FIELDS) -> list[tuple[str, str]]:
    """Return the fields of a form, in order; none where it is no form that can be read, or has too many."""
    text = body.decode("latin-1")
    match content_type.partition(";")[0].strip().lower():
        case "application/x-www-form-urlencoded":
            return _urlencoded(text, most)
        case "multipart/form-data":
            return _multipart(content_type, text, most)
        case _:
            return []


def _urlencoded(text: str, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return []


# The email parser of the standard library reads this too, but raises and recurses where a form is
# made to make it do so.
def _multipart(content_type: str, text: str, most: int) -> list[tuple[str, str]]:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return []
    parts = f"\r\n{text}".split(f"\r\n--{boundary[1] or boundary[2]}")
    return [_pair(part) for part in parts[1:most]]


def _pair(part: str) -> tuple[str, str]:
    head, _, value = part.partition("\r\n\r\n")
    name = _NAME.search(head)
    return name[1] if name else "", value.encode("latin-1").decode("utf-8", "replace")
