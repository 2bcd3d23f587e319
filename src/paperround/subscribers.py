"""Who reads, what they care about, and when they want it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from paperround.keywords import Keyword
from paperround.languages import Language

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
WEEK = timedelta(days=7)
LONGEST_GAP = 2 * WEEK  # between two digests: what is older is news to nobody

_AHEAD = tuple(timedelta(days=number + 1) for number in range(LONGEST_GAP.days))
MOST_PAPERS = 100  # of a digest


class Cadence(StrEnum):
    """How often a digest comes: on each of the reader's days, or on the one that they have a week."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """One of so many of a reader's days: of 3 weekdays, or of 2 Mondays.

    They are counted from `since`, or the first of their days after it, in both directions, and not from a
    digest: whoever counts them, and whatever came between, finds the same ones.
    """

    number: int
    since: date = date.min

    def __post_init__(self) -> None:
        if self.number < 2:  # noqa: PLR2004 - one of one is each of them
            raise ValueError(f"one of {self.number} days is no choice")

    def picks(self, day: date, days: Collection[int]) -> bool:
        """Return whether it is that day, itself one of these days of the week."""
        return (_days_before(day, days) - _days_before(self.since, days)) % self.number == 0


def most_every(days: Collection[int]) -> int:
    """Return out of how many of these days of the week one may be chosen, with `LONGEST_GAP` between two."""
    return len(days) * LONGEST_GAP // WEEK


def _days_before(day: date, days: Collection[int]) -> int:
    """Return how many of these days of the week the calendar has before that day."""
    weeks, weekday = divmod(day.toordinal() - date.min.toordinal(), 7)  # it begins on a Monday
    return weeks * len(days) + sum(each < weekday for each in days)


class WhenEmpty(StrEnum):
    """What comes on a day that has no paper for the reader."""

    NOTHING = "nothing"
    NOTE = "note"  # a mail that says so, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Interests:
    """What a reader wants to see, and what not."""

    keywords: tuple[Keyword, ...] = ()
    exclude: tuple[Keyword, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is something that a paper could meet."""
        return bool(self.keywords or self.authors or self.categories or self.organizations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A time without mail: up to the day that brings one again, or until further notice."""

    until: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether there is no mail on that day."""
        return self.until is None or day < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A time without mail that is known before: from its first day up to the day that brings mail again."""

    first: date
    until: date

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise ValueError(f"nobody is away from {self.first} until {self.until}")

    def holds(self, day: date) -> bool:
        """Return whether there is no mail on that day."""
        return self.first <= day < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A reader.

    `address` identifies the reader. `days` are weekdays, Monday is 0; a weekly cadence has one. Of a daily
    one, `every` leaves some of them, at most `LONGEST_GAP` apart.
    `min_relevance` lies between 0 and 1, and so does `variety`, 0 for relevance alone. `updates` asks for
    later versions of papers that came before, `images` for their pictures. `language` is that of the mails,
    not of the papers. `paused` means no digest until further notice, `away` none for some time, the earliest
    first; `pause` is the reader's own, and `chosen_at` when they last chose how they read. Whoever subscribed
    by themselves did so at `joined_at`, and gets nothing that was due before.
    """

    address: str
    name: str = ""
    language: Language = Language.ENGLISH
    interests: Interests = field(default_factory=Interests)
    timezone: ZoneInfo
    deliver_at: time
    days: frozenset[int] = WEEKDAYS
    cadence: Cadence = Cadence.DAILY
    every: Every | None = None
    max_papers: int = 10
    min_relevance: float = 0.2
    variety: float = 0.3
    trending: int = 0
    updates: bool = False
    images: bool = False
    when_empty: WhenEmpty = WhenEmpty.NOTHING
    paused: bool = False
    away: tuple[Away, ...] = ()
    pause: Pause | None = None
    joined_at: datetime | None = None
    chosen_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.every is not None and self.every.number > most_every(self.days):
            raise ValueError(f"one of {self.every.number} days of {sorted(self.days)} is too long to wait")

    def rests_on(self, day: date) -> bool:
        """Return whether a pause, whoever wished for it, keeps the digest of that day back."""
        return self.paused or any(rest.holds(day) for rest in self._rests)

    def back_on(self, day: date) -> date | None:
        """Return the first day from that one on that no pause keeps back; None where one has no end."""
        while self.rests_on(day):
            ends = [rest.until for rest in self._rests if rest.holds(day) and rest.until]
            if self.paused or not ends:
                return None
            day = max(ends)
        return day

    def away_on(self, day: date) -> Away | None:
        """Return the time for which it is known that the reader is away on that day, if there is one."""
        return next((away for away in self.away if away.holds(day)), None)

    @property
    def _rests(self) -> tuple[Pause | Away, ...]:
        return self.away if self.pause is None else (self.pause, *self.away)

    def reads_on(self, day: date) -> bool:
        """Return whether that day is one of those on which a digest is due."""
        return day.weekday() in self.days and (self.every is None or self.every.picks(day, self.days))

    def next_after(self, day: date) -> date:
        """Return the first day after that one on which a digest is due, whatever else keeps it back."""
        return next(each for ahead in _AHEAD if self.reads_on(each := day + ahead))

    def reach(self, day: date) -> timedelta:
        """Return how far a first digest, on that day, reaches back; 0 where it holds the newest papers."""
        if self.every is not None:
            return next(back for back in _AHEAD if self.reads_on(day - back))
        return WEEK if self.cadence is Cadence.WEEKLY else timedelta(0)
