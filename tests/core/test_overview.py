"""What is said of how it stands."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from paperround.batches import BatchRecord, BatchState
from paperround.overview import DayOfMail, Overview, briefly, by_source, near_day
from paperround.ports import Cause, Effect, Figures, Status
from paperround.rates import Later

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
TODAY = NOON.date()


def figures(*, held: int = 0, oldest: datetime | None = None, planned: int = 0) -> Figures:
    return Figures(
        batches={},
        newest={},
        papers=7,
        digests=5,
        deliveries={Status.SENT: 4, Status.PLANNED: planned},
        oldest=oldest,
        held=held,
        suppressed={Cause.BOUNCED: 1},
        returned={Effect.TOO_EARLY: 2},
        alarms=frozenset(),
    )


def record(source: str, day: date, state: BatchState = BatchState.FRESH, *, papers: int = 0) -> BatchRecord:
    return BatchRecord(
        source=source, day=day, state=state, papers=papers, new=0, reason="why", etag=None, fetched_at=NOON
    )


def overview(**what: object) -> Overview:
    return Overview(at=NOON, version="1", **what)  # type: ignore[arg-type] # of any field


def test_a_day_tells_letters_that_went_out_from_those_that_wait_and_from_silence() -> None:
    tally = dict(zip(Status, (1, 2, 4, 8, 16, 32, 64, 128), strict=True))
    mail = DayOfMail(day=TODAY, tally=tally)
    assert mail.readers == sum(tally.values())
    assert mail.waiting == tally[Status.PLANNED] + tally[Status.SENDING] + tally[Status.DEFERRED]
    assert mail.planned == mail.readers - tally[Status.QUIET] - tally[Status.SUPPRESSED]


def test_the_title_says_whether_anything_is_wrong() -> None:
    assert overview().title == "All is well"
    assert overview(notes=("a",)).title == "All is well"
    assert overview(problems=("a",)).title == "1 problem"
    assert overview(problems=("a", "b")).title == "2 problems"


def test_plots_are_of_thirty_days_up_to_today_or_to_the_tomorrow_of_some_readers() -> None:
    days = overview().days
    assert (len(days), days[-1], days[0]) == (30, TODAY, TODAY - timedelta(days=29))
    tomorrow = TODAY + timedelta(days=1)
    assert overview(mail=(DayOfMail(day=tomorrow, tally={}),)).days[-1] == tomorrow


@pytest.mark.parametrize(
    ("held", "said"), [(1, "what became of a delivery: "), (2000, "what became of 2,000 deliveries: ")]
)
def test_what_waits_for_a_person_is_named_with_what_to_do(held: int, said: str) -> None:
    (sentence,) = overview(figures=figures(held=held)).waiting
    assert said in sentence
    assert "`paperround resolve`" in sentence


def test_a_pause_of_the_relay_and_what_waits_for_it_are_named() -> None:
    pause = Later(until=NOON + timedelta(minutes=8), reason="421 slowly", pauses=1)
    assert overview(pause=pause, figures=figures(oldest=NOON, planned=1)).waiting == (
        "The relay is left alone until 12:08 UTC: 421 slowly",
        "1 letter to go out, the oldest since 2026-06-16 12:00 UTC",
    )


def test_sources_are_shown_for_the_last_week_that_they_were_asked() -> None:
    days = [TODAY - timedelta(days=2 * back) for back in range(10)]
    shown = overview(sources=by_source([record("B", day) for day in days] + [record("A", days[1])]))
    assert [each.source for each in shown.sources] == ["A", "B"]
    assert shown.source_days == tuple(days[:7])


def test_what_a_source_did_not_give_is_told_with_the_newest_first() -> None:
    yesterday, long_ago = TODAY - timedelta(days=1), TODAY - timedelta(days=40)
    known = [record("A", TODAY - timedelta(days=back)) for back in range(7)]
    bad = [
        record("B", yesterday, BatchState.FAILED),
        record("C", TODAY, BatchState.STALE),
        record("D", TODAY, BatchState.QUIET),
        record("E", TODAY - timedelta(days=2), BatchState.PARTIAL, papers=3),
        record("F", long_ago, BatchState.FAILED),
    ]
    troubled = overview(sources=by_source(known + bad)).troubled
    assert [batch.source for batch in troubled] == ["C", "B", "E"]


def test_a_batch_and_a_day_are_told_in_a_word() -> None:
    assert briefly(record("A", TODAY, papers=1234)) == "1,234"
    assert briefly(record("A", TODAY, BatchState.PARTIAL, papers=3)) == "3 partial"
    assert briefly(record("A", TODAY, BatchState.QUIET)) == "quiet"
    assert near_day(TODAY) == "Tue 16 Jun"


def test_scripts_get_all_of_it() -> None:
    mail = (DayOfMail(day=TODAY, tally={Status.SENT: 2, Status.DEFERRED: 1, Status.QUIET: 1}),)
    sources = by_source([record("A", TODAY, BatchState.STALE)])
    entry = overview(
        problems=("p",), notes=("n",), mail=mail, papers={TODAY: 9}, sources=sources, figures=figures(held=3)
    ).entry()
    assert json.loads(json.dumps(entry)) == entry
    assert entry["days"] == [
        {
            "day": "2026-06-16",
            "readers": 4,
            "planned": 3,
            "sent": 2,
            "failed": 0,
            "unknown": 0,
            "suppressed": 0,
            "quiet": 1,
            "waiting": 1,
        }
    ]
    assert entry["papers"] == {"2026-06-16": 9}
    assert entry["sources"] == [
        {"source": "A", "day": "2026-06-16", "state": "stale", "papers": 0, "reason": "why"}
    ]
    assert (entry["problems"], entry["notes"]) == (["p"], ["n"])
    assert (entry["unknown_waiting"], entry["suppressed"]) == (3, {"bounced": 1})


def test_a_store_that_cannot_be_read_has_no_figures() -> None:
    assert overview().totals == ()
    assert "deliveries" not in overview().entry()
    assert ("Messages back: too early", 2) in overview(figures=figures()).totals
