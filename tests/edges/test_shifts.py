"""Who is known to be alive: by a lock on this machine, by a heartbeat everywhere else."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.fakes.plans import LATER, NOW, SOON, TUESDAY, claim, claimed, letter, row, settle

from paperround.ports import Status, StoreError, SubscriberId, WorkerId
from paperround.shifts import HUNG, LEASE, Lock, Shift, lock_of, shift
from paperround.store import Store

DELIVERER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from paperround.ports import OnUnknown
from paperround.rates import Rate
from paperround.shifts import shift
from paperround.store import open_store

async def deliver():
    store, now = open_store(sys.argv[1]), lambda: datetime.now(UTC)
    async with shift(store.ledger, Path(sys.argv[2]), now=now) as duty:
        rate = Rate(relay="smtp.example.org:587")
        (taken,) = store.ledger.claim(worker=duty.worker, rate=rate, on_unknown=OnUnknown.HOLD, now=now())
        print(taken.id, flush=True)
        await asyncio.sleep(60)

asyncio.run(deliver())
"""


@pytest.fixture
def ada(store: Store) -> SubscriberId:
    ada = store.ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"]
    store.ledger.plan([letter(ada, TUESDAY)], now=NOW)
    return ada


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workers"


@pytest.fixture
def other(ada: SubscriberId, url: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process of this machine, which has a letter in hand."""
    command = [sys.executable, "-c", DELIVERER, url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == ada
        yield process
        process.kill()


def take_over(store: Store, folder: Path, *, now: datetime | None = None) -> int:
    return Shift(store.ledger, folder).take_over(now=now or datetime.now(UTC))


def test_what_a_process_has_in_hand_that_lives_is_left_to_it(
    store: Store, folder: Path, other: "subprocess.Popen[str]"
) -> None:
    assert take_over(store, folder) == 0
    assert row(store.ledger).status is Status.SENDING
    assert other.poll() is None


def test_what_a_killed_process_had_in_hand_is_taken_back_at_once(
    store: Store, folder: Path, other: "subprocess.Popen[str]"
) -> None:
    other.kill()
    other.wait()
    assert take_over(store, folder) == 1
    assert row(store.ledger).status is Status.PLANNED
    assert list(folder.iterdir()) == []
    assert store.ledger.workers() == {}


def test_a_process_that_lives_keeps_its_letters_though_clocks_jump_or_the_machine_slept(
    store: Store, folder: Path, other: "subprocess.Popen[str]"
) -> None:
    assert take_over(store, folder, now=datetime.now(UTC) + 2 * LEASE) == 0
    assert len(list(folder.iterdir())) == 1
    assert other.poll() is None


def test_a_process_that_hangs_for_hours_is_given_up_and_known_by_its_lock_all_the_same(
    store: Store, folder: Path, other: "subprocess.Popen[str]"
) -> None:
    assert take_over(store, folder, now=datetime.now(UTC) + (HUNG + 1) * LEASE) == 1
    assert row(store.ledger).status is Status.PLANNED
    assert len(list(folder.iterdir())) == 1
    assert other.poll() is None


def test_a_folder_that_cannot_be_written_is_told_of(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def scenario() -> None:
        async with shift(store.ledger, tmp_path / "file", now=lambda: NOW):
            pass

    with pytest.raises(StoreError, match="file: cannot be written"):
        asyncio.run(scenario())


def test_of_a_worker_elsewhere_only_its_silence_tells(store: Store, folder: Path, ada: SubscriberId) -> None:
    assert claim(store.ledger, worker=WorkerId("elsewhere")) is not None
    assert take_over(store, folder, now=NOW + LEASE) == 0
    store.ledger.beat(WorkerId("elsewhere"), now=SOON)
    assert take_over(store, folder, now=NOW + LEASE + timedelta(seconds=1)) == 0
    assert take_over(store, folder, now=LATER) == 1
    assert row(store.ledger).status is Status.PLANNED
    assert ada


def test_what_an_earlier_version_left_in_hand_is_nobodys(
    store: Store, folder: Path, ada: SubscriberId
) -> None:
    assert claim(store.ledger) is not None
    store.ledger.recover([], now=NOW)
    assert row(store.ledger).status is Status.SENDING
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET worker = NULL")
    assert take_over(store, folder) == 1
    assert ada


def test_a_worker_at_work_says_so_again_and_again(store: Store, folder: Path, ada: SubscriberId) -> None:
    times = [NOW + timedelta(minutes=minutes) for minutes in range(10_000)]

    async def scenario() -> None:
        now = iter(times).__next__
        async with shift(store.ledger, folder, now=now, beat=timedelta(milliseconds=5)) as duty:
            claim(store.ledger, worker=duty.worker)
            while (  # noqa: ASYNC110 - the store has no event to wait for
                store.ledger.workers()[duty.worker] < NOW + timedelta(minutes=3)
            ):
                await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert store.ledger.workers() == {}
    assert row(store.ledger).status is Status.PLANNED
    assert list(folder.iterdir()) == []
    assert ada


def test_whoever_cannot_sign_off_is_told_by_the_lock_that_is_free(
    store: Store, folder: Path, ada: SubscriberId
) -> None:
    class FullDisk:
        """A store of which nothing can be taken back any more."""

        def __getattr__(self, name: str) -> object:
            if name == "recover":
                raise StoreError("the disk is full")
            return getattr(store.ledger, name)

    async def scenario() -> WorkerId:
        async with shift(FullDisk(), folder, now=lambda: NOW) as duty:  # type: ignore[arg-type]
            claim(store.ledger, worker=duty.worker)
            assert lock_of(folder / duty.worker) is Lock.HELD
            return duty.worker

    worker = asyncio.run(scenario())
    assert lock_of(folder / worker) is Lock.FREE
    assert take_over(store, folder, now=NOW) == 1
    assert ada


def test_two_shifts_of_one_process_leave_each_other_alone(
    store: Store, folder: Path, ada: SubscriberId
) -> None:
    async def scenario() -> None:
        async with shift(store.ledger, folder, now=lambda: NOW) as first:
            taken = claimed(store.ledger, worker=first.worker)
            async with shift(store.ledger, folder, now=lambda: NOW) as second:
                assert second.take_over(now=NOW) == 0
            settle(store.ledger, taken, Status.SENT, reply="250", now=NOW)

    asyncio.run(scenario())
    assert row(store.ledger).status is Status.SENT
    assert ada
