"""A delivery while its store gives way: what cannot be recorded is not sent, and the rest comes later."""

import asyncio
import random
import resource
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.fakes.plans import NOW, TUESDAY, claim, letter
from tests.fakes.posting import Order, desk
from tests.fakes.unreliable_relay import UnreliableRelay

from paperround.pipeline import post
from paperround.ports import DeliveryRecord, Status, StoreError
from paperround.store import open_store
from paperround.store.ledger import SqlLedger

READERS = tuple(f"reader{number}@example.org" for number in range(24))


@dataclass
class Disk:
    """The store's file, and whether SQLite may write."""

    store: Path
    sealed: bool = False


@contextmanager
def locked(disk: Disk) -> Iterator[None]:
    """Another program writes, and does not end."""
    with closing(sqlite3.connect(disk.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def unwritable(disk: Disk) -> Iterator[None]:
    """No file may become larger than the log of the store is now: the system fails every write beyond."""
    log = Path(f"{disk.store}-wal").stat().st_size
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))


@contextmanager
def full(disk: Disk) -> Iterator[None]:
    """Something else takes all the room there is."""
    hog = disk.store.with_name("hog")
    with hog.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        hog.unlink()


@contextmanager
def read_only(disk: Disk) -> Iterator[None]:
    """SQLite is told to write no more; permissions alone do not stop whoever has the file open, nor root."""

    disk.sealed = True
    yield


FAULTS: dict[str, tuple[Callable[[Disk], AbstractContextManager[None]], str]] = {
    "locked": (locked, "another program keeps the store locked; end it"),
    "unwritable": (unwritable, "the disk cannot be read or written; check it"),
    "full": (full, "the disk is full; make room"),
    "read-only": (read_only, "the store cannot be written; check who owns the file"),
}


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if request.getfixturevalue("fault") != "full":
        yield tmp_path
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "paperround", str(tmp_path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk can be mounted here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("step", ["RCPT", "BODY"])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_relay_has_is_what_the_store_says_was_sent_or_is_in_doubt(
    folder: Path, fault: str, step: str, connections: int
) -> None:
    breaks, words = FAULTS[fault]
    store = folder / "store.db"
    messages = planned(store)

    async def body() -> None:
        async with UnreliableRelay(random.Random(0)) as relay:
            order = Order(store=store, readers=READERS, port=relay.port, connections=connections)
            with pytest.raises(StoreError, match=words):
                await delivered(order, relay, breaks, after=(step, 5))
            sent, doubtful = recorded(store)
            assert {each.recipient for each in relay.accepted} == sent | doubtful
            assert len(sent) >= 4 - connections
            assert len(sent | doubtful) < len(READERS)
            await delivered(order)
            assert recorded(store) == (set(READERS), set())
            assert Counter((each.recipient, each.message) for each in relay.accepted) == Counter(
                {(each, messages[each]): 1 + (each in doubtful) for each in READERS}
            )

    asyncio.run(body())


def planned(store: Path) -> dict[str, bytes]:
    """Enter a letter for each reader, and return them."""
    now = datetime.now(UTC)
    with closing(open_store(f"sqlite:///{store}")) as opened:
        ids = opened.ledger.enrol(READERS, now=now)
        plans = [
            letter(reader, TUESDAY, message=f"Message-ID: <{reader}@example.org>\r\n\r\nHello\r\n".encode())
            for reader in ids.values()
        ]
        opened.ledger.plan(plans, now=now)
    return {address: plan.message or b"" for address, plan in zip(ids, plans, strict=True)}


async def delivered(
    order: Order,
    relay: UnreliableRelay | None = None,
    breaks: Callable[[Disk], AbstractContextManager[None]] = lambda _: nullcontext(),
    *,
    after: tuple[str, int] = ("", 0),
) -> None:
    """Deliver what waits; the store breaks when the relay comes to a step for so manieth time."""
    with ExitStack() as broken:
        async with desk(order) as opened:
            assert isinstance(opened.ledger, SqlLedger)
            disk = Disk(order.store)

            def prepare(connection: sqlite3.Connection, *_: object) -> None:
                connection.execute("PRAGMA busy_timeout = 50")
                connection.execute(f"PRAGMA query_only = {disk.sealed:d}")

            event.listen(opened.ledger._database._engine, "checkout", prepare)

            if relay is not None:
                relay.when(*after, lambda: broken.enter_context(breaks(disk)))
            await post(opened, retry=True)


def recorded(store: Path) -> tuple[set[str], set[str]]:
    """Return to whom a letter was sent, and who may have theirs."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute(
            "SELECT address, status, data_begun_at FROM deliveries"
            " JOIN subscribers ON subscribers.id = subscriber"
        ).fetchall()
    sent = {address for address, status, _ in rows if status == "sent"}
    return sent, {address for address, status, begun in rows if status in ("sending", "unknown") and begun}


@dataclass(frozen=True)
class Left:
    """What the files of a store held when its program was killed, and its rows after each commit before."""

    file: bytes
    log: bytes
    states: list[tuple[DeliveryRecord, ...]]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    store = tmp_path_factory.mktemp("left") / "store.db"
    planned(store)  # and closed, so that all of it is in the file
    with closing(open_store(f"sqlite:///{store}")) as opened:
        states = [opened.ledger.rows()]
        while (taken := claim(opened.ledger, now=datetime.now(UTC))) is not None:
            states.append(opened.ledger.rows())
            opened.ledger.begin_data(taken, now=NOW)
            states.append(opened.ledger.rows())
            opened.ledger.settle(taken, Status.SENT, reply="250 ok", now=NOW)
            states.append(opened.ledger.rows())
        return Left(store.read_bytes(), Path(f"{store}-wal").read_bytes(), states)


def found(folder: Path, file: bytes, log: bytes) -> tuple[DeliveryRecord, ...]:
    """Return the rows of a store that is made of these bytes, or raise StoreError."""
    for old in folder.iterdir():
        old.unlink()
    (folder / "store.db").write_bytes(file)
    (folder / "store.db-wal").write_bytes(log)
    with closing(open_store(f"sqlite:///{folder}/store.db")) as opened:
        return opened.ledger.rows()


def test_a_log_that_is_cut_anywhere_leaves_the_store_as_it_was_after_some_commit(
    tmp_path: Path, left: Left
) -> None:
    cuts = [0, *sorted(random.sample(range(len(left.log)), 60)), len(left.log)]
    ages = [left.states.index(found(tmp_path, left.file, left.log[:cut])) for cut in cuts]
    assert ages == sorted(ages)
    assert (ages[0], ages[-1]) == (0, len(left.states) - 1)


def test_a_bit_that_flips_in_the_log_leaves_the_store_as_it_was_after_some_commit(
    tmp_path: Path, left: Left
) -> None:
    for _ in range(60):
        assert found(tmp_path, left.file, flipped(left.log)) in left.states


def flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)
