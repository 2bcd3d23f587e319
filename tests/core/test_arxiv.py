"""arXiv's feed as it is written, and as it should not be."""

import asyncio
import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.batches import Batch, BatchState, Revision
from paperround.ports import SourceError
from paperround.settings import ArxivSettings
from paperround.sources.arxiv import EMPTY, Arxiv, parse
from paperround.sources.http import Client
from paperround.sources.pace import Pace

TUESDAY = date(2026, 6, 16)
MIDNIGHT = "Tue, 16 Jun 2026 00:00:00 -0400"


def item(
    number: int = 14721,
    /,
    *,
    kind: str = "new",
    title: str = "A title",
    abstract: str = "An abstract.",
    creators: str = "Ada Lovelace, Charles Babbage",
) -> str:
    described = f"arXiv:2606.{number}v1 Announce Type: {kind} \nAbstract: {abstract}"
    return f"""<item>
      <title>{escape(title)}</title>
      <link>https://arxiv.org/abs/2606.{number}</link>
      <description>{escape(described)}</description>
      <guid isPermaLink="false">oai:arXiv.org:2606.{number}v2</guid>
      <category>cs.CL</category>
      <category>cs.LG</category>
      <pubDate>{MIDNIGHT}</pubDate>
      <arxiv:announce_type>{kind}</arxiv:announce_type>
      <dc:creator>{escape(creators)}</dc:creator>
    </item>"""


