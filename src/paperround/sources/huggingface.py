"""Hugging Face Daily Papers: what readers there put forward, a list each weekday."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from paperround import calendars, links, text
from paperround.batches import Batch, BatchState
from paperround.papers import Paper, PaperId, arxiv_id, merge
from paperround.ports import SourceError
from paperround.settings import HuggingFaceSettings
from paperround.sources import fields
from paperround.sources.bodies import is_web_page
from paperround.sources.entries import Entries, read_entries
from paperround.sources.http import Client
from paperround.sources.troubles import spoken

PAGE = 100  # entries
PAGES = 10
LOOKBACK = 2  # weekdays before the day, for a list fills up during its day and may come late


class HuggingFace:
    """The Daily Papers, by the day of their list."""

    calendar = staticmethod(calendars.hugging_face)

    def __init__(
        self,
        settings: HuggingFaceSettings,
        client: Client,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self.name = settings.name
        self._url = f"{settings.base_url.rstrip('/')}/api/daily_papers"
        self._client = client
        self._today = today

    def days(self, day: date) -> tuple[date, ...]:
        """Return the day and the two weekdays before it."""
        before = (day - timedelta(days=back) for back in range(1, 7))
        return (day, *[each for each in before if calendars.hugging_face(each).since][:LOOKBACK])

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:  # noqa: ARG002 - votes change all day
        """Return the day's list, in part where a later page of it fails."""
        if day > self._today():  # which the host calls an error
            return self._quiet(day, "the day has not begun in UTC")
        pages: list[Entries] = []
        missing: SourceError | None = None
        # A little more than one page has, so that its own reason is heard first.
        limit = self._client.limits.total * 1.1
        try:
            async with asyncio.timeout(limit.total_seconds()):
                async for page in self._pages(day):
                    pages.append(page)  # noqa: PERF401 - what came before a failure is kept
        except TimeoutError:
            missing = SourceError(f"the list was not complete within {spoken(limit)}")
        except SourceError as error:
            missing = error
        if missing and not pages:
            raise missing
        return self._batch(day, pages, missing)

    async def _pages(self, day: date) -> AsyncIterator[Entries]:
        before = b""
        for number in range(PAGES):
            response = await self._client.get(
                self._url,
                params={"date": day.isoformat(), "limit": str(PAGE), "p": str(number)},
                accept="application/json",
            )
            if response.body == before:  # a host that knows no pages
                return
            page = parse(response.body, day)
            yield page
            if page.total == 0 or (page.total < PAGE and response.link_next is None):
                return
            before = response.body
        raise SourceError(f"the list goes on after {PAGES * PAGE:,} entries")

    def _batch(self, day: date, pages: list[Entries], missing: SourceError | None) -> Batch:
        papers = merge(paper for page in pages for paper in page.papers)
        if not papers and not missing:
            return self._empty(day)
        reasons = [page.reason for page in pages if page.reason]
        if missing:
            reasons.append(f"page {len(pages) + 1} could not be read: {missing}")
        state = BatchState.PARTIAL if reasons else BatchState.FRESH
        return Batch(source=self.name, day=day, state=state, papers=papers, reason="; ".join(reasons))

    def _empty(self, day: date) -> Batch:
        if reason := calendars.hugging_face(day).reason:
            return self._quiet(day, reason)
        if day == self._today():
            return replace(self._quiet(day, "the list is empty so far"), state=BatchState.STALE)
        return self._quiet(day, "the list is empty")

    def _quiet(self, day: date, reason: str) -> Batch:
        return Batch(source=self.name, day=day, state=BatchState.QUIET, reason=reason)


def parse(body: bytes, day: date) -> Entries:
    """Return the papers on a page of the list of that day, or raise SourceError."""
    if is_web_page(body):
        raise SourceError("a web page instead of a list")
    # An empty object is two bytes there and a hundred here.
    if body.count(b"[") + body.count(b"{") > _PARTS:
        raise SourceError("a list of more parts than a day has")
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError("the list is not in JSON, or cut off") from error
    if isinstance(entries, dict) and isinstance(entries.get("error"), str):
        raise SourceError(f"the host reports: {text.clean(entries['error'][:1000], limit=200)}")
    if not isinstance(entries, list):
        raise SourceError("something else instead of a list")
    return read_entries(entries, lambda entry: _paper(entry, day))


_PARTS = 200_000
_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)


def _paper(entry: object, day: date) -> Paper:
    about = entry.get("paper") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(about, dict):
        raise ValueError("it describes no paper")  # noqa: TRY004 - a fault in the list, not in the code
    name = _string(about, "id")
    arxiv = arxiv_id(name)
    if not arxiv and not _NAME.fullmatch(name):
        raise ValueError("its identifier is missing or odd")
    summary = _string(about, "summary")
    return Paper(
        id=arxiv or PaperId(f"huggingface:{name}"),
        title=fields.title(_string(about, "title")),
        url=_arxiv_url("abs", arxiv) or f"https://huggingface.co/papers/{name}",
        pdf_url=_arxiv_url("pdf", arxiv),
        published=_published(about, day),
        abstract=fields.abstract(summary),
        authors=fields.authors(_authors(about)),
        organization=_organization(about) or _organization(entry),
        keywords=fields.terms(each for each in _list(about, "ai_keywords") if isinstance(each, str)),
        votes=fields.votes(about.get("upvotes")),
        code_url=links.web_link(about.get("githubRepo")) or links.code_link(summary),
        project_url=links.web_link(about.get("projectPage")),
        image_url=links.image_link(entry.get("thumbnail")),
    )


def _published(about: Mapping[str, object], day: date) -> date:
    # Only the paper's own date: the entry's is the evening before it was listed.
    try:
        return min(date.fromisoformat(_string(about, "publishedAt")[:10]), day)
    except ValueError:
        return day


def _authors(about: Mapping[str, object]) -> Iterator[str]:
    for author in _list(about, "authors"):
        if isinstance(author, dict) and author.get("hidden") is not True:
            yield _string(author, "name")


def _organization(about: Mapping[str, object]) -> str | None:
    organization = about.get("organization")
    if not isinstance(organization, dict):
        return None
    return fields.organization(_string(organization, "fullname") or _string(organization, "name"))


def _arxiv_url(kind: str, arxiv: PaperId | None) -> str | None:
    return f"https://arxiv.org/{kind}/{arxiv.removeprefix('arxiv:')}" if arxiv else None


def _string(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _list(values: Mapping[str, object], key: str) -> Iterable[object]:
    value = values.get(key)
    return value if isinstance(value, list) else ()
