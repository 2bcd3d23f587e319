"""Every statement by which deliveries are taken, made and settled, one small function each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Select,
    Update,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert

from paperround.ports import Cause, DeliveryId, OnUnknown, Outcome, Status, SubscriberId, WorkerId
from paperround.store.engine import insert
from paperround.store.tables import deliveries, handovers, relays, subscribers, suppressions, workers

Values = Mapping[str, Any]

# Nothing will be sent again, so the bytes can go.
_DONE = frozenset({Status.SENT, Status.FAILED, Status.SUPPRESSED})


def waiting(
    *,
    on_unknown: OnUnknown,
    now: datetime,
    retry_before: datetime | None,
    unknown_before: datetime | None,
    of: Collection[SubscriberId] | None,
) -> Iterator[Select[Any]]:
    """Yield selections of the deliveries to make, in the order in which they are to be tried."""
    next_at = deliveries.c.next_at
    due = next_at <= now
    if retry_before is not None:
        due |= deliveries.c.updated_at < retry_before
    theirs = () if of is None else (deliveries.c.subscriber.in_(of),)
    # That next_at is empty goes without saying, but SQLite then finds the row by the index alone.
    yield _in_turn(Status.PLANNED, next_at.is_(None), *theirs)
    yield _in_turn(Status.DEFERRED, due, *theirs)
    if on_unknown is OnUnknown.RESEND:
        earlier = () if unknown_before is None else (deliveries.c.updated_at < unknown_before,)
        yield _in_turn(Status.UNKNOWN, next_at.is_(None), deliveries.c.unknowns == 1, *earlier, *theirs)


@cache
def claim() -> Update:
    """Make the deliveries `ids` `sending`, or `suppressed` where their subscriber is."""
    theirs = suppressions.c.subscriber == deliveries.c.subscriber
    unwanted = exists().where(theirs)
    why = select(suppressions.c.reason).where(theirs).scalar_subquery()
    recipient = select(subscribers.c.address).where(subscribers.c.id == deliveries.c.subscriber)
    return (
        update(deliveries)
        .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
        .values(
            status=case((unwanted, _status(Status.SUPPRESSED)), else_=_status(Status.SENDING)),
            reason=func.coalesce(why, deliveries.c.reason),
            message=case((unwanted, null()), else_=deliveries.c.message),
            attempts=deliveries.c.attempts + case((unwanted, 0), else_=1),
            worker=case((unwanted, null()), else_=bindparam("me")),
            data_begun_at=None,
            next_at=None,
            updated_at=bindparam("at"),
        )
        .returning(
            deliveries.c.id,
            deliveries.c.status,
            deliveries.c.message,
            deliveries.c.attempts,
            recipient.scalar_subquery().label("recipient"),
        )
    )


def change(delivery: DeliveryId, status: Status, values: Values) -> Update:
    """Change a delivery that is in this status."""
    chosen = update(deliveries).where(deliveries.c.id == delivery, deliveries.c.status == status)
    return chosen.values(values)


@cache
def sending() -> Select[Any]:
    """Select which of `ids` are `sending`, and at which attempt."""
    chosen = deliveries.c.id.in_(bindparam("ids", expanding=True)) & (deliveries.c.status == Status.SENDING)
    return select(deliveries.c.id, deliveries.c.attempts).where(chosen)


@cache
def mark() -> Update:
    """Enter that the data of the delivery `marked` is begun, and when."""
    chosen = update(deliveries).where(deliveries.c.id == bindparam("marked"))
    return chosen.values(data_begun_at=bindparam("at"), updated_at=bindparam("at"))


@cache
def end(status: Status) -> Update:
    """Enter that an attempt came to this status, as `ending` has it."""
    values = outcome(status, reason=bindparam("why"), now=bindparam("at"))
    chosen = update(deliveries).where(deliveries.c.id == bindparam("ended"))
    return chosen.values({**values, "reply": bindparam("words"), "next_at": bindparam("due")})


def ending(ended: Outcome) -> Values:
    """Return what is entered of how an attempt ended."""
    return {
        "ended": ended.claim.id,
        "why": ended.reason,
        "at": ended.at,
        "words": ended.reply,
        "due": ended.next_at,
    }


def outcome(
    status: Status, *, reason: str | BindParameter[str], now: datetime | BindParameter[datetime]
) -> Values:
    """Return what changes when a delivery comes to this status."""
    values: dict[str, Any] = {"status": status, "reason": reason, "updated_at": now, "worker": None}
    if status in _DONE:
        values["message"] = None
    if status is Status.UNKNOWN:
        values["unknowns"] = deliveries.c.unknowns + 1
    return values


def recoveries(gone: Sequence[WorkerId], *, now: datetime) -> Iterator[Update]:
    """Yield what takes back the deliveries that these have in hand: those without, and those with, a mark.

    Nobody has in hand what an earlier version of this program left behind.
    """
    for marked, status, reason in (
        (deliveries.c.data_begun_at.is_(None), Status.PLANNED, ""),
        (
            deliveries.c.data_begun_at.is_not(None),
            Status.UNKNOWN,
            "the program ended before the relay's answer was recorded",
        ),
    ):
        theirs = deliveries.c.worker.in_(gone) | deliveries.c.worker.is_(None)
        left = update(deliveries).where(deliveries.c.status == Status.SENDING, theirs, marked)
        yield left.values(outcome(status, reason=reason, now=now))


def suppress(subscriber: SubscriberId, cause: Cause, reason: str, *, now: datetime) -> Insert:
    """Enter that a subscriber must not get mail, where that is not entered already.

    A wish of theirs takes the place of mail that came back, which anybody may find to be mended.
    """
    statement = insert(suppressions).values(subscriber=subscriber, cause=cause, reason=reason, since=now)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["subscriber"],
        set_={"cause": new.cause, "reason": new.reason, "since": new.since},
        where=(suppressions.c.cause == Cause.BOUNCED) & (new.cause != Cause.BOUNCED),
    )


def in_hand(of: Sequence[SubscriberId] | None) -> Select[Any]:
    """Count what is `sending`."""
    theirs = () if of is None else (deliveries.c.subscriber.in_(of),)
    return select(func.count()).where(deliveries.c.status == Status.SENDING, *theirs)


def sign_on(worker: WorkerId, *, now: datetime) -> Insert:
    """Enter a worker who takes something."""
    return insert(workers).values(id=worker, seen_at=now).on_conflict_do_nothing(index_elements=["id"])


def signed_on() -> Select[Any]:
    """Select the workers."""
    return select(workers)


def beat(worker: WorkerId, *, now: datetime) -> Update:
    """Enter that a worker is alive, if it is not given up."""
    return update(workers).where(workers.c.id == worker).values(seen_at=now)


def sign_off(gone: Sequence[WorkerId]) -> Delete:
    """Take out workers."""
    return delete(workers).where(workers.c.id.in_(gone))


def relay(name: str) -> Select[Any]:
    """Select how it stands with a relay."""
    return select(relays).where(relays.c.name == name)


def change_relay(name: str, values: Values) -> Insert:
    """Enter how it stands with a relay: what is named; of a new one, the rest is nothing."""
    statement = insert(relays).values({"name": name, "reason": "", "pauses": 0, **values})
    return statement.on_conflict_do_update(index_elements=["name"], set_=dict(values))


def handed_over(relay: str, *, since: datetime) -> Select[Any]:
    """Select what was begun at a relay in each minute since then."""
    return select(handovers.c.minute, handovers.c.messages).where(
        handovers.c.relay == relay, handovers.c.minute >= since
    )


def hand_over(relay: str, *, now: datetime, messages: int) -> Insert:
    """Count messages that are begun now."""
    minute = now.replace(second=0, microsecond=0)
    statement = insert(handovers).values(relay=relay, minute=minute, messages=messages)
    both = handovers.c.messages + statement.excluded.messages
    return statement.on_conflict_do_update(index_elements=["relay", "minute"], set_={"messages": both})


def forget_handovers(relay: str, *, before: datetime) -> Delete:
    """Take out what no limit counts any more."""
    return delete(handovers).where(handovers.c.relay == relay, handovers.c.minute < before)


def unknown_once() -> ColumnElement[bool]:
    """Say that the outcome of a delivery became unknown for the first time."""
    return (deliveries.c.status == Status.UNKNOWN) & (deliveries.c.unknowns == 1)


def _status(status: Status) -> ColumnElement[Status]:
    return literal(status, deliveries.c.status.type)


def _in_turn(status: Status, *conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(deliveries.c.id)
        .where(deliveries.c.status == status, *conditions)
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .with_for_update(skip_locked=True)  # nothing on SQLite, where one transaction writes at a time
    )
