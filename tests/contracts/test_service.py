"""What the service does at each tick, with a clock that the test moves."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.joining import MemoryMembers, MemoryRequests
from tests.fakes.ledger import MemoryLedger
from tests.fakes.library import MemoryLibrary
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.relay import MemoryRelay
from tests.fakes.returns import MemoryReturns
from tests.fakes.world import always, refused

from paperround.batches import Batch, BatchState
from paperround.calendars import Calendar
from paperround.composing import NO_ROUND
from paperround.desk import Desk
from paperround.issue import PAUSED, WAITING
from paperround.keywords import keyword
from paperround.letters import Letters
from paperround.papers import Paper, PaperId
from paperround.pipeline import run
from paperround.ports import Gap, Interrupted, OnUnknown, RelayUnusable, SourceError, Status, StoreError
from paperround.preferences import Hour, HourChange, PauseChange
from paperround.rates import Rate
from paperround.rendering import Renderer
from paperround.returning import Returning
from paperround.roll import Roll
from paperround.settings import Mailbox
from paperround.shifts import shift
from paperround.subscribers import EVERY_DAY, Interests, Pause, Subscriber, WhenEmpty
from paperround.watching import LOOK_AGAIN, SHORTEST_PAUSE, TICK, Watch
from paperround.web import Health
from paperround.website import directory, readers

DAY = date(2026, 6, 16)


def reader(name: str, zone: str, hour: int) -> Subscriber:
    return Subscriber(
        address=f"{name}@example.org",
        interests=Interests(keywords=(keyword("LoRA"),)),
        timezone=ZoneInfo(zone),
        deliver_at=time(hour),
        days=EVERY_DAY,
    )


LONDON, TOKYO = reader("london", "Europe/London", 8), reader("tokyo", "Asia/Tokyo", 8)


@dataclass
class Paperboy:
    """A source with one new paper each day, which counts how often it is asked."""

    name: str = "Papers"
    calendar: Calendar | None = always
    broken: bool = False
    wait: timedelta | None = None
    asked: int = 0

    def days(self, day: date) -> tuple[date, ...]:
        return (day,)

    async def fetch(self, day: date, *, etag: str | None) -> Batch:
        del etag
        self.asked += 1
        if self.broken:
            raise SourceError("no answer", wait=self.wait)
        known = Paper(id=PaperId(f"test:{day}"), title="LoRA", url="https://example.org/", published=day)
        return Batch(source=self.name, day=day, state=BatchState.FRESH, papers=(known,))


@dataclass
class Service:
    """A service whose time passes when the test says so."""

    now: datetime
    folder: Path
    readers: tuple[Subscriber, ...] = (LONDON, TOKYO)
    source: Paperboy = field(default_factory=Paperboy)
    relay: MemoryRelay = field(default_factory=MemoryRelay)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    catch_up: timedelta = timedelta(hours=12)
    latest: timedelta | None = None

    def __post_init__(self) -> None:
        self.preferences = MemoryPreferences(self.ledger)
        self.requests = MemoryRequests(self.ledger)
        self.members = MemoryMembers(self.ledger, self.requests, self.preferences)
        self.runner = asyncio.Runner()
        self.desk = Desk(
            roll=Roll(self.readers, self.members, newcomer=LONDON),
            sources=[self.source],
            library=MemoryLibrary(),
            ledger=self.ledger,
            preferences=self.preferences,
            letters=Letters(
                renderer=Renderer(), sender=Mailbox(name="", address="p@example.org"), secret=b"s" * 32
            ),
            relay=self.relay,
            rate=Rate(relay="smtp.example.org:587"),
            returning=Returning(
                open_inbox=None,
                returns=MemoryReturns(self.ledger),
                secret=b"s" * 32,
                now=lambda: self.now,
            ),
            connections=1,
            on_unknown=OnUnknown.RESEND,
            now=lambda: self.now,
            catch_up=self.catch_up,
            shift=partial(shift, self.ledger, self.folder, now=lambda: self.now),
        )
        self.restart()

    def restart(self) -> None:
        self.watch = Watch(self.desk, catch_up=self.catch_up, latest=self.latest)

    def tick(self, *, after: timedelta = TICK) -> None:
        self.now += after
        self.runner.run(self.watch.tick())

    def sent(self) -> list[tuple[date, str]]:
        return [(row.day, row.subscriber) for row in self.ledger.rows(status=Status.SENT)]


Start = Callable[[datetime], Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a service at that time; it is ended after the test."""
    started: list[Service] = []

    def begin(now: datetime) -> Service:
        started.append(Service(now, tmp_path / "workers"))
        return started[-1]

    yield begin
    for service in started:
        service.runner.close()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, 16, hour, minute, tzinfo=UTC)


