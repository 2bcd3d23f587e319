"""The leadership as a lock on a file, which the system gives back however a process ends (flock(2))."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from paperround.ports import StoreError


class LockFile:
    """The leadership among the processes of this machine; the file names the one that has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take it where it is free, and return whether this process has it now; raise StoreError."""
        try:
            if self._descriptor is not None:
                if self._is_there(self._descriptor):
                    return True
                self.close()  # somebody removed the file, and another process may have made a new one
            self._descriptor = self._locked()
        except OSError as error:
            mend = "the service needs to write there, to tell which one of several leads"
            raise StoreError(f"{self._path}: cannot be locked: {error.strerror}; {mend}") from error
        return self._descriptor is not None

    def holder(self) -> str:
        """Return who has it, in words for people; nothing where nobody says."""
        try:
            return self._path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def close(self) -> None:
        """Give it up, if this process has it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _locked(self) -> int | None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = self._is_there(descriptor)  # and not one that was removed before it was locked
        except BlockingIOError:
            ours = False
        except OSError:
            os.close(descriptor)
            raise
        if not ours:
            os.close(descriptor)
            return None
        _sign(descriptor)
        return descriptor

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False


def _sign(descriptor: int) -> None:
    with suppress(OSError):  # the lock counts, also on a disk that is full
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
