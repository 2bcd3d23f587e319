"""Every other statement on the ledger's tables, one small function each."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Select,
    Update,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert

from paperround.ports import LONGEST_TALE, RESTS, OnUnknown, RoundId, Status, SubscriberId
from paperround.store.dispatch_statements import outcome, unknown_once
from paperround.store.engine import insert
from paperround.store.tables import (
    batches,
    deliveries,
    members,
    papers,
    picks,
    preferences,
    returns,
    rounds,
    settings,
    subscribers,
    suppressions,
)
from paperround.subscribers import LONGEST_GAP

_WAITING = frozenset({Status.PLANNED, Status.DEFERRED})
_NOT_SENT = frozenset({Status.SUPPRESSED, Status.QUIET})


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
    return select(suppressions)


def readmit(subscriber: SubscriberId) -> Delete:
    """Take back that a subscriber must not get mail."""
    return delete(suppressions).where(suppressions.c.subscriber == subscriber)


def latest_days(of: Sequence[SubscriberId], before: date) -> Select[Any]:
    """Select the day of each one's latest row before that day."""
    return (
        select(deliveries.c.subscriber, func.max(deliveries.c.day).label("day"))
        .where(deliveries.c.subscriber.in_(of), deliveries.c.day < before)
        .group_by(deliveries.c.subscriber)
    )


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


def rested(of: Sequence[SubscriberId], day: date) -> Select[Any]:
    """Select the days up to `LONGEST_GAP` before that day on which a pause of theirs held."""
    return select(deliveries.c.subscriber, deliveries.c.day).where(
        deliveries.c.subscriber.in_(of),
        deliveries.c.day >= day - LONGEST_GAP,
        deliveries.c.day < day,
        deliveries.c.status == Status.QUIET,
        or_(*(deliveries.c.reason.startswith(words, autoescape=True) for words in RESTS)),
    )


def had(of: Sequence[SubscriberId], day: date) -> Select[Any]:
    """Select each one's papers of any other day, with the version of an update.

    Of what failed, those of the days before alone, and since when they count as missed.
    """
    failed = deliveries.c.status == Status.FAILED
    failed_at = case((failed, deliveries.c.updated_at)).label("failed_at")
    return (
        select(deliveries.c.subscriber, picks.c.paper, picks.c.version, failed_at)
        .join(picks, picks.c.delivery == deliveries.c.id)
        .where(
            deliveries.c.subscriber.in_(of),
            deliveries.c.day != day,
            deliveries.c.status.not_in(_NOT_SENT),
            ~failed | (deliveries.c.day < day),
        )
    )


def failed(of: Sequence[SubscriberId], day: date) -> Select[Any]:
    """Select those of `had` that failed."""
    return had(of, day).where(deliveries.c.status == Status.FAILED)


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
    yield old.where(unknown_once()).values(unknowns=2, updated_at=now)


def plan() -> Insert:
    """Enter a delivery where its subscriber has none for that day."""
    return insert(deliveries).on_conflict_do_nothing(index_elements=["subscriber", "day"])


def quiet(day: date, reasons: Collection[str]) -> Select[Any]:
    """Select who has a quiet row of a day that bears one of the reasons."""
    bearing = deliveries.c.reason.in_(reasons)
    return select(deliveries.c.subscriber).where(
        deliveries.c.day == day, deliveries.c.status == Status.QUIET, bearing
    )


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
    to_send = deliveries.c.status.in_(_WAITING) | unknown_once()
    return select(deliveries.c.subscriber).where(to_send).distinct()


def withdraw(of: Sequence[SubscriberId], *, now: datetime, before: date | None) -> Iterator[Update]:
    """Yield what suppresses what is planned or deferred for them, and holds what is unknown."""
    theirs = update(deliveries).where(deliveries.c.subscriber.in_(of))
    if before is not None:
        theirs = theirs.where(deliveries.c.day < before)
    yield theirs.where(unknown_once()).values(unknowns=2, updated_at=now)
    values = outcome(Status.SUPPRESSED, reason="paused, or no longer subscribed", now=now)
    yield theirs.where(deliveries.c.status.in_(_WAITING)).values({**values, "next_at": None})


