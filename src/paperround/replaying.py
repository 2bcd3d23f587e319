"""What a reader would have got on days gone by, with the interests they have now."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from paperround.batches import BatchRecord
from paperround.digests import Digest, Pick
from paperround.explaining import fate
from paperround.issue import Issue, Reader, not_due, silence
from paperround.meaning import Meaning
from paperround.papers import Paper, PaperId
from paperround.phrases import full_day
from paperround.ports import DeliveryRecord, Listing, Past, Status
from paperround.selection import LONGEST_LOOK_BACK
from paperround.subscribers import Subscriber

NOTHING_CAME = frozenset({Status.FAILED, Status.SUPPRESSED, Status.QUIET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A paper that came and would not have; `relevance` is None where it would not have been looked at."""

    paper: PaperId
    reason: str
    relevance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A paper that came on one day and would have come on another."""

    paper: PaperId
    came: date
    would_come: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDay:
    """One day beside what it would have been. Title lines do not count as papers that come.

    `status` is that of the ledger's row, None where there is none. `gained` would have come and never
    did, `lost` came and never would have; `moved` holds what came or would have come on this day, and
    on another one the other way round. `silence` says why no mail would have come.
    """

    day: date
    status: Status | None
    came: tuple[PaperId, ...]
    would_come: tuple[Pick, ...]
    gained: tuple[Pick, ...] = ()
    lost: tuple[Loss, ...] = ()
    moved: tuple[Move, ...] = ()
    silence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All replayed days together, in papers; what only moved to another day is neither gained nor lost."""

    days: int
    came: int
    would_come: int
    gained: int
    lost: int


def replay(
    subscriber: Subscriber,
    *,
    since: date,
    until: date,
    rows: Sequence[DeliveryRecord],
    listings: Sequence[Listing],
    batches: Sequence[BatchRecord],
    meaning: Meaning | None = None,
    tell: Callable[[date], None] = lambda _: None,
) -> tuple[ReplayedDay, ...]:
    """Return the days from `since` to `until` that brought the reader something, or had something to look at.

    `rows` are all of the reader's, `listings` and `batches` those of these days and of the
    `LONGEST_LOOK_BACK` before them. What was had before `since` was had; from then on, what would have
    come is what does not come again. A day that has a row is looked at with what was known when it was
    planned, so that a late paper is late here too; any other with all that is known of it by now. A
    pause does not count, where a mail failed, none would have got through, and updates are left out.
    Each day is told before it is looked at.
    """
    replaying = _Replaying(
        reader=replace(subscriber, paused=False, pause=None, away=(), updates=False),
        rows={row.day: row for row in rows},
        listings=listings,
        batches=batches,
        meaning=meaning,
        tellers=_tellers(listings),
    )
    past = _past([row for row in rows if row.day < since])
    days: list[ReplayedDay] = []
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        tell(day)
        replayed, past = replaying.day(day, past)
        if replayed is not None:
            days.append(replayed)
    came_on = {paper: row.day for row in rows if row.day >= since for paper in _came(row)}
    return tuple(_compared(days, came_on))


def totals(days: Sequence[ReplayedDay]) -> Totals:
    """Return the sums over all days."""
    return Totals(
        days=len(days),
        came=sum(len(day.came) for day in days),
        would_come=sum(len(day.would_come) for day in days),
        gained=sum(len(day.gained) for day in days),
        lost=sum(len(day.lost) for day in days),
    )


# What ranking looks at and some sources do not say, and what stands there then.
_TOLD_BY_SOME: Mapping[str, object] = {"votes": None, "organization": None, "categories": (), "keywords": ()}


