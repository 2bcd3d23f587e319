"""Alarms from beginning to end: a service on a real store, with a clock that the test moves."""

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dns.asyncresolver
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs
from tests.fakes.alarms import MemoryAlarms
from tests.fakes.authority import Authority
from tests.fakes.dns_server import name_server
from tests.fakes.leadership import MemoryLeadership, Seat
from tests.fakes.plans import NOW, bring_to, silence
from tests.fakes.relay import MemoryRelay
from tests.fakes.smtp_server import Server
from tests.fakes.world import refused

from paperround.alarm_rules import RelayFacts
from paperround.alarming import Alarming
from paperround.alarms import Turn
from paperround.app import monitor_of, open_desk, relay_of
from paperround.desk import Desk
from paperround.dkim_signing import Signer
from paperround.following import Following
from paperround.keywords import keyword
from paperround.name_service import NameService
from paperround.observing import Observing
from paperround.ports import Alarms, OnUnknown, Relay, RelayUnusable, Status, StoreError
from paperround.service import listening, serve
from paperround.settings import (
    DkimSettings,
    FileSettings,
    Mailbox,
    RelaySettings,
    Settings,
    Tls,
    WebSettings,
)
from paperround.store import Store
from paperround.subscribers import EVERY_DAY, Interests, Subscriber
from paperround.watching import Watch, seen

OPS = "ops@example.org"
ADA = Subscriber(
    address="ada@example.org",
    interests=Interests(keywords=(keyword("LoRA"),)),
    timezone=ZoneInfo("UTC"),
    deliver_at=time(7, 30),
    days=EVERY_DAY,
)
MONDAY = date(2026, 6, 15)
FAILING = "Ours is failing; nothing has come since 16 June 2026: papers.jsonl: No such file or directory"
STEP = timedelta(minutes=5)


def on(days: int, hour: int, minute: int = 0) -> datetime:
    """Return a time so many days after the Monday."""
    return datetime.combine(MONDAY, time(hour, minute), tzinfo=UTC) + timedelta(days=days)


