"""The commands as they are typed."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dns.asyncresolver
import pytest
import structlog
from tests.fakes.plans import letter

from paperround.alarms import Alarm, Condition, Turn
from paperround.app import utc_now
from paperround.cli import main
from paperround.cli.online import tell_found
from paperround.domain_records import Finding, Level
from paperround.keywords import keyword
from paperround.name_service import NameService
from paperround.phrases import full_day
from paperround.ports import Cause
from paperround.preferences import (
    AmountChange,
    Change,
    Hour,
    HourChange,
    PauseChange,
    Rhythm,
    RhythmChange,
    Topics,
    TopicsChange,
)
from paperround.rates import LONGEST_HOLD
from paperround.restoring import NOT_KNOWN
from paperround.store import open_store
from paperround.subscribers import WEEKDAYS, Cadence, Pause

DAY = "2026-06-16"
NOW = datetime(2026, 6, 16, 8, tzinfo=UTC)
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
        file = self.folder / "config" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def announce(self, titles: Mapping[str, str], *, day: str = DAY, more: bool = False) -> None:
        """Write the list of the only source, or `more` of it."""
        lines = [
            {
                "id": f"test:{number}",
                "title": title,
                "abstract": "",
                "authors": ["Ann Other"],
                "url": "https://example.org/",
                "published": day,
            }
            for number, title in titles.items()
        ]
        known = (self.folder / "config/papers.jsonl").read_text(encoding="utf-8") if more else ""
        self.write("papers.jsonl", known + "".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.write("paperround.yaml", SETTINGS.format(folder=tmp_path))
    shell.write("subscribers.yaml", SUBSCRIBERS)
    shell.announce(PAPERS)
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


def test_alarms_say_what_stands_since_when_and_what_to_do(shell: Shell) -> None:
    assert shell("alarms") == 1
    assert (shell.out, "nobody has looked yet" in shell.err) == ("No alarm stands.\n", True)
    now = utc_now()
    silent, low = (
        Alarm(condition=condition, subject="Ours", sentence=sentence)
        for condition, sentence in ((Condition.SOURCE, "Ours is failing"), (Condition.DISK, "it is full"))
    )
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        store.alarms.enter(Turn(raised=(silent, low)), now=now - timedelta(hours=1))
        store.alarms.enter(Turn(ended=frozenset({low.key})), now=now)
    assert shell("alarms") == 1
    assert re.search(
        r"^ALARM    Ours is failing\n  since  \S{10} \S{5} UTC\n  do     look ", shell.out, re.MULTILINE
    )
    assert re.search(
        r"^over     it is full\n         It was so from .* UTC to .* UTC\.$", shell.out, re.MULTILINE
    )
    assert shell.out.endswith("1 alarm.\n")
    entries = shell.json("alarms")["alarms"]
    assert [(each["condition"], each["until"] is None) for each in entries] == [
        ("source_silent", True),
        ("disk_low", False),
    ]
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        store.alarms.enter(Turn(ended=frozenset({silent.key})), now=now)
    assert (shell("alarms"), shell.err) == (0, "")


def test_a_service_that_looks_no_more_is_told_of(shell: Shell) -> None:
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        store.alarms.enter(Turn(), now=utc_now() - timedelta(minutes=16))
    assert shell("alarms") == 1
    assert re.search(
        r"nobody has looked since \S{10} \S{5} UTC; that is done by `paperround serve`", shell.err
    )


def test_a_new_installation_is_fine_as_it_is_and_nothing_is_overwritten(shell: Shell) -> None:
    assert shell("init", "--config", "fresh") == 0
    assert (shell.folder / ".env").stat().st_mode & 0o077 == 0
    assert shell("check", "--config", "fresh") == 0
    (shell.folder / "fresh/subscribers.yaml").write_text("mine", encoding="utf-8")
    assert shell("init", "--config", "fresh") == 0
    assert (shell.folder / "fresh/subscribers.yaml").read_text(encoding="utf-8") == "mine"


def test_a_template_that_is_wrong_is_refused_by_check_and_stops_no_round(shell: Shell) -> None:
    shell.write("paperround.yaml", SETTINGS.format(folder=shell.folder) + "templates: ours\n")
    own = shell.folder / "config" / "ours"
    own.mkdir()
    (own / "footer.mjml.j2").write_text("<p>\n{{ mail.gone }}</p>", encoding="utf-8")
    wrong = "paperround: footer.mjml.j2, line 2: "
    for command in (("check",), ("preview", "--date", DAY, "--into", "out")):
        shell("fetch", "--date", DAY)
        assert shell(*command) == 1
        assert shell.err.startswith(wrong)
    assert shell("send", "--date", DAY, "--dry-run") == 1
    assert wrong in shell.err
    assert shell("send", "--date", DAY) == 1
    assert "1 quiet, 1 sent" in shell.out or "1 sent, 1 quiet" in shell.out
    assert wrong in shell.err
    assert "mails are made with the built-in templates" in shell.err
    assert shell("log") == 0
    assert shell("send", "--date", DAY) == 0  # nothing was left to write


def test_check_refuses_a_page_that_is_wrong(shell: Shell) -> None:
    shell.write("paperround.yaml", SETTINGS.format(folder=shell.folder) + "templates: ours\n")
    pages = shell.folder / "config" / "ours" / "pages"
    pages.mkdir(parents=True)
    (pages / "problem.html.j2").write_text("\n{{ titel }}", encoding="utf-8")
    said = "pages/problem.html.j2, line 2: 'titel' is undefined"
    assert shell("check") == 1
    assert shell.err.startswith(f"paperround: {said}")
    assert [each["message"] for each in shell.json("check")["problems"]] == [said]


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


def test_every_command_tells_of_a_note_without_papers(shell: Shell) -> None:
    noted = "  - {email: lin@example.org, keywords: [poetry], when_empty: note}\n"
    shell.write("subscribers.yaml", SUBSCRIBERS + noted)
    said = "a note without papers: nothing matched"
    shell("send", "--date", DAY, "--dry-run")
    assert f"lin@example.org: {said}\n" in shell.out
    rehearsed = shell.json("send", "--date", DAY, "--dry-run")
    assert ("planned", said, []) in [(each["status"], each["reason"], each["papers"]) for each in rehearsed]
    assert shell("send", "--date", DAY) == 0
    assert said in shell.out
    assert shell.json("send", "--date", DAY)["sent"] == 2
    shell("log")
    assert said in shell.out
    shell("why", "lin@example.org")
    assert said in shell.out
    assert shell.json("why", "lin@example.org")["remark"] == said


def test_why_explains_a_mail_and_a_silence(shell: Shell) -> None:
    shell("send", "--date", DAY)
    why = shell.json("why", "ada@example.org")
    assert [pick["paper"] for pick in why["picks"]] == ["test:1"]
    assert why["picks"][0]["matched"] == [
        {"term": "LoRA", "where": ["title"], "forms": ["LoRA"], "how": "words", "weight": 1.0}
    ]
    (line,) = why["titles"]
    assert (line["paper"], line["title"], line["section"]) == ("test:2", "LoRA at rest", "more")
    assert (line["obstacle"]["cause"], line["obstacle"]["by"]) == ("no room", ["test:1"])
    assert why["considered"] == 4
    assert why["rejected"] == {"no interest met": 2}
    assert why["batches"] == [{"source": "Ours", "day": DAY, "state": "fresh", "papers": 4}]
    assert shell("why", "ada@example.org") == 0
    counts = [line.split(maxsplit=1) for line in shell.out.splitlines() if line.startswith("    ")]
    assert [(count, words) for count, words in counts if count.isdigit()] == [
        ("1", "by title only"),
        ("2", "no interest met"),
    ]
    assert "1 came in full" in shell.out
    assert "no room, as relevant as the last above" in shell.out
    assert shell("why", "grace@example.org") == 0
    assert "quiet: nothing matched" in shell.out


def test_why_wonders_about_a_paper_that_nobody_knows(shell: Shell) -> None:
    shell("send", "--date", DAY)
    assert shell("why", "ada@example.org", "test:99") == 0
    assert "the store holds no paper test:99" in shell.err
    assert shell("why", "ada@example.org", "test:4") == 0
    assert shell.err == ""


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


def test_a_preview_as_files_shows_what_would_come_and_sends_nothing(shell: Shell) -> None:
    assert shell("preview", "ada@example.org", "--into", "var/preview") == 1
    assert "paperround fetch" in shell.err
    shell("fetch", "--date", DAY)
    assert shell("preview", "ada@example.org", "--into", "var/preview") == 0
    (page,) = (shell.folder / "var/preview").glob("*.html")
    assert "LoRA" in page.read_text(encoding="utf-8")
    assert "Why: Matches" in page.with_suffix(".txt").read_text(encoding="utf-8")
    assert shell.json("log") == []


def test_a_preview_as_data_says_its_size_what_to_mend_and_what_was_picked(shell: Shell) -> None:
    shell("fetch", "--date", DAY)
    answer = shell.json("preview", "ada@example.org", "--date", DAY)
    assert 5_000 < answer.pop("bytes") < answer.pop("largest") == 90_000
    assert answer == {
        "day": DAY,
        "subscriber": "ada@example.org",
        "reason": None,
        "subject": "16 June · LoRA at work",
        "findings": [],
        "papers": ["test:1"],
    }
    shell.write("subscribers.yaml", SUBSCRIBERS.replace("LoRA", "chromodynamics"))
    assert shell.json("preview", "ada@example.org")["reason"] == "nothing matched"
    assert shell("preview", "ada@example.org", "--date", "2026-06-01", "--json") == 1
    assert (shell.out, "paperround fetch --date 2026-06-01" in shell.err) == ("", True)


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


def choose(shell: Shell, address: str, *changes: Change, now: datetime = NOW) -> None:
    """Keep what a reader chose on their page."""
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        ids = store.ledger.enrol([address], now=now)
        for change in changes:
            store.preferences.change(ids[address], change, now=now)


def test_what_readers_chose_is_shown_and_forgotten(shell: Shell) -> None:
    assert shell("preferences", "list") == 0
    assert "Nobody chose anything" in shell.out
    thursdays = Rhythm(cadence=Cadence.WEEKLY, days=frozenset({3}))
    choose(shell, "grace@example.org", PauseChange(pause=Pause(until=date(2099, 1, 2))))
    choose(shell, "ada@example.org", PauseChange(pause=Pause()), RhythmChange(rhythm=thursdays))
    assert shell("preferences", "list") == 0
    assert shell.out.splitlines() == [
        "ada@example.org: paused until further notice; once a week, on Thursdays (chosen on 16 June 2026)",
        "grace@example.org: paused until 2 January 2099 (chosen on 16 June 2026)",
    ]
    assert shell("preferences", "forget", "ADA@example.org") == 0
    assert [each["subscriber"] for each in shell.json("preferences", "list")] == ["grace@example.org"]
    assert shell("preferences", "forget", "ada@example.org") == 2
    assert "ada@example.org chose nothing" in shell.err


def test_what_readers_chose_is_told_to_scripts_as_the_config_writes_it(shell: Shell) -> None:
    weekdays = RhythmChange(rhythm=Rhythm(days=WEEKDAYS))
    choose(shell, "ada@example.org", PauseChange(pause=Pause(until=date(2026, 6, 30))), weekdays)
    assert shell.json("preferences", "list") == [
        {
            "subscriber": "ada@example.org",
            "paused": True,
            "paused_until": "2026-06-30",
            "cadence": "daily",
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "deliver_at": None,
            "timezone": None,
            "max_papers": None,
            "keywords": None,
            "exclude": None,
            "authors": None,
            "categories": None,
            "organizations": None,
            "chosen_at": "2026-06-16T08:00:00+00:00",
        }
    ]
    shell("preferences", "list")
    assert "paused until 30 June 2026, which is over; from Monday to Friday" in shell.out


NOTED = """\
# who reads
subscribers:
  - email: ada@example.org # by mail
    keywords:
      - LoRA # her thesis
      - robots
  - {email: grace@example.org, keywords: [robots]} # always
