"""The commands as they are typed."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from paperround.cli import main

DAY = "2026-06-16"
SETTINGS = """\
from: Paper Round <papers@example.org>
store: sqlite:///{folder}/store.db
outbox: {folder}/outbox
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
"""
SUBSCRIBERS = """\
defaults: {timezone: Europe/London}
subscribers:
  - {email: ada@example.org, keywords: [LoRA], max_papers: 1}
  - {email: grace@example.org, keywords: [robots], exclude: [survey]}
"""
PAPERS = {
    "1": "LoRA at work",
    "2": "LoRA at rest",
    "3": "Robots: a survey",
    "4": "Something else",
}


@dataclass
class Shell:
    """A folder with a config in it, and what the last command said."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    out: str = ""
    err: str = ""

    def __call__(self, *arguments: str) -> int:
        self.monkeypatch.setattr(sys, "argv", ["paperround", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self.capture.readouterr()
        return int(ended.value.code or 0)

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the command answers
        self(*arguments, "--json")
        return json.loads(self.out)

    def write(self, name: str, text: str) -> None:
        (self.folder / "config" / name).write_text(text, encoding="utf-8")


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.write("paperround.yaml", SETTINGS.format(folder=tmp_path))
    shell.write("subscribers.yaml", SUBSCRIBERS)
    lines = [
        {
            "id": f"test:{number}",
            "title": title,
            "abstract": "",
            "authors": ["Ann Other"],
            "url": "https://example.org/",
            "published": DAY,
        }
        for number, title in PAPERS.items()
    ]
    shell.write("papers.jsonl", "\n".join(map(json.dumps, lines)))
    yield shell
    structlog.reset_defaults()  # the command logs to a stream that ends with the test


def test_the_demo_runs_again_and_again(shell: Shell) -> None:
    for _ in range(2):
        assert shell("demo") == 0
        assert shell.out.count(": sent, ") == 3
        assert "nothing was sent" in shell.out
        assert len(list((shell.folder / "var/demo/mail").glob("*.eml"))) == 3
    assert shell("why", "ada@example.org", "--config", "var/demo/config") == 0
    assert "LoRA" in shell.out or "fine-tuning" in shell.out


def test_the_demo_empties_no_folder_but_its_own(shell: Shell) -> None:
    assert shell("demo", "--folder", "config") == 2
    assert (shell.folder / "config/papers.jsonl").exists()


def test_a_new_installation_is_fine_as_it_is_and_nothing_is_overwritten(shell: Shell) -> None:
    assert shell("init", "--config", "fresh") == 0
    assert (shell.folder / ".env").stat().st_mode & 0o077 == 0
    assert shell("check", "--config", "fresh") == 0
    (shell.folder / "fresh/subscribers.yaml").write_text("mine", encoding="utf-8")
    assert shell("init", "--config", "fresh") == 0
    assert (shell.folder / "fresh/subscribers.yaml").read_text(encoding="utf-8") == "mine"


def test_check_names_every_problem_with_its_file_and_line(shell: Shell) -> None:
    shell.write("paperround.yaml", "from: nobody\nsorces: []\n")
    shell.write("subscribers.yaml", "subscribers:\n  - {email: ada@example.org, keywords: [1e3]}\n")
    assert shell("check") == 2
    assert "paperround.yaml:1: from" in shell.err
    assert 'paperround.yaml:2: sorces: unknown key, did you mean "sources"' in shell.err
    assert "subscribers.yaml:2: " in shell.err


def test_a_round_writes_mails_and_a_second_one_does_nothing(shell: Shell) -> None:
    assert shell("send", "--date", DAY) == 0
    assert len(list((shell.folder / "outbox").glob("*.eml"))) == 1
    assert shell.json("send", "--date", DAY) == {
        "day": DAY,
        "subscribers": 2,
        "sent": 1,
        "deferred": 0,
        "failed": 0,
        "suppressed": 0,
        "quiet": 1,
        "unknown": 0,
        "pending": 0,
    }
    assert shell("send", "--date", DAY) == 0
    assert "nothing was fetched, nothing was sent" in shell.out


def test_one_subscriber_can_be_served_alone(shell: Shell) -> None:
    assert shell.json("send", "--date", DAY, "--to", "GRACE@example.org")["subscribers"] == 1
    assert shell.json("send", "--date", DAY)["subscribers"] == 2


def test_a_rehearsal_plans_and_sends_nothing(shell: Shell) -> None:
    rehearsed = shell.json("send", "--date", DAY, "--dry-run")
    assert [(each["subscriber"], each["papers"]) for each in rehearsed] == [
        ("ada@example.org", ["test:1"]),
        ("grace@example.org", []),
    ]
    assert shell("send", "--date", DAY, "--dry-run") == 0
    assert "LoRA at work" in shell.out
    assert shell.json("log") == []
    assert not (shell.folder / "outbox").exists()


def test_fetch_says_what_came(shell: Shell) -> None:
    (batch, *_) = shell.json("fetch", "--date", DAY)
    assert batch == {
        "source": "Ours",
        "day": DAY,
        "state": "fresh",
        "papers": 4,
        "new": 4,
        "reason": "",
    }
    assert shell("fetch", "--date", DAY) == 0
    assert "4 papers, 0 new" in shell.out


def test_fetch_fails_where_a_source_does(shell: Shell) -> None:
    (shell.folder / "config/papers.jsonl").unlink()
    assert shell("fetch", "--date", DAY) != 0


def test_the_ledger_is_shown_in_three_ways(shell: Shell) -> None:
    shell("send", "--date", DAY)
    ada, grace = shell.json("log")
    assert (ada["subscriber"], ada["status"], ada["papers"]) == ("ada@example.org", "sent", ["test:1"])
    assert (grace["status"], grace["reason"], grace["papers"]) == ("quiet", "nothing matched", [])
    assert ada.keys() == {
        "day",
        "subscriber",
        "status",
        "reason",
        "papers",
        "message_id",
        "attempts",
        "reply",
        "updated_at",
        "id",
    }
    shell("log", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(shell.out)))
    assert [row["papers"] for row in rows] == ["test:1", ""]
    shell("log", "--status", "quiet")
    assert "grace@example.org" in shell.out
    assert "ada@example.org" not in shell.out


def test_why_explains_a_mail_and_a_silence(shell: Shell) -> None:
    shell("send", "--date", DAY)
    why = shell.json("why", "ada@example.org")
    assert [pick["paper"] for pick in why["picks"]] == ["test:1"]
    assert why["picks"][0]["matched"] == [{"term": "LoRA", "where": ["title"], "weight": 1.0}]
    assert why["titles"] == ["test:2"]
    assert why["considered"] == 4
    assert why["rejected"] == {"no interest met": 2}
    assert why["batches"] == [{"source": "Ours", "day": DAY, "state": "fresh", "papers": 4}]
    assert shell("why", "grace@example.org") == 0
    assert "quiet: nothing matched" in shell.out


@pytest.mark.parametrize(
    ("address", "paper", "words"),
    [
        ("ada@example.org", "test:1", "Matches LoRA in the title"),
        ("ada@example.org", "test:2", "listed by its title"),
        ("ada@example.org", "test:4", "none of the interests"),
        ("grace@example.org", "test:3", "holds “survey”, which is excluded"),
        ("grace@example.org", "test:99", "no source announced it"),
    ],
)
def test_why_explains_a_paper_picked_or_not(shell: Shell, address: str, paper: str, words: str) -> None:
    shell("send", "--date", DAY)
    fate = shell.json("why", address, paper)["paper"]
    assert words in fate["reasons"][0]
    assert fate["picked"] == (words.startswith("Matches"))
    assert shell("why", address, paper) == 0
    assert words in shell.out


def test_why_says_as_data_what_was_in_the_way_of_a_paper(shell: Shell) -> None:
    shell("send", "--date", DAY)
    excluded = shell.json("why", "grace@example.org", "test:3")["paper"]["obstacle"]
    assert (excluded["cause"], excluded["word"], excluded["where"]) == ("excluded", "survey", ["title"])
    crowded_out = shell.json("why", "ada@example.org", "test:2")["paper"]["obstacle"]
    assert (crowded_out["cause"], crowded_out["by"]) == ("no room", ["test:1"])
    assert shell.json("why", "ada@example.org", "test:1")["paper"]["obstacle"] is None


def test_a_preview_shows_what_would_come_and_sends_nothing(shell: Shell) -> None:
    assert shell("preview", "ada@example.org") == 1
    assert "paperround fetch" in shell.err
    shell("fetch", "--date", DAY)
    assert shell("preview", "ada@example.org") == 0
    (page,) = (shell.folder / "var/preview").glob("*.html")
    assert "LoRA" in page.read_text(encoding="utf-8")
    assert "Why: Matches" in page.with_suffix(".txt").read_text(encoding="utf-8")
    assert shell.json("log") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("send", "--date", "2999-01-01"), "has not begun anywhere"),
        (("send", "--date", "yesterday"), "yesterday"),
        (("send", "--to", "nobody@example.org"), "no subscriber has this address"),
        (("send", "--config", "nowhere"), "paperround init"),
        (("resolve", "7", "sent"), "delivery 7 is not unknown"),
        (("send", "--bogus"), "--bogus"),
    ],
)
def test_a_wrong_call_ends_with_two_and_says_what_is_wrong(
    shell: Shell, arguments: tuple[str, ...], words: str
) -> None:
    assert shell(*arguments) == 2
    assert words in shell.err


def test_what_is_not_recorded_cannot_be_explained(shell: Shell) -> None:
    assert shell("why", "ada@example.org") == 1
    assert "nothing is recorded for ada@example.org" in shell.err


def test_a_damaged_store_is_told_of_and_nothing_is_sent(shell: Shell) -> None:
    (shell.folder / "store.db").write_bytes(b"This is no database." * 500)
    assert shell("send", "--date", DAY) == 1
    assert "store.db" in shell.err
    assert "Traceback" not in shell.err
    assert not (shell.folder / "outbox").exists()


def test_health_fails_where_no_service_answers(shell: Shell) -> None:
    with (shell.folder / "config/paperround.yaml").open("a", encoding="utf-8") as settings:
        settings.write("web: {port: 9}\n")
    assert shell("health") == 1
    assert "does not answer" in shell.err


def test_migrate_and_version_say_where_we_are(shell: Shell) -> None:
    assert shell("migrate") == 0
    assert "at revision" in shell.out
    assert shell("--version") == 0
    assert shell.out.strip().count(".") == 2