def test_each_reader_is_served_at_their_own_hour_and_once(start: Start) -> None:
    service = start(at(6, 59))
    service.tick()
    assert service.sent() == [(DAY, "tokyo@example.org")]  # it has been eight there since 23:00
    for _ in range(5):
        service.tick()
    assert service.sent() == [(DAY, "london@example.org"), (DAY, "tokyo@example.org")]
    assert len(service.relay.handed) == 2


def test_a_machine_that_slept_catches_up_once(start: Start) -> None:
    service = start(at(6, 59))
    service.tick()
    service.tick(after=timedelta(hours=5))
    service.tick()
    assert [handed.recipient for handed in service.relay.handed] == [
        "tokyo@example.org",
        "london@example.org",
    ]


def test_a_clock_that_was_set_back_keeps_no_letter_back(start: Start) -> None:
    service = start(at(12) + timedelta(days=1))
    service.tick()
    service.now = at(8)
    service.tick()
    assert (DAY, LONDON.address) in service.sent()


def test_a_restarted_service_sends_nothing_twice(start: Start) -> None:
    service = start(at(8))
    service.tick()
    service.restart()
    service.tick()
    assert len(service.relay.handed) == 2


def test_what_a_reader_chooses_holds_from_their_next_hour_on(start: Start) -> None:
    service = start(at(6, 58))
    service.tick()
    ids = service.ledger.enrol([LONDON.address], now=service.now)
    service.preferences.change(
        ids[LONDON.address], PauseChange(pause=Pause(until=DAY + timedelta(days=1))), now=service.now
    )
    service.tick(after=timedelta(minutes=5))
    assert service.sent() == [(DAY, TOKYO.address)]
    service.tick(after=timedelta(days=1))
    assert (DAY + timedelta(days=1), LONDON.address) in service.sent()


@pytest.mark.parametrize(
    ("chosen", "hour", "sent"),
    [
        # It was sent at eight already, which is seven in UTC.
        (at(7, 30), time(6), at(7)),
        (at(7, 30), time(20), at(7)),
        # It was not: it is sent at the new hour, or at once where that is past.
        (at(6, 30), time(20), at(19)),
        (at(6, 30), time(7, 30), at(6, 30)),
        (at(6, 30), time(0, 30), at(6, 30)),
    ],
)
def test_an_hour_that_is_changed_on_the_day_brings_one_digest_that_day_and_the_next(
    start: Start, chosen: datetime, hour: time, sent: datetime
) -> None:
    service = start(at(6) - timedelta(days=1))
    ids = service.ledger.enrol([LONDON.address], now=service.now)
    while service.now < at(20) + timedelta(days=1):
        if service.now == chosen - timedelta(minutes=30):
            wish = Hour(at=hour, timezone=LONDON.timezone)
            service.preferences.change(ids[LONDON.address], HourChange(hour=wish), now=chosen)
        service.tick(after=timedelta(minutes=30))
    rows = [row for row in service.ledger.rows() if row.subscriber == LONDON.address]
    assert [(row.day, row.status) for row in rows] == [
        (DAY + timedelta(days=1), Status.SENT),
        (DAY, Status.SENT),
        (DAY - timedelta(days=1), Status.SENT),
    ]
    assert rows[1].planned_at == sent
    assert rows[0].planned_at.astimezone(LONDON.timezone).time() == hour


