"""The watch of the service: each tick asks the clock who is due, and does what is to be done."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import structlog

from paperround import clock
from paperround.alarm_rules import RelayFacts
from paperround.awaiting import Wait
from paperround.delivering import Delivered
from paperround.desk import Desk
from paperround.ports import LONGEST_ROUND, StoreError
from paperround.posting import post, standing_gaps
from paperround.preparing import prepare
from paperround.stopping import Stopped
from paperround.subscribers import Subscriber
from paperround.web import Health

TICK = timedelta(seconds=30)
SILENT = timedelta(minutes=10)  # a service that has not ticked for so long is not well
MAX_AGE = timedelta(minutes=15)  # what a source gave so recently is not asked for again
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=15)  # where no source could be read
LONGEST_POST = timedelta(minutes=2)  # then it is looked who is due meanwhile; the rest goes on after that
PATIENCE = TICK  # for a turn at the relay; for a later one there is a later tick
PAUSES = 3  # so many in a row are no routine of a relay

log = structlog.get_logger()


class Watch:
    """What the service remembers from one tick to the next; the truth is in the ledger."""

    def __init__(
        self,
        desk: Desk,
        *,
        catch_up: timedelta,
        latest: timedelta | None = None,
    ) -> None:
        """Begin to watch; with `latest`, a digest waits for sources up to so long after its hour."""
        self._desk = desk
        self._catch_up, self._latest = catch_up, latest
        self._waits: dict[date, Mapping[str, Wait]] = {}
        self._seen: dict[date, set[str]] = {}
        self._looked: dict[date, datetime] = {}
        self._ticked = self._began = desk.now()
        self._problems: tuple[str, ...] = ()
        self._last_well: datetime | None = None
        self._at_work = asyncio.Lock()
        self._pause = timedelta(0)
        self._rest_until = desk.now()
        self._relay: RelayFacts | None = None

    async def tick(self) -> None:
        """Do what is due now: new rounds, and attempts that were put off until now."""
        async with self._at_work:
            if self._desk.stop.is_set():
                return
            self._began = self._desk.now()
            try:
                problems = await self._work()
            except Exception as error:  # whatever it was, the next tick tries again
                if isinstance(error, StoreError):  # its words say what is wrong
                    log.warning("tick.failed", reason=str(error))
                else:
                    log.exception("tick.failed")
                problems = (f"the last round ended early: {error}",)
            self._problems = problems
            self._ticked = self._desk.now()
            self._last_well = self._last_well if problems else self._ticked

    @property
    def last_well(self) -> datetime | None:
        """The end of the latest tick that left nothing wrong, if there was one."""
        return self._last_well

    @property
    def relay(self) -> RelayFacts | None:
        """What the latest deliveries say of the relay, or None where there was none yet."""
        return self._relay

    async def rest(self) -> None:
        """Return when no tick is at work."""
        async with self._at_work:
            return

    def health(self) -> Health:
        """Return what is wrong, if anything."""
        at_work = self._at_work.locked()
        since = self._began if at_work else self._ticked
        problems = (*self._problems, *self._found())
        notes = tuple(dict.fromkeys(str(wait) for waits in self._waits.values() for wait in waits.values()))
        if abs(self._desk.now() - since) <= (LONGEST_ROUND if at_work else SILENT):
            return Health(problems=problems, notes=notes)
        hung = "a round has not ended" if at_work else "nothing was done"
        return Health(problems=(*problems, f"{hung} since {since:%Y-%m-%d %H:%M} UTC"))

    def _found(self) -> tuple[str, ...]:
        """Return what the store says is wrong, or that it says nothing."""
        try:
            gaps = standing_gaps(self._desk.ledger, self._desk.now())
            return (*map(str, gaps), *self._desk.returning.problems())
        except StoreError as error:
            return (str(error),)

    async def _work(self) -> tuple[str, ...]:
        desk = self._desk
        try:
            # Whether or not anything can be delivered now, everybody has their row.
            readers = await asyncio.to_thread(desk.current, desk.subscribers)
            for day, subscribers in sorted(self._due(readers, desk.now()).items()):
                prepared = await prepare(day, subscribers, desk, max_age=MAX_AGE, latest=self._latest)
                if any(each.address not in self._waits.get(day, {}) for each in subscribers):
                    self._looked[day] = desk.now()
                self._waits[day] = prepared.waits
                self._seen.setdefault(day, set()).update(each.address for each in subscribers)
            # A clock that was set back lets nobody wait for longer than a pause.
            if timedelta(0) < self._rest_until - desk.now() <= self._pause:
                return self._problems
            delivered = await post(desk, patience=PATIENCE, at_most=LONGEST_POST)
        except Stopped:
            return ()
        if desk.stop.is_set():
            return ()
        problems = _problems(delivered)
        self._relay = seen(self._relay, problems, attempts=delivered.attempts, now=desk.now())
        self._rest(tired=bool(problems))
        return problems

    def _rest(self, *, tired: bool) -> None:
        """Leave a relay that takes nothing alone for a while, twice as long each time."""
        self._pause = min(max(self._pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE) if tired else timedelta(0)
        self._rest_until = self._desk.now() + self._pause

    def _due(self, readers: Sequence[Subscriber], now: datetime) -> dict[date, list[Subscriber]]:
        """Return by day who is due: where somebody was not seen to, or waits, or from time to time."""
        due: dict[date, list[Subscriber]] = defaultdict(list)
        for subscriber in readers:
            day = clock.due(subscriber, now, catch_up=self._catch_up)
            if day is not None:
                due[day].append(subscriber)
        self._seen = {day: seen for day, seen in self._seen.items() if day in due}
        self._looked = {day: looked for day, looked in self._looked.items() if day in due}
        self._waits = {day: waits for day, waits in self._waits.items() if day in due}
        return {day: chosen for day, those in due.items() if (chosen := self._to_see_to(day, those, now))}

    def _to_see_to(self, day: date, due: list[Subscriber], now: datetime) -> list[Subscriber]:
        """Return all of them where one was not seen to, and from time to time; else those who wait."""
        seen, looked = self._seen.get(day, set()), self._looked.get(day, now)
        if abs(now - looked) > LOOK_AGAIN or any(each.address not in seen for each in due):
            return due
        return [each for each in due if each.address in self._waits.get(day, {})]


def seen(
    before: RelayFacts | None, problems: Sequence[str], *, attempts: int, now: datetime
) -> RelayFacts | None:
    """Return what is known of the relay after a delivery; one without an attempt says nothing of it."""
    if problems:
        since = before.failing_since if before is not None else None
        return RelayFacts(failing_since=since or now, reason=problems[0])
    return RelayFacts() if attempts else before


def _problems(delivered: Delivered) -> tuple[str, ...]:
    """Return what is wrong where a delivery stopped: nothing, where it keeps to the relay's pace."""
    keeping_pace = delivered.later is not None and delivered.later.pauses < PAUSES
    return () if delivered.stopped is None or keeping_pace else (delivered.stopped,)