"""


def test_what_was_chosen_is_written_into_the_config_and_dropped_from_the_store(shell: Shell) -> None:
    shell.write("subscribers.yaml", NOTED)
    topics = TopicsChange(topics=Topics(keywords=(keyword("LoRA"), keyword("frogs"))))
    choose(shell, "Ada@example.org", EVENING, topics, PauseChange(pause=Pause(until=date(2099, 1, 2))))
    choose(shell, "grace@example.org", AmountChange(max_papers=3))
    before = shell.json("subscribers", "list")
    assert shell("preferences", "export") == 0
    assert shell.out.count("that is in config/subscribers.yaml now") == 2
    assert (
        (shell.folder / "config/subscribers.yaml").read_text()
        == """\
# who reads
subscribers:
  - email: ada@example.org # by mail
    deliver_at: "18:30"
    timezone: Asia/Kolkata
    keywords:
      - LoRA # her thesis
      - frogs
  - {email: grace@example.org, max_papers: 3, keywords: [robots]} # always
"""
    )
    (ada,) = shell.json("preferences", "list")
    assert (ada["paused_until"], ada["deliver_at"], ada["keywords"]) == ("2099-01-02", None, None)
    after = shell.json("subscribers", "list")
    assert [{**each, "chosen": [], "chosen_at": None} for each in before] == [
        {**each, "chosen_at": None} for each in after
    ]
    assert shell("preferences", "export") == 0
    assert "Nobody chose anything that could stand in subscribers.yaml" in shell.out


def test_a_dry_run_shows_what_would_be_written_and_changes_nothing(shell: Shell) -> None:
    shell.write("subscribers.yaml", NOTED)
    choose(shell, "grace@example.org", AmountChange(max_papers=3))
    assert shell("preferences", "export", "--dry-run") == 0
    assert "-  - {email: grace@example.org, keywords: [robots]} # always" in shell.out
    assert "+  - {email: grace@example.org, max_papers: 3, keywords: [robots]} # always" in shell.out
    assert (shell.folder / "config/subscribers.yaml").read_text() == NOTED
    assert len(shell.json("preferences", "list")) == 1


def test_what_one_reader_chose_is_written_and_nothing_of_others(shell: Shell) -> None:
    choose(shell, "ada@example.org", AmountChange(max_papers=3))
    choose(shell, "grace@example.org", AmountChange(max_papers=3))
    assert shell("preferences", "export", "GRACE@example.org") == 0
    assert [each["subscriber"] for each in shell.json("preferences", "list")] == ["ada@example.org"]
    assert shell("preferences", "export", "grace@example.org") == 2
    assert "grace@example.org chose nothing that could stand in subscribers.yaml" in shell.err


def test_what_was_written_before_a_crash_is_dropped_by_the_next_run(shell: Shell) -> None:
    shell.write("subscribers.yaml", NOTED.replace("keywords: [robots]", "max_papers: 3, keywords: [robots]"))
    choose(shell, "grace@example.org", AmountChange(max_papers=3))
    written = (shell.folder / "config/subscribers.yaml").read_text()
    assert shell("preferences", "export") == 0
    assert (shell.folder / "config/subscribers.yaml").read_text() == written
    assert shell.json("preferences", "list") == []


def test_what_cannot_be_written_stays_in_the_store_with_the_file_as_it_is(shell: Shell) -> None:
    choose(shell, "gone@example.org", AmountChange(max_papers=3))
    assert shell("preferences", "export") == 0
    assert "gone@example.org is not in subscribers.yaml" in shell.err
    shell.write("subscribers.yaml", "? subscribers\n: - {email: grace@example.org, keywords: [robots]}\n")
    choose(shell, "grace@example.org", TopicsChange(topics=Topics(keywords=(keyword("frogs"),))))
    before = (shell.folder / "config/subscribers.yaml").read_text()
    assert shell("preferences", "export", "grace@example.org") == 1
    assert "edit it by hand; nothing was changed" in shell.err
    assert (shell.folder / "config/subscribers.yaml").read_text() == before
    assert len(shell.json("preferences", "list")) == 2


def suppress(shell: Shell, address: str, reason: str, cause: Cause) -> None:
    """Enter that somebody left, or that their mail came back."""
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        store.ledger.suppress(store.ledger.enrol([address], now=NOW)[address], reason, cause=cause, now=NOW)


def test_everybody_is_listed_with_what_holds_for_them_and_who_left_without_being_in_the_config(
    shell: Shell,
) -> None:
    shell.write(
        "subscribers.yaml",
        SUBSCRIBERS
        + "".join(
            f"  - {{email: {name}@example.org, keywords: [a], days: [thu], paused: {paused}}}\n"
            for name, paused in {"alan": "false", "barbara": "true", "carl": "false"}.items()
        ),
    )
    choose(shell, "grace@example.org", PauseChange(pause=Pause(until=date(2099, 1, 2))))
    suppress(shell, "alan@example.org", "unsubscribed on 2026-06-16", Cause.UNSUBSCRIBED)
    suppress(shell, "Zoe@example.org", "mail to it came back: 550 no", Cause.BOUNCED)
    assert shell("subscribers", "list") == 0
    ada, grace, alan, barbara, carl, zoe = shell.out.splitlines()
    assert re.fullmatch(
        r"ada@example\.org: gets mail from Monday to Friday; next on \w+day \d+ \w+ \d{4}", ada
    )
    assert grace == (
        "grace@example.org: paused by the reader until 2 January 2099; next on Friday 2 January 2099"
    )
    assert alan == (
        "alan@example.org: gets nothing: unsubscribed on 2026-06-16; if they ask for mail again: "
        "`paperround subscribers readmit alan@example.org --at-their-request`"
    )
    assert barbara == "barbara@example.org: paused in subscribers.yaml"
    assert carl.startswith("carl@example.org: gets mail on Thursdays; next on Thursday ")
    assert zoe == (
        "Zoe@example.org: gets nothing: mail to it came back: 550 no; when it takes mail again: "
        "`paperround subscribers readmit Zoe@example.org`; "
        "not in subscribers.yaml, and stays out of the mail if added again"
    )


def test_subscribers_are_listed_for_scripts(shell: Shell) -> None:
    choose(shell, "grace@example.org", PauseChange(pause=Pause(until=date(2099, 1, 2))))
    suppress(shell, "ada@example.org", "unsubscribed on 2026-06-16", Cause.UNSUBSCRIBED)
    suppress(shell, "zoe@example.org", "complained", Cause.COMPLAINED)
    ada, grace, zoe = shell.json("subscribers", "list")
    weekdays = ["mon", "tue", "wed", "thu", "fri"]
    assert ada == {
        "subscriber": "ada@example.org",
        "in_config": True,
        "joined_at": None,
        "state": "unsubscribed",
        "reason": "unsubscribed on 2026-06-16",
        "since": "2026-06-16T08:00:00+00:00",
        "paused_until": None,
        "away": [],
        "cadence": "daily",
        "every": None,
        "days": weekdays,
        "deliver_at": "07:00",
        "timezone": "Europe/London",
        "max_papers": 1,
        "chosen": [],
        "chosen_at": None,
        "next_day": None,
    }
    assert grace == {
        **ada,
        "subscriber": "grace@example.org",
        "state": "paused_by_reader",
        "reason": "",
        "since": None,
        "paused_until": "2099-01-02",
        "max_papers": 10,
        "chosen_at": NOW.isoformat(),
        "next_day": "2099-01-02",
    }
    assert (zoe["in_config"], zoe["state"], zoe["cadence"], zoe["days"]) == (False, "complained", None, None)


EVENING = HourChange(hour=Hour(at=time(18, 30), timezone=ZoneInfo("Asia/Kolkata")))
FROGS = TopicsChange(
    topics=Topics(
        keywords=(keyword("frogs"), keyword("planning", "LLM", weight=2)), exclude=(), authors=("Yann LeCun",)
    )
)


def test_subscribers_are_listed_with_what_they_chose_and_since_when(shell: Shell) -> None:
    choose(shell, "ada@example.org", EVENING, AmountChange(max_papers=3), FROGS)
    assert shell("subscribers", "list") == 0
    told = " ".join(shell.out.split())
    assert (
        "by their own choice of 16 June 2026: at 18:30 in Asia/Kolkata, at most 3 papers, "
        "keywords: frogs, planning + LLM, exclude: none, authors: Yann LeCun"
    ) in told
    ada = shell.json("subscribers", "list")[0]
    assert (ada["deliver_at"], ada["timezone"], ada["max_papers"]) == ("18:30", "Asia/Kolkata", 3)
    assert ada["chosen"][:2] == ["at 18:30 in Asia/Kolkata", "at most 3 papers"]
    assert ada["chosen_at"] == NOW.isoformat()


def test_what_readers_chose_to_read_is_told_as_the_config_writes_it(shell: Shell) -> None:
    choose(shell, "ada@example.org", EVENING, FROGS)
    (ada,) = shell.json("preferences", "list")
    assert (ada["deliver_at"], ada["timezone"]) == ("18:30", "Asia/Kolkata")
    assert ada["keywords"] == ["frogs", {"all": ["planning", "LLM"], "weight": 2}]
    assert (ada["exclude"], ada["authors"], ada["categories"]) == ([], ["Yann LeCun"], None)


def test_who_took_everything_back_is_not_listed(shell: Shell) -> None:
    choose(shell, "ada@example.org", EVENING, HourChange(hour=None))
    assert shell.json("preferences", "list") == []


def test_an_empty_list_of_subscribers_says_so(shell: Shell) -> None:
    shell.write("subscribers.yaml", "subscribers: []\n")
    assert shell("subscribers", "list") == 0
    assert "Nobody subscribes yet" in shell.out


def test_whose_mail_came_back_is_sent_mail_again(shell: Shell) -> None:
    suppress(shell, "ada@example.org", "mail to it came back: 550 no", Cause.BOUNCED)
    shell("send", "--date", DAY)
    assert shell.json("why", "ada@example.org")["status"] == "suppressed"
    assert shell("subscribers", "readmit", "ADA@example.org") == 0
    assert shell.out == "ADA@example.org is sent mail from the next digest on.\n"
    assert shell("subscribers", "readmit", "ada@example.org") == 2
    assert "nothing keeps mail from ada@example.org" in shell.err
    shell("send", "--date", "2026-06-17")
    assert shell.json("why", "ada@example.org", "--date", "2026-06-17")["status"] == "sent"


@pytest.mark.parametrize("cause", [Cause.UNSUBSCRIBED, Cause.COMPLAINED])
def test_whoever_wished_for_no_mail_is_sent_some_at_their_request_alone(shell: Shell, cause: Cause) -> None:
    suppress(shell, "ada@example.org", f"{cause.value} on 2026-06-15", cause)
    assert shell("subscribers", "readmit", "ada@example.org") == 2
    assert f"ada@example.org gets nothing: {cause.value} on 2026-06-15; if they ask for mail" in shell.err
    assert "`paperround subscribers readmit ada@example.org --at-their-request`" in shell.err
    assert shell.json("subscribers", "list")[0]["state"] == cause.value
    assert shell("subscribers", "readmit", "ada@example.org", "--at-their-request") == 0
    assert shell.json("subscribers", "list")[0]["state"] == "receives"


def test_whoever_is_not_in_the_config_may_be_sent_mail_once_they_are(shell: Shell) -> None:
    suppress(shell, "zoe@example.org", "mail to it came back: 550 no", Cause.BOUNCED)
    assert shell("subscribers", "readmit", "zoe@example.org") == 0
    assert "once subscribers.yaml names them again" in shell.out
    assert shell("subscribers", "readmit", "typo@example.org") == 2


def test_check_warns_of_who_gets_nothing_and_says_how_to_mend_it(shell: Shell) -> None:
    suppress(shell, "ada@example.org", "unsubscribed on 2026-06-16", Cause.UNSUBSCRIBED)
    suppress(shell, "grace@example.org", "mail to it came back: 550 no", Cause.BOUNCED)
    suppress(shell, "zoe@example.org", "unsubscribed on 2026-06-16", Cause.UNSUBSCRIBED)
    assert shell("check") == 0
    assert shell.err.count("gets nothing") == 2
    assert (
        "warning: ada@example.org gets nothing: unsubscribed on 2026-06-16; if they ask for mail again: "
        "`paperround subscribers readmit ada@example.org --at-their-request`\n"
    ) in shell.err
    assert (
        "warning: grace@example.org gets nothing: mail to it came back: 550 no; when it takes mail again: "
        "`paperround subscribers readmit grace@example.org`\n"
    ) in shell.err


def test_every_command_agrees_on_a_pause_that_the_reader_chose(shell: Shell) -> None:
    choose(shell, "ada@example.org", PauseChange(pause=Pause(until=date(2026, 6, 17))))
    reason = "paused by the reader until 2026-06-17"
    shell("send", "--date", DAY, "--dry-run")
    assert f"ada@example.org: {reason}" in shell.out
    assert shell("send", "--date", DAY) == 0
    assert len(list((shell.folder / "outbox").glob("*.eml"))) == 0
    assert shell.json("why", "ada@example.org")["reason"] == reason
    (row,) = [row for row in shell.json("log") if row["subscriber"] == "ada@example.org"]
    assert (row["status"], row["reason"]) == ("quiet", reason)
    shell("send", "--date", "2026-06-17")
    assert shell.json("why", "ada@example.org", "--date", "2026-06-17")["status"] == "sent"


def test_why_and_the_preview_say_that_a_mail_came_after_a_pause(shell: Shell) -> None:
    shell.announce({"0": "LoRA before"}, day="2026-06-01", more=True)
    shell("send", "--date", "2026-06-01")
    away = "max_papers: 1, away: {from: 2026-06-02, until: 2026-06-16}"
    shell.write("subscribers.yaml", SUBSCRIBERS.replace("max_papers: 1", away))
    shell("send", "--date", DAY)
    shell("why", "ada@example.org", "--date", DAY)
    assert "It came after a pause: the best of 14 days." in shell.out
    assert shell.json("why", "ada@example.org", "--date", DAY)["days_away"] == 14
    shell("preview", "ada@example.org", "--date", DAY, "--into", "var/preview")
    shown = [file.read_text(encoding="utf-8") for file in Path("var/preview").rglob("*.html")]
    assert any("While you were away: the best of 14 days" in page for page in shown)


def test_every_command_agrees_on_a_week_that_the_reader_chose(shell: Shell) -> None:
    tuesdays = Rhythm(cadence=Cadence.WEEKLY, days=frozenset({1}))
    choose(shell, "ada@example.org", RhythmChange(rhythm=tuesdays))
    shell.announce({"1": "LoRA on Monday", "2": "Something else"}, day="2026-06-15")
    shell("fetch", "--date", "2026-06-15")
    shell.announce({"3": "LoRA on Tuesday"}, day=DAY, more=True)
    shell("send", "--date", DAY)
    assert shell.json("why", "ada@example.org")["status"] == "sent"
    shell("why", "ada@example.org", "test:2")
    assert "none of the interests occurs in it" in shell.out
    shell("preview", "ada@example.org", "--date", DAY, "--into", "var/preview")
    assert "Subject: Week to 16 June" in shell.out
    days = shell.json("replay", "ada@example.org", "--since", "2026-06-15")
    assert [(day["day"], len(day["would_come"])) for day in days] == [(DAY, 1)]
    shell("send", "--date", "2026-06-15")
    assert shell.json("why", "ada@example.org", "--date", "2026-06-15")["reason"] == "no delivery on Mondays"


def test_health_fails_where_no_service_answers(shell: Shell) -> None:
    with (shell.folder / "config/paperround.yaml").open("a", encoding="utf-8") as settings:
        settings.write("web: {port: 9}\n")
    assert shell("health") == 1
    assert "does not answer" in shell.err


TRY = """\
subscribers:
  - {email: ada@example.org, keywords: [LoRA, else], exclude: [rest], max_papers: 1}
  - {email: joan@example.org, keywords: [robots]}
