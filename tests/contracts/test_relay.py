import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.fakes.relay import MemoryRelay

from paperround.delivery.catcher import Catcher
from paperround.delivery.outbox import Outbox
from paperround.delivery.smtp import SmtpRelay
from paperround.ports import Relay
from paperround.settings import RelaySettings, Tls, Transport

SENDER, ADA, GRACE = "papers@example.org", "ada@example.org", "grace@example.org"


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A relay, and the messages that came out at its other end."""

    relay: Relay
    arrived: Callable[[], list[bytes]]

    async def send(
        self, message: bytes, *, recipient: str = ADA, begin_data: Callable[[], Awaitable[None]] | None = None
    ) -> str:
        return await self.relay.send(
            sender=SENDER, recipient=recipient, message=message, begin_data=begin_data or _nothing
        )


async def _nothing() -> None:
    pass


@contextlib.asynccontextmanager
async def _memory(folder: Path) -> AsyncIterator[Rig]:
    del folder
    relay = MemoryRelay()
    yield Rig(relay=relay, arrived=lambda: [handed.message for handed in relay.handed])


@contextlib.asynccontextmanager
async def _outbox(folder: Path) -> AsyncIterator[Rig]:
    yield Rig(relay=Outbox(folder), arrived=lambda: [file.read_bytes() for file in folder.glob("*.eml")])


class ReadingOn(Catcher):
    """A server that reads on while it answers, and says so."""

    async def handle_EHLO(  # noqa: N802 - the name that aiosmtpd calls
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd hands it over
        session: Session,
        envelope: Envelope,  # noqa: ARG002 - aiosmtpd hands it over
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]


@contextlib.asynccontextmanager
async def _smtp(
    folder: Path, *, server: type[Catcher] = Catcher, transport: Transport = Transport.STANDARD
) -> AsyncIterator[Rig]:
    async with server(folder) as catcher:
        there = RelaySettings(host=catcher.host, port=catcher.port, tls=Tls.NONE, connections=2)
        relay = SmtpRelay(replace(there, transport=transport))
        yield Rig(relay=relay, arrived=lambda: [caught.message for caught in catcher.received])
        await relay.close()


_pipelined = partial(_smtp, server=ReadingOn, transport=Transport.PIPELINED)
_not_offered = partial(_smtp, transport=Transport.PIPELINED)
RIGS = {
    "memory": _memory,
    "outbox": _outbox,
    "smtp": _smtp,
    "pipelined": _pipelined,
    "pipelined, not offered": _not_offered,
}


@pytest.fixture(params=RIGS.values(), ids=list(RIGS))
def run(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[Callable[[Rig], Coroutine[None, None, None]]], None]:
    """Run a test's body beside a fresh relay."""

    async def with_rig(body: Callable[[Rig], Coroutine[None, None, None]]) -> None:
        async with request.param(tmp_path / "mail") as rig:
            await body(rig)

    return lambda body: asyncio.run(with_rig(body))


Run = Callable[[Callable[[Rig], Coroutine[None, None, None]]], None]


def message(number: int = 1, body: bytes = b"Hello.\r\n") -> bytes:
    return b"Message-ID: <2026-06-16.%d@example.org>\r\nSubject: papers\r\n\r\n%b" % (number, body)


@pytest.mark.parametrize(
    "body",
    [
        b"Hello.\r\n",
        b"",
        b".\r\n",
        b"\r\n.\r\nQUIT\r\n..\r\n.dot\r\n",
        b"a line of its longest, " + b"x" * 970 + b"\r\n",
        b"0123456789abcdef" * 4 + b"\r\n",
        b"many lines\r\n" * 20_000,
    ],
    ids=["plain", "empty", "dot", "dots", "long line", "text", "large"],
)
def test_what_arrives_is_what_was_sent_byte_for_byte(run: Run, body: bytes) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.send(message(body=body))
        assert rig.arrived() == [message(body=body)]

    run(scenario)


def test_the_relay_s_words_come_back(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        assert await rig.send(message())

    run(scenario)


def test_the_mark_is_made_once_and_before_anything_arrives(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        arrived_at_the_mark = []

        async def mark() -> None:
            await asyncio.sleep(0.01)
            arrived_at_the_mark.append(rig.arrived())

        await rig.send(message(), begin_data=mark)
        assert arrived_at_the_mark == [[]]

    run(scenario)


def test_nothing_arrives_where_the_mark_cannot_be_made(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        async def fail() -> None:
            raise LookupError("the disk is full")

        with pytest.raises(LookupError, match="the disk is full"):
            await rig.send(message(1), begin_data=fail)
        await rig.send(message(2))
        assert rig.arrived() == [message(2)]

    run(scenario)


def test_nothing_arrives_of_what_is_cancelled_at_the_mark(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        reached = asyncio.Event()

        async def wait() -> None:
            reached.set()
            await asyncio.Event().wait()

        sending = asyncio.create_task(rig.send(message(1), begin_data=wait))
        await reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await rig.send(message(2))
        assert rig.arrived() == [message(2)]

    run(scenario)


def test_many_at_once_all_arrive_once(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        letters = [message(number) for number in range(20)]
        await asyncio.gather(*(rig.send(letter) for letter in letters))
        assert sorted(rig.arrived()) == sorted(letters)

    run(scenario)


def test_each_reader_gets_their_own(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.send(message(1), recipient=ADA)
        await rig.send(message(2), recipient=GRACE)
        assert sorted(rig.arrived()) == [message(1), message(2)]

    run(scenario)


def test_a_relay_can_be_closed_unused_and_twice(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.relay.close()
        await rig.relay.close()
        assert rig.arrived() == []

    run(scenario)


def test_a_relay_can_be_used_again_after_it_was_closed(run: Run) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.send(message(1))
        await rig.relay.close()
        await rig.send(message(2))
        assert rig.arrived() == [message(1), message(2)]

    run(scenario)
