"""Where papers come from."""

from datetime import date
from typing import Protocol

from paperround.batches import Batch


class SourceError(Exception):
    """A source gave nothing that can be used; the message says why, for people."""


class Source(Protocol):
    """A place that announces papers."""

    @property
    def name(self) -> str:
        """The name that people know it by, unique among the sources."""

    @property
    def daily(self) -> bool:
        """Whether the same papers the next day mean that the source stands still, and not that it rests."""

    def days(self, day: date) -> tuple[date, ...]:
        """Return the days to ask for, newest first, so that nothing of `day` or late before it is missed."""

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
        """Return what was announced for the day, or None where nothing changed since `etag`.

        Raise SourceError when nothing of it can be read.
        """
