"""Which papers a reader gets: what is new to them, good enough, and has a place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

import numpy as np

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Hindrance, Match, Pick, Section
from paperround.judging import NOT_OFFERED, VERDICTS, Judged, Offer, Rejection, verdicts
from paperround.languages import ENGLISH
from paperround.likeness import Likeness
from paperround.papers import PaperId
from paperround.places import Places, in_words
from paperround.ports import Listing, Past, RevisionListing
from paperround.ranking import Ranked, Ranking
from paperround.reasons import reasons
from paperround.subscribers import LONGEST_GAP, Subscriber

LONGEST_LOOK_BACK = LONGEST_GAP
FIRST_LOOK_BACK = timedelta(days=4)  # a first digest holds the newest batch, over a long weekend too
TITLE_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What becomes of each paper offered to one reader: what it deserves, and whether it is shown.

    `hindered` are the positions of those that deserve a place and have none, with the relevance that
    counted, if any; the most relevant are shown as title lines.
    """

    shown: Mapping[PaperId, Section]
    hindered: Mapping[int, float | None]
    judged: Judged
    places: Places
    position: Mapping[PaperId, int]

    def relevance(self, paper: PaperId) -> float:
        """Return the relevance of the paper, 0 where nothing speaks of an interest in it."""
        return float(self.judged.relevance[self.position[paper]])

    def rejection(self, paper: PaperId) -> Rejection:
        """Return why the paper deserves no place; raise ValueError where it was not offered or does."""
        return Rejection(str(self.judged.verdict(self.position[paper])))

    def hindrance(self, paper: PaperId) -> Hindrance | None:
        """Return what keeps a paper that deserves a place from having one, if anything."""
        at = self.position[paper]
        return self.places.hindrance(at, self.hindered[at]) if at in self.hindered else None

    @property
    def considered(self) -> int:
        """How many papers were looked at."""
        return int(np.count_nonzero(self.judged.codes != NOT_OFFERED))

    def rejected(self) -> Mapping[str, int]:
        """Return how many papers are not shown for which reason."""
        shown = {self.position[paper] for paper in self.shown}
        bars = self.places.bars({at: worth for at, worth in self.hindered.items() if at not in shown})
        left = self.judged.codes.copy()
        left[[*shown, *self.hindered]] = NOT_OFFERED
        counts = np.bincount(left[left != NOT_OFFERED], minlength=len(VERDICTS)).tolist()
        return {**{str(VERDICTS[code]): count for code, count in enumerate(counts) if count}, **bars}


def offer(
    listings: Sequence[Listing],
    batches: Sequence[BatchRecord],
    *,
    day: date,
    past: Past,
    reach: timedelta = timedelta(0),
) -> Offer:
    """Return what was announced since the reader's last digest, and what we learned of only after it.

    What a digest held that failed is offered again, though another came in the meantime.
    A paper counts from the first day on which a source listed it. A reader without a digest before
    is offered the newest batch of each source, and the days that a digest of theirs is to `reach` back.
    """
    first = _first_listings(each for each in listings if each.day <= day)
    newest = _newest_days(listings, batches, day)
    announced: dict[PaperId, date] = {}
    in_time: set[PaperId] = set()
    for listing in first:
        is_new = _is_new(listing, newest[listing.source], day=day, past=past, reach=reach)
        if not is_new and not (listing.paper.id in past.missed and listing.day > day - LONGEST_LOOK_BACK):
            continue
        paper = listing.paper.id
        announced[paper] = max(listing.day, announced.get(paper, listing.day))
        if past.last_day is None or listing.day > past.last_day or listing.day == newest[listing.source]:
            in_time.add(paper)
    return Offer(announced=announced, late=frozenset(announced.keys() - in_time))


def updates(
    revisions: Iterable[RevisionListing], *, day: date, past: Past
) -> Mapping[PaperId, RevisionListing]:
    """Return the latest version of each paper that the reader had, where it came up since their last digest.

    A version that they had already is none: the first one counts as had with the paper.
    """
    found: dict[PaperId, RevisionListing] = {}
    for each in revisions:
        paper = each.paper.id
        if paper not in past.had:
            continue
        known = found[paper].version if paper in found else past.versions.get(paper, 1)
        in_time = day - LONGEST_LOOK_BACK < each.day <= day and _is_since(each, past)
        if each.version > known and in_time:
            found[paper] = each
    return found


def choose(
    subscriber: Subscriber,
    ranking: Ranking,
    ranked: Ranked,
    offered: Offer,
    *,
    had: frozenset[PaperId],
    likeness: Likeness,
    popular: Collection[PaperId],
) -> Choice:
    """Return what becomes of each paper that is offered to the reader.

    What holds an excluded word is out. Followed authors have the first places, and as many as it takes;
    then come the most relevant papers, and as many as the reader keeps places for of what everybody
    reads, the most popular first; then the updates. What is relevant and found no place becomes a title
    line, in the same order.
    """
    judged = verdicts(subscriber, ranking, ranked, offered, had=had, popular=popular)
    places = Places(subscriber, ranking, likeness)
    for_all = [
        ranking.position[each]
        for each in (popular if subscriber.trending else ())
        if each in ranking.position and each not in offered.updates and each not in had
    ]
    for_all = [at for at in for_all if judged.verdict(at) in _OPEN]
    placed = _placed(subscriber, judged, places, for_all)
    relevant, updated = judged.deserving(Section.FOR_YOU), judged.deserving(Section.UPDATES).tolist()
    hindered: dict[int, float | None] = {
        at: relevance
        for at, relevance in zip(relevant.tolist(), judged.relevance[relevant].tolist(), strict=True)
        if at not in placed
    }
    hindered |= {at: None for at in updated if at not in placed}
    lines = dict.fromkeys(islice(hindered, TITLE_LINES), Section.MORE)
    hindered |= {
        at: None for at in for_all if at not in placed and at not in hindered and not places.admits(at)
    }
    return Choice(
        shown={ranking.papers[at].id: section for at, section in {**placed, **lines}.items()},
        hindered=hindered,
        judged=judged,
        places=places,
        position=ranking.position,
    )


