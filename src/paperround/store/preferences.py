"""What readers chose for themselves, kept in a table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import Connection, Row, delete, select

from paperround.ports import SubscriberId
from paperround.preferences import Change, Overlay, PauseChange, Rhythm, RhythmChange
from paperround.store.engine import Database, insert
from paperround.store.tables import preferences as table
from paperround.store.tables import subscribers
from paperround.subscribers import Pause


class SqlPreferences:
    """What readers chose for themselves, over what the config says."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def overlays(self) -> Mapping[str, Overlay]:
        """Return what was chosen, by the address of whoever did."""
        statement = select(table, subscribers.c.address).join(subscribers).order_by(subscribers.c.folded)
        with self._database.reading() as connection:
            return {row.address: _overlay(row) for row in connection.execute(statement)}

    def overlay(self, subscriber: SubscriberId) -> Overlay | None:
        """Return what this subscriber chose, or None where that is nothing."""
        with self._database.reading() as connection:
            row = connection.execute(select(table).where(table.c.subscriber == subscriber)).one_or_none()
        return None if row is None else _overlay(row)

    def change(self, subscriber: SubscriberId, change: Change, *, now: datetime) -> None:
        """Keep what the subscriber chose just now; what it is not about stays as it is."""
        values = {**_values(change), "changed_at": now}
        entering = insert(table).values({"subscriber": subscriber, "paused": False, **values})
        entering = entering.on_conflict_do_update(index_elements=["subscriber"], set_=values)
        emptied = delete(table).where(
            table.c.subscriber == subscriber, table.c.paused.is_(False), table.c.cadence.is_(None)
        )

        def work(connection: Connection) -> None:
            connection.execute(entering)
            connection.execute(emptied)

        self._database.write(work)

    def forget(self, address: str) -> bool:
        """Drop all that was chosen by whoever has this address; return False where that is nothing."""
        whoever = select(subscribers.c.id).where(subscribers.c.folded == address.lower())
        statement = delete(table).where(table.c.subscriber.in_(whoever))
        return self._database.write(lambda connection: connection.execute(statement).rowcount) > 0


def _values(change: Change) -> Mapping[str, object]:
    match change:
        case PauseChange(pause=pause):
            return {"paused": pause is not None, "paused_until": pause.until if pause else None}
        case RhythmChange(rhythm=rhythm):
            days = sorted(rhythm.days) if rhythm else None
            return {"cadence": rhythm.cadence if rhythm else None, "days": days}
        case _:
            assert_never(change)


def _overlay(row: Row[Any]) -> Overlay:
    return Overlay(
        pause=Pause(until=row.paused_until) if row.paused else None,
        rhythm=Rhythm(cadence=row.cadence, days=frozenset(row.days)) if row.cadence else None,
        chosen_at=row.changed_at,
    )
