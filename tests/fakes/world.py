"""A desk in a test's hands: its sources, its relay and its time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.fakes.relay import MemoryRelay

from paperround.batches import Batch, BatchState, Revision
from paperround.calendars import Announcement, Calendar
from paperround.desk import Desk
from paperround.keywords import keyword
from paperround.letters import Letters
from paperround.papers import Paper, PaperId
from paperround.pipeline import Round, run
from paperround.ports import (
    Embedder,
    Ledger,
    Library,
    Members,
    OnUnknown,
    Preferences,
    Refused,
    Relay,
    Returns,
    SourceError,
    Status,
    Vectors,
    WorkerId,
)
from paperround.preferences import Change
from paperround.rates import Later, Rate
from paperround.remembering import Remembering
from paperround.rendering import Renderer
from paperround.replies import Reply, Step
from paperround.returning import Returning
from paperround.roll import Roll
from paperround.settings import Mailbox
from paperround.shifts import shift
from paperround.subscribers import Interests, Subscriber

MONDAY = date(2026, 6, 15)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
THURSDAY = MONDAY + timedelta(days=3)
SATURDAY = MONDAY + timedelta(days=5)
CATCH_UP = timedelta(hours=11)
RATE = Rate(relay="smtp.example.org:587")
RENDERER = Renderer()


def reader(name: str, *keywords: str) -> Subscriber:
    return Subscriber(
        address=f"{name}@example.org",
        interests=Interests(keywords=tuple(keyword(each) for each in keywords)),
        timezone=ZoneInfo("Europe/London"),
        deliver_at=time(7, 30),
    )


ADA, GRACE = reader("ada", "LoRA"), reader("grace", "robots")


def paper(name: str) -> Paper:
    identity = PaperId(f"test:{name}")
    return Paper(id=identity, title=name, url="https://example.org/p", published=MONDAY)


def always(_: date) -> Announcement:
    """Say of every day that its announcement has been made."""
    return Announcement(since=datetime.min.replace(tzinfo=UTC))


@dataclass
class Days:
    """A source whose lists the test writes, and which counts how often it is asked."""

    lists: dict[date, Sequence[Paper]] = field(default_factory=dict)
    revisions: dict[date, Sequence[Revision]] = field(default_factory=dict)
    name: str = "Papers"
    calendar: Calendar | None = always
    broken: str = ""
    unchanged: bool = False
    hangs: bool = False
    own_day: date | None = None  # the day that the source itself says it is
    asked: int = 0

    def days(self, day: date) -> tuple[date, ...]:
        return (day, day - timedelta(days=1))

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
        del etag
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(3600)
        if self.broken:
            raise SourceError(self.broken)
        if self.unchanged:
            return None
        papers = tuple(self.lists.get(self.own_day or day, ()))
        state = BatchState.FRESH if papers else BatchState.QUIET
        revised = tuple(self.revisions.get(self.own_day or day, ()))
        return Batch(source=self.name, day=self.own_day or day, state=state, papers=papers, revisions=revised)


@dataclass
class World:
    """A desk, and the time."""

    library: Library
    ledger: Ledger
    vectors: Vectors
    preferences: Preferences
    members: Members
    returns: Returns
    folder: Path
    embedder: Embedder | None = None
    source: Days = field(default_factory=Days)
    relay: Relay = field(default_factory=MemoryRelay)
    rate: Rate = RATE
    patience: timedelta = timedelta(0)
    sources: list[Days] = field(default_factory=list)
    on_unknown: OnUnknown = OnUnknown.RESEND
    asked_to_stop: bool = False
    subscribers: tuple[Subscriber, ...] = ()  # all there are, if they are not those of the round
    letters: Letters = field(
        default_factory=lambda: Letters(
            renderer=RENDERER, sender=Mailbox(name="", address="papers@example.org"), secret=b"s" * 32
        )
    )
    time: datetime = datetime(2026, 6, 15, 6, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def round(
        self,
        day: date,
        *subscribers: Subscriber,
        max_age: timedelta = timedelta(0),
        alone: bool = False,
    ) -> Round:
        everybody = self.subscribers or subscribers or (ADA, GRACE)
        desk = Desk(
            roll=Roll(everybody, self.members, newcomer=ADA),
            sources=[self.source, *self.sources],
            library=self.library,
            ledger=self.ledger,
            preferences=self.preferences,
            letters=self.letters,
            relay=self.relay,
            rate=self.rate,
            returning=Returning(open_inbox=None, returns=self.returns, secret=b"s" * 32, now=self.now),
            connections=2,
            on_unknown=self.on_unknown,
            now=self.now,
            catch_up=CATCH_UP,
            shift=partial(shift, self.ledger, self.folder, now=self.now),
            embedder=self.embedder and Remembering(self.embedder, self.vectors, proceed=lambda: None),
        )

        async def go() -> Round:
            if self.asked_to_stop:
                desk.stop.set()
            who = subscribers or (ADA, GRACE)
            return await run(day, who, desk, max_age=max_age, retry=True, alone=alone, patience=self.patience)

        return asyncio.run(go())

    def killed_worker(self) -> None:
        """Let another process take a letter and die."""
        dead = WorkerId("dead")
        taken = self.ledger.claim(worker=dead, rate=self.rate, on_unknown=OnUnknown.RESEND, now=self.now())
        assert not isinstance(taken, Later)
        assert taken
        self.folder.mkdir(exist_ok=True)
        (self.folder / dead).touch()  # a lock that nobody holds any more

    def choose(self, subscriber: Subscriber, change: Change) -> None:
        ids = self.ledger.enrol([subscriber.address], now=self.now())
        self.preferences.change(ids[subscriber.address], change, now=self.now())

    def got(self, subscriber: Subscriber, day: date) -> list[str]:
        rows = self.ledger.rows(day=day, address=subscriber.address)
        return [pick.paper.removeprefix("test:") for row in rows for pick in row.picks]

    def status(self, subscriber: Subscriber, day: date) -> tuple[Status, str]:
        (row,) = self.ledger.rows(day=day, address=subscriber.address)
        return row.status, row.reason


def refused(code: int, text: str, step: Step = Step.RCPT) -> Refused:
    return Refused(Reply(code=code, text=text, step=step))
