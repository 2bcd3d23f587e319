"""Who delivers: a worker that others see alive, and whose work they take over when it is not."""

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

import structlog

from paperround.ports import Dispatch, StoreError, WorkerId

# A relay may take ten minutes for its last word, and a worker who waits for it is not to be given up.
LEASE = timedelta(minutes=15)
BEAT = timedelta(minutes=1)
HUNG = 24  # leases, after which a process that is alive and silent is given up

log = structlog.get_logger()


class Shift:
    """The time for which one worker delivers; `worker` is the name under which it takes letters."""

    def __init__(self, dispatch: Dispatch, folder: Path, *, lease: timedelta = LEASE) -> None:
        self.worker = WorkerId(secrets.token_hex(8))
        self._dispatch, self._folder, self._lease = dispatch, folder, lease

    def take_over(self, *, now: datetime) -> int:
        """Take back what workers left that have died, and return how many letters that were.

        One on this machine is known to be dead by its lock, at once, and to live as long as it holds
        that; any other by its silence.
        """
        gone = [
            worker
            for worker, seen_at in self._dispatch.workers().items()
            if worker != self.worker and self._is_gone(worker, silent_for=now - seen_at)
        ]
        recovered = self._dispatch.recover(gone, now=now)
        for worker in gone:
            if lock_of(self._folder / worker) is Lock.FREE:
                (self._folder / worker).unlink(missing_ok=True)
        return recovered

    def _is_gone(self, worker: WorkerId, *, silent_for: timedelta) -> bool:
        match lock_of(self._folder / worker):
            case Lock.FREE:
                return True
            case Lock.HELD:
                # It lives, whatever a clock says that jumped or slept; but nobody hangs for so long.
                return silent_for > HUNG * self._lease
            case Lock.ELSEWHERE:
                return silent_for > self._lease


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


class Lock(Enum):
    """What the file of a worker tells."""

    HELD = "held"
    FREE = "free"  # the process that held it is dead
    ELSEWHERE = "elsewhere"  # there is none here, or it is not for us to see


def lock_of(path: Path) -> Lock:
    """Return what the file of a worker tells of them."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return Lock.ELSEWHERE
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.HELD
    finally:
        os.close(descriptor)
    return Lock.FREE


def _locked(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        mend = "whoever delivers needs to write there, and there must be room"
        raise StoreError(f"{path.parent}: cannot be written: {error.strerror}; {mend}") from error
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