"""


def test_a_replay_shows_what_other_interests_would_have_brought(shell: Shell) -> None:
    shell("send", "--date", DAY)
    before = shell.json("log")
    shell.write("../other/subscribers.yaml", TRY.replace("else", "{term: else, weight: 9}"))
    (day,) = shell.json("replay", "ada@example.org", "--since", "2026-06-01", "--config", "other")
    assert (day["day"], day["status"], day["silence"]) == (DAY, "sent", None)
    assert (day["came"], day["would_come"]) == (["test:1"], ["test:4"])
    assert [(each["paper"], each["reasons"]) for each in day["gained"]] == [
        ("test:4", ["Matches else in the title"])
    ]
    assert [(each["paper"], each["title"]) for each in day["lost"]] == [("test:1", "LoRA at work")]
    assert "title line" in day["lost"][0]["reason"]
    assert shell.err.strip().endswith("1 day: 1 paper came, 1 would have; 1 gained, 1 lost")
    assert shell.json("log") == before


def test_a_replay_is_told_paper_by_paper(shell: Shell) -> None:
    shell("send", "--date", DAY)
    assert shell("replay", "ADA@example.org", "--since", DAY) == 0
    assert "Tuesday 16 June 2026: 1 paper came, 1 would have" in shell.out
    assert "1 day: 1 paper came, 1 would have; 0 gained, 0 lost" in shell.out
    shell.write("../other/subscribers.yaml", TRY)
    assert shell("replay", "joan@example.org", "--since", DAY, "--config", "other") == 0
    (gained,) = (line.split() for line in shell.out.splitlines() if "Robots" in line)
    assert (gained[0], gained[2:]) == ("+", ["Robots:", "a", "survey", "(test:3)"])
    assert "Matches robots in the title" in shell.out
    shell.write("../other/subscribers.yaml", TRY.replace("rest", "work"))
    assert shell("replay", "ada@example.org", "--since", DAY, "--config", "other") == 0
    assert any(line.startswith("- ") and "LoRA at work" in line for line in shell.out.splitlines())
    assert "holds “work”, which is excluded" in shell.out


def test_a_replay_of_days_that_are_none_of_the_readers_is_empty(shell: Shell) -> None:
    shell("send", "--date", DAY)
    span = ("--since", "0001-01-01", "--until", "9999-12-31")
    shell.write(
        "../other/subscribers.yaml", "subscribers: [{email: x@example.org, keywords: [a], days: [sun]}]"
    )
    assert shell.json("replay", "x@example.org", *span, "--config", "other") == []
    assert "0 days: 0 papers came, 0 would have" in shell.err


def test_a_replay_reads_the_store_of_the_other_config_where_it_names_one(shell: Shell) -> None:
    shell("send", "--date", DAY)
    shell.write("../other/subscribers.yaml", TRY)
    shell.write(
        "../other/paperround.yaml",
        SETTINGS.format(folder=shell.folder / "other").replace("papers.jsonl", "../config/papers.jsonl"),
    )
    assert shell("replay", "ada@example.org", "--since", DAY, "--config", "other") == 1
    assert "other/store.db; other/paperround.yaml names this store; without that file" in shell.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--since", "2026-06-17"), 1, "nothing is stored since 2026-06-17"),
        (("--since", "2026-05-01", "--until", "2026-05-02"), 1, "from 2026-05-01 to 2026-05-02"),
        (("--since", DAY, "--until", "2026-06-01"), 2, "--until 2026-06-01 lies before --since 2026-06-16"),
        (("--since", DAY, "--config", "nowhere"), 2, "nowhere/subscribers.yaml: there is no such file"),
        ((), 2, "--since"),
    ],
)
def test_a_replay_of_nothing_says_why(
    shell: Shell, arguments: tuple[str, ...], code: int, words: str
) -> None:
    shell("send", "--date", DAY)
    assert shell("replay", "ada@example.org", *arguments) == code
    assert words in shell.err


def test_check_warns_of_keywords_that_choose_nothing(shell: Shell) -> None:
    shell.announce(
        {str(number): "An LLM agent" if number % 20 == 0 else "The agent" for number in range(200)}
    )
    shell.write(
        "subscribers.yaml",
        """\
