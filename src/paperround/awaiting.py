"""Whether a digest is held back for a source that has not brought its papers yet, and until when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from paperround import clock
from paperround.batches import SETTLED, BatchRecord, is_settled
from paperround.calendars import Calendar
from paperround.phrases import listed
from paperround.subscribers import Subscriber

# Before a day is given up. The service looks every quarter of an hour, and may be as long at a delivery.
LAST_LOOK = timedelta(minutes=35)
LOOK_BACK = timedelta(days=7)  # for how a source last ended; none has rested for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The sources that are waited for, by name, and the moment at which the digest goes without them."""

    sources: tuple[str, ...]
    until: datetime

    def __str__(self) -> str:
        return f"waiting for {listed(self.sources)}, until {self.until:%H:%M} UTC at the latest"


class Waiting:
    """Which digests of a day are held back.

    `calendars` are those of all sources, by name; `records` are what is known of the batches of the day
    and of `LOOK_BACK` before it. `latest` is how long after their hour a reader waits at most.
    """

    def __init__(
        self,
        day: date,
        calendars: Mapping[str, Calendar | None],
        records: Iterable[BatchRecord],
        *,
        latest: timedelta,
        catch_up: timedelta,
        now: datetime,
    ) -> None:
        self._day, self._calendars = day, calendars
        self._latest, self._catch_up, self._now = latest, catch_up, now
        self._newest_first: dict[str, list[BatchRecord]] = {}
        for record in sorted(records, key=lambda each: each.day, reverse=True):
            if record.day <= day:
                self._newest_first.setdefault(record.source, []).append(record)

    def wait(self, subscriber: Subscriber) -> Wait | None:
        """Return what this subscriber's digest waits for, or None where it goes as soon as it is due."""
        until = min(
            clock.slot(self._day, subscriber) + self._latest,
            given_up_at(self._day, subscriber, catch_up=self._catch_up) - LAST_LOOK,
        )
        if until <= self._now:
            return None
        missing = tuple(source for source in self._calendars if self._is_missing(source, until))
        return Wait(sources=missing, until=until) if missing else None

    def _is_missing(self, source: str, until: datetime) -> bool:
        """Return whether the source has papers for that day, not here yet, that may be here by then."""
        calendar = self._calendars[source]
        expected = calendar(self._day) if calendar is not None else None
        if expected is not None and (expected.since is None or expected.since >= until):
            return False
        record, before = _parted(self._newest_first.get(source, ()), self._day)
        if record is not None and is_settled(record, expected, at=until):
            return False
        # One that did not come the day before either is broken, and would hold back every day.
        return before is None or before.state in SETTLED


def given_up_at(day: date, subscriber: Subscriber, *, catch_up: timedelta) -> datetime:
    """Return when the day is over for the subscriber: after `catch_up`, or when the next one begins."""
    tomorrow = clock.slot(day + timedelta(days=1), subscriber)
    return min(clock.slot(day, subscriber) + catch_up, tomorrow)


def _parted(newest_first: Sequence[BatchRecord], day: date) -> tuple[BatchRecord | None, BatchRecord | None]:
    """Return the record of the day, and the one before it."""
    own = newest_first[0] if newest_first and newest_first[0].day == day else None
    earlier = newest_first[1:] if own is not None else newest_first
    return own, earlier[0] if earlier else None
