"""How readers stand: who gets mail and when next, who rests, and who gets nothing and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from paperround.clock import local_day, slot
from paperround.ports import Cause, SubscriberId, Suppression
from paperround.subscribers import Away, Subscriber


class State(StrEnum):
    """What holds for a reader now."""

    RECEIVES = "receives"
    PAUSED = "paused"  # by the config
    PAUSED_BY_READER = "paused_by_reader"
    AWAY = "away"  # by the config, for some time
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one reader stands.

    `subscriber` is None for whoever reads no more. `suppression` is why they get nothing, `until` the day on
    which the pause ends that holds now, `next_day` the next of their days whose hour is to come, where there
    is one; `later` are the times for which the config says that they will be away.
    """

    address: str
    state: State
    subscriber: Subscriber | None = None
    suppression: Suppression | None = None
    until: date | None = None
    next_day: date | None = None
    later: tuple[Away, ...] = ()

    @property
    def joined_at(self) -> datetime | None:
        """When they subscribed by themselves; None where the config has them, or nobody does."""
        return self.subscriber.joined_at if self.subscriber else None


def standings(
    subscribers: Iterable[Subscriber],
    ids: Mapping[str, SubscriberId],
    suppressions: Mapping[SubscriberId, Suppression],
    *,
    now: datetime,
) -> Iterator[Standing]:
    """Yield how each of the subscribers stands, in their order; `ids` are by address."""
    for each in subscribers:
        suppression = suppressions.get(ids[each.address])
        today = local_day(each, now)
        state, until = (_left(suppression.cause), None) if suppression else _state(each, today)
        yield Standing(
            address=each.address,
            state=state,
            subscriber=each,
            suppression=suppression,
            until=until,
            next_day=None if suppression else next_day(each, now),
            later=tuple(away for away in each.away if away.first > today),
        )


def gone(
    addresses: Mapping[SubscriberId, str], suppressions: Mapping[SubscriberId, Suppression]
) -> Iterator[Standing]:
    """Yield how those of these addresses stand who are suppressed, in the order of the alphabet."""
    for subscriber, address in sorted(addresses.items(), key=lambda each: each[1]):
        if suppression := suppressions.get(subscriber):
            yield Standing(address=address, state=_left(suppression.cause), suppression=suppression)


def next_day(subscriber: Subscriber, now: datetime) -> date | None:
    """Return the next local day with a digest whose hour is to come; None in a pause that has no end."""
    day = subscriber.back_on(local_day(subscriber, now))
    while day is not None and (not subscriber.reads_on(day) or slot(day, subscriber) <= now):
        day = subscriber.back_on(subscriber.next_after(day))
    return day


def _state(subscriber: Subscriber, today: date) -> tuple[State, date | None]:
    """Return what holds for who is not suppressed, and until when where it is a pause that ends."""
    if subscriber.paused:
        return State.PAUSED, None
    if subscriber.pause is not None and subscriber.pause.holds(today):
        return State.PAUSED_BY_READER, subscriber.pause.until
    if away := subscriber.away_on(today):
        return State.AWAY, away.until
    return State.RECEIVES, None


def _left(cause: Cause) -> State:
    return State(cause.value)
