"""Where alarms are kept: so that a new start raises none anew, and nobody is told of one twice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from paperround.alarms import Alarm, Turn
from paperround.ports.identity import AlarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRecord:
    """An alarm from when it was raised to when it was over; `told_at` is when a mail last told of it."""

    id: AlarmId
    alarm: Alarm
    raised_at: datetime
    ended_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it is not over."""
        return self.ended_at is None

    @property
    def is_told(self) -> bool:
        """Whether a mail told of it since it came to be as it is."""
        return self.told_at is not None and (self.ended_at is None or self.told_at >= self.ended_at)


class Alarms(Protocol):
    """The alarms that stand, and those that were over lately. What a call changed is on disk."""

    def records(self) -> tuple[AlarmRecord, ...]:
        """Return them all, in the order in which they were raised."""

    def enter(self, turn: Turn, *, now: datetime) -> None:
        """Enter what a look found. One that stands already is not raised, and one that does not is not ended.

        What was over for a month is dropped.
        """

    def told(self, alarms: Collection[AlarmId], *, now: datetime) -> None:
        """Enter that a mail told of these."""

    def looked_at(self) -> datetime | None:
        """Return when a look was last entered."""
