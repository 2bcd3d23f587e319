"""The service while its config changes under it."""

import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.service import Service, set_up, write_readers

from paperround.following import changes
from paperround.settings import FeedSettings, Mailbox, RelaySettings, Settings
from paperround.subscribers import Subscriber


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    set_up(tmp_path, "ada")
    with Service(tmp_path).running() as service:
        yield service


def test_who_is_added_while_it_runs_gets_mail_and_nobody_gets_it_twice(service: Service) -> None:
    service.until(lambda: service.mails() == ["ada"])
    write_readers(service.folder, "ada", "grace")
    service.until(lambda: service.mails() == ["ada", "grace"])
    (event,) = service.events("config.changed")
    assert event["changes"] == "1 subscriber added"
    assert service.stop() == 0


def test_a_config_that_is_wrong_changes_nothing_and_is_told_of_until_it_is_mended(service: Service) -> None:
    write_readers(service.folder, "ada", more="  - {email: secret@example.org, keyword: [LoRA]}\n")
    service.until(service.problems)
    (problem,) = service.problems() or [""]
    assert re.search(r"subscribers\.yaml:3: subscribers\[1\]\.keyword: it cannot be used", problem)
    assert "stays in force" in problem
    assert "secret" not in service.log() + problem
    assert len(service.events("config.refused")) == 1
    write_readers(service.folder, "ada")
    service.until(lambda: service.problems() == [])
    assert service.events("config.changed") == []
    assert len(service.events("config.mended")) == 1
    assert service.stop() == 0


def test_a_signal_makes_it_read_again(service: Service) -> None:
    service.process.send_signal(signal.SIGHUP)
    write_readers(service.folder, "ada", "emmy")
    service.process.send_signal(signal.SIGHUP)
    service.until(lambda: "emmy" in service.mails())
    assert service.stop() == 0


def test_what_needs_a_restart_is_told_of_and_the_rest_is_taken(service: Service) -> None:
    config = service.folder / "paperround.yaml"
    config.write_text(config.read_text() + "web: {host: 127.0.0.2}\npostal_address: 1 Example Street\n")
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
