"""A clock that a test puts forward."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class Clock:
    """It never shows the same time twice."""

    time: datetime = datetime(2026, 6, 16, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time
