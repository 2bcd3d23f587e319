"""The sample papers of the demo: real works, described in words of our own."""

import gzip
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import paperround
from paperround.links import web_link
from paperround.sources.file import parse
from paperround.text import prose

SAMPLE = Path(paperround.__file__).parent / "sample"
LINES = (SAMPLE / "papers.jsonl").read_bytes().splitlines(keepends=True)
PAPERS: list[dict[str, Any]] = [json.loads(line) for line in LINES]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    all_words = words(text)
    return {tuple(all_words[at : at + length]) for at in range(len(all_words) - length + 1)}


def test_there_are_papers_for_two_days() -> None:
    announced = Counter(paper["announced"] for paper in PAPERS)

    assert announced == {"2026-06-16": len(PAPERS) - 5, "2026-06-15": 5}
    assert 36 <= len(PAPERS) <= 48


def test_every_paper_has_an_id_of_its_own() -> None:
    ids = [paper["id"] for paper in PAPERS]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"arxiv:26\d{2}\.\d{5}", name) for name in ids)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper["id"]))
def test_a_sample_paper_is_complete(paper: dict[str, Any]) -> None:
    assert 50 <= len(paper["abstract"].split()) <= 130
    assert paper["authors"]
    assert paper["title"].strip() == paper["title"]
    assert date.fromisoformat(paper["published"]) <= date.fromisoformat(paper["announced"])
    assert paper["url"] == f"https://arxiv.org/abs/{paper['id'].removeprefix('arxiv:')}"
    for key in ("url", "pdf_url", "code_url", "project_url"):
        assert key not in paper or web_link(paper[key]) == paper[key]


@pytest.mark.parametrize("day", [date(2026, 6, 15), date(2026, 6, 16)])
def test_the_file_source_takes_every_line(day: date) -> None:
    entries = parse(LINES, day)

    assert not entries.faulty
    assert len(entries.papers) == sum(paper["announced"] == day.isoformat() for paper in PAPERS)


def test_some_titles_show_how_tex_reads() -> None:
    titles = [paper["title"] for paper in PAPERS if "$" in paper["title"]]

    assert len(titles) >= 2
    assert not any("$" in prose(title) for title in titles)


def test_no_abstract_is_copied(recorded: Path) -> None:
    originals: dict[str, str] = {}
    for path in (recorded / "data" / "arxiv").glob("*.jsonl.gz"):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            paper = json.loads(line)
            originals[f"arxiv:{paper['id']}"] = paper["summary"]
    for path in (recorded / "data" / "huggingface").glob("*.json"):
        for item in json.loads(path.read_bytes()):
            originals[f"arxiv:{item['paper']['id']}"] = item["paper"]["summary"]

    copied = [
        paper["id"] for paper in PAPERS if runs(paper["abstract"], 12) & runs(originals[paper["id"]], 12)
    ]

    assert copied == []
