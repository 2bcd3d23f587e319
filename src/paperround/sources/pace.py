"""How often a host is asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta


class Pace:
    """Turns at a host that takes one request at a time, and the next only after an interval."""

    def __init__(
        self,
        interval: timedelta,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = interval.total_seconds()
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._next = float("-inf")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for as long as the block runs."""
        async with self._lock:
            if (wait := self._next - self._clock()) > 0:
                await self._sleep(wait)
            try:
                yield
            finally:
                # From the end: requests that left three seconds apart may arrive closer together.
                self._next = self._clock() + self._interval
