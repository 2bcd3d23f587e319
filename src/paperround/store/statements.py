"""Every statement on the ledger's tables, one small function each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    Update,
    case,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import Insert

from paperround.ports import DeliveryId, OnUnknown, Status, SubscriberId
from paperround.store.engine import insert
from paperround.store.tables import deliveries, picks, settings, subscribers, suppressions

Values = Mapping[str, Any]

# Nothing will be sent again, so the bytes can go.
_DONE = frozenset({Status.SENT, Status.FAILED, Status.SUPPRESSED})
_WAITING = frozenset({Status.PLANNED, Status.DEFERRED})
_GIVEN_UP = frozenset({Status.FAILED, Status.SUPPRESSED, Status.QUIET})


def enrolled(folded: Sequence[str]) -> Select[Any]:
    """Select who has one of these addresses, written in lower case."""
    return select(subscribers.c.folded, subscribers.c.id, subscribers.c.address).where(
        subscribers.c.folded.in_(folded)
    )


def enrol() -> Insert:
    """Enter a subscriber, or the way in which the address is written now."""
    statement = insert(subscribers)
    return statement.on_conflict_do_update(
        index_elements=["folded"], set_={"address": statement.excluded.address}
    )


def suppressed() -> Select[Any]:
    """Select who must not get mail, and why."""
    return select(suppressions.c.subscriber, suppressions.c.reason)


def suppress(subscriber: SubscriberId, reason: str, *, now: datetime) -> Insert:
    """Enter that a subscriber must not get mail, where that is not entered already."""
    statement = insert(suppressions).values(subscriber=subscriber, reason=reason, since=now)
    return statement.on_conflict_do_nothing(index_elements=["subscriber"])


def spans(of: Sequence[SubscriberId], day: date) -> Select[Any]:
    """Select each one's first day before that day, the last with a look at papers, and when that was."""
    given_up = (Status.FAILED, Status.SUPPRESSED)
    looked = deliveries.c.status.not_in(given_up) & (deliveries.c.considered > 0)
    span = (
        select(
            deliveries.c.subscriber,
            func.min(deliveries.c.day).label("first_day"),
            func.max(case((looked, deliveries.c.day))).label("last_day"),
        )
        .where(deliveries.c.subscriber.in_(of), deliveries.c.day < day)
        .group_by(deliveries.c.subscriber)
        .subquery()
    )
    last = (deliveries.c.subscriber == span.c.subscriber) & (deliveries.c.day == span.c.last_day)
    return select(span, deliveries.c.planned_at).outerjoin(deliveries, last)


def had(of: Sequence[SubscriberId], day: date) -> Select[Any]:
    """Select each one's papers of any other day, with the version of an update, but for what was given up."""
    return (
        select(deliveries.c.subscriber, picks.c.paper, picks.c.version)
        .join(picks, picks.c.delivery == deliveries.c.id)
        .where(
            deliveries.c.subscriber.in_(of),
            deliveries.c.day != day,
            deliveries.c.status.not_in(_GIVEN_UP),
        )
    )


def planned(day: date) -> Select[Any]:
    """Select who has a row for that day."""
    return select(deliveries.c.subscriber).where(deliveries.c.day == day)


def expire(of: Sequence[SubscriberId], day: date, *, now: datetime) -> Update:
    """Give up what is still to be sent to them of the days before that day."""
    late = update(deliveries).where(
        deliveries.c.subscriber.in_(of),
        deliveries.c.day < day,
        deliveries.c.status.in_(_WAITING),
    )
    reason = "not delivered before the next digest was due"
    return late.values({**outcome(Status.FAILED, reason=reason, now=now), "next_at": None})


def give_up(planned_before: datetime, *, now: datetime) -> Iterator[Update]:
    """Yield what gives up waiting letters planned before then, and what holds unknown ones."""
    old = update(deliveries).where(deliveries.c.planned_at < planned_before)
    values = {**outcome(Status.FAILED, reason="not delivered in time", now=now), "next_at": None}
    yield old.where(deliveries.c.status.in_(_WAITING)).values(values)
    yield old.where(_unknown_once()).values(unknowns=2, updated_at=now)


def plan() -> Insert:
    """Enter a delivery where its subscriber has none for that day."""
    return insert(deliveries).on_conflict_do_nothing(index_elements=["subscriber", "day"])


def reopen(of: Sequence[SubscriberId], day: date, reasons: Collection[str]) -> Delete:
    """Delete their quiet rows of a day that bear one of the reasons."""
    return delete(deliveries).where(
        deliveries.c.subscriber.in_(of),
        deliveries.c.day == day,
        deliveries.c.status == Status.QUIET,
        deliveries.c.reason.in_(reasons),
    )


def awaited() -> Select[Any]:
    """Select for whom anything is planned or deferred, or unknown and to be sent again."""
    to_send = deliveries.c.status.in_(_WAITING) | _unknown_once()
    return select(deliveries.c.subscriber).where(to_send).distinct()


def withdraw(of: Sequence[SubscriberId], *, now: datetime, before: date | None) -> Iterator[Update]:
    """Yield what suppresses what is planned or deferred for them, and holds what is unknown."""
    theirs = update(deliveries).where(deliveries.c.subscriber.in_(of))
    if before is not None:
        theirs = theirs.where(deliveries.c.day < before)
    yield theirs.where(_unknown_once()).values(unknowns=2, updated_at=now)
    values = outcome(Status.SUPPRESSED, reason="paused, or no longer subscribed", now=now)
    yield theirs.where(deliveries.c.status.in_(_WAITING)).values({**values, "next_at": None})


