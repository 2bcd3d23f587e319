"""A server of PostgreSQL's of our own, on a socket that nobody else knows."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_SERVICE_USER = "postgres"  # the server refuses to be run by root


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; its socket and its data are in the folder."""

    programs: Path
    folder: Path

    def database(self, name: str) -> str:
        """Make an empty database, in place of one of that name, and return its URL."""
        self.run("dropdb", "--if-exists", "--force", name)
        self.run("createdb", name)
        return f"postgresql://paperround@/{name}?host={self.folder}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs on this server, as its owner."""
        _run([self.programs / program, "--host", self.folder, "--username", "paperround", *arguments])

    def stop(self) -> None:
        """Stop the server as a machine stops that loses its power."""
        self._control("--mode", "immediate", "stop")

    def start(self) -> None:
        """Start the server."""
        # No file is safe from a power cut here, and waiting for the disk takes long.
        sockets = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        self._control("--options", f"{sockets} -c fsync=off -c max_connections=200", "start")

    def _control(self, *arguments: str) -> None:
        data, log = self.folder / "data", self.folder / "log"
        _run([self.programs / "pg_ctl", "--pgdata", data, "--wait", "--log", log, *arguments])


@contextmanager
def server() -> Iterator[Server]:
    """Run a server while the block runs; skip the test where none is installed."""
    programs = _programs()
    # Not in pytest's folders, which are for their owner alone and have names too long for a socket.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, _SERVICE_USER)
        made: list[Path | str] = [
            "--pgdata",
            folder / "data",
            "--username",
            "paperround",
            "--auth",
            "trust",
            "--no-sync",
        ]
        _run([programs / "initdb", "--encoding", "UTF8", *made])
        started = Server(programs, folder)
        started.start()
        try:
            yield started
        finally:
            started.stop()


def _programs() -> Path:
    """Return the folder of the server's programs, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    if os.environ.get("CI"):
        pytest.fail("not installed: postgresql")
    pytest.skip("not installed: postgresql")


def _run(command: Sequence[Path | str]) -> None:
    owner = ["setpriv", "--reuid", _SERVICE_USER, "--regid", _SERVICE_USER, "--clear-groups", "--"]
    subprocess.run(
        [*(owner if os.geteuid() == 0 else ()), *map(str, command)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        cwd="/",
    )
