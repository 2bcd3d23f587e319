"""Hugging Face's lists as they are written, and as they should not be."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.batches import Batch, BatchState
from paperround.ports import SourceError
from paperround.settings import HuggingFaceSettings
from paperround.sources.http import Client, Limits
from paperround.sources.huggingface import HuggingFace, parse

TUESDAY = date(2026, 6, 16)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def entry(number: int = 14832, /, **changes: object) -> dict[str, Any]:
    """An entry in the form of the host; changes are made to its paper."""
    return {
        "paper": {
            "id": f"2606.{number}",
            "title": "Scaling $\\lambda$-Divergence",
            "summary": "We scale it. Code at https://github.com/someone/scaling.",
            "publishedAt": "2026-06-12T00:00:00.000Z",
            "authors": [{"name": "Ada Lovelace", "hidden": False}, {"name": "Bob", "hidden": True}],
            "upvotes": 0,
            "ai_keywords": ["divergence", 7, "scaling"],
            "projectPage": "https://scaling.example.org/",
            "organization": {"name": "org", "fullname": "The Organization", "avatar": "/avatars/o.svg"},
        }
        | changes,
        "publishedAt": "2026-06-11T20:00:00.000Z",
        "title": "The title of the entry",
        "thumbnail": f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2606.{number}.png",
    }


def body(*entries: object) -> bytes:
    return json.dumps(entries).encode()


def test_every_field_is_read_from_its_place() -> None:
    (paper,) = parse(body(entry()), TUESDAY).papers
    assert paper.id == "arxiv:2606.14832"
    assert paper.title == "Scaling λ-Divergence"
    assert paper.url == "https://arxiv.org/abs/2606.14832"
    assert paper.pdf_url == "https://arxiv.org/pdf/2606.14832"
    assert paper.code_url == "https://github.com/someone/scaling"
    assert paper.project_url == "https://scaling.example.org/"
    assert paper.image_url == "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2606.14832.png"
    assert paper.organization == "The Organization"
    assert paper.keywords == ("divergence", "scaling")


def test_the_date_is_that_of_the_paper_and_not_that_of_its_listing() -> None:
    assert parse(body(entry()), TUESDAY).papers[0].published == date(2026, 6, 12)


@pytest.mark.parametrize(
    "stamp", [None, 7, "", "soon", "2026-13-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"]
)
def test_without_a_date_that_can_be_the_day_of_the_list_is_taken(stamp: object) -> None:
    assert parse(body(entry(publishedAt=stamp)), TUESDAY).papers[0].published == TUESDAY


def test_hidden_authors_stay_hidden() -> None:
    assert parse(body(entry()), TUESDAY).papers[0].authors == ("Ada Lovelace",)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [(0, 0), (250, 250), (None, None), (-1, None), (True, None), ("7", None), (10**400, None)],
)
def test_nobodys_vote_is_a_count_and_nonsense_is_none(votes: object, expected: int | None) -> None:
    assert parse(body(entry(upvotes=votes)), TUESDAY).papers[0].votes == expected


def test_a_video_is_no_image_and_a_relative_address_no_link() -> None:
    listed = entry(projectPage="/spaces/x", githubRepo="javascript:alert(1)", summary="")
    listed["thumbnail"] = "https://cdn-uploads.huggingface.co/a.mp4"
    (paper,) = parse(body(listed), TUESDAY).papers
    assert (paper.image_url, paper.project_url, paper.code_url) == (None, None, None)


def test_a_paper_that_is_not_on_arxiv_leads_to_its_own_page() -> None:
    (paper,) = parse(body(entry(id="a-report")), TUESDAY).papers
    assert (paper.id, paper.pdf_url) == ("huggingface:a-report", None)
    assert paper.url == "https://huggingface.co/papers/a-report"


def test_entries_that_cannot_be_read_are_counted_and_the_rest_is_kept() -> None:
    faulty: Sequence[object] = (7, {"paper": None}, entry(id=""), entry(title=" "), entry(id="../../x"))
    page = parse(body(entry(10_001), *faulty, entry(10_002)), TUESDAY)
    assert len(page.papers) == 2
    assert page.state is BatchState.PARTIAL
    assert page.reason.startswith("5 of 7 items could not be read: item 2: it describes no paper; item 3:")


def test_a_list_of_faults_alone_is_an_error() -> None:
    with pytest.raises(SourceError, match="2 of 2 items could not be read"):
        parse(body(7, {}), TUESDAY)


def test_a_paper_listed_twice_comes_once() -> None:
    assert len(parse(body(entry(), entry()), TUESDAY).papers) == 1


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b'{"error": "Internal error"}', "the host reports: Internal error"),
        (b"\n<!DOCTYPE HTML><title>Sign in</title>", "a web page instead of a list"),
        (b"[" * 100_000, "not in JSON"),
        (b"[{}," * 150_000, "more parts"),
        (b'[{"paper": {"id": "2606.', "not in JSON"),
        (b"", "not in JSON"),
        (b"\xff\xfe\x00", "not in JSON"),
        (b"[" + b"9" * 5_000 + b"]", "not in JSON"),
        (b"{}", "something else"),
        (b"null", "something else"),
    ],
    ids=range(10),
)
def test_what_is_no_list_is_an_error_that_says_so(sent: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse(sent, TUESDAY)


@given(
    st.dictionaries(st.sampled_from(sorted(entry()["paper"])), anything, max_size=4),
    st.dictionaries(st.sampled_from(sorted(entry())), anything, max_size=2),
)
def test_nothing_in_any_field_stops_the_list(in_paper: dict[str, Any], around: dict[str, Any]) -> None:
    page = parse(body(entry(10_001), entry(**in_paper) | around), TUESDAY)
    assert page.papers[0].id == "arxiv:2606.10001"
    assert len(page.papers) + page.faulty == page.total == 2


def test_the_recorded_days_are_read_whole(recorded: Path) -> None:
    for path in sorted((recorded / "data" / "huggingface").glob("*.json")):
        page = parse(path.read_bytes(), date.fromisoformat(path.stem))
        assert (page.faulty, len(page.papers)) == (0, len(json.loads(path.read_bytes())))


def test_the_two_weekdays_before_are_asked_for_too() -> None:
    days = HuggingFace(HuggingFaceSettings(), Client(transport=httpx.MockTransport(Host()))).days
    assert days(date(2026, 6, 15)) == (date(2026, 6, 15), date(2026, 6, 12), date(2026, 6, 11))
    assert days(date(2026, 6, 14)) == (date(2026, 6, 14), date(2026, 6, 12), date(2026, 6, 11))


class Host:
    """A host that answers with the given pages, and then with empty ones; an error is raised."""

    def __init__(self, *pages: bytes | Exception, headers: dict[str, str] | None = None) -> None:
        self.pages = pages
        self.headers = headers
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(dict(request.url.params))
        number = int(request.url.params["p"])
        page = self.pages[number] if number < len(self.pages) else b"[]"
        if isinstance(page, Exception):
            raise page
        return httpx.Response(200, stream=httpx.ByteStream(page), headers=self.headers)


def fetch(host: Host, day: date = TUESDAY, *, today: date = TUESDAY) -> Batch:
    async def ask() -> Batch | None:
        limits = Limits(first_wait=timedelta(0), tries=2)
        async with Client(limits=limits, transport=httpx.MockTransport(host)) as client:
            source = HuggingFace(HuggingFaceSettings(), client, today=lambda: today)
            return await source.fetch(day, etag=None)

    batch = asyncio.run(ask())
    assert batch is not None
    return batch


FULL = body(*(entry(10_000 + number) for number in range(100)))
REST = body(*(entry(20_000 + number) for number in range(3)))


def test_full_pages_are_followed_by_the_next() -> None:
    host = Host(FULL, REST)
    batch = fetch(host)
    assert (batch.state, len(batch.papers)) == (BatchState.FRESH, 103)
    assert host.asked == [{"date": "2026-06-16", "limit": "100", "p": page} for page in ("0", "1")]


def test_a_short_page_is_the_last() -> None:
    host = Host(REST)
    assert len(fetch(host).papers) == 3
    assert len(host.asked) == 1


def test_a_short_page_that_announces_another_is_followed() -> None:
    host = Host(REST, FULL, headers={"Link": '<https://huggingface.co/x?p=1>; rel="next"'})
    assert len(fetch(host).papers) == 103


def test_a_host_without_pages_is_asked_twice_at_most() -> None:
    host = Host(FULL, FULL, FULL)
    batch = fetch(host)
    assert (batch.state, len(batch.papers), len(host.asked)) == (BatchState.FRESH, 100, 2)


def test_a_list_without_end_is_cut_and_said_to_be() -> None:
    pages = [body(*(entry(page * 1_000 + 10_000 + number) for number in range(100))) for page in range(12)]
    batch = fetch(Host(*pages))
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 1_000)
    assert "goes on after 1,000 entries" in batch.reason


@pytest.mark.parametrize("failure", [httpx.ReadError("gone"), b"<!doctype html>", b'{"error": "no"}'])
def test_a_later_page_that_fails_leaves_what_came_before(failure: bytes | Exception) -> None:
    batch = fetch(Host(FULL, failure))
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 100)
    assert batch.reason.startswith("page 2 could not be read: ")


def test_slow_pages_have_no_more_time_than_one() -> None:
    async def slowly(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["p"])
        await asyncio.sleep(0 if number == 0 else 0.09)
        page = body(*(entry(number * 1_000 + 10_000 + each) for each in range(100)))
        return httpx.Response(200, stream=httpx.ByteStream(page))

    async def ask() -> Batch | None:
        limits = Limits(total=timedelta(seconds=0.3))
        async with Client(limits=limits, transport=httpx.MockTransport(slowly)) as client:
            return await HuggingFace(HuggingFaceSettings(), client, today=lambda: TUESDAY).fetch(
                TUESDAY, etag=None
            )

    batch = asyncio.run(ask())
    assert batch is not None
    assert batch.state is BatchState.PARTIAL
    assert "the list was not complete within 0.33 s" in batch.reason


def test_a_first_page_that_fails_is_an_error() -> None:
    with pytest.raises(SourceError, match="closed without an answer after 2 tries"):
        fetch(Host(httpx.ReadError("gone")))


def test_a_day_that_has_not_begun_is_quiet_and_not_asked_for() -> None:
    host = Host(REST)
    batch = fetch(host, date(2026, 6, 17))
    assert (batch.state, batch.reason) == (BatchState.QUIET, "the day has not begun in UTC")
    assert host.asked == []


@pytest.mark.parametrize(
    ("day", "state", "reason"),
    [
        (TUESDAY, BatchState.STALE, "the list is empty so far"),
        (date(2026, 6, 15), BatchState.QUIET, "the list is empty"),
        (date(2026, 6, 14), BatchState.QUIET, "no list on a weekend"),
    ],
)
def test_an_empty_list_is_quiet_once_nothing_may_come_any_more(
    day: date, state: BatchState, reason: str
) -> None:
    batch = fetch(Host(), day)
    assert (batch.state, batch.reason, batch.day) == (state, reason, day)
