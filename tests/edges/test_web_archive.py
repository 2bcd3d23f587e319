"""The pages of papers: what they show, what can be asked of them, and what cannot be done to them."""

import asyncio
import base64
import hashlib
import re
import threading
from datetime import date, timedelta
from html import unescape
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from tests.edges.test_web import app as without_archive
from tests.fakes.asking import ask
from tests.fakes.days import MONDAY, TUESDAY
from tests.fakes.library import MemoryLibrary
from tests.fakes.reading_room import ADA_FIRST, HOSTILE, LORA, ROBOTS, ReadingRoom

from paperround.ports import Listing
from paperround.web.archive import MOST_FOUND

ROOM = ReadingRoom()


def titles(page: httpx.Response) -> list[str]:
    found = re.findall(r"<h2 dir=\"auto\">(.*?)</h2>", page.text)
    return [unescape(re.sub("<[^>]*>", "", each)) for each in found]


def test_without_leave_nothing_is_shown() -> None:
    for path in ("/", "/2026-06-17", "/?q=robots"):
        assert ask("GET", path, without_archive()).status_code == 404


def test_the_newest_day_is_shown_first_by_votes() -> None:
    for path in ("/", "/2026-06-17"):
        page = ROOM.open(path)
        assert page.status_code == 200
        assert "<h1>Wednesday, 17 June 2026</h1>" in page.text
        assert titles(page)[0] == LORA.title
        assert titles(page)[-1] == ROBOTS.title
        assert "3 papers on this day, most votes first" in page.text


def test_a_paper_is_shown_with_all_that_is_known_of_it() -> None:
    page = ReadingRoom(ADA_FIRST).open("/").text
    shown = page[page.index("<ol") : page.index("</li>")]
    assert f'<a href="{LORA.url}">{LORA.title}</a>' in shown
    assert "Ada Lovelace and Grace Hopper" in shown
    assert "Hugging Face · arXiv cs.CV · 12 June · Analytical Engines" in shown
    assert '<b aria-hidden="true">45</b>' in shown
    assert '<span class="teaser" dir="auto">We propose LoRA for diffusion models.</span>' in shown
    assert f'<p dir="auto">{LORA.abstract}</p>' in shown
    for label, url in (("PDF", LORA.pdf_url), ("Code", LORA.code_url), ("Project", LORA.project_url)):
        assert f'<a href="{url}">{label}</a>' in shown


def test_earlier_and_later_days_are_those_that_have_papers() -> None:
    newest, earlier = ROOM.open("/").text, ROOM.open("/2026-06-15").text
    assert '<a href="/2026-06-15" rel="prev">' in newest
    assert 'rel="next">' not in newest
    assert ">Newest<" not in newest
    assert '<a href="/2026-06-17" rel="next">' in earlier
    assert '<a href="/">Newest</a>' in earlier


def test_a_day_without_papers_says_so_and_leads_to_those_that_have_some() -> None:
    page = ROOM.open("/2026-06-16")
    assert page.status_code == 404
    assert "No papers were announced on this day." in page.text
    assert 'href="/2026-06-15"' in page.text
    assert 'href="/2026-06-17"' in page.text


def test_a_library_without_papers_says_so() -> None:
    empty = ReadingRoom()
    empty.library = MemoryLibrary()
    page = empty.open("/")
    assert page.status_code == 200
    assert "No papers have been announced yet." in page.text
    assert "No papers have been announced yet." in empty.open("/?q=robots&days=all").text


@pytest.mark.parametrize(
    "path", ["/2026-02-30", "/2026-6-1", "/0000-00-00", "/2026-06-17/", "/20260617", "/x", "/2026-06-177"]
)
def test_what_is_no_day_leads_nowhere(path: str) -> None:
    page = ROOM.open(path)
    assert page.status_code == 404
    assert "This link leads nowhere" in page.text


