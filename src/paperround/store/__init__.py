"""The store: papers, deliveries, what came back and what readers chose, in one SQLite file."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from paperround.ports import StoreError
from paperround.store.engine import Database
from paperround.store.ledger import SqlLedger
from paperround.store.library import SqlLibrary
from paperround.store.migrations import migrate
from paperround.store.preferences import SqlPreferences
from paperround.store.returns import SqlReturns
from paperround.store.vectors import SqlVectors

__all__ = ["Store", "StoreError", "open_store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store; `revision` names the state of its tables."""

    library: SqlLibrary
    ledger: SqlLedger
    vectors: SqlVectors
    preferences: SqlPreferences
    returns: SqlReturns
    revision: str
    database: Database

    def backup(self, target: Path) -> None:
        """Write a copy of the store, as of now, to a file that is not there yet."""
        if target.exists():
            raise StoreError(f"{target}: is there already; name a new file for the backup")
        _make(target)
        try:
            with self.database.outside_transactions() as connection:
                connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
        except StoreError:
            target.unlink()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()


def open_store(url: str, *, patience: timedelta = timedelta(seconds=10)) -> Store:
    """Return the store at an SQLAlchemy URL, made or brought up to date where needed.

    `patience` is how long to wait for another program that writes. Raise StoreError when the store
    cannot be used as it is.
    """
    database = Database(_file(url), patience=patience)
    try:
        _check(database)
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
        revision=revision,
        database=database,
    )


def _file(url: str) -> URL:
    """Return the URL of the store's file, which is there."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"store: not an address; write sqlite:///var/paperround.db ({error})") from error
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"store: {parsed.drivername} is not supported; write sqlite:///var/paperround.db")
    if parsed.database in (None, "", ":memory:") or parsed.query:
        raise StoreError("store: a file is needed and no options; write sqlite:///var/paperround.db")
    path = Path(str(parsed.database))
    _make(path)
    return parsed.set(drivername="sqlite")


def _make(path: Path) -> None:
    """Make an empty file that only its owner can read, and its folder, where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"{path}: cannot be made: {error.strerror}; check {path.parent}") from error


def _check(database: Database) -> None:
    with database.outside_transactions() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise StoreError(
                f"{database.name}: the store is damaged; put the latest backup in its place ({found})"
            )