def fitting(
    day: date | None, since: date | None, address: str | None, status: Status | None
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for `rows` and `picks_of`."""
    return (
        *(() if day is None else (deliveries.c.day == day,)),
        *(() if since is None else (deliveries.c.day >= since,)),
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


def outcomes(since: datetime) -> Select[Any]:
    """Count the deliveries that came to each status since then."""
    counts: list[ColumnElement[Any]] = [
        func.count(case((deliveries.c.status == each, 1))).label(each.value) for each in Status
    ]
    # Grouped by status, SQLite would read every row there ever was; the days of these are found by an index.
    lately = deliveries.c.day >= (since - LONGEST_TALE).date()
    return select(*counts).where(lately, deliveries.c.updated_at >= since)


def held(on_unknown: OnUnknown) -> Select[Any]:
    """Count the unknown deliveries that are not sent again by themselves."""
    again = 1 if on_unknown is OnUnknown.RESEND else 0
    waiting = (deliveries.c.status == Status.UNKNOWN) & (deliveries.c.unknowns > again)
    return select(func.count()).select_from(deliveries).where(waiting)


def tallies(since: date) -> Select[Any]:
    """Count the deliveries of each day from then on by status."""
    columns = (deliveries.c.day, deliveries.c.status)
    return select(*columns, func.count().label("number")).where(deliveries.c.day >= since).group_by(*columns)


def secret() -> Select[Any]:
    """Select the secret of this installation."""
    return select(settings.c.value).where(settings.c.name == "secret")


def keep_secret(value: bytes) -> Insert:
    """Enter the secret where there is none."""
    statement = insert(settings).values(name="secret", value=value)
    return statement.on_conflict_do_nothing(index_elements=["name"])


def begin_round(day: date, missing: Collection[SubscriberId], *, now: datetime) -> Insert:
    """Enter a round."""
    return insert(rounds).values(day=day, begun_at=now, missing=sorted(missing))


def day_of(round_id: RoundId) -> Select[Any]:
    """Select the day of a round."""
    return select(rounds.c.day).where(rounds.c.id == round_id)


def rounds_of(day: date) -> Select[Any]:
    """Select the noted rounds of a day."""
    return select(rounds).where(rounds.c.day == day)


def end_round(round_id: RoundId, missing: Collection[SubscriberId], *, now: datetime) -> Update | Delete:
    """Enter the end of a round, or take it out where nobody is missing."""
    if not missing:
        return delete(rounds).where(rounds.c.id == round_id)
    chosen = update(rounds).where(rounds.c.id == round_id)
    return chosen.values(ended_at=now, missing=sorted(missing))


def noted_rounds() -> Select[Any]:
    """Select the rounds that go on, or left somebody without a row, the newest first."""
    return select(rounds).order_by(rounds.c.day.desc(), rounds.c.id.desc())


def addresses(of: Sequence[SubscriberId]) -> Select[Any]:
    """Select the addresses of these subscribers."""
    return select(subscribers.c.id, subscribers.c.address).where(subscribers.c.id.in_(of))


def contents() -> Select[Any]:
    """Count what is in the store."""
    counted = {"papers": papers, "subscribers": subscribers, "deliveries": deliveries}
    counts = [
        select(func.count()).select_from(table).scalar_subquery().label(name)
        for name, table in counted.items()
    ]
    waiting = select(func.count()).where(deliveries.c.message.is_not(None))
    return select(*counts, waiting.scalar_subquery().label("waiting"))


def latest_moments() -> Iterator[Select[Any]]:
    """Yield what selects the latest moment in each table that is written to day by day."""
    for column in (
        deliveries.c.updated_at,
        batches.c.fetched_at,
        subscribers.c.enrolled_at,
        suppressions.c.since,
        preferences.c.changed_at,
        members.c.confirmed_at,
        returns.c.read_at,
        rounds.c.begun_at,
    ):
        yield select(func.max(column))


def hold(reason: str, *, now: datetime) -> Update:
    """Make every letter that waits, or is on its way, one whose outcome a person has to find out."""
    values = outcome(Status.UNKNOWN, reason=reason, now=now)
    waiting = update(deliveries).where(deliveries.c.message.is_not(None))
    return waiting.values({**values, "unknowns": 2, "next_at": None})


def number_anew(column: Column[int], above: int, *, by: int) -> Update:
    """Give the rows with a higher number than this one numbers that are higher by so much."""
    return update(column.table).where(column > above).values({column: column + by})
