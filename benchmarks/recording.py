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
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Annotated, ClassVar, TypeVar
from zoneinfo import ZoneInfo

import structlog
import typer
from sqlalchemy import URL, Connection, make_url

from paperround.delivering import Route, deliver
from paperround.digests import Digest
from paperround.ports import Claim, OnUnknown, Outcome, Plan, Status, SubscriberId, WorkerId
from paperround.rates import Later, Rate
from paperround.store import open_store
from paperround.store.ledger import SqlLedger
from paperround.store.sqlite import SqliteDatabase
from paperround.subscribers import Subscriber

T = TypeVar("T")

CONNECTIONS = (1, 4, 16, 64)
DAY, NOW = date(2026, 6, 16), datetime(2026, 6, 16, 8, tzinfo=UTC)
RATE = Rate(relay="smtp.example.org:587")
LETTER = 20_000  # bytes
ROUNDS = 3  # of which the fastest counts


class Counting(SqliteDatabase):
    """The store, on a disk that is `slower` by so many seconds a commit; `commits` counts them."""

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


class Apart(Counting):
    """A store in which each write has a commit of its own."""

    def __init__(self, url: URL, *, slower: float) -> None:
        super().__init__(url, slower=slower)
        self._one_at_a_time = Lock()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns, once its changes are on disk."""
        with self._one_at_a_time, self.writing() as connection:
            return work(connection)


class Together(SqlLedger):
    """The ledger as it is: what waits at the same time is recorded together."""

    store: ClassVar[type[Counting]] = Counting

    def some(self, limit: int) -> Sequence[Claim] | Later:
        """Claim so many letters."""
        return self.claim(worker=WorkerId("1"), rate=RATE, on_unknown=OnUnknown.HOLD, now=NOW, limit=limit)


class Alone(Together):
    """A ledger that records each letter in a commit of its own."""

    store = Apart

    def some(self, limit: int) -> Sequence[Claim] | Later:  # noqa: ARG002 - whoever else waits asks again
        """Claim one letter."""
        return super().some(1)

    def begin_data(self, claims: Sequence[Claim], *, now: datetime) -> Sequence[Claim]:
        """Mark one letter after another."""
        return [lost for claim in claims for lost in super(Alone, self).begin_data([claim], now=now)]

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[Claim]:
        """Record one outcome after another."""
        return [lost for outcome in outcomes for lost in super(Alone, self).settle([outcome])]


@dataclass(frozen=True, slots=True, order=True)
class Took:
    """The seconds and the commits that all the letters took, and the seconds of processor."""

    seconds: float
    commits: int
    processor: float


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
    """Deliver the letters in each way, and say how many a second, in how many commits, at what cost."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for connections in CONNECTIONS:
        best: dict[type[Together], Took] = {}
        # In turns, so that what else the machine does falls on both.
        for way in (Alone, Together) * ROUNDS:
            with TemporaryDirectory(dir=folder) as place:
                url = f"sqlite:///{place}/store.db"
                took = recorded(way, url, letters, connections, slower=slower / 1000)
            best[way] = min(best.get(way, took), took)
        for way, took in best.items():
            line = {
                "connections": connections,
                "commits": way.__name__.lower(),
                "letters": letters,
                "per_second": round(letters / took.seconds, 1),
                "commits_per_letter": round(took.commits / letters, 2),
                "processor_us_per_letter": round(took.processor / letters * 1e6),
                "times_alone": round(best[Alone].seconds / took.seconds, 2),
            }
            print(json.dumps(line), flush=True)


def recorded(way: type[Together], url: str, letters: int, connections: int, *, slower: float) -> Took:
    """Return what it takes until all are delivered."""
    with closing(open_store(url)) as store:
        ids = store.ledger.enrol([f"reader{number}@example.org" for number in range(letters)], now=NOW)
        store.ledger.plan([_plan(address, reader) for address, reader in ids.items()], now=NOW)
    with closing(way.store(make_url(url), slower=slower)) as database:
        started, processor = time.perf_counter(), time.process_time()
        asyncio.run(_deliver(way(database), connections))
        return Took(time.perf_counter() - started, database.commits, time.process_time() - processor)


async def _deliver(ledger: Together, connections: int) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(connections))
    route = Route(
        relay=Yes(),
        name=RATE.relay,
        connections=connections,
        return_path=lambda _: "papers@example.org",
        refused=lambda *_: None,
    )
    await deliver(ledger, route, ledger.some, now=lambda: NOW, stop=asyncio.Event())


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
