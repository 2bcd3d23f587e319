"""What a round makes of what a relay says, on the ledger in memory and on the real one."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.relay import MemoryRelay
from tests.fakes.world import (
    ADA,
    GRACE,
    MONDAY,
    RATE,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    World,
    paper,
    reader,
    refused,
)

from paperround.delivering import DEAD_ADDRESSES
from paperround.ports import Cause, Claim, OnUnknown, Outcome, Status, StoreError, SubscriberId, Unanswered
from paperround.rates import LONGEST_HOLD, Rate
from paperround.replies import Step
from paperround.subscribers import EVERY_DAY, Subscriber

MINUTE = timedelta(minutes=1)


@pytest.fixture
def everybody(world: World) -> list[Subscriber]:
    """Twenty readers, and a paper for them."""
    world.source.lists[MONDAY] = [paper("LoRA")]
    return [reader(f"reader{number:02}", "LoRA") for number in range(20)]


def refusing(readers: list[Subscriber], code: int, text: str, step: Step = Step.RCPT) -> MemoryRelay:
    return MemoryRelay({each.address: [refused(code, text, step)] * 9 for each in readers})


def ids(world: World, readers: list[Subscriber]) -> list[SubscriberId]:
    return list(world.ledger.enrol([each.address for each in readers], now=world.now()).values())


def suppressions(world: World, subscriber: Subscriber) -> list[tuple[Cause, str]]:
    (own,) = ids(world, [subscriber])
    known = world.ledger.suppressions()
    return [(each.cause, each.reason) for key, each in known.items() if key == own]


def test_a_relay_that_asks_for_a_pause_has_it_from_all_connections(
    world: World, everybody: list[Subscriber]
) -> None:
    world.relay = refusing(everybody, 421, "4.7.0 slow down")
    outcome = world.round(MONDAY, *everybody)
    assert outcome.attempts <= 1 + 2  # the first alone, and what the two connections had in hand
    assert outcome.later is not None
    assert outcome.stopped
    assert "421 4.7.0 slow down" in outcome.stopped
    assert outcome.tally[Status.PLANNED] >= 17
    (row, *_) = world.ledger.rows(status=Status.DEFERRED)
    assert (row.next_at, row.reason) == (outcome.later.until, "the relay asks for a pause")


def test_a_pause_is_obeyed_by_the_next_run_and_ends(world: World, everybody: list[Subscriber]) -> None:
    world.relay = MemoryRelay({everybody[0].address: [refused(421, "4.7.0 slow down")]})
    paused = world.round(MONDAY, *everybody)
    assert paused.later is not None
    assert world.round(MONDAY, *everybody).attempts == 0
    world.time = paused.later.until
    outcome = world.round(MONDAY, *everybody)
    assert outcome.tally == {Status.SENT: 20}
    assert world.ledger.pauses(RATE.relay) == 0


def test_pauses_in_a_row_grow(world: World, everybody: list[Subscriber]) -> None:
    world.relay = refusing(everybody, 454, "4.7.0 too much")
    lengths = []
    for _ in range(3):
        outcome = world.round(MONDAY, *everybody)
        assert outcome.later is not None
        rows = world.ledger.rows(status=Status.DEFERRED)
        begun = max(row.updated_at for row in rows if row.next_at == outcome.later.until)
        lengths.append((outcome.later.until - begun) / MINUTE)
        world.time = outcome.later.until
    assert [round(length) for length in lengths] == [1, 2, 4]


def test_a_pause_that_is_short_enough_is_sat_through(world: World, everybody: list[Subscriber]) -> None:
    world.rate = Rate(relay=RATE.relay, per_second=0.9)
    world.patience = 2 * MINUTE
    outcome = world.round(MONDAY, *everybody[:3])
    assert outcome.tally == {Status.SENT: 3}


def test_an_hour_s_mails_are_all_that_go_out_in_an_hour(world: World, everybody: list[Subscriber]) -> None:
    world.rate = Rate(relay=RATE.relay, per_hour=6)
    outcome = world.round(MONDAY, *everybody)
    assert outcome.tally == {Status.SENT: 6, Status.PLANNED: 14}
    assert outcome.later is not None
    assert outcome.stopped
    assert "no more than 6 mails an hour" in outcome.stopped
    world.time = outcome.later.until + timedelta(minutes=1)  # they may have gone out in two minutes
    assert world.round(MONDAY, *everybody).tally == {Status.SENT: 12, Status.PLANNED: 8}


def test_a_relay_that_wants_no_letter_of_ours_is_not_offered_all_of_them(
    world: World, everybody: list[Subscriber]
) -> None:
    world.relay = refusing(everybody, 550, "5.7.26 unauthenticated mail", Step.DOT)
    outcome = world.round(MONDAY, *everybody)
    # Of two connections, the other may have a letter in hand when the third is refused.
    assert outcome.tally[Status.PLANNED] >= 16
    assert outcome.tally[Status.DEFERRED] == 20 - outcome.tally[Status.PLANNED]
    assert outcome.stopped
    assert "5.7.26" in outcome.stopped
    assert "--now" in outcome.stopped
    assert world.round(MONDAY, *everybody).attempts == 0
    world.time += LONGEST_HOLD
    again = world.round(MONDAY, *everybody)
    assert again.attempts <= 4
    assert again.tally[Status.FAILED] == 0
    world.relay = MemoryRelay()
    world.ledger.resume(RATE.relay)
    assert world.round(MONDAY, *everybody).tally == {Status.SENT: 20}
    assert not any(suppressions(world, each) for each in everybody)


def test_a_letter_that_is_not_wanted_is_tried_once_more_and_is_its_own_affair(
    world: World, everybody: list[Subscriber]
) -> None:
    world.subscribers, unwanted = tuple(everybody), everybody[::2]
    world.relay = refusing(unwanted, 554, "5.7.1 looks like spam", Step.DOT)
    outcome = world.round(MONDAY, *everybody)
    assert outcome.tally[Status.SENT] == 10
    assert outcome.stopped is None
    for each in unwanted:
        world.round(MONDAY, each, alone=True)
    assert world.ledger.tally(ids(world, unwanted), MONDAY) == {Status.FAILED: 10}
    assert {row.attempts for row in world.ledger.rows(status=Status.FAILED)} == {2}


def test_one_unwanted_letter_holds_up_no_other_though_the_relay_was_paused_before(
    world: World, everybody: list[Subscriber]
) -> None:
    world.ledger.pause(RATE.relay, "421 slowly", now=world.now())
    world.time += timedelta(minutes=2)
    world.relay = refusing(everybody[:1], 554, "5.7.1 looks like spam", Step.DOT)
    outcome = world.round(MONDAY, *everybody)
    assert outcome.tally[Status.SENT] == 19
    assert world.ledger.pauses(RATE.relay) == 0


def test_a_relay_that_knows_nobody_costs_few_their_subscription(
    world: World, everybody: list[Subscriber]
) -> None:
    world.relay = refusing(everybody, 550, "5.1.1 no such user")
    outcome = world.round(MONDAY, *everybody)
    assert outcome.tally[Status.FAILED] == DEAD_ADDRESSES - 1
    assert outcome.stopped
    assert "one address after the other" in outcome.stopped
    world.time += LONGEST_HOLD
    assert world.round(MONDAY, *everybody).tally[Status.FAILED] == DEAD_ADDRESSES - 1
    world.relay = MemoryRelay()
    world.ledger.resume(RATE.relay)
    assert world.round(MONDAY, *everybody).tally[Status.SENT] == 20 - (DEAD_ADDRESSES - 1)


def test_a_relay_that_takes_no_mail_from_us_is_asked_once(world: World, everybody: list[Subscriber]) -> None:
    world.relay = refusing(everybody, 530, "5.7.0 authentication required", Step.MAIL)
    outcome = world.round(MONDAY, *everybody)
    assert (outcome.attempts, outcome.tally) == (1, {Status.PLANNED: 20})
    assert outcome.stopped
    assert "does not accept mail from us" in outcome.stopped


def test_one_domain_that_the_relay_does_not_serve_keeps_nobody_else_waiting(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.relay = refusing([ADA], 554, "5.7.1 <ada@example.org>: Relay access denied")
    outcome = world.round(MONDAY, ADA, GRACE)
    assert outcome.tally == {Status.DEFERRED: 1, Status.SENT: 1}


def test_an_address_that_does_not_exist_is_written_to_once(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.source.lists[TUESDAY] = [paper("LoRA too")]
    world.relay = refusing([ADA], 550, "5.1.1 no such user")
    world.round(MONDAY, ADA)
    assert world.status(ADA, MONDAY)[0] is Status.FAILED
    ((cause, reason),) = suppressions(world, ADA)
    assert cause is Cause.BOUNCED
    assert reason == "mail to it came back on 2026-06-15: 550 5.1.1 no such user"
    world.round(TUESDAY, ADA)
    assert world.status(ADA, TUESDAY) == (Status.SUPPRESSED, reason)


def test_a_refusal_without_an_enhanced_code_costs_the_subscription_on_the_fifth_day(world: World) -> None:
    world.relay = refusing([ADA], 550, "no such user here")
    daily = replace(ADA, days=EVERY_DAY)
    for number in range(6):
        assert bool(suppressions(world, ADA)) is (number == 5)
        day = MONDAY + timedelta(days=number)
        world.source.lists[day] = [paper(f"LoRA {number}")]
        world.round(day, daily)
        world.time += timedelta(days=1)
    assert world.status(ADA, day)[0] is Status.SUPPRESSED


def test_letters_that_are_refused_for_what_is_ours_to_mend_are_told_of(
    world: World, everybody: list[Subscriber]
) -> None:
    world.subscribers, unwanted = tuple(everybody), everybody[:9:3]
    world.relay = refusing(unwanted, 554, "5.7.1 looks like spam", Step.DOT)
    world.round(MONDAY, *everybody)
    for each in unwanted:
        world.round(MONDAY, each, alone=True)
    assert world.returns.unwelcome(world.now() - timedelta(days=1)) == 3
    assert not any(suppressions(world, each) for each in everybody)


def test_an_error_in_one_connection_lets_the_others_record_what_they_sent(
    world: World, everybody: list[Subscriber]
) -> None:
    class Burning(MemoryRelay):
        async def send(self, **letter: Any) -> str:  # noqa: ANN401 - as it is handed on
            if letter["recipient"] == everybody[1].address:
                raise OSError(5, "the disk of the log is full")
            await letter["begin_data"]()
            await asyncio.sleep(0.05)
            letter["begin_data"] = _nothing
            return await super().send(**letter)

    world.relay = relay = Burning()
    with pytest.raises(OSError, match="disk of the log"):
        world.round(MONDAY, *everybody[:3])
    world.relay = MemoryRelay()
    world.round(MONDAY, *everybody[:3])
    copies = Counter(handed.recipient for handed in (*relay.handed, *world.relay.handed))
    assert set(copies.values()) == {1}
    assert len(copies) == 3


async def _nothing() -> None:
    """Do nothing; it was done."""


def test_a_store_that_is_busy_for_a_moment_costs_no_second_copy(
    world: World, everybody: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, busy = world.ledger.settle, iter([True, True])

    def sometimes(outcomes: Sequence[Outcome]) -> Sequence[Claim]:
        if next(busy, False):
            raise StoreError("another program keeps the store locked")
        return settle(outcomes)

    monkeypatch.setattr(world.ledger, "settle", sometimes)
    world.relay = relay = MemoryRelay()
    outcome = world.round(MONDAY, everybody[0])
    assert outcome.tally == {Status.SENT: 1}
    world.round(MONDAY, everybody[0])
    assert len(relay.handed) == 1


def test_a_round_that_leaves_somebody_without_a_row_is_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    monkeypatch.setattr(world.ledger, "plan", lambda plans, now: 0)  # noqa: ARG005 - loses them
    outcome = world.round(MONDAY, ADA)
    assert not outcome.balances
    (gap,) = world.ledger.gaps()
    assert (gap.day, gap.ended, gap.missing) == (MONDAY, True, (ADA.address,))
    monkeypatch.undo()
    assert world.round(MONDAY, ADA).balances
    assert world.ledger.gaps() == ()


def test_what_turns_out_not_to_have_arrived_comes_though_another_digest_came_meanwhile(world: World) -> None:
    world.on_unknown = OnUnknown.HOLD
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.source.lists[WEDNESDAY] = [paper("LoRA 3")]
    world.relay = MemoryRelay({ADA.address: [Unanswered("no reply")]})
    for day in (MONDAY, TUESDAY):
        world.round(day, ADA)
        world.time += timedelta(days=1)
    (row,) = world.ledger.rows(status=Status.UNKNOWN)
    world.ledger.resolve(row.id, Status.FAILED, "did not arrive", now=world.now())
    world.round(WEDNESDAY, ADA)
    assert world.got(ADA, WEDNESDAY) == ["LoRA 3", "LoRA 1"]
    (row,) = world.ledger.rows(day=WEDNESDAY)
    assert [pick.section for pick in row.picks] == ["for_you", "late"]
    world.source.lists[THURSDAY] = [paper("LoRA 4")]
    world.round(THURSDAY, ADA)
    assert world.got(ADA, THURSDAY) == ["LoRA 4"]
