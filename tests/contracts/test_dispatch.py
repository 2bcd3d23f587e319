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
    begin_data,
    bring_to,
    claim,
    claimed,
    letter,
    row,
    settle,
)

from paperround.ports import Claim, Ledger, OnUnknown, Outcome, Status, SubscriberId, WorkerId
from paperround.rates import Later, Rate

OTHER = WorkerId("w2")
MINUTE = timedelta(minutes=1)


def take(ledger: Ledger, rate: Rate, *, minutes: float = 0, limit: int = 1) -> list[int] | Later:
    """Return the numbers of the readers whose letters were taken."""
    now = NOW + timedelta(minutes=minutes)
    taken = ledger.claim(worker=WORKER, rate=rate, on_unknown=OnUnknown.HOLD, now=now, limit=limit)
    return taken if isinstance(taken, Later) else [number(claim) for claim in taken]


def number(claim: Claim) -> int:
    return int(claim.recipient.removeprefix("reader").removesuffix("@example.org"))


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
    begin_data(ledger, second, now=NOW)
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
        assert not begin_data(ledger, asleep, now=LATER)
        assert not settle(ledger, asleep, Status.SENT, reply="250", now=LATER)
        if again is not None:
            begin_data(ledger, again, now=LATER)
            ledger.recover([WORKER, OTHER], now=LATER)


def test_a_paused_relay_is_handed_nothing_until_the_pause_ends(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    until = ledger.pause(RATE.relay, "421 slowly", now=NOW)
    assert until == NOW + MINUTE
    assert take(ledger, RATE) == Later(until=until, reason="421 slowly", pauses=1)
    assert take(ledger, Rate(relay="another.example.org:25")) == [0]
    assert take(ledger, RATE, minutes=1) == [1]
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
    assert take(ledger, RATE) == [0]
    assert len(readers) == 4


def test_a_letter_that_was_on_its_way_before_ends_no_pause(ledger: Ledger) -> None:
    until = ledger.pause(RATE.relay, "554", now=SOON, length=30 * MINUTE)
    assert not ledger.resume(RATE.relay, begun=NOW)
    assert ledger.pauses(RATE.relay) == 1
    assert ledger.resume(RATE.relay, begun=until)
    assert ledger.pauses(RATE.relay) == 0


def test_a_wait_is_only_told_of_where_a_letter_waits(ledger: Ledger) -> None:
    ledger.pause(RATE.relay, "421", now=NOW)
    assert take(ledger, RATE) == []


def test_no_more_is_taken_than_the_relay_may_be_handed_in_an_hour(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    rate = Rate(relay=RATE.relay, per_hour=2)
    assert take(ledger, rate) == [0]
    assert take(ledger, rate, minutes=10) == [1]
    wait = take(ledger, rate, minutes=20)
    assert isinstance(wait, Later)
    assert wait == Later(until=NOW + 61 * MINUTE, reason="no more than 2 mails an hour")
    assert take(ledger, rate, minutes=61) == [2]
    assert take(ledger, rate, minutes=62) == Later(until=NOW + 71 * MINUTE, reason=wait.reason)
    assert len(readers) == 4


def test_all_workers_share_the_turns_of_a_relay(ledger: Ledger, readers: list[SubscriberId]) -> None:
    rate = Rate(relay=RATE.relay, per_second=0.5)
    assert take(ledger, rate) == [0]
    wait = ledger.claim(worker=OTHER, rate=rate, on_unknown=OnUnknown.HOLD, now=NOW)
    assert wait == Later(until=NOW + timedelta(seconds=2), reason="no more than 0.5 mails a second")
    assert len(readers) == 4


def test_as_many_are_taken_at_once_as_are_wanted_in_the_order_in_which_one_would_be(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    late, unsure = claimed(ledger), claimed(ledger)
    settle(ledger, late, Status.DEFERRED, next_at=SOON, now=NOW)
    settle(ledger, unsure, Status.UNKNOWN, now=NOW)
    taken = ledger.claim(worker=WORKER, rate=RATE, on_unknown=OnUnknown.RESEND, now=LATER, limit=3)
    assert not isinstance(taken, Later)
    assert [(number(each), each.attempts) for each in taken] == [(2, 1), (3, 1), (0, 2)]
    assert ledger.in_hand(readers) == 3
    rest = ledger.claim(worker=OTHER, rate=RATE, on_unknown=OnUnknown.RESEND, now=LATER, limit=3)
    assert not isinstance(rest, Later)
    assert [(number(each), each.attempts) for each in rest] == [(1, 2)]
    assert take(ledger, RATE, limit=3) == []


def test_whoever_is_suppressed_takes_nobodys_place(ledger: Ledger, readers: list[SubscriberId]) -> None:
    ledger.suppress(readers[1], "unsubscribed", now=NOW)
    assert take(ledger, RATE, limit=3) == [0, 2, 3]
    assert ledger.tally(readers, TUESDAY) == {Status.SENDING: 3, Status.SUPPRESSED: 1}


def test_no_more_are_taken_at_once_than_there_is_room_for(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    rate = Rate(relay=RATE.relay, per_hour=3, per_day=9)
    assert take(ledger, rate, limit=2) == [0, 1]
    assert take(ledger, rate, minutes=1, limit=2) == [2]
    wait = Later(until=NOW + 61 * MINUTE, reason="no more than 3 mails an hour")
    assert take(ledger, rate, minutes=2, limit=2) == wait
    assert len(readers) == 4


def test_a_turn_is_that_of_one_letter_however_many_are_wanted(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    rate = Rate(relay=RATE.relay, per_second=0.5, per_hour=9)
    assert take(ledger, rate, limit=4) == [0]
    assert isinstance(take(ledger, rate, limit=4), Later)
    assert ledger.in_hand(readers) == 1


def test_what_was_taken_from_us_keeps_nothing_else_from_being_recorded(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    lost, kept = claim(ledger, worker=OTHER), claim(ledger)
    assert lost is not None
    assert kept is not None
    ledger.recover([OTHER], now=SOON)
    assert ledger.begin_data([lost, kept], now=SOON) == [lost]
    ends = [
        Outcome(claim=each, status=status, reply="250", at=LATER)
        for each, status in ((lost, Status.SENT), (kept, Status.SENT))
    ]
    assert ledger.settle(ends) == [lost]
    assert (row(ledger, lost.id).status, row(ledger, kept.id).status) == (Status.PLANNED, Status.SENT)
    assert len(readers) == 4


def test_attempts_that_ended_in_different_ways_are_recorded_together(
    ledger: Ledger, readers: list[SubscriberId]
) -> None:
    first, second, third, fourth = (claimed(ledger) for _ in readers)
    ledger.begin_data([first, second, third], now=NOW)
    ends = (
        Outcome(claim=first, status=Status.SENT, reply="250 one", at=SOON),
        Outcome(claim=second, status=Status.UNKNOWN, reply="", reason="lost", at=SOON),
        Outcome(claim=third, status=Status.SENT, reply="250 three", at=LATER),
        Outcome(claim=fourth, status=Status.DEFERRED, reply="451", next_at=LATER, at=SOON),
    )
    assert ledger.settle(ends) == []
    for end in ends:
        kept = row(ledger, end.claim.id)
        assert (kept.status, kept.reply, kept.reason) == (end.status, end.reply, end.reason)
        assert (kept.updated_at, kept.next_at) == (end.at, end.next_at)