subscribers:
  - email: ada@example.org
    keywords:
      - agent
      - LLM agnet
    exclude: [the agent, nowhere]
  - {email: grace@example.org, keywords: [agent, Koopman]}
  - {email: joan@example.org, keywords: [LLM]}
""",
    )
    assert shell("check") == 0
    assert "warning" not in shell.err
    shell("fetch", "--date", DAY)
    assert shell("check") == 0
    place, of = (
        "warning: config/subscribers.yaml",
        f"the 200 papers since {full_day(date.fromisoformat(DAY))}",
    )
    common, slip, excluded = shell.err.splitlines()
    assert common == (
        f'{place}:4: subscribers[0].keywords[0]: "agent" matches 100 % of {of} (also on line 7); '
        'narrower: "LLM agent" 5 %'
    )
    assert slip == (
        f'{place}:5: subscribers[0].keywords[1]: "LLM agnet" matches none of {of}; '
        'these match: "LLM agent" 5 %'
    )
    assert excluded == (
        f'{place}:6: subscribers[0].exclude[0]: "the agent" rules out 95 % of {of}; '
        "write a longer phrase, or several words under all: […]"
    )


def test_migrate_and_version_say_where_we_are(shell: Shell) -> None:
    assert shell("migrate") == 0
    assert "at revision" in shell.out
    assert shell("--version") == 0
    assert shell.out.strip().count(".") == 2


def semantic(shell: Shell, model: Path) -> None:
    shell.write("paperround.yaml", SETTINGS.format(folder=shell.folder) + f"semantic: {{model: {model}}}\n")


def test_check_warns_of_a_template_that_is_used_by_nothing(shell: Shell) -> None:
    own = shell.folder / "config/ours"
    own.mkdir()
    (own / "fotter.mjml.j2").write_text("<p>Bye</p>", encoding="utf-8")
    (own / "logo.mjml.j2").write_text("<b>L</b>", encoding="utf-8")
    (own / "footer.mjml.j2").write_text(
        '[% include "logo.mjml.j2" %]<p>{{ mail.unsubscribe }}</p>', encoding="utf-8"
    )
    shell.write("paperround.yaml", SETTINGS.format(folder=shell.folder) + "templates: ours\n")
    assert shell("check") == 0
    (warned,) = shell.err.splitlines()
    assert "fotter.mjml.j2: takes the place of no template" in warned
    assert 'did you mean "footer.mjml.j2"?' in warned


def test_check_tells_scripts_the_same(shell: Shell) -> None:
    shell.announce({str(number): "The LoRA" for number in range(200)})
    shell("fetch", "--date", DAY)
    told = shell.json("check")
    assert told["problems"] == []
    (common,) = told["warnings"]
    assert common["line"] == 3
    assert common["message"].startswith('"LoRA" matches 100 % of')
    shell.write("subscribers.yaml", "subscribers:\n  - {email: nobody}\n")
    assert shell("check", "--json") == 2
    (wrong,) = json.loads(shell.out)["problems"]
    assert (Path(wrong["file"]).name, wrong["line"]) == ("subscribers.yaml", 2)
    assert wrong["mend"]


def test_check_says_when_the_model_cannot_be_loaded(shell: Shell) -> None:
    folder = shell.folder / "model"
    semantic(shell, folder)
    assert shell("check") == 1
    assert f"semantic.model: {folder}: there is no such folder" in shell.err
    assert "by words alone" in shell.err


def test_check_is_content_with_a_model_that_can_be_loaded(shell: Shell, minilm: Path) -> None:
    semantic(shell, minilm)
    assert shell("check") == 0
    assert "is fine" in shell.out


def test_without_its_model_a_round_is_sent_and_every_command_tells_of_it(shell: Shell) -> None:
    remark = "ranked by words alone: the model could not be used"
    semantic(shell, shell.folder / "model")
    assert shell("send", "--date", DAY) == 0
    assert shell.err.count("meaning.unknown") == 1
    shell("why", "ada@example.org")
    assert remark in shell.out
    assert shell.json("why", "ada@example.org")["remark"] == remark
    shell("log")
    assert shell.out.count(remark) == 2


def test_with_a_model_a_round_keeps_what_it_embedded(
    shell: Shell, minilm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    semantic(shell, minilm)
    assert shell("send", "--date", DAY) == 0
    assert shell.json("why", "ada@example.org")["remark"] == ""
    # What is kept needs no model, nor the library that would load it.
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    assert shell("why", "ada@example.org", "4") == 0
    assert "meaning.unknown" not in shell.err


def test_a_pause_of_the_relay_is_obeyed_and_can_be_ended(shell: Shell) -> None:
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        until = store.ledger.pause("outbox", "421 slowly", now=utc_now(), length=LONGEST_HOLD)
    assert shell("send", "--date", DAY) == 1
    assert f"the delivery stopped early: 421 slowly; on from {until:%H:%M}" in shell.err
    assert shell.json("send", "--date", DAY)["pending"] > 0
    assert shell("send", "--date", DAY, "--now") == 0


def test_the_log_tells_of_a_round_that_left_somebody_without_a_row(shell: Shell) -> None:
    assert shell("send", "--date", DAY) == 0
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        ids = store.ledger.enrol(["lost@example.org"], now=utc_now())
        noted = store.ledger.begin_round(date.fromisoformat(DAY), ids.values(), now=utc_now())
        assert shell("log") == 0
        assert "has not ended" in shell.err
        store.ledger.end_round(noted, now=utc_now())
    assert shell("log") == 1
    assert "does not balance: 1 subscriber without a row" in shell.err
    assert "lost@example.org" in shell.err
    assert f"paperround send --date {DAY}" in shell.err
    assert shell("log", "--date", "2026-01-01") == 0


def test_a_backup_is_restored_and_nothing_goes_out_twice(shell: Shell) -> None:
    day = utc_now().astimezone(ZoneInfo("Europe/London")).date().isoformat()
    shell.announce(PAPERS, day=day)
    assert shell("fetch", "--date", day) == 0
    assert shell("backup", "copy.db") == 0
    assert "Wrote copy.db: " in shell.out
    assert "4 papers, 0 subscribers, 0 rows in the ledger, 0 letters waiting." in shell.out
    assert shell("send", "--date", day) == 0
    sent = len(list((shell.folder / "outbox").glob("*.eml")))
    restored = shell.json("restore", "copy.db")
    assert (restored["papers"], restored["held"], restored["left"]) == (4, 0, 0)
    assert Path(restored["kept"]).exists()
    assert shell("send", "--date", day) == 0
    assert len(list((shell.folder / "outbox").glob("*.eml"))) == sent == 1
    assert {row["reason"] for row in shell.json("log", "--date", day)} == {NOT_KNOWN}


def test_what_waited_in_a_backup_is_told_with_what_to_do(shell: Shell) -> None:
    with closing(open_store(f"sqlite:///{shell.folder}/store.db")) as store:
        ada = store.ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"]
        store.ledger.plan([letter(ada, date(2026, 6, 16))], now=NOW)
    assert shell("backup", "copy.db") == 0
    assert "1 row in the ledger, 1 letter waiting" in shell.out
    (shell.folder / "store.db").unlink()
    assert shell("restore", "copy.db") == 0
    assert "Held for you: 1 letter" in shell.out
    assert "Who left since the backup was made is not known either" in shell.out
    assert [row["status"] for row in shell.json("log", "--status", "unknown")] == ["unknown"]


def test_a_backup_can_be_gone_on_from(shell: Shell) -> None:
    assert shell("backup", "copy.db") == 0
    assert shell("restore", "copy.db", "--go-on") == 0
    assert "Up to 0 letters may come twice" in shell.out
    assert shell("send", "--date", DAY) == 0
    assert len(list((shell.folder / "outbox").glob("*.eml"))) == 1
    assert shell("restore", "config/paperround.yaml") == 1
    assert "no paperround store" in shell.err


def test_check_looks_outside_and_says_what_goes_into_the_zone(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], 1  # where nobody answers
    monkeypatch.setattr(
        "paperround.cli.online.NameService",
        lambda: NameService(resolver, patience=timedelta(seconds=0.2)),
    )
    assert shell("check", "--online") == 1
    assert "PROBLEM network: nothing is reached" in shell.out
    assert "1 problem, 0 warnings. Nothing was sent." in shell.out
    told = shell.json("check", "--online")
    assert (told["problems"], told["warnings"]) == ([], [])
    assert {each["about"] for each in told["online"]} == {"network", "relay", "source Ours", "disk"}
    assert "online" not in shell.json("check")


def test_what_is_found_outside_is_told_with_its_mend_and_its_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = 'example.org. IN TXT "v=spf1 mx ~all"'
    missing = Finding(about="SPF", level=Level.PROBLEM, message="is missing", mend="add it", record=record)
    slow = Finding(about="clock", level=Level.WARNING, message="is slow")
    assert not tell_found([missing, slow])
    assert tell_found([slow])
    assert capsys.readouterr().out.splitlines()[:4] == [
        "PROBLEM SPF: is missing",
        "    add it",
        f"    {record}",
        "warning clock: is slow",
    ]
