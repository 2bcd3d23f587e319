"""The papers of each day for everybody, to leaf through and to search."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paperround import translations
from paperround.archive import Entry, Filter, entries
from paperround.languages import Wording
from paperround.ports import Listing
from paperround.searching import LONGEST, Search, Spellings
from paperround.web.accepting import language_of
from paperround.web.conditional import conditional
from paperround.web.leafing import ALL_DAYS, ONE_DAY, Asked, Leaf, leaf
from paperround.web.pages import Pages

MOST_FOUND = 200  # papers
LOOKED_UP = 2 * MOST_FOUND  # listings: a paper may have several, and some do not hold the words as typed
_AT_ONCE = 2  # pages made at the same time, so that letters never wait for whoever leafs
_LONGEST_NAME = 200
_PAGE = re.compile(r"[0-9]{1,4}")


class Papers(Protocol):
    """What is known of papers. Raise StoreError where they cannot be looked up."""

    def announced_days(self) -> tuple[date, ...]:
        """Return every day on which papers were announced, the latest first."""

    def listings(self, since: date, until: date) -> tuple[Listing, ...]:
        """Return what was announced on the days from `since` to `until`, both included, oldest first."""

    def holding(self, wanted: Spellings, *, day: date | None, most: int) -> tuple[Listing, ...]:
        """Return listings, of one day or the latest ones, of papers that hold one spelling of each."""


def archive_routes(papers: Papers, pages: Pages, *, patience: timedelta) -> tuple[Route, ...]:
    """Return where the papers are asked for; whoever waits longer than `patience` is asked to come again."""
    register_url_convertor("date", _Dates())
    desk = _Desk(papers=papers, pages=pages, patience=patience)
    return Route("/", desk.newest), Route("/{day:date}", desk.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    papers: Papers
    pages: Pages
    patience: timedelta
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def newest(self, request: Request) -> Response:
        return await self._answer(request, None)

    async def day(self, request: Request) -> Response:
        if (day := request.path_params["day"]) is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return await self._answer(request, day)

    async def _answer(self, request: Request, day: date | None) -> Response:
        asked = _asked(request.query_params, day)
        wording = translations.wording(language_of(request.headers.get("Accept-Language", "")))
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                await self.turns.acquire()
        except TimeoutError:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "10"}) from None
        try:
            page = await run_in_threadpool(self._page, asked, wording)
        finally:
            self.turns.release()
        return conditional(request, page)

    def _page(self, asked: Asked, wording: Wording) -> Response:
        days = self.papers.announced_days()
        shown = self._leaf(asked, days, wording)
        known = asked.day in (None, *days)
        return self.pages.archive(
            shown, HTTPStatus.OK if known else HTTPStatus.NOT_FOUND, wording, _headers(asked)
        )

    def _leaf(self, asked: Asked, days: Sequence[date], wording: Wording) -> Leaf:
        day = asked.day or (days[0] if days else None)
        if day is None:
            return leaf(asked, (), days, wording)
        if (wanted := asked.search) is None:
            return leaf(asked, entries(self.papers.listings(day, day)), days, wording)
        within = None if asked.everywhere else day
        listings = self.papers.holding(wanted.spellings, day=within, most=LOOKED_UP)
        found = _found(wanted, entries(listings))
        cut = len(listings) == LOOKED_UP or len(found) > MOST_FOUND
        return leaf(asked, found[:MOST_FOUND], days, wording, cut=cut)


def _found(wanted: Search, listed: Sequence[Entry]) -> Sequence[Entry]:
    """Return those that hold what is looked for, one more than are shown at most."""
    papers = wanted.finds(entry.paper for entry in listed)
    found = {paper.id for paper in islice(papers, MOST_FOUND + 1)}
    return [entry for entry in listed if entry.paper.id in found]


def _asked(query: Mapping[str, str], day: date | None) -> Asked:
    typed = query.get("q", "").strip()[:LONGEST]
    number = query.get("page", "")
    scope = query.get("days", ONE_DAY if day else ALL_DAYS)
    source, category = (query.get(name, "")[:_LONGEST_NAME] for name in ("source", "category"))
    return Asked(
        day=day,
        typed=typed,
        everywhere=bool(typed) and scope == ALL_DAYS,
        filter=Filter(source=source, category=category),
        page=int(number) if _PAGE.fullmatch(number) else 1,
    )


class _Dates(Convertor[date | None]):
    """A part of a path that is a date, or has the form of one."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def convert(self, value: str) -> date | None:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None

    def to_string(self, value: date | None) -> str:
        return str(value)


def _headers(asked: Asked) -> Mapping[str, str]:
    """Return what a page says of itself: nobody's but everybody's, and to be found by day alone."""
    headers = {
        "Cache-Control": "max-age=300",
        "Vary": "Accept-Language",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return headers if asked.plain else {**headers, "X-Robots-Tag": "noindex"}
