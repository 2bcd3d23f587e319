"""Which papers a reader gets: what is new to them, good enough, and has room."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Match, Pick, Section
from paperround.papers import Paper, PaperId
from paperround.phrases import counted, listed
from paperround.ports import Listing, Past
from paperround.ranking import Ranked, Ranking
from paperround.reasons import matching
from paperround.subscribers import Cadence, Subscriber

LONGEST_LOOK_BACK = timedelta(days=14)  # what is older is news to nobody
FIRST_LOOK_BACK = timedelta(days=4)  # a first digest holds the newest batch, over a long weekend too
WEEK = timedelta(days=7)
TITLE_LINES = 10


class Rejection(StrEnum):
    """Why an offered paper is not shown."""

    HAD = "already sent"
    EXCLUDED = "excluded"
    NOT_MET = "no interest met"
    TOO_WEAK = "below min_relevance"
    NO_ROOM = "no room"


# What becomes of a paper for one reader: the section it is good for, or why it is in none.
Verdict = Section | Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is new to a reader: the papers with the day they were announced, and which of them came late."""

    announced: Mapping[PaperId, date]
    late: frozenset[PaperId]


def offer(
    listings: Sequence[Listing],
    batches: Sequence[BatchRecord],
    *,
    day: date,
    past: Past,
    cadence: Cadence = Cadence.DAILY,
) -> Offer:
    """Return what was announced since the reader's last digest, and what we learned of only after it.

    A paper counts from the first day on which a source listed it. A reader without a digest before
    is offered the newest batch of each source, or a week where the digest is weekly.
    """
    first = _first_listings(each for each in listings if each.day <= day)
    newest = _newest_days(listings, batches, day)
    announced: dict[PaperId, date] = {}
    in_time: set[PaperId] = set()
    for listing in first:
        if not _is_new(listing, newest[listing.source], day=day, past=past, cadence=cadence):
            continue
        paper = listing.paper.id
        announced[paper] = max(listing.day, announced.get(paper, listing.day))
        if past.last_day is None or listing.day > past.last_day or listing.day == newest[listing.source]:
            in_time.add(paper)
    return Offer(announced=announced, late=frozenset(announced.keys() - in_time))