@dataclass
class Service:
    """A service whose time passes when the test says so, and the mails to its operator."""

    store: Store
    folder: Path
    desk: Desk
    settings: Settings
    alarms: Alarms
    names: NameService
    clock: "Clock"
    logged: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Forget what a process remembers."""
        self.observing = Observing(self.names)
        self.alarming = Alarming(self.alarms, self.observing)
        self.watch = Watch(self.desk, catch_up=self.settings.catch_up, latest=self.settings.latest)

    async def until(self, end: datetime, *, step: timedelta = STEP, anew: bool = False) -> None:
        """Let time pass, with a tick and a look at each step, and with a new start before it where `anew`."""
        while self.clock.time < end:
            self.clock.time += step
            if anew:
                self.start_anew()
            with capture_logs() as logs:
                await self.watch.tick()
                await self.look()
            self.logged += logs

    async def look(self) -> None:
        await self.alarming.look(self.desk, self.settings, lambda: self.watch.relay)

    def events(self, name: str) -> list[Mapping[str, Any]]:
        return [event for event in self.logged if event["event"] == name]

    def tries(self) -> list[Mapping[str, Any]]:
        """Return what was logged of each mail to the operator."""
        return [*self.events("alarms.not_mailed"), *self.events("alarms.mailed")]

    def announce(self, *days: date) -> None:
        """Let the only source bring a paper on each of these days."""
        lines = [
            {
                "id": f"test:{day}",
                "title": "LoRA",
                "abstract": "",
                "authors": [],
                "url": "https://example.org/",
                "published": str(day),
            }
            for day in days
        ]
        (self.folder / "papers.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    def incomplete_round(self, day: date) -> None:
        """Leave a reader without a row."""
        ids = self.desk.ledger.enrol(["nobody@example.org"], now=self.clock.time)
        noted = self.desk.ledger.begin_round(day, ids.values(), now=self.clock.time)
        self.desk.ledger.end_round(noted, now=self.clock.time)


@dataclass
class Clock:
    time: datetime

    def __call__(self) -> datetime:
        return self.time


@asynccontextmanager
async def service(
    store: Store,
    folder: Path,
    *,
    at: datetime | None = None,
    relay: Relay | None = None,
    server: Server | None = None,
    alarms: Alarms | None = None,
    names: NameService | None = None,
    **changes: object,
) -> AsyncIterator[Service]:
    clock = Clock(at or on(0, 12))
    settings = Settings(
        sender=Mailbox(name="Paper Round", address="papers@example.org"),
        sources=(FileSettings(name="Ours", path=folder / "papers.jsonl"),),
        subscribers=(ADA,),
        store=f"sqlite:///{folder}/store.db",
        outbox=folder / "outbox",
        relay=RelaySettings(host="127.0.0.1", port=server.port, tls=Tls.NONE) if server else None,
        operator=Mailbox(name="Ops", address=OPS),
    )
    settings = replace(settings, **changes)  # type: ignore[arg-type]
    (folder / "papers.jsonl").touch()
    async with open_desk(settings, store=store, relay=relay, now=clock) as desk:
        yield Service(
            store=store,
            folder=folder,
            desk=desk,
            settings=settings,
            alarms=alarms or store.alarms,
            names=names or NameService(),
            clock=clock,
        )


def to_operator(relay: MemoryRelay) -> list[EmailMessage]:
    return [parsed(handed.message) for handed in relay.handed if handed.recipient == OPS]


def parsed(message: bytes) -> EmailMessage:
    return email.message_from_bytes(message, policy=email.policy.default)


def text(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("anew", [False, True])
def test_a_source_that_fails_for_longer_than_a_day_is_one_mail_and_its_recovery_another(
    store: Store, tmp_path: Path, *, anew: bool
) -> None:
    half_an_hour = timedelta(minutes=30)

    async def scenario() -> tuple[Service, Server]:
        async with Server() as server, service(store, tmp_path, at=on(0, 6), server=server) as running:
            running.announce(MONDAY)
            await running.until(on(1, 6), step=half_an_hour, anew=anew)
            (tmp_path / "papers.jsonl").unlink()
            await running.until(on(2, 7), step=half_an_hour, anew=anew)
            assert not running.events("alarm.raised")
            await running.until(on(3, 7), step=half_an_hour, anew=anew)
            assert running.alarming.problems() == (FAILING,)
            running.announce(MONDAY + timedelta(days=3))
            await running.until(on(4, 12), step=half_an_hour, anew=anew)
            assert running.alarming.problems() == ()
            return running, server

    running, server = asyncio.run(scenario())
    events = [each for each in running.logged if each["event"].startswith("alarm")]
    assert [(each["event"], each.get("subject")) for each in events] == [
        ("alarm.raised", "Ours"),
        ("alarms.mailed", None),
        ("alarm.ended", "Ours"),
        ("alarms.mailed", None),
    ]
    mails = [parsed(b"Fro" + body) for body in server.bodies if b"To: ops@example.org\r\n" in body]
    assert [mail["Subject"] for mail in mails] == [f"paperround: {FAILING}", f"paperround: over: {FAILING}"]
    assert "Since: 2026-06-17 0" in text(mails[0])
    assert "ada@" not in "".join(map(text, mails))
    assert server.bodies[0].count(b"To: ada@example.org") == 1  # whose letters go out as ever


def test_what_the_failing_relay_cannot_carry_is_told_once_it_does(store: Store, tmp_path: Path) -> None:
    relay = MemoryRelay(faults={ADA.address: [RelayUnusable("wrong password")] * 99})

    async def scenario() -> Service:
        async with service(store, tmp_path, at=on(0, 7), relay=relay) as running:
            running.announce(MONDAY)
            await running.until(on(0, 8, 25))
            assert not running.events("alarm.raised")
            await running.until(on(0, 10))
            (event,) = running.events("alarm.raised")
            assert (event["condition"], event["reason"]) == (
                "relay_unusable",
                "the relay has taken nothing since 2026-06-15 07:30 UTC: wrong password",
            )
            assert to_operator(relay) == []
            relay.faults.clear()
            await running.until(on(0, 12))
            return running

    running = asyncio.run(scenario())
    (mail,) = to_operator(relay)
    assert text(mail).startswith("OVER: the relay has taken nothing")
    assert "It was so from 2026-06-15 08:30 UTC to 2026-06-15 10:1" in text(mail)
    assert not running.events("alarms.not_mailed")
    assert [row.subscriber for row in store.ledger.rows()] == [ADA.address]


def test_of_a_relay_only_attempts_tell_and_the_first_that_failed_tells_since_when() -> None:
    assert seen(None, (), attempts=0, now=on(0, 7)) is None
    failing = seen(None, ("no way",), attempts=1, now=on(0, 7))
    assert failing == RelayFacts(failing_since=on(0, 7), reason="no way")
    assert seen(failing, (), attempts=0, now=on(0, 8)) == failing
    still = seen(failing, ("wrong password",), attempts=1, now=on(0, 8))
    assert still == RelayFacts(failing_since=on(0, 7), reason="wrong password")
    assert seen(still, (), attempts=1, now=on(0, 9)) == RelayFacts()


def test_one_source_that_brings_papers_does_not_hide_another_that_fails(store: Store, tmp_path: Path) -> None:
    sources = tuple(FileSettings(name=each, path=tmp_path / f"{each}.jsonl") for each in ("Gone", "Other"))
    (tmp_path / "Other.jsonl").touch()

    async def scenario() -> list[str]:
        relay = MemoryRelay()
        async with service(store, tmp_path, at=on(0, 6), relay=relay, sources=sources) as running:
            await running.until(on(1, 9), step=timedelta(minutes=30))
            return [str(event["subject"]) for event in running.events("alarm.raised")]

    assert asyncio.run(scenario()) == ["Gone"]


@pytest.mark.parametrize(
    ("status", "condition"),
    [(Status.FAILED, "deliveries_failing"), (Status.UNKNOWN, "outcomes_unknown"), (Status.SENT, None)],
)
def test_what_became_of_the_letters_is_read_in_the_ledger(
    store: Store, tmp_path: Path, status: Status, condition: str | None
) -> None:
    (ada,) = store.ledger.enrol([ADA.address], now=NOW).values()
    bring_to(store.ledger, ada, status)

    async def scenario() -> list[str]:
        async with service(
            store, tmp_path, at=NOW, relay=MemoryRelay(), on_unknown=OnUnknown.HOLD
        ) as running:
            with capture_logs() as logs:
                await running.look()
            return [str(event["condition"]) for event in logs if event["event"] == "alarm.raised"]

    assert asyncio.run(scenario()) == ([condition] if condition else [])


def test_a_relay_that_asks_for_a_pause_is_given_it(store: Store, tmp_path: Path) -> None:
    relay = MemoryRelay()

    async def scenario() -> None:
        async with service(store, tmp_path, relay=relay) as running:
            name = running.desk.rate.relay
            store.ledger.pause(name, "slow down", now=running.clock.time)
            running.incomplete_round(MONDAY)
            await running.look()
            assert to_operator(relay) == []
            store.ledger.resume(name)
            await running.look()
            assert len(to_operator(relay)) == 1

    asyncio.run(scenario())


def test_there_is_one_mail_in_ten_minutes_and_it_may_hold_several(store: Store, tmp_path: Path) -> None:
    relay = MemoryRelay()

    async def scenario() -> None:
        async with service(store, tmp_path, relay=relay) as running:
            running.incomplete_round(MONDAY)
            await running.look()
            assert len(to_operator(relay)) == 1
            for days in (1, 2):
                running.incomplete_round(MONDAY - timedelta(days=days))
            running.clock.time += STEP
            running.start_anew()  # which makes it no more
            await running.look()
            assert len(to_operator(relay)) == 1
            running.clock.time += STEP
            await running.look()
            await running.look()

    asyncio.run(scenario())
    first, second = to_operator(relay)
    assert "13 June" in text(second)
    assert "14 June" in text(second)
    assert (second["Subject"], text(second).count("ALARM: ")) == ("paperround: 2 alarms", 2)
    assert "15 June" in text(first)
    assert "nobody@" not in text(first) + text(second)


def test_a_mail_that_does_not_get_out_is_tried_again_more_and_more_rarely(
    store: Store, tmp_path: Path
) -> None:
    relay = MemoryRelay(faults={OPS: [refused(550, "5.1.1 who is that?")] * 3})
    tried: list[int] = []  # minutes after the first time

    async def scenario() -> Service:
        async with service(store, tmp_path, relay=relay) as running:
            running.incomplete_round(MONDAY)
            begun = running.clock.time + STEP
            while running.clock.time < begun + timedelta(hours=2):
                before = len(running.tries())
                await running.until(running.clock.time + STEP)
                if len(running.tries()) > before:
                    tried.append((running.clock.time - begun) // timedelta(minutes=1))
                if len(tried) == 4 and len(to_operator(relay)) == 1:
                    running.incomplete_round(MONDAY - timedelta(days=1))
            return running

    running = asyncio.run(scenario())
    assert tried == [0, 10, 30, 70, 80]  # what got out ends the waiting
    assert len(running.events("alarms.not_mailed")) == 3
    assert len(to_operator(relay)) == 2
    assert OPS not in str(running.logged)


def test_without_an_operator_nothing_is_mailed_and_one_who_comes_later_hears_of_what_stands(
    store: Store, tmp_path: Path
) -> None:
    relay = MemoryRelay()

    async def scenario() -> None:
        async with service(store, tmp_path, relay=relay, operator=None) as running:
            for day in (MONDAY, MONDAY - timedelta(days=1)):
                running.incomplete_round(day)
            await running.look()
            assert len(running.alarming.problems()) == 2
            (nobody,) = store.ledger.enrol(["nobody@example.org"], now=running.clock.time).values()
            store.ledger.plan([silence(nobody, MONDAY)], now=running.clock.time)
            await running.look()
            assert to_operator(relay) == []
            running.settings = replace(running.settings, operator=Mailbox(name="", address=OPS))
            running.clock.time += 2 * STEP
            await running.look()

    asyncio.run(scenario())
    (mail,) = to_operator(relay)
    assert "14 June" in text(mail)
    assert "15 June" not in text(mail)


class Hanging(MemoryRelay):
    """A relay that never answers; `asked` is set once it is to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def send(self, **_: object) -> str:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


