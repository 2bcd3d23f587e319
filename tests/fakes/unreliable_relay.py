"""An SMTP server that breaks off by chance, at every step of a conversation, and remembers what it took."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from types import TracebackType
from typing import Self

DROP = ""  # in place of an answer
LATER = "451 4.3.0 later"

# At a step of the conversation, in place of its usual answer. A message whose DOT is dropped was accepted.
FAULTS = (
    ("MAIL", DROP),
    ("RCPT", DROP),
    ("RCPT", LATER),
    ("DATA", DROP),
    ("BODY", DROP),
    ("DOT", LATER),
    ("DOT", DROP),
)
USUAL = {"EHLO": "250 test", "DATA": "354 go ahead", "QUIT": "221 bye"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that was taken, and for whom."""

    recipient: str
    message: bytes


class UnreliableRelay:
    """A server on a free loopback port; one in `faulty` transactions ends badly, none where that is 0.

    `accepted` is every message it took, whether it said so or not; `unanswered` are the Message-IDs of
    those that were begun, and on which it never gave its word. `heard` is called at each step.
    """

    def __init__(self, chance: random.Random, *, faulty: int = 0) -> None:
        self.faulty = faulty
        self.accepted: list[Accepted] = []
        self.unanswered: list[str] = []
        self.heard: Callable[[str], None] = lambda _: None
        self._chance = chance
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await self.is_left()
        await self._server.wait_closed()

    async def is_left(self) -> None:
        """Return once every client has gone, and all that it had said was heard."""
        while self._talks:
            await asyncio.wait(self._talks)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 test\r\n")
            while await self._transaction(reader, writer):
                pass
        except (ConnectionError, EOFError):
            pass
        finally:
            writer.transport.abort()

    async def _transaction(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Hear the client out up to its next message; return False where it leaves without one."""
        fault = self._fault()
        recipient = ""
        while line := (await _line(reader)).decode("ascii"):
            verb = line[:4].upper()
            answer = self._answer(writer, verb, fault)
            if verb == "RCPT":
                recipient = line.removeprefix("RCPT TO:<").partition(">")[0]
            if verb == "DATA" and answer.startswith("354"):
                await self._message(reader, writer, recipient, fault)
                return True
            if verb in ("RSET", "QUIT"):
                return verb == "RSET"
        return False

    async def _message(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        recipient: str,
        fault: tuple[str, str] | None,
    ) -> None:
        body = bytearray()
        while (line := await _line(reader)) != b".\r\n":
            body += line.removeprefix(b".")
            if fault == ("BODY", DROP) and line == b"\r\n":
                self.unanswered.append(_identity(body))
                self._answer(writer, "BODY", fault)
        self.heard("BODY")
        if fault == ("DOT", DROP):
            self.unanswered.append(_identity(body))
        if fault != ("DOT", LATER):
            self.accepted.append(Accepted(recipient=recipient, message=bytes(body)))
        self._answer(writer, "DOT", fault)

    def _answer(self, writer: asyncio.StreamWriter, verb: str, fault: tuple[str, str] | None) -> str:
        self.heard(verb)
        answer = fault[1] if fault and fault[0] == verb else USUAL.get(verb, "250 ok")
        if answer == DROP:
            raise EOFError
        writer.write(answer.encode() + b"\r\n")
        return answer

    def _fault(self) -> tuple[str, str] | None:
        broken = self.faulty and self._chance.randrange(self.faulty) == 0
        return self._chance.choice(FAULTS) if broken else None


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line


def _identity(message: bytes | bytearray) -> str:
    return str(message_from_bytes(bytes(message))["Message-ID"])
