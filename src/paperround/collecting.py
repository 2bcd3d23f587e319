"""The first step of a round: ask the sources, and keep what they announced."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog

from paperround.batches import Batch, BatchRecord, BatchState, is_settled, judged, unchanged
from paperround.calendars import Announcement
from paperround.polls import Polls
from paperround.ports import Library, Source, SourceError

log = structlog.get_logger()


async def collect(
    day: date,
    sources: Sequence[Source],
    library: Library,
    *,
    now: Callable[[], datetime],
    max_age: timedelta,
    polls: Polls,
) -> tuple[BatchRecord, ...]:
    """Ask every source for the day, all at once, and return a record for each batch that is known.

    A day that came whole less than `max_age` ago is not asked for again, and nothing is sooner than
    `polls` allow. A source that gives nothing is recorded as failed with its reason, and hinders no other.
    """
    answers = await asyncio.gather(
        *(_collect(source, day, library, now=now, max_age=max_age, polls=polls) for source in sources)
    )
    return tuple(record for records in answers for record in records)


async def _collect(
    source: Source,
    day: date,
    library: Library,
    *,
    now: Callable[[], datetime],
    max_age: timedelta,
    polls: Polls,
) -> list[BatchRecord]:
    # The lists before it are looked at anew with each new day: they may have grown since.
    newest = await asyncio.to_thread(library.batch, source.name, day)
    recent = _is_recent(newest, source, now(), max_age)
    look_anew = not recent and polls.may_ask(source.name, day, at=now())
    records: list[BatchRecord] = []
    for asked in source.days(day):
        record = await asyncio.to_thread(library.batch, source.name, asked)
        wanted = look_anew or (recent and not _is_recent(record, source, now(), max_age))
        if wanted and polls.may_ask(source.name, asked, at=now()):
            record, wait = await _ask(source, asked, record, library, now=now)
            polls.asked(source.name, asked, at=now(), settled=_settled(record, source, now()), wait=wait)
        if record is None:
            continue
        records.append(record)
        if record.state is BatchState.FAILED:
            break  # it will not answer for an earlier day either
    return records


def _is_recent(record: BatchRecord | None, source: Source, now: datetime, max_age: timedelta) -> bool:
    return record is not None and _settled(record, source, now) and now - record.fetched_at <= max_age


def _settled(record: BatchRecord, source: Source, now: datetime) -> bool:
    return is_settled(record, _expected(source, record.day), at=now)


def _expected(source: Source, day: date) -> Announcement | None:
    return source.calendar(day) if source.calendar is not None else None


async def _ask(
    source: Source, day: date, known: BatchRecord | None, library: Library, *, now: Callable[[], datetime]
) -> tuple[BatchRecord, timedelta]:
    """Return the record of what the source gave now, and how long it would like to be left alone."""
    wait = timedelta(0)
    before = await asyncio.to_thread(library.batch_before, source.name, day)
    etag = (known.etag if known else None) or (before[0].etag if before else None)
    try:
        batch = await source.fetch(day, etag=etag)
    except SourceError as error:
        batch, wait = _failed(source, day, str(error)), error.wait or wait
    except Exception as error:  # what one source sends must not keep the others from the readers
        log.exception("source.failed", source=source.name, day=str(day))
        batch = _failed(source, day, f"its answer could not be handled: {type(error).__name__}")
    if batch is None and known is not None and (known.papers or _settled(known, source, now())):
        return replace(known, new=0), wait
    read = await asyncio.to_thread(_read, batch, source, day, library, etag=etag, now=now())
    record = await asyncio.to_thread(library.record, read, now=now())
    if read.state is BatchState.FAILED:
        # The library keeps what it had of that day; whoever asked is told what came now.
        record = replace(record, state=read.state, papers=0, new=0, reason=read.reason)
    log.info(
        "batch.recorded",
        source=record.source,
        day=str(record.day),
        state=record.state.value,
        papers=record.papers,
        new=record.new,
        reason=record.reason,
    )
    return record, wait


def _failed(source: Source, day: date, reason: str) -> Batch:
    return Batch(source=source.name, day=day, state=BatchState.FAILED, reason=reason)


def _read(
    batch: Batch | None, source: Source, day: date, library: Library, *, etag: str | None, now: datetime
) -> Batch:
    """Return the batch under the day it belongs to, and as unchanged where its papers are not new.

    None is the answer that the source is as it was at `etag`.
    """
    asked = Batch(source=source.name, day=day, state=BatchState.FRESH, etag=etag)
    if batch is None:
        return unchanged(asked, expected=_expected(source, day), now=now)
    if batch.day < day:
        own = library.batch(source.name, batch.day)
        if own is not None and own.papers:
            return unchanged(replace(asked, etag=batch.etag), expected=_expected(source, day), now=now)
    before = library.batch_before(source.name, batch.day)
    expected = _expected(source, batch.day)
    return judged(batch, before[1] if before else frozenset(), expected=expected, now=now)
