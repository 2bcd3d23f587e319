"""Whether a batch is news."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from paperround.batches import (
    STILL_TO_COME,
    Batch,
    BatchRecord,
    BatchState,
    Revision,
    is_settled,
    judged,
    unchanged,
)
from paperround.calendars import Announcement
from paperround.papers import Paper, PaperId

JUNE_16 = date(2026, 6, 16)
ANNOUNCED = Announcement(since=datetime(2026, 6, 16, 4, tzinfo=UTC))
LATER = datetime(2026, 6, 16, 7, tzinfo=UTC)
EARLIER = datetime(2026, 6, 16, 1, tzinfo=UTC)
KNOWN, NEW = PaperId("arxiv:1"), PaperId("arxiv:2")


def paper(name: PaperId) -> Paper:
    return Paper(id=name, title="A title", url="https://e.org/", published=JUNE_16)


def batch(*names: PaperId) -> Batch:
    papers = tuple(paper(name) for name in names)
    return Batch(source="arXiv", day=JUNE_16, state=BatchState.FRESH, papers=papers, etag='"1"')


def test_one_new_paper_makes_a_batch_news() -> None:
    assert judged(batch(KNOWN, NEW), {KNOWN}, expected=ANNOUNCED, now=LATER) == batch(KNOWN, NEW)


def test_the_first_batch_of_all_is_news() -> None:
    assert judged(batch(KNOWN), frozenset(), expected=ANNOUNCED, now=LATER) == batch(KNOWN)
    assert judged(batch(), frozenset(), expected=ANNOUNCED, now=LATER) == batch()


def test_the_announcement_before_under_todays_date_is_stale_and_brings_no_papers() -> None:
    stale = judged(batch(KNOWN), {KNOWN, NEW}, expected=ANNOUNCED, now=LATER)
    assert (stale.state, stale.papers, stale.etag) == (BatchState.STALE, (), '"1"')
    assert stale.reason


def test_a_stale_announcement_brings_no_revisions_either() -> None:
    known = Revision(paper=paper(KNOWN), version=2)
    assert (
        judged(replace(batch(KNOWN), revisions=(known,)), {KNOWN}, expected=ANNOUNCED, now=LATER).revisions
        == ()
    )


def test_a_source_that_rests_on_some_days_is_then_quiet() -> None:
    quiet = judged(batch(KNOWN), {KNOWN}, expected=None, now=LATER)
    assert (quiet.state, quiet.papers) == (BatchState.QUIET, ())


@pytest.mark.parametrize("state", [BatchState.QUIET, BatchState.PARTIAL, BatchState.FAILED])
def test_only_a_whole_batch_is_judged(state: BatchState) -> None:
    given = replace(batch(KNOWN), state=state, reason="as it was")
    assert judged(given, {KNOWN}, expected=ANNOUNCED, now=LATER) == given


def test_an_unchanged_batch_keeps_its_day_and_source() -> None:
    told = unchanged(batch(KNOWN), expected=ANNOUNCED, now=LATER)
    assert (told.source, told.day, told.state) == ("arXiv", JUNE_16, BatchState.STALE)


def test_what_is_unchanged_before_its_announcement_or_on_a_day_without_one_is_no_trouble() -> None:
    holiday = Announcement(reason="no announcement: Juneteenth")
    early = unchanged(batch(KNOWN), expected=ANNOUNCED, now=EARLIER)
    resting = unchanged(batch(KNOWN), expected=holiday, now=LATER)
    assert (early.state, early.reason) == (BatchState.QUIET, STILL_TO_COME)
    assert (resting.state, resting.reason) == (BatchState.QUIET, holiday.reason)


def looked_at(state: BatchState, when: datetime) -> BatchRecord:
    return BatchRecord(
        source="arXiv", day=JUNE_16, state=state, papers=0, new=0, reason="", etag=None, fetched_at=when
    )


@pytest.mark.parametrize("state", [BatchState.STALE, BatchState.PARTIAL, BatchState.FAILED])
def test_what_may_mend_is_never_settled(state: BatchState) -> None:
    assert not is_settled(looked_at(state, LATER), ANNOUNCED, at=LATER)
    assert not is_settled(looked_at(state, LATER), None, at=LATER)


def test_a_look_before_the_announcement_settles_the_day_until_then_alone() -> None:
    early, late = looked_at(BatchState.QUIET, EARLIER), looked_at(BatchState.QUIET, LATER)
    assert is_settled(early, ANNOUNCED, at=EARLIER + timedelta(hours=1))
    assert not is_settled(early, ANNOUNCED, at=LATER)
    assert is_settled(late, ANNOUNCED, at=LATER)
    assert is_settled(early, Announcement(reason="no announcement: Juneteenth"), at=LATER)
    assert is_settled(looked_at(BatchState.FRESH, EARLIER), ANNOUNCED, at=LATER)
