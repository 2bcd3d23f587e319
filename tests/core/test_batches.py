"""Whether a batch is news."""

from dataclasses import replace
from datetime import date

import pytest

from paperround.batches import Batch, BatchState, Revision, judged, unchanged
from paperround.papers import Paper, PaperId

JUNE_16 = date(2026, 6, 16)
KNOWN, NEW = PaperId("arxiv:1"), PaperId("arxiv:2")


def paper(name: PaperId) -> Paper:
    return Paper(id=name, title="A title", url="https://e.org/", published=JUNE_16)


def batch(*names: PaperId) -> Batch:
    papers = tuple(paper(name) for name in names)
    return Batch(source="arXiv", day=JUNE_16, state=BatchState.FRESH, papers=papers, etag='"1"')


def test_one_new_paper_makes_a_batch_news() -> None:
    assert judged(batch(KNOWN, NEW), {KNOWN}) == batch(KNOWN, NEW)


def test_the_first_batch_of_all_is_news() -> None:
    assert judged(batch(KNOWN), frozenset()) == batch(KNOWN)
    assert judged(batch(), frozenset()) == batch()


def test_the_announcement_before_under_todays_date_is_stale_and_brings_no_papers() -> None:
    stale = judged(batch(KNOWN), {KNOWN, NEW})
    assert (stale.state, stale.papers, stale.etag) == (BatchState.STALE, (), '"1"')
    assert stale.reason


def test_a_stale_announcement_brings_no_revisions_either() -> None:
    known = Revision(paper=paper(KNOWN), version=2)
    assert judged(replace(batch(KNOWN), revisions=(known,)), {KNOWN}).revisions == ()


def test_a_source_that_rests_on_some_days_is_then_quiet() -> None:
    quiet = judged(batch(KNOWN), {KNOWN}, daily=False)
    assert (quiet.state, quiet.papers) == (BatchState.QUIET, ())


@pytest.mark.parametrize("state", [BatchState.QUIET, BatchState.PARTIAL, BatchState.FAILED])
def test_only_a_whole_batch_is_judged(state: BatchState) -> None:
    given = replace(batch(KNOWN), state=state, reason="as it was")
    assert judged(given, {KNOWN}) == given


def test_an_unchanged_batch_keeps_its_day_and_source() -> None:
    told = unchanged(batch(KNOWN), daily=True)
    assert (told.source, told.day, told.state) == ("arXiv", JUNE_16, BatchState.STALE)
