"""Where papers come from."""

from datetime import date, timedelta
from typing import Protocol

from paperround.batches import Batch
from paperround.calendars import Calendar


class SourceError(Exception):
    """A source gave nothing that can be used; the message says why, for people.

    `wait` is how long it would like not to be asked again, where it said so.
    """

    def __init__(self, reason: str, *, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Source(Protocol):
    """A place that announces papers."""

    @property
    def name(self) -> str:
        """The name that people know it by, unique among the sources."""

    @property
    def calendar(self) -> Calendar | None:
        """When it announces, or None where it does so as it pleases.

        The same papers on a later day mean that it stands still where the calendar has an announcement, and
        else that it rests.
        """

    def days(self, day: date) -> tuple[date, ...]:
        """Return the days to ask for, newest first, so that nothing of `day` or late before it is missed."""

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
        """Return what was announced for the day, or None where nothing changed since `etag`.

        Raise SourceError when nothing of it can be read.
        """
