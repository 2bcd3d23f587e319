"""Other people's feeds as they are written, and as they should not be."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.batches import Batch, BatchState
from paperround.papers import Paper
from paperround.ports import SourceError
from paperround.settings import FeedSettings
from paperround.sources.entries import Entries
from paperround.sources.feed import MOST_ENTRIES, Feed, parse
from paperround.sources.http import Client

DAY = date(2026, 6, 16)
URL = "https://blog.example.org/feed.xml"


def item(
    title: str = "A post",
    link: str = "https://blog.example.org/a",
    *,
    guid: str = "",
    stamp: str = "Mon, 15 Jun 2026 08:00:00 GMT",
    more: str = "",
) -> str:
    return (
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link>"
        f"<guid isPermaLink='false'>{guid}</guid><pubDate>{stamp}</pubDate>{more}</item>"
    )


def rss(*items: str) -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">'
        f"<channel><title>A blog</title>{''.join(items)}</channel></rss>"
    ).encode()


def read(body: bytes) -> Entries:
    return parse(body, day=DAY, url=URL)


def the_paper(one: str) -> Paper:
    (paper,) = read(rss(one)).papers
    return paper


def test_an_rss_item_becomes_a_paper() -> None:
    more = (
        "<description><![CDATA[<p>First.</p><p>a &lt; b</p><script>x()</script>]]></description>"
        "<dc:creator>Ada Lovelace</dc:creator><category>theory</category><category>cs.CL</category>"
    )
    paper = the_paper(item("On <b>bold</b> claims", more=more))
    assert paper.title == "On bold claims"
    assert paper.abstract == "First. a < b"
    assert paper.authors == ("Ada Lovelace",)
    assert (paper.keywords, paper.categories) == (("theory",), ("cs.CL",))
    assert (paper.url, paper.published) == ("https://blog.example.org/a", date(2026, 6, 15))


def test_an_atom_entry_becomes_a_paper() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry>
      <title>p &lt; 0.05</title><id>tag:e,1</id><link rel="alternate" href="/posts/1"/>
      <updated>2026-06-15T23:00:00Z</updated>
      <author><name>Ada</name></author><author><name>Bob</name></author>
      <content type="xhtml">
        <div xmlns="http://www.w3.org/1999/xhtml"><p>All of <em>it</em>.</p></div>
      </content>
    </entry></feed>"""
    (paper,) = read(body).papers
    assert paper.title == "p < 0.05"
    assert paper.url == "https://blog.example.org/posts/1"
    assert paper.abstract == "All of it."
    assert paper.authors == ("Ada", "Bob")
    assert paper.published == date(2026, 6, 15)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ada Lovelace, Charles Babbage and Bob Roe", ("Ada Lovelace", "Charles Babbage", "Bob Roe")),
        ("Lovelace, Ada", ("Lovelace, Ada",)),
        ("Lovelace, A.; Babbage, C.", ("Lovelace, A.", "Babbage, C.")),
    ],
)
def test_several_authors_in_one_place_are_told_apart(written: str, names: tuple[str, ...]) -> None:
    assert the_paper(item(more=f"<dc:creator>{written}</dc:creator>")).authors == names


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (item(link="https://arxiv.org/abs/2606.14832v2"), "arxiv:2606.14832"),
        (item(link="https://doi.org/10.48550/arXiv.2606.14832"), "arxiv:2606.14832"),
        (item(link="https://doi.org/10.1234/ABC.5?x=1"), "doi:10.1234/abc.5"),
        (item(link="https://press.example.org/doi/abs/10.1234/ABC.5"), "doi:10.1234/abc.5"),
        (item(guid="doi:10.1234/abc.5"), "doi:10.1234/abc.5"),
        (item(more="<prism:doi>10.1234/ABC.5</prism:doi>"), "doi:10.1234/abc.5"),
    ],
)
def test_a_work_that_is_known_elsewhere_bears_the_id_it_has_there(one: str, expected: str) -> None:
    assert the_paper(one).id == expected


def test_an_entry_keeps_its_id_when_its_title_changes() -> None:
    before, after = the_paper(item("Old", guid="tag:e,7")), the_paper(item("New", guid="tag:e,7"))
    assert before.id == after.id
    assert before.id.startswith("feed:")


def test_a_number_for_a_guid_does_not_make_two_feeds_entries_one() -> None:
    here, there = item(guid="7", link="https://a.example.org/"), item(guid="7", link="https://b.example.org/")
    assert the_paper(here).id != the_paper(there).id


