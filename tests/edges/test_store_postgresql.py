"""A store on a server: what is told when it cannot be used, and what comes through when it goes away."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from tests.fakes.plans import NOW, TUESDAY, letter
from tests.fakes.postgresql import Server

from paperround.ports import Status, StoreError
from paperround.preferences import PauseChange
from paperround.store import Store, open_store
from paperround.store.moving import move
from paperround.store.tables import metadata
from paperround.subscribers import Pause


@pytest.fixture
def url(postgresql: Server) -> str:
    return postgresql.database("edges")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as opened:
        yield opened


def test_the_migrations_lead_to_the_tables_that_the_program_uses(store: Store) -> None:
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_programs_that_open_an_empty_database_at_once_make_its_tables_once(url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(open_store, [url] * 8))
    for each in stores:
        assert each.outdated() == ""
        each.close()


def test_another_programs_database_is_refused(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bookmarks (url TEXT)"))
    engine.dispose()
    with pytest.raises(StoreError, match="edges: another program's tables are in it"):
        open_store(url)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("postgresql://paperround:secret@127.0.0.1:1/edges", "127.0.0.1/edges: the server does not answer"),
        ("postgresql://paperround:secret@/nowhere?host={host}", "local/nowhere: there is no such database"),
        ("postgresql://eve:secret@/edges?host={host}", "local/edges: the server refuses us"),
        ("postgresql://paperround:secret@/?host={host}", "store: a database is needed"),
    ],
)
def test_what_cannot_be_used_is_told_without_the_password(
    postgresql: Server, url: str, wrong: str, told: str
) -> None:
    del url
    with pytest.raises(StoreError) as refusal:
        open_store(wrong.format(host=postgresql.folder))
    assert str(refusal.value).startswith(told)
    assert "secret" not in str(refusal.value)


def test_a_lock_that_another_keeps_is_told_of(url: str, store: Store) -> None:
    with (
        closing(open_store(url, patience=timedelta(seconds=0.2))) as other,
        store.database.writing(),
        pytest.raises(StoreError, match="another program keeps the store locked"),
    ):
        other.ledger.enrol(["ada@example.org"], now=NOW)


def test_a_server_that_was_started_anew_is_found_again() -> None:
    from tests.fakes.postgresql import server  # noqa: PLC0415 - one of its own, which it stops

    with server() as own, closing(open_store(own.database("edges"))) as store:
        (ada,) = store.ledger.enrol(["ada@example.org"], now=NOW).values()
        secret = store.ledger.secret()
        own.stop()
        with pytest.raises(StoreError, match="local/edges: "):
            store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
        assert store.ledger.secret() == secret  # so that a service can take up another config meanwhile
        own.start()
        assert store.ledger.plan([letter(ada, TUESDAY)], now=NOW) == 1


def test_threads_share_commits_and_each_gets_its_own(store: Store) -> None:
    readers = [f"reader{number}@example.org" for number in range(64)]
    together = threading.Barrier(16)

    def enrol(address: str) -> int:
        if address in readers[:16]:
            together.wait()
        return store.ledger.enrol([address], now=NOW)[address]

    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(enrol, readers))
    assert len(set(ids)) == len(readers)


def test_a_store_moves_to_a_server_with_all_that_is_in_it(tmp_path: Path, store: Store) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as old:
        ada, eve = old.ledger.enrol(["ada@example.org", "eve@example.org"], now=NOW).values()
        old.ledger.plan([letter(ada, TUESDAY), letter(eve, TUESDAY)], now=NOW)
        old.ledger.suppress(eve, "unsubscribed", now=NOW)
        old.preferences.change(ada, PauseChange(pause=Pause()), now=NOW)
        secret = old.ledger.secret()

        copied = move(old.database, store.database)

        assert (copied["deliveries"], copied["subscribers"]) == (2, 2)
        assert store.ledger.rows() == old.ledger.rows()
        assert store.ledger.suppressions() == old.ledger.suppressions()
        assert store.preferences.overlays() == old.preferences.overlays()
        assert store.ledger.secret() == secret  # so that the links in mails go on working
        with pytest.raises(StoreError, match="local/edges: holds something already"):
            move(old.database, store.database)
    new = store.ledger.enrol(["grace@example.org"], now=NOW)["grace@example.org"]
    assert new not in (ada, eve)
    assert store.ledger.plan([letter(new, TUESDAY)], now=NOW) == 1
    assert len({row.id for row in store.ledger.rows(status=Status.PLANNED)}) == len(store.ledger.rows())


def test_a_store_moves_back_into_a_file(tmp_path: Path, store: Store) -> None:
    (ada,) = store.ledger.enrol(["ada@example.org"], now=NOW).values()
    store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as file:
        move(store.database, file.database)
        assert file.ledger.rows() == store.ledger.rows()


def test_a_server_s_backup_is_the_server_s_business(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match="a server makes its backups by itself"):
        store.backup(tmp_path / "backup.db")
    assert store.contents().size > 0