@dataclass(frozen=True, slots=True)
class _Had:
    """When the reader would have had a paper, and whether as more than a title line."""

    day: date
    in_full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replaying:
    """One reader and all that there was; `had` grows by what would have come."""

    reader: Subscriber
    rows: Mapping[date, DeliveryRecord]
    listings: Sequence[Listing]
    batches: Sequence[BatchRecord]
    meaning: Meaning | None
    tellers: Mapping[str, frozenset[str]]
    had: dict[PaperId, _Had] = field(default_factory=dict)

    def day(self, day: date, past: Past) -> tuple[ReplayedDay | None, Past]:
        """Return the day, if there is anything to tell of it, and what it would have left the reader with."""
        row = self.rows.get(day)
        came = _came(row)
        entered = replace(past, first_day=past.first_day or day)
        if (reason := self._undelivered(day, row)) is not None:
            lost = tuple(Loss(paper=paper, reason=reason) for paper in came)
            told = _told(day, row, (), lost, reason)
            return (told if came else None), entered
        known = self._known(day, row)
        issue = self._issue(day, past, known, row)
        digest = next(issue.digests())
        told = _told(day, row, digest.picks, self._lost(row, digest, issue), silence(digest))
        if not digest.considered:
            return (told if came else None), entered
        self.had.update({pick.paper.id: _Had(day, in_full=True) for pick in digest.picks})
        self.had.update({pick.paper.id: _Had(day, in_full=False) for pick in digest.titles})
        had = past.had | {pick.paper.id for pick in (*digest.picks, *digest.titles)}
        looked_at = max(listing.first_seen for listing in known)  # what is seen later comes late
        return told, replace(entered, last_day=day, planned_at=looked_at, had=had)

    def _undelivered(self, day: date, row: DeliveryRecord | None) -> str | None:
        if row is not None and row.status is Status.FAILED:
            return "the mail of that day failed"
        return not_due(self.reader, day)

    def _known(self, day: date, row: DeliveryRecord | None) -> Sequence[Listing]:
        known = [
            listing
            for listing in self.listings
            if day - LONGEST_LOOK_BACK <= listing.day <= day
            and (row is None or listing.first_seen <= row.planned_at)
        ]
        by = _sources(known)
        return [replace(each, paper=self._as_told(each.paper, by[each.paper.id])) for each in known]

    def _as_told(self, paper: Paper, sources: frozenset[str]) -> Paper:
        """Return the paper without what none of these sources says of any, and only a later one can have."""
        not_told = {
            name: nothing for name, nothing in _TOLD_BY_SOME.items() if not sources & self.tellers[name]
        }
        return replace(paper, **not_told)  # type: ignore[arg-type]  # None and () are what these fields may be

    def _issue(self, day: date, past: Past, known: Sequence[Listing], row: DeliveryRecord | None) -> Issue:
        recent = [
            batch
            for batch in self.batches
            if day - LONGEST_LOOK_BACK < batch.day <= day
            and (row is None or batch.fetched_at <= row.planned_at)
        ]
        reader = Reader(subscriber=self.reader, past=past)
        return Issue(day, [reader], listings=known, batches=recent, meaning=self.meaning)

    def _lost(self, row: DeliveryRecord | None, digest: Digest, issue: Issue) -> tuple[Loss, ...]:
        shown = {pick.paper.id for pick in digest.picks}
        titles = {pick.paper.id: pick for pick in digest.titles}
        return tuple(
            self._loss(row, paper, titles.get(paper), issue)
            for paper in _came(row)
            if row is not None and paper not in shown
        )

    def _loss(self, row: DeliveryRecord, paper: PaperId, title: Pick | None, issue: Issue) -> Loss:
        if title is not None:
            words = "no room: it would have come as a title line"
            return Loss(paper=paper, reason=words, relevance=title.relevance)
        if (had := self.had.get(paper)) is not None:
            return Loss(paper=paper, reason=f"it would have come as a title line on {full_day(had.day)}")
        seen = min((each.first_seen for each in self.listings if each.paper.id == paper), default=None)
        found = fate(row, issue, paper, seen=seen, sent={})
        return Loss(paper=paper, reason="; ".join(found.reasons), relevance=found.relevance)


def _sources(listings: Sequence[Listing]) -> Mapping[PaperId, frozenset[str]]:
    """Return who announced each paper."""
    found: dict[PaperId, set[str]] = defaultdict(set)
    for listing in listings:
        found[listing.paper.id].add(listing.source)
    return {paper: frozenset(sources) for paper, sources in found.items()}


def _tellers(listings: Sequence[Listing]) -> Mapping[str, frozenset[str]]:
    """Return which sources say what, judged by the papers that no other source announced."""
    by = _sources(listings)
    alone = [listing for listing in listings if len(by[listing.paper.id]) == 1]
    return {
        name: frozenset(each.source for each in alone if getattr(each.paper, name) != nothing)
        for name, nothing in _TOLD_BY_SOME.items()
    }


def _past(rows: Sequence[DeliveryRecord]) -> Past:
    """Return what these rows left the reader with."""
    brought = [row for row in rows if row.status not in NOTHING_CAME]
    looks = [*brought, *(row for row in rows if row.status is Status.QUIET and row.considered)]
    last = max(looks, key=lambda row: row.day, default=None)
    return Past(
        first_day=min((row.day for row in rows), default=None),
        last_day=last.day if last else None,
        planned_at=last.planned_at if last else None,
        had=frozenset(paper for row in brought for paper in (*_came(row), *row.titles)),
    )


def _came(row: DeliveryRecord | None) -> tuple[PaperId, ...]:
    if row is None or row.status in NOTHING_CAME:
        return ()
    return tuple(pick.paper for pick in row.picks if pick.version is None)


def _told(
    day: date,
    row: DeliveryRecord | None,
    would_come: tuple[Pick, ...],
    lost: tuple[Loss, ...],
    reason: str | None,
) -> ReplayedDay:
    return ReplayedDay(
        day=day,
        status=row.status if row else None,
        came=_came(row),
        would_come=would_come,
        lost=lost,
        silence=reason,
    )


def _compared(days: Sequence[ReplayedDay], came_on: Mapping[PaperId, date]) -> Iterator[ReplayedDay]:
    """Yield the days with what would have come set against what came, on whatever day."""
    would_come_on = {pick.paper.id: day.day for day in days for pick in day.would_come}
    for day in days:
        here = (*(pick.paper.id for pick in day.would_come), *day.came)
        yield replace(
            day,
            gained=tuple(pick for pick in day.would_come if pick.paper.id not in came_on),
            lost=tuple(loss for loss in day.lost if loss.paper not in would_come_on),
            moved=tuple(
                Move(paper=paper, came=came_on[paper], would_come=would_come_on[paper])
                for paper in dict.fromkeys(here)
                if paper in came_on and paper in would_come_on and came_on[paper] != would_come_on[paper]
            ),
        )
