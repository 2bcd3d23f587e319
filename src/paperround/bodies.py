"""The body of a mail out of pieces, of which many mails have most in common.

Encoding it anew for each reader costs more than all that is the reader's own. Quoted-printable can be done
piece by piece, unlike base64: what ends in a soft line break can be followed by anything.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Self

SHORTEST = 200  # characters of a piece that is worth being remembered


class Body(str):
    """A text that knows of which pieces it was put together."""

    __slots__ = ("pieces",)

    pieces: tuple[str, ...]

    def __new__(cls, pieces: Iterable[str]) -> Self:
        """Put the pieces together."""
        given = tuple(pieces)
        body = super().__new__(cls, "".join(given))
        body.pieces = given
        return body


def octets(text: str) -> int:
    """Return how many bytes a text has in a mail, decoded: there a line ends in two."""
    return len(text.encode(errors="replace")) + text.count("\n")


def quoted_printable(text: str) -> bytes:
    """Return a text in UTF-8 as quoted-printable (RFC 2045, 6.7), its lines ending in CRLF.

    A line break of any kind is one. What cannot be encoded becomes a question mark.
    """
    pieces = text.pieces if isinstance(text, Body) else (text,)
    encoded = (_remembered(each) if len(each) >= SHORTEST else _encoded(each) for each in _parts(pieces))
    return b"".join(encoded).removesuffix(_SOFT_BREAK)


def encoded(text: str) -> tuple[str, bytes]:
    """Return the smaller of the two encodings of RFC 2045, its name and the text in it."""
    quoted = quoted_printable(text)
    if _is_no_larger(quoted, len(text)):  # of bytes it has at least as many
        return "quoted-printable", quoted
    # RFC 2045, 6.8: line breaks of text are CRLF before they become base64.
    lines = _utf_8(text).replace(b"\n", b"\r\n")
    if _is_no_larger(quoted, len(lines)):
        return "quoted-printable", quoted
    return "base64", base64.encodebytes(lines).rstrip(b"\n").replace(b"\n", b"\r\n")


_SOFT_BREAK = b"=\r\n"


def _is_no_larger(quoted: bytes, size: int) -> bool:
    return len(quoted) * 3 <= size * 4  # base64 makes four characters of three


def _parts(pieces: Iterable[str]) -> Iterator[str]:
    """Yield long pieces as they are, and what is between two of them as one."""
    between: list[str] = []
    for piece in pieces:
        if len(piece) < SHORTEST:
            between.append(piece)
            continue
        if between:
            yield "".join(between)
            between = []
        yield piece
    if between:
        yield "".join(between)


def _encoded(text: str) -> bytes:
    """Return a piece so that any other can follow it."""
    quoted = binascii.b2a_qp(_utf_8(text)).replace(b"\n", b"\r\n")
    return quoted if not quoted or quoted.endswith(b"\r\n") else quoted + _SOFT_BREAK


def _utf_8(text: str) -> bytes:
    """Return the bytes of a text, its line breaks, of any kind, as LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace")


_remembered = lru_cache(maxsize=8192)(_encoded)
