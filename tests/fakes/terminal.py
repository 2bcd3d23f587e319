"""A terminal that a program writes to."""

import os
import pty
import subprocess
from collections.abc import Sequence
from pathlib import Path


def said_on_a_terminal(
    command: Sequence[str], *, cwd: Path | None = None, columns: int = 80
) -> tuple[int, str]:
    """Return how the command ends, and what it writes to a terminal without colours."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "dumb", "NO_COLOR": "1"},
    ) as running:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
        code = running.wait()
    os.close(ours)
    return code, said.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux says that the other end was closed
        return b""
