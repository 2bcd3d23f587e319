"""How fast deliveries are recorded: letters on their way together in one commit, beside each in its own.

    python benchmarks/recording.py [FOLDER]

FOLDER is where the store is made: it is the disk there that counts. Each letter is recorded three times, when
it is claimed, before it is written out, and when the relay has answered; each commit waits for the disk. The
relay here answers at once. One JSON line for each number of connections and way.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import structlog
import typer
from sqlalchemy import URL, Connection, make_url

from paperround.delivering import Route, deliver
from paperround.digests import Digest
from paperround.ports import OnUnknown, Plan, Status, SubscriberId, WorkerId
from paperround.rates import Rate
from paperround.store import open_store
from paperround.store.ledger import SqlLedger
from paperround.store.sqlite import SqliteDatabase
from paperround.subscribers import Subscriber

T = TypeVar("T")

CONNECTIONS = (1, 4, 16)
DAY, NOW = date(2026, 6, 16), datetime(2026, 6, 16, 8, tzinfo=UTC)
RATE = Rate(relay="smtp.example.org:587")
LETTER = 20_000  # bytes
ROUNDS = 3  # of which the fastest counts


class Grouped(SqliteDatabase):
    """The store as it is, on a disk that is `slower` by so many seconds a commit; `commits` counts them."""

    def __init__(self, url: URL, *, slower: float) -> None:
        super().__init__(url, patience=timedelta(seconds=10))
        self.commits = 0
        self._slower = slower

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction, and count its commit."""
        with super().writing() as connection:
            yield connection
        self.commits += 1
        time.sleep(self._slower)


class Alone(Grouped):
    """A store in which each write has a commit of its own."""

    def __init__(self, url: URL, *, slower: float) -> None:
        super().__init__(url, slower=slower)
        self._one_at_a_time = Lock()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns, once its changes are on disk."""
        with self._one_at_a_time, self.writing() as connection:
            return work(connection)


class Yes:
    """A relay that takes everything at once."""

    async def send(
        self,
        *,
        sender: str,  # noqa: ARG002 - a relay is told
        recipient: str,  # noqa: ARG002 - a relay is told
        message: bytes,  # noqa: ARG002 - a relay is told
        begin_data: Callable[[], Awaitable[None]],
    ) -> str:
        """Have the letter marked, and accept it."""
        await begin_data()
        return "250 2.0.0 queued"

    async def close(self) -> None:
        """Do nothing."""


def main(
    folder: Annotated[Path | None, typer.Argument(help="Where the store is made.")] = None,
    *,
    letters: Annotated[int, typer.Option(min=1)] = 500,
    slower: Annotated[
        float, typer.Option(min=0, help="Milliseconds to wait for each commit, as if for a slower disk.")
    ] = 0,
) -> None:
    """Deliver the letters in each way, and say how many are recorded in a second, in how many commits."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for connections in CONNECTIONS:
        best: dict[type[Grouped], tuple[float, int]] = {}
        # In turns, so that what else the machine does falls on both.
        for way in (Alone, Grouped) * ROUNDS:
            with TemporaryDirectory(dir=folder) as place:
                url = f"sqlite:///{place}/store.db"
                took = recorded(way, url, letters, connections, slower=slower / 1000)
            best[way] = min(best.get(way, took), took)
        for way, (seconds, commits) in best.items():
            line = {
                "connections": connections,
                "commits": way.__name__.lower(),
                "letters": letters,
                "per_second": round(letters / seconds, 1),
                "commits_per_letter": round(commits / letters, 2),
                "times_alone": round(best[Alone][0] / seconds, 2),
            }
            print(json.dumps(line), flush=True)


def recorded(
    way: type[Grouped], url: str, letters: int, connections: int, *, slower: float
) -> tuple[float, int]:
    """Return the seconds in which all are delivered, and the commits."""
    with closing(open_store(url)) as store:
        ids = store.ledger.enrol([f"reader{number}@example.org" for number in range(letters)], now=NOW)
        store.ledger.plan([_plan(address, reader) for address, reader in ids.items()], now=NOW)
    with closing(way(make_url(url), slower=slower)) as database:
        started = time.perf_counter()
        asyncio.run(_deliver(SqlLedger(database), connections))
        return time.perf_counter() - started, database.commits


async def _deliver(ledger: SqlLedger, connections: int) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(connections))
    claim = partial(ledger.claim, worker=WorkerId("1"), rate=RATE, on_unknown=OnUnknown.HOLD, now=NOW)
    route = Route(
        relay=Yes(),
        name=RATE.relay,
        connections=connections,
        return_path=lambda _: "papers@example.org",
        refused=lambda *_: None,
    )
    await deliver(ledger, route, claim, now=lambda: NOW, stop=asyncio.Event())


def _plan(address: str, reader: SubscriberId) -> Plan:
    digest = Digest(
        subscriber=Subscriber(address=address, timezone=ZoneInfo("UTC"), deliver_at=clock(7)),
        day=DAY,
        picks=(),
        titles=(),
        batches=(),
        considered=1,
        rejected={},
    )
    body = random.Random(reader).randbytes(LETTER // 2).hex().encode()  # noqa: S311 - nothing is secret here
    return Plan(
        subscriber=reader,
        day=DAY,
        status=Status.PLANNED,
        digest=digest,
        message_id=f"<{reader}@example.org>",
        message=body,
    )


if __name__ == "__main__":
    typer.run(main)
