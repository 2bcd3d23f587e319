"""A library in memory."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from paperround.batches import Batch, BatchRecord, BatchState
from paperround.papers import Paper, PaperId, merge
from paperround.ports import Listing, RevisionListing
from paperround.searching import Spellings, stems

Day = tuple[str, date]


class MemoryLibrary:
    """Keeps everything in dictionaries, as long as it lives."""

    def __init__(self) -> None:
        self._papers: dict[PaperId, Paper] = {}
        self._batches: dict[Day, BatchRecord] = {}
        self._listed: dict[Day, dict[PaperId, datetime]] = {}
        self._revised: dict[tuple[str, PaperId, int], tuple[date, datetime]] = {}

    def record(self, batch: Batch, *, now: datetime) -> BatchRecord:
        key = (batch.source, batch.day)
        earlier = self._batches.get(key)
        listed = self._listed.setdefault(key, {})
        lists = batch.state in {BatchState.FRESH, BatchState.PARTIAL}
        if earlier and not lists and listed:
            return earlier
        if earlier and batch.state is BatchState.FAILED is not earlier.state:
            return earlier
        announced = {paper.id: paper for paper in merge(batch.papers)}
        new = len(announced.keys() - self._papers.keys())
        known = self._papers.values()
        both = (*known, *announced.values()) if batch.secondhand else (*announced.values(), *known)
        self._papers = {paper.id: paper for paper in merge(both)}
        for paper in announced if lists else ():
            listed.setdefault(paper, now)
        for revision in batch.revisions:
            if revision.paper.id in self._papers:
                (merged,) = merge((revision.paper, self._papers[revision.paper.id]))
                self._papers[merged.id] = merged
                self._revised.setdefault((batch.source, merged.id, revision.version), (batch.day, now))
        self._batches[key] = BatchRecord(
            source=batch.source,
            day=batch.day,
            state=batch.state,
            papers=len(listed),
            new=new + (earlier.new if earlier else 0),
            reason=batch.reason,
            etag=batch.etag,
            fetched_at=now,
        )
        return replace(self._batches[key], new=new)

    def batch(self, source: str, day: date) -> BatchRecord | None:
        return self._batches.get((source, day))

    def batch_before(self, source: str, day: date) -> tuple[BatchRecord, frozenset[PaperId]] | None:
        earlier = [
            key for key, listed in self._listed.items() if listed and key[0] == source and key[1] < day
        ]
        if not earlier:
            return None
        return self._batches[max(earlier)], frozenset(self._listed[max(earlier)])

    def batches(self, days: Collection[date]) -> tuple[BatchRecord, ...]:
        found = [record for record in self._batches.values() if record.day in days]
        return tuple(sorted(sorted(found, key=lambda r: r.day, reverse=True), key=lambda r: r.source))

    def listings(self, since: date, until: date) -> tuple[Listing, ...]:
        found = [
            Listing(source=source, day=day, paper=self._papers[paper], first_seen=first_seen)
            for (source, day), listed in self._listed.items()
            for paper, first_seen in listed.items()
            if since <= day <= until
        ]
        return tuple(sorted(found, key=lambda each: (each.day, each.first_seen, each.source, each.paper.id)))

    def revisions(self, since: date, until: date) -> tuple[RevisionListing, ...]:
        found = [
            RevisionListing(
                source=source, day=day, paper=self._papers[paper], first_seen=first_seen, version=version
            )
            for (source, paper, version), (day, first_seen) in self._revised.items()
            if since <= day <= until
        ]
        return tuple(sorted(found, key=lambda each: (each.day, each.first_seen, each.source, each.paper.id)))

    def announced(self, since: date) -> Mapping[date, int]:
        papers = {(day, paper) for (_, day), listed in self._listed.items() for paper in listed}
        return Counter(day for day, _ in papers if day >= since)

    def latest_day(self) -> date | None:
        return max((each.day for each in self.listings(date.min, date.max)), default=None)

    def days(self) -> tuple[date, ...]:
        return tuple(sorted({day for _, day in self._batches}, reverse=True))

    def paper(self, paper: PaperId) -> Paper | None:
        return self._papers.get(paper)

    def papers(self, ids: Collection[PaperId]) -> tuple[Paper, ...]:
        return tuple(self._papers[each] for each in ids if each in self._papers)

    def announced_days(self) -> tuple[date, ...]:
        return tuple(sorted({day for (_, day), listed in self._listed.items() if listed}, reverse=True))

    def holding(self, wanted: Spellings, *, day: date | None, most: int) -> tuple[Listing, ...]:
        found = [
            each
            for each in self.listings(day or date.min, day or date.max)
            if all(any(stems(each.paper).issuperset(way) for way in ways) for ways in wanted)
        ]
        return tuple(sorted(found, key=lambda each: each.day, reverse=True)[:most])
