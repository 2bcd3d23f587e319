from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.issue import PAUSED, PAUSED_BY_READER, not_due
from paperround.keywords import exclusion, keyword
from paperround.preferences import Hour, Overlay, Rhythm, RhythmChange, Topics, overlaid
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Away, Cadence, Every, Interests, Pause, Subscriber

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)
DECEMBER = date(2026, 12, 1)
ADA = Subscriber(address="Ada@example.org", timezone=ZoneInfo("Asia/Tokyo"), deliver_at=time(7))
MONDAYS = Rhythm(cadence=Cadence.WEEKLY, days=frozenset({0}))


def wishing(
    subscriber: Subscriber = ADA,
    *,
    pause: Pause | None = None,
    rhythm: Rhythm | None = None,
    hour: Hour | None = None,
    max_papers: int | None = None,
    topics: Topics | None = None,
) -> Subscriber:
    overlay = Overlay(
        pause=pause, rhythm=rhythm, hour=hour, max_papers=max_papers, topics=topics, chosen_at=NOW
    )
    (wished,) = overlaid([subscriber], {subscriber.address: overlay})
    return wished


def test_who_chose_nothing_reads_as_the_config_says() -> None:
    assert overlaid([ADA], {}) == (ADA,)
    assert overlaid([ADA], {"grace@example.org": Overlay(pause=Pause(), chosen_at=NOW)}) == (ADA,)


def test_who_took_everything_back_reads_as_the_config_says_since_then() -> None:
    assert wishing() == replace(ADA, chosen_at=NOW)
    assert not Overlay(chosen_at=NOW).any


def test_a_choice_is_found_whatever_the_capitals_of_the_address() -> None:
    (ada,) = overlaid([ADA], {"aDA@example.org": Overlay(pause=Pause(), chosen_at=NOW)})
    assert ada.pause == Pause()


def test_a_rhythm_replaces_that_of_the_config() -> None:
    ada = wishing(rhythm=MONDAYS)
    assert (ada.cadence, ada.days) == (Cadence.WEEKLY, frozenset({0}))
    weekly = replace(ADA, cadence=Cadence.WEEKLY, days=frozenset({3}))
    assert wishing(weekly, rhythm=Rhythm(days=WEEKDAYS)) == replace(ADA, days=WEEKDAYS, chosen_at=NOW)
    rare = replace(ADA, every=Every(number=3))
    assert wishing(rare, rhythm=Rhythm(days=WEEKDAYS)) == replace(ADA, chosen_at=NOW)


def test_a_choice_changes_nothing_else() -> None:
    ada = wishing(pause=Pause(), rhythm=MONDAYS)
    assert replace(ada, pause=None, cadence=ADA.cadence, days=ADA.days, chosen_at=None) == ADA
    ada = wishing(hour=Hour(at=time(9, 30), timezone=ZoneInfo("Europe/Paris")), max_papers=3)
    unchanged = replace(ada, deliver_at=ADA.deliver_at, timezone=ADA.timezone, max_papers=ADA.max_papers)
    assert replace(unchanged, chosen_at=None) == ADA


def test_an_hour_holds_on_the_clock_that_was_chosen_with_it() -> None:
    ada = wishing(hour=Hour(at=time(9, 30), timezone=ZoneInfo("Europe/Paris")))
    assert (ada.deliver_at, ada.timezone.key) == (time(9, 30), "Europe/Paris")


def test_so_many_papers_as_were_chosen() -> None:
    assert wishing(max_papers=3).max_papers == 3


