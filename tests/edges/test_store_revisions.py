"""Every revision that a store may have had: with something in each table, it is brought up to date whole."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from paperround.ports import Cause, Status
from paperround.store import migrations, open_store
from paperround.store.sqlite import SqliteDatabase

Row = Mapping[str, object]

DAY, MOMENT = "2026-06-15", "2026-06-15 06:00:00.000000"
DELIVERY: Row = {
    "subscriber": 1,
    "reason": "",
    "attempts": 1,
    "unknowns": 0,
    "data_begun_at": None,
    "next_at": None,
    "reply": "250 ok",
    "planned_at": MOMENT,
    "updated_at": MOMENT,
    "batches": '[{"source": "arXiv", "day": "2026-06-15", "state": "fresh", "papers": 2}]',
    "considered": 2,
    "rejected": '{"too weak": 1}',
    "message": None,
    "remark": "",
    "worker": None,
}

WISH: Row = {"keywords": '["LoRA"]', "language": "en", "timezone": None, "deliver_at": "07:30:00.000000"}
MADE = {"words"}  # of what is in other tables
STEMS = {"a": " ann say titl ", "b": " ann b say titl "}

# A row or two of each table as it is now; an earlier revision is given those of its own tables and columns.
ROWS: Mapping[str, tuple[Row, ...]] = {
    "papers": tuple(
        {
            "id": f"arxiv:{name}",
            "title": f"Title “{name}”",
            "url": "https://example.org/a",
            "published": DAY,
            "abstract": "What it says.",
            "authors": '["Ann Other"]',
            "organization": None,
            "categories": '["cs.CL"]',
            "keywords": "[]",
            "votes": 2**40,
            "pdf_url": None,
            "code_url": None,
            "project_url": None,
            "image_url": "https://example.org/a.png",
        }
        for name in ("a", "b")
    ),
    "batches": (
        {
            "source": "arXiv",
            "day": DAY,
            "state": "fresh",
            "papers": 2,
            "new": 2,
            "reason": "",
            "etag": '"1"',
            "fetched_at": MOMENT,
        },
    ),
    "listings": ({"source": "arXiv", "day": DAY, "paper": "arxiv:a", "first_seen": MOMENT},),
    "revisions": ({"source": "arXiv", "day": DAY, "paper": "arxiv:b", "version": 2, "first_seen": MOMENT},),
    "subscribers": (
        {"id": 1, "address": "Ada@example.org", "folded": "ada@example.org", "enrolled_at": MOMENT},
        {"id": 5, "address": "eve@example.org", "folded": "eve@example.org", "enrolled_at": MOMENT},
    ),
    # What is said of a paper, in stems; made of the papers where there was no such table.
    "words": tuple({"paper": f"arxiv:{name}", "stems": STEMS[name]} for name in ("a", "b")),
    "requests": (
        {
            "id": 2**60,
            "address": "new@example.org",
            "folded": "new@example.org",
            **WISH,
            "asked_at": MOMENT,
            "attempts": 1,
            "next_at": None,
        },
    ),
    "askings": ({"id": 1, "address": b"hash", "network": b"hash", "asked_at": MOMENT},),
    "members": (
        {"id": 1, "subscriber": 5, **WISH, "asked_at": MOMENT, "confirmed_at": MOMENT, "network": b"hash"},
    ),
    "alarms": (
        {
            "id": 1,
            "condition": "disk_low",
            "subject": "store",
            "sentence": "the disk is nearly full",
            "raised_at": MOMENT,
            "ended_at": None,
            "told_at": None,
        },
    ),
    "suppressions": (
        {"subscriber": 5, "cause": "unsubscribed", "reason": "unsubscribed on 2026-06-15", "since": MOMENT},
    ),
    "preferences": (
        {
            "subscriber": 1,
            "paused": True,
            "paused_until": "2026-06-20",
            "cadence": "weekly",
            "days": "[0]",
            "changed_at": MOMENT,
            "deliver_at": None,
            "timezone": None,
            "max_papers": None,
            "topics": None,
        },
    ),
    "deliveries": (
        {**DELIVERY, "id": 1, "day": "2026-06-15", "status": "sent", "message_id": "<1@x>"},
        {
            **DELIVERY,
            "id": 2,
            "day": "2026-06-16",
            "status": "deferred",
            "message_id": "<2@x>",
            "message": b"x\x9cletter",
            "next_at": "2026-06-16 07:00:00.000000",
        },
        {**DELIVERY, "id": 3, "day": "2026-06-17", "status": "quiet", "message_id": None},
    ),
    "picks": tuple(
        {
            "delivery": 1,
            "position": position,
            "paper": paper,
            "section": section,
            "relevance": 0.5,
            "announced": DAY,
            "matched": "[]",
            "reasons": '["it holds LoRA"]',
            "version": None,
            "hindrance": None,
        }
        for position, (paper, section) in enumerate([("arxiv:a", "for_you"), ("arxiv:b", "more")])
    ),
    "workers": ({"id": "0a", "seen_at": MOMENT},),
    "relays": (
        {"name": "smtp:587", "next_turn": MOMENT, "paused_until": None, "reason": "slow", "pauses": 1},
    ),
    "handovers": ({"relay": "smtp:587", "minute": MOMENT, "messages": 3},),
    "rounds": ({"id": 1, "day": DAY, "begun_at": MOMENT, "ended_at": None, "missing": "[1]"},),
    "returns": (
        {
            "digest": b"\x00\xff",
            "subscriber": 1,
            "delivery": 1,
            "effect": "counted",
            "counts": 1,
            "reason": "full",
            "read_at": MOMENT,
        },
    ),
    "vectors": ({"model": "m", "text": b"\x01", "vector": b"\x02\x03"},),
    "settings": ({"name": "secret", "value": bytes(range(32))},),
}
ALEMBICS_OWN = {"alembic_version"}


def scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config


REVISIONS = [each.revision for each in ScriptDirectory.from_config(scripts()).walk_revisions()][::-1]


def of_revision(path: Path, revision: str) -> dict[str, list[Row]]:
    """Make a store of that revision with something in each table, and return what is in it."""
    database = SqliteDatabase(make_url(f"sqlite:///{path}"), patience=timedelta(0))
    config = scripts()
    with closing(database), database.writing() as upgraded:
        config.attributes["connection"] = upgraded
        command.upgrade(config, revision)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in tables(connection):
            for row in ROWS[table]:  # a new table gets its rows above
                known = {name: row[name] for name in columns(connection, table)}
                places = ", ".join("?" * len(known))
                insert = f"INSERT INTO {table} ({', '.join(known)}) VALUES ({places})"  # noqa: S608 - our names
                connection.execute(insert, tuple(known.values()))
        return contents(connection)


def tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [name for (name,) in found if name not in ALEMBICS_OWN and not name.startswith("sqlite_")]


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def contents(connection: sqlite3.Connection) -> dict[str, list[Row]]:
    return {
        table: [
            dict(zip(columns(connection, table), row, strict=True))
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608 - our names
        ]
        for table in tables(connection)
    }


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_store_of_any_revision_keeps_all_that_it_holds(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "store.db"
    before = of_revision(path, revision)
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection:
        after = contents(connection)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    assert after.keys() == ROWS.keys()
    for table, rows in after.items():
        expected = [dict(row) for row in ROWS[table]] if table in before or table in MADE else []
        assert rows == expected, table


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_store_of_any_revision_is_worked_with_as_before(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "store.db"
    of_revision(path, revision)
    with closing(open_store(f"sqlite:///{path}")) as store:
        assert {row.day.day: row.status for row in store.ledger.rows()} == {
            15: Status.SENT,
            16: Status.DEFERRED,
            17: Status.QUIET,
        }
        ids = store.ledger.enrol(
            ["ada@example.org", "eve@example.org"], now=store.ledger.rows()[0].planned_at
        )
        assert list(ids.values()) == [1, 5]
        assert store.ledger.suppressions()[ids["eve@example.org"]].cause is Cause.UNSUBSCRIBED
        past = store.ledger.past([ids["ada@example.org"]], date(2026, 6, 18))
        assert past[ids["ada@example.org"]].had == {"arxiv:a", "arxiv:b"}
        assert store.ledger.secret() == bytes(range(32))