def feed(*items: str, stamp: str = MIDNIGHT, title: str = "cs.CL updates on arXiv.org") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel><title>{title}</title><pubDate>{stamp}</pubDate>{"".join(items)}</channel>
</rss>""".encode()


def test_every_field_is_read_from_its_place() -> None:
    abstract = "We use $\\alpha_1$; code: https://github.com/someone/code."
    announcement = parse(feed(item(title="On $x<y$ & more", abstract=abstract)))
    (paper,) = announcement.entries.papers
    assert announcement.day == paper.published == TUESDAY
    assert paper.id == "arxiv:2606.14721"
    assert paper.title == "On x<y & more"
    assert paper.abstract == "We use α₁; code: https://github.com/someone/code."
    assert paper.url == "https://arxiv.org/abs/2606.14721"
    assert paper.pdf_url == "https://arxiv.org/pdf/2606.14721"
    assert paper.code_url == "https://github.com/someone/code"
    assert paper.authors == ("Ada Lovelace", "Charles Babbage")
    assert paper.categories == ("cs.CL", "cs.LG")


@pytest.mark.parametrize(
    ("creators", "names"),
    [
        ("Ada (MIT, Cambridge, MA), Bob", ["Ada", "Bob"]),
        ("Ada (MIT (CSAIL), USA), Bob (ETH)", ["Ada", "Bob"]),
        ("Ada, Bob, et al.", ["Ada", "Bob"]),
        ("Erd\\H{o}s P\\'al, ,", ["Erdős Pál"]),
        ("Ada (MIT, Bob, Eve", ["Ada MIT", "Bob", "Eve"]),
        ("Ada), Bob", ["Ada)", "Bob"]),
        ("NVIDIA, :, Ada", ["NVIDIA", "Ada"]),
        ("", []),
    ],
)
def test_affiliations_make_no_authors(creators: str, names: list[str]) -> None:
    assert parse(feed(item(creators=creators))).entries.papers[0].authors == tuple(names)


@pytest.mark.parametrize(("kind", "papers"), [("new", 1), ("cross", 1), ("replace", 0), ("replace-cross", 0)])
def test_a_revised_paper_is_not_announced_again_but_as_a_revision(kind: str, papers: int) -> None:
    announcement = parse(feed(item(kind=kind)))
    assert len(announcement.entries.papers) == papers
    assert len(announcement.revisions) == 1 - papers


def test_the_description_tells_the_kind_where_no_element_does() -> None:
    told = item(kind="replace").replace("<arxiv:announce_type>replace</arxiv:announce_type>", "")
    assert parse(feed(told)).entries.papers == ()


def test_a_revision_bears_its_version_and_reads_as_the_paper_does_now() -> None:
    announcement = parse(feed(item(kind="replace", title="Another title")))
    (paper,) = parse(feed(item(title="Another title"))).entries.papers
    assert announcement.revisions == (Revision(paper=paper, version=2),)


@pytest.mark.parametrize("guid", ["oai:arXiv.org:2606.14721", "oai:arXiv.org:2606.14721v0", ""])
def test_a_revision_without_a_version_is_none(guid: str) -> None:
    told = item(kind="replace").replace("oai:arXiv.org:2606.14721v2", guid)
    announcement = parse(feed(told, item(14722)))
    assert announcement.revisions == ()
    assert (len(announcement.entries.papers), announcement.entries.faulty) == (1, 0)


def test_the_day_is_the_one_at_arxiv() -> None:
    assert parse(feed(stamp="Mon, 16 Nov 2026 00:00:00 -0500")).day == date(2026, 11, 16)


@pytest.mark.parametrize("stamp", ["", "soon", "Tue, 99 Jun 2026 00:00:00 -0400"])
def test_a_feed_without_a_day_is_an_error(stamp: str) -> None:
    with pytest.raises(SourceError, match="which day"):
        parse(feed(item(), stamp=stamp))


def test_items_that_cannot_be_read_are_counted_and_the_rest_is_kept() -> None:
    entries = parse(feed(item(), "<item><title>x</title></item>", item(14722, title=" "))).entries
    assert [paper.id for paper in entries.papers] == ["arxiv:2606.14721"]
    assert entries.reason.startswith(
        "2 of 3 items could not be read: item 2: it names no arXiv paper; item 3:"
    )


BOMB = b"<!DOCTYPE rss [<!ENTITY a 'aaaa'>]><rss><channel><title>&a;</title></channel></rss>"
THIEF = b"<!DOCTYPE rss [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><rss><channel><title>&f;</title></channel></rss>"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (BOMB, "document type"),
        (THIEF, "document type"),
        (BOMB.decode().encode("utf-16"), "not in XML"),
        (b"<?xml version='1.0' encoding='utf-7'?>" + BOMB.replace(b"<", b"+ADw-"), "not in XML"),
        (feed("<a/>" * 400_001), "more parts"),
        (b"<a>" * 100_000, "not in XML"),
        (feed(item())[:-40], "cut off"),
        (b"", "not in XML"),
        (b'{"error": "Internal error"}', "not in XML"),
        (b"<!doctype html><title>Sign in</title>", "a web page instead of a feed"),
        (b"<feed/>", "not an RSS feed"),
        (feed(title="Feed error for query: cs.XX"), "arXiv reports: Feed error for query: cs.XX"),
    ],
    ids=range(12),
)
def test_what_is_no_feed_is_an_error_that_says_so(sent: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse(sent)


@given(st.text(alphabet="(), et\x00\ud800al.Ada$\\{}", max_size=30), st.text(max_size=30))
def test_no_text_in_an_item_stops_the_feed(creators: str, title: str) -> None:
    sent = feed(item(), item(14722, creators="@1@", title="@2@")).decode()
    for mark, text in (("@1@", creators), ("@2@", title)):
        sent = sent.replace(mark, escape(text))
    try:
        assert parse(sent.encode("utf-8", "replace")).entries.total == 2
    except SourceError as error:
        assert "not in XML" in str(error)  # noqa: PT017 - XML has no place for some characters


def test_the_recorded_days_are_read_whole(recorded: Path) -> None:
    with gzip.open(recorded / "data" / "arxiv" / "2026-06-16.jsonl.gz", "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines]
    items = (
        item(
            int(paper["id"].partition(".")[2]),
            title=paper["title"],
            abstract=paper["summary"],
            creators=", ".join(paper["authors"]),
        )
        for paper in papers
        if paper["id"].startswith("2606.")
    )
    entries = parse(feed(*items)).entries
    assert (entries.faulty, len(entries.papers)) == (0, entries.total)
    assert entries.total > 500


class Host:
    """A host with one answer."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body = body
        self.status = status
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        headers = {"ETag": '"1"'}
        if request.headers.get("If-None-Match") == '"1"':
            return httpx.Response(304, headers=headers)
        return httpx.Response(self.status, stream=httpx.ByteStream(self.body), headers=headers)


