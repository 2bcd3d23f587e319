"""What readers choose for themselves, and how it lies over what the config says of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from paperround.keywords import Keyword
from paperround.subscribers import (
    EVERY_DAY,
    MOST_PAPERS,
    Cadence,
    Every,
    Interests,
    Pause,
    Subscriber,
    most_every,
)

LONGEST_PAUSE = timedelta(days=365)  # with a day on which it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a digest comes, and on which weekdays; Monday is 0. It is as a Subscriber has it."""

    cadence: Cadence = Cadence.DAILY
    every: Every | None = None
    days: frozenset[int]

    def __post_init__(self) -> None:
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError(f"days are some of 0 to 6, not {sorted(self.days)}")
        if self.cadence is Cadence.WEEKLY and len(self.days) != 1:
            raise ValueError(f"weekly needs one day, not {sorted(self.days)}")
        if self.every and (self.cadence is Cadence.WEEKLY or self.every.number > most_every(self.days)):
            raise ValueError(f"one of {self.every.number} of {sorted(self.days)} is too long to wait")


def rhythm_of(subscriber: Subscriber) -> Rhythm:
    """Return how often the subscriber's digests come."""
    return Rhythm(cadence=subscriber.cadence, every=subscriber.every, days=subscriber.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The time of day at which a digest comes, and on whose clock."""

    at: time
    timezone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """What a reader wants to see and what not, list by list; a list that is None is as the config has it."""

    keywords: tuple[Keyword, ...] | None = None
    exclude: tuple[Keyword, ...] | None = None
    authors: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    organizations: tuple[str, ...] | None = None

    @property
    def any(self) -> bool:
        """Whether there is a list that is not as the config has it."""
        return any(getattr(self, each.name) is not None for each in fields(self))

    def over(self, interests: Interests) -> Interests:
        """Return the interests with these lists in place of theirs."""
        return Interests(
            keywords=interests.keywords if self.keywords is None else self.keywords,
            exclude=interests.exclude if self.exclude is None else self.exclude,
            authors=interests.authors if self.authors is None else self.authors,
            categories=interests.categories if self.categories is None else self.categories,
            organizations=interests.organizations if self.organizations is None else self.organizations,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What one reader chose, the latest of it at `chosen_at`; what is None is as the config says.

    Who took everything back has an overlay without any of it: when they did so still matters to the clock.
    """

    pause: Pause | None = None
    rhythm: Rhythm | None = None
    hour: Hour | None = None
    max_papers: int | None = None
    topics: Topics | None = None
    chosen_at: datetime

    def __post_init__(self) -> None:
        if self.max_papers is not None and not 1 <= self.max_papers <= MOST_PAPERS:
            raise ValueError(f"a digest has 1 to {MOST_PAPERS} papers, not {self.max_papers}")

    @property
    def lasting(self) -> bool:
        """Whether something is chosen that could as well stand in the config: anything but a pause."""
        return any(each is not None for each in (self.rhythm, self.hour, self.max_papers, self.topics))

    @property
    def any(self) -> bool:
        """Whether anything is chosen."""
        return self.lasting or self.pause is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseChange:
    """The wish for this pause in place of any other, or for none."""

    pause: Pause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmChange:
    """The wish for this rhythm, or for that of the config, which alone may leave out some of the days."""

    rhythm: Rhythm | None

    def __post_init__(self) -> None:
        if self.rhythm is not None and self.rhythm.every is not None:
            raise ValueError("one of so many days is no reader's to choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourChange:
    """The wish for this hour, or for that of the config."""

    hour: Hour | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountChange:
    """The wish for so many papers at most, or for as many as the config says."""

    max_papers: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsChange:
    """The wish for these topics, or for those of the config."""

    topics: Topics | None


Change = PauseChange | RhythmChange | HourChange | AmountChange | TopicsChange


def overlaid(subscribers: Iterable[Subscriber], overlays: Mapping[str, Overlay]) -> tuple[Subscriber, ...]:
    """Return the subscribers as they wish to read; `overlays` are by address, in whatever capitals.

    A pause ends by itself, for the day of a digest is asked of it. What the operator paused stays paused.
    """
    chosen = {address.lower(): overlay for address, overlay in overlays.items()}
    return tuple(_overlaid(each, chosen.get(each.address.lower())) for each in subscribers)


def _overlaid(subscriber: Subscriber, overlay: Overlay | None) -> Subscriber:
    if overlay is None:
        return subscriber
    wished = replace(subscriber, pause=overlay.pause, chosen_at=overlay.chosen_at)
    if (rhythm := overlay.rhythm) is not None:
        wished = replace(wished, cadence=rhythm.cadence, every=rhythm.every, days=rhythm.days)
    if overlay.hour is not None:
        wished = replace(wished, deliver_at=overlay.hour.at, timezone=overlay.hour.timezone)
    if overlay.max_papers is not None:
        wished = replace(wished, max_papers=overlay.max_papers)
    if overlay.topics is not None:
        wished = replace(wished, interests=overlay.topics.over(wished.interests))
    return wished
