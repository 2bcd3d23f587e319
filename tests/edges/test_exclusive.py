"""One process at a time."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from paperround.exclusive import Busy, exclusive

HOLD = """
import asyncio, sys
from pathlib import Path
from paperround.exclusive import exclusive

async def hold():
    async with exclusive(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


async def take(path: Path, patience: timedelta = timedelta(seconds=30)) -> None:
    async with exclusive(path, patience=patience):
        pass


def test_a_lock_that_is_free_is_taken_and_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        asyncio.run(take(tmp_path / "new" / "lock"))
    assert (tmp_path / "new" / "lock").read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_whoever_waits_too_long_is_told_who_holds_it(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")
    with pytest.raises(Busy, match=str(process.pid)):
        asyncio.run(take(tmp_path / "lock", timedelta(0)))
    process.kill()
    process.wait()


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")
    process.send_signal(signal.SIGKILL)
    process.wait()
    asyncio.run(take(tmp_path / "lock", timedelta(0)))


def test_the_second_of_two_in_one_process_waits_for_the_first(tmp_path: Path) -> None:
    order = []

    async def work(name: str) -> None:
        async with exclusive(tmp_path / "lock"):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    async def both() -> None:
        await asyncio.gather(work("one"), work("two"))

    asyncio.run(both())
    assert order == ["one begins", "one ends", "two begins", "two ends"]


def test_whoever_waits_can_be_stopped(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")

    async def wait() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, stop.set)
        async with exclusive(tmp_path / "lock", stop=stop):
            raise AssertionError("nobody gave the lock back")

    with pytest.raises(Busy, match="stopped by request"):
        asyncio.run(wait())
    process.kill()
    process.wait()
