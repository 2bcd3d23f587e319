"""Anybody's RSS or Atom feed."""

import asyncio
import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import feedparser
import nh3

from paperround import links
from paperround.batches import Batch, BatchState
from paperround.papers import Paper, PaperId, arxiv_id
from paperround.ports import SourceError
from paperround.settings import FeedSettings
from paperround.sources import fields
from paperround.sources.bodies import is_web_page
from paperround.sources.entries import Entries, read_entries
from paperround.sources.http import Client

WINDOW = timedelta(days=30)  # a feed may hold years
MOST_ENTRIES = 500
LARGEST = 10_000_000  # bytes; feedparser takes up to half a minute and 100 MB for those


class Feed:
    """What a feed published lately."""

    calendar = None

    def __init__(self, settings: FeedSettings, client: Client) -> None:
        self.name = settings.name
        self._url = settings.url
        self._client = client

    def days(self, day: date) -> tuple[date, ...]:
        """Return the day alone, for the feed holds those before it."""
        return (day,)

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
        """Return the entries of the days up to that one."""
        response = await self._client.get_if_changed(self._url, etag=etag, accept=_ACCEPT)
        if response is None:
            return None
        recent = await asyncio.to_thread(
            parse, response.body, day=day, url=self._url, content_type=response.content_type
        )
        state, reason = recent.state, recent.reason
        if not recent.papers and state is BatchState.FRESH:
            state, reason = BatchState.QUIET, f"nothing in the {WINDOW.days} days up to {day.isoformat()}"
        return Batch(
            source=self.name,
            day=day,
            state=state,
            papers=recent.papers,
            reason=reason,
            etag=response.etag,
            secondhand=True,
        )


def parse(body: bytes, *, day: date, url: str, content_type: str = "") -> Entries:
    """Return what the feed at that address published in the days up to `day`, newest first.

    Entries without a title or a link are no papers. Raise SourceError when the body is no feed.
    """
    if is_web_page(body):
        raise SourceError("a web page instead of a feed")
    if len(body) > LARGEST or body.count(b"<") + body.count(b"&") > _MOST_MARKS:
        raise SourceError("the feed is too large; is there one with the latest entries alone?")
    feed = _parsed(body, url, content_type)
    dated = ((_date(entry, day), entry) for entry in feed["entries"])
    recent = [(published, entry) for published, entry in dated if published > day - WINDOW]
    recent.sort(key=lambda pair: pair[0], reverse=True)
    return read_entries(recent[:MOST_ENTRIES], lambda pair: _paper(pair[1], pair[0]))


_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
_MOST_MARKS = 300_000
_MOST_TAGS_IN_TEXT = 1_000
_DOI = re.compile(r"(?:^doi:|doi\.org/|/doi/(?:\w+/)?|^)(10\.\d{4,9}/[^\s?#\"<>]+)", re.IGNORECASE | re.ASCII)
_CATEGORY = re.compile(r"[a-z-]+\.[A-Za-z-]{2,}", re.ASCII)
_BLOCKS = {"br", "div", "h1", "h2", "h3", "li", "p", "td"}
_BREAK = re.compile(f"</?(?:{'|'.join(sorted(_BLOCKS))})>")
_AND = re.compile(r", and |,| and ")
_LONGEST = 100_000
_LONGEST_NAME = 500


def _parsed(body: bytes, url: str, content_type: str) -> Mapping[str, Any]:
    headers = {"content-location": url, "content-type": content_type}
    try:
        # A stream, for feedparser takes bytes for the name of a file first.
        feed: Mapping[str, Any] = feedparser.parse(
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise SourceError("the feed cannot be read") from error
    if not feed.get("version"):
        raise SourceError("neither an RSS nor an Atom feed")
    return feed


def _date(entry: Mapping[str, Any], day: date) -> date:
    # Asked with `in`, for `get` would give one in place of the other, with a warning.
    stamps = (entry[key] for key in ("published_parsed", "updated_parsed") if key in entry)
    stamp = next(filter(None, stamps), None)
    try:
        return min(date(*stamp[:3]), day) if stamp else day
    except ValueError:
        return day


def _paper(entry: Mapping[str, Any], published: date) -> Paper | None:
    title = fields.title(_plain(entry.get("title_detail")))
    link = links.web_link(entry.get("link"))
    if not title or link is None:
        return None
    bodies = [entry.get("summary_detail"), *entry.get("content", ())]
    terms = fields.terms(str(tag.get("term") or "") for tag in entry.get("tags", ()))
    paper = _id(entry, link)
    name = paper.removeprefix("arxiv:")
    at_arxiv = name != paper
    return Paper(
        id=paper,
        title=title,
        url=f"https://arxiv.org/abs/{name}" if at_arxiv else link,
        pdf_url=f"https://arxiv.org/pdf/{name}" if at_arxiv else None,
        published=published,
        abstract=next(filter(None, (fields.abstract(_plain(each)) for each in bodies)), ""),
        authors=fields.authors(_names(entry.get("authors", ()))),
        categories=tuple(term for term in terms if _CATEGORY.fullmatch(term)),
        keywords=tuple(term for term in terms if not _CATEGORY.fullmatch(term)),
    )


_ABOUT_ARXIV = re.compile(r"https?://(?:[a-z]+\.)?(?:arxiv|doi)\.org/", re.IGNORECASE)


def _id(entry: Mapping[str, Any], link: str) -> PaperId:
    guid = str(entry.get("id") or "")
    names = [str(entry.get(key) or "")[:_LONGEST_NAME] for key in ("prism_doi", "dc_identifier", "id")] + [
        link
    ]
    # What an entry calls itself is its own claim; where its link leads is what a reader gets to see.
    if _ABOUT_ARXIV.match(link) and (arxiv := arxiv_id(link)):
        return arxiv
    for name in names:
        if doi := _DOI.search(name):
            return PaperId(f"doi:{doi[1].lower().rstrip('.,;')}")
    # A guid that is no URI is unique within its own feed only.
    lasting = guid if ":" in guid else link
    return PaperId(f"feed:{hashlib.sha256(lasting.encode('utf-8', 'replace')).hexdigest()[:20]}")


def _plain(detail: Mapping[str, Any] | None) -> str:
    """Return the text of an element, without markup where it has some."""
    if not detail:
        return ""
    value = str(detail.get("value") or "")[:_LONGEST]
    return _without_markup(value) if "html" in str(detail.get("type")) else value


def _without_markup(value: str) -> str:
    # Its beginning is enough, and the time for tags within tags grows with the square of their number.
    start = "<".join(value.split("<", _MOST_TAGS_IN_TEXT)[:_MOST_TAGS_IN_TEXT])
    cleaned = nh3.clean(start, tags=_BLOCKS, attributes={})
    return html.unescape(_BREAK.sub(" ", cleaned))


def _names(authors: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for author in authors:
        written = str(author.get("name") or "")[:_LONGEST]
        parts = written.split(";") if ";" in written else _AND.split(written)
        # "Doe, Jane" is one name; where every part has a blank in it, they are several.
        several = ";" in written or all(" " in part.strip() for part in parts)
        yield from parts if several else [written]
