import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Barrier, Event
from time import sleep

from sqlalchemy import Connection, event
from tests.fakes.plans import NOW, RATE, TUESDAY, WORKER, letter
from tests.fakes.posting import Order, desk

from paperround.delivering import Route, deliver
from paperround.ports import Claim, OnUnknown, Status, StoreError, SubscriberId
from paperround.rates import Later
from paperround.store import Store, open_store
from paperround.store.engine import Database

PREAMBLE = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from sqlalchemy import event
from paperround.ports import OnUnknown, Outcome, Status, WorkerId
from paperround.rates import Rate
from paperround.store import open_store

NOW = datetime.now(UTC)
store = open_store(sys.argv[1])
ledger = store.ledger

def claim():
    me, rate = WorkerId(str(os.getpid())), Rate(relay="smtp.example.org:587")
    taken = ledger.claim(worker=me, rate=rate, on_unknown=OnUnknown.HOLD, now=NOW)
    return taken[0] if taken else None
"""

CLAIM_ALL = """
# That it survives a power cut is not in question here, and takes time.
event.listen(store.database._engine, "checkout", lambda c, *_: c.execute("PRAGMA synchronous = OFF"))

def claim_all(_):
    found = []
    while (taken := claim()) is not None:
        found.append(taken.id)
    return found

with ThreadPoolExecutor(2) as threads:
    for found in threads.map(claim_all, range(2)):
        print(*found, sep="\\n")
"""

AGREE = """
print(ledger.secret().hex())
"""

SEND_ALL = """
while (taken := claim()) is not None:
    ledger.begin_data([taken], now=NOW)
    ledger.settle([Outcome(claim=taken, status=Status.SENT, reply="250", at=NOW)])
    print(taken.id, flush=True)
