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
USUAL = {"EHLO": "250-test\r\n250 PIPELINING", "DATA": "354 go ahead", "QUIT": "221 bye"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that was taken: from whom, by the name it greeted with, and for whom."""

    client: str
    recipient: str
    message: bytes


class UnreliableRelay:
    """A server on a free loopback port; one in `faulty` transactions ends badly, none where that is 0.

    `accepted` is every message it took, whether it said so or not; `unanswered` are the Message-IDs of
    those that were begun, and on which it never gave its word.
    """

    def __init__(self, chance: random.Random, *, faulty: int = 0) -> None:
        self.faulty = faulty
        self.accepted: list[Accepted] = []
        self.unanswered: list[str] = []
        self._chance = chance
        self._watched, self._left = "", 0
        self._action: Callable[[], object] = lambda: None
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

    def when(self, step: str, times: int, action: Callable[[], object]) -> None:
        """Call the action once, when a conversation comes to this step for so manieth time from now on."""
        self._watched, self._left, self._action = step, times, action

    async def is_left(self) -> None:
        """Return once every client has gone, and all that it had said was heard."""
        while self._talks:
            await asyncio.wait(self._talks)

    def comes_to(self, step: str) -> None:
        """Note that a conversation has come to this step."""
        if step == self._watched:
            self._left -= 1
            if self._left == 0:
                self._action()

    def fault(self) -> tuple[str, str]:
        """Return what goes wrong in the next transaction, if anything."""
        broken = self.faulty and self._chance.randrange(self.faulty) == 0
        return self._chance.choice(FAULTS) if broken else ("", "")

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(_Talk(self, reader, writer).follow())
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)


class _Talk:
    """One conversation."""

    def __init__(
        self, relay: UnreliableRelay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._relay, self._reader, self._writer = relay, reader, writer
        self._client = self._recipient = ""
        self._fault = relay.fault()

    async def follow(self) -> None:
        """Answer until the client leaves, or is left."""
        self._writer.write(b"220 test\r\n")
        try:
            while True:
                verb, _, rest = (await self._line()).decode("ascii").strip().partition(" ")
                self._client = rest if verb == "EHLO" else self._client
                if verb == "RCPT":
                    self._recipient = rest.removeprefix("TO:<").removesuffix(">")
                if verb == "RSET":
                    self._fault = self._relay.fault()
                if verb == "DATA" and self._fault == ("RCPT", LATER):
                    self._writer.write(b"503 5.5.1 no recipients\r\n")
                elif self._answer(verb).startswith("354"):
                    await self._take_message()
        except (ConnectionError, EOFError):
            pass
        finally:
            self._writer.transport.abort()

    async def _take_message(self) -> None:
        body = bytearray()
        while (line := await self._line()) != b".\r\n":
            body += line.removeprefix(b".")
            if line == b"\r\n" and self._fault == ("BODY", DROP):
                self._relay.unanswered.append(_identity(body))
                self._answer("BODY")
        self._relay.comes_to("BODY")
        if self._fault == ("DOT", DROP):
            self._relay.unanswered.append(_identity(body))
        if self._fault != ("DOT", LATER):
            taken = Accepted(client=self._client, recipient=self._recipient, message=bytes(body))
            self._relay.accepted.append(taken)
        self._answer("DOT")
        self._fault = self._relay.fault()

    def _answer(self, verb: str) -> str:
        self._relay.comes_to(verb)
        at, instead = self._fault
        answer = instead if at == verb else USUAL.get(verb, "250 ok")
        if answer == DROP:
            raise EOFError
        self._writer.write(answer.encode() + b"\r\n")
        return answer

    async def _line(self) -> bytes:
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line


def _identity(message: bytearray) -> str:
    return str(message_from_bytes(bytes(message))["Message-ID"])
