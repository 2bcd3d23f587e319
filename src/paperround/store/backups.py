"""Copies of the store: written, looked at, and put in its place."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL

from paperround.ports import StoreError
from paperround.store import statements
from paperround.store.engine import NO_PATIENCE, Database
from paperround.store.migrations import revision_of
from paperround.store.sqlite import SqliteDatabase

_BEGINNING = b"SQLite format 3\0"
LOGS = ("-wal", "-shm")  # what SQLite keeps beside a store that is open, or was when its program was killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a store; `written_at` is the latest moment that is entered in it, `size` in bytes.

    `waiting` are the letters that are planned, deferred, on their way or unknown.
    """

    size: int
    revision: str
    written_at: datetime | None
    papers: int
    subscribers: int
    deliveries: int
    waiting: int


def contents(database: Database, revision: str) -> Contents:
    """Return what is in a store that is up to date."""
    with database.reading() as connection:
        counts = connection.execute(statements.contents()).one()._asdict()
        moments = [connection.scalar(latest) for latest in statements.latest_moments()]
    return Contents(
        size=database.size(),
        revision=revision,
        written_at=max((moment for moment in moments if moment is not None), default=None),
        **counts,
    )


def write(database: Database, target: Path) -> None:
    """Write a copy of the store, as of now, to a file that is not there yet.

    The name appears when the whole copy is on disk and was found to be sound.
    """
    if not isinstance(database, SqliteDatabase):
        raise StoreError(f"{database.name}: a server makes its backups by itself; see pg_dump")
    _refuse(target)
    try:
        part = _beside(target)
        try:
            with database.outside_transactions() as connection:
                connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
            examine(part)
            flush(part)
            _refuse(target)
            part.rename(target)
        except BaseException:
            part.unlink()
            raise
        flush(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror}; check {target.parent}") from error


def fetch(backup: Path, store: Path) -> Path:
    """Return a sound copy of a backup, beside the store whose place it is to take."""
    if not backup.is_file():
        raise StoreError(f"{backup}: there is no such file")
    store.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(store)
    try:
        shutil.copyfile(backup, part)
        with closing(sqlite3.connect(part)) as connection:
            # A copy has no log; and where the backup is made the store, readers and a writer are to share it.
            connection.execute("PRAGMA journal_mode = WAL")
        examine(part)
    except sqlite3.Error as error:
        discard(part)
        raise StoreError(f"{backup}: this is no paperround store ({error}); take another backup") from error
    except StoreError as error:
        discard(part)
        raise StoreError(str(error).replace(str(part), str(backup))) from error
    except BaseException:
        discard(part)
        raise
    return part


def examine(path: Path) -> None:
    """Raise StoreError where the file is damaged, or no store of ours."""
    database = SqliteDatabase(URL.create("sqlite", database=str(path)), patience=NO_PATIENCE)
    with closing(database):
        database.check()
        with database.reading() as connection:
            if revision_of(connection) is None:
                raise StoreError(f"{path}: this is no paperround store; take another backup")


def require_alone(store: Path) -> None:
    """Raise StoreError where another program has the store open; afterwards it is one file, without a log.

    A store that is too damaged to tell is taken to be nobody's, and left as it is.
    """
    with store.open("rb") as opened:
        if opened.read(len(_BEGINNING)) != _BEGINNING:
            return  # SQLite would throw its log away
    with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as connection:
        try:
            # SQLite gives up its log only where no other connection is there, at work or not.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                mend = "end the service, and every other command that uses it, and run this again"
                raise StoreError(f"{store}: another program has the store open; {mend}") from error
        except sqlite3.DatabaseError:
            return


def put_in_place(part: Path, store: Path, *, aside: Path | None) -> None:
    """Make the copy the store, and keep the one that was there under the name `aside`, if any.

    At every moment a whole store has its name: without one, a round would begin as if nothing was ever sent.
    """
    flush(part)
    if aside is not None:
        for ending in LOGS:
            with suppress(FileNotFoundError):
                Path(f"{store}{ending}").rename(f"{aside}{ending}")
        try:
            os.link(store, aside)
        except OSError:  # not every disk has two names for one file
            shutil.copy2(store, aside)
    part.replace(store)
    flush(store.parent)


def discard(part: Path) -> None:
    """Take away a copy that is not wanted."""
    for ending in ("", *LOGS):
        Path(f"{part}{ending}").unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Return once what was written to the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    """Return a new file in the same folder, which only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    return Path(name)


def _refuse(target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target}: is there already; name a new file for the backup")
