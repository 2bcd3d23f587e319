"""The rules of what readers chose for themselves, in memory and in the store."""

from datetime import date, timedelta

import pytest
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import LATER, NOW
from tests.fakes.preferences import MemoryPreferences

from paperround.ports import Ledger, Preferences, StoreError, SubscriberId
from paperround.preferences import Overlay, PauseChange, Rhythm, RhythmChange
from paperround.store import Store
from paperround.subscribers import WEEKDAYS, Cadence, Pause

TILL_DECEMBER = Pause(until=date(2026, 12, 1))
MONDAYS = Rhythm(cadence=Cadence.WEEKLY, days=frozenset({0}))
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


def test_who_takes_back_everything_is_not_there_any_more(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, PauseChange(pause=TILL_DECEMBER), now=NOW)
    preferences.change(ada, RhythmChange(rhythm=MONDAYS), now=NOW)
    preferences.change(ada, RhythmChange(rhythm=None), now=LATER)
    preferences.change(ada, PauseChange(pause=None), now=LATER)
    assert preferences.overlays() == {}


def test_taking_back_what_was_never_chosen_is_no_mistake(preferences: Preferences, ada: SubscriberId) -> None:
    preferences.change(ada, PauseChange(pause=None), now=NOW)
    preferences.change(ada, RhythmChange(rhythm=None), now=NOW)
    assert preferences.overlay(ada) is None


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
