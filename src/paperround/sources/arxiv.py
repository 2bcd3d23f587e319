"""arXiv's announcements: one RSS feed for some categories, which holds the current one alone."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

from lxml import etree

from paperround import calendars, links, text
from paperround.batches import Batch, BatchState, Revision
from paperround.languages import N_
from paperround.papers import Paper, arxiv_id
from paperround.phrases import full_day
from paperround.ports import SourceError
from paperround.settings import ArxivSettings
from paperround.sources import fields
from paperround.sources.bodies import is_web_page
from paperround.sources.entries import Entries, read_entries
from paperround.sources.http import Client
from paperround.sources.troubles import RejectedError

MOST_ITEMS = 2_000  # that arXiv puts into one feed
EMPTY = "the feed is empty, on a day that has an announcement"


class Arxiv:
    """The current announcement of some categories."""

    calendar = staticmethod(calendars.arxiv)

    def __init__(self, settings: ArxivSettings, client: Client) -> None:
        self.name = settings.name
        self._categories = ", ".join(settings.categories)
        self._url = f"{settings.base_url.rstrip('/')}/rss/{'+'.join(map(quote, settings.categories))}"
        self._client = client

    def days(self, day: date) -> tuple[date, ...]:
        """Return the day alone: the feed has no archive."""
        return (day,)

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
        """Return the current announcement, under its own day where that is before the one asked for."""
        try:
            response = await self._client.get_if_changed(
                self._url, etag=etag, accept="application/rss+xml", pace=self._client.arxiv
            )
        except RejectedError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            raise SourceError(f"arXiv has no feed for {self._categories}; is each a category?") from error
        if response is None:
            return None
        announcement = await asyncio.to_thread(parse, response.body)
        if announcement.day > day:
            raise SourceError(
                f"arXiv's feed holds the current announcement alone ({full_day(announcement.day)}); "
                f"that of {full_day(day)} can no longer be fetched"
            )
        return _batch(self.name, announcement, response.etag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What the feed holds, and the day for which it was made; the entries are without the revisions."""

    day: date
    entries: Entries
    revisions: tuple[Revision, ...]


def parse(body: bytes) -> Announcement:
    """Return the announcement in a feed, or raise SourceError."""
    channel = _root(body).find("channel")
    if channel is None:
        raise SourceError("XML, but not an RSS feed")
    title = _text(channel, "title")
    if title.startswith("Feed error"):
        raise SourceError(f"arXiv reports: {text.clean(title, limit=200)}")
    day = _day(_text(channel, "pubDate") or _text(channel, "lastBuildDate"))
    revisions: list[Revision] = []

    def read(item: etree._Element) -> Paper | None:
        if not _is_revised(item):
            return _paper(item, day)
        if version := _version(item):
            revisions.append(Revision(paper=_paper(item, day), version=version))
        return None

    entries = read_entries(channel.iterfind("item"), read)
    return Announcement(day=day, entries=entries, revisions=tuple(revisions))


_MOST_TAGS = 400_000
_KIND = re.compile(r"Announce Type: (\S+)")
_VERSION = re.compile(r"v([1-9]\d{0,3})$", re.ASCII)  # of "oai:arXiv.org:2606.14721v3"
_AFFILIATION = re.compile(r"\([^()]*\)|[()]")


def _batch(source: str, announcement: Announcement, etag: str | None) -> Batch:
    day, entries = announcement.day, announcement.entries
    state, reason = entries.state, entries.reason
    if entries.total == MOST_ITEMS:
        state = BatchState.PARTIAL
        reason = f"arXiv's feed ends at {MOST_ITEMS:,} items: ask for fewer categories. {reason}".rstrip()
    elif not entries.papers and state is BatchState.FRESH:
        expected = calendars.arxiv(day)
        state = BatchState.QUIET if entries.total or expected.reason else BatchState.STALE
        reason = N_("revised papers alone") if entries.total else expected.reason or EMPTY
    return Batch(
        source=source,
        day=day,
        state=state,
        papers=entries.papers,
        revisions=announcement.revisions,
        reason=reason,
        etag=etag,
    )


def _root(body: bytes) -> etree._Element:
    if is_web_page(body):
        raise SourceError("a web page instead of a feed")
    if b"<!DOCTYPE" in body:
        raise SourceError("the feed declares a document type, as arXiv's does not")
    if body.count(b"<") > _MOST_TAGS:
        raise SourceError("the feed has more parts than an announcement")
    # The encoding is given, for in another one the two questions above could be evaded.
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SourceError("the feed is not in XML, or cut off") from error


def _day(stamp: str) -> date:
    # Midnight in the east of the United States: in UTC it would be the same day, further west not.
    try:
        return parsedate_to_datetime(stamp).date()
    except (ValueError, OverflowError) as error:
        raise SourceError("the feed does not say of which day it is") from error


def _is_revised(item: etree._Element) -> bool:
    kind = _text(item, "{*}announce_type") or "".join(_KIND.findall(_text(item, "description"))[:1])
    return kind.startswith("replace")


def _version(item: etree._Element) -> int | None:
    found = _VERSION.search(_text(item, "guid"))
    return int(found[1]) if found else None


def _paper(item: etree._Element, day: date) -> Paper:
    described = _text(item, "description")
    paper = arxiv_id(_text(item, "guid")) or arxiv_id(_text(item, "link"))
    if paper is None:
        raise ValueError("it names no arXiv paper")
    name = paper.removeprefix("arxiv:")
    abstract = described.partition("Abstract:")[2] or described
    return Paper(
        id=paper,
        title=fields.title(_text(item, "title")),
        url=f"https://arxiv.org/abs/{name}",
        pdf_url=f"https://arxiv.org/pdf/{name}",
        published=day,
        abstract=fields.abstract(abstract),
        authors=fields.authors(_names(_text(item, "{*}creator"))),
        categories=fields.terms(category.text or "" for category in item.iterfind("category")),
        code_url=links.code_link(abstract),
    )


def _names(creators: str) -> Iterator[str]:
    for name in _without_affiliations(creators).split(","):
        if name.strip(" .").lower() != "et al":
            yield name


def _without_affiliations(creators: str) -> str:
    """Return the names alone: affiliations stand in parentheses, with commas and parentheses inside."""
    kept: list[str] = []
    depth = 0
    for character in creators:
        if character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(character)
    return _AFFILIATION.sub("", creators) if depth else "".join(kept)


def _text(element: etree._Element, tag: str) -> str:
    found = element.find(tag)
    return "".join(map(str, found.itertext())).strip() if found is not None else ""
