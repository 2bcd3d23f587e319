"""The rules of what readers chose for themselves, in memory and in the store."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import LATER, NOW
from tests.fakes.preferences import MemoryPreferences

from paperround.keywords import exclusion, keyword
from paperround.ports import Ledger, Preferences, StoreError, SubscriberId
from paperround.preferences import (
    AmountChange,
    Change,
    Hour,
    HourChange,
    Overlay,
    PauseChange,
    Rhythm,
    RhythmChange,
    Topics,
    TopicsChange,
)
from paperround.store import Store
from paperround.subscribers import WEEKDAYS, Cadence, Pause

TILL_DECEMBER = Pause(until=date(2026, 12, 1))
MONDAYS = Rhythm(cadence=Cadence.WEEKLY, days=frozenset({0}))
EVENING = Hour(at=time(18, 30), timezone=ZoneInfo("Asia/Kolkata"))
TOPICS = Topics(
    keywords=(keyword("“Größe” & <Co>"), keyword("planning", "LLM", weight=2.5)),
    exclude=(),
    authors=("Yann LeCun",),
)
LASTING: tuple[Change, ...] = (
    RhythmChange(rhythm=MONDAYS),
    HourChange(hour=EVENING),
    AmountChange(max_papers=3),
    TopicsChange(topics=TOPICS),
)
TAKEN_BACK: tuple[Change, ...] = (
    RhythmChange(rhythm=None),
    HourChange(hour=None),
    AmountChange(max_papers=None),
    TopicsChange(topics=None),
    PauseChange(pause=None),
)
ADDRESS = "ada@example.org"


@pytest.fixture
def preferences(store: Store | None, ledger: Ledger) -> Preferences:
    if isinstance(ledger, MemoryLedger):
        return MemoryPreferences(ledger)
    assert store is not None
    return store.preferences


def test_who_chose_nothing_is_not_there(preferences: Preferences, ada: SubscriberId) -> None:
    assert preferences.overlay(ada) is None
    assert preferences.overlays() == {}


@pytest.mark.parametrize("pause", [TILL_DECEMBER, Pause()])
def test_a_pause_is_kept(preferences: Preferences, ada: SubscriberId, pause: Pause) -> None:
    preferences.change(ada, PauseChange(pause=pause), now=NOW)
    assert preferences.overlay(ada) == Overlay(pause=pause, chosen_at=NOW)
    assert preferences.overlays() == {ADDRESS: Overlay(pause=pause, chosen_at=NOW)}


@pytest.mark.parametrize("rhythm", [MONDAYS, Rhythm(days=WEEKDAYS), Rhythm(days=frozenset({2, 5}))])
def test_a_rhythm_is_kept(preferences: Preferences, ada: SubscriberId, rhythm: Rhythm) -> None:
    preferences.change(ada, RhythmChange(rhythm=rhythm), now=NOW)
    assert preferences.overlay(ada) == Overlay(rhythm=rhythm, chosen_at=NOW)


def test_the_latest_choice_is_the_one_that_holds(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, PauseChange(pause=TILL_DECEMBER), now=NOW)
    preferences.change(ada, PauseChange(pause=Pause()), now=LATER)
    assert preferences.overlay(ada) == Overlay(pause=Pause(), chosen_at=LATER)


def test_one_choice_leaves_the_other_as_it_is(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, PauseChange(pause=TILL_DECEMBER), now=NOW)
    preferences.change(ada, RhythmChange(rhythm=MONDAYS), now=LATER)
    both = Overlay(pause=TILL_DECEMBER, rhythm=MONDAYS, chosen_at=LATER)
    assert preferences.overlay(ada) == both
    preferences.change(ada, PauseChange(pause=None), now=LATER)
    assert preferences.overlay(ada) == Overlay(rhythm=MONDAYS, chosen_at=LATER)


def test_an_hour_is_kept_with_its_zone(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, HourChange(hour=EVENING), now=NOW)
    assert preferences.overlay(ada) == Overlay(hour=EVENING, chosen_at=NOW)


def test_a_number_of_papers_is_kept(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, AmountChange(max_papers=3), now=NOW)
    assert preferences.overlays() == {ADDRESS: Overlay(max_papers=3, chosen_at=NOW)}


@pytest.mark.parametrize(
    "topics",
    [
        TOPICS,
        Topics(exclude=(exclusion("survey"),)),
        Topics(keywords=(), authors=(), categories=("cs.RO",), organizations=("A & B",)),
    ],
)
def test_topics_are_kept_and_an_empty_list_is_one(
    preferences: Preferences, ada: SubscriberId, topics: Topics
) -> None:
    preferences.change(ada, TopicsChange(topics=topics), now=NOW)
    assert preferences.overlay(ada) == Overlay(topics=topics, chosen_at=NOW)


def test_topics_of_which_none_is_chosen_are_as_the_config_says(
    preferences: Preferences, ada: SubscriberId
) -> None:
    preferences.change(ada, TopicsChange(topics=Topics()), now=NOW)
    assert preferences.overlay(ada) == Overlay(chosen_at=NOW)


@pytest.mark.parametrize("change", [*LASTING, PauseChange(pause=TILL_DECEMBER)])
def test_each_choice_leaves_all_others_as_they_are(
    preferences: Preferences, ada: SubscriberId, change: Change
) -> None:
    for each in (*LASTING, PauseChange(pause=TILL_DECEMBER)):
        preferences.change(ada, each, now=NOW)
    everything = preferences.overlay(ada)
    assert everything == Overlay(
        pause=TILL_DECEMBER, rhythm=MONDAYS, hour=EVENING, max_papers=3, topics=TOPICS, chosen_at=NOW
    )
    preferences.change(ada, change, now=NOW)
    assert preferences.overlay(ada) == everything


def test_of_who_takes_back_everything_only_the_moment_is_left(
    preferences: Preferences, ada: SubscriberId
) -> None:
    for change in (*LASTING, PauseChange(pause=TILL_DECEMBER)):
        preferences.change(ada, change, now=NOW)
    for change in TAKEN_BACK:
        preferences.change(ada, change, now=LATER)
    assert preferences.overlays() == {ADDRESS: Overlay(chosen_at=LATER)}
    assert not preferences.forget(ADDRESS)
    assert preferences.overlays() == {}


def test_taking_back_what_was_never_chosen_is_no_mistake(preferences: Preferences, ada: SubscriberId) -> None:
    for change in TAKEN_BACK:
        preferences.change(ada, change, now=NOW)
    assert preferences.overlay(ada) == Overlay(chosen_at=NOW)


def test_what_the_config_says_by_now_is_dropped_and_a_pause_is_kept(
    preferences: Preferences, ada: SubscriberId, grace: SubscriberId
) -> None:
    for reader in (ada, grace):
        for change in (*LASTING, PauseChange(pause=TILL_DECEMBER)):
            preferences.change(reader, change, now=NOW)
    before = preferences.overlay(grace)
    assert preferences.settle("ADA@example.org", chosen_at=NOW)
    assert preferences.overlay(ada) == Overlay(pause=TILL_DECEMBER, chosen_at=NOW)
    assert preferences.overlay(grace) == before


def test_what_was_chosen_meanwhile_is_not_dropped(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, AmountChange(max_papers=3), now=NOW)
    preferences.change(ada, HourChange(hour=EVENING), now=LATER)
    assert not preferences.settle(ADDRESS, chosen_at=NOW)
    assert preferences.overlay(ada) == Overlay(hour=EVENING, max_papers=3, chosen_at=LATER)
    assert not preferences.settle("nobody@example.org", chosen_at=NOW)


def test_each_reader_chooses_for_themselves(
    preferences: Preferences, ada: SubscriberId, grace: SubscriberId
) -> None:
    preferences.change(ada, PauseChange(pause=TILL_DECEMBER), now=NOW)
    preferences.change(grace, RhythmChange(rhythm=MONDAYS), now=LATER)
    assert preferences.overlays() == {
        ADDRESS: Overlay(pause=TILL_DECEMBER, chosen_at=NOW),
        "grace@example.org": Overlay(rhythm=MONDAYS, chosen_at=LATER),
    }


def test_all_that_a_reader_chose_is_forgotten_at_once_and_nothing_of_others(
    preferences: Preferences, ada: SubscriberId, grace: SubscriberId
) -> None:
    for reader in (ada, grace):
        preferences.change(reader, PauseChange(pause=TILL_DECEMBER), now=NOW)
        preferences.change(reader, RhythmChange(rhythm=MONDAYS), now=NOW)
    assert preferences.forget("Ada@Example.org")
    assert preferences.overlay(ada) is None
    assert preferences.overlay(grace) is not None


def test_where_nothing_was_chosen_nothing_is_forgotten(preferences: Preferences, ada: SubscriberId) -> None:
    assert not preferences.forget(ADDRESS)
    assert not preferences.forget("nobody@example.org")
    preferences.change(ada, PauseChange(pause=Pause()), now=NOW)
    assert preferences.forget(ADDRESS)
    assert not preferences.forget(ADDRESS)


def test_what_was_forgotten_can_be_chosen_anew(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, RhythmChange(rhythm=MONDAYS), now=NOW)
    preferences.forget(ADDRESS)
    preferences.change(ada, PauseChange(pause=TILL_DECEMBER), now=LATER)
    assert preferences.overlay(ada) == Overlay(pause=TILL_DECEMBER, chosen_at=LATER)


def test_a_moment_is_kept_to_the_microsecond(preferences: Preferences, ada: SubscriberId) -> None:
    moment = NOW + timedelta(microseconds=1)
    preferences.change(ada, PauseChange(pause=Pause()), now=moment)
    overlay = preferences.overlay(ada)
    assert overlay is not None
    assert overlay.chosen_at == moment


def test_nobody_chooses_whom_the_ledger_does_not_know(preferences: Preferences) -> None:
    with pytest.raises(StoreError):
        preferences.change(SubscriberId(10**6), PauseChange(pause=Pause()), now=NOW)
    assert preferences.overlays() == {}
