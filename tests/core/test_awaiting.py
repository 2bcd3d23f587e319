"""A digest is held back for sources that may still come, and not for others."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from paperround import calendars
from paperround.awaiting import LAST_LOOK, Wait, Waiting
from paperround.batches import BatchRecord, BatchState
from paperround.calendars import Calendar
from paperround.subscribers import Subscriber

TUESDAY = date(2026, 6, 16)
JUNETEENTH = date(2026, 6, 19)
SATURDAY = date(2026, 6, 20)


def reader(zone: str, deliver_at: time) -> Subscriber:
    return Subscriber(address="ada@example.org", timezone=ZoneInfo(zone), deliver_at=deliver_at)


LONDON = reader("Europe/London", time(7, 30))  # 06:30 UTC


def record(
    state: BatchState, *, day: date = TUESDAY, source: str = "arXiv", fetched_at: datetime | None = None
) -> BatchRecord:
    fetched_at = fetched_at or datetime(day.year, day.month, day.day, 6, 31, tzinfo=UTC)
    return BatchRecord(
        source=source, day=day, state=state, papers=0, new=0, reason="", etag=None, fetched_at=fetched_at
    )


def wait(
    *records: BatchRecord,
    day: date = TUESDAY,
    who: Subscriber = LONDON,
    latest: timedelta = timedelta(minutes=90),
    catch_up: timedelta = timedelta(hours=12),
    minutes_late: int = 1,
    of: Iterable[tuple[str, Calendar | None]] = (("arXiv", calendars.arxiv),),
) -> Wait | None:
    slot = datetime.combine(day, who.deliver_at, tzinfo=who.timezone).astimezone(UTC)
    now = slot + timedelta(minutes=minutes_late)
    return Waiting(day, dict(of), records, latest=latest, catch_up=catch_up, now=now).wait(who)


@pytest.mark.parametrize("state", [BatchState.FAILED, BatchState.STALE, BatchState.PARTIAL])
def test_what_is_not_there_in_full_is_waited_for(state: BatchState) -> None:
    expected = Wait(sources=("arXiv",), until=datetime(2026, 6, 16, 8, tzinfo=UTC))
    assert wait(record(state)) == expected
    assert wait() == expected  # never asked for
    assert str(expected) == "waiting for arXiv, until 08:00 UTC at the latest"


@pytest.mark.parametrize("state", [BatchState.FRESH, BatchState.QUIET])
def test_what_is_there_is_not_waited_for(state: BatchState) -> None:
    assert wait(record(state)) is None


def test_the_wait_ends_with_its_time() -> None:
    failed = record(BatchState.FAILED)
    assert wait(failed, minutes_late=89) is not None
    assert wait(failed, minutes_late=90) is None
    assert wait(failed, latest=timedelta(0), minutes_late=0) is None


@pytest.mark.parametrize("day", [JUNETEENTH + timedelta(days=3), SATURDAY])
def test_a_day_without_an_announcement_is_not_waited_for(day: date) -> None:
    assert wait(record(BatchState.FAILED, day=day), day=day) is None


def test_an_announcement_that_comes_too_late_for_a_reader_is_not_waited_for() -> None:
    tokyo = reader("Asia/Tokyo", time(8))  # 23:00 UTC, and arXiv announces at 04:00
    assert wait(who=tokyo) is None
    assert wait(who=tokyo, latest=timedelta(hours=6)) is not None


def test_an_announcement_that_is_soon_to_come_is_waited_for_though_the_look_before_it_was_quiet() -> None:
    early = reader("Etc/UTC", time(3, 30))
    quiet = record(BatchState.QUIET, fetched_at=datetime(2026, 6, 16, 3, 30, tzinfo=UTC))
    assert wait(quiet, who=early) == Wait(sources=("arXiv",), until=datetime(2026, 6, 16, 5, tzinfo=UTC))
    later = record(BatchState.QUIET, fetched_at=datetime(2026, 6, 16, 4, 1, tzinfo=UTC))
    assert wait(later, who=early, minutes_late=31) is None


@pytest.mark.parametrize("state", [BatchState.FAILED, BatchState.STALE, BatchState.PARTIAL])
def test_a_source_that_did_not_come_the_day_before_either_holds_nobody_back(state: BatchState) -> None:
    before = record(state, day=TUESDAY - timedelta(days=1))
    assert wait(record(BatchState.FAILED), before) is None
    older = record(BatchState.FRESH, day=TUESDAY - timedelta(days=3))
    assert wait(record(BatchState.FAILED), older, before) is None
    assert wait(record(BatchState.FAILED), older) is not None


def test_several_sources_are_told_apart() -> None:
    of = (("arXiv", calendars.arxiv), ("Hugging Face", calendars.hugging_face), ("A blog", None))
    found = wait(record(BatchState.FRESH, source="Hugging Face"), record(BatchState.FAILED), of=of)
    assert found is not None
    assert found.sources == ("arXiv", "A blog")


def test_a_wait_leaves_the_last_look_of_the_day_its_time() -> None:
    found = wait(record(BatchState.FAILED), latest=timedelta(days=2), catch_up=timedelta(days=2))
    assert found is not None
    assert found.until == datetime(2026, 6, 17, 6, 30, tzinfo=UTC) - LAST_LOOK
    found = wait(record(BatchState.FAILED), latest=timedelta(hours=3), catch_up=timedelta(hours=2))
    assert found is not None
    assert found.until == datetime(2026, 6, 16, 8, 30, tzinfo=UTC) - LAST_LOOK
