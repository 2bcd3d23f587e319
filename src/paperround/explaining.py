"""What became of one paper for one reader on one day, whether it was sent or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from paperround.digests import Section
from paperround.issue import Issue
from paperround.papers import PaperId
from paperround.phrases import full_day
from paperround.ports import DeliveryRecord
from paperround.selection import Offer, Rejection, verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a paper: shown in full (`picked`), as a title line (section "more"), or why not."""

    paper: PaperId
    picked: bool
    section: str | None = None
    relevance: float | None = None
    matched: Sequence[Mapping[str, object]] = ()
    reasons: Sequence[str] = ()


def recorded_fate(record: DeliveryRecord, paper: PaperId) -> Fate | None:
    """Return what the ledger says of the paper, or None where that digest did not hold it."""
    for pick in record.picks:
        if pick.paper == paper:
            return Fate(
                paper=paper,
                picked=True,
                section=pick.section,
                relevance=pick.relevance,
                matched=pick.matched,
                reasons=pick.reasons,
            )
    if paper in record.titles:
        words = "relevant, but there was no room left: listed by its title"
        return Fate(paper=paper, picked=False, section=Section.MORE.value, reasons=(words,))
    return None


def fate(
    record: DeliveryRecord,
    issue: Issue,
    paper: PaperId,
    *,
    seen: datetime | None,
    sent_on: Mapping[PaperId, date],
) -> Fate:
    """Return what a second look at the issue, made for this reader alone, says of a paper not in the digest.

    `seen` is when the paper was learned of, `sent_on` on which earlier day the reader had each of theirs.
    """
    (reader,) = issue.readers
    subscriber, offered = reader.subscriber, issue.offer(reader)
    if words := _not_looked_at(record, paper, offered, seen=seen, sent_on=sent_on):
        return Fate(paper=paper, picked=False, reasons=(words,))
    _, ranked = next(issue.ranked())
    scores = issue.ranking.relevance(ranked)
    judged = verdicts(subscriber, issue.ranking, ranked, offered, had=frozenset(sent_on), relevance=scores)
    verdict, relevance = judged[paper], scores.get(paper, 0.0)
    match verdict:
        case Rejection.HAD:
            words = "already sent"
        case Rejection.EXCLUDED:
            excluded = issue.ranking.excluded_by(subscriber.interests, paper)
            words = f"holds “{excluded}”, which is excluded"
        case Rejection.NOT_MET:
            words = "none of the interests occurs in it"
        case Rejection.TOO_WEAK:
            words = f"its relevance, {relevance:.2f}, is below min_relevance, {subscriber.min_relevance:.2f}"
        case Rejection.NO_ROOM | Section():
            words = "relevant, but others were more relevant and there was no room left"
        case _:
            assert_never(verdict)
    return Fate(
        paper=paper,
        picked=False,
        relevance=round(relevance, 4),
        matched=[match.entry() for match in issue.ranking.matched(subscriber.interests, paper)],
        reasons=(words,),
    )


def _not_looked_at(
    record: DeliveryRecord,
    paper: PaperId,
    offered: Offer,
    *,
    seen: datetime | None,
    sent_on: Mapping[PaperId, date],
) -> str | None:
    """Return why the paper was none of those to choose from, or None where it was."""
    if record.considered == 0:
        return record.reason or "no paper was looked at"
    if paper in sent_on:
        return f"already sent on {full_day(sent_on[paper])}"
    if seen is None:
        return "no source announced it for this digest"
    if seen > record.planned_at:
        return "it became known only after this digest was made"
    if paper not in offered.announced:
        return "it was announced before, and so was not new for this digest"
    return None
