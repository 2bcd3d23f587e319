"""The one way to the database: transactions, grouped commits, and errors in plain words."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Condition
from typing import Any, Generic, TypeVar

from sqlalchemy import URL, Connection, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from paperround.ports import StoreError

T = TypeVar("T")

NO_PATIENCE = timedelta(0)
LEAST_ROOM = 1_000_000  # bytes; enough for what is in hand to be recorded

MOST_VALUES = (
    1000  # in one IN list; the oldest SQLite take 999 variables a statement, those since 2020 32,766
)


class Database:
    """A SQLite file, read by anybody at any time and written by one transaction after another."""

    def __init__(self, url: URL, *, patience: timedelta) -> None:
        self.name = str(url.database)
        # The driver begins a transaction only at the first write, too late to hold what was read before.
        connecting = {"timeout": patience.total_seconds(), "isolation_level": None}
        self._engine = create_engine(url, connect_args=connecting, hide_parameters=True)
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        self._reading = self._engine.execution_options(begin="BEGIN")
        # A transaction that reads first and then writes is refused at once when another came between.
        self._writing = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        self._turn = Condition()
        self._waiting: list[_Write[Any]] = []
        self._committing = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a view of the store as it was at one moment."""
        with self._translated(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that no other comes between; leaving it commits to disk."""
        with self._translated(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def outside_transactions(self) -> Iterator[Connection]:
        """Give a connection for what SQLite does not do inside a transaction."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns once its changes are on disk, or raise StoreError.

        Threads that write at the same time share one commit. Where the work of one fails, the rest
        is begun anew without it.
        """
        write = _Write(work)
        if writes := self._due(write):
            try:
                self._commit(writes)
            finally:
                with self._turn:
                    self._committing = False
                    self._turn.notify_all()
        return write.outcome.result()

    def check(self) -> None:
        """Raise StoreError where the file is damaged."""
        with self.outside_transactions() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if found != "ok":
                raise StoreError(
                    f"{self.name}: the store is damaged; put the latest backup in its place ({found})"
                )

    def require_room(self) -> None:
        """Raise StoreError where the disk has hardly any room left."""
        try:
            free = shutil.disk_usage(Path(self.name).parent).free
        except OSError as error:
            raise StoreError(f"{self.name}: {error.strerror}") from error
        if free < LEAST_ROOM:
            raise StoreError(f"{self.name}: the disk is full; make room and run it again")

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _due(self, write: "_Write[Any]") -> "Sequence[_Write[Any]]":
        """Return all that waits once it is this one's turn, or nothing once another did it along with theirs.

        Who waited for the turn alone would be kept, though done, by the commit of whoever has it next.
        """
        with self._turn:
            self._waiting.append(write)
            self._turn.wait_for(lambda: write.outcome.done() or not self._committing)
            if write.outcome.done():
                return ()
            writes, self._waiting = self._waiting, []
            self._committing = True
            return writes

    def _commit(self, writes: "Sequence[_Write[Any]]") -> None:
        try:
            while writes:
                writes = self._attempt(writes)
        finally:
            # Only a mistake in the program ends the loop early, and nobody may wait for ever for it.
            for write in writes:
                write.outcome.set_exception(StoreError(f"{self.name}: a write beside this one broke off"))

    def _attempt(self, writes: "Sequence[_Write[Any]]") -> "Sequence[_Write[Any]]":
        """Commit all of them, or give the one that fails its error; return those still to be done."""
        culprit: _Write[Any] | None = None
        results = []
        try:
            with self.writing() as connection:
                for culprit in writes:
                    results.append(culprit.work(connection))  # noqa: PERF401 - the variable says whose work failed
                culprit = None  # beginning and committing fail for all
        except StoreError as error:
            failed = writes if culprit is None else (culprit,)
            for write in failed:
                write.outcome.set_exception(error)
            return [write for write in writes if write not in failed]
        for write, result in zip(writes, results, strict=True):
            write.outcome.set_result(result)
        return []

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(f"{self.name}: {_explained(error)}") from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise StoreError(f"{self.name}: a value cannot be kept: {error}") from error
        except ValueError as error:  # of what was read: nothing like it was ever written
            raise StoreError(f"{self.name}: {_EXPLANATIONS['CORRUPT']} ({error})") from error


@dataclass(frozen=True, slots=True, eq=False)
class _Write(Generic[T]):
    """Work waiting for its transaction."""

    work: Callable[[Connection], T]
    outcome: Future[T] = field(default_factory=Future)


def insert(table: Table) -> sqlite.Insert:
    """Return an insert that can say what happens on a conflict; PostgreSQL's has the same methods."""
    return sqlite.insert(table)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the values in pieces that fit into one IN list."""
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]


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
    "CORRUPT": "the store is damaged; put the latest backup in its place",
    "NOTADB": "this file is not a paperround store; name another, or move it away",
    "READONLY": "the store cannot be written; check who owns the file and its folder",
    "CANTOPEN": "the store cannot be opened; check who owns the file and its folder",
    "IOERR": "the disk cannot be read or written; check it and what is mounted there",
}


def _explained(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", "")  # SQLITE_BUSY_SNAPSHOT
    if name in ("", "SQLITE_ERROR") and isinstance(cause, sqlite3.OperationalError):
        # A column or table that is not there, or text that is none: its name or length was damaged.
        return f"{_EXPLANATIONS['CORRUPT']} ({cause})"
    return _EXPLANATIONS.get(name.removeprefix("SQLITE_").partition("_")[0], str(cause))
