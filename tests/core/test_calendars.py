"""On which days the hosts of papers announce something, and from when."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.calendars import WEEKEND, arxiv, hugging_face

# Feeds of 2026 without an announcement: after the evening of each deferred day.
AFTER_DEFERRED = {
    date(2026, 1, 2): "New Year",
    date(2026, 1, 20): "Martin Luther King Day",
    date(2026, 6, 22): "Juneteenth",  # a Friday, whose papers come on Sunday evening
    date(2026, 7, 6): "Independence Day",
    date(2026, 9, 8): "Labor Day",
    date(2026, 11, 27): "Thanksgiving",
    date(2026, 12, 28): "Christmas",
    date(2026, 12, 30): "Christmas",
    date(2027, 1, 1): "New Year",
}
ONE = timedelta(days=1)
any_day = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))


def test_in_2026_arxiv_rests_on_weekends_and_after_its_deferred_days_alone() -> None:
    days = [date(2026, 1, 2) + number * ONE for number in range(365)]
    resting = {day: arxiv(day).reason for day in days if arxiv(day).since is None}
    assert {day for day, reason in resting.items() if reason == WEEKEND} == {
        day for day in days if day.weekday() in (5, 6)
    }
    assert {day: reason for day, reason in resting.items() if reason != WEEKEND} == {
        day: f"no announcement: {occasion}" for day, occasion in AFTER_DEFERRED.items()
    }


@pytest.mark.parametrize(
    ("day", "hour"),
    [(date(2026, 6, 16), 4), (date(2026, 1, 13), 5), (date(2026, 3, 9), 4), (date(2026, 11, 2), 5)],
    ids=["summer", "winter", "after the spring change", "after the autumn change"],
)
def test_arxivs_feed_is_made_at_midnight_in_new_york(day: date, hour: int) -> None:
    assert arxiv(day).since == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "occasion"),
    [
        (date(2025, 1, 2), "New Year"),
        (date(2025, 1, 21), "Martin Luther King Day"),
        (date(2025, 6, 20), "Juneteenth"),
        (date(2025, 9, 2), "Labor Day"),
        (date(2025, 11, 28), "Thanksgiving"),
        (date(2023, 12, 26), "Christmas"),
    ],
)
def test_in_other_years_arxiv_rests_after_the_holidays_that_come_again(day: date, occasion: str) -> None:
    assert arxiv(day).reason == f"no announcement: {occasion}"


@given(any_day)
def test_every_day_has_an_announcement_or_a_reason_for_none(day: date) -> None:
    for calendar in (arxiv, hugging_face):
        expected = calendar(day)
        assert (expected.since is None) == bool(expected.reason)
        assert expected.since is None or timedelta(0) <= expected.since - midnight(day) <= timedelta(hours=5)


@given(any_day)
def test_nobody_rests_for_more_than_four_days(day: date) -> None:
    """So that a source which gives nothing for longer is known to be broken."""
    for calendar in (arxiv, hugging_face):
        assert any(calendar(day + number * ONE).since for number in range(5))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
