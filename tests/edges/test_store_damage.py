"""A store whose files are damaged: it is as it was after some commit, or refuses to be used."""

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from tests.fakes.plans import NOW, begin_data, claim, settle
from tests.fakes.posting import Order, desk, enter
from tests.fakes.unreliable_relay import UnreliableRelay

from paperround.ports import DeliveryRecord, Status, StoreError
from paperround.posting import post
from paperround.store import open_store

MESSAGES = {f"reader{number}@example.org": b"Subject: %d\r\n\r\nHello\r\n" % number for number in range(12)}
PAGE = 4096  # as SQLite makes them
MENDS = ("put the latest backup in its place", "name another, or move it away")


@dataclass(frozen=True)
class Left:
    """What the files of a store held when its program was killed, and its rows after each commit before."""

    file: bytes
    log: bytes
    states: list[tuple[DeliveryRecord, ...]]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    store = tmp_path_factory.mktemp("left") / "store.db"
    enter(store, MESSAGES)  # and closed, so that all of it is in the file
    with closing(open_store(f"sqlite:///{store}")) as opened:
        states = [opened.ledger.rows()]
        while (taken := claim(opened.ledger, now=NOW)) is not None:
            states.append(opened.ledger.rows())
            begin_data(opened.ledger, taken, now=NOW)
            states.append(opened.ledger.rows())
            settle(opened.ledger, taken, Status.SENT, reply="250 ok", now=NOW)
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


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE deliveries SET planned_at = '2026-06-16 05:00;00.000000'",
        "UPDATE deliveries SET rejected = '['",
        "UPDATE deliveries SET message_id = CAST(x'ff' AS TEXT)",
        "ALTER TABLE deliveries RENAME COLUMN reason TO season",
    ],
)
def test_what_cannot_be_read_is_called_damaged(tmp_path: Path, damage: str) -> None:
    store = tmp_path / "store.db"
    enter(store, dict(islice(MESSAGES.items(), 1)))
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(damage)
    with closing(open_store(f"sqlite:///{store}")) as opened, pytest.raises(StoreError, match=MENDS[0]):
        opened.ledger.rows()


def overwritten(data: bytes) -> bytes:
    """Return the file of a store with noise in one of its pages."""
    start = random.randrange(len(data) // PAGE) * PAGE
    return data[:start] + os.urandom(PAGE) + data[start + PAGE :]


@pytest.mark.parametrize("harm", [flipped, overwritten])
def test_from_a_damaged_store_a_letter_goes_out_as_it_was_planned_or_not_at_all(
    tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    enter(tmp_path / "whole.db", MESSAGES)
    whole = (tmp_path / "whole.db").read_bytes()
    refused = 0
    for number in range(25):
        store = tmp_path / str(number) / "store.db"
        store.parent.mkdir()
        store.write_bytes(harm(whole))
        sent, error = asyncio.run(delivered(store))
        assert sent <= set(MESSAGES.values())
        if error is not None:
            refused += 1
            assert any(mend in str(error) for mend in MENDS)
    assert refused > 0 or harm is flipped


async def delivered(store: Path) -> tuple[set[bytes], StoreError | None]:
    async with UnreliableRelay(random.Random(0)) as relay:
        try:
            order = Order(store=store, readers=tuple(MESSAGES), port=relay.port, connections=2)
            async with desk(order) as opened:
                await post(opened, retry=True)
        except StoreError as error:
            return {each.message for each in relay.accepted}, error
        return {each.message for each in relay.accepted}, None
