"""The service while its config changes under it."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from paperround.following import changes
from paperround.settings import FeedSettings, Mailbox, RelaySettings, Settings
from paperround.subscribers import Subscriber

SETTINGS = """\
from: Paper Round <papers@example.org>
store: sqlite:///{folder}/store.db
outbox: {folder}/outbox
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
catch_up: 2d
web: {{port: {port}}}
"""
READER = """\
  - {{email: {name}@example.org, keywords: [LoRA], days: daily, deliver_at: '00:00', timezone: UTC}}
"""


@dataclass
class Service:
    """A running service, its config, and what it logs."""

    folder: Path
    port: int
    log: list[dict[str, Any]] = field(default_factory=list)

    def write(self, *names: str, more: str = "") -> None:
        readers = "".join(READER.format(name=name) for name in names)
        (self.folder / "subscribers.yaml").write_text(f"subscribers:\n{readers}{more}")

    def start(self) -> None:
        command = [sys.executable, "-m", "paperround", "serve", "--config", str(self.folder)]
        self.errors = (self.folder / "log").open("w+")
        self.process = subprocess.Popen(command, cwd=self.folder, stderr=self.errors)
        self.until(lambda: self.problems() == [])

    def problems(self) -> list[str] | None:
        """Return what is wrong with the service, or None while it does not answer."""
        url = f"http://127.0.0.1:{self.port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return list(json.load(answer)["problems"])
        except urllib.error.HTTPError as error:
            return list(json.load(error)["problems"])
        except OSError:
            return None

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["event"] == name]

    def got_mail(self) -> set[str]:
        files = (self.folder / "outbox").glob("*.eml")
        return {found[0] for file in files if (found := re.search(r"\w+(?=@example)", file.name))}

    def until(self, happened: Callable[[], object]) -> None:
        give_up = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < give_up, (self.folder / "log").read_text()
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.errors.close()
        return code


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "paperround.yaml").write_text(SETTINGS.format(folder=tmp_path, port=port))
    day = datetime.now(UTC).date().isoformat()
    paper = {"id": "1", "title": "LoRA at work", "url": "https://example.org/1", "published": day}
    (tmp_path / "papers.jsonl").write_text(json.dumps({**paper, "abstract": "LoRA.", "authors": []}))
    service = Service(tmp_path, port)
    service.write("ada")
    service.start()
    yield service
    if service.process.poll() is None:
        service.process.kill()
        service.process.wait()
        service.errors.close()


def test_who_is_added_while_it_runs_gets_mail_and_nobody_gets_it_twice(service: Service) -> None:
    service.until(lambda: service.got_mail() == {"ada"})
    service.write("ada", "grace")
    service.until(lambda: service.got_mail() == {"ada", "grace"})
    (event,) = service.events("config.changed")
    assert event["changes"] == "1 subscriber added"
    assert len(list((service.folder / "outbox").iterdir())) == 2
    assert service.stop() == 0


def test_a_config_that_is_wrong_changes_nothing_and_is_told_of_until_it_is_mended(service: Service) -> None:
    service.write("ada", more="  - {email: secret@example.org, keyword: [LoRA]}\n")
    service.until(service.problems)
    (problem,) = service.problems() or [""]
    assert re.search(r"subscribers\.yaml:3: subscribers\[1\]\.keyword: it cannot be used", problem)
    assert "stays in force" in problem
    assert "secret" not in (service.folder / "log").read_text() + problem
    assert len(service.events("config.refused")) == 1
    service.write("ada")
    service.until(lambda: service.problems() == [])
    assert service.events("config.changed") == []
    assert service.stop() == 0


def test_a_signal_makes_it_read_again(service: Service) -> None:
    service.process.send_signal(signal.SIGHUP)
    service.write("ada", "emmy")
    service.process.send_signal(signal.SIGHUP)
    service.until(lambda: "emmy" in service.got_mail())
    assert service.stop() == 0


def test_what_needs_a_restart_is_told_of_and_the_rest_is_taken(service: Service) -> None:
    text = (service.folder / "paperround.yaml").read_text()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        moved = text.replace(f"port: {service.port}", f"port: {other.getsockname()[1]}")
    (service.folder / "paperround.yaml").write_text(moved + "postal_address: 1 Example Street\n")
    service.until(lambda: service.events("config.changed"))
    assert service.events("config.changed")[0]["changes"] == "postal_address"
    assert [event["key"] for event in service.events("config.needs_restart")] == ["web"]
    service.until(lambda: service.problems() == [])
    assert service.stop() == 0


def test_what_changed_is_said_in_words_without_names() -> None:
    ada = Subscriber(
        address="ada@example.org", timezone=ZoneInfo("UTC"), deliver_at=clock_time(7, 30), name="Ada"
    )
    before = Settings(
        sender=Mailbox(name="", address="papers@example.org"),
        sources=(),
        subscribers=(ada, replace(ada, address="grace@example.org")),
        store="sqlite:///store.db",
        outbox=Path("outbox"),
    )
    after = replace(
        before,
        sender=Mailbox(name="Papers", address="papers@example.org"),
        sources=(FeedSettings(name="Feed", url="https://example.org/feed"),),
        relay=RelaySettings(host="smtp.example.org", port=587),
        subscribers=(replace(ada, address="Ada@example.org", max_papers=3), replace(ada, address="e@e.org")),
    )
    assert changes(before, after) == (
        "1 subscriber added, 1 subscriber removed, 1 subscriber changed, from, sources and relay"
    )
    assert changes(before, before) == ""
