"""How readers stand: who gets mail and when next, who rests, and who gets nothing and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from paperround.clock import local_day, slot
from paperround.ports import Cause, SubscriberId, Suppression
from paperround.subscribers import Subscriber


class State(StrEnum):
    """What holds for a reader now."""

    RECEIVES = "receives"
    PAUSED = "paused"  # by the config
    PAUSED_BY_READER = "paused_by_reader"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one reader stands.

    `subscriber` is None for whom the config does not name any more. `suppression` is why they get nothing,
    `next_day` the next of their days whose hour is to come, where there is one.
    """

    address: str
    state: State
    subscriber: Subscriber | None = None
    suppression: Suppression | None = None
    next_day: date | None = None


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
        yield Standing(
            address=each.address,
            state=_state(each, suppression, now),
            subscriber=each,
            suppression=suppression,
            next_day=None if suppression else next_day(each, now),
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
    first = local_day(subscriber, now)
    if subscriber.pause and subscriber.pause.until:
        first = max(first, subscriber.pause.until)
    if subscriber.rests_on(first):
        return None
    day = first
    while not subscriber.reads_on(day) or slot(day, subscriber) <= now:
        day = subscriber.next_after(day)
    return day


def _state(subscriber: Subscriber, suppression: Suppression | None, now: datetime) -> State:
    if suppression is not None:
        return _left(suppression.cause)
    if subscriber.paused:
        return State.PAUSED
    if subscriber.rests_on(local_day(subscriber, now)):
        return State.PAUSED_BY_READER
    return State.RECEIVES


def _left(cause: Cause) -> State:
    return State(cause.value)
