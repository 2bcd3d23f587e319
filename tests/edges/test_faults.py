"""Each fault of a relay ends as docs/delivery.md has it: on real servers, and from a store on disk."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.edges.faults import DOCUMENT, FAULTS, Fault, Script, Sink, Then, Trial, documented
from tests.fakes.authority import Authority
from tests.fakes.clock import Clock
from tests.fakes.plans import READER, TUESDAY, letter
from tests.fakes.smtp_server import TRANSPORT, Server
from tests.fakes.smtp_sink import free_port, smtp_sink

from paperround.app import open_desk
from paperround.delivering import Delivered
from paperround.delivery.smtp import SmtpRelay
from paperround.desk import Desk
from paperround.ports import DeliveryRecord, OnUnknown, Status
from paperround.posting import post
from paperround.settings import Mailbox, RelaySettings, Settings, Tls

A_MOMENT = timedelta(seconds=1)
READERS = tuple(replace(READER, address=f"reader{number}@example.org") for number in range(1, 6))


@dataclass
class Installation:
    """A store with letters in it, from which one run after the other delivers."""

    folder: Path
    relay: RelaySettings
    trial: Trial
    on_unknown: OnUnknown = OnUnknown.RESEND
    clock: Clock = field(default_factory=Clock)

    @contextlib.asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        settings = Settings(
            sender=Mailbox(name="", address="papers@example.org"),
            sources=(),
            subscribers=READERS[: self.trial.letters],
            store=f"sqlite:///{self.folder}/store.db",
            outbox=self.folder,
            relay=self.relay,  # one letter at a time
            on_unknown=self.on_unknown,
        )
        transport = replace(self.relay, transport=TRANSPORT.get())
        relay = SmtpRelay(transport, timeouts=self.trial.timeouts)
        async with open_desk(settings, relay=relay, now=self.clock) as desk:
            yield desk


def plan(desk: Desk, message: bytes) -> None:
    """Enter a letter for each reader."""
    ids = desk.ledger.enrol([each.address for each in desk.subscribers], now=desk.now())
    desk.ledger.plan([letter(each, TUESDAY, message=message) for each in ids.values()], now=desk.now())


async def outcome(desk: Desk) -> tuple[Delivered, list[DeliveryRecord]]:
    """Deliver, and return how that ended and the rows after it, in the order in which letters are taken."""
    delivered = await post(desk)
    return delivered, sorted(desk.ledger.rows(), key=lambda row: row.id)


async def states_after(desk: Desk) -> tuple[Status, ...]:
    """Deliver, and return the states of the letters after it."""
    _, rows = await outcome(desk)
    return tuple(row.status for row in rows)


@contextlib.asynccontextmanager
async def begun(trial: Trial, authority: Authority) -> AsyncIterator[RelaySettings]:
    """Start the server of a trial, and yield how to reach it."""
    match trial:
        case Sink():
            # While it delays a reply it answers what was asked behind it, which no server may do.
            in_order = ("-p",) if "-W" in trial.options else ()  # no pipelining
            async with smtp_sink(*in_order, *trial.options) as settings:
                yield replace(settings, connections=1)
        case Script():
            settings = _settings(trial, authority)
            tls = None if trial.tls is Tls.NONE else authority.context
            async with Server(trial.answers, tls=tls, implicit=trial.tls is Tls.IMPLICIT) as server:
                yield replace(settings, port=server.port)
        case _:
            yield replace(PLAIN, port=await free_port())


PLAIN = RelaySettings(host="127.0.0.1", port=0, tls=Tls.NONE, connections=1)
OFFER = {"EHLO": "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"}


def _settings(trial: Script, authority: Authority) -> RelaySettings:
    if trial.tls is Tls.NONE:
        return PLAIN
    ca_file = authority.ca_file if trial.trusted else None
    return replace(PLAIN, tls=trial.tls, username="papers", password="swordfish", ca_file=ca_file)  # noqa: S106 - nobody's


@contextlib.asynccontextmanager
async def mended(installation: Installation, authority: Authority) -> AsyncIterator[Server]:
    """Start a server without faults at the same place."""
    relay = installation.relay
    tls = None if relay.tls is Tls.NONE else authority.context
    if tls:
        installation.relay = replace(relay, ca_file=authority.ca_file)
    script = OFFER if tls else {}
    async with Server(script, tls=tls, implicit=relay.tls is Tls.IMPLICIT, port=relay.port) as server:
        yield server


def trials(*faults: Fault) -> list[object]:
    return [
        pytest.param(
            fault,
            trial,
            id=f"{fault.then.name}: {trial}",
            marks=[pytest.mark.needs("smtp-sink")] if isinstance(trial, Sink) else [],
        )
        for fault in faults
        for trial in fault.trials
    ]


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize(("fault", "trial"), trials(*FAULTS))
def test_a_fault_ends_as_documented(fault: Fault, trial: Trial, tmp_path: Path, authority: Authority) -> None:
    async def scenario() -> None:
        states, tried = fault.states[: trial.letters], fault.tried(trial.letters)
        async with begun(trial, authority) as relay:
            installation = Installation(folder=tmp_path, relay=relay, trial=trial)
            async with installation.desk() as desk:
                plan(desk, trial.message)
                delivered, rows = await outcome(desk)
                suppressed = len(desk.ledger.suppressions())
        assert tuple(row.status for row in rows) == states
        assert rows[0].reason == fault.reason
        assert [bool(row.reply) for row in rows] == [number < tried for number in range(trial.letters)]
        assert delivered.attempts == tried
        assert (delivered.stopped is None) == (tried == trial.letters)
        assert suppressed == (trial.letters if fault.then is Then.NEVER_AGAIN else 0)

        async with mended(installation, authority) as server, installation.desk() as desk:
            at_once = tuple(map(fault.then.at_once, states))
            assert await states_after(desk) == at_once
            earliest, latest = fault.then.wait
            installation.clock.time += max(earliest - A_MOMENT, timedelta(0))
            assert await states_after(desk) == at_once
            installation.clock.time += latest - earliest + 2 * A_MOMENT
            in_the_end = tuple(map(in_time, states))
            assert await states_after(desk) == in_the_end
        handed = Counter(line for line in server.heard if line.startswith("RCPT"))
        assert set(handed.values()) <= {1}
        assert len(server.bodies) == in_the_end.count(Status.SENT) - states.count(Status.SENT)

    asyncio.run(scenario())


def in_time(state: Status) -> Status:
    """Return what becomes of a letter in this state once the relay is mended and every wait is over."""
    return Status.FAILED if state is Status.FAILED else Status.SENT


IN_DOUBT = next(fault for fault in FAULTS if fault.then is Then.RESENT)


@pytest.mark.parametrize(("fault", "trial"), trials(IN_DOUBT))
def test_what_may_have_been_accepted_is_held_where_the_config_says_so(
    fault: Fault, trial: Trial, tmp_path: Path, authority: Authority
) -> None:
    async def scenario() -> None:
        async with begun(trial, authority) as relay:
            installation = Installation(tmp_path, relay, trial, on_unknown=OnUnknown.HOLD)
            async with installation.desk() as desk:
                plan(desk, trial.message)
                assert await states_after(desk) == fault.states
        async with mended(installation, authority) as server, installation.desk() as desk:
            installation.clock.time += timedelta(hours=6)
            states = await states_after(desk)
        assert states == (Status.UNKNOWN,) * 3 + (Status.SENT,) * 2
        assert len(server.bodies) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(("fault", "trial"), trials(IN_DOUBT))
def test_what_may_have_been_accepted_twice_waits_for_a_person(
    fault: Fault, trial: Trial, tmp_path: Path, authority: Authority
) -> None:
    async def scenario() -> None:
        async with (
            begun(trial, authority) as relay,
            Installation(tmp_path, relay, trial).desk() as desk,
        ):
            plan(desk, trial.message)
            for _ in range(6):
                await post(desk)
            delivered, rows = await outcome(desk)
        assert [(row.status, row.attempts) for row in rows] == [(fault.states[0], 2)] * trial.letters
        assert delivered.attempts == 0

    asyncio.run(scenario())


def test_the_table_in_the_documentation_is_the_one_that_is_tested() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == documented(text), "write it anew: .venv/bin/python -m tests.edges.faults"
