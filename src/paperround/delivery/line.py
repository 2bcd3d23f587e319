"""A line to an SMTP server: questions go out as they come, and the replies are read in their order."""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Self, cast

import aiosmtplib
from aiosmtplib.typing import SMTPStatus


class Line(asyncio.Protocol):
    """What reads a connection once it is ready for messages, in place of the library's own reader.

    That one knows one question at a time, and drops what comes beside its reply.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._replies = ReplyReader()
        self._awaited: deque[asyncio.Future[aiosmtplib.SMTPResponse]] = deque()
        self._lost: Exception | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    def of(cls, smtp: aiosmtplib.SMTP) -> Self:
        """Take the connection over from the library, which awaits nothing any more."""
        transport = cast(asyncio.Transport, smtp.transport)
        line = cls(transport)
        transport.set_protocol(line)
        return line

    @property
    def is_open(self) -> bool:
        """Whether more can be asked."""
        return self._lost is None and not self._transport.is_closing()

    def ask(self, questions: bytes, *, replies: int) -> list[asyncio.Future[aiosmtplib.SMTPResponse]]:
        """Write the questions, and return what will be the replies, or raise what ended the line."""
        self.write(questions)
        loop = asyncio.get_running_loop()
        awaited: list[asyncio.Future[aiosmtplib.SMTPResponse]] = [
            loop.create_future() for _ in range(replies)
        ]
        self._awaited.extend(awaited)
        return awaited

    def write(self, content: bytes) -> None:
        """Write what has no reply of its own, or raise what ended the line."""
        if not self.is_open:
            raise self._lost or _disconnected()
        self._transport.write(content)

    async def drained(self) -> None:
        """Return once more can be written, or raise what ended the line."""
        await self._writable.wait()
        if self._lost is not None:
            raise self._lost

    def data_received(self, data: bytes) -> None:
        """Give each reply to the question that is first in line."""
        try:
            for reply in self._replies.read(data):
                if not self._awaited:  # a goodbye: nothing that is asked now will be answered
                    raise _disconnected()
                awaited = self._awaited.popleft()
                if not awaited.done():
                    awaited.set_result(reply)
        except aiosmtplib.SMTPException as error:
            self._end(error)
            self._transport.abort()

    def eof_received(self) -> None:
        """End the line: a server that says no more hears no more."""
        self._end(_disconnected())

    def connection_lost(self, exc: Exception | None) -> None:
        """End the line."""
        self._end(_disconnected(exc))

    def pause_writing(self) -> None:
        """Have `drained` wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Have `drained` return."""
        self._writable.set()

    def _end(self, error: Exception) -> None:
        self._lost = self._lost or error
        self._writable.set()
        while self._awaited:
            awaited = self._awaited.popleft()
            if not awaited.done():
                awaited.set_exception(self._lost)
                # Marked as seen: nobody may be left who asks for it.
                awaited.exception()


class ReplyReader:
    """Puts replies together from what arrives, wherever that is cut."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._words: list[bytes] = []  # of the lines of a reply that goes on
        self._length = 0

    def read(self, data: bytes) -> Iterator[aiosmtplib.SMTPResponse]:
        """Yield the replies that are whole now; raise SMTPResponseException at what is no reply."""
        self._rest += data
        while (end := self._rest.find(b"\n")) >= 0:
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            self._length += len(line)
            if self._length > _LONGEST:
                raise _no_reply("Response too long")
            if not line[:3].isdigit():
                raise _no_reply("Malformed SMTP response line")
            self._words.append(line[4:].strip(b" \t\r"))
            if line[3:4] != b"-":
                yield self._whole(int(line[:3]))
        if self._length + len(self._rest) > _LONGEST:
            raise _no_reply("Response too long")

    def _whole(self, code: int) -> aiosmtplib.SMTPResponse:
        words = b"\n".join(self._words).decode("utf-8", "surrogateescape")
        self._words, self._length = [], 0
        return aiosmtplib.SMTPResponse(code, words)


_LONGEST = 32 * 1024  # bytes of a reply; that to EHLO has some hundred


def _no_reply(words: str) -> aiosmtplib.SMTPResponseException:
    return aiosmtplib.SMTPResponseException(SMTPStatus.invalid_response.value, words)


def _disconnected(cause: Exception | None = None) -> aiosmtplib.SMTPServerDisconnected:
    error = aiosmtplib.SMTPServerDisconnected("Connection lost")
    error.__cause__ = cause
    return error
