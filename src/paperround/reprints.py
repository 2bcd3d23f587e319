"""A digest of the past, made again from what was kept of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, How, Match, Pick, Section
from paperround.papers import Paper, PaperId
from paperround.ports import DeliveryRecord, PickRecord
from paperround.subscribers import Subscriber


def papers_of(record: DeliveryRecord) -> frozenset[PaperId]:
    """Return which papers must be known to make its digest again."""
    return frozenset(pick.paper for pick in (*record.picks, *record.lines))


def reprinted(record: DeliveryRecord, subscriber: Subscriber, papers: Mapping[PaperId, Paper]) -> Digest:
    """Return the digest of a delivery, as its letter showed it.

    What was not kept is as it is now: the papers' votes and texts, the reader's language, and the interests
    whose words are marked. Of how many papers of a batch were new nothing is said. A paper that is not known
    any more is left out.
    """
    shown = bool(record.picks or record.lines)
    return Digest(
        subscriber=subscriber,
        day=record.day,
        picks=tuple(_picks(record.picks, papers)),
        titles=tuple(_picks(record.lines, papers)),
        batches=tuple(_batch(entry, record.planned_at) for entry in record.batches),
        considered=record.considered,
        rejected=record.rejected,
        # Of a mail without papers the remark says why, which the mail says in words of its own.
        remark=record.remark if shown else "",
    )


def _picks(records: Iterable[PickRecord], papers: Mapping[PaperId, Paper]) -> Iterator[Pick]:
    for record in records:
        if record.paper in papers:
            yield _pick(record, papers[record.paper])


def _pick(record: PickRecord, paper: Paper) -> Pick:
    matched = tuple(map(_match, record.matched))
    section = Section(record.section)
    return Pick(
        paper=paper,
        section=section,
        relevance=record.relevance,
        announced=record.announced,
        matched=matched,
        reasons=record.reasons,
        follows=_followed(matched),
        late=section is Section.LATE,
        version=record.version,
        hindrance=record.hindrance,
    )


def _followed(matched: Sequence[Match]) -> tuple[str, ...]:
    """Return the names that the reader follows: of keywords none is looked for among the authors."""
    return tuple(match.term for match in matched if match.where == ("authors",))


def _match(entry: Mapping[str, Any]) -> Match:
    return Match(
        term=entry["term"],
        where=tuple(entry["where"]),
        forms=tuple(entry.get("forms", ())),
        how=How(entry.get("how", How.WORDS)),
        weight=entry["weight"],
    )


def _batch(entry: Mapping[str, Any], fetched_at: datetime) -> BatchRecord:
    return BatchRecord(
        source=entry["source"],
        day=date.fromisoformat(entry["day"]),
        state=BatchState(entry["state"]),
        papers=entry["papers"],
        new=0,
        reason="",
        etag=None,
        fetched_at=fetched_at,
    )
