"""The store: papers, deliveries, what came back, what readers chose, and alarms, in one database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, func, make_url, select
from sqlalchemy.exc import ArgumentError

from paperround.ports import Figures, StoreError
from paperround.store import backups, statements
from paperround.store.alarms import SqlAlarms
from paperround.store.backups import Contents
from paperround.store.engine import Database
from paperround.store.figures import read_figures
from paperround.store.joining import SqlMembers, SqlRequests
from paperround.store.ledger import SqlLedger
from paperround.store.library import SqlLibrary
from paperround.store.migrations import migrate, revision_of
from paperround.store.postgresql import PostgresqlDatabase
from paperround.store.preferences import SqlPreferences
from paperround.store.returns import SqlReturns
from paperround.store.sqlite import SqliteDatabase
from paperround.store.tables import deliveries, subscribers
from paperround.store.vectors import SqlVectors

__all__ = ["Contents", "Store", "StoreError", "open_store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store; `revision` names the state of its tables."""

    library: SqlLibrary
    ledger: SqlLedger
    vectors: SqlVectors
    preferences: SqlPreferences
    returns: SqlReturns
    requests: SqlRequests
    members: SqlMembers
    alarms: SqlAlarms
    revision: str
    database: Database

    def backup(self, target: Path) -> Contents:
        """Write a copy of the store, as of now, to a file that is not there yet, and say what is in it."""
        backups.write(self.database, target)
        with closing(open_store(f"sqlite:///{target}")) as copy:
            return copy.contents()

    def contents(self) -> Contents:
        """Return what is in the store."""
        return backups.contents(self.database, self.revision)

    def figures(self) -> Figures:
        """Return how it stands."""
        return read_figures(self.database)

    def outdated(self) -> str:
        """Return why the store is not to be worked with as it is now, or nothing where it is."""
        try:
            with self.database.reading() as connection:
                revision = revision_of(connection)
        except StoreError as error:
            return str(error)
        if revision == self.revision:
            return ""
        return f"the store is at revision {revision} and not {self.revision}; start the service anew"

    def hold(self, reason: str, *, now: datetime) -> int:
        """Hold every letter that waits for a person to say what became of it; return how many that are."""
        held = statements.hold(reason, now=now)
        return self.database.write(lambda connection: connection.execute(held).rowcount)

    @contextmanager
    def numbered_anew(self, *, now: datetime) -> Iterator[None]:
        """Give subscribers and deliveries that are entered meanwhile numbers that nobody ever had.

        A restored store would give those that were used since its backup, and are in links and return
        paths out there, a second time, to others.
        """
        columns = (subscribers.c.id, deliveries.c.id)
        with self.database.reading() as connection:
            highest = [connection.scalar(select(func.max(column))) or 0 for column in columns]
        yield
        with self.database.writing() as connection:
            for column, number in zip(columns, highest, strict=True):
                connection.execute(statements.number_anew(column, number, by=int(now.timestamp())))

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()


def open_store(url: str, *, patience: timedelta = timedelta(seconds=10)) -> Store:
    """Return the store at an SQLAlchemy URL, made or brought up to date where needed.

    `patience` is how long to wait for another program that writes. Raise StoreError when the store
    cannot be used as it is.
    """
    database = _database(url, patience=patience)
    try:
        database.check()
        revision = migrate(database)
    except StoreError:
        database.close()
        raise
    return Store(
        library=SqlLibrary(database),
        ledger=SqlLedger(database),
        vectors=SqlVectors(database),
        preferences=SqlPreferences(database),
        returns=SqlReturns(database),
        requests=SqlRequests(database),
        members=SqlMembers(database),
        alarms=SqlAlarms(database),
        revision=revision,
        database=database,
    )


def _database(url: str, *, patience: timedelta) -> Database:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("store: not an address; write sqlite:///var/paperround.db") from error
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteDatabase(_file(parsed), patience=patience)
        case "postgresql" | "postgres":
            return _server(parsed, patience=patience)
        case other:
            raise StoreError(f"store: {other} is not supported; write sqlite:///var/paperround.db")


def _file(url: URL) -> URL:
    """Return the URL of the store's file, which is there."""
    if url.database in (None, "", ":memory:") or url.query:
        raise StoreError("store: a file is needed and no options; write sqlite:///var/paperround.db")
    _make(Path(str(url.database)))
    return url.set(drivername="sqlite")


def _server(url: URL, *, patience: timedelta) -> Database:
    if not url.database:
        raise StoreError("store: a database is needed; write postgresql://paperround@localhost/paperround")
    try:
        return PostgresqlDatabase(url.set(drivername="postgresql+psycopg"), patience=patience)
    except ImportError as error:
        mend = 'pip install "paperround[postgresql]"'
        raise StoreError(f"store: the driver of PostgreSQL is not installed; {mend}") from error


def _make(path: Path) -> None:
    """Make an empty file that only its owner can read, and its folder, where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"{path}: cannot be made: {error.strerror}; check {path.parent}") from error
