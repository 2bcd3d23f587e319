"""The body of an answer as it arrives, which may be a bomb."""

import zlib


class BodyError(Exception):
    """The body cannot be used; the message says why, for people."""


class Body:
    """The pieces of a body put together, and decompressed no further than `limit` bytes."""

    def __init__(self, *, encoding: str, limit: int) -> None:
        self.received = 0
        self._limit = limit
        self._content = bytearray()
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if _is_compressed(encoding) else None

    def add(self, piece: bytes) -> None:
        """Take the next piece, or raise BodyError when it is damaged or passes the limit."""
        self.received += len(piece)
        self._content += piece if self._inflate is None else self._inflated(self._inflate, piece)
        # Both, for a compressed body may go on for ever without a byte of content.
        if max(self.received, len(self._content)) > self._limit:
            raise BodyError(f"more than {self._limit / 1_000_000:g} MB")

    def content(self) -> bytes:
        """Return the whole, or raise BodyError when its end is missing."""
        if self._inflate and self.received and not self._inflate.eof:
            raise BodyError("the compressed body ended early")
        return bytes(self._content)

    def _inflated(self, inflate: "zlib._Decompress", piece: bytes) -> bytes:
        # One byte more than the limit shows that it is passed. Zero would mean no limit at all.
        room = self._limit + 1 - len(self._content)
        try:
            return inflate.decompress(piece, room)
        except zlib.error as error:
            raise BodyError("the compressed body is damaged") from error


_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


def _is_compressed(encoding: str) -> bool:
    match encoding.strip().lower():
        case "" | "identity":
            return False
        case "gzip" | "x-gzip" | "deflate":
            return True
        case _:
            raise BodyError("the body is compressed in a way that was not asked for")


def is_web_page(body: bytes) -> bool:
    """Return whether a body is a page for people, which is what portals and walls send instead of data."""
    return body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