def test_a_new_zone_holds_from_the_next_tick_on_and_brings_no_day_twice(start: Start) -> None:
    service = start(at(7))
    service.tick()
    ids = service.ledger.enrol([LONDON.address], now=service.now)
    there = Hour(at=LONDON.deliver_at, timezone=ZoneInfo("America/New_York"))
    service.preferences.change(ids[LONDON.address], HourChange(hour=there), now=service.now)
    for _ in range(30):
        service.tick(after=timedelta(hours=1))
    london = [row for row in service.ledger.rows() if row.subscriber == LONDON.address]
    assert [row.day for row in london] == [DAY + timedelta(days=1), DAY]
    assert london[0].planned_at.hour == 12


def test_the_pages_are_for_those_who_are_sent_mail(start: Start) -> None:
    desk = start(at(8)).desk
    london, gone = desk.ledger.enrol([LONDON.address, "gone@example.org"], now=desk.now()).values()
    reader = readers(desk, directory(desk))
    assert (reader(london), reader(gone)) == (LONDON, None)
    desk.ledger.suppress(london, "unsubscribed", now=desk.now())
    assert reader(london) is None


def test_a_tick_with_nothing_due_asks_no_source(start: Start) -> None:
    service = start(at(8))
    service.tick()
    asked = service.source.asked
    for _ in range(10):
        service.tick()
    assert service.source.asked == asked


def test_a_broken_source_is_asked_again_but_not_at_every_tick(start: Start) -> None:
    service = start(at(8))
    service.source.broken = True
    for _ in range(10):
        service.tick()
    assert service.source.asked == 1
    service.source.broken = False
    service.tick(after=LOOK_AGAIN + TICK)
    assert len(service.relay.handed) == 2


def test_a_day_whose_source_never_came_is_told_of_once_before_it_is_given_up(tmp_path: Path) -> None:
    service = Service(at(6, 59), tmp_path, readers=(replace(LONDON, when_empty=WhenEmpty.NOTE),))
    service.source.broken = True
    told: list[datetime] = []
    while service.now < at(19, 30):
        service.tick(after=LOOK_AGAIN + TICK)
        told += [service.now] * (len(service.relay.handed) - len(told))
    service.runner.close()
    assert len(told) == 1
    assert at(18, 25) <= told[0] < at(19)


def test_a_day_that_may_be_caught_up_with_for_long_is_given_up_when_the_next_begins(tmp_path: Path) -> None:
    reader = replace(LONDON, when_empty=WhenEmpty.NOTE)
    service = Service(at(6, 59), tmp_path, readers=(reader,), catch_up=timedelta(days=2))
    service.source.broken = True
    end = at(8) + timedelta(days=3)
    while service.now < end:
        service.tick(after=LOOK_AGAIN + TICK)
    service.runner.close()
    assert [row.day for row in service.ledger.rows(status=Status.SENT)][::-1] == [
        at(0).date() + timedelta(days=days) for days in range(3)
    ]


def test_what_was_put_off_is_tried_again_when_it_is_time(start: Start) -> None:
    service = start(at(8))
    service.relay.faults[LONDON.address] = [Interrupted("reset")]
    service.tick()
    service.tick()
    assert len(service.relay.handed) == 1
    service.tick(after=timedelta(minutes=2))
    assert len(service.relay.handed) == 2


