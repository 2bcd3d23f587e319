"""When a digest is due."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.clock import due, local_day, slot
from paperround.issue import not_due
from paperround.subscribers import EVERY_DAY, LONGEST_GAP, Away, Every, Subscriber, most_every

CATCH_UP = timedelta(hours=12)
ZONES = sorted(zone for zone in available_timezones() if zone not in ("localtime", "Factory"))


def reader(zone: str, at: time) -> Subscriber:
    return Subscriber(address="ada@example.org", timezone=ZoneInfo(zone), deliver_at=at)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 6, 16, 6, 29, tzinfo=UTC), date(2026, 6, 15)),
        (datetime(2026, 6, 16, 6, 30, tzinfo=UTC), date(2026, 6, 16)),
        (datetime(2026, 6, 16, 18, 30, tzinfo=UTC), date(2026, 6, 16)),
        (datetime(2026, 6, 16, 18, 31, tzinfo=UTC), None),
    ],
)
def test_a_digest_is_due_from_its_hour_until_the_catch_up_has_passed(now: datetime, day: date | None) -> None:
    wide = timedelta(days=1) if day == date(2026, 6, 15) else CATCH_UP
    assert due(reader("Europe/London", time(7, 30)), now, catch_up=wide) == day


def test_a_slot_before_midnight_is_caught_up_with_after_it() -> None:
    now = datetime(2026, 6, 17, 0, 5, tzinfo=UTC)
    assert due(reader("UTC", time(23, 50)), now, catch_up=CATCH_UP) == date(2026, 6, 16)


def test_an_hour_that_the_clock_skips_comes_an_hour_later_that_day() -> None:
    berlin = reader("Europe/Berlin", time(2, 30))
    assert slot(date(2026, 3, 29), berlin) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_the_clock_repeats_counts_the_first_time() -> None:
    berlin = reader("Europe/Berlin", time(2, 30))
    assert slot(date(2026, 10, 25), berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_midnight_that_does_not_exist_is_no_day_lost() -> None:
    beirut = reader("Asia/Beirut", time(0, 0))
    ticks = [datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=10 * n) for n in range(6 * 24 * 4)]
    days = {due(beirut, now, catch_up=CATCH_UP) for now in ticks}
    assert {date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)} <= days


@given(
    st.sampled_from(ZONES),
    st.times(),
    st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 25)),
)
def test_every_day_is_due_in_order_and_none_is_passed_over(zone: str, hour: time, start: date) -> None:
    subscriber = reader(zone, hour.replace(second=0, microsecond=0))
    first = datetime.combine(start, time(), tzinfo=UTC)
    ticks = [first + timedelta(minutes=30 * n) for n in range(2 * 24 * 5)]
    days = [day for now in ticks if (day := due(subscriber, now, catch_up=timedelta(hours=30)))]
    assert days == sorted(days)
    distinct = sorted(set(days))
    assert [later - earlier for earlier, later in pairwise(distinct)] == [timedelta(days=1)] * (
        len(distinct) - 1
    )
    assert len(distinct) >= 5


@pytest.mark.parametrize(
    ("chosen", "before", "after", "at"),
    [
        # It was sent at seven already.
        (time(7, 30), time(7), time(8), time(7)),
        (time(7, 30), time(7), time(6), time(7)),
        # It was not: it is sent at the new hour, or at once where that is past.
        (time(6, 30), time(7), time(9), time(9)),
        (time(18), time(22), time(8), time(18)),
        (time(21), time(22), time(1), time(21)),
    ],
)
def test_an_hour_changed_on_the_day_itself_brings_that_day_once(
    chosen: time, before: time, after: time, at: time
) -> None:
    moment = datetime.combine(date(2026, 6, 16), chosen, tzinfo=UTC)
    found = due_days(reader("UTC", before), reader("UTC", after), moment)
    assert found[date(2026, 6, 16)] == moment.replace(hour=at.hour, minute=at.minute)
    assert found[date(2026, 6, 17)] == datetime.combine(date(2026, 6, 17), after, tzinfo=UTC)


@given(
    st.sampled_from(ZONES),
    st.tuples(st.times(), st.times()),
    st.datetimes(min_value=datetime(2024, 1, 5), max_value=datetime(2030, 12, 25)),  # noqa: DTZ001 - in UTC
)
def test_whenever_the_hour_is_changed_no_day_is_lost(
    zone: str, hours: tuple[time, time], moment: datetime
) -> None:
    before, after = (reader(zone, hour.replace(second=0, microsecond=0)) for hour in hours)
    found = list(due_days(before, after, moment.replace(tzinfo=UTC)))
    assert [later - earlier for earlier, later in pairwise(found)] == [timedelta(days=1)] * (len(found) - 1)
    assert found[-1] >= local_day(after, moment.replace(tzinfo=UTC)) + timedelta(days=1)


def due_days(before: Subscriber, after: Subscriber, moment: datetime) -> dict[date, datetime]:
    """Return when each day comes up, in that order, around a moment at which the reader chose otherwise."""
    chosen = replace(after, chosen_at=moment)
    found: dict[date, datetime] = {}
    for number in range(-3 * 48, 2 * 48 + 1):
        now = moment + timedelta(minutes=30 * number)
        day = due(before if now < moment else chosen, now, catch_up=CATCH_UP)
        if day is not None:
            found.setdefault(day, now)
    return found


def test_the_day_before_is_not_brought_up_by_a_choice() -> None:
    joined = replace(reader("UTC", time(9)), chosen_at=datetime(2026, 6, 16, 6, 50, tzinfo=UTC))
    assert due(joined, datetime(2026, 6, 16, 7, tzinfo=UTC), catch_up=CATCH_UP) is None


def test_a_choice_is_caught_up_with_no_longer_than_an_hour_is() -> None:
    chosen = replace(reader("UTC", time(1)), chosen_at=datetime(2026, 6, 16, 9, tzinfo=UTC))
    assert due(chosen, datetime(2026, 6, 16, 21, tzinfo=UTC), catch_up=CATCH_UP) == date(2026, 6, 16)
    assert due(chosen, datetime(2026, 6, 16, 21, 1, tzinfo=UTC), catch_up=CATCH_UP) is None


def test_the_day_is_that_of_the_reader() -> None:
    evening = datetime(2026, 6, 16, 22, tzinfo=UTC)
    assert local_day(reader("Asia/Tokyo", time(7)), evening) == date(2026, 6, 17)
    assert local_day(reader("America/New_York", time(7)), evening) == date(2026, 6, 16)


RHYTHMS = st.frozensets(st.integers(0, 6), min_size=1).flatmap(
    lambda days: st.builds(
        partial(replace, reader("UTC", time(7))),
        days=st.just(days),
        every=st.builds(Every, number=st.integers(2, most_every(days)), since=st.dates()),
    )
)
DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))


@given(RHYTHMS, DAYS)
def test_of_so_many_of_a_reader_s_days_one_is_due_and_it_is_never_long_until_the_next(
    subscriber: Subscriber, start: date
) -> None:
    assert subscriber.every is not None
    year = [start + timedelta(days=number) for number in range(365)]
    theirs = [day for day in year if day.weekday() in subscriber.days]
    due_days = [day for day in theirs if subscriber.reads_on(day)]
    assert due_days == theirs[theirs.index(due_days[0]) :: subscriber.every.number]
    for day, following in pairwise(due_days):
        assert following - day <= LONGEST_GAP
        assert (subscriber.next_after(day), subscriber.reach(following)) == (following, following - day)


@given(RHYTHMS, st.dates(min_value=date(1900, 1, 1)), st.integers(0, 14))
def test_the_first_of_their_days_from_which_is_counted_is_one_of_them(
    subscriber: Subscriber, since: date, near: int
) -> None:
    assert subscriber.every is not None
    counting = replace(subscriber, every=replace(subscriber.every, since=since))
    first = next(day for n in range(7) if (day := since + timedelta(n)).weekday() in subscriber.days)
    assert counting.reads_on(first)
    day = since - timedelta(days=near)
    again = replace(counting, every=Every(number=subscriber.every.number, since=first))
    assert again.reads_on(day) == counting.reads_on(day)


@given(
    RHYTHMS,
    st.sampled_from(ZONES),
    st.times().map(lambda hour: hour.replace(second=0, microsecond=0)),
    DAYS,
    st.tuples(st.integers(0, 20), st.integers(1, 20)),
)
def test_in_every_zone_each_day_of_a_reader_is_due_once_but_for_a_time_away(
    rhythm: Subscriber, zone: str, hour: time, start: date, away: tuple[int, int]
) -> None:
    first, length = away
    left = start + timedelta(days=first)
    subscriber = replace(
        rhythm,
        timezone=ZoneInfo(zone),
        deliver_at=hour,
        away=(Away(first=left, until=left + timedelta(days=length)),),
    )
    begun = datetime.combine(start, time(), tzinfo=UTC)
    looks = [due(subscriber, begun + timedelta(hours=2 * n), catch_up=CATCH_UP) for n in range(12 * 20)]
    asked = [day for day, _ in groupby(day for day in looks if day)]
    between = [asked[0] + timedelta(days=n) for n in range((asked[-1] - asked[0]).days + 1)]
    assert [day for day in asked if not_due(subscriber, day) is None] == [
        day for day in between if subscriber.reads_on(day) and not left <= day < left + timedelta(days=length)
    ]
    assert len(between) >= 19


@pytest.mark.parametrize("number", [2, 3, 14])
def test_every_so_many_days_are_so_many_days_apart_whatever_the_clocks_do(number: int) -> None:
    """A day that a zone has twice is due once, one that it has not is not, and neither moves the others."""
    for zone, start in (
        ("Europe/Berlin", date(2026, 3, 20)),
        ("America/Nuuk", date(2024, 3, 20)),
        ("Antarctica/Troll", date(2026, 10, 20)),
        ("Pacific/Apia", date(2011, 12, 20)),  # which went from the 29th to the 31st
        ("Pacific/Kwajalein", date(1969, 9, 20)),  # which had the 30th twice
    ):
        subscriber = replace(reader(zone, time(23, 30)), days=EVERY_DAY, every=Every(number=number))
        first = datetime.combine(start, time(), tzinfo=UTC)
        ticks = [first + timedelta(minutes=30 * n) for n in range(2 * 24 * 40)]
        looks = [due(subscriber, now, catch_up=timedelta(hours=23)) for now in ticks]
        days = [day for day, _ in groupby(day for day in looks if day) if day >= start]
        days = [day for day in days if subscriber.reads_on(day)]
        lived = sorted({local_day(subscriber, now) for now in ticks})
        apart = [day for day in lived if (day - days[0]) % timedelta(days=number) == timedelta(0)]
        assert days == [day for day in apart if days[0] <= day <= days[-1]], zone
        assert len(days) > 1, zone


def odd_days(zone: ZoneInfo) -> set[date]:
    """Return the days from 2024 to 2030 on which the clock changes, and those beside them."""
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(7 * 365 + 2)]
    offsets = [datetime.combine(day, time(), tzinfo=zone).utcoffset() for day in days]
    changes = [day for day, (one, other) in zip(days, pairwise(offsets), strict=False) if one != other]
    return {day + timedelta(days=near) for day in changes for near in (-1, 0, 1)}


@pytest.mark.parametrize("hour", [time(0), time(2, 30), time(7, 30), time(23, 59)])
def test_where_clocks_change_every_local_day_is_due_exactly_once(hour: time) -> None:
    moment, wide = timedelta(seconds=1), timedelta(hours=36)
    for zone in ZONES:
        subscriber = reader(zone, hour)
        for day in odd_days(subscriber.timezone):
            begins = slot(day, subscriber)
            # In Nuuk, spring begins an hour before midnight: the last hour of that day comes after it.
            assert local_day(subscriber, begins - timedelta(hours=1)) <= day, (zone, day)
            assert due(subscriber, begins, catch_up=wide) == day, (zone, day)
            assert due(subscriber, begins - moment, catch_up=wide) == day - timedelta(days=1), (zone, day)
