"""A delivery while its store gives way: what cannot be recorded is not sent, and the rest comes later."""

import asyncio
import json
import random
import resource
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.fakes.posting import Order, desk, enter
from tests.fakes.unreliable_relay import UnreliableRelay

from paperround.ports import StoreError
from paperround.posting import post
from paperround.store.ledger import SqlLedger

MESSAGES = {f"reader{number}@example.org": b"Subject: %d\r\n\r\nHello\r\n" % number for number in range(24)}
READERS = tuple(MESSAGES)


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
    enter(store, MESSAGES)

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
                {(each, MESSAGES[each]): 1 + (each in doubtful) for each in READERS}
            )

    asyncio.run(body())


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
            disk = Disk(Path(order.store))

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


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="files of another process cannot be limited here"
)
def test_send_says_what_to_do_about_the_disk_and_finishes_when_it_is_done(tmp_path: Path) -> None:
    async def body() -> None:
        async with UnreliableRelay(random.Random(0)) as relay:
            installed(tmp_path, relay.port)
            process, words = await sending(tmp_path), b""
            log = tmp_path / "store.db-wal"
            relay.when(
                "BODY",
                5,
                lambda: resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size,) * 2),
            )
            _, words = await process.communicate()
            assert process.returncode == 1
            assert "the disk cannot be read or written; check it and what is mounted there" in words.decode()
            sent, doubtful = recorded(tmp_path / "store.db")
            assert {each.recipient for each in relay.accepted} == sent | doubtful
            assert len(sent | doubtful) < len(READERS)

            process = await sending(tmp_path)
            await process.communicate()
            assert process.returncode == 0
            assert recorded(tmp_path / "store.db") == (set(READERS), set())

    asyncio.run(body())


def installed(folder: Path, port: int) -> None:
    """Write a config for the readers, and a list with a paper for all of them."""
    (folder / "paperround.yaml").write_text(
        "from: papers@example.org\n"
        f"store: sqlite:///{folder}/store.db\n"
        "sources: [{kind: file, path: papers.jsonl}]\n"
        f"relay: {{host: 127.0.0.1, port: {port}, tls: none}}\n"
    )
    lines = (f"  - {{email: {each}, keywords: [LoRA]}}\n" for each in READERS)
    (folder / "subscribers.yaml").write_text(f"subscribers:\n{''.join(lines)}")
    paper = {
        "id": "1",
        "title": "LoRA",
        "abstract": "",
        "authors": [],
        "url": "https://example.org/",
        "published": "2026-06-16",
    }
    (folder / "papers.jsonl").write_text(json.dumps(paper))


async def sending(folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "paperround",
        "send",
        "--date",
        "2026-06-16",
        "--config",
        str(folder),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
