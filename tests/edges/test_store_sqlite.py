import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.fakes.plans import (
    LATER,
    MONDAY,
    NOW,
    TUESDAY,
    WORKER,
    begin_data,
    bring_to,
    claim,
    claimed,
    latest_claim,
    letter,
    pick,
    settle,
    silence,
)

from paperround.ports import Status, StoreError, SubscriberId
from paperround.preferences import PauseChange
from paperround.store import Store, open_store
from paperround.subscribers import Pause

IMPATIENT = timedelta(milliseconds=50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture(scope="module")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("new") / "store.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(path: Path, new_store: Path) -> Iterator[Store]:
    shutil.copy(new_store, path)
    with closing(open_store(f"sqlite:///{path}", patience=IMPATIENT)) as opened:
        yield opened


@pytest.fixture
def ada(store: Store) -> SubscriberId:
    return store.ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"]


@pytest.fixture
def elsewhere(path: Path, store: Store) -> Iterator[sqlite3.Connection]:
    """Another program that has the same file open."""
    assert store.revision
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        yield connection


def fill_the_disk(store: Store) -> None:
    """Let the file grow no further."""

    def no_more(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # SQLite makes it the present size

    event.listen(store.database._engine, "checkout", no_more)


def test_every_connection_is_durable_and_keeps_references(store: Store) -> None:
    asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 50}
    with store.database.reading() as one, store.database.reading() as other:
        for connection in (one, other):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}
            assert found == asked


def test_the_folder_is_made_and_the_file_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "a" / "100% b" / "store.db"
    with closing(open_store(f"sqlite:///{path}")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_kept_is_there_when_opened_again(path: Path) -> None:
    url = f"sqlite:///{path}"
    with closing(open_store(url)) as store:
        ids = store.ledger.enrol(["ada@example.org"], now=NOW)
        secret = store.ledger.secret()
    with closing(open_store(url)) as store:
        assert store.ledger.enrol(["ada@example.org"], now=LATER) == ids
        assert store.ledger.secret() == secret


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "sqlite:///var/paperround.db"),
        ("mysql://me:hush@db.example.org/papers", "mysql is not supported"),
        ("sqlite://", "a file is needed"),
        ("sqlite:///:memory:", "a file is needed"),
        ("sqlite:///x.db?mode=ro", "no options"),
    ],
)
def test_an_address_that_is_no_file_is_refused(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as refusal:
        open_store(url)
    assert "hush" not in str(refusal.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StoreError, match=r"var/deep/store\.db: cannot be made"):
        open_store(f"sqlite:///{tmp_path}/var/deep/store.db")


def test_a_folder_in_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match=r"store\.db: the store cannot be opened"):
        open_store(f"sqlite:///{path}")


def test_another_kind_of_file_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"To whom it may concern. " * 100)
    with pytest.raises(StoreError, match=r"store\.db: this file is not a paperround store"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == b"To whom it may concern. " * 100


def test_a_damaged_page_is_found_at_the_start(path: Path) -> None:
    with closing(open_store(f"sqlite:///{path}")) as store:
        ids = store.ledger.enrol([f"reader{number}@example.org" for number in range(500)], now=NOW)
        assert len(ids) == 500
    damage(path, of="subscribers")
    with pytest.raises(StoreError, match=r"store\.db: the store is damaged; put the latest backup"):
        open_store(f"sqlite:///{path}")


def damage(path: Path, *, of: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (of,)).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


def test_a_page_damaged_while_in_use_is_reported(store: Store, ada: SubscriberId, path: Path) -> None:
    store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    store.close()  # the next connections read from the file
    damage(path, of="deliveries")
    with pytest.raises(StoreError, match="the store is damaged"):
        claim(store.ledger)


def test_nothing_is_entered_on_a_full_disk(store: Store, ada: SubscriberId) -> None:
    store.ledger.plan([letter(ada, MONDAY)], now=NOW)
    fill_the_disk(store)
    with pytest.raises(StoreError, match=r"store\.db: the disk is full"):
        store.ledger.plan([letter(ada, TUESDAY, message=os.urandom(100_000))], now=NOW)
    assert store.ledger.planned(TUESDAY) == frozenset()
    assert store.ledger.planned(MONDAY) == {ada}


WRITES: dict[str, Callable[[Store, SubscriberId], object]] = {
    "plan": lambda store, ada: store.ledger.plan([letter(ada, TUESDAY)], now=NOW),
    "claim": lambda store, _: claim(store.ledger),
    "begin_data": lambda store, _: begin_data(store.ledger, latest_claim(store.ledger), now=NOW),
    "settle": lambda store, _: settle(
        store.ledger, latest_claim(store.ledger), Status.SENT, reply="250", now=NOW
    ),
    "recover": lambda store, _: store.ledger.recover([WORKER], now=NOW),
    "suppress": lambda store, ada: store.ledger.suppress(ada, "unsubscribed", now=NOW),
    "choose": lambda store, ada: store.preferences.change(ada, PauseChange(pause=Pause()), now=NOW),
    "forget": lambda store, _: store.preferences.forget("ada@example.org"),
}


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_recorded_while_another_program_holds_the_lock(
    store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection, name: str
) -> None:
    bring_to(store.ledger, ada, Status.SENDING, day=MONDAY)
    before = store.ledger.rows()
    elsewhere.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"store\.db: another program keeps the store locked"):
        WRITES[name](store, ada)
    assert store.ledger.rows() == before
    elsewhere.execute("ROLLBACK")
    WRITES[name](store, ada)


