"""Sources are asked again more and more rarely, and never for as long as they ask to be left alone."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from paperround.polls import LONGEST, SHORTEST, Polls

DAY = date(2026, 6, 16)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)


def looks(polls: Polls, *, settled: bool, hours: int) -> list[int]:
    """Return the minutes at which a source is asked that is looked at each minute."""
    asked = []
    for minute in range(hours * 60):
        at = NOON + timedelta(minutes=minute)
        if polls.may_ask("arXiv", DAY, at=at):
            polls.asked("arXiv", DAY, at=at, settled=settled)
            asked.append(minute)
    return asked


def test_what_has_not_come_is_asked_for_more_and_more_rarely() -> None:
    assert looks(Polls(), settled=False, hours=2) == [0, 10, 25, 48, 78, 108]


def test_what_has_come_is_asked_for_at_a_steady_pace() -> None:
    assert looks(Polls(), settled=True, hours=1) == [0, 10, 20, 30, 40, 50]


def test_a_source_that_asks_to_be_left_alone_is() -> None:
    polls = Polls()
    polls.asked("arXiv", DAY, at=NOON, settled=False, wait=timedelta(hours=3))
    assert not polls.may_ask("arXiv", DAY, at=NOON + timedelta(hours=2, minutes=59))
    assert polls.may_ask("arXiv", DAY, at=NOON + timedelta(hours=3))


def test_one_source_and_one_day_do_not_hinder_another() -> None:
    polls = Polls()
    polls.asked("arXiv", DAY, at=NOON, settled=False)
    assert polls.may_ask("arXiv", DAY + timedelta(days=1), at=NOON)
    assert polls.may_ask("Hugging Face", DAY, at=NOON)


@given(st.lists(st.integers(min_value=-3000, max_value=3000), max_size=30))
def test_whatever_the_clock_does_a_source_may_be_asked_again_within_half_an_hour(jumps: list[int]) -> None:
    polls, at = Polls(), NOON
    for jump in jumps:
        at += timedelta(minutes=jump)
        if polls.may_ask("arXiv", DAY, at=at):
            polls.asked("arXiv", DAY, at=at, settled=False)
    assert polls.may_ask("arXiv", DAY, at=at + LONGEST)
    assert SHORTEST < LONGEST


def test_a_source_is_asked_once_more_shortly_before_it_is_waited_for_no_longer() -> None:
    polls = Polls()
    for minute in (0, 10, 25, 48):
        polls.asked("arXiv", DAY, at=NOON + timedelta(minutes=minute), settled=False)
    polls.ask_by("arXiv", DAY, NOON + timedelta(minutes=60))
    assert not polls.may_ask("arXiv", DAY, at=NOON + timedelta(minutes=59))
    assert polls.may_ask("arXiv", DAY, at=NOON + timedelta(minutes=60))
    polls.asked("arXiv", DAY, at=NOON + timedelta(minutes=60), settled=False)
    assert not polls.may_ask("arXiv", DAY, at=NOON + timedelta(minutes=89))  # as rarely as before


def test_not_even_then_sooner_than_it_bears() -> None:
    polls = Polls()
    polls.asked("arXiv", DAY, at=NOON, settled=False, wait=timedelta(hours=2))
    polls.ask_by("arXiv", DAY, NOON + timedelta(minutes=20))
    assert not polls.may_ask("arXiv", DAY, at=NOON + timedelta(minutes=119))
    polls = Polls()
    polls.asked("arXiv", DAY, at=NOON, settled=False)
    polls.ask_by("arXiv", DAY, NOON + timedelta(minutes=2))
    assert not polls.may_ask("arXiv", DAY, at=NOON + timedelta(minutes=9))
