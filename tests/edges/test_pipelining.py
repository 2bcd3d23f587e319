"""What a pipelined relay does with the letter behind another; test_smtp.py has what it does with one."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import pytest
from aiosmtplib import SMTPResponse, SMTPResponseException
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.smtp_server import DROP, MESSAGE, USUAL, Server
from tests.fakes.unreliable_relay import UnreliableRelay

from paperround.delivery.connection import Timeouts
from paperround.delivery.line import ReplyReader
from paperround.delivery.smtp import SmtpRelay
from paperround.ports import Interrupted, Refused, Unanswered
from paperround.replies import Step
from paperround.settings import RelaySettings, Tls, Transport

ADA, GRACE, ALAN = "ada@example.org", "grace@example.org", "alan@example.org"

pytestmark = pytest.mark.usefixtures("pipelined")


class Withholding:
    """A server that reads on, and from the first whole message on keeps its replies until they are wanted."""

    def __init__(self, *, offers: str = "PIPELINING") -> None:
        self.heard: list[str] = []
        self.connections = 0
        self._offers = offers
        self._more, self._left = asyncio.Event(), asyncio.Event()
        self._free = False
        self._owed: list[tuple[asyncio.StreamWriter, str]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    async def hears(self, line: str, *, times: int = 1) -> None:
        """Return once a line was heard so often, or raise TimeoutError."""
        async with asyncio.timeout(5):
            while self.heard.count(line) < times:
                self._more.clear()
                await self._more.wait()

    def answer(self) -> None:
        """Give all the replies that are owed, and from now on each at once."""
        self._free = True
        for writer, reply in self._owed:
            writer.write(f"{reply}\r\n".encode())
        self._owed.clear()

    async def is_left(self) -> None:
        """Return once a client has gone, or raise TimeoutError."""
        async with asyncio.timeout(5):
            await self._left.wait()

    def hang_up(self) -> None:
        """End every connection, and give each reply at once on those that come."""
        self._free = True
        self._owed.clear()
        for writer in self._writers:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(b"220 test\r\n")
        with contextlib.suppress(ConnectionError, EOFError):
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                self.heard.append(line)
                self._more.set()
                if line == "DATA":
                    self._reply(writer, "354 go ahead")
                    await reader.readuntil(b"\r\n.\r\n")
                    self._reply(writer, "250 2.0.0 queued", kept=not self._free)
                else:
                    self._reply(writer, f"250-test\r\n250 {self._offers}" if "EHLO" in line else "250 ok")
        self._left.set()
        writer.close()

    def _reply(self, writer: asyncio.StreamWriter, reply: str, *, kept: bool = False) -> None:
        if kept or self._owed:
            self._owed.append((writer, reply))
        else:
            writer.write(f"{reply}\r\n".encode())


class Round:
    """Letters over one connection; `marked` are those of whom content may have gone."""

    def __init__(self, port: int, timeouts: Timeouts | None = None) -> None:
        one = RelaySettings(
            host="127.0.0.1", port=port, tls=Tls.NONE, connections=1, transport=Transport.PIPELINED
        )
        self.relay = SmtpRelay(one, timeouts=timeouts)
        self.marked: list[str] = []

    def send(
        self, recipient: str, message: bytes = MESSAGE, *, mark: Callable[[], Awaitable[None]] | None = None
    ) -> asyncio.Task[str]:
        async def begin_data() -> None:
            self.marked.append(recipient)
            if mark is not None:
                await mark()

        return asyncio.create_task(
            self.relay.send(
                sender="papers@example.org", recipient=recipient, message=message, begin_data=begin_data
            )
        )


@contextlib.asynccontextmanager
async def behind_an_unanswered_one(
    server: Withholding, timeouts: Timeouts | None = None
) -> AsyncIterator[tuple[Round, list[asyncio.Task[str]], Withholding]]:
    """Have Ada's letter written and not answered, and Grace's begun behind it."""
    async with server:
        going = Round(server.port, timeouts)
        tasks = [going.send(ADA), going.send(GRACE)]
        await server.hears("DATA", times=2)
        assert going.marked == [ADA]
        yield going, tasks, server
        await going.relay.close()


async def ends(*tasks: asyncio.Task[str]) -> list[str | BaseException]:
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_an_envelope_travels_while_the_letter_before_is_unanswered_and_its_content_does_not() -> None:
    async def scenario() -> None:
        async with behind_an_unanswered_one(Withholding()) as (going, tasks, server):
            assert server.heard[-3:] == ["MAIL FROM:<papers@example.org>", f"RCPT TO:<{GRACE}>", "DATA"]
            server.answer()
            assert await ends(*tasks) == ["250 2.0.0 queued"] * 2
            assert going.marked == [ADA, GRACE]
            assert server.connections == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("offers", ["8BITMIME", "XPIPELINING"])
def test_a_server_that_does_not_offer_it_is_asked_one_thing_after_the_other(offers: str) -> None:
    async def scenario() -> None:
        async with Withholding(offers=offers) as server:
            going = Round(server.port)
            tasks = [going.send(ADA), going.send(GRACE)]
            await server.hears("DATA")
            await asyncio.sleep(0.05)
            assert f"RCPT TO:<{GRACE}>" not in server.heard
            server.answer()
            assert await ends(*tasks) == ["250 2.0.0 queued"] * 2
            await going.relay.close()

    asyncio.run(scenario())


def test_where_the_link_is_lost_only_the_letter_that_was_written_is_in_doubt() -> None:
    async def scenario() -> None:
        async with behind_an_unanswered_one(Withholding()) as (going, tasks, server):
            server.hang_up()
            lost, other = await ends(*tasks)
            assert isinstance(lost, Unanswered)
            assert other == "250 2.0.0 queued"
            assert going.marked == [ADA, GRACE]
            assert server.connections == 2

    asyncio.run(scenario())


def test_the_patience_with_an_envelope_begins_once_the_letter_before_is_answered() -> None:
    async def scenario() -> None:
        patience = Timeouts(envelope=timedelta(seconds=0.2))
        async with behind_an_unanswered_one(Withholding(), patience) as (_, tasks, server):
            await asyncio.sleep(0.3)
            server.answer()
            assert await ends(*tasks) == ["250 2.0.0 queued"] * 2
            assert server.connections == 1

    asyncio.run(scenario())


def test_a_connection_on_which_a_letter_was_cancelled_is_left_with_the_last_reply() -> None:
    async def scenario() -> None:
        async with behind_an_unanswered_one(Withholding()) as (_, tasks, server):
            tasks[1].cancel()
            server.answer()
            assert await tasks[0] == "250 2.0.0 queued"
            await server.is_left()

    asyncio.run(scenario())


def test_a_letter_that_is_cancelled_takes_nothing_from_the_one_before() -> None:
    async def scenario() -> None:
        async with behind_an_unanswered_one(Withholding()) as (going, tasks, server):
            tasks[1].cancel()
            third = going.send(ALAN)
            await asyncio.sleep(0.01)
            assert server.connections == 1
            server.answer()
            first, cancelled, last = await ends(*tasks, third)
            assert (first, last) == ("250 2.0.0 queued",) * 2
            assert isinstance(cancelled, asyncio.CancelledError)
            assert going.marked == [ADA, ALAN]
            assert server.connections == 2  # the other one waited for a message to Grace

    asyncio.run(scenario())


def test_where_the_letter_before_is_cancelled_the_next_goes_over_another_connection() -> None:
    async def scenario() -> None:
        async with behind_an_unanswered_one(Withholding()) as (going, tasks, server):
            tasks[0].cancel()
            cancelled = await ends(tasks[0])
            assert isinstance(cancelled[0], asyncio.CancelledError)
            server.hang_up()
            assert await ends(tasks[1]) == ["250 2.0.0 queued"]
            assert going.marked == [ADA, GRACE]

    asyncio.run(scenario())


def test_a_closing_relay_waits_for_the_replies_that_are_due() -> None:
    async def scenario() -> None:
        async with behind_an_unanswered_one(Withholding()) as (going, tasks, server):
            await going.relay.close()
            server.answer()
            assert await ends(*tasks) == ["250 2.0.0 queued"] * 2
            assert server.heard.count("QUIT") == 1

    asyncio.run(scenario())


def test_no_reply_in_time_leaves_only_that_letter_in_doubt() -> None:
    async def scenario() -> None:
        async with Withholding() as server:
            going = Round(server.port, Timeouts(dot=timedelta(seconds=0.1)))
            tasks = [going.send(ADA), going.send(GRACE)]
            lost = await ends(tasks[0])
            server.hang_up()
            assert isinstance(lost[0], Unanswered)
            await ends(tasks[1])
            assert going.marked[:2] == [ADA, GRACE]
            assert server.connections == 2
            await going.relay.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("script", "step", "connections"),
    [
        ({"RCPT": ["250 ok", "550 5.1.1 unknown", "250 ok"]}, Step.RCPT, 1),  # and 354 all the same
        (
            {
                "RCPT": ["250 ok", "550 5.1.1 unknown", "250 ok"],
                "DATA": ["354 go ahead", "503 5.5.1 no recipients", "354 go ahead"],
            },
            Step.RCPT,
            1,
        ),
        ({"DATA": ["354 go ahead", "451 4.3.0 later", "354 go ahead"]}, Step.DATA, 1),
        ({"DOT": ["250 2.0.0 queued", "554 5.7.1 spam", "250 2.0.0 queued"]}, Step.DOT, 1),
        ({"DOT": ["250 2.0.0 queued", "421 4.3.2 closing", "250 2.0.0 queued"]}, Step.DOT, 2),
        ({"RCPT": ["250 ok", "421 4.3.2 closing", "250 ok"]}, Step.RCPT, 2),
    ],
    ids=str,
)
def test_a_refusal_is_that_of_its_own_letter(
    script: dict[str, list[str]], step: Step, connections: int
) -> None:
    async def scenario() -> None:
        async with Server(script) as server:
            going = Round(server.port)
            first, second, third = await ends(*map(going.send, (ADA, GRACE, ALAN)))
            await going.relay.close()
        assert (first, third) == (USUAL["DOT"],) * 2
        assert isinstance(second, Refused)
        assert second.reply.step is step
        assert server.bodies == [MESSAGE[3:]] * 2
        assert "." not in server.heard
        assert server.connections == connections
        assert going.marked == [ADA, *([GRACE] if step is Step.DOT else []), ALAN]

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [DROP, "hello?", "354 hello?", "999 hello?"])
def test_each_letter_whose_own_reply_is_missing_is_in_doubt_and_no_other(answer: str) -> None:
    async def scenario() -> None:
        async with Server({"DOT": [answer, USUAL["DOT"]]}) as server:
            going = Round(server.port)
            first, *others = await ends(*map(going.send, (ADA, GRACE, ALAN)))
            await going.relay.close()
        assert isinstance(first, Unanswered)
        assert others == [USUAL["DOT"]] * 2
        assert sorted(going.marked) == [ADA, ALAN, GRACE]
        assert len(server.bodies) == 2

    asyncio.run(scenario())


def test_a_mark_that_cannot_be_made_keeps_one_letter_back_and_no_other() -> None:
    async def fail() -> None:
        raise LookupError("the disk is full")

    async def scenario() -> None:
        async with Server() as server:
            going = Round(server.port)
            first, second, third = await ends(going.send(ADA), going.send(GRACE, mark=fail), going.send(ALAN))
            await going.relay.close()
        assert (first, third) == (USUAL["DOT"],) * 2
        assert isinstance(second, LookupError)
        assert len(server.bodies) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", range(6))
def test_whatever_breaks_off_a_letter_is_taken_once_where_that_is_said_and_never_where_it_is_denied(
    seed: int,
) -> None:
    async def scenario() -> None:
        async with UnreliableRelay(random.Random(seed), faulty=3) as server:
            going = Round(server.port)
            ended = await ends(
                *(going.send(ADA, b"Message-ID: <%d>\r\n\r\nHello.\r\n" % number) for number in range(60))
            )
            await going.relay.close()
            await server.is_left()
        taken = Counter(accepted.message for accepted in server.accepted)
        times = [taken[b"Message-ID: <%d>\r\n\r\nHello.\r\n" % number] for number in range(60)]
        assert taken.total() == sum(times)
        for outcome, count in zip(ended, times, strict=True):
            match outcome:
                case str():
                    assert count == 1
                case Unanswered():
                    assert count <= 1
                case _:
                    assert isinstance(outcome, Refused | Interrupted)
                    assert count == 0
        assert len({type(outcome) for outcome in ended}) == 4

    asyncio.run(scenario())


# Replies, wherever they are cut.

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
REPLIES = st.lists(st.tuples(st.integers(200, 599), st.lists(WORDS, min_size=1, max_size=4)), max_size=6)


@given(replies=REPLIES, data=st.data())
def test_replies_are_the_same_wherever_they_are_cut(
    replies: list[tuple[int, list[str]]], data: st.DataObject
) -> None:
    sent = "".join(
        "".join(f"{code}-{line}\r\n" for line in lines[:-1]) + f"{code} {lines[-1]}\r\n"
        for code, lines in replies
    ).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=12)))
    reader = ReplyReader()
    read = [
        reply
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)
        for reply in reader.read(sent[start:end])
    ]
    assert read == [SMTPResponse(code, "\n".join(lines)) for code, lines in replies]


@pytest.mark.parametrize(
    "nonsense", [b"hello\r\n", b"\r\n", b"25\r\n", b"250-" + b"x" * 40_000, b"250-x\r\n" * 9_000]
)
def test_what_is_no_reply_ends_the_reading_after_those_that_were(nonsense: bytes) -> None:
    replies = ReplyReader().read(b"250 ok\r\n" + nonsense)
    assert next(replies) == SMTPResponse(250, "ok")
    with pytest.raises(SMTPResponseException):
        next(replies)
