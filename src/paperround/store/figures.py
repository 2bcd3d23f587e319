"""What the store holds, counted."""

from typing import Any

from sqlalchemy import Select, func, select

from paperround.batches import BatchState
from paperround.ports import Figures, Status
from paperround.store.engine import Database
from paperround.store.tables import alarms, batches, deliveries, papers, returns, suppressions

_LISTED = (BatchState.FRESH, BatchState.PARTIAL)
_WAITING = (Status.PLANNED, Status.DEFERRED, Status.SENDING)


def read_figures(database: Database) -> Figures:
    """Return how it stands, seen at one moment."""
    with database.reading() as connection:
        execute = connection.execute
        return Figures(
            batches={(row.source, row.state): row.number for row in execute(_batches())},
            newest={row.source: row.day for row in execute(_newest())},
            papers=execute(select(func.count()).select_from(papers)).scalar_one(),
            digests=execute(select(func.count(deliveries.c.message_id))).scalar_one(),
            deliveries={row.status: row.number for row in execute(_deliveries())},
            oldest=connection.scalar(_oldest()),
            held=execute(_held()).scalar_one(),
            suppressed={row.cause: row.number for row in execute(_suppressed())},
            returned={row.effect: row.number for row in execute(_returned())},
            alarms=frozenset(connection.scalars(_alarms())),
        )


def _batches() -> Select[Any]:
    columns = (batches.c.source, batches.c.state)
    return select(*columns, func.count().label("number")).group_by(*columns)


def _newest() -> Select[Any]:
    newest = select(batches.c.source, func.max(batches.c.day).label("day"))
    return newest.where(batches.c.state.in_(_LISTED)).group_by(batches.c.source)


def _deliveries() -> Select[Any]:
    return select(deliveries.c.status, func.count().label("number")).group_by(deliveries.c.status)


def _oldest() -> Select[Any]:
    return select(func.min(deliveries.c.planned_at)).where(deliveries.c.status.in_(_WAITING))


def _held() -> Select[Any]:
    held = (deliveries.c.status == Status.UNKNOWN) & (deliveries.c.unknowns > 1)
    return select(func.count()).select_from(deliveries).where(held)


def _suppressed() -> Select[Any]:
    return select(suppressions.c.cause, func.count().label("number")).group_by(suppressions.c.cause)


def _returned() -> Select[Any]:
    return select(returns.c.effect, func.count().label("number")).group_by(returns.c.effect)


def _alarms() -> Select[Any]:
    return select(alarms.c.condition).where(alarms.c.ended_at.is_(None)).distinct()
