"""One process at a time: a lock on a file, which the system gives back when its holder dies."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import structlog

_POLL = 0.2  # seconds

log = structlog.get_logger()


class Busy(Exception):  # noqa: N818 - a state, not a mistake
    """Another process holds the lock and does not let go; the message says which."""


@asynccontextmanager
async def exclusive(
    path: Path, *, stop: asyncio.Event | None = None, patience: timedelta = timedelta(minutes=15)
) -> AsyncIterator[None]:
    """Hold the lock on the file for as long as the block runs, waiting for whoever holds it now.

    Raise Busy when that takes longer than `patience`, or when `stop` is set meanwhile. See flock(2):
    the lock goes with its process, however that ends, so nothing is left to be cleaned up.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _locked(descriptor, path, stop or asyncio.Event(), patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


async def _locked(descriptor: int, path: Path, stop: asyncio.Event, patience: timedelta) -> None:
    give_up = time.monotonic() + patience.total_seconds()
    waiting = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            if time.monotonic() > give_up:
                raise Busy(f"process {holder} has been delivering for too long; it holds {path}") from None
            if stop.is_set():
                raise Busy(f"stopped by request while process {holder} was delivering") from None
            if not waiting:
                log.warning("delivery.waiting", for_process=holder)
                waiting = True
            await asyncio.sleep(_POLL)
        else:
            return
