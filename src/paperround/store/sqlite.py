"""The store in a file of SQLite's."""

import shutil
import sqlite3
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from paperround.ports import StoreError
from paperround.store.engine import DAMAGED, Database

LEAST_ROOM = 1_000_000  # bytes; enough for what is in hand to be recorded


class SqliteDatabase(Database):
    """A SQLite file."""

    _errors = (sqlite3.Error,)

    def __init__(self, url: URL, *, patience: timedelta) -> None:
        # The driver begins a transaction only at the first write, too late to hold what was read before.
        connecting = {"timeout": patience.total_seconds(), "isolation_level": None}
        engine = create_engine(url, connect_args=connecting, hide_parameters=True)
        super().__init__(str(url.database), engine)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        self._reading = engine.execution_options(begin="BEGIN")
        # A transaction that reads first and then writes is refused at once when another came between.
        self._writing = engine.execution_options(begin="BEGIN IMMEDIATE")

    def prepare(self) -> None:
        """Let readers and a writer share the file; that is kept in it."""
        with self.outside_transactions() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    def check(self) -> None:
        """Raise StoreError where the file is damaged."""
        with self.outside_transactions() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if found != "ok":
                raise StoreError(f"{self.name}: {DAMAGED} ({found})")

    def require_room(self) -> None:
        """Raise StoreError where the disk has hardly any room left."""
        try:
            free = shutil.disk_usage(Path(self.name).parent).free
        except OSError as error:
            raise StoreError(f"{self.name}: {error.strerror}") from error
        if free < LEAST_ROOM:
            raise StoreError(f"{self.name}: the disk is full; make room and run it again")

    def size(self) -> int:
        """Return the size of the file in bytes."""
        return Path(self.name).stat().st_size

    def _begin_reading(self) -> AbstractContextManager[Connection]:
        return self._reading.begin()

    def _begin_writing(self) -> AbstractContextManager[Connection]:
        return self._writing.begin()

    def _explained(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        name = getattr(cause, "sqlite_errorname", "")  # SQLITE_BUSY_SNAPSHOT
        if name in ("", "SQLITE_ERROR") and isinstance(cause, sqlite3.OperationalError):
            # A column or table that is not there, or text that is none: its name or length was damaged.
            return f"{DAMAGED} ({cause})"
        return _EXPLANATIONS.get(name.removeprefix("SQLITE_").partition("_")[0], str(cause))


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # with less, a power cut takes back what was committed
    cursor.close()


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get("begin"):
        connection.exec_driver_sql(statement)


# By the primary code of https://www.sqlite.org/rescode.html
_EXPLANATIONS = {
    "BUSY": "another program keeps the store locked; end it, or try again",
    "LOCKED": "another program keeps the store locked; end it, or try again",
    "FULL": "the disk is full; make room, and what is left will be done",
    "CORRUPT": DAMAGED,
    "NOTADB": "this file is not a paperround store; name another, or move it away",
    "READONLY": "the store cannot be written; check who owns the file and its folder",
    "CANTOPEN": "the store cannot be opened; check who owns the file and its folder",
    "IOERR": "the disk cannot be read or written; check it and what is mounted there",
}
