"""The one way to the database: transactions, grouped commits, and errors in plain words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Condition
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError

from paperround.ports import StoreError

T = TypeVar("T")

NO_PATIENCE = timedelta(0)
DAMAGED = "the store is damaged; put the latest backup in its place"

MOST_VALUES = (
    1000  # in one IN list; the oldest SQLite take 999 variables a statement, those since 2020 32,766
)


class Database(ABC):
    """Where the tables are, read by anybody at any time and written by one transaction after another.

    `name` is how people know it; no password is in it.
    """

    _errors: tuple[type[Exception], ...] = ()  # of the driver, where SQLAlchemy does not wrap them

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self._engine = engine
        self._turn = Condition()
        self._waiting: list[_Write[Any]] = []
        self._committing = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a view of the store as it was at one moment."""
        with self.translated(), self._begin_reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that no other comes between; leaving it commits to disk."""
        with self.translated(), self._begin_writing() as connection:
            yield connection

    @contextmanager
    def outside_transactions(self) -> Iterator[Connection]:
        """Give a connection for what is not done inside a transaction."""
        with self.translated(), self._engine.connect() as connection:
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

    @abstractmethod
    def prepare(self) -> None:
        """Make it fit to be written by several programs, before the first tables are made."""

    @abstractmethod
    def check(self) -> None:
        """Raise StoreError where it is known to be damaged."""

    @abstractmethod
    def require_room(self) -> None:
        """Raise StoreError where it is known that hardly anything more can be written."""

    @abstractmethod
    def size(self) -> int:
        """Return its size in bytes."""

    def close(self) -> None:
        """Let go of it."""
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

    @abstractmethod
    def _begin_reading(self) -> AbstractContextManager[Connection]:
        """Begin a transaction that sees the store as it is at one moment."""

    @abstractmethod
    def _begin_writing(self) -> AbstractContextManager[Connection]:
        """Begin a transaction once no other that writes is at work."""

    @abstractmethod
    def _explained(self, error: Exception) -> str:
        """Return what an error of the driver means, for people."""

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Make an error of the driver into a StoreError, in plain words."""
        of_the_driver: tuple[type[Exception], ...] = (SQLAlchemyError, *self._errors)
        try:
            yield
        except of_the_driver as error:
            raise StoreError(f"{self.name}: {self._explained(error)}") from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise StoreError(f"{self.name}: a value cannot be kept: {error}") from error
        except ValueError as error:  # of what was read: nothing like it was ever written
            raise StoreError(f"{self.name}: {DAMAGED} ({error})") from error


@dataclass(frozen=True, slots=True, eq=False)
class _Write(Generic[T]):
    """Work waiting for its transaction."""

    work: Callable[[Connection], T]
    outcome: Future[T] = field(default_factory=Future)


def insert(table: Table) -> postgresql.Insert:
    """Return an insert that can say what happens on a conflict; SQLite has taken over the words for it."""
    return postgresql.insert(table)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the values in pieces that fit into one IN list."""
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]
