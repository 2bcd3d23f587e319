import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, inspect, make_url

from paperround.ports import StoreError, SubscriberId
from paperround.store import Store, migrations, open_store
from paperround.store.migrations import migrate
from paperround.store.sqlite import SqliteDatabase
from paperround.store.tables import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{path}")) as opened:
        yield opened


def test_the_migrations_lead_to_the_tables_that_the_program_uses(store: Store) -> None:
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_migrations_lead_to_the_same_checks(store: Store) -> None:
    wanted = create_engine("sqlite://")
    metadata.create_all(wanted)
    with store.database.reading() as connection, wanted.connect() as other:
        assert checks(connection) == checks(other)
    wanted.dispose()


def test_a_store_of_the_first_revision_keeps_what_it_holds(path: Path) -> None:
    database = SqliteDatabase(make_url(f"sqlite:///{path}"), patience=timedelta(0))
    with closing(database), database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    change(path, "INSERT INTO subscribers VALUES (1, 'ada@example.org', 'ada@example.org', '2026-06-15')")
    change(
        path,
        "INSERT INTO deliveries VALUES (1, 1, '2026-06-15', 'sent', '', '<1@x>', 1, 0, NULL, NULL, '', "
        "'2026-06-15 06:00:00', '2026-06-15 06:00:00', '[]', 2, '{}', NULL)",
    )
    change(path, "INSERT INTO picks VALUES (1, 0, 'arxiv:a', 'for_you', 0.5, '2026-06-15', '[]', '[]')")
    change(
        path,
        "INSERT INTO papers VALUES ('arxiv:a', 'Robots', 'https://a.example', '2026-06-15', 'They plan.', "
        """'["Ada Lovelace"]', NULL, '[]', '["speech"]', 3, NULL, NULL, NULL, NULL)""",
    )
    change(path, "INSERT INTO batches VALUES ('HF', '2026-06-15', 'fresh', 1, 1, '', NULL, '2026-06-15')")
    change(path, "INSERT INTO listings VALUES ('HF', '2026-06-15', 'arxiv:a', '2026-06-15')")
    change(path, "INSERT INTO picks VALUES (1, 1, 'arxiv:b', 'more', 0.4, '2026-06-15', '[]', '[]')")
    with closing(open_store(f"sqlite:///{path}")) as store:
        (row,) = store.ledger.rows()
        (past,) = store.ledger.past([SubscriberId(1)], date(2026, 6, 16)).values()
        (found,) = store.library.holding(((("lovelac", "plan", "robot", "speech"),),), day=None, most=2)
    assert [(pick.paper, pick.version) for pick in row.picks] == [("arxiv:a", None)]
    assert [(line.paper, line.hindrance) for line in row.lines] == [("arxiv:b", None)]
    assert past.had == {"arxiv:a", "arxiv:b"}
    assert past.versions == {}
    assert row.remark == ""
    assert (found.paper.id, found.paper.authors) == ("arxiv:a", ("Ada Lovelace",))


def test_a_store_says_its_revision(store: Store, path: Path) -> None:
    with closing(open_store(f"sqlite:///{path}")) as again:
        assert again.revision == store.revision
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(store.revision,)]


def test_a_newer_store_is_refused_and_left_alone(store: Store, path: Path) -> None:
    store.close()
    change(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"store\.db: its tables \(revision 9999\) are newer"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    change(path, "CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"store\.db: another program's tables"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_migration_that_breaks_off_leaves_no_table(path: Path) -> None:
    database = SqliteDatabase(make_url(f"sqlite:///{path}"), patience=timedelta(0))
    event.listen(database._engine, "connect", lambda c, _: c.execute("PRAGMA max_page_count = 8"))
    with closing(database), pytest.raises(StoreError, match="the disk is full"):
        migrate(database)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    with closing(open_store(f"sqlite:///{path}")) as store:
        assert store.library.batches([]) == ()


def test_threads_that_start_together_make_one_store(path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(open_store, [f"sqlite:///{path}"] * 6))
    assert len({store.revision for store in stores}) == 1
    assert len({store.ledger.secret() for store in stores}) == 1
    for store in stores:
        store.close()


def test_threads_make_different_stores_side_by_side(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(open_store, [f"sqlite:///{tmp_path}/{number}.db" for number in range(6)]))
    assert [store.library.batches([]) for store in stores] == [()] * 6
    for store in stores:
        store.close()


def test_logging_stays_as_it_was(path: Path) -> None:
    before = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").disabled)
    with closing(open_store(f"sqlite:///{path}")):
        after = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").disabled)
    assert after == before


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def checks(connection: Connection) -> list[tuple[str, str, str]]:
    return sorted(
        (table, str(check["name"]), check["sqltext"])
        for table in metadata.tables
        for check in inspect(connection).get_check_constraints(table)
    )