"""


def test_processes_that_start_together_make_one_store(url: str) -> None:
    processes = [start(AGREE, url) for _ in range(3)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(said)) == 1


def test_two_processes_with_two_threads_claim_each_delivery_once(store: Store, url: str) -> None:
    plan_letters(store, 500)
    processes = [start(CLAIM_ALL, url) for _ in range(2)]
    claimed = [int(line) for process in processes for line in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(claimed) == [row.id for row in sorted(store.ledger.rows(), key=lambda row: row.id)]
    assert {row.status for row in store.ledger.rows(day=TUESDAY)} == {Status.SENDING}


def test_a_process_that_is_killed_leaves_nothing_half_done(store: Store, url: str) -> None:
    plan_letters(store, 200)
    with start(SEND_ALL, url) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(5)]
        process.kill()
        said += process.stdout.readlines()
    with closing(open_store(url)) as again:
        sent = {row.id for row in again.ledger.rows(status=Status.SENT)}
        assert {int(line) for line in said if line.endswith("\n")} <= sent
        assert len(sent) < 200
        assert again.ledger.recover(again.ledger.workers(), now=NOW) <= 1
        statuses = [row.status for row in again.ledger.rows(day=TUESDAY)]
        assert set(statuses) <= {Status.SENT, Status.PLANNED, Status.UNKNOWN}
        assert len(statuses) == 200


def test_threads_that_write_at_the_same_time_share_a_commit(store: Store) -> None:
    ids = plan_letters(store, 8)
    commits: list[Connection] = []
    event.listen(store.database._engine, "commit", commits.append)
    together(store, [partial(store.ledger.suppress, each, "bounced", now=NOW) for each in ids])
    assert len(commits) == 2  # of the write that they waited for, and theirs
    assert set(store.ledger.suppressions()) == set(ids)


def test_whoever_is_recorded_is_not_kept_by_the_commit_after_theirs(store: Store) -> None:
    with ThreadPoolExecutor(9) as threads, under_way(store, threads) as first_may_end:
        next_waits = Event()
        recorded = [threads.submit(store.database.write, lambda _: next_waits.wait(10)) for _ in range(8)]
        until_they_wait(store, 8)
        first_may_end.set()
        until_they_wait(store, 0)
        told = threads.submit(store.database.write, lambda _: [each.result(5) for each in recorded])
        until_they_wait(store, 1)
        next_waits.set()
        assert told.result(10) == [True] * 8


class FourAtOnce:
    """A relay that has four letters marked at the same time, while another program writes.

    So one of them may wait for that program, and the others for that one.
    """

    def __init__(self, database: Database) -> None:
        self.commits = 0  # with which the four were marked
        self._alone = True
        self._four = asyncio.Barrier(4)
        self._database = database

    async def send(self, *, begin_data: Callable[[], Awaitable[None]], **_: object) -> str:
        if self._alone:  # as the first letter of a delivery is
            self._alone = False
            await begin_data()
            return "250 ok"
        place = await self._four.wait()
        program = sqlite3.connect(self._database.name, isolation_level=None)
        if place == 0:
            program.execute("BEGIN IMMEDIATE")
            event.listen(self._database._engine, "commit", self._count)
        await self._four.wait()
        marking = asyncio.ensure_future(begin_data())
        await self._four.wait()
        program.close()
        await marking
        await self._four.wait()
        if place == 0:
            event.remove(self._database._engine, "commit", self._count)
        await self._four.wait()
        return "250 ok"

    async def close(self) -> None:
        pass

    def _count(self, _: Connection) -> None:
        self.commits += 1


def test_letters_that_are_on_their_way_together_are_recorded_together(store: Store) -> None:
    plan_letters(store, 5)
    relay = FourAtOnce(store.database)

    route = Route(
        relay=relay,
        name=RATE.relay,
        connections=4,
        return_path=lambda _: "papers@example.org",
        refused=lambda *_: None,
    )

    def taking(limit: int) -> Sequence[Claim] | Later:
        return store.ledger.claim(worker=WORKER, rate=RATE, on_unknown=OnUnknown.HOLD, now=NOW, limit=limit)

    async def scenario() -> None:
        await deliver(store.ledger, route, taking, now=lambda: NOW, stop=asyncio.Event())

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert relay.commits <= 2
    assert {row.status for row in store.ledger.rows()} == {Status.SENT}


def test_as_many_letters_as_there_are_connections_can_wait_for_the_disk(tmp_path: Path) -> None:
    everybody = Barrier(40)

    async def scenario() -> None:
        async with desk(Order(store=tmp_path / "store.db", readers=(), port=0, connections=40)):
            await asyncio.gather(*(asyncio.to_thread(everybody.wait, 10) for _ in range(40)))

    asyncio.run(scenario())


def test_a_write_that_fails_spoils_none_beside_it(store: Store) -> None:
    ids = plan_letters(store, 2)
    nobody = SubscriberId(10**6)
    outcomes = together(
        store,
        [
            partial(store.ledger.suppress, ids[0], "bounced", now=NOW),
            partial(store.ledger.suppress, nobody, "bounced", now=NOW),
            partial(store.ledger.suppress, ids[1], "bounced", now=NOW),
        ],
    )
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, True, False]
    assert set(store.ledger.suppressions()) == set(ids)


def test_a_commit_that_fails_fails_for_all_who_share_it(store: Store) -> None:
    ids = plan_letters(store, 1)

    def spoil_the_commit(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql(
            "INSERT INTO suppressions VALUES (1000000, 'bounced', '', '2026-06-16 05:00:00.000000')"
        )

    suppress = partial(store.ledger.suppress, ids[0], "bounced", now=NOW)
    outcomes = together(store, [suppress, partial(store.database.write, spoil_the_commit)])
    assert [type(outcome) for outcome in outcomes] == [StoreError, StoreError]
    assert store.ledger.suppressions() == {}


def test_a_mistake_in_the_program_leaves_nobody_waiting(store: Store) -> None:
    def mistaken(_: Connection) -> None:
        raise ZeroDivisionError

    outcomes = together(store, [partial(store.database.write, mistaken)] * 3)
    assert {type(outcome) for outcome in outcomes} == {ZeroDivisionError, StoreError}
    assert store.ledger.suppressions() == {}


def test_threads_make_one_secret(url: str) -> None:
    with closing(open_store(url)) as store, ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: store.ledger.secret(), range(8)))) == 1


def start(script: str, url: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PREAMBLE + script, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def plan_letters(store: Store, count: int) -> list[SubscriberId]:
    ids = store.ledger.enrol([f"reader{number}@example.org" for number in range(count)], now=NOW)
    store.ledger.plan([letter(each, TUESDAY) for each in ids.values()], now=NOW)
    return list(ids.values())


def together(store: Store, writes: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Let writes of many threads wait for one that is under way, and return what each came to."""
    with ThreadPoolExecutor(len(writes) + 1) as threads, under_way(store, threads) as first_may_end:
        outcomes = [threads.submit(write) for write in writes]
        until_they_wait(store, len(writes))
        first_may_end.set()
        return [outcome.exception() for outcome in outcomes]


@contextmanager
def under_way(store: Store, threads: ThreadPoolExecutor) -> Iterator[Event]:
    """Begin a write that lasts until the event is set."""
    begun, may_end = Event(), Event()

    def write(_: Connection) -> None:
        begun.set()
        may_end.wait(10)

    threads.submit(store.database.write, write)
    assert begun.wait(10)
    yield may_end


def until_they_wait(store: Store, count: int) -> None:
    while len(store.database._waiting) != count:
        sleep(0.001)
