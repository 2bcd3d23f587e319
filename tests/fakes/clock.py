"""Clocks for tests: one that a test puts forward, and hours at which nothing is due by the real one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class Clock:
    """It never shows the same time twice."""

    time: datetime = datetime(2026, 6, 16, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


def due_to_nobody() -> str:
    """Return the defaults of subscribers whose hour is not now, whenever a test runs that has the real time.

    Their letters of another day would be given up for those of today.
    """
    ahead = f"{datetime.now(UTC) + timedelta(hours=1):%H:%M}"
    return f'defaults: {{timezone: UTC, deliver_at: "{ahead}"}}\n'
