"""Papers and batches, kept in tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, update

from paperround.batches import Batch, BatchRecord, BatchState, Revision
from paperround.papers import Paper, PaperId, merge
from paperround.ports import Listing, RevisionListing
from paperround.searching import Spellings
from paperround.store.engine import Database, chunks, insert
from paperround.store.searching import hold, keep_words
from paperround.store.tables import batches, listings, papers, revisions, words

_LISTED = frozenset({BatchState.FRESH, BatchState.PARTIAL})


class SqlLibrary:
    """The papers and batches that are known."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, batch: Batch, *, now: datetime) -> BatchRecord:
        """Store the batch, its papers merged into what is known of them, and its listings."""
        return self._database.write(lambda connection: _record(connection, batch, now))

    def batch(self, source: str, day: date) -> BatchRecord | None:
        """Return the record of a source's day."""
        with self._database.reading() as connection:
            return _batch(connection, source, day)

    def batch_before(self, source: str, day: date) -> tuple[BatchRecord, frozenset[PaperId]] | None:
        """Return the source's latest batch with papers before that day, and the ids it listed."""
        with self._database.reading() as connection:
            row = connection.execute(_latest_before(source, day)).one_or_none()
            if row is None:
                return None
            return _batch_record(row), frozenset(connection.scalars(_listed(source, row.day)))

    def batches(self, days: Collection[date]) -> tuple[BatchRecord, ...]:
        """Return the records of those days, by source, newest day first."""
        statement = select(batches).where(batches.c.day.in_(days))
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(batches.c.source, batches.c.day.desc()))
            return tuple(map(_batch_record, rows))

    def listings(self, since: date, until: date) -> tuple[Listing, ...]:
        """Return what was announced on the days from `since` to `until`, both included, oldest first."""
        with self._database.reading() as connection:
            return tuple(map(_listing, connection.execute(_announced(since, until))))

    def revisions(self, since: date, until: date) -> tuple[RevisionListing, ...]:
        """Return the revisions announced from `since` to `until`, both included, oldest first."""
        with self._database.reading() as connection:
            return tuple(map(_revision, connection.execute(_revised(since, until))))

    def announced(self, since: date) -> Mapping[date, int]:
        """Return for each day from then on how many papers were announced, each counted once a day."""
        with self._database.reading() as connection:
            return {row.day: row.number for row in connection.execute(_counted(since))}

    def latest_day(self) -> date | None:
        """Return the latest day on which anything was announced."""
        with self._database.reading() as connection:
            latest: date | None = connection.scalar(select(func.max(listings.c.day)))
        return latest

    def days(self) -> tuple[date, ...]:
        """Return every day that a source was asked for, the latest first."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(select(batches.c.day).distinct().order_by(batches.c.day.desc())))

    def announced_days(self) -> tuple[date, ...]:
        """Return every day on which papers were announced, the latest first."""
        statement = (
            select(batches.c.day).where(batches.c.papers > 0).distinct().order_by(batches.c.day.desc())
        )
        with self._database.reading() as connection:
            return tuple(connection.scalars(statement))

    def holding(self, wanted: Spellings, *, day: date | None, most: int) -> tuple[Listing, ...]:
        """Return the latest listings, at most so many, of papers that hold one spelling of each."""
        with self._database.reading() as connection:
            return tuple(map(_listing, connection.execute(_holding(wanted, day, most))))

    def paper(self, paper: PaperId) -> Paper | None:
        """Return one paper."""
        with self._database.reading() as connection:
            row = connection.execute(select(papers).where(papers.c.id == paper)).one_or_none()
        return None if row is None else _paper(row)

    def papers(self, ids: Collection[PaperId]) -> tuple[Paper, ...]:
        """Return those of these papers that are known."""
        with self._database.reading() as connection:
            return tuple(
                _paper(row)
                for chunk in chunks(sorted(ids))
                for row in connection.execute(select(papers).where(papers.c.id.in_(chunk)))
            )


def _record(connection: Connection, batch: Batch, now: datetime) -> BatchRecord:
    earlier = _batch(connection, batch.source, batch.day)
    if earlier is not None and _outlasts(earlier, batch.state):
        return earlier
    announced = merge(batch.papers)
    new = _keep_papers(connection, announced, secondhand=batch.secondhand)
    listed = set(connection.scalars(_listed(batch.source, batch.day)))
    to_list = [paper.id for paper in announced if batch.state in _LISTED and paper.id not in listed]
    record = BatchRecord(
        source=batch.source,
        day=batch.day,
        state=batch.state,
        papers=len(listed) + len(to_list),
        new=new + (earlier.new if earlier else 0),
        reason=batch.reason,
        etag=batch.etag,
        fetched_at=now,
    )
    _keep_batch(connection, record)
    _keep_listings(connection, record, to_list)
    _keep_revisions(connection, record, batch.revisions)
    return replace(record, new=new)


def _outlasts(earlier: BatchRecord, state: BatchState) -> bool:
    """Return whether what is known of a day is better than what came now."""
    if state is BatchState.FAILED:
        return earlier.state is not BatchState.FAILED
    return state not in _LISTED and earlier.papers > 0


def _keep_papers(connection: Connection, announced: Sequence[Paper], *, secondhand: bool) -> int:
    """Store the papers, what they lack filled from what is known, and return how many were not known."""
    known: dict[PaperId, Paper] = {}
    for chunk in chunks([paper.id for paper in announced]):
        rows = connection.execute(select(papers).where(papers.c.id.in_(chunk)))
        known.update((row.id, _paper(row)) for row in rows)
    new = [paper for paper in announced if paper.id not in known]
    changed = [
        merged
        for paper in announced
        if paper.id in known
        for merged in merge((known[paper.id], paper) if secondhand else (paper, known[paper.id]))
        if merged != known[paper.id]
    ]
    if new:
        connection.execute(papers.insert(), [_paper_values(paper) for paper in new])
    keep_words(connection, (*new, *changed))
    if changed:
        values = [{"changed": paper.id, **_paper_values(paper)} for paper in changed]
        connection.execute(update(papers).where(papers.c.id == bindparam("changed")), values)
    return len(new)


def _keep_batch(connection: Connection, record: BatchRecord) -> None:
    values = {field.name: getattr(record, field.name) for field in fields(BatchRecord)}
    statement = insert(batches).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["source", "day"], set_=values))


def _keep_listings(connection: Connection, record: BatchRecord, to_list: Sequence[PaperId]) -> None:
    rows = [
        {"source": record.source, "day": record.day, "paper": paper, "first_seen": record.fetched_at}
        for paper in to_list
    ]
    if rows:
        connection.execute(listings.insert(), rows)


def _keep_revisions(connection: Connection, record: BatchRecord, revised: Sequence[Revision]) -> None:
    """Enter the revisions of the papers that are known, and store these papers as they read now."""
    ids = [revision.paper.id for revision in revised]
    known = {
        each
        for chunk in chunks(ids)
        for each in connection.scalars(select(papers.c.id).where(papers.c.id.in_(chunk)))
    }
    kept = [revision for revision in revised if revision.paper.id in known]
    if not kept:
        return
    _keep_papers(connection, [revision.paper for revision in kept], secondhand=False)
    rows = [
        {
            "source": record.source,
            "day": record.day,
            "paper": revision.paper.id,
            "version": revision.version,
            "first_seen": record.fetched_at,
        }
        for revision in kept
    ]
    connection.execute(insert(revisions).on_conflict_do_nothing(), rows)


def _batch(connection: Connection, source: str, day: date) -> BatchRecord | None:
    statement = select(batches).where(batches.c.source == source, batches.c.day == day)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _batch_record(row)


def _latest_before(source: str, day: date) -> Select[Any]:
    return (
        select(batches)
        .where(batches.c.source == source, batches.c.day < day, batches.c.papers > 0)
        .order_by(batches.c.day.desc())
        .limit(1)
    )


def _listed(source: str, day: date) -> Select[Any]:
    return select(listings.c.paper).where(listings.c.source == source, listings.c.day == day)


def _announced(since: date, until: date) -> Select[Any]:
    return (
        select(listings.c.source, listings.c.day, listings.c.first_seen, papers)
        .join(papers, papers.c.id == listings.c.paper)
        .where(listings.c.day.between(since, until))
        .order_by(listings.c.day, listings.c.first_seen, listings.c.source, listings.c.paper)
    )


def _holding(wanted: Spellings, day: date | None, most: int) -> Select[Any]:
    return (
        select(listings.c.source, listings.c.day, listings.c.first_seen, papers)
        .join(words, words.c.paper == listings.c.paper)
        .join(papers, papers.c.id == listings.c.paper)
        .where(*(() if day is None else (listings.c.day == day,)), *hold(wanted))
        .order_by(listings.c.day.desc(), listings.c.first_seen, listings.c.source, listings.c.paper)
        .limit(most)
    )


def _counted(since: date) -> Select[Any]:
    number = func.count(listings.c.paper.distinct()).label("number")
    return select(listings.c.day, number).where(listings.c.day >= since).group_by(listings.c.day)


def _revised(since: date, until: date) -> Select[Any]:
    return (
        select(revisions.c.source, revisions.c.day, revisions.c.version, revisions.c.first_seen, papers)
        .join(papers, papers.c.id == revisions.c.paper)
        .where(revisions.c.day.between(since, until))
        .order_by(revisions.c.day, revisions.c.first_seen, revisions.c.source, revisions.c.paper)
    )


def _batch_record(row: Row[Any]) -> BatchRecord:
    return BatchRecord(**{field.name: getattr(row, field.name) for field in fields(BatchRecord)})


def _listing(row: Row[Any]) -> Listing:
    return Listing(source=row.source, day=row.day, first_seen=row.first_seen, paper=_paper(row))


def _revision(row: Row[Any]) -> RevisionListing:
    return RevisionListing(
        source=row.source, day=row.day, first_seen=row.first_seen, paper=_paper(row), version=row.version
    )


_LISTS = ("authors", "categories", "keywords")


def _paper(row: Row[Any]) -> Paper:
    values = {field.name: getattr(row, field.name) for field in fields(Paper)}
    return Paper(**{**values, **{name: tuple(values[name]) for name in _LISTS}})


def _paper_values(paper: Paper) -> Mapping[str, object]:
    return {field.name: getattr(paper, field.name) for field in fields(Paper)}