def test_nobody_else_writes_between_looking_and_writing(store: Store, elsewhere: sqlite3.Connection) -> None:
    with store.database.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        elsewhere.execute("BEGIN IMMEDIATE")


def test_looking_needs_no_lock(
    store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection, path: Path
) -> None:
    store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    secret = store.ledger.secret()
    elsewhere.execute("BEGIN IMMEDIATE")
    assert store.ledger.secret() == secret
    assert store.ledger.enrol(["ada@example.org"], now=LATER) == {"ada@example.org": ada}
    assert store.ledger.planned(TUESDAY) == {ada}
    with closing(open_store(f"sqlite:///{path}", patience=IMPATIENT)) as second:
        assert second.ledger.planned(TUESDAY) == {ada}


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="timezone-aware"):
        store.ledger.enrol(["ada@example.org"], now=datetime(2026, 6, 16))  # noqa: DTZ001 - the mistake in question


def test_text_that_cannot_be_written_is_refused(store: Store, ada: SubscriberId) -> None:
    with pytest.raises(StoreError, match="cannot be kept"):
        store.ledger.suppress(ada, "half a character: \ud800", now=NOW)


SECOND_OF_THE_DAY = """
    INSERT INTO deliveries
    SELECT NULL, subscriber, day, status, reason, 'other', attempts, unknowns, data_begun_at,
    next_at, reply, planned_at, updated_at, batches, considered, rejected, message, remark, worker
    FROM deliveries
"""


@pytest.mark.parametrize(
    "change",
    [
        SECOND_OF_THE_DAY,
        "UPDATE deliveries SET status = 'lost'",
        "UPDATE deliveries SET message = NULL",
        "UPDATE deliveries SET status = 'sent'",
        "UPDATE deliveries SET message_id = NULL",
        "UPDATE deliveries SET status = 'deferred'",
        "UPDATE deliveries SET next_at = planned_at",
    ],
)
def test_the_tables_allow_no_impossible_delivery(
    store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection, change: str
) -> None:
    store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    with pytest.raises(sqlite3.IntegrityError):
        elsewhere.execute(change)


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.QUIET])
def test_the_bytes_are_kept_as_long_as_they_may_be_sent(
    store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection, status: Status
) -> None:
    bring_to(store.ledger, ada, status)
    (kept,) = elsewhere.execute("SELECT message IS NOT NULL FROM deliveries").fetchone()
    assert bool(kept) == (status in {Status.PLANNED, Status.SENDING, Status.DEFERRED, Status.UNKNOWN})


def test_moments_are_kept_in_utc(store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection) -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    store.ledger.plan([silence(ada, TUESDAY)], now=NOW.astimezone(kathmandu))
    assert elsewhere.execute("SELECT planned_at FROM deliveries").fetchone() == (
        "2026-06-16 05:00:00.000000",
    )


def test_reopening_takes_the_picks_along(
    store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection
) -> None:
    quiet = silence(ada, TUESDAY)
    store.ledger.plan([quiet], now=NOW)
    elsewhere.execute(
        "INSERT INTO picks VALUES (1, 0, 'arxiv:a', 'for_you', 1, '2026-06-16', '[]', '[]', NULL, NULL)"
    )
    store.ledger.reopen([ada], TUESDAY, [quiet.reason])
    assert elsewhere.execute("SELECT count(*) FROM picks").fetchone() == (0,)


def test_a_damaged_message_keeps_nobody_else_waiting(
    store: Store, ada: SubscriberId, elsewhere: sqlite3.Connection
) -> None:
    grace = store.ledger.enrol(["grace@example.org"], now=NOW)["grace@example.org"]
    store.ledger.plan([letter(ada, TUESDAY), letter(grace, TUESDAY)], now=NOW)
    elsewhere.execute("UPDATE deliveries SET message = x'00' WHERE subscriber = ?", (ada,))
    assert claimed(store.ledger).recipient == "grace@example.org"
    (row,) = store.ledger.rows(address="ada@example.org")
    assert (row.status, row.reason) == (Status.FAILED, "the stored letter is damaged")


def test_a_backup_is_a_store(store: Store, ada: SubscriberId, tmp_path: Path) -> None:
    store.ledger.plan([letter(ada, TUESDAY, picks=(pick("a"),))], now=NOW)
    secret = store.ledger.secret()
    store.backup(tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    with closing(open_store(f"sqlite:///{tmp_path}/copy.db")) as copy:
        assert copy.ledger.rows() == store.ledger.rows()
        assert copy.ledger.secret() == secret


def test_a_backup_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StoreError, match=r"copy\.db: is there already"):
        store.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_nothing_is_taken_to_be_sent_where_it_could_not_be_recorded(
    store: Store, ada: SubscriberId, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr("paperround.store.sqlite.LEAST_ROOM", 2**62)
        with pytest.raises(StoreError, match="the disk is full"):
            claim(store.ledger)
    assert claim(store.ledger) is not None