def test_a_long_list_comes_in_pages() -> None:
    first, second = ROOM.open("/2026-06-15"), ROOM.open("/2026-06-15?page=2")
    assert (len(titles(first)), len(titles(second))) == (50, 10)
    assert not set(titles(first)) & set(titles(second))
    assert '<a href="/2026-06-15?page=2" rel="next">' in first.text
    assert '<a href="/2026-06-15" rel="prev">' in second.text
    for odd in ("0", "-1", "99999", "9" * 5000, "x", "\uff12"):
        assert len(titles(ROOM.open(f"/2026-06-15?page={quote(odd)}"))) == 50, odd


def test_papers_are_narrowed_by_source_and_category() -> None:
    assert titles(ROOM.open("/?source=arXiv")) == [LORA.title, ROBOTS.title]
    assert titles(ROOM.open("/?category=cs.RO")) == [ROBOTS.title]
    assert titles(ROOM.open("/?category=cs.RO&source=arXiv")) == [ROBOTS.title]
    nothing = ROOM.open("/?category=cs.RO&source=Hugging+Face")
    assert titles(nothing) == []
    assert "No paper is left." in nothing.text
    assert '<option value="cs.RO" selected>cs.RO (1)</option>' in nothing.text
    assert len(titles(ROOM.open("/?source=another&category=%3Cscript%3E"))) == 3


def test_a_search_goes_over_all_days_or_one() -> None:
    assert titles(ROOM.open("/2026-06-17?q=robot")) == [ROBOTS.title]
    everywhere = ROOM.open("/2026-06-17?q=robot&days=all")
    assert titles(everywhere)[0] == ROBOTS.title
    assert "<h1>Papers with robot</h1>" in everywhere.text
    assert "61 papers" in everywhere.text
    assert 'href="/2026-06-17?q=robot&amp;days=all&amp;page=2"' in everywhere.text
    assert titles(ROOM.open("/?q=robot")) == titles(everywhere)
    assert titles(ROOM.open("/?q=robot&days=one")) == [ROBOTS.title]
    assert '<a href="/2026-06-17">announced 17 June 2026</a>' not in everywhere.text
    assert '<a href="/2026-06-17">announced 17 June</a>' in everywhere.text


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("adapters", LORA.title),
        ("hopper", LORA.title),
        ('"diffusion model"', LORA.title),
        ("rene descartes", ROBOTS.title),
        ("analytical engine", LORA.title),
    ],
)
def test_a_search_looks_at_titles_abstracts_people_and_keywords(typed: str, title: str) -> None:
    assert titles(ROOM.open(f"/?q={quote(typed)}")) == [title]


def test_what_was_found_is_marked_where_it_stands() -> None:
    page = ROOM.open("/?q=lora").text
    assert "<mark>LoRA</mark> for diffusion models</a>" in page
    assert "We propose <mark>LoRA</mark> for diffusion models." in page


@pytest.mark.parametrize(
    "typed", ["%", "_", "%%%", '"', "'", "\\", "' OR 1=1 --", "a%", "ro_ot", "(", "\x00", "*"]
)
def test_signs_that_databases_and_patterns_know_are_signs(typed: str) -> None:
    for scope in ("one", "all"):
        page = ROOM.open(f"/?q={quote(typed)}&days={scope}")
        assert page.status_code == 200
        assert (titles(page) == []) or ("Write a word to search for." in page.text)


def test_a_search_that_finds_nothing_says_so() -> None:
    assert "No paper holds all of these words." in ROOM.open("/?q=zebra").text


def test_what_is_typed_is_bounded() -> None:
    page = ROOM.open(f"/?q={'robot+' * 900}")
    assert page.status_code == 200
    assert len(page.text) < 200_000


