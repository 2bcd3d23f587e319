"""A scripted SMTP server, and a relay at it."""

import asyncio
import contextlib
import ssl
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from paperround.delivery.connection import Timeouts
from paperround.delivery.smtp import SmtpRelay
from paperround.settings import RelaySettings, Tls, Transport

MESSAGE = b"Message-ID: <1@example.org>\r\n\r\nHello.\r\n"
LARGE = MESSAGE + (b"x" * 998 + b"\r\n") * 12_000  # more than the buffers on the way hold

DROP = "(the server ends the connection)"
HANG = "(the server never answers)"

TRANSPORT = ContextVar("TRANSPORT", default=Transport.STANDARD)
"""How letters travel in a test that is run for each way; a server offers what that needs."""

USUAL = {
    "GREETING": "220 test",
    "EHLO": "250-test\r\n250 SIZE 20000000",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "BODY": "(the server reads on)",
    "DOT": "250 2.0.0 queued",
    "RSET": "250 ok",
    "QUIT": "221 bye",
    "AUTH": "235 welcome",
    "STARTTLS": "220 go ahead",
    "OTHER": "500 what",
}


class Server:
    """A server that follows a script: its answer to each command, or its answers one after the other.

    The last answer is given for ever. `heard` are the commands, `bodies` the accepted messages without
    their first three bytes; `hanging` is set once an answer is due that will not come.
    """

    def __init__(
        self,
        script: Mapping[str, str | Sequence[str]] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        port: int = 0,
    ) -> None:
        self._answers = {
            verb: deque([told] if isinstance(told, str) else told)
            for verb, told in {**USUAL, **(script or {})}.items()
        }
        self._tls, self._implicit = tls, implicit
        self.port = port  # a free one for 0, once it listens
        self._talks: set[asyncio.Task[None]] = set()
        self.hanging = asyncio.Event()
        self.connections = 0
        self.heard: list[str] = []
        self.bodies: list[bytes] = []

    async def __aenter__(self) -> Self:
        at_once = self._tls if self._implicit else None
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", self.port, ssl=at_once)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self.hang_up()
        await self._server.wait_closed()

    async def hang_up(self) -> None:
        """End every connection there is."""
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        self._talks.clear()
        await asyncio.sleep(0.01)  # for the other side to notice

    async def is_left(self) -> None:
        """Return once every client has gone, or raise TimeoutError."""
        await asyncio.wait_for(asyncio.gather(*self._talks, return_exceptions=True), 5)

    def verbs(self) -> Counter[str]:
        return Counter(line.split()[0] for line in self.heard)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._talks.add(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._follow_script(reader, writer)
        except (ConnectionError, EOFError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    async def _follow_script(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("GREETING", writer)
        while line := (await reader.readline()).decode("latin-1").strip():
            self.heard.append(line)
            verb = line.split()[0].upper()
            if await self._answer(verb, writer) == "354 go ahead":
                await self._take_message(reader, writer)
            if verb == "STARTTLS" and self._tls is not None:
                await writer.start_tls(self._tls)

    async def _take_message(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(3) == b".\r\n":
            writer.write(b"554 5.5.1 nothing for nobody\r\n")
            return
        await self._answer("BODY", writer)
        rest = bytearray()
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise EOFError
            rest += line
        if (await self._answer("DOT", writer)).startswith("2"):
            self.bodies.append(bytes(rest))

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> str:
        answers = self._answers.get(verb) or self._answers["OTHER"]
        answer = answers.popleft() if len(answers) > 1 else answers[0]
        if answer == DROP:
            writer.transport.abort()
            raise EOFError
        if answer == HANG:
            self.hanging.set()
            await asyncio.Event().wait()
        if verb == "EHLO" and TRANSPORT.get() is Transport.PIPELINED:
            answer = _offering(answer, "PIPELINING")
        if verb != "BODY":
            writer.write(answer.encode("latin-1") + b"\r\n")
            await writer.drain()
        return answer


def _offering(answer: str, extension: str) -> str:
    *others, last = answer.split("\r\n")
    if not last.startswith("250 "):
        return answer
    return "\r\n".join((*others, last.replace("250 ", "250-", 1), f"250 {extension}"))


@dataclass(kw_only=True)
class Sending:
    """A relay at a server, and how often a message was marked as being on its way."""

    relay: SmtpRelay
    marks: int = 0

    async def send(self, message: bytes = MESSAGE, *, recipient: str = "ada@example.org") -> str:
        return await self.relay.send(
            sender="papers@example.org", recipient=recipient, message=message, begin_data=self._mark
        )

    async def _mark(self) -> None:
        self.marks += 1


@contextlib.asynccontextmanager
async def at(
    server: Server,
    settings: RelaySettings | None = None,
    *,
    timeouts: Timeouts | None = None,
    messages_per_connection: int = 100,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Sending]:
    plain = RelaySettings(host="127.0.0.1", port=0, tls=Tls.NONE)
    relay = SmtpRelay(
        replace(settings or plain, port=server.port, transport=TRANSPORT.get()),
        timeouts=timeouts,
        messages_per_connection=messages_per_connection,
        clock=clock,
    )
    try:
        yield Sending(relay=relay)
    finally:
        await relay.close()
