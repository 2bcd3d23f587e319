import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.rates import (
    DAY,
    HOUR,
    LONGEST_PAUSE,
    MINUTE,
    Rate,
    RelayState,
    later,
    pause_after,
)

NOW = datetime(2026, 6, 16, 7, 30, tzinfo=UTC)
RELAY = "smtp.example.org:587"
FREE = RelayState()


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def send_all(rate: Rate, gaps: list[float]) -> list[datetime]:
    """Return when messages begin that come up after these seconds, each waiting as long as it must."""
    now, state, handed_over, begun = NOW, FREE, Counter[datetime](), list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        while (wait := later(rate, state, handed_over, now=now)) is not None:
            assert wait.until > now
            now = wait.until
        if rate.interval is not None:
            state = replace(state, next_turn=now + rate.interval)
        handed_over[minute(now)] += 1
        begun.append(now)
    return begun


@given(
    gaps=st.lists(st.floats(0, 2000), max_size=60),
    per_hour=st.integers(1, 9),
    per_day=st.integers(1, 20),
)
def test_no_hour_and_no_day_sees_more_than_its_limit(gaps: list[float], per_hour: int, per_day: int) -> None:
    begun = send_all(Rate(relay=RELAY, per_hour=per_hour, per_day=per_day), gaps)
    for first in begun:
        assert sum(first <= each <= first + HOUR for each in begun) <= per_hour
        assert sum(first <= each <= first + DAY for each in begun) <= per_day


@given(gaps=st.lists(st.floats(0, 3), max_size=30), per_second=st.floats(0.5, 100))
def test_turns_come_no_faster_than_the_rate_and_no_later_than_needed(
    gaps: list[float], per_second: float
) -> None:
    begun = send_all(Rate(relay=RELAY, per_second=per_second), gaps)
    interval = timedelta(seconds=1 / per_second)
    wanted = NOW
    for gap, (earlier, turn) in zip(gaps[1:], itertools.pairwise(begun), strict=True):
        wanted = max(earlier + interval, earlier + timedelta(seconds=gap))
        assert turn == wanted


@given(limit=st.integers(1, 5))
def test_a_limit_is_given_back_by_and_by(limit: int) -> None:
    rate = Rate(relay=RELAY, per_hour=limit)
    begun = send_all(rate, [60.0] * (limit + 1))
    assert begun[-1] - begun[0] <= HOUR + MINUTE * 2


def test_a_pause_holds_whatever_the_limits_allow() -> None:
    paused = RelayState(paused_until=NOW + MINUTE, reason="421 slowly", pauses=2)
    wait = later(Rate(relay=RELAY), paused, {}, now=NOW)
    assert wait is not None
    assert (wait.until, wait.reason, wait.pauses) == (NOW + MINUTE, "421 slowly", 2)
    assert later(Rate(relay=RELAY), paused, {}, now=NOW + MINUTE) is None


def test_our_own_limits_are_no_pauses_and_say_what_they_are() -> None:
    full = {minute(NOW): 3}
    wait = later(Rate(relay=RELAY, per_hour=3), FREE, full, now=NOW)
    assert wait is not None
    assert (wait.reason, wait.pauses) == ("no more than 3 mails an hour", 0)


def test_a_turn_of_a_slower_rate_is_not_waited_for() -> None:
    turn = RelayState(next_turn=NOW + HOUR)
    assert later(Rate(relay=RELAY), turn, {}, now=NOW) is None
    wait = later(Rate(relay=RELAY, per_second=2), turn, {}, now=NOW)
    assert wait is not None
    assert wait.until == NOW + timedelta(seconds=0.5)


@pytest.mark.parametrize(("pauses", "minutes"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 10), (1000, 10)])
def test_each_pause_is_longer_up_to_a_limit(pauses: int, minutes: int) -> None:
    assert pause_after(pauses) == timedelta(minutes=minutes) <= LONGEST_PAUSE
