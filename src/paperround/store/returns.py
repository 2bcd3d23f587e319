"""What came back, kept in a table, and what it changes in others."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, Select, func, select, update

from paperround.bouncing import NOT_ENTERED, Case, consequence, foreign
from paperround.ports import (
    Bounce,
    Cause,
    Consequence,
    DeliveryId,
    Effect,
    Finding,
    Leaving,
    Status,
    SubscriberId,
)
from paperround.store import dispatch_statements as statements
from paperround.store.engine import Database
from paperround.store.tables import deliveries, subscribers, suppressions
from paperround.store.tables import returns as table


class SqlReturns:
    """What came back, each message entered once, and all that it leads to in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        """Enter what was found in the message that has this digest, and return what came of it."""

        def work(connection: Connection) -> Consequence:
            case, result = _judged(connection, finding, digest, now)
            if case is not None and result.effect not in NOT_ENTERED:
                for change in _changes(finding, case, result, digest, now):
                    connection.execute(change)
            return result

        return self._database.write(work)

    def foresee(self, finding: Finding, digest: bytes, *, now: datetime) -> Consequence:
        """Return what would come of it; nothing is changed."""
        with self._database.reading() as connection:
            return _judged(connection, finding, digest, now)[1]

    def ended(self, since: datetime) -> int:
        """Return how many readers get nothing any more since then, because their mail came back."""
        statement = select(func.count()).where(
            suppressions.c.cause == Cause.BOUNCED, suppressions.c.since >= since
        )
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def unwelcome(self, since: datetime) -> int:
        """Return how many readers' mail came back since then for reasons that are ours to mend."""
        statement = select(func.count(table.c.subscriber.distinct())).where(
            table.c.effect == Effect.OURS, table.c.read_at >= since
        )
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())


def _judged(
    connection: Connection, finding: Finding, digest: bytes, now: datetime
) -> tuple[Case | None, Consequence]:
    case = _case(connection, finding)
    if case is None:
        return None, foreign("nothing in this store was sent with this token")
    earlier = connection.execute(select(table.c.reason).where(table.c.digest == digest)).one_or_none()
    if earlier is not None:
        return case, Consequence(effect=Effect.REPEATED, reason=earlier.reason, subscriber=case.address)
    return case, consequence(finding, case, today=now.date())


def _case(connection: Connection, finding: Finding) -> Case | None:
    delivery = None if isinstance(finding, Leaving) else finding.delivery
    subscriber = None if isinstance(finding, Bounce) else finding.subscriber
    row = connection.execute(_about(delivery, subscriber)).one_or_none()
    if row is None:
        return None
    return Case(
        subscriber=row.subscriber,
        address=row.address,
        day=row.day if delivery else None,
        status=row.status if delivery else None,
        message_id=row.message_id if delivery else None,
        soft_days=frozenset(connection.scalars(_soft_days(row.subscriber))),
        suppressed=row.suppressed is not None,
    )


def _about(delivery: DeliveryId | None, subscriber: SubscriberId | None) -> Select[Any]:
    """Select a reader, and of a delivery what is known of it."""
    columns = (
        subscribers.c.id.label("subscriber"),
        subscribers.c.address,
        suppressions.c.subscriber.label("suppressed"),
    )
    theirs = suppressions.c.subscriber == subscribers.c.id
    if delivery is None:
        found = select(*columns).outerjoin(suppressions, theirs)
        return found.where(subscribers.c.id == subscriber)
    of_it = (deliveries.c.day, deliveries.c.status, deliveries.c.message_id)
    return (
        select(*columns, *of_it)
        .select_from(deliveries)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber)
        .outerjoin(suppressions, theirs)
        .where(deliveries.c.id == delivery)
    )


def _soft_days(subscriber: SubscriberId) -> Select[Any]:
    """Select the days of a reader's deliveries that came back and are not yet held against them."""
    return (
        select(deliveries.c.day)
        .join(table, table.c.delivery == deliveries.c.id)
        .where(table.c.subscriber == subscriber, table.c.counts)
    )


def _changes(
    finding: Finding, case: Case, result: Consequence, digest: bytes, now: datetime
) -> Iterator[Executable]:
    """Yield what enters a finding, and what it leads to."""
    delivery = None if isinstance(finding, Leaving) else finding.delivery
    yield table.insert().values(
        digest=digest,
        subscriber=case.subscriber,
        delivery=delivery,
        effect=result.effect,
        counts=result.effect is Effect.COUNTED,
        reason=result.reason,
        read_at=now,
    )
    if result.fails and isinstance(finding, Bounce):
        yield _failed(finding, now)
    if result.cause is not None:
        yield statements.suppress(case.subscriber, result.cause, result.reason, now=now)
        # Whoever is readmitted begins anew.
        theirs = update(table).where(table.c.subscriber == case.subscriber, table.c.counts)
        yield theirs.values(counts=False)


def _failed(bounce: Bounce, now: datetime) -> Executable:
    chosen = update(deliveries).where(
        deliveries.c.id == bounce.delivery, deliveries.c.status.in_((Status.SENT, Status.UNKNOWN))
    )
    values = statements.outcome(Status.FAILED, reason="came back", now=now)
    return chosen.values({**values, "reply": bounce.words})
