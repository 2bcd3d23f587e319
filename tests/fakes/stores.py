"""Real stores in a test's hands."""

from sqlalchemy import text

from paperround.store import Store
from paperround.store.tables import metadata


def empty(store: Store) -> None:
    """Take out all that is in it; numbers begin anew."""
    with store.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
            return
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def close_gaps(store: Store) -> None:
    """Let the next delivery have the next number, as in SQLite: a server never gives back one it tried."""
    with store.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            latest = "SELECT setval('deliveries_id_seq', coalesce(max(id), 0) + 1, false) FROM deliveries"
            connection.execute(text(latest))
