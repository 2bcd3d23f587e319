"""Alarms, kept in a table."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Row, Update, delete, select, update

from paperround.alarms import Alarm, Key, Turn
from paperround.ports import AlarmId, AlarmRecord
from paperround.store.engine import Database, insert
from paperround.store.tables import alarms as table
from paperround.store.tables import settings

KEPT = timedelta(days=30)  # what is over

_LOOKED_AT = "alarms_looked_at"  # among the settings
_STANDS = table.c.ended_at.is_(None)


class SqlAlarms:
    """The alarms that stand, and those that were over lately."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def records(self) -> tuple[AlarmRecord, ...]:
        """Return them all, in the order in which they were raised."""
        with self._database.reading() as connection:
            return tuple(map(_record, connection.execute(select(table).order_by(table.c.id))))

    def enter(self, turn: Turn, *, now: datetime) -> None:
        """Enter what a look found: what is new, what is over, and what stands as it is now."""

        def work(connection: Connection) -> None:
            for statement in _entries(turn, now):
                connection.execute(statement)

        self._database.write(work)

    def told(self, alarms: Collection[AlarmId], *, now: datetime) -> None:
        """Enter that a mail told of these."""
        statement = update(table).where(table.c.id.in_(alarms)).values(told_at=now)
        self._database.write(lambda connection: connection.execute(statement))

    def looked_at(self) -> datetime | None:
        """Return when a look was last entered."""
        with self._database.reading() as connection:
            kept: bytes | None = connection.scalar(
                select(settings.c.value).where(settings.c.name == _LOOKED_AT)
            )
        return datetime.fromisoformat(kept.decode()) if kept else None


def _entries(turn: Turn, now: datetime) -> Iterator[Executable]:
    """Yield the statements that enter what a look found."""
    for key in turn.ended:
        yield _change(key).values(ended_at=now)
    for alarm in turn.standing:
        yield _change(alarm.key).values(sentence=alarm.sentence)
    for alarm in turn.raised:
        raised = insert(table).values(
            condition=alarm.condition, subject=alarm.subject, sentence=alarm.sentence, raised_at=now
        )
        yield raised.on_conflict_do_nothing(index_elements=["condition", "subject"], index_where=_STANDS)
    yield delete(table).where(table.c.ended_at < now - KEPT)
    looked = {"value": now.isoformat().encode()}
    yield (
        insert(settings)
        .values(name=_LOOKED_AT, **looked)
        .on_conflict_do_update(index_elements=["name"], set_=looked)
    )


def _change(key: Key) -> Update:
    """Change the alarm that stands under this key, if there is one."""
    condition, subject = key
    return update(table).where(_STANDS, table.c.condition == condition, table.c.subject == subject)


def _record(row: Row[Any]) -> AlarmRecord:
    return AlarmRecord(
        id=AlarmId(row.id),
        alarm=Alarm(condition=row.condition, subject=row.subject, sentence=row.sentence),
        raised_at=row.raised_at,
        ended_at=row.ended_at,
        told_at=row.told_at,
    )