def select(
    subscriber: Subscriber,
    ranking: Ranking,
    ranked: Ranked,
    offered: Offer,
    *,
    day: date,
    had: frozenset[PaperId],
    batches: Sequence[BatchRecord],
) -> Digest:
    """Return the reader's digest of what is offered.

    What holds an excluded word is out. Followed authors have the first places, and as many as it takes;
    then come the most relevant papers, and as many as the reader keeps places for of what everybody
    reads. What is relevant and found no place becomes a title line.
    """
    relevance = ranking.relevance(ranked)
    judged = verdicts(subscriber, ranking, ranked, offered, had=had, relevance=relevance)
    shown = _placed(judged, ranking, places=subscriber.max_papers, kept=subscriber.trending)
    picks = [
        _pick(paper, section, subscriber, ranking, offered, relevance.get(paper, 0.0))
        for paper, section in shown.items()
    ]
    return Digest(
        subscriber=subscriber,
        day=day,
        picks=tuple(
            sorted((p for p in picks if p.section is not Section.MORE), key=lambda p: _ORDER[p.section])
        ),
        titles=tuple(p for p in picks if p.section is Section.MORE),
        batches=tuple(batches),
        considered=len(offered.announced),
        rejected=Counter(
            verdict if isinstance(verdict, Rejection) else Rejection.NO_ROOM
            for paper, verdict in judged.items()
            if paper not in shown
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
) -> dict[PaperId, Verdict]:
    """Return for each offered paper its section, or why it is in none; the most relevant first."""
    rest = (p for p in offered.announced if p not in relevance)
    met = ranking.meets(ranked)

    def verdict(paper: PaperId) -> Verdict:
        if paper in had:
            return Rejection.HAD
        if ranking.position[paper] in ranked.excluded:
            return Rejection.EXCLUDED
        if ranking.position[paper] in ranked.followed:
            return Section.AUTHORS
        if paper not in relevance:
            return Rejection.NOT_MET
        if relevance[paper] >= subscriber.min_relevance:
            return Section.FOR_YOU
        return Rejection.TOO_WEAK if paper in met else Rejection.NOT_MET

    return {paper: verdict(paper) for paper in (*relevance, *rest) if paper in offered.announced}


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


_ORDER = {section: place for place, section in enumerate(Section)}


def _first_listings(listings: Iterable[Listing]) -> Sequence[Listing]:
    first: dict[tuple[str, PaperId], Listing] = {}
    for listing in listings:
        key = (listing.source, listing.paper.id)
        if key not in first or listing.day < first[key].day:
            first[key] = listing
    return list(first.values())


def _is_new(listing: Listing, newest: date, *, day: date, past: Past, cadence: Cadence) -> bool:
    if listing.day <= day - LONGEST_LOOK_BACK:
        return False
    since_first = past.first_day is not None and listing.day >= past.first_day
    if past.last_day is None or past.planned_at is None:
        week = cadence is Cadence.WEEKLY and listing.day > day - WEEK
        return week or since_first or (listing.day == newest and listing.day > day - FIRST_LOOK_BACK)
    return listing.day > past.last_day or (since_first and listing.first_seen > past.planned_at)


def _placed(
    judged: Mapping[PaperId, Verdict], ranking: Ranking, *, places: int, kept: int
) -> dict[PaperId, Section]:
    """Return each shown paper's section: `places` in full, `kept` of these for what is popular."""
    followed = [paper for paper, verdict in judged.items() if verdict is Section.AUTHORS]
    relevant = [paper for paper, verdict in judged.items() if verdict is Section.FOR_YOU]
    places = max(0, places - len(followed))
    kept = min(kept, places)
    taken = frozenset(relevant[: places - kept])
    for_all = [paper for paper, verdict in judged.items() if _is_open(verdict) and paper not in taken]
    popular = dict.fromkeys(_popular(for_all, ranking)[:kept])
    rest = [paper for paper in relevant if paper not in popular]
    best, lines = rest[: places - len(popular)], rest[places - len(popular) :]
    return {
        **dict.fromkeys(followed, Section.AUTHORS),
        **dict.fromkeys(best, Section.FOR_YOU),
        **dict.fromkeys(popular, Section.TRENDING),
        **dict.fromkeys(lines[:TITLE_LINES], Section.MORE),
    }


def _pick(
    paper: PaperId,
    section: Section,
    subscriber: Subscriber,
    ranking: Ranking,
    offered: Offer,
    relevance: float,
) -> Pick:
    known = ranking.papers[ranking.position[paper]]
    matched = ranking.matched(subscriber.interests, paper)
    follows = ranking.follows(subscriber.interests, paper)
    late = paper in offered.late
    return Pick(
        paper=known,
        section=Section.LATE if late and section is Section.FOR_YOU else section,
        relevance=round(relevance, 4),
        announced=offered.announced[paper],
        matched=matched,
        reasons=_reasons(known, section, matched, follows, late=late),
    )


def _is_open(verdict: Verdict) -> bool:
    """Return whether the paper may be shown because others read it."""
    return verdict in (Section.FOR_YOU, Rejection.TOO_WEAK, Rejection.NOT_MET)


def _popular(papers: Iterable[PaperId], ranking: Ranking) -> list[PaperId]:
    """Return the papers that somebody voted for, the most votes first."""
    voted = sorted(ranking.position[paper] for paper in papers)  # the ranking's order is by votes
    return [ranking.papers[at].id for at in voted if ranking.papers[at].votes]


def _reasons(
    paper: Paper, section: Section, matched: Sequence[Match], follows: Sequence[str], *, late: bool
) -> tuple[str, ...]:
    reasons = []
    if follows:
        reasons.append(f"By {listed(follows)}, whom you follow")
    if section is Section.TRENDING:
        reasons.append(f"Read by many: {counted(paper.votes or 0, 'vote')}")
    reasons += matching([match for match in matched if match.where != ("authors",)])
    if late:
        reasons.append("Arrived after your last digest")
    return tuple(reasons)