def fetch(host: Host, day: date = TUESDAY, *, etag: str | None = None) -> Batch | None:
    async def ask() -> Batch | None:
        pace = Pace(timedelta(0))
        async with Client(arxiv=pace, transport=httpx.MockTransport(host)) as client:
            return await Arxiv(ArxivSettings(categories=("cs.CL", "cs.LG")), client).fetch(day, etag=etag)

    return asyncio.run(ask())


def fetched(body: bytes, day: date = TUESDAY) -> Batch:
    batch = fetch(Host(body), day)
    assert batch is not None
    return batch


def test_all_categories_are_asked_for_at_once() -> None:
    host = Host(feed(item()))
    batch = fetch(host)
    assert [str(request.url) for request in host.asked] == ["https://rss.arxiv.org/rss/cs.CL+cs.LG"]
    assert batch is not None
    assert (batch.state, batch.day, batch.etag, len(batch.papers)) == (BatchState.FRESH, TUESDAY, '"1"', 1)


def test_an_unchanged_feed_is_not_read_again() -> None:
    assert fetch(Host(feed(item())), etag='"1"') is None


def test_an_earlier_announcement_comes_under_its_own_day() -> None:
    assert fetched(feed(item()), TUESDAY + timedelta(days=1)).day == TUESDAY


def test_an_announcement_that_has_passed_cannot_be_had() -> None:
    with pytest.raises(SourceError, match=r"\(16 June 2026\); that of 15 June 2026 can no longer be fetched"):
        fetched(feed(item()), TUESDAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (feed(stamp="Tue, 20 Jan 2026 00:00:00 -0500"), "no announcement: Martin Luther King Day"),
        (feed(stamp="Sun, 14 Jun 2026 00:00:00 -0400"), "no announcement, as on a weekend"),
        (feed(item(kind="replace")), "revised papers alone"),
    ],
    ids=["holiday", "weekend", "revisions"],
)
def test_a_feed_without_new_papers_is_quiet(sent: bytes, reason: str) -> None:
    batch = fetched(sent)
    assert (batch.state, batch.reason) == (BatchState.QUIET, reason)


def test_an_empty_feed_on_a_day_with_an_announcement_is_stale() -> None:
    batch = fetched(feed())
    assert (batch.state, batch.reason) == (BatchState.STALE, EMPTY)


def test_revised_papers_come_with_the_batch_whether_anything_is_new_or_not() -> None:
    alone = fetched(feed(item(kind="replace")))
    beside = fetched(feed(item(kind="replace"), item(14722)))
    assert [revision.version for revision in alone.revisions] == [2]
    assert (beside.state, len(beside.papers), len(beside.revisions)) == (BatchState.FRESH, 1, 1)


def test_a_feed_at_its_limit_may_have_lost_some() -> None:
    batch = fetched(feed(*(item(10_000 + number) for number in range(2_000))))
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 2_000)
    assert batch.reason == "arXiv's feed ends at 2,000 items: ask for fewer categories."


def test_categories_that_arxiv_does_not_know_are_named() -> None:
    with pytest.raises(SourceError, match=r"no feed for cs\.CL, cs\.LG"):
        fetch(Host(feed(title="Feed error for query: cs.XX"), 400))


def test_another_refusal_is_told_as_it_is() -> None:
    with pytest.raises(SourceError, match=r"^404 Not Found$"):
        fetch(Host(b"", 404))
