"""What became of one paper for one reader on one day, whether it was sent or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from paperround.digests import Bar, Hindrance, Section
from paperround.issue import Issue, Reader
from paperround.judging import Offer, Rejection
from paperround.keywords import lexicon
from paperround.papers import Paper, PaperId
from paperround.phrases import counted, full_day, gap, listed, percent
from paperround.places import in_words
from paperround.ports import DeliveryRecord, PickRecord
from paperround.selection import Choice
from paperround.subscribers import Interests


class Absence(StrEnum):
    """Why a paper was none of those to choose from."""

    NOTHING_CONSIDERED = "no paper was looked at"
    NOT_ANNOUNCED = "not announced"
    LEARNED_OF_LATER = "learned of later"
    ANNOUNCED_BEFORE = "announced before"
    CHANGED = "changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a paper was not shown in full, as data; what does not belong to the cause is None or empty.

    `word` is what excludes it, found in the fields `where`; `by` are the papers that have the places
    instead, the decisive one last; `short_by` is how far its relevance is below the threshold, or below
    the decisive paper; `keyword` has its quota used up; `likeness` is that to the decisive paper;
    `sent_on` is the day on which it came before.
    """

    cause: str
    word: str | None = None
    where: tuple[str, ...] = ()
    by: tuple[PaperId, ...] = ()
    keyword: str | None = None
    likeness: float | None = None
    short_by: float | None = None
    sent_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a paper: shown in full (`picked`), as a title line (section "more"), or why not."""

    paper: PaperId
    picked: bool
    section: str | None = None
    relevance: float | None = None
    matched: Sequence[Mapping[str, object]] = ()
    reasons: Sequence[str] = ()
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """When a paper last came to the reader before, and whether by its title alone."""

    day: date
    line: bool


def recorded_fate(record: DeliveryRecord, paper: PaperId) -> Fate | None:
    """Return what the ledger says of the paper, or None where that digest did not hold it."""
    for pick in (*record.picks, *record.lines):
        if pick.paper == paper:
            line = pick in record.lines
            return Fate(
                paper=paper,
                picked=not line,
                section=pick.section,
                relevance=pick.relevance,
                matched=pick.matched,
                reasons=_line_reasons(pick) if line else pick.reasons,
                obstacle=crowded_out(pick.hindrance) if pick.hindrance else None,
            )
    return None


def sendings(records: Sequence[DeliveryRecord]) -> Mapping[PaperId, Sending]:
    """Return each paper that came in these digests, with the latest time that it did."""
    found: dict[PaperId, Sending] = {}
    for record in sorted(records, key=lambda each: each.day):
        found.update({pick.paper: Sending(day=record.day, line=False) for pick in record.picks})
        found.update({paper: Sending(day=record.day, line=True) for paper in record.titles})
    return found


def fate(
    record: DeliveryRecord,
    issue: Issue,
    paper: PaperId,
    *,
    seen: datetime | None,
    sent: Mapping[PaperId, Sending],
) -> Fate:
    """Return what a second look at the issue, made for this reader alone, says of a paper not in the digest.

    `seen` is when the paper was learned of, `sent` what the reader had before.
    """
    (reader,) = issue.readers
    reader = replace(reader, past=replace(reader.past, had=frozenset(sent)))
    offered = issue.offer(reader)
    found = _not_looked_at(record, paper, offered, seen=seen)
    if record.considered and paper in sent and paper not in offered.updates:
        found = _had(issue, reader, paper, sent[paper])
    if found is not None:
        obstacle, words = found
        return Fate(paper=paper, picked=False, reasons=(words,), obstacle=obstacle)
    _, ranked = next(issue.ranked())
    choice = issue.choice(reader, ranked, offered)
    obstacle, words = _obstacle(paper, issue, reader, choice)
    if obstacle.cause is Absence.CHANGED and record.rejected.get(Bar.MAIL_FULL):
        full = Hindrance(bar=Bar.MAIL_FULL)
        obstacle, words = crowded_out(full), in_words(full, lambda each: _titled(issue, each))
    return Fate(
        paper=paper,
        picked=False,
        relevance=round(choice.relevance(paper), 4),
        matched=[match.entry() for match in issue.ranking.matched(reader.subscriber.interests, paper)],
        reasons=(words,),
        obstacle=obstacle,
    )


def _line_reasons(line: PickRecord) -> Sequence[str]:
    if line.hindrance is None:  # of a digest made before this was recorded
        return ("listed by its title; there was no room left",)
    why_not_in_full, *more = line.reasons
    return (f"listed by its title; {why_not_in_full}", *more)


def crowded_out(hindrance: Hindrance) -> Obstacle:
    """Return what crowded a paper out as what kept it from being shown."""
    return Obstacle(
        cause=hindrance.bar,
        by=hindrance.by,
        keyword=hindrance.keyword,
        likeness=hindrance.likeness,
        short_by=hindrance.short_by,
    )


def _obstacle(paper: PaperId, issue: Issue, reader: Reader, choice: Choice) -> tuple[Obstacle, str]:
    """Return what kept a paper that was looked at out of the digest, as data and in words."""
    subscriber = reader.subscriber
    if choice.shown.get(paper, Section.MORE) is not Section.MORE:
        words = "it would come now: the interests, or what is known of the papers, changed since"
        return Obstacle(cause=Absence.CHANGED), words
    if (hindrance := choice.hindrance(paper)) is not None:
        return crowded_out(hindrance), in_words(hindrance, lambda each: _titled(issue, each))
    verdict = choice.rejection(paper)
    match verdict:
        case Rejection.HAD:
            found = Obstacle(cause=verdict), "already sent"
        case Rejection.EXCLUDED:
            found = _excluded(paper, issue, subscriber.interests)
        case Rejection.NOT_MET:
            found = Obstacle(cause=verdict), _not_met(choice.relevance(paper))
        case Rejection.OUTVOTED:
            found = Obstacle(cause=verdict, by=_voted(choice)), _outvoted(paper, issue, choice)
        case Rejection.TOO_WEAK:
            relevance, least = choice.relevance(paper), subscriber.min_relevance
            short_by = least - relevance
            words = f"its relevance, {relevance:.2f}, is {gap(short_by)} below min_relevance, {least:.2f}"
            found = Obstacle(cause=verdict, short_by=round(short_by, 4)), words
        case _:
            assert_never(verdict)
    return found


def _excluded(paper: PaperId, issue: Issue, interests: Interests) -> tuple[Obstacle, str]:
    known = issue.ranking.papers[issue.ranking.position[paper]]
    word = issue.ranking.excluded_by(interests, paper) or ""
    where = _where(word, interests, known)
    words = f"holds “{word}”, which is excluded, in its {listed(where)}"
    return Obstacle(cause=Rejection.EXCLUDED, word=word, where=where), words


def _not_met(relevance: float) -> str:
    only = f"; it only resembles papers that meet one, relevance {relevance:.2f}" if relevance else ""
    return f"none of the interests occurs in it{only}"


def _voted(choice: Choice) -> tuple[PaperId, ...]:
    """Return what has the places for what everybody reads, the last of them last."""
    return tuple(paper for paper, section in choice.shown.items() if section is Section.TRENDING)


def _outvoted(paper: PaperId, issue: Issue, choice: Choice) -> str:
    """Return how a paper stands beside those that everybody reads."""
    votes = issue.ranking.papers[issue.ranking.position[paper]].votes
    if votes is None:
        return "not among the most read: nobody counts votes for it"
    if paper not in issue.popular:
        return f"not among the most read: {counted(votes, 'vote')}, fewer than half of its list or too few"
    stands = f"more votes ({votes:,}) than {percent(issue.popular[paper])} of its list"
    if not (by := _voted(choice)):
        return f"{stands}, but no place was left for what is read by many"
    last = f"“{_titled(issue, by[-1])}” ({by[-1]}), with more than {percent(issue.popular[by[-1]])}"
    return f"{stands}; the last place for what is read by many went to {last}"


def _titled(issue: Issue, paper: PaperId) -> str:
    return issue.ranking.papers[issue.ranking.position[paper]].title


def _where(excluded: str, interests: Interests, paper: Paper) -> tuple[str, ...]:
    """Return the fields of the paper that hold the excluded keyword."""
    phrases = next((each.phrases for each in interests.exclude if each.text == excluded), ())
    fields = {"title": paper.title, "abstract": paper.abstract, "keywords": " | ".join(paper.keywords)}
    return tuple(field for field, text in fields.items() if lexicon(phrases).find(text))


def _had(issue: Issue, reader: Reader, paper: PaperId, before: Sending) -> tuple[Obstacle, str]:
    """Return when the paper came before, and which later version the reader does not wish for."""
    words = f"already sent on {full_day(before.day)}, {'by its title' if before.line else 'in full'}"
    wishing = replace(reader, subscriber=replace(reader.subscriber, updates=True))
    if not reader.subscriber.updates and (update := issue.offer(wishing).updates.get(paper)):
        came = f"version {update.version} came on {full_day(update.day)}"
        words = f"{words}; {came}, and only `updates: true` would bring it"
    return Obstacle(cause=Rejection.HAD, sent_on=before.day), words


def _not_looked_at(
    record: DeliveryRecord,
    paper: PaperId,
    offered: Offer,
    *,
    seen: datetime | None,
) -> tuple[Obstacle, str] | None:
    """Return why the paper was none of those to choose from, or None where it was."""
    if record.considered == 0:
        return Obstacle(cause=Absence.NOTHING_CONSIDERED), record.reason or Absence.NOTHING_CONSIDERED.value
    if seen is None:
        return Obstacle(cause=Absence.NOT_ANNOUNCED), "no source announced it for this digest"
    if seen > record.planned_at:
        return Obstacle(cause=Absence.LEARNED_OF_LATER), "it became known only after this digest was made"
    if paper not in offered.announced and paper not in offered.updates:
        words = "it was announced before, and so was not new for this digest"
        return Obstacle(cause=Absence.ANNOUNCED_BEFORE), words
    return None
