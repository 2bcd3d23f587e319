"""What readers choose for themselves, and how it lies over what the config says of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paperround.subscribers import EVERY_DAY, Cadence, Every, Pause, Subscriber, most_every

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
class Overlay:
    """What one reader chose, the latest of it at `chosen_at`; what is None is as the config says."""

    pause: Pause | None = None
    rhythm: Rhythm | None = None
    chosen_at: datetime


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


Change = PauseChange | RhythmChange


def overlaid(subscribers: Iterable[Subscriber], overlays: Mapping[str, Overlay]) -> tuple[Subscriber, ...]:
    """Return the subscribers as they wish to read; `overlays` are by address, in whatever capitals.

    A pause ends by itself, for the day of a digest is asked of it. What the operator paused stays paused.
    """
    chosen = {address.lower(): overlay for address, overlay in overlays.items()}
    return tuple(_overlaid(each, chosen.get(each.address.lower())) for each in subscribers)


def _overlaid(subscriber: Subscriber, overlay: Overlay | None) -> Subscriber:
    if overlay is None:
        return subscriber
    wished = replace(subscriber, pause=overlay.pause)
    if overlay.rhythm is None:
        return wished
    rhythm = overlay.rhythm
    return replace(wished, cadence=rhythm.cadence, every=rhythm.every, days=rhythm.days)
