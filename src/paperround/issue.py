"""The papers of one day, read against the interests of all its readers at once."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Protocol

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest
from paperround.judging import Offer, Rejection
from paperround.likeness import Likeness
from paperround.meaning import Meaning
from paperround.papers import PaperId
from paperround.phrases import long_day, weekday
from paperround.ports import Listing, Past, RevisionListing
from paperround.ranking import Ranked, Ranking
from paperround.selection import (
    LONGEST_LOOK_BACK,
    Choice,
    choose,
    offer,
    select,
    updates,
)
from paperround.subscribers import LONGEST_GAP, WEEK, Interests, Subscriber
from paperround.votes import popular

READERS_AT_ONCE = 500  # whose past is in memory, and who are scored in one product
KNOWN = 1000  # of the newest papers, by which it is judged how common a keyword is

PAUSED = "paused"
PAUSED_BY_READER = "paused by the reader"
AWAY = "away"
UNREADABLE = "a source could not be read"
UNCHANGED = "a source still shows its announcement before"
NO_ANNOUNCEMENT = "no announcement"
NOTHING_NEW = "nothing new since the last digest"
NOTHING_MATCHED = "nothing matched"
ALL_HAD = "everything that matched was sent before"
NOTHING_READ = "nothing new is read by many yet"
MAY_COME = "nothing yet, and a source may still come"
WAITING = "waiting for a source"

OPEN = (UNREADABLE, UNCHANGED, MAY_COME, WAITING)  # silences that another look at the sources may end


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A subscriber, and what they had before the day of the issue."""

    subscriber: Subscriber
    past: Past


class Readers(Protocol):
    """Some readers, in an order; whoever goes through them again meets the same ones."""

    def __iter__(self) -> Iterator[Reader]:
        """Begin with the first."""


class Issue:
    """What one day has to offer, ranked for some readers.

    They are gone through twice, and never held: first to see which papers are news to any of them, and
    which interests are to be looked up, then some at a time, to rank for them.
    """

    def __init__(
        self,
        day: date,
        readers: Readers,
        *,
        listings: Sequence[Listing],
        batches: Sequence[BatchRecord],
        revisions: Sequence[RevisionListing] = (),
        meaning: Meaning | None = None,
        remark: str = "",
        at_once: int = READERS_AT_ONCE,
        looks: Iterable[Reader] | None = None,
    ) -> None:
        """Rank what listings and revisions, of the days that may still be news, hold for these readers.

        `remark` is what every digest has to say of how that was done; `at_once` readers are ranked for in
        one go. `looks` are the same readers, with as much of their past as tells what is news to them, where
        that is to be had for less.
        """
        self.day = day
        self.readers = readers
        self._batches = batches
        self._remark = remark
        self._listings = listings
        self._revisions = revisions
        self._at_once = at_once
        self._offers: dict[_Situation, Offer] = {}
        self._brought: dict[_Situation, set[tuple[str, date]]] = {}  # the batches with news
        self._moments = sorted({listing.first_seen for listing in listings})
        papers = {listing.paper.id: listing.paper for listing in listings}
        self._listed = frozenset(papers)
        # The same for whoever reads, so that a score does not depend on who else does.
        self._known = list(reversed(papers.values()))[:KNOWN]
        papers |= {revision.paper.id: revision.paper for revision in revisions}
        self._on_offer: frozenset[PaperId] | None = None  # nothing before all readers are gone through
        interests, on_offer = self._surveyed(readers if looks is None else looks)
        self._on_offer = on_offer
        self.ranking = Ranking(
            [paper for paper in papers.values() if paper.id in on_offer],
            interests,
            known=self._known,
            meaning=meaning,
        )

    @cached_property
    def likeness(self) -> Likeness:
        """How alike the ranked papers are."""
        return Likeness(self.ranking.papers, known=self._known)

    @cached_property
    def popular(self) -> Mapping[PaperId, float]:
        """The papers that many voted for, the most popular first, and how they stand on their lists."""
        return popular(self._listings)

    def offer(self, reader: Reader) -> Offer:
        """Return what is new to the reader."""
        return replace(self._offer(reader), updates=self._updates(reader))

    def choice(self, reader: Reader, ranked: Ranked, offered: Offer) -> Choice:
        """Return what becomes of each paper that is offered to the reader."""
        return choose(
            reader.subscriber,
            self.ranking,
            ranked,
            offered,
            had=reader.past.had,
            likeness=self.likeness,
            popular=self.popular,
        )

    def ranked(self) -> Iterator[tuple[Reader, Ranked]]:
        """Yield each reader, in order, with what meets their interests."""
        everyone = iter(self.readers)
        while block := list(islice(everyone, self._at_once)):
            ranked = self.ranking.rank([reader.subscriber.interests for reader in block])
            yield from zip(block, ranked, strict=True)

    def digests(self) -> Iterator[Digest]:
        """Yield each reader's digest, in order; one without picks where there is nothing for them."""
        for reader, ranked in self.ranked():
            offered = self._ranked_offer(reader)
            digest = select(
                reader.subscriber,
                self.ranking,
                offered,
                self.choice(reader, ranked, offered),
                day=self.day,
                batches=self._told(reader),
            )
            yield replace(digest, remark=self._remark, days_away=days_away(reader, self.day))

    def _surveyed(self, readers: Iterable[Reader]) -> tuple[Sequence[Interests], frozenset[PaperId]]:
        """Return what the readers are interested in, and which papers are news to any of them."""
        interests: list[Interests] = []
        on_offer: set[PaperId] = set()
        for reader in readers:
            interests.append(reader.subscriber.interests)
            if self._situation(reader) not in self._offers:
                on_offer |= self._offer(reader).announced.keys()
            on_offer |= self._updates(reader).keys()
        return interests, frozenset(on_offer)

    def _offer(self, reader: Reader) -> Offer:
        """Return what was announced that is new to the reader: to most readers of a day, the same."""
        key = self._situation(reader)
        if key not in self._offers:
            reach = reader.subscriber.reach(self.day)
            offered = offer(self._listings, self._batches, day=self.day, past=reader.past, reach=reach)
            self._offers[key] = offered if self._on_offer is None else _only(offered, self._on_offer)
        return self._offers[key]

    def _ranked_offer(self, reader: Reader) -> Offer:
        """Return what is new to the reader of what was ranked: what came to be so since comes another day."""
        offered = self.offer(reader)
        updated = {paper: each for paper, each in offered.updates.items() if paper in self.ranking.position}
        return replace(offered, updates=updated)

    def _situation(self, reader: Reader) -> "_Situation":
        """Return what an offer depends on, and nothing that differs between readers without need.

        When a digest was planned differs from one chunk of readers to the next; which listings were seen
        by then does not.
        """
        past, oldest = reader.past, self.day - LONGEST_LOOK_BACK
        return (
            past.first_day and max(past.first_day, oldest),
            past.last_day and max(past.last_day, oldest),
            past.planned_at and bisect_right(self._moments, past.planned_at),
            past.missed & self._listed,
            reader.subscriber.reach(self.day),
        )

    def _updates(self, reader: Reader) -> Mapping[PaperId, RevisionListing]:
        if not reader.subscriber.updates:
            return {}
        return updates(self._revisions, day=self.day, past=reader.past)

    def _told(self, reader: Reader) -> tuple[BatchRecord, ...]:
        """Return the batches that the reader's digest was made from, or might have been."""
        situation, last = self._situation(reader), reader.past.last_day
        if situation not in self._brought:
            announced = self._offer(reader).announced
            brought = {(e.source, e.day) for e in self._listings if announced.get(e.paper.id) == e.day}
            self._brought[situation] = brought
        return tuple(
            batch
            for batch in self._batches
            if batch.day == self.day
            or (last is not None and last < batch.day < self.day)
            or (batch.source, batch.day) in self._brought[situation]
        )