def test_health_tells_what_is_wrong_until_it_is_not(start: Start) -> None:
    service = start(at(8))
    service.relay.faults = {each.address: [RelayUnusable("wrong password")] * 2 for each in (LONDON, TOKYO)}
    service.tick()
    assert "wrong password" in service.watch.health().problems
    service.relay.faults = {}
    service.tick()
    assert "wrong password" in service.watch.health().problems  # it is left alone for a while
    service.tick(after=SHORTEST_PAUSE)
    assert service.watch.health().problems == ()
    service.now += timedelta(hours=1)
    assert "nothing was done since 2026-06-16 08:02 UTC" in service.watch.health().problems


def test_after_a_request_to_stop_a_tick_does_nothing(start: Start) -> None:
    service = start(at(8))
    service.desk.stop.set()
    service.tick()
    assert not service.relay.handed
    assert service.source.asked == 0


def test_readers_have_their_row_though_no_letter_goes_out(start: Start) -> None:
    service = start(at(6, 50))
    service.relay.faults = {each.address: [RelayUnusable("no connection")] * 99 for each in (LONDON, TOKYO)}
    service.tick()
    for _ in range(20):
        service.tick(after=timedelta(minutes=1))
    assert {row.subscriber: row.status for row in service.ledger.rows()} == {
        LONDON.address: Status.PLANNED,
        TOKYO.address: Status.PLANNED,
    }
    assert service.watch.health().problems == ("no connection",)


def test_a_service_that_keeps_to_a_relay_s_pace_is_well(start: Start) -> None:
    service = start(at(8))
    slow = refused(421, "4.7.0 slow down")
    service.relay.faults = {TOKYO.address: [slow], LONDON.address: [slow]}
    service.tick()
    assert service.sent() == []
    assert service.watch.health().problems == ()
    service.tick(after=timedelta(minutes=2))
    service.tick(after=timedelta(minutes=4))
    assert len(service.sent()) == 2


def test_a_relay_that_only_ever_asks_for_pauses_is_a_problem(start: Start) -> None:
    service = start(at(8))
    service.relay.faults = {each.address: [refused(421, "4.7.0 slow down")] * 9 for each in (TOKYO, LONDON)}
    for minutes in (0, 2, 3, 5):
        service.tick(after=timedelta(minutes=minutes))
    (problem,) = service.watch.health().problems
    assert "slow down" in problem


def test_a_round_that_left_somebody_without_a_row_is_a_problem_without_names(start: Start) -> None:
    service = start(at(8))
    ids = service.ledger.enrol([LONDON.address], now=service.now)
    service.ledger.end_round(service.ledger.begin_round(DAY, ids.values(), now=service.now), now=service.now)
    (problem,) = service.watch.health().problems
    assert "1 subscriber without a row" in problem
    assert "london" not in problem
    service.tick()
    assert service.watch.health().problems == ()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Service]:
    """A service a minute before a reader's hour, whose source has not come, and is waited for."""
    service = Service(at(6, 59), tmp_path, readers=(LONDON,), latest=timedelta(minutes=90))
    service.source.broken = True
    service.tick(after=timedelta(minutes=2))
    yield service
    service.runner.close()


def said(service: Service) -> list[tuple[Status, str]]:
    return [(row.status, row.reason) for row in service.ledger.rows()]


def test_a_digest_waits_for_its_source_and_says_so(waiting: Service) -> None:
    (row,) = waiting.ledger.rows()
    assert (row.status, row.reason) == (Status.QUIET, WAITING)
    assert row.remark == "waiting for Papers, until 08:30 UTC at the latest"
    assert waiting.watch.health() == Health(notes=(row.remark,))
    waiting.source.broken = False
    waiting.tick(after=timedelta(minutes=10))
    assert waiting.sent() == [(DAY, LONDON.address)]
    assert waiting.watch.health() == Health()