def test_a_stop_does_not_wait_for_a_mail_and_the_next_start_sends_it(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        hanging = Hanging()
        async with service(store, tmp_path, relay=hanging) as running:
            running.incomplete_round(MONDAY)
            looking = asyncio.create_task(running.look())
            await hanging.asked.wait()
            running.desk.stop.set()
            with capture_logs() as logs:
                await asyncio.wait_for(looking, 10)
            assert logs == []
            await running.alarming.rest()
            await running.look()  # does nothing any more
        relay = MemoryRelay()
        async with service(store, tmp_path, at=on(0, 13), relay=relay) as running:
            await running.look()
            assert len(to_operator(relay)) == 1

    asyncio.run(scenario())


class Broken(MemoryAlarms):
    """Alarms that cannot be kept."""

    error: Exception = StoreError("the disk is full")

    def enter(self, turn: Turn, *, now: datetime) -> None:  # noqa: ARG002 - it fails whatever it is given
        raise self.error


@pytest.mark.parametrize(
    ("error", "event"), [(StoreError("full"), "alarms.not_kept"), (KeyError("bug"), "alarms.failed")]
)
def test_what_cannot_be_kept_is_not_told_and_hinders_nothing(
    store: Store, tmp_path: Path, error: Exception, event: str
) -> None:
    relay, alarms = MemoryRelay(), Broken()
    alarms.error = error

    async def scenario() -> Service:
        async with service(store, tmp_path, at=on(0, 7, 25), relay=relay, alarms=alarms) as running:
            running.announce(MONDAY)
            running.incomplete_round(MONDAY)
            await running.until(on(0, 8))
            return running

    running = asyncio.run(scenario())
    assert {each["event"] for each in running.logged if "alarm" in each["event"]} == {event}
    assert [handed.recipient for handed in relay.handed] == [ADA.address]


def test_the_certificate_of_the_relay_is_seen_with_the_day_s_letters(
    store: Store, tmp_path: Path, authority: Authority
) -> None:
    async def scenario() -> tuple[str, ...]:
        async with Server({"EHLO": "250-test\r\n250 STARTTLS"}, tls=authority.context) as server:
            relay = RelaySettings(host="127.0.0.1", port=server.port, ca_file=authority.ca_file)
            async with service(store, tmp_path, at=datetime.now(UTC)) as running:
                running.settings = replace(running.settings, relay=relay)
                await running.look()
                assert running.alarming.notes() == ()
                way = relay_of(running.settings, noticed=running.observing.noticed)
                running.desk = replace(running.desk, relay=way)
                running.incomplete_round(MONDAY)
                await running.look()  # which mails of that
                await running.look()
                assert "certificate" not in str(running.alarming.problems())
                running.start_anew()
                await running.look()  # which has seen none since
                return running.alarming.notes()

    (note,) = asyncio.run(scenario())
    assert note.startswith("the certificate of 127.0.0.1 is valid until ")


def asking(resolver: dns.asyncresolver.Resolver) -> NameService:
    return NameService(resolver, patience=timedelta(seconds=0.3))


def test_a_key_is_an_alarm_until_the_dns_has_it_and_a_silent_dns_changes_nothing(
    store: Store, tmp_path: Path
) -> None:
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    dkim = DkimSettings(selector="s1", domain="example.org", key=private.decode())
    ((_, public),) = Signer(dkim).published()
    record = f'"v=DKIM1; k=ed25519; p={public.text}"'
    zone: dict[tuple[str, str], list[str]] = {("example.org", "SOA"): ["ns.example.org. a.b. 1 1 1 1 1"]}

    async def scenario() -> list[tuple[str, ...]]:
        seen = []
        async with (
            name_server(zone) as resolver,
            name_server(zone, broken="silent") as silent,
            service(store, tmp_path, relay=MemoryRelay(), dkim=dkim, names=asking(resolver)) as running,
        ):
            for names in (asking(resolver), asking(silent)):
                running.names = names
                running.start_anew()
                await running.look()
                seen.append(running.alarming.problems())
            running.names = asking(resolver)
            running.start_anew()
            await running.look()
            zone["s1._domainkey.example.org", "TXT"] = [record]
            for minutes in (59, 1):
                running.clock.time += timedelta(minutes=minutes)
                await running.look()
                seen.append(running.alarming.problems())
            del zone["s1._domainkey.example.org", "TXT"]
            for hours in (23, 1):
                running.clock.time += timedelta(hours=hours)
                await running.look()
                seen.append(running.alarming.problems())
        return seen

    missing = ("s1._domainkey.example.org is not there",)
    assert asyncio.run(scenario()) == [missing, missing, missing, (), (), missing]


class Noticing(MemoryRelay):
    """A relay that says when it has `taken` a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = asyncio.Event()

    async def close(self) -> None:
        await super().close()
        if self.handed:
            self.taken.set()


def test_the_service_shows_its_alarms_to_whoever_asks(store: Store, tmp_path: Path) -> None:
    async def scenario() -> tuple[Any, str]:
        relay = Noticing()
        async with service(store, tmp_path, at=datetime.now(UTC), relay=relay) as running:
            running.incomplete_round(MONDAY)
            following = Following(running.settings, tmp_path, lambda: running.settings)
            with listening(WebSettings(port=0)) as door:
                url, first = f"http://127.0.0.1:{door.getsockname()[1]}", MemoryLeadership(Seat(), "one")
                serving = asyncio.create_task(
                    serve(running.desk, monitor_of(store), following, running.alarming, door, first)
                )
                async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
                    await asyncio.wait_for(relay.taken.wait(), 60)
                    health = (await http.get("/healthz")).json()
                    metrics = (await http.get("/metrics")).text
                running.desk.stop.set()
                assert await serving is False
        return health, metrics

    health, metrics = asyncio.run(scenario())
    (problem,) = health["problems"]  # which a tick and an alarm tell of, and which is told once
    assert "1 subscriber without a row" in problem
    assert 'paperround_alarm{condition="round_incomplete"} 1.0' in metrics
    assert 'paperround_alarm{condition="disk_low"} 0.0' in metrics


def test_a_service_that_does_not_lead_any_more_shows_no_alarms_of_before(
    store: Store, tmp_path: Path
) -> None:
    async def scenario() -> Any:  # noqa: ANN401 - what it answers
        async with service(store, tmp_path, at=datetime.now(UTC), relay=MemoryRelay()) as running:
            running.incomplete_round(MONDAY)
            await running.look()
            assert running.alarming.problems()
            following = Following(running.settings, tmp_path, lambda: running.settings)
            seat = Seat()
            MemoryLeadership(seat, "another").take()
            with listening(WebSettings(port=0)) as door:
                url, here = f"http://127.0.0.1:{door.getsockname()[1]}", MemoryLeadership(seat, "one")
                serving = asyncio.create_task(
                    serve(running.desk, monitor_of(store), following, running.alarming, door, here)
                )
                async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
                    health = (await http.get("/healthz")).json()
                running.desk.stop.set()
                await serving
        return health

    assert asyncio.run(scenario()) == {
        "status": "ok",
        "problems": [],
        "notes": ["standing by; another leads"],
    }
