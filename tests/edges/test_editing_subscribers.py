"""The commands that edit subscribers.yaml, and how its file is replaced."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from paperround.cli import main
from paperround.config import Loaded, load
from paperround.config.editing import added
from paperround.config.replacing import Edit, EditProblem, edited
from paperround.phrases import full_day
from paperround.ports import Cause
from paperround.preferences import PauseChange
from paperround.store import open_store
from paperround.subscribers import Pause

NOW = datetime(2026, 6, 16, 8, tzinfo=UTC)
SETTINGS = """\
from: Paper Round <papers@example.org>
store: sqlite:///{folder}/store.db
sources: [{{kind: huggingface}}]
"""
SUBSCRIBERS = """\
# Who reads
subscribers:
  - email: ada@example.org # by mail of 3 May
    keywords: [LoRA]
  - {email: grace@example.org, keywords: [robots]} # always
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config that can be used."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "paperround.yaml").write_text(SETTINGS.format(folder=tmp_path))
    (folder / "subscribers.yaml").write_text(SUBSCRIBERS)
    return folder


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run `paperround subscribers …`; return how it ended, and what it said and complained of."""

    def typed(*arguments: str) -> tuple[int, str, str]:
        command = ["paperround", "subscribers", *arguments, "--config", str(config)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    yield typed
    structlog.reset_defaults()  # the command logs to a stream that ends with the test


def adding(name: str) -> Callable[[Loaded, str], Edit]:
    def edit(_: Loaded, text: str) -> Edit:
        address = f"{name}@example.org"
        entry = {"email": address, "keywords": ["LoRA"]}
        return Edit(about=address, text=added(text, entry), holds=lambda it: it is not None)

    return edit


def text_of(config: Path) -> str:
    return (config / "subscribers.yaml").read_text()


def test_who_is_added_is_in_the_config_with_what_was_said_of_them(config: Path, run: Run) -> None:
    options = ("--keyword", "LoRA", "--keyword", "a: b", "--category", "cs.RO", "--author", "Yann LeCun")
    more = ("--name", "Zoë", "--timezone", "Europe/Berlin", "--deliver-at", "06:15")
    code, out, _ = run("add", "zoe@Example.ORG", *options, *more)
    assert (code, out) == (0, f"zoe@example.org is added, on line 6 of {config}/subscribers.yaml.\n")
    zoe = load(config, {}).settings.subscribers[2]
    assert (zoe.address, zoe.name, str(zoe.timezone)) == ("zoe@example.org", "Zoë", "Europe/Berlin")
    assert f"{zoe.deliver_at:%H:%M}" == "06:15"
    assert [str(each.phrases[0]) for each in zoe.interests.keywords] == ["LoRA", "a: b"]
    assert (zoe.interests.authors, zoe.interests.categories) == (("Yann LeCun",), ("cs.RO",))
    assert text_of(config).startswith(SUBSCRIBERS)


def test_whoever_is_known_is_not_added_again(config: Path, run: Run) -> None:
    code, _, err = run("add", "Grace@Example.org", "--keyword", "x")
    assert code == 2
    assert f"Grace@example.org subscribes on line 5 of {config}/subscribers.yaml already" in err
    assert text_of(config) == SUBSCRIBERS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("zoe@example.org",), "subscribers.yaml:6: subscribers[2]: this subscriber has no interests"),
        (("zoe@example.org", "--keyword", "a", "--timezone", "Berlin"), 'did you mean "Europe/Berlin"?'),
        (("papers@example.org", "--keyword", "a"), "the mails are sent from this address"),
        (("zoe", "--keyword", "a"), '"zoe" has no @; write it like ada@example.org'),
    ],
)
def test_what_the_config_would_refuse_changes_nothing(
    config: Path, run: Run, arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = run("add", *arguments)
    assert code == 2
    assert words in err
    assert text_of(config) == SUBSCRIBERS
    assert len(list(config.iterdir())) == 2


def test_a_config_that_is_wrong_already_is_left_as_it_is(config: Path, run: Run) -> None:
    (config / "subscribers.yaml").write_text(f"{SUBSCRIBERS}wrong: 1\n")
    code, _, err = run("pause", "ada@example.org")
    assert code == 2
    assert "subscribers.yaml:6: wrong: unknown key" in err
    assert text_of(config) == f"{SUBSCRIBERS}wrong: 1\n"
    (config / "subscribers.yaml").unlink()
    assert run("pause", "ada@example.org")[0] == 2


def test_a_pause_is_written_and_taken_back(config: Path, run: Run) -> None:
    assert run("pause", "ADA@example.org")[0] == 0
    assert "by mail of 3 May\n    paused: true\n" in text_of(config)
    assert run("pause", "ada@example.org")[0] == 0
    assert run("resume", "ada@example.org")[0] == 0
    assert text_of(config) == SUBSCRIBERS
    assert run("resume", "nobody@example.org")[0] == 2


def test_a_time_away_is_written_beside_the_others_and_taken_back_when_it_is_now(
    config: Path, run: Run
) -> None:
    today = datetime.now(UTC).date()  # the readers live in UTC
    week, month, year = (today + timedelta(days=days) for days in (7, 30, 90))
    code, out, _ = run("pause", "ada@example.org", "--until", str(week))
    assert (code, out.split(",")[0]) == (0, f"ada@example.org is away until {full_day(week)}")
    assert f"by mail of 3 May\n    away: {{from: {today}, until: {week}}}\n" in text_of(config)
    assert run("pause", "ada@example.org", "--from", str(month), "--until", str(year))[0] == 0
    later = f"{{from: {month}, until: {year}}}"
    assert f"away: [{{from: {today}, until: {week}}}, {later}]\n" in text_of(config)
    _, out, _ = run("list")
    assert f"ada@example.org: away until {full_day(week)}, by subscribers.yaml" in " ".join(out.split())
    assert f"away from {full_day(month)} until {full_day(year)}" in " ".join(out.split())
    assert run("resume", "ada@example.org")[0] == 0
    assert text_of(config) == SUBSCRIBERS.replace("3 May\n", f"3 May\n    away: {later}\n")


def test_a_time_away_that_is_none_changes_nothing(config: Path, run: Run) -> None:
    code, _, err = run("pause", "ada@example.org", "--from", "2099-07-01")
    assert (code, "--from needs --until" in err) == (2, True)
    for times in (("--until", "2020-01-01"), ("--from", "2099-07-01", "--until", "2099-07-01")):
        code, _, err = run("pause", "ada@example.org", *times)
        assert (code, "--until is to be a day after" in err) == (2, True)
    assert text_of(config) == SUBSCRIBERS
    assert run("pause", "ada@example.org", "--from", "2099-07-01", "--until", "2099-07-14")[0] == 0
    before = text_of(config)
    code, _, err = run("pause", "ada@example.org", "--from", "2099-07-10", "--until", "2099-07-20")
    assert code == 2
    assert "this begins before the time on line 4 is over" in err
    assert text_of(config) == before


def test_who_is_removed_is_gone_with_their_comments_and_the_last_one_too(config: Path, run: Run) -> None:
    assert run("remove", "Ada@example.org")[0] == 0
    assert text_of(config) == (
        "# Who reads\nsubscribers:\n  - {email: grace@example.org, keywords: [robots]} # always\n"
    )
    code, _, err = run("remove", "grace@example.org")
    assert code == 0
    assert "nobody subscribes" in err
    assert text_of(config) == "# Who reads\nsubscribers: []\n"
    assert run("remove", "grace@example.org")[0] == 2


def test_who_gets_nothing_all_the_same_is_told_of_with_the_mend(config: Path, run: Run) -> None:
    with closing(open_store(load(config, {}).settings.store)) as store:
        ids = store.ledger.enrol(["zoe@example.org", "ada@example.org"], now=NOW)
        store.ledger.suppress(
            ids["zoe@example.org"], "unsubscribed on 2026-06-01", cause=Cause.UNSUBSCRIBED, now=NOW
        )
        pause = PauseChange(pause=Pause(until=date(2099, 1, 2)))
        store.preferences.change(ids["ada@example.org"], pause, now=NOW)
    code, _, err = run("add", "zoe@example.org", "--keyword", "LoRA")
    assert code == 0
    assert "`paperround subscribers readmit zoe@example.org --at-their-request`" in err
    _, _, err = run("resume", "ada@example.org")
    assert "paused by the reader until 2 January 2099; `paperround preferences forget ada@example.org`" in err


def test_edits_at_the_same_time_wait_for_each_other(config: Path) -> None:
    names = [f"reader{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as together:
        list(together.map(lambda name: edited(config, {}, adding(name)), names))
    there = {each.address for each in load(config, {}).settings.subscribers}
    assert there >= {f"{name}@example.org" for name in names}
    assert len(list(config.iterdir())) == 2


def test_what_somebody_else_writes_meanwhile_is_not_overwritten(config: Path) -> None:
    def slow(now: Loaded, text: str) -> Edit:
        (config / "subscribers.yaml").write_text(f"{SUBSCRIBERS}# theirs\n")
        return adding("zoe")(now, text)

    with pytest.raises(EditProblem, match="was changed by somebody else just now"):
        edited(config, {}, slow)
    assert text_of(config) == f"{SUBSCRIBERS}# theirs\n"
    assert len(list(config.iterdir())) == 2


def test_an_edit_that_would_change_somebody_else_is_left_to_people(config: Path) -> None:
    def careless(now: Loaded, text: str) -> Edit:
        return adding("zoe")(now, text.replace("robots", "robotics"))

    with pytest.raises(EditProblem, match="edit it by hand; nothing was changed"):
        edited(config, {}, careless)
    assert text_of(config) == SUBSCRIBERS


def test_the_file_keeps_its_rights_and_a_link_to_it_stays_one(config: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    (config / "subscribers.yaml").rename(kept)
    kept.chmod(0o640)
    (config / "subscribers.yaml").symlink_to(kept)
    edited(config, {}, adding("zoe"))
    assert (config / "subscribers.yaml").is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert "zoe@example.org" in kept.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root gives files away")
def test_the_file_keeps_its_owner(config: Path) -> None:
    os.chown(config / "subscribers.yaml", 12345, 23456)
    edited(config, {}, adding("zoe"))
    now = (config / "subscribers.yaml").stat()
    assert (now.st_uid, now.st_gid) == (12345, 23456)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_in_is_told_of(config: Path, run: Run) -> None:
    config.chmod(0o555)
    try:
        code, _, err = run("pause", "ada@example.org")
    finally:
        config.chmod(0o755)
    assert code == 1
    assert "cannot be replaced: Permission denied; run this as a user who may write in its folder" in err
