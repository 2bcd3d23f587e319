"""Where papers are kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from paperround.batches import Batch, BatchRecord
from paperround.papers import Paper, PaperId
from paperround.searching import Spellings


class StoreError(Exception):
    """The store could not read or keep something; the message says why and what to do, for people."""


class Taken(StoreError):  # noqa: N818 - it was given to another
    """A delivery is not ours any more: whoever took it over records what becomes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A paper as one source announced it on one day; `first_seen` is when we learned of it."""

    source: str
    day: date
    paper: Paper
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionListing(Listing):
    """A later version of a known paper, as one source announced it on one day."""

    version: int


class Library(Protocol):
    """The papers and batches that are known. Nothing is kept in part: each call is one transaction."""

    def record(self, batch: Batch, *, now: datetime) -> BatchRecord:
        """Store the batch, its papers merged into what is known of them, and its listings.

        A paper already listed by that source on that day keeps the time it was first seen. `new` in
        the answer counts the papers that the library did not hold. Of the revisions, those of papers
        that it holds are kept, each version once. A batch that failed takes nothing
        away: where the day was read before, the earlier record stays and is returned.
        """

    def batch(self, source: str, day: date) -> BatchRecord | None:
        """Return the record of a source's day."""

    def batch_before(self, source: str, day: date) -> tuple[BatchRecord, frozenset[PaperId]] | None:
        """Return the source's latest batch with papers before that day, and the ids it listed."""

    def batches(self, days: Collection[date]) -> tuple[BatchRecord, ...]:
        """Return the records of those days, by source, newest day first."""

    def listings(self, since: date, until: date) -> tuple[Listing, ...]:
        """Return what was announced on the days from `since` to `until`, both included, oldest first."""

    def announced(self, since: date) -> Mapping[date, int]:
        """Return for each day from then on how many papers were announced, each counted once a day."""

    def revisions(self, since: date, until: date) -> tuple[RevisionListing, ...]:
        """Return the revisions announced from `since` to `until`, both included, oldest first."""

    def latest_day(self) -> date | None:
        """Return the latest day on which anything was announced."""

    def days(self) -> tuple[date, ...]:
        """Return every day that a source was asked for, the latest first."""

    def announced_days(self) -> tuple[date, ...]:
        """Return every day on which papers were announced, the latest first."""

    def holding(self, wanted: Spellings, *, day: date | None, most: int) -> tuple[Listing, ...]:
        """Return listings of papers that hold, of each phrase, all words of one spelling, and in any order.

        Those of one day, or without a `day` those of the latest days; at most so many.
        """

    def paper(self, paper: PaperId) -> Paper | None:
        """Return one paper."""

    def papers(self, ids: Collection[PaperId]) -> tuple[Paper, ...]:
        """Return those of these papers that are known."""
