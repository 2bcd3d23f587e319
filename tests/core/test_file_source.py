"""Papers in a file: what its owner may write, and what is said when it is wrong."""

import asyncio
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.batches import Batch, BatchState
from paperround.papers import Paper
from paperround.ports import SourceError
from paperround.settings import FileSettings
from paperround.sources.file import LONGEST_LINE, PaperFile, parse

DAY = date(2026, 6, 16)


def line(**changes: object) -> bytes:
    values: dict[str, Any] = {
        "id": "2606.14832",
        "title": "A title",
        "abstract": "An abstract.",
        "authors": ["Ada Lovelace"],
        "url": "https://e.org/a",
        "published": "2026-06-16",
    }
    kept = {key: value for key, value in (values | changes).items() if value is not ...}
    return json.dumps(kept).encode() + b"\n"


def the_paper(**changes: object) -> Paper:
    (paper,) = parse([line(**changes)], DAY).papers
    return paper


def test_the_required_fields_make_a_paper() -> None:
    paper = the_paper()
    assert (paper.id, paper.title, paper.abstract) == ("arxiv:2606.14832", "A title", "An abstract.")
    assert (paper.authors, paper.url, paper.published) == (("Ada Lovelace",), "https://e.org/a", DAY)


@pytest.mark.parametrize("link", ["/a", "javascript:alert(1)", "http://user:pw@e.org/a"])
def test_a_bad_link_costs_the_link_and_not_the_paper(link: str) -> None:
    assert the_paper(url=link) == replace(the_paper(), url="")


def test_the_other_fields_may_be_there() -> None:
    paper = the_paper(
        organization="Org",
        categories=["cs.CL"],
        keywords=["text"],
        votes=0,
        pdf_url="https://e.org/a.pdf",
        code_url="https://e.org/code",
        project_url="https://e.org/project",
        image_url="https://e.org/a.png",
    )
    assert (paper.organization, paper.categories, paper.keywords, paper.votes) == (
        "Org",
        ("cs.CL",),
        ("text",),
        0,
    )
    assert (paper.pdf_url, paper.code_url) == ("https://e.org/a.pdf", "https://e.org/code")
    assert (paper.project_url, paper.image_url) == ("https://e.org/project", "https://e.org/a.png")


def test_the_other_fields_may_be_null() -> None:
    nothing = dict.fromkeys(["organization", "categories", "votes", "pdf_url", "announced"])
    assert the_paper(**nothing) == the_paper()


@pytest.mark.parametrize("written", ["2026-06-16", "2026-06-16T23:30:00Z", "2026-06-16T23:30:00-05:00"])
def test_a_date_may_have_a_time(written: str) -> None:
    assert the_paper(published=written).published == DAY


@pytest.mark.parametrize(
    ("written", "name"),
    [("arXiv:2606.14832v2", "arxiv:2606.14832"), ("doi:10.1/x", "doi:10.1/x"), ("report-7", "file:report-7")],
)
def test_an_id_without_a_source_is_one_of_this_file(written: str, name: str) -> None:
    assert the_paper(id=written).id == name


def test_a_paper_is_announced_on_its_date_unless_the_line_says_otherwise() -> None:
    lines = [
        line(),
        line(id="1", published="2026-06-15"),
        line(id="2", published="2026-01-01", announced="2026-06-16"),
    ]
    assert [paper.id for paper in parse(lines, DAY).papers] == ["arxiv:2606.14832", "file:2"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (line(published=...), "`published` must be a date such as 2026-06-16"),
        (line(published="16.6.2026"), "`published` must be a date such as 2026-06-16"),
        (line(announced=7), "`announced` must be a date such as 2026-06-16"),
        (line(id=""), "`id` must be a word"),
        (line(id="two words"), "`id` must be a word"),
        (line(title=...), "`title` must be a text"),
        (line(title=" "), "a paper has a title"),
        (line(abstract=None), "`abstract` must be a text"),
        (line(authors="Ada"), "`authors` must be a list of texts"),
        (line(authors=[7]), "`authors` must be a list of texts"),
        (line(url=7), r"`url` must be a text"),
        (line(votes="many"), "`votes` must be a whole number"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"x" * (LONGEST_LINE + 1), "longer than 1,000,000 bytes"),
    ],
    ids=range(17),
)
def test_a_wrong_line_is_named_with_its_mend_and_the_rest_is_kept(wrong: bytes, said: str) -> None:
    entries = parse([line(), wrong], DAY)
    assert len(entries.papers) == 1
    with pytest.raises(SourceError, match=f"1 of 1 lines could not be read: line 1: .*{said}"):
        parse([wrong], DAY)


@given(
    st.dictionaries(
        st.sampled_from([*json.loads(line()), "votes", "keywords", "image_url"]), st.none() | st.text()
    )
)
def test_no_value_in_a_line_stops_the_file(changes: dict[str, object]) -> None:
    assert parse([line(id="1"), line(**changes)], DAY).papers[0].id == "file:1"


def fetch(path: Path) -> Batch:
    batch = asyncio.run(PaperFile(FileSettings(name="Ours", path=path)).fetch(DAY, etag=None))
    assert batch is not None
    return batch


def test_the_file_may_have_blank_lines_and_a_mark_at_its_start(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line() + b"\r\n\n" + line(id="2").rstrip(b"\n"))
    batch = fetch(path)
    assert (batch.source, batch.day, batch.state, len(batch.papers)) == ("Ours", DAY, BatchState.FRESH, 2)


def test_the_faults_are_told_with_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_bytes(b"{\n" + line() + b"y" * 3 * LONGEST_LINE + b"\n" + b"[]\n" * 9)
    batch = fetch(path)
    assert batch.state is BatchState.PARTIAL
    assert batch.reason == (
        "papers.jsonl: 11 of 12 lines could not be read: line 1: not JSON; "
        "line 3: longer than 1,000,000 bytes; line 4: not a JSON object: {…}; …"
    )


def test_a_day_without_a_line_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_bytes(line(published="2026-06-15"))
    batch = fetch(path)
    assert (batch.state, batch.reason) == (BatchState.QUIET, "no line is announced for 2026-06-16")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^papers\.jsonl: No such file"):
        fetch(tmp_path / "papers.jsonl")


def test_a_folder_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SourceError, match="not a file"):
            fetch(path)


def test_lines_that_come_up_to_six_days_late_are_found() -> None:
    days = PaperFile(FileSettings(name="Ours", path=Path("x"))).days(DAY)
    assert (days[0], days[-1], len(days)) == (DAY, date(2026, 6, 10), 7)
