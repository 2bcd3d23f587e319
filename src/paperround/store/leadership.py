"""The leadership as an advisory lock of PostgreSQL's, which ends with the connection that holds it."""

import os
import socket

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from paperround.ports import StoreError
from paperround.store.postgresql import PostgresqlDatabase

# https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
_LOCK = 0x7061_7065_726C_6561  # "paperlea", in this database alone
# So many seconds until a server frees the lock of a machine that vanished, and until that machine, cut off
# and alive, learns that it does not lead any more: well under a minute, each.
_SILENCE = 20
_PROBING = {"tcp_keepalives_idle": 5, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}


class AdvisoryLock:
    """The leadership among all processes, on whatever machine, that have their store in one database."""

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._database = database
        probing = {**_PROBING, "tcp_user_timeout": _SILENCE * 1000, "statement_timeout": _SILENCE * 1000}
        self._engine = create_engine(
            database.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": _SILENCE,
                "application_name": f"paperround: process {os.getpid()} on {socket.gethostname()}",
                "options": " ".join(f"-c {name}={value}" for name, value in probing.items()),
                "tcp_user_timeout": _SILENCE * 1000,
            },
        )
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Take it where it is free, and return whether this process has it now; raise StoreError."""
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except SQLAlchemyError:
                self.close()  # the lock went with the connection, and another process may have it
            else:
                return True
        with self._database.translated():
            connection = self._engine.connect()
            if connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})")):
                self._connection = connection
                return True
            connection.close()
        return False

    def holder(self) -> str:
        """Return who has it, in words for people; nothing where nobody says."""
        held = text("""
            SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND granted AND database = (
                SELECT oid FROM pg_database WHERE datname = current_database()
            ) AND (classid::bigint << 32) + objid::bigint = :lock
        """)
        try:
            with self._database.reading() as connection:
                name = connection.scalar(held, {"lock": _LOCK})
        except StoreError:
            return ""
        return str(name).removeprefix("paperround: ") if name else ""

    def close(self) -> None:
        """Give it up, if this process has it."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
