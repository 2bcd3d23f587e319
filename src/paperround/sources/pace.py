"""How often a host is asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path


class Pace:
    """Turns at a host that takes one request at a time, and the next only after an interval.

    The time of the file `stamp` is when the last turn ended, so that the interval is kept from one
    process to the next.
    """

    def __init__(
        self,
        interval: timedelta,
        *,
        stamp: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = interval.total_seconds()
        self._stamp = stamp
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._next = float("-inf")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for as long as the block runs."""
        async with self._lock:
            if (wait := max(self._next - self._clock(), self._left())) > 0:
                await self._sleep(wait)
            try:
                yield
            finally:
                # From the end: requests that left three seconds apart may arrive closer together.
                self._next = self._clock() + self._interval
                if self._stamp is not None:
                    with suppress(OSError):  # the stamp is a courtesy, and no reason to fail
                        self._stamp.touch()

    def _left(self) -> float:
        """Return how many seconds are left of the interval after a turn of another process."""
        if self._stamp is None or not self._stamp.exists():
            return 0.0
        passed = time.time() - self._stamp.stat().st_mtime
        return self._interval - passed if passed >= 0 else 0.0  # the clock may have been put back
