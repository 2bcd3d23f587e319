"""What one source announced for one day, and whether that can be trusted."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from paperround.calendars import Announcement
from paperround.languages import N_
from paperround.papers import Paper, PaperId


class BatchState(StrEnum):
    """How much of a day a batch holds."""

    FRESH = "fresh"  # the source announced papers, and all of them are here
    QUIET = "quiet"  # the source announced nothing that day
    STALE = "stale"  # the source still shows an earlier announcement
    PARTIAL = "partial"  # some of it could be read, some not
    FAILED = "failed"  # nothing could be read


STILL_TO_COME = N_("the announcement is still to come")

# What one look has found to be so need not be looked at again for a while; anything else may mend.
SETTLED = frozenset({BatchState.FRESH, BatchState.QUIET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A later version of a paper that was announced before, as it reads now; the first version is 1."""

    paper: Paper
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a source gave for one day: papers, and revisions of papers that it announced on earlier days.

    `day` is the day that the source announced, which a feed without an archive may put earlier than
    the day it was asked for. `reason` says why a batch is not fresh. `etag` is the validator of the
    body it was read from. What a `secondhand` batch says of works that have their home elsewhere only
    fills gaps.
    """

    source: str
    day: date
    state: BatchState
    papers: tuple[Paper, ...] = ()
    revisions: tuple[Revision, ...] = ()
    reason: str = ""
    etag: str | None = None
    secondhand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """What the store knows of a batch: counts in place of the papers."""

    source: str
    day: date
    state: BatchState
    papers: int
    new: int
    reason: str
    etag: str | None
    fetched_at: datetime


def judged(
    batch: Batch, before: AbstractSet[PaperId], *, expected: Announcement | None, now: datetime
) -> Batch:
    """Return the batch as unchanged when it holds nothing that the source's batch before did not hold.

    The dates in a feed are those of the request, so only its content tells a new announcement from
    an old one. `expected` is as for `unchanged`.
    """
    if batch.state is not BatchState.FRESH or not before:
        return batch
    if any(paper.id not in before for paper in batch.papers):
        return batch
    return unchanged(batch, expected=expected, now=now)


def unchanged(batch: Batch, *, expected: Announcement | None, now: datetime) -> Batch:
    """Return the batch without its papers, as one that repeats what was announced before.

    It is stale where the calendar of its source has an announcement that day, and `now` is after it.
    What is expected is None of a source that announces as it pleases.
    """
    state = BatchState.QUIET
    if expected is None:
        reason = "nothing new"
    elif expected.since is None:
        reason = expected.reason
    elif now < expected.since:
        reason = STILL_TO_COME
    else:
        state, reason = BatchState.STALE, "still the announcement before"
    return replace(batch, state=state, papers=(), revisions=(), reason=reason)


def is_settled(record: BatchRecord, expected: Announcement | None, *, at: datetime) -> bool:
    """Return whether, at that moment, the source has given all that it has of that day.

    What was quiet at a look before the announcement is settled until then alone.
    """
    if record.state is BatchState.FRESH:
        return True
    since = expected.since if expected is not None else None
    too_early = since is not None and record.fetched_at < since <= at
    return record.state is BatchState.QUIET and not too_early