class Bounded(MemoryLibrary):
    """A library that has more than anybody wants to see."""

    def holding(self, wanted: object, *, day: date | None, most: int) -> tuple[Listing, ...]:
        del wanted, day
        (known,) = ReadingRoom(ADA_FIRST).library.listings(MONDAY, date.max)[:1]
        papers = [
            type(LORA)(
                id=type(LORA.id)(f"t:{n}"), title=f"LoRA {n}", url="https://a.example/", published=MONDAY
            )
            for n in range(most)
        ]
        return tuple(
            Listing(source="s", day=MONDAY, paper=each, first_seen=known.first_seen) for each in papers
        )


def test_of_very_many_papers_the_latest_are_shown() -> None:
    room = ReadingRoom()
    room.library = Bounded()
    room.library.record(ADA_FIRST, now=ROOM.library.listings(MONDAY, MONDAY)[0].first_seen)
    assert f"The latest {MOST_FOUND} papers" in room.open("/?q=lora").text


def test_hostile_text_stays_text() -> None:
    for path in ("/", "/?q=script", "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/?q=%22%3E%3Cb%3E+alert"):
        page = ROOM.open(path).text
        for tag in ("<script", "<img", "<b>Bold", "<h1>Org", "<i>", "<u>", "<b> alert"):
            assert tag not in page, (path, tag)
        assert "\u202e" not in page
    page = ROOM.open("/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert "javascript:" not in page
    assert "data:text" not in page
    assert HOSTILE.organization is not None
    assert unescape(page).count(HOSTILE.organization) == 1


def test_a_page_runs_no_script_and_loads_nothing() -> None:
    page = ROOM.open("/?q=robot")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    (style,) = re.findall(r"<style>(.*)</style>", page.text, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert not any(text in page.text for text in ("<script", "src=", "url(", "@import"))
    assert "set-cookie" not in page.headers


def test_a_page_is_indexed_by_its_day_alone() -> None:
    for path in ("/", "/2026-06-15", "/2026-06-15?page=2"):
        assert "x-robots-tag" not in ROOM.open(path).headers
    for path in ("/?q=robot", "/?source=arXiv", "/?category=cs.RO"):
        assert ROOM.open(path).headers["x-robots-tag"] == "noindex"


def test_who_has_a_page_is_not_sent_it_again() -> None:
    first = ROOM.open("/")
    assert first.headers["cache-control"] == "max-age=300"
    assert first.headers["vary"] == "Accept-Language"
    etag = first.headers["etag"]
    for given in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
        again = ROOM.open("/", if_none_match=given)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    assert ROOM.open("/2026-06-15", if_none_match=etag).status_code == 200
    assert ROOM.open("/", if_none_match=etag, accept_language="de").status_code == 200


def test_whoever_asks_is_answered_in_their_language() -> None:
    page = ROOM.open("/?q=robot", accept_language="de-AT, en;q=0.5").text
    assert '<html lang="de">' in page
    assert "<h1>Artikel mit robot</h1>" in page
    assert '<html lang="de">' in ROOM.open("/2026-02-30", accept_language="de").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(method: str) -> None:
    for path in ("/", "/2026-06-17"):
        assert ask(method, path, ROOM.app()).status_code == 405
    assert ask("HEAD", "/", ROOM.app()).content == b""


class Slow(MemoryLibrary):
    """A library in which somebody looks for something, for as long as the test wishes."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def announced_days(self) -> tuple[date, ...]:
        self.gate.wait(10)
        return (TUESDAY,)


def test_who_would_wait_too_long_is_asked_to_come_again() -> None:
    library = Slow()
    room = ReadingRoom()
    room.library = library

    async def crowd() -> list[httpx.Response]:
        transport = httpx.ASGITransport(impatient(room))
        async with httpx.AsyncClient(transport=transport, base_url="https://papers.example.org") as client:
            asking = [asyncio.create_task(client.get("/")) for _ in range(3)]
            done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            library.gate.set()
            await asyncio.gather(*asking)
            return [each.result() for each in done]

    (refused,) = asyncio.run(crowd())
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "10"
    assert "Too many people are reading" in refused.text


def impatient(room: ReadingRoom) -> Starlette:
    return room.app(patience=timedelta(milliseconds=50))
