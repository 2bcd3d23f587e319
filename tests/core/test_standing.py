"""How readers stand, and when their next mail comes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.clock import slot
from paperround.ports import Cause, SubscriberId, Suppression
from paperround.preferences import LONGEST_PAUSE
from paperround.standing import Standing, State, gone, next_day, standings
from paperround.subscribers import EVERY_DAY, Away, Every, Pause, Subscriber

TUESDAY = date(2026, 6, 16)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
ADA = Subscriber(address="ada@example.org", timezone=ZoneInfo("UTC"), deliver_at=time(7, 30))
LEFT = Suppression(cause=Cause.UNSUBSCRIBED, reason="unsubscribed on 2026-06-15", since=NOON)


def away(first: int, until: int) -> Away:
    return Away(first=date(2026, 6, first), until=date(2026, 6, until))


def standing(subscriber: Subscriber = ADA, suppression: Suppression | None = None) -> Standing:
    suppressions = {SubscriberId(1): suppression} if suppression else {}
    (only,) = standings([subscriber], {subscriber.address: SubscriberId(1)}, suppressions, now=NOON)
    return only


@pytest.mark.parametrize(
    ("subscriber", "day"),
    [
        (ADA, date(2026, 6, 17)),  # at noon, the hour of today has passed
        (replace(ADA, deliver_at=time(12, 1)), TUESDAY),
        (replace(ADA, days=frozenset({0})), date(2026, 6, 22)),
        (replace(ADA, timezone=ZoneInfo("America/Los_Angeles")), TUESDAY),
        (replace(ADA, timezone=ZoneInfo("Pacific/Kiritimati"), deliver_at=time(1)), date(2026, 6, 18)),
        (replace(ADA, pause=Pause(until=date(2026, 6, 20))), date(2026, 6, 22)),  # a Saturday, then a Monday
        (replace(ADA, pause=Pause(until=TUESDAY)), date(2026, 6, 17)),
        (replace(ADA, pause=Pause(until=date(2099, 1, 3))), date(2099, 1, 5)),
        (replace(ADA, pause=Pause()), None),
        (replace(ADA, paused=True, pause=Pause(until=date(2026, 6, 20))), None),
        (replace(ADA, away=(away(16, 18),)), date(2026, 6, 18)),
        (replace(ADA, away=(away(17, 19), away(19, 20))), date(2026, 6, 22)),
        (replace(ADA, away=(away(16, 18),), pause=Pause(until=date(2026, 6, 19))), date(2026, 6, 19)),
        (replace(ADA, away=(away(1, 16), away(23, 29))), date(2026, 6, 17)),
        (replace(ADA, away=(away(16, 18),), pause=Pause()), None),
        (replace(ADA, days=EVERY_DAY, every=Every(number=14, since=TUESDAY)), date(2026, 6, 30)),
        (replace(ADA, days=frozenset({0}), every=Every(number=2, since=date(2026, 6, 8))), date(2026, 6, 22)),
    ],
    ids=str,
)
def test_the_next_day_is_the_first_of_theirs_whose_hour_is_to_come(
    subscriber: Subscriber, day: date | None
) -> None:
    assert next_day(subscriber, NOON) == day


@given(
    days=st.frozensets(st.integers(0, 6), min_size=1),
    pause=st.integers(0, LONGEST_PAUSE.days).map(lambda days: Pause(until=TUESDAY + timedelta(days=days))),
    hour=st.times().map(lambda moment: moment.replace(microsecond=0)),
)
def test_after_any_pause_that_ends_there_is_a_next_day(
    days: frozenset[int], pause: Pause, hour: time
) -> None:
    subscriber = replace(ADA, days=days, pause=pause, deliver_at=hour)
    day = next_day(subscriber, NOON)
    assert day is not None
    assert day.weekday() in days
    assert not pause.holds(day)
    assert slot(day, subscriber) > NOON


@pytest.mark.parametrize(
    ("subscriber", "state"),
    [
        (ADA, State.RECEIVES),
        (replace(ADA, pause=Pause(until=TUESDAY)), State.RECEIVES),
        (replace(ADA, pause=Pause(until=date(2026, 6, 17))), State.PAUSED_BY_READER),
        (replace(ADA, pause=Pause()), State.PAUSED_BY_READER),
        (replace(ADA, paused=True, pause=Pause()), State.PAUSED),
        (replace(ADA, away=(away(16, 17),)), State.AWAY),
        (replace(ADA, away=(away(15, 16), away(17, 18))), State.RECEIVES),
        (replace(ADA, away=(away(16, 17),), pause=Pause()), State.PAUSED_BY_READER),
        (replace(ADA, away=(away(16, 17),), paused=True), State.PAUSED),
    ],
    ids=str,
)
def test_a_pause_that_holds_today_is_told_by_who_wished_for_it(subscriber: Subscriber, state: State) -> None:
    assert standing(subscriber).state is state


def test_when_a_pause_ends_is_told_and_for_which_times_they_will_be_away() -> None:
    told = standing(replace(ADA, away=(away(1, 5), away(16, 20), away(22, 24))))
    assert (told.until, told.later) == (date(2026, 6, 20), (away(22, 24),))
    assert standing(replace(ADA, pause=Pause(until=date(2026, 6, 19)))).until == date(2026, 6, 19)
    assert standing().until is None


@pytest.mark.parametrize("cause", Cause)
def test_whoever_is_suppressed_gets_nothing_whatever_else_holds(cause: Cause) -> None:
    suppression = replace(LEFT, cause=cause)
    told = standing(replace(ADA, paused=True), suppression)
    assert (told.state.value, told.suppression, told.next_day) == (cause.value, suppression, None)


def test_everybody_is_told_of_in_the_order_of_the_config() -> None:
    readers = [replace(ADA, address=f"{name}@example.org") for name in ("zoe", "ada", "mia")]
    ids = {reader.address: SubscriberId(at) for at, reader in enumerate(readers)}
    told = list(standings(readers, ids, {SubscriberId(1): LEFT}, now=NOON))
    assert [each.subscriber for each in told] == readers
    assert [each.state for each in told] == [State.RECEIVES, State.UNSUBSCRIBED, State.RECEIVES]


def test_of_those_who_are_gone_only_the_suppressed_are_told_of_by_their_address() -> None:
    addresses = {SubscriberId(1): "zoe@example.org", SubscriberId(2): "ada@example.org", SubscriberId(3): "b"}
    told = list(gone(addresses, {SubscriberId(1): LEFT, SubscriberId(2): LEFT}))
    assert [(each.address, each.state, each.subscriber) for each in told] == [
        ("ada@example.org", State.UNSUBSCRIBED, None),
        ("zoe@example.org", State.UNSUBSCRIBED, None),
    ]