def select(
    subscriber: Subscriber,
    ranking: Ranking,
    offered: Offer,
    choice: Choice,
    *,
    day: date,
    batches: Sequence[BatchRecord],
) -> Digest:
    """Return the reader's digest of what was chosen."""
    matches = ranking.matches(subscriber.interests, list(choice.shown))
    picks = [
        _pick(paper, section, subscriber, ranking, offered, choice, matched)
        for (paper, section), matched in zip(choice.shown.items(), matches, strict=True)
    ]
    return Digest(
        subscriber=subscriber,
        day=day,
        picks=tuple(
            sorted((p for p in picks if p.section is not Section.MORE), key=lambda p: _ORDER[p.section])
        ),
        titles=tuple(p for p in picks if p.section is Section.MORE),
        batches=tuple(batches),
        considered=choice.considered,
        rejected=choice.rejected(),
    )


def _newest_days(
    listings: Iterable[Listing], batches: Iterable[BatchRecord], day: date
) -> Mapping[str, date]:
    """Return by source the newest day that it announced, or that was looked for in vain."""
    announced = [(listing.source, listing.day) for listing in listings if listing.day <= day]
    tried = (BatchState.FRESH, BatchState.PARTIAL, BatchState.FAILED)
    announced += [(batch.source, batch.day) for batch in batches if batch.state in tried and batch.day <= day]
    newest: dict[str, date] = {}
    for source, announced_on in announced:
        newest[source] = max(announced_on, newest.get(source, announced_on))
    return newest


_OPEN = (Section.FOR_YOU, Rejection.OUTVOTED, Rejection.TOO_WEAK)  # to a place for what everybody reads
_ORDER = {section: place for place, section in enumerate(Section)}


def _first_listings(listings: Iterable[Listing]) -> Sequence[Listing]:
    first: dict[tuple[str, PaperId], Listing] = {}
    for listing in listings:
        key = (listing.source, listing.paper.id)
        if key not in first or listing.day < first[key].day:
            first[key] = listing
    return list(first.values())


def _is_new(listing: Listing, newest: date, *, day: date, past: Past, reach: timedelta) -> bool:
    if listing.day <= day - LONGEST_LOOK_BACK:
        return False
    if past.last_day is None:
        since_first = past.first_day is not None and listing.day >= past.first_day
        reached = listing.day > day - reach
        return reached or since_first or (listing.day == newest and listing.day > day - FIRST_LOOK_BACK)
    return _is_since(listing, past)


def _is_since(listing: Listing, past: Past) -> bool:
    """Return whether it was announced, or learned of, since the reader's last digest."""
    if past.last_day is None or past.planned_at is None or past.first_day is None:
        return False
    late = listing.day >= past.first_day and listing.first_seen > past.planned_at
    return listing.day > past.last_day or late


def _placed(
    subscriber: Subscriber,
    judged: Judged,
    places: Places,
    popular: Sequence[int],
) -> dict[int, Section]:
    """Give away `max_papers` places, and return the section of each paper that has one."""
    followed = judged.deserving(Section.AUTHORS).tolist()
    for at in followed:
        places.take(at)
    left = max(0, subscriber.max_papers - len(followed))
    kept = min(subscriber.trending, left)
    relevant = judged.deserving(Section.FOR_YOU)
    places.fill(relevant, judged.relevance[relevant], left - kept)
    trending = _taken((at for at in popular if at not in places.filled), places, kept)
    left -= len(trending)
    rest = relevant[~np.isin(relevant, trending)] if trending else relevant
    places.fill(rest, judged.relevance[rest], left - len(places.filled))
    filled = places.filled
    updates = _taken(judged.deserving(Section.UPDATES).tolist(), places, left - len(filled))
    return {
        **dict.fromkeys(followed, Section.AUTHORS),
        **dict.fromkeys((at for at in relevant.tolist() if at in filled), Section.FOR_YOU),
        **dict.fromkeys(trending, Section.TRENDING),
        **dict.fromkeys(updates, Section.UPDATES),
    }


def _taken(papers: Iterable[int], places: Places, number: int) -> Sequence[int]:
    """Give places, in order, to as many as that number of the papers, and return them."""
    taken: list[int] = []
    for at in papers:
        if len(taken) >= number:
            break
        if places.admits(at):
            places.take(at)
            taken.append(at)
    return taken


def _pick(
    paper: PaperId,
    section: Section,
    subscriber: Subscriber,
    ranking: Ranking,
    offered: Offer,
    choice: Choice,
    matched: tuple[Match, ...],
) -> Pick:
    late = paper in offered.late
    update = offered.updates.get(paper)
    hindrance = choice.hindrance(paper)
    pick = Pick(
        paper=ranking.papers[ranking.position[paper]],
        section=Section.LATE if late and section is Section.FOR_YOU else section,
        relevance=round(choice.relevance(paper), 4),
        announced=update.day if update else offered.announced[paper],
        matched=matched,
        follows=ranking.follows(subscriber.interests, paper),
        late=late and update is None,
        version=update.version if update else None,
        hindrance=hindrance,
    )
    why = reasons(pick, ENGLISH)
    if hindrance is not None:
        why = (in_words(hindrance, lambda each: ranking.papers[ranking.position[each]].title), *why)
    return replace(pick, reasons=why)
