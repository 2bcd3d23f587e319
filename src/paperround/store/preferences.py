"""What readers chose for themselves, kept in a table."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, time
from typing import Any, TypeVar, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Row, Select, delete, select, update

from paperround.keywords import Keyword
from paperround.ports import SubscriberId
from paperround.preferences import (
    AmountChange,
    Change,
    Hour,
    HourChange,
    Overlay,
    PauseChange,
    Rhythm,
    RhythmChange,
    Topics,
    TopicsChange,
)
from paperround.store.engine import Database, insert
from paperround.store.tables import preferences as table
from paperround.store.tables import subscribers
from paperround.subscribers import Pause

T = TypeVar("T")


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
        self._database.write(lambda connection: connection.execute(entering))

    def settle(self, address: str, *, chosen_at: datetime) -> bool:
        """Drop all but a pause, for the config says it by now; return False where it was chosen later."""
        lasting = {each: None for change in _LASTING for each in _values(change)}
        statement = (
            update(table)
            .where(table.c.subscriber.in_(_whoever(address)), table.c.changed_at == chosen_at)
            .values(lasting)
        )
        return self._database.write(lambda connection: connection.execute(statement).rowcount) > 0

    def forget(self, address: str) -> bool:
        """Drop all that was chosen by whoever has this address; return False where that is nothing."""

        def work(connection: Connection) -> bool:
            rows = connection.execute(select(table).where(table.c.subscriber.in_(_whoever(address)))).all()
            connection.execute(delete(table).where(table.c.subscriber.in_(_whoever(address))))
            return any(_overlay(row).any for row in rows)

        return self._database.write(work)


_LASTING: tuple[Change, ...] = (
    RhythmChange(rhythm=None),
    HourChange(hour=None),
    AmountChange(max_papers=None),
    TopicsChange(topics=None),
)


def _whoever(address: str) -> Select[tuple[int]]:
    return select(subscribers.c.id).where(subscribers.c.folded == address.lower())


def _values(change: Change) -> Mapping[str, object]:
    match change:
        case PauseChange(pause=pause):
            return {"paused": pause is not None, "paused_until": pause.until if pause else None}
        case RhythmChange(rhythm=rhythm):
            days = sorted(rhythm.days) if rhythm else None
            return {"cadence": rhythm.cadence if rhythm else None, "days": days}
        case HourChange(hour=hour):
            at, zone = (f"{hour.at:%H:%M}", hour.timezone.key) if hour else (None, None)
            return {"deliver_at": at, "timezone": zone}
        case AmountChange(max_papers=most):
            return {"max_papers": most}
        case TopicsChange(topics=topics):
            lists = asdict(topics) if topics else {}
            return {"topics": {name: each for name, each in lists.items() if each is not None} or None}
        case _:
            assert_never(change)


def _overlay(row: Row[Any]) -> Overlay:
    return Overlay(
        pause=Pause(until=row.paused_until) if row.paused else None,
        rhythm=Rhythm(cadence=row.cadence, days=frozenset(row.days)) if row.cadence else None,
        hour=_hour(row.deliver_at, row.timezone) if row.deliver_at else None,
        max_papers=row.max_papers,
        topics=_topics(row.topics) if row.topics else None,
        chosen_at=row.changed_at,
    )


def _hour(at: str, zone: str) -> Hour:
    try:
        return Hour(at=time.fromisoformat(at), timezone=ZoneInfo(zone))
    except ZoneInfoNotFoundError as error:
        raise ValueError(f"{zone!r} is no time zone") from error


def _topics(kept: Mapping[str, Any]) -> Topics:
    """Return the lists; a later version may have kept more of them, and said more of a keyword."""
    return Topics(
        keywords=_read(kept, "keywords", _keyword),
        exclude=_read(kept, "exclude", _keyword),
        authors=_read(kept, "authors", str),
        categories=_read(kept, "categories", str),
        organizations=_read(kept, "organizations", str),
    )


def _read(kept: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> tuple[T, ...] | None:
    return tuple(map(read, kept[name])) if name in kept else None


def _keyword(kept: Mapping[str, Any]) -> Keyword:
    try:
        return Keyword(
            text=kept["text"],
            phrases=tuple(kept["phrases"]),
            weight=float(kept["weight"]),
            at_most=kept["at_most"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{kept!r} is no keyword") from error
