"""What a person sees on a terminal of eighty columns."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.terminal import said_on_a_terminal

WIDTH = 80
DAY = "2026-06-16"
TITLE = "Geometric action models for the learning of robot policies from LoRA adapters, told at some length"


def on_a_terminal(folder: Path, *arguments: str) -> list[str]:
    """Return the lines that the command writes to a terminal."""
    command = [sys.executable, "-m", "paperround", *arguments]
    code, said = said_on_a_terminal(command, cwd=folder, columns=WIDTH)
    assert code == 0, said
    return said.splitlines()


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which a round was done."""
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "config").mkdir()
    source = "{kind: file, path: papers.jsonl, name: Ours}"
    (folder / "config/paperround.yaml").write_text(
        f"from: papers@example.org\nstore: sqlite:///store.db\noutbox: out\nsources: [{source}]\n"
    )
    (folder / "config/subscribers.yaml").write_text(
        "defaults: {timezone: Europe/London}\n"
        "subscribers:\n"
        "  - {email: ada.lovelace@example.org, keywords: [LoRA], max_papers: 1}\n"
        "  - {email: grace.hopper@example.org, keywords: [whales], exclude: [survey]}\n"
    )
    papers = [
        {
            "id": f"test:{number}",
            "title": f"{TITLE} {number}",
            "abstract": "",
            "authors": ["Ann Other"],
            "url": "https://example.org/",
            "published": DAY,
        }
        for number in range(3)
    ]
    (folder / "config/papers.jsonl").write_text("\n".join(map(json.dumps, papers)))
    subprocess.run(
        [sys.executable, "-m", "paperround", "send", "--date", DAY],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("log",),
        ("why", "ada.lovelace@example.org"),
        ("why", "ada.lovelace@example.org", "test:1"),
        ("check",),
        ("replay", "ada.lovelace@example.org", "--since", DAY),
    ],
    ids=" ".join,
)
def test_nothing_is_wider_than_the_terminal(sent: Path, command: tuple[str, ...]) -> None:
    lines = on_a_terminal(sent, *command)
    assert lines
    assert [line for line in lines if len(line) > WIDTH] == []


def test_the_ledger_says_why_below_each_row(sent: Path) -> None:
    _, sent_row, reply, quiet_row, why = on_a_terminal(sent, "log")
    assert [row.split()[:4] for row in (sent_row, quiet_row)] == [
        [DAY, "1", "ada.lovelace@example.org", "sent"],
        [DAY, "2", "grace.hopper@example.org", "quiet"],
    ]
    assert reply.strip().startswith("written to out/")
    assert why.strip() == "nothing matched"


def test_in_a_pipe_a_row_is_a_line_without_blanks_at_its_end(sent: Path) -> None:
    for command in (["log"], ["replay", "ada.lovelace@example.org", "--since", DAY]):
        piped = subprocess.run(
            [sys.executable, "-m", "paperround", *command],
            cwd=sent,
            check=True,
            capture_output=True,
            text=True,
        )
        assert piped.stdout == "".join(f"{line.rstrip()}\n" for line in piped.stdout.splitlines())
    piped = subprocess.run(
        [sys.executable, "-m", "paperround", "log"], cwd=sent, check=True, capture_output=True, text=True
    )
    assert [line.rpartition("  ")[2] for line in piped.stdout.splitlines()[2:]] == ["nothing matched"]