def test_a_digest_goes_without_its_source_when_the_wait_is_over(waiting: Service) -> None:
    other = Paperboy(name="Another")
    waiting.desk = replace(waiting.desk, sources=[waiting.source, other])
    waiting.restart()
    while waiting.now < at(8, 29):
        waiting.tick()
    assert said(waiting) == [(Status.QUIET, WAITING)]
    waiting.tick()
    waiting.tick()
    (row,) = waiting.ledger.rows(status=Status.SENT)
    assert row.updated_at < at(8, 31)
    assert {batch["source"]: batch["state"] for batch in row.batches} == {
        "Papers": "failed",
        "Another": "fresh",
    }


def test_a_source_that_is_waited_for_is_asked_politely(waiting: Service) -> None:
    while waiting.now < at(8, 30):
        waiting.tick()
    assert waiting.source.asked == 6
    waiting.source.wait = timedelta(hours=2)
    while waiting.source.asked < 7:
        waiting.tick()
    asked_to_wait = waiting.now
    while waiting.source.asked < 8:
        waiting.tick()
    assert waiting.now - asked_to_wait >= timedelta(hours=2)


def test_a_service_that_is_killed_while_it_waits_goes_on_waiting(waiting: Service) -> None:
    waiting.restart()
    waiting.tick()
    assert said(waiting) == [(Status.QUIET, WAITING)]
    waiting.source.broken = False
    waiting.tick(after=timedelta(minutes=10))
    assert waiting.sent() == [(DAY, LONDON.address)]


def test_a_service_that_comes_back_too_late_for_the_day_it_waited_in_says_so(waiting: Service) -> None:
    waiting.source.broken = False
    waiting.restart()
    waiting.now += timedelta(days=1)
    waiting.tick()
    assert said(waiting) == [(Status.SENT, ""), (Status.QUIET, NO_ROUND)]


def test_whoever_sends_by_hand_waits_for_nothing(waiting: Service) -> None:
    other = Paperboy(name="Another")
    desk = replace(waiting.desk, sources=[waiting.source, other])
    waiting.runner.run(run(DAY, waiting.readers, desk, max_age=timedelta(0)))
    assert waiting.sent() == [(DAY, LONDON.address)]


def test_whose_day_it_is_not_has_their_row_at_once(tmp_path: Path) -> None:
    paused = replace(LONDON, paused=True)
    service = Service(at(6, 59), tmp_path, readers=(paused,), latest=timedelta(minutes=90))
    service.source.broken = True
    service.tick(after=timedelta(minutes=2))
    service.runner.close()
    assert said(service) == [(Status.QUIET, PAUSED)]
    assert service.watch.health() == Health()


def test_a_source_is_asked_once_more_before_a_digest_goes_without_it(waiting: Service) -> None:
    while waiting.now < at(8, 18):
        waiting.tick()
    waiting.source.broken = False
    while waiting.now < at(8, 31):
        waiting.tick()
    (row,) = waiting.ledger.rows(status=Status.SENT)
    assert row.picks
    assert row.updated_at < at(8, 30)


def test_nobody_is_said_to_wait_who_has_their_mail(waiting: Service) -> None:
    desk = replace(waiting.desk, sources=[waiting.source, Paperboy(name="Another")])
    waiting.runner.run(run(DAY, waiting.readers, desk, max_age=timedelta(0)))
    waiting.tick()
    assert waiting.watch.health() == Health()


def test_nobody_is_said_to_wait_who_left_meanwhile(waiting: Service) -> None:
    ids = waiting.ledger.enrol([LONDON.address], now=waiting.now)
    waiting.ledger.suppress(ids[LONDON.address], "unsubscribed", now=waiting.now)
    waiting.tick()
    assert [status for status, _ in said(waiting)] == [Status.SUPPRESSED]
    assert waiting.watch.health() == Health()


def test_a_store_that_does_not_answer_is_a_problem_and_no_error(start: Start) -> None:
    service = start(at(8))

    def silent() -> tuple[Gap, ...]:
        raise StoreError("the server does not answer")

    service.ledger.gaps = silent  # type: ignore[method-assign]
    assert service.watch.health() == Health(problems=("the server does not answer",))
