"""The store moves: all that is in one database is written into another, which is empty."""

from collections.abc import Mapping

from sqlalchemy import Column, Connection, Table, func, insert, select, text

from paperround.ports import StoreError
from paperround.store.engine import Database
from paperround.store.tables import metadata

ROWS_AT_ONCE = 1000


def move(source: Database, target: Database) -> Mapping[str, int]:
    """Copy every row, seen at one moment, and return how many of each table that were.

    All of it is there afterwards, or nothing; the source stays as it is. Raise StoreError where the target
    holds anything.
    """
    with source.reading() as old, target.writing() as new:
        for table in metadata.sorted_tables:
            if new.execute(select(table).limit(1)).first() is not None:
                raise StoreError(f"{target.name}: holds something already; name an empty database")
        copied = {table.name: _copied(table, old, new) for table in metadata.sorted_tables}
        for table in metadata.sorted_tables:
            _count_on(table, new)
    return copied


def _copied(table: Table, old: Connection, new: Connection) -> int:
    rows = old.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
    copied = 0
    for part in rows.mappings().partitions(ROWS_AT_ONCE):
        new.execute(insert(table), [dict(row) for row in part])
        copied += len(part)
    return copied


def _count_on(table: Table, connection: Connection) -> None:
    """Let numbers that are given from now on be higher than those that are there."""
    column: Column[int] | None = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return  # SQLite looks at the highest by itself
    highest = connection.scalar(select(func.max(column)))
    if highest is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)")
        connection.execute(sequence, {"table": table.name, "column": column.name, "highest": highest})