def test_a_number_that_looks_like_arxivs_is_not_taken_for_one() -> None:
    assert the_paper(item(guid="2606.14832")).id.startswith("feed:")


def test_entries_without_a_title_or_a_link_are_no_papers() -> None:
    entries = read(rss(item(""), item(link="javascript:alert(1)"), item(link=""), item()))
    assert (len(entries.papers), entries.faulty) == (1, 0)


@pytest.mark.parametrize(
    ("stamp", "published"),
    [
        ("", DAY),
        ("soon", DAY),
        ("0000-99-99", DAY),
        ("Wed, 16 Jun 2027 08:00:00 GMT", DAY),
        ("2026-06-01T08:00:00Z", date(2026, 6, 1)),
    ],
)
def test_no_entry_is_dated_ahead(stamp: str, published: date) -> None:
    assert the_paper(item(stamp=stamp)).published == published


def test_only_what_is_recent_counts_and_the_newest_comes_first() -> None:
    days = [DAY - timedelta(days=back) for back in (29, 0, 30, 400)]
    items = [item(str(day), f"https://e.org/{day}", stamp=day.isoformat()) for day in days]
    assert [paper.title for paper in read(rss(*items)).papers] == ["2026-06-16", "2026-05-18"]


def test_a_long_feed_gives_its_newest_entries() -> None:
    items = [item(str(n), f"https://e.org/{n}") for n in range(MOST_ENTRIES + 7)]
    assert len(read(rss(*items)).papers) == MOST_ENTRIES


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"garbage",
        b"\x00\xff" * 50,
        b'{"a": 1}',
        b"<html><body>x</body></html>",
        b"<a>" * 10_000,
        b"<x/>",
    ],
    ids=range(7),
)
def test_what_is_no_feed_is_an_error(sent: bytes) -> None:
    with pytest.raises(SourceError, match=r"a web page|neither an RSS nor an Atom feed"):
        read(sent)


@pytest.mark.parametrize("sent", [rss("<item/>" * 600_000), rss("x" * 11_000_000)], ids=["tags", "bytes"])
def test_a_feed_that_would_take_minutes_to_read_is_refused(sent: bytes) -> None:
    with pytest.raises(SourceError, match="too large"):
        read(sent)


def test_markup_within_markup_is_read_as_far_as_needed() -> None:
    nested = escape("<div>" * 10_000 + "bottom")
    assert the_paper(item(more=f"<description>Top {nested}</description>")).abstract == "Top"


def test_the_name_of_a_file_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(rss(item()))
    with pytest.raises(SourceError):
        read(str(path).encode())


def test_entities_are_neither_multiplied_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 9))
    doctype = f"<!DOCTYPE rss [<!ENTITY f SYSTEM 'file://{secret}'><!ENTITY e0 'lol'>{entities}]>"
    body = doctype.encode() + rss(item("Start @ end")).partition(b"?>")[2].replace(b"@", b"&e8;&f;")
    (paper,) = read(body).papers
    assert "lol" not in paper.title
    assert "hunter2" not in paper.title


@given(st.binary(max_size=60), st.text(max_size=30))
def test_nothing_in_a_feed_is_an_accident(junk: bytes, text: str) -> None:
    body = rss(item(), item(text, more="<description>@</description>")).replace(b"@", junk)
    try:
        read(body)
    except SourceError as error:
        assert str(error)  # noqa: PT017 - either is well


class Host:
    """A host with one answer."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return httpx.Response(304)
        headers = {"ETag": '"1"', "Content-Type": "text/xml"}
        return httpx.Response(200, stream=httpx.ByteStream(self.body), headers=headers)


def fetch(body: bytes, *, etag: str | None = None) -> Batch | None:
    async def ask() -> Batch | None:
        async with Client(transport=httpx.MockTransport(Host(body))) as client:
            return await Feed(FeedSettings(name="A blog", url=URL), client).fetch(DAY, etag=etag)

    return asyncio.run(ask())


def test_what_was_published_lately_is_the_batch_of_the_day() -> None:
    batch = fetch(rss(item()))
    assert batch is not None
    assert (batch.source, batch.day, batch.state, batch.etag) == ("A blog", DAY, BatchState.FRESH, '"1"')
    assert len(batch.papers) == 1


def test_a_feed_with_nothing_new_is_quiet() -> None:
    batch = fetch(rss(item(stamp="2020-01-01")))
    assert batch is not None
    assert (batch.state, batch.reason) == (BatchState.QUIET, "nothing in the 30 days up to 2026-06-16")


def test_an_unchanged_feed_is_not_read_again() -> None:
    assert fetch(rss(item()), etag='"1"') is None