@pytest.mark.parametrize("number", [0, 101, -1])
def test_a_number_that_the_config_would_refuse_cannot_be_chosen(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 100 papers"):
        Overlay(max_papers=number, chosen_at=NOW)


def test_a_list_of_topics_replaces_that_of_the_config_and_leaves_the_others() -> None:
    reader = replace(ADA, interests=Interests(keywords=(keyword("LoRA"),), authors=("Ann Other",)))
    ada = wishing(reader, topics=Topics(keywords=(), exclude=(exclusion("survey"),)))
    assert ada.interests == Interests(exclude=(exclusion("survey"),), authors=("Ann Other",))
    assert wishing(reader, topics=Topics(authors=("Bo",))).interests.keywords == (keyword("LoRA"),)


def test_what_could_stand_in_the_config_is_told_from_a_pause() -> None:
    assert not Overlay(pause=Pause(), chosen_at=NOW).lasting
    assert Overlay(max_papers=3, chosen_at=NOW).lasting
    assert Overlay(topics=Topics(exclude=()), chosen_at=NOW).lasting
    assert not Topics().any


def test_a_pause_ends_by_itself_on_its_day() -> None:
    ada = wishing(pause=Pause(until=DECEMBER))
    assert not_due(ada, TUESDAY) == "paused by the reader until 2026-12-01"
    assert not_due(ada, DECEMBER - timedelta(days=1)) == "paused by the reader until 2026-12-01"
    assert not_due(ada, DECEMBER) is None


def test_a_pause_without_an_end_has_none() -> None:
    assert not_due(wishing(pause=Pause()), date(2099, 1, 1)) == PAUSED_BY_READER


@given(st.dates(), st.none() | st.dates())
def test_a_pause_holds_on_each_day_before_its_end(day: date, until: date | None) -> None:
    assert wishing(pause=Pause(until=until)).rests_on(day) == (until is None or day < until)


def test_what_the_operator_paused_stays_paused_whatever_the_reader_chose() -> None:
    paused = replace(ADA, paused=True)
    assert not_due(wishing(paused, pause=Pause(until=TUESDAY)), DECEMBER) == PAUSED
    assert not_due(wishing(paused, rhythm=Rhythm(days=EVERY_DAY)), TUESDAY) == PAUSED
    assert paused.rests_on(TUESDAY)


def test_who_is_away_gets_nothing_up_to_the_day_that_brings_mail_again() -> None:
    ada = replace(ADA, away=(Away(first=TUESDAY, until=DECEMBER),))
    assert not_due(ada, TUESDAY - timedelta(days=1)) is None
    assert not_due(ada, TUESDAY) == not_due(ada, DECEMBER - timedelta(days=1)) == "away until 2026-12-01"
    assert not_due(ada, DECEMBER) is None


@given(
    away=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4),
    pause=st.none() | st.integers(0, 60),
    ahead=st.integers(0, 80),
)
def test_whoever_rests_is_back_on_the_first_day_on_which_nothing_holds(
    away: list[tuple[int, int]], pause: int | None, ahead: int
) -> None:
    days = [TUESDAY + timedelta(days=number) for number in range(200)]
    ada = replace(
        ADA,
        away=tuple(Away(first=days[first], until=days[first + length]) for first, length in away),
        pause=Pause(until=days[pause]) if pause is not None else None,
    )
    back = ada.back_on(days[ahead])
    assert back == next(day for day in days[ahead:] if not ada.rests_on(day))
    assert replace(ada, paused=True).back_on(days[ahead]) is None


def test_nobody_is_away_until_before_they_went() -> None:
    with pytest.raises(ValueError, match="nobody is away"):
        Away(first=TUESDAY, until=TUESDAY)


def test_a_day_outside_the_chosen_rhythm_is_none_of_the_reader_s() -> None:
    ada = wishing(rhythm=MONDAYS)
    assert not_due(ada, TUESDAY) == "no delivery on Tuesdays"
    assert not_due(ada, TUESDAY - timedelta(days=1)) is None


def test_a_day_that_is_not_counted_is_none_of_the_reader_s_and_says_which_is_the_next() -> None:
    ada = replace(ADA, every=Every(number=3, since=TUESDAY))
    assert not_due(ada, TUESDAY) is None
    assert not_due(ada, date(2026, 11, 25)) == "one delivery day in 3; the next is Friday 27 November 2026"
    assert not_due(ada, date(2026, 11, 28)) == "no delivery on Saturdays"


def test_what_is_counted_is_not_for_readers_to_choose() -> None:
    with pytest.raises(ValueError, match="no reader's to choose"):
        RhythmChange(rhythm=Rhythm(days=WEEKDAYS, every=Every(number=3)))


def test_laying_it_over_twice_is_laying_it_over_once() -> None:
    once = wishing(pause=Pause(), rhythm=MONDAYS)
    assert wishing(once, pause=Pause(), rhythm=MONDAYS) == once


@pytest.mark.parametrize(
    ("cadence", "days", "every"),
    [
        (Cadence.DAILY, (), None),
        (Cadence.DAILY, (0, 7), None),
        (Cadence.WEEKLY, (0, 1), None),
        (Cadence.WEEKLY, (), None),
        (Cadence.WEEKLY, (0,), 2),
        (Cadence.DAILY, (0,), 3),
        (Cadence.DAILY, (0,), 1),
    ],
)
def test_a_rhythm_that_no_week_has_cannot_exist(
    cadence: Cadence, days: tuple[int, ...], every: int | None
) -> None:
    with pytest.raises(ValueError, match=r"day|wait"):
        Rhythm(cadence=cadence, days=frozenset(days), every=Every(number=every) if every else None)