def days_away(reader: Reader, day: date) -> int:
    """Return how many days a digest makes up for where a pause kept it back for more than a week, else 0.

    Not every pause did: there is one only where a digest was due in it, by the rhythm that holds now.
    """
    last, subscriber = reader.past.last_day, reader.subscriber
    if last is None or day - last <= WEEK:
        return 0
    kept_back = any(rest > last and subscriber.reads_on(rest) for rest in reader.past.rested)
    return min(day - last, LONGEST_GAP).days if kept_back else 0


def not_due(subscriber: Subscriber, day: date) -> str | None:
    """Return why the day is none of the subscriber's, or None where a digest is due."""
    if subscriber.paused:
        return PAUSED
    if subscriber.pause is not None and subscriber.pause.holds(day):
        until = subscriber.pause.until
        return f"{PAUSED_BY_READER} until {until}" if until else PAUSED_BY_READER
    if away := subscriber.away_on(day):
        return f"{AWAY} until {away.until}"
    if subscriber.reads_on(day):
        return None
    if day.weekday() not in subscriber.days or subscriber.every is None:
        return f"no delivery on {weekday(day)}s"
    following = long_day(subscriber.next_after(day))
    return f"one delivery day in {subscriber.every.number}; the next is {following}"


def blank(subscriber: Subscriber, day: date) -> Digest:
    """Return the digest for which no paper was looked at."""
    return Digest(subscriber=subscriber, day=day, picks=(), titles=(), batches=(), considered=0, rejected={})


def silence(digest: Digest) -> str | None:
    """Return why the digest is not worth a mail, or None where it is."""
    if digest.picks:
        return None
    if digest.considered:
        if Rejection.HAD in digest.rejected and Rejection.TOO_WEAK not in digest.rejected:
            return ALL_HAD
        return NOTHING_MATCHED if digest.subscriber.interests.any else NOTHING_READ
    states = {batch.state for batch in digest.batches if batch.day == digest.day}
    if states & {BatchState.FAILED, BatchState.PARTIAL}:
        return UNREADABLE
    if BatchState.STALE in states:
        return UNCHANGED
    return NO_ANNOUNCEMENT if states == {BatchState.QUIET} else NOTHING_NEW


_Situation = tuple[object, ...]


def _only(offered: Offer, papers: Collection[PaperId]) -> Offer:
    announced = {paper: day for paper, day in offered.announced.items() if paper in papers}
    return Offer(announced=announced, late=offered.late & announced.keys())
