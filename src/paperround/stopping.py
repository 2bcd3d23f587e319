"""Work that ends early where somebody asks to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - it was asked for
    """Somebody asked to stop while nothing was on its way that had to be finished."""


async def unless_stopped(
    work: Awaitable[T], stop: asyncio.Event, *, must_finish: Callable[[], bool] = lambda: False
) -> T:
    """Return what the work gives; where `stop` is set first, cancel it and raise Stopped.

    Work that by then `must_finish` is waited for all the same.
    """
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and not must_finish():
            raise Stopped("stopped by request; nothing is lost")
        return await working
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.wait({working, stopping})
