"""A service as it runs for people: a process, its config, its pages, and what it logs."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

SETTINGS = """\
from: Paper Round <papers@example.org>
sources: [{kind: file, path: papers.jsonl, name: Ours}]
catch_up: 2d
"""
READER = """\
  - {{email: {name}@example.org, keywords: [LoRA], days: daily, deliver_at: '00:00', timezone: UTC}}
"""


def set_up(folder: Path, *names: str, settings: str = "") -> None:
    """Write a config with these readers, and a paper of today for them."""
    (folder / "paperround.yaml").write_text(SETTINGS + settings)
    day = datetime.now(UTC).date().isoformat()
    paper = {"id": "1", "title": "LoRA at work", "url": "https://example.org/1", "published": day}
    (folder / "papers.jsonl").write_text(json.dumps({**paper, "abstract": "LoRA.", "authors": []}))
    write_readers(folder, *names)


def write_readers(folder: Path, *names: str, more: str = "") -> None:
    """Let these be the readers, and `more` stand below them."""
    readers = "".join(READER.format(name=name) for name in names) or " []\n"
    (folder / "subscribers.yaml").write_text(f"subscribers:\n{readers}{more}")


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Service:
    """A service with the config of a folder; each of several has a `port` of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes]" = field(init=False)

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Start it, and go on when it is well; end it at the end, if it still runs."""
        command = [sys.executable, "-m", "paperround", "serve", "--config", str(self.folder)]
        environment = {**os.environ, "PAPERROUND_WEB_PORT": str(self.port)}
        with self._log.open("w") as errors:
            self.process = subprocess.Popen(command, cwd=self.folder, stderr=errors, env=environment)
        try:
            self.until(lambda: self.problems() == [])
            yield self
        finally:
            self.kill()

    def health(self) -> dict[str, Any] | None:
        """Return how it says it is, or None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return None

    def problems(self) -> list[str] | None:
        """Return what is wrong with it, or None while it does not answer."""
        health = self.health()
        return None if health is None else list(health["problems"])

    def leads(self) -> bool:
        """Return whether it does the work, and does not stand by."""
        health = self.health()
        return health is not None and not any("standing by" in note for note in health["notes"])

    def log(self) -> str:
        return self._log.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for line in self.log().splitlines() if (event := json.loads(line))["event"] == name]

    def mails(self) -> list[str]:
        """Return the names of those to whom a mail went, one for each mail."""
        files = (self.folder / "var" / "outbox").glob("*.eml")
        return sorted(found[0] for file in files if (found := re.search(r"\w+(?=@example)", file.name)))

    def until(self, happened: Callable[[], object]) -> None:
        """Return once that has happened; where the process ends before, or it takes too long, fail."""
        give_up = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < give_up, self.log()
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to end, and return how it did."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """End it as a power cut does, if it runs."""
        self.process.kill()
        self.process.wait()

    @property
    def _log(self) -> Path:
        return self.folder / f"log-{self.port}"
