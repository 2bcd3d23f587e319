"""Several workers, and a relay that takes so much and no more."""

from datetime import timedelta

import pytest
from tests.fakes.plans import (
    LATER,
    NOW,
    RATE,
    SOON,
    TUESDAY,
    WORKER,
    bring_to,
    claim,
    claimed,
    letter,
    row,
)

from paperround.ports import Claim, Ledger, OnUnknown, Status, StoreError, SubscriberId, WorkerId
from paperround.rates import Later, Rate

OTHER = WorkerId("w2")
MINUTE = timedelta(minutes=1)


def take(ledger: Ledger, rate: Rate, *, minutes: float = 0) -> Claim | Later | None:
    now = NOW + timedelta(minutes=minutes)
    return ledger.claim(worker=WORKER, rate=rate, on_unknown=OnUnknown.HOLD, now=now)


@pytest.fixture
def readers(ledger: Ledger) -> list[SubscriberId]:
    """Four readers with a letter each."""
    ids = list(ledger.enrol([f"reader{number}@example.org" for number in range(4)], now=NOW).values())
    ledger.plan([letter(each, TUESDAY) for each in ids], now=NOW)
    return ids


def test_whoever_takes_a_letter_is_known_and_can_say_that_they_are_alive(
    ledger: Ledger, ada: SubscriberId
) -> None:
    assert not ledger.beat(WORKER, now=NOW)
    assert ledger.workers() == {}
    bring_to(ledger, ada, Status.SENDING)
    assert ledger.workers() == {WORKER: NOW}
    assert ledger.beat(WORKER, now=SOON)
    assert ledger.workers() == {WORKER: SOON}


def test_only_what_the_dead_had_in_hand_is_taken_back(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    ledger.plan([letter(ada, TUESDAY), letter(grace, TUESDAY)], now=NOW)
    first, second = claim(ledger, worker=WORKER), claim(ledger, worker=OTHER)
    assert first is not None
    assert second is not None
    ledger.begin_data(second, now=NOW)
    assert ledger.in_hand() == 2
    assert ledger.recover([OTHER], now=SOON) == 1
    assert (row(ledger, first.id).status, row(ledger, second.id).status) == (
        Status.SENDING,
        Status.UNKNOWN,
    )
    assert ledger.workers() == {WORKER: NOW}
    assert (ledger.in_hand(), ledger.in_hand([ada]), ledger.in_hand([grace])) == (1, 1, 0)


def test_whoever_was_given_up_can_record_nothing_more_of_it(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, TUESDAY)], now=NOW)
    asleep = claimed(ledger)
    ledger.recover([WORKER], now=SOON)
    assert not ledger.beat(WORKER, now=SOON)
    for again in (None, claim(ledger, worker=OTHER), claim(ledger, worker=WORKER)):
        with pytest.raises(StoreError, match="taken from"):
            ledger.begin_data(asleep, now=LATER)
        with pytest.raises(StoreError, match="taken from"):
            ledger.settle(asleep, Status.SENT, reply="250", now=LATER)
        if again is not None:
            ledger.begin_data(again, now=LATER)
            ledger.recover([WORKER, OTHER], now=LATER)


def test_a_paused_relay_is_handed_nothing_until_the_pause_ends(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    until = ledger.pause(RATE.relay, "421 slowly", now=NOW)
    assert until == NOW + MINUTE
    assert take(ledger, RATE) == Later(until=until, reason="421 slowly", pauses=1)
    assert isinstance(take(ledger, Rate(relay="another.example.org:25")), Claim)
    assert isinstance(take(ledger, RATE, minutes=1), Claim)
    assert len(readers) == 4


def test_a_pause_is_told_of_while_it_lasts(ledger: Ledger) -> None:
    assert ledger.paused(RATE.relay, now=NOW) is None
    until = ledger.pause(RATE.relay, "421 slowly", now=NOW)
    assert ledger.paused(RATE.relay, now=NOW) == Later(until=until, reason="421 slowly", pauses=1)
    assert ledger.paused("another.example.org:25", now=NOW) is None
    assert ledger.paused(RATE.relay, now=until) is None
    ledger.pause(RATE.relay, "421 slowly", now=until)
    ledger.resume(RATE.relay)
    assert ledger.paused(RATE.relay, now=until) is None


def test_each_pause_is_longer_and_one_that_lasts_stays_as_it_is(ledger: Ledger) -> None:
    relay = RATE.relay
    first = ledger.pause(relay, "421", now=NOW)
    assert ledger.pause(relay, "421", now=NOW) == first
    assert ledger.pauses(relay) == 1
    assert ledger.pause(relay, "421", now=first) == first + 2 * MINUTE
    assert ledger.pauses(relay) == 2
    ledger.resume(relay)
    assert ledger.pauses(relay) == 0
    assert ledger.pause(relay, "554", now=LATER, length=30 * MINUTE) == LATER + 30 * MINUTE


def test_a_relay_that_accepts_again_is_not_waited_for(ledger: Ledger, readers: list[SubscriberId]) -> None:
    ledger.pause(RATE.relay, "421", now=NOW)
    ledger.resume(RATE.relay)
    taken = take(ledger, RATE)
    assert isinstance(taken, Claim)
    assert len(readers) == 4


def test_a_letter_that_was_on_its_way_before_ends_no_pause(ledger: Ledger) -> None:
    until = ledger.pause(RATE.relay, "554", now=SOON, length=30 * MINUTE)
    assert not ledger.resume(RATE.relay, begun=NOW)
    assert ledger.pauses(RATE.relay) == 1
    assert ledger.resume(RATE.relay, begun=until)
    assert ledger.pauses(RATE.relay) == 0


def test_a_wait_is_only_told_of_where_a_letter_waits(ledger: Ledger) -> None:
    ledger.pause(RATE.relay, "421", now=NOW)
    assert take(ledger, RATE) is None


def test_no_more_is_taken_than_the_relay_may_be_handed_in_an_hour(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    rate = Rate(relay=RATE.relay, per_hour=2)
    assert isinstance(take(ledger, rate), Claim)
    assert isinstance(take(ledger, rate, minutes=10), Claim)
    wait = take(ledger, rate, minutes=20)
    assert wait == Later(until=NOW + 61 * MINUTE, reason="no more than 2 mails an hour")
    assert isinstance(take(ledger, rate, minutes=61), Claim)
    assert take(ledger, rate, minutes=62) == Later(until=NOW + 71 * MINUTE, reason=wait.reason)
    assert len(readers) == 4


def test_all_workers_share_the_turns_of_a_relay(ledger: Ledger, readers: list[SubscriberId]) -> None:
    rate = Rate(relay=RATE.relay, per_second=0.5)
    assert isinstance(take(ledger, rate), Claim)
    wait = ledger.claim(worker=OTHER, rate=rate, on_unknown=OnUnknown.HOLD, now=NOW)
    assert wait == Later(until=NOW + timedelta(seconds=2), reason="no more than 0.5 mails a second")
    assert len(readers) == 4
