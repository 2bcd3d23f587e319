"""The store in a database of PostgreSQL's."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from types import MappingProxyType

from sqlalchemy import URL, Connection, create_engine, text

from paperround.ports import StoreError
from paperround.store.engine import Database

CONNECT = timedelta(seconds=10)
# Whoever writes holds this lock until the commit. The number stands for the program, in this database alone.
# Of a machine that sleeps or was cut off, perhaps with the lock in its hands, the server ends what it does
# after so many milliseconds without a word.
_HUNG = {"idle_in_transaction_session_timeout": 60_000}
_LOCK = 0x7061_7065_7272_6F75  # "paperrou"


class PostgresqlDatabase(Database):
    """A database on a server, of which one transaction writes at a time, as in a SQLite file.

    So every promise that holds there holds here. What is done at the same time in one process shares a
    commit, so that the lock costs a process one round to the server for many letters.
    """

    def __init__(self, url: URL, *, patience: timedelta) -> None:
        self.url = url
        waits = {"lock_timeout": max(1, round(patience.total_seconds() * 1000)), **_HUNG}
        connecting = {
            "connect_timeout": int(CONNECT.total_seconds()),
            "application_name": "paperround",
            "options": " ".join(f"-c {name}={milliseconds}" for name, milliseconds in waits.items()),
        }
        engine = create_engine(
            url,
            connect_args=connecting,
            hide_parameters=True,
            pool_pre_ping=True,  # a server that was started anew closed the connections that are kept
            pool_size=10,
            max_overflow=-1,  # as many as there are threads
        )
        super().__init__(f"{url.host or 'local'}/{url.database}", engine)

    def prepare(self) -> None:
        """Do nothing: a server is made for many."""

    def check(self) -> None:
        """Raise StoreError where the server does not answer."""
        with self.reading() as connection:
            if connection.scalar(text("SHOW server_encoding")) != "UTF8":
                raise StoreError(f"{self.name}: its encoding is not UTF8; make a database that has it")

    def require_room(self) -> None:
        """Do nothing: the server says it when a disk is full."""

    def size(self) -> int:
        """Return the size of the database in bytes."""
        with self.reading() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    def _begin_reading(self) -> AbstractContextManager[Connection]:
        return self._begin("REPEATABLE READ")

    @contextmanager
    def _begin_writing(self) -> Iterator[Connection]:
        # At READ COMMITTED, what is read behind the lock is what the transaction before it wrote.
        with self._begin("READ COMMITTED") as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            yield connection

    @contextmanager
    def _begin(self, isolation: str) -> Iterator[Connection]:
        with self._engine.connect() as plain:
            connection = plain.execution_options(isolation_level=isolation)
            with connection.begin():
                yield connection

    def _explained(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None) or _state_of(str(cause))
        told = _EXPLANATIONS.get(state) or _EXPLANATIONS.get(state[:2])
        # What the server says in detail may hold the values of a row.
        said = " ".join(str(cause).partition("\nDETAIL")[0].split())
        return f"{told} ({said})" if told else said


def _state_of(said: str) -> str:
    """Return the code of an error on connecting, which comes without one."""
    for phrase, state in _CONNECTING.items():
        if phrase in said:
            return state
    return _NO_ANSWER if said.startswith("connection") else ""


_ACCESS = "check the name and the password: they stand in the address, PAPERROUND_STORE_PASSWORD or ~/.pgpass"

_NO_ANSWER = "08"
_CONNECTING = {
    'database "': "3D000",
    'role "': "28",
    "authentication": "28",
    "pg_hba.conf": "28",
    "no password supplied": "28",
    "too many": "53300",
    "starting up": "57",
    "shutting down": "57",
}

# By the codes, or their classes, of https://www.postgresql.org/docs/current/errcodes-appendix.html
_EXPLANATIONS: Mapping[str, str] = MappingProxyType(
    {
        _NO_ANSWER: "the server does not answer; check its host and port, and that it runs",
        "28": f"the server refuses us; {_ACCESS}",
        "3D000": "there is no such database; make it with createdb",
        "25006": "the server takes no changes: it is a standby; name the primary",
        "42501": "this role may not do that here; make it the owner of the database",
        "53100": "the server's disk is full; make room, and what is left will be done",
        "53300": "the server has no connection left; raise its max_connections, or run fewer workers",
        "55P03": "another program keeps the store locked; end it, or try again",
        "57": "the server is shutting down, or was told to end this; try again",
    }
)
