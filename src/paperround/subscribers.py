"""Who reads, what they care about, and when they want it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from paperround.keywords import Keyword
from paperround.languages import Language

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
MOST_PAPERS = 100  # of a digest


class Cadence(StrEnum):
    """How often a digest comes."""

    DAILY = "daily"
    WEEKLY = "weekly"


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
class Subscriber:
    """A reader.

    `address` identifies the reader. `days` are weekdays, Monday is 0; a weekly cadence has one.
    `min_relevance` lies between 0 and 1, and so does `variety`, 0 for relevance alone. `updates` asks for
    later versions of papers that came before, `images` for their pictures. `language` is that of the mails,
    not of the papers. `paused` means no digest until further notice; `pause` is the reader's own.
    `chosen_at` is when the reader last chose how they read.
    """

    address: str
    name: str = ""
    language: Language = Language.ENGLISH
    interests: Interests = field(default_factory=Interests)
    timezone: ZoneInfo
    deliver_at: time
    days: frozenset[int] = WEEKDAYS
    cadence: Cadence = Cadence.DAILY
    max_papers: int = 10
    min_relevance: float = 0.2
    variety: float = 0.3
    trending: int = 0
    updates: bool = False
    images: bool = False
    when_empty: WhenEmpty = WhenEmpty.NOTHING
    paused: bool = False
    pause: Pause | None = None
    chosen_at: datetime | None = None

    def rests_on(self, day: date) -> bool:
        """Return whether a pause, whoever wished for it, keeps the digest of that day back."""
        return self.paused or (self.pause is not None and self.pause.holds(day))

    def reads_on(self, day: date) -> bool:
        """Return whether a digest is due on that day of the week."""
        return day.weekday() in self.days
