"""The pace that is kept with a host from one process to the next."""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from paperround.sources.pace import Pace

INTERVAL = timedelta(seconds=3)


def waits(stamp: Path, *, turns: int = 1) -> list[float]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def go() -> None:
        pace = Pace(INTERVAL, stamp=stamp, clock=lambda: 0.0, sleep=sleep)
        for _ in range(turns):
            async with pace.turn():
                pass

    asyncio.run(go())
    return waited


def test_the_first_turn_of_all_waits_for_nobody_and_leaves_its_time(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert waits(stamp) == []
    assert stamp.exists()


def test_the_turn_of_another_process_is_waited_for(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    stamp.touch()
    (wait,) = waits(stamp)
    assert 0 < wait <= 3


@pytest.mark.parametrize("seconds", [-10, 3600])
def test_a_turn_long_ago_or_by_a_clock_since_put_back_is_not(tmp_path: Path, seconds: int) -> None:
    stamp = tmp_path / "stamp"
    stamp.touch()
    os.utime(stamp, (0, time.time() + seconds))
    assert waits(stamp) == []


def test_a_stamp_that_cannot_be_left_is_no_reason_to_fail(tmp_path: Path) -> None:
    assert waits(tmp_path / "no folder" / "stamp") == []
