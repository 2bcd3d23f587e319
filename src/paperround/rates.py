"""How much mail a relay takes, and how fast: what we keep to, and the pauses that it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONGEST_PAUSE = timedelta(minutes=10)
LONGEST_HOLD = timedelta(minutes=30)  # of a relay that wants a person to mend something


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a relay may be handed at most; None is no limit. Whatever has the same name shares it."""

    relay: str
    per_second: float | None = None
    per_hour: int | None = None
    per_day: int | None = None

    @property
    def interval(self) -> timedelta | None:
        """The time from one message to the next, at least."""
        return timedelta(seconds=1 / self.per_second) if self.per_second else None

    @property
    def limits(self) -> Mapping[timedelta, int]:
        """How many messages may begin within any such time."""
        limits = {HOUR: self.per_hour, DAY: self.per_day}
        return {span: limit for span, limit in limits.items() if limit is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayState:
    """How it stands with a relay: when the next message may begin, and the latest pause, if any.

    `pauses` counts those since it last accepted something.
    """

    next_turn: datetime | None = None
    paused_until: datetime | None = None
    reason: str = ""
    pauses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Nothing may be handed over before `until`, and why.

    `pauses` is how many there were since the relay last accepted something, 0 where the limit is our own.
    """

    until: datetime
    reason: str
    pauses: int = 0


def later(
    rate: Rate, state: RelayState, handed_over: Mapping[datetime, int], *, now: datetime
) -> Later | None:
    """Return until when the next message has to wait, or None where it may begin.

    `handed_over` counts what was begun in each minute, by its beginning, of at least the last day and
    a minute; a minute counts as long as any of it lies within the time that is limited.
    """
    if (pause := pause_of(state, now=now)) is not None:
        return pause
    for span, limit in rate.limits.items():
        within = _within(handed_over, span, now)
        if sum(within.values()) >= limit:
            name = "an hour" if span == HOUR else "a day"
            return Later(
                until=_room(within, limit) + MINUTE + span, reason=f"no more than {limit} mails {name}"
            )
    if rate.interval is None or state.next_turn is None or state.next_turn <= now:
        return None
    # A turn that was given under a slower rate is not waited for.
    until = min(state.next_turn, now + rate.interval)
    return Later(until=until, reason=f"no more than {rate.per_second:g} mails a second")


def room(rate: Rate, handed_over: Mapping[datetime, int], *, now: datetime, wanted: int) -> int:
    """Return how many of those that are wanted may begin together, where one may.

    Whoever keeps to so many a second takes one turn after the other.
    """
    left = (limit - sum(_within(handed_over, span, now).values()) for span, limit in rate.limits.items())
    return min((wanted, *left)) if rate.interval is None else 1


def is_paused(state: RelayState, *, now: datetime) -> bool:
    """Return whether a pause lasts; one that ends later than any can is that of a clock that was ahead."""
    return state.paused_until is not None and now < state.paused_until <= now + LONGEST_HOLD


def pause_of(state: RelayState, *, now: datetime) -> Later | None:
    """Return the pause that lasts, if one does."""
    if state.paused_until is None or not is_paused(state, now=now):
        return None
    return Later(until=state.paused_until, reason=state.reason, pauses=state.pauses)


def pause_after(pauses: int) -> timedelta:
    """Return how long to leave a relay alone that asks for it again, after so many pauses in a row."""
    return min(MINUTE * (1 << min(pauses, 10)), LONGEST_PAUSE)


def _within(handed_over: Mapping[datetime, int], span: timedelta, now: datetime) -> Mapping[datetime, int]:
    return {minute: count for minute, count in handed_over.items() if now - span - MINUTE < minute <= now}


def _room(within: Mapping[datetime, int], limit: int) -> datetime:
    """Return the minute that has to pass out of the limited time for one more message."""
    left = sum(within.values())
    for minute in sorted(within):
        left -= within[minute]
        if left < limit:
            return minute
    raise ValueError(f"a limit of {limit} leaves room for nothing")
