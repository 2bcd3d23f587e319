"""A clock that is set back does not keep the service from its work."""

import asyncio
from datetime import UTC, datetime, timedelta

import time_machine
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from paperround.service import every, keep_time

SHORT = timedelta(milliseconds=50)


def now() -> datetime:
    return datetime.now(UTC)


def test_what_is_done_again_and_again_goes_on_after_the_clock_was_set_back() -> None:
    async def scenario() -> int:
        done = asyncio.Queue[datetime]()

        async def work() -> None:
            done.put_nowait(now())

        scheduler = AsyncIOScheduler()
        every(SHORT, work, scheduler, first=now())
        scheduler.start()
        punctual = asyncio.create_task(keep_time(scheduler, now=now, look=SHORT))
        first = await asyncio.wait_for(done.get(), 30)
        with time_machine.travel(first - timedelta(hours=3), tick=True):
            while not done.empty():
                done.get_nowait()
            times = [await asyncio.wait_for(done.get(), 30) for _ in range(3)]
            scheduler.shutdown()
        punctual.cancel()
        return sum(each < first for each in times)

    assert asyncio.run(scenario()) >= 2
