"""Who delivers: a worker that others see alive, and whose work they take over when it is not."""

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from paperround.ports import Dispatch, StoreError, WorkerId

# A relay may take ten minutes for its last word, and a worker who waits for it is not to be given up.
LEASE = timedelta(minutes=15)
BEAT = timedelta(minutes=1)

log = structlog.get_logger()


class Shift:
    """The time for which one worker delivers; `worker` is the name under which it takes letters."""

    def __init__(self, dispatch: Dispatch, folder: Path, *, lease: timedelta = LEASE) -> None:
        self.worker = WorkerId(secrets.token_hex(8))
        self._dispatch, self._folder, self._lease = dispatch, folder, lease

    def take_over(self, *, now: datetime) -> int:
        """Take back what workers left that have died, and return how many letters that were.

        One on this machine is known to be dead by its lock, at once; any other by its silence.
        """
        gone = [
            worker
            for worker, seen_at in self._dispatch.workers().items()
            if worker != self.worker and (now - seen_at > self._lease or is_free(self._folder / worker))
        ]
        recovered = self._dispatch.recover(gone, now=now)
        for worker in gone:
            (self._folder / worker).unlink(missing_ok=True)
        return recovered


@asynccontextmanager
async def shift(
    dispatch: Dispatch,
    folder: Path,
    *,
    now: Callable[[], datetime],
    lease: timedelta = LEASE,
    beat: timedelta = BEAT,
) -> AsyncIterator[Shift]:
    """Be a worker for as long as the block runs.

    A lock on a file of its own, which the system gives back however a process ends (flock(2)), tells
    the processes of this machine that it is alive; a heartbeat in the store tells the others.
    """
    duty = Shift(dispatch, folder, lease=lease)
    own = folder / duty.worker
    descriptor = _locked(own)
    beating = asyncio.create_task(_beat(dispatch, duty.worker, now=now, every=beat))
    try:
        yield duty
    finally:
        beating.cancel()
        await asyncio.wait({beating})
        try:
            # Nothing of it is at work any more, so what is left `sending` broke off.
            await asyncio.to_thread(dispatch.recover, [duty.worker], now=now())
            own.unlink(missing_ok=True)
        except StoreError as error:
            log.warning("worker.not_signed_off", reason=str(error))  # its free lock will tell
        os.close(descriptor)


def is_free(path: Path) -> bool:
    """Return whether the file is there, and the process that locked it is not."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False  # it is on another machine, and only its silence can tell
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _locked(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


async def _beat(
    dispatch: Dispatch, worker: WorkerId, *, now: Callable[[], datetime], every: timedelta
) -> None:
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            await asyncio.to_thread(dispatch.beat, worker, now=now())
        except StoreError as error:
            log.warning("worker.silent", reason=str(error))
