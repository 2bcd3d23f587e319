"""The papers of one day, read against the interests of all its readers at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest
from paperround.likeness import Likeness
from paperround.meaning import Meaning
from paperround.papers import PaperId
from paperround.phrases import long_day, weekday
from paperround.ports import Listing, Past, RevisionListing
from paperround.ranking import Ranked, Ranking
from paperround.selection import Choice, Offer, Rejection, choose, offer, select, updates
from paperround.subscribers import LONGEST_GAP, WEEK, Subscriber
from paperround.votes import popular

READERS_AT_ONCE = 500  # readers scored in one product
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


class Issue:
    """What one day has to offer, ranked for some readers."""

    def __init__(
        self,
        day: date,
        readers: Sequence[Reader],
        *,
        listings: Sequence[Listing],
        batches: Sequence[BatchRecord],
        revisions: Sequence[RevisionListing] = (),
        meaning: Meaning | None = None,
        remark: str = "",
    ) -> None:
        """Rank what listings and revisions, of the days that may still be news, hold for these readers.

        `remark` is what every digest has to say of how that was done.
        """
        self.day = day
        self.readers = readers
        self._batches = batches
        self._remark = remark
        self._listings = listings
        self._revisions = revisions
        self._offers = _offers(day, readers, listings, batches)
        self._brought: dict[_Situation, set[tuple[str, date]]] = {}  # the batches with news
        on_offer = {paper for each in self._offers.values() for paper in each.announced}
        on_offer |= {paper for each in readers for paper in self._updates(each)}
        papers = {listing.paper.id: listing.paper for listing in listings}
        # The same for whoever reads, so that a score does not depend on who else does.
        self._known = list(reversed(papers.values()))[:KNOWN]
        papers |= {revision.paper.id: revision.paper for revision in revisions}
        self.ranking = Ranking(
            [paper for paper in papers.values() if paper.id in on_offer],
            [reader.subscriber.interests for reader in readers],
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
        return replace(self._offers[_situation(reader, self.day)], updates=self._updates(reader))

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
        for start in range(0, len(self.readers), READERS_AT_ONCE):
            block = self.readers[start : start + READERS_AT_ONCE]
            ranked = self.ranking.rank([reader.subscriber.interests for reader in block])
            yield from zip(block, ranked, strict=True)

    def digests(self) -> Iterator[Digest]:
        """Yield each reader's digest, in order; one without picks where there is nothing for them."""
        for reader, ranked in self.ranked():
            offered = self.offer(reader)
            digest = select(
                reader.subscriber,
                self.ranking,
                offered,
                self.choice(reader, ranked, offered),
                day=self.day,
                batches=self._told(reader),
            )
            yield replace(digest, remark=self._remark, days_away=days_away(reader, self.day))

    def _updates(self, reader: Reader) -> Mapping[PaperId, RevisionListing]:
        if not reader.subscriber.updates:
            return {}
        return updates(self._revisions, day=self.day, past=reader.past)

    def _told(self, reader: Reader) -> tuple[BatchRecord, ...]:
        """Return the batches that the reader's digest was made from, or might have been."""
        situation, last = _situation(reader, self.day), reader.past.last_day
        if situation not in self._brought:
            announced = self._offers[situation].announced
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


def _situation(reader: Reader, day: date) -> _Situation:
    """Return what an offer depends on; most readers of a day share it."""
    past = reader.past
    return past.first_day, past.last_day, past.planned_at, past.missed, reader.subscriber.reach(day)


def _offers(
    day: date, readers: Sequence[Reader], listings: Sequence[Listing], batches: Sequence[BatchRecord]
) -> Mapping[_Situation, Offer]:
    offers: dict[_Situation, Offer] = {}
    for reader in readers:
        key = _situation(reader, day)
        if key not in offers:
            reach = reader.subscriber.reach(day)
            offers[key] = offer(listings, batches, day=day, past=reader.past, reach=reach)
    return offers