def recoveries(*, now: datetime) -> Iterator[Update]:
    """Yield what takes back the deliveries that are `sending`: those without, and those with, a mark."""
    for marked, status, reason in (
        (deliveries.c.data_begun_at.is_(None), Status.PLANNED, ""),
        (
            deliveries.c.data_begun_at.is_not(None),
            Status.UNKNOWN,
            "the program ended before the relay's answer was recorded",
        ),
    ):
        left = update(deliveries).where(deliveries.c.status == Status.SENDING, marked)
        yield left.values(outcome(status, reason=reason, now=now))


def waiting(
    day: date | None,
    *,
    on_unknown: OnUnknown,
    now: datetime,
    retry_before: datetime | None,
    unknown_before: datetime | None,
    of: Collection[SubscriberId] | None,
) -> Iterator[Select[Any]]:
    """Yield selections of the next delivery to make, in the order in which they are to be tried."""
    next_at = deliveries.c.next_at
    due = next_at <= now
    if retry_before is not None:
        due |= deliveries.c.updated_at < retry_before
    theirs = () if of is None else (deliveries.c.subscriber.in_(of),)
    # That next_at is empty goes without saying, but SQLite then finds the row by the index alone.
    yield _first(day, Status.PLANNED, next_at.is_(None), *theirs)
    yield _first(day, Status.DEFERRED, due, *theirs)
    if on_unknown is OnUnknown.RESEND:
        earlier = () if unknown_before is None else (deliveries.c.updated_at < unknown_before,)
        yield _first(day, Status.UNKNOWN, next_at.is_(None), deliveries.c.unknowns == 1, *earlier, *theirs)


def claim(selection: Select[Any], *, now: datetime) -> Update:
    """Make the selected delivery `sending`, or `suppressed` if its subscriber is."""
    theirs = suppressions.c.subscriber == deliveries.c.subscriber
    unwanted = exists().where(theirs)
    why = select(suppressions.c.reason).where(theirs).scalar_subquery()
    recipient = select(subscribers.c.address).where(subscribers.c.id == deliveries.c.subscriber)
    return (
        update(deliveries)
        .where(deliveries.c.id == selection.scalar_subquery())
        .values(
            status=case((unwanted, _status(Status.SUPPRESSED)), else_=_status(Status.SENDING)),
            reason=func.coalesce(why, deliveries.c.reason),
            message=case((unwanted, null()), else_=deliveries.c.message),
            attempts=deliveries.c.attempts + case((unwanted, 0), else_=1),
            data_begun_at=None,
            next_at=None,
            updated_at=now,
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


def outcome(status: Status, *, reason: str, now: datetime) -> Values:
    """Return what changes when a delivery comes to this status."""
    values: dict[str, Any] = {"status": status, "reason": reason, "updated_at": now}
    if status in _DONE:
        values["message"] = None
    if status is Status.UNKNOWN:
        values["unknowns"] = deliveries.c.unknowns + 1
    return values


def fitting(day: date | None, address: str | None, status: Status | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for `rows` and `picks_of`."""
    return (
        *(() if day is None else (deliveries.c.day == day,)),
        *(() if address is None else (subscribers.c.folded == address.lower(),)),
        *(() if status is None else (deliveries.c.status == status,)),
    )


def rows(wanted: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """Select deliveries without their messages, newest day first, then by address."""
    shown = [column for column in deliveries.c if column is not deliveries.c.message]
    return (
        select(*shown, subscribers.c.address)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber)
        .where(*wanted)
        .order_by(deliveries.c.day.desc(), subscribers.c.folded)
    )


def picks_of(wanted: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """Select the picks of the deliveries that `rows` selects, in order."""
    return (
        select(picks)
        .join(deliveries, deliveries.c.id == picks.c.delivery)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber)
        .where(*wanted)
        .order_by(picks.c.delivery, picks.c.position)
    )


def statuses(day: date) -> Select[Any]:
    """Select whose delivery of that day is in which status."""
    return select(deliveries.c.subscriber, deliveries.c.status).where(deliveries.c.day == day)


def secret() -> Select[Any]:
    """Select the secret of this installation."""
    return select(settings.c.value).where(settings.c.name == "secret")


def keep_secret(value: bytes) -> Insert:
    """Enter the secret where there is none."""
    statement = insert(settings).values(name="secret", value=value)
    return statement.on_conflict_do_nothing(index_elements=["name"])


def _status(status: Status) -> ColumnElement[Status]:
    return literal(status, deliveries.c.status.type)


def _unknown_once() -> ColumnElement[bool]:
    return (deliveries.c.status == Status.UNKNOWN) & (deliveries.c.unknowns == 1)


def _first(day: date | None, status: Status, *conditions: ColumnElement[bool]) -> Select[Any]:
    of_day = () if day is None else (deliveries.c.day == day,)
    return (
        select(deliveries.c.id)
        .where(deliveries.c.status == status, *of_day, *conditions)
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # nothing on SQLite, where one transaction writes at a time
    )
