"""Which papers a reader gets: what is new to them, good enough, and has a place."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Hindrance, Pick, Section
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


class Rejection(StrEnum):
    """Why an offered paper deserves no place."""

    HAD = "already sent"
    EXCLUDED = "excluded"
    NOT_MET = "no interest met"
    TOO_WEAK = "below min_relevance"
    OUTVOTED = "not among the most read"


# What a paper deserves from one reader: the section it is good for, or why it is in none.
Verdict = Section | Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is new to a reader: the papers with the day they were announced, and which of them came late.

    `updates` are new versions of papers that the reader had, where such are wished.
    """

    announced: Mapping[PaperId, date]
    late: frozenset[PaperId]
    updates: Mapping[PaperId, RevisionListing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What becomes of each paper offered to one reader: what it deserves, and whether it is shown.

    `hindered` are those that deserve a place and have none; the most relevant are shown as title lines.
    """

    relevance: Mapping[PaperId, float]
    judged: Mapping[PaperId, Verdict]
    shown: Mapping[PaperId, Section]
    hindered: Mapping[PaperId, Hindrance]


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
    relevance = ranking.relevance(ranked)
    judged = verdicts(subscriber, ranking, ranked, offered, had=had, relevance=relevance, popular=popular)
    places = Places(subscriber, ranking, likeness)
    for_all = [
        each
        for each in popular
        if judged.get(each) in _OPEN and each not in offered.updates and each not in had
    ]
    deserving: dict[Verdict, list[PaperId]] = defaultdict(list)
    for paper, verdict in judged.items():
        deserving[verdict].append(paper)
    shown = _placed(subscriber, deserving, relevance, places, for_all)
    hindered = {
        paper: places.hindrance(paper, relevance[paper] if section is Section.FOR_YOU else None)
        for section in (Section.FOR_YOU, Section.UPDATES)
        for paper in deserving[section]
        if paper not in shown
    }
    lines = dict.fromkeys(list(hindered)[:TITLE_LINES], Section.MORE)
    hindered |= {
        paper: places.hindrance(paper, None)
        for paper in (for_all if subscriber.trending else ())
        if paper not in shown and paper not in hindered and not places.admits(paper)
    }
    return Choice(relevance=relevance, judged=judged, shown={**shown, **lines}, hindered=hindered)


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
    picks = [
        _pick(paper, section, subscriber, ranking, offered, choice) for paper, section in choice.shown.items()
    ]
    return Digest(
        subscriber=subscriber,
        day=day,
        picks=tuple(
            sorted((p for p in picks if p.section is not Section.MORE), key=lambda p: _ORDER[p.section])
        ),
        titles=tuple(p for p in picks if p.section is Section.MORE),
        batches=tuple(batches),
        considered=len(choice.judged),
        rejected=Counter(
            choice.hindered[paper].bar if paper in choice.hindered else str(verdict)
            for paper, verdict in choice.judged.items()
            if paper not in choice.shown
        ),
    )


def verdicts(
    subscriber: Subscriber,
    ranking: Ranking,
    ranked: Ranked,
    offered: Offer,
    *,
    had: frozenset[PaperId],
    relevance: Mapping[PaperId, float],
    popular: Collection[PaperId],
) -> dict[PaperId, Verdict]:
    """Return for each offered paper its section, or why it is in none; the most relevant first.

    A paper that the reader had counts as such only where it would come again. One of the popular that
    meets no interest is as good as outvoted, until it is given a place.
    """
    considered = offered.announced.keys() | offered.updates.keys()
    rest = (p for p in (*offered.announced, *offered.updates) if p not in relevance)
    met = ranking.meets(ranked)

    def verdict(paper: PaperId) -> Verdict:
        deserves = deserved(paper)
        came = paper in had and paper not in offered.updates
        return Rejection.HAD if came and isinstance(deserves, Section) else deserves

    def deserved(paper: PaperId) -> Verdict:
        if ranking.position[paper] in ranked.excluded:
            return Rejection.EXCLUDED
        if ranking.position[paper] in ranked.followed:
            return Section.UPDATES if paper in offered.updates else Section.AUTHORS
        if paper in relevance and relevance[paper] >= subscriber.min_relevance:
            return Section.UPDATES if paper in offered.updates else Section.FOR_YOU
        if paper in met:
            return Rejection.TOO_WEAK
        votes_count = subscriber.trending and paper not in offered.updates
        if votes_count and (paper in popular or not subscriber.interests.any):
            return Rejection.OUTVOTED
        return Rejection.NOT_MET

    return {paper: verdict(paper) for paper in (*relevance, *rest) if paper in considered}


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
    deserving: Mapping[Verdict, Sequence[PaperId]],
    relevance: Mapping[PaperId, float],
    places: Places,
    popular: Sequence[PaperId],
) -> dict[PaperId, Section]:
    """Give away `max_papers` places, and return the section of each paper that has one."""
    followed = deserving[Section.AUTHORS]
    for paper in followed:
        places.take(paper)
    left = max(0, subscriber.max_papers - len(followed))
    kept = min(subscriber.trending, left)
    relevant = {paper: relevance[paper] for paper in deserving[Section.FOR_YOU]}
    places.fill(relevant, left - kept)
    trending = _taken((paper for paper in popular if paper not in places.filled), places, kept)
    left -= len(trending)
    rest = {paper: score for paper, score in relevant.items() if paper not in trending}
    places.fill(rest, left - len(places.filled))
    updates = _taken(deserving[Section.UPDATES], places, left - len(places.filled))
    return {
        **dict.fromkeys(followed, Section.AUTHORS),
        **dict.fromkeys((paper for paper in relevant if paper in places.filled), Section.FOR_YOU),
        **dict.fromkeys(trending, Section.TRENDING),
        **dict.fromkeys(updates, Section.UPDATES),
    }


def _taken(papers: Iterable[PaperId], places: Places, number: int) -> Sequence[PaperId]:
    """Give places, in order, to as many as that number of the papers, and return them."""
    taken: list[PaperId] = []
    for paper in papers:
        if len(taken) >= number:
            break
        if places.admits(paper):
            places.take(paper)
            taken.append(paper)
    return taken


def _pick(
    paper: PaperId,
    section: Section,
    subscriber: Subscriber,
    ranking: Ranking,
    offered: Offer,
    choice: Choice,
) -> Pick:
    late = paper in offered.late
    update = offered.updates.get(paper)
    hindrance = choice.hindered.get(paper)
    pick = Pick(
        paper=ranking.papers[ranking.position[paper]],
        section=Section.LATE if late and section is Section.FOR_YOU else section,
        relevance=round(choice.relevance.get(paper, 0.0), 4),
        announced=update.day if update else offered.announced[paper],
        matched=ranking.matched(subscriber.interests, paper),
        follows=ranking.follows(subscriber.interests, paper),
        late=late and update is None,
        version=update.version if update else None,
        hindrance=hindrance,
    )
    why = reasons(pick, ENGLISH)
    if hindrance is not None:
        why = (in_words(hindrance, lambda each: ranking.papers[ranking.position[each]].title), *why)
    return replace(pick, reasons=why)
