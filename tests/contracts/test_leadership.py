"""What every kind of leadership promises to two who would lead."""

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.fakes.leadership import MemoryLeadership, Seat

from paperround.leadership import LockFile
from paperround.ports import Leadership, StoreError
from paperround.store import Store
from paperround.store.leadership import AdvisoryLock
from paperround.store.postgresql import PostgresqlDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """Two who would lead; `rob` takes the lead away from whoever has it, behind their back."""

    one: Leadership
    two: Leadership
    rob: Callable[[], object]


@pytest.fixture(params=["memory", "file", "postgresql"])
def rivals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rivals]:
    if request.param == "memory":
        seat = Seat()
        one, two = MemoryLeadership(seat, "one"), MemoryLeadership(seat, "two")
        yield Rivals(one=one, two=two, rob=lambda: setattr(seat, "holder", None))
        return
    if request.param == "postgresql":
        yield from _rivals_on_a_server(request.getfixturevalue("on_a_server"))
        return
    path = tmp_path / "store.db.leader"
    files = LockFile(path), LockFile(path)
    yield Rivals(one=files[0], two=files[1], rob=path.unlink)
    for each in files:
        each.close()


def _rivals_on_a_server(store: Store) -> Iterator[Rivals]:
    assert isinstance(store.database, PostgresqlDatabase)
    locks = AdvisoryLock(store.database), AdvisoryLock(store.database)

    def rob() -> None:
        held = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        with store.database.outside_transactions() as connection:
            connection.execute(text(held))

    yield Rivals(one=locks[0], two=locks[1], rob=rob)
    for each in locks:
        each.close()


def test_one_of_two_leads_however_often_they_ask(rivals: Rivals) -> None:
    for _ in range(2):
        assert rivals.one.take()
        assert not rivals.two.take()


def test_who_leads_is_told_to_both(rivals: Rivals) -> None:
    assert rivals.two.holder() == ""
    rivals.one.take()
    rivals.two.take()
    assert rivals.one.holder() == rivals.two.holder() != ""


def test_what_is_given_up_is_there_for_the_other(rivals: Rivals) -> None:
    rivals.one.take()
    rivals.one.close()
    assert rivals.two.take()
    assert not rivals.one.take()


def test_giving_up_what_one_does_not_have_takes_nothing_from_who_has_it(rivals: Rivals) -> None:
    rivals.one.take()
    rivals.two.close()
    assert rivals.one.take()
    assert not rivals.two.take()


def test_who_was_robbed_of_it_finds_out_before_the_next_piece_of_work(rivals: Rivals) -> None:
    rivals.one.take()
    rivals.rob()
    assert rivals.two.take()
    assert not rivals.one.take()
    rivals.one.close()
    assert rivals.two.take()


def test_who_was_robbed_of_it_has_it_back_where_nobody_else_took_it(rivals: Rivals) -> None:
    rivals.one.take()
    rivals.rob()
    assert rivals.one.take()
    assert not rivals.two.take()


def test_a_lock_that_cannot_be_made_is_told_of_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone/store\.db\.leader: cannot be locked: No such file"):
        LockFile(tmp_path / "gone" / "store.db.leader").take()


def test_a_file_that_names_nobody_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "store.db.leader"
    path.write_bytes(b"\xff\n")
    leadership = LockFile(path)
    assert leadership.holder() == ""
    assert leadership.take()
    assert leadership.holder().startswith("process ")
    leadership.close()


def test_a_process_that_is_killed_leaves_it_to_others(tmp_path: Path) -> None:
    path = tmp_path / "store.db.leader"
    context = multiprocessing.get_context("forkserver")
    taken = context.Event()
    process = context.Process(target=_take_for_ever, args=(path, taken))
    process.start()
    assert taken.wait(60)
    leadership = LockFile(path)
    assert not leadership.take()
    assert leadership.holder().startswith(f"process {process.pid} on ")
    process.kill()
    process.join()
    assert leadership.take()
    leadership.close()


def _take_for_ever(path: Path, taken: "multiprocessing.synchronize.Event") -> None:
    leadership = LockFile(path)
    if leadership.take():
        taken.set()
        multiprocessing.get_context("forkserver").Event().wait()
