from datetime import timedelta

import pytest
from tests.fakes.plans import (
    LATER,
    LETTER,
    MONDAY,
    NOW,
    SOON,
    SUNDAY,
    TUESDAY,
    WORKER,
    begin_data,
    bring_to,
    claim,
    claimed,
    latest_claim,
    letter,
    row,
    settle,
)

from paperround.ports import (
    Claim,
    DeliveryId,
    Ledger,
    OnUnknown,
    Status,
    SubscriberId,
)

NOBODY = DeliveryId(10**9)
NOTHING = Claim(id=NOBODY, recipient="ada@example.org", message=LETTER, attempts=1)


def test_a_claim_is_made_once(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, TUESDAY)], now=NOW)
    taken = claimed(ledger, now=SOON)
    assert (taken.recipient, taken.message, taken.attempts) == ("ada@example.org", LETTER, 1)
    assert (row(ledger).status, row(ledger).attempts, row(ledger).updated_at) == (Status.SENDING, 1, SOON)
    assert claim(ledger) is None


def test_bytes_come_back_as_they_were(ledger: Ledger, ada: SubscriberId) -> None:
    message = bytes(range(256)) * 300
    ledger.plan([letter(ada, TUESDAY, message=message)], now=NOW)
    assert claimed(ledger).message == message


def test_planned_ones_are_claimed_first_then_deferred_then_unknown_ones(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.UNKNOWN, day=SUNDAY)
    bring_to(ledger, ada, Status.DEFERRED, day=MONDAY)
    ledger.plan([letter(ada, TUESDAY), letter(grace, TUESDAY)], now=NOW)
    order = [row(ledger, claimed(ledger, now=LATER).id) for _ in range(4)]
    assert [(each.day, each.subscriber) for each in order] == [
        (TUESDAY, "ada@example.org"),
        (TUESDAY, "grace@example.org"),
        (MONDAY, "ada@example.org"),
        (SUNDAY, "ada@example.org"),
    ]


def test_a_deferred_one_waits_until_it_is_due(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.DEFERRED)
    assert row(ledger).next_at == LATER
    assert claim(ledger, now=LATER - timedelta(microseconds=1)) is None
    assert claimed(ledger, now=LATER).attempts == 2
    assert row(ledger).next_at is None


def test_a_deferred_one_can_be_retried_once_before_it_is_due(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.DEFERRED)
    taken = claimed(ledger, now=SOON, retry_before=SOON)
    settle(ledger, taken, Status.DEFERRED, reply="", next_at=LATER, now=SOON)
    assert claim(ledger, now=SOON, retry_before=SOON) is None


def test_an_unknown_one_is_resent_once_byte_for_byte(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    again = claimed(ledger)
    assert (again.message, again.attempts) == (LETTER, 2)
    settle(ledger, again, Status.UNKNOWN, reply="", now=NOW)
    assert claim(ledger) is None


def test_an_unknown_one_can_be_held(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    assert claim(ledger, on_unknown=OnUnknown.HOLD) is None


@pytest.mark.parametrize("status", [Status.PLANNED, Status.DEFERRED, Status.UNKNOWN])
def test_whoever_is_suppressed_by_now_gets_nothing(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId, status: Status
) -> None:
    bring_to(ledger, ada, status)
    tried = row(ledger).attempts
    ledger.suppress(ada, "unsubscribed", now=NOW)
    assert claim(ledger, now=LATER) is None
    assert row(ledger).attempts == tried
    assert (row(ledger).status, row(ledger).reason) == (Status.SUPPRESSED, "unsubscribed")
    bring_to(ledger, grace, Status.PLANNED)
    assert claimed(ledger, now=LATER).recipient == "grace@example.org"


def test_the_suppressed_do_not_keep_the_others_waiting(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    ledger.plan([letter(ada, TUESDAY), letter(grace, TUESDAY)], now=NOW)
    ledger.suppress(ada, "unsubscribed", now=NOW)
    assert claimed(ledger).recipient == "grace@example.org"
    assert ledger.tally([ada, grace], TUESDAY) == {Status.SUPPRESSED: 1, Status.SENDING: 1}


def test_an_attempt_that_succeeded_is_recorded(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, TUESDAY)], now=NOW)
    taken = claimed(ledger)
    begin_data(ledger, taken, now=NOW)
    settle(ledger, taken, Status.SENT, reply="250 queued as 4711", now=SOON)
    assert (row(ledger).status, row(ledger).reply) == (Status.SENT, "250 queued as 4711")
    assert (row(ledger).updated_at, row(ledger).planned_at) == (SOON, NOW)
    assert claim(ledger) is None


def test_an_attempt_that_was_no_fault_of_the_letter_still_counts(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.PLANNED)
    settle(ledger, claimed(ledger), Status.PLANNED, reply="", reason="no relay", now=NOW)
    assert (row(ledger).status, row(ledger).reason, row(ledger).attempts) == (Status.PLANNED, "no relay", 1)
    assert claimed(ledger).attempts == 2


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.SENDING])
def test_only_what_is_being_sent_is_settled(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, status)
    before = row(ledger)
    assert not settle(ledger, latest_claim(ledger), Status.SENT, reply="250", now=LATER)
    assert not begin_data(ledger, latest_claim(ledger), now=LATER)
    assert row(ledger) == before


def test_what_does_not_exist_is_not_settled(ledger: Ledger) -> None:
    assert not settle(ledger, NOTHING, Status.SENT, reply="250", now=NOW)
    assert not begin_data(ledger, NOTHING, now=NOW)
    assert not ledger.resolve(NOBODY, Status.SENT, "", now=NOW)


@pytest.mark.parametrize("status", [Status.SENDING, Status.QUIET, Status.SUPPRESSED])
def test_an_attempt_does_not_end_otherwise(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, Status.SENDING)
    with pytest.raises(ValueError, match="attempt"):
        settle(ledger, latest_claim(ledger), status, reply="", now=NOW)


def test_only_deferring_names_a_time(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.SENDING)
    for status, next_at in ((Status.DEFERRED, None), (Status.SENT, LATER)):
        with pytest.raises(ValueError, match="next_at"):
            settle(ledger, latest_claim(ledger), status, reply="", next_at=next_at, now=NOW)


def test_what_was_not_yet_handed_over_is_planned_again(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.SENDING)
    assert ledger.recover([WORKER], now=LATER) == 1
    assert row(ledger).status is Status.PLANNED
    assert claimed(ledger).message == LETTER
    assert ledger.recover([WORKER], now=LATER) == 1


def test_what_may_have_been_accepted_is_unknown(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.SENDING)
    begin_data(ledger, latest_claim(ledger), now=NOW)
    assert ledger.recover([WORKER], now=LATER) == 1
    assert row(ledger).status is Status.UNKNOWN
    assert claim(ledger, on_unknown=OnUnknown.HOLD) is None
    begin_data(ledger, claimed(ledger), now=NOW)
    ledger.recover([WORKER], now=LATER)
    assert claim(ledger) is None


def test_the_mark_of_an_earlier_attempt_does_not_count(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.SENDING)
    begin_data(ledger, latest_claim(ledger), now=NOW)
    settle(ledger, latest_claim(ledger), Status.DEFERRED, reply="451", next_at=LATER, now=NOW)
    claimed(ledger, now=LATER)
    ledger.recover([WORKER], now=LATER)
    assert row(ledger).status is Status.PLANNED


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.SENDING])
def test_only_what_is_being_sent_is_recovered(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, status)
    before = row(ledger)
    assert ledger.recover([WORKER], now=LATER) == 0
    assert row(ledger) == before


@pytest.mark.parametrize("status", [Status.SENT, Status.FAILED, Status.PLANNED])
def test_an_unknown_one_is_resolved_by_hand(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    assert ledger.resolve(row(ledger).id, status, "seen in the relay's log", now=LATER)
    assert (row(ledger).status, row(ledger).reason) == (status, "seen in the relay's log")
    assert row(ledger).updated_at == LATER
    assert not ledger.resolve(row(ledger).id, status, "again", now=LATER)
    assert (claim(ledger) is not None) == (status is Status.PLANNED)


def test_what_was_resent_by_hand_is_held_when_unknown_again(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    ledger.resolve(row(ledger).id, Status.PLANNED, "", now=NOW)
    settle(ledger, claimed(ledger), Status.UNKNOWN, reply="", now=NOW)
    assert claim(ledger) is None


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.UNKNOWN])
def test_only_an_unknown_one_is_resolved(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, status)
    before = row(ledger)
    assert not ledger.resolve(before.id, Status.SENT, "by hand", now=LATER)
    assert row(ledger) == before


@pytest.mark.parametrize("status", [Status.SENDING, Status.DEFERRED, Status.QUIET, Status.UNKNOWN])
def test_an_unknown_one_is_not_resolved_otherwise(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    with pytest.raises(ValueError, match="unknown"):
        ledger.resolve(row(ledger).id, status, "", now=NOW)


def test_one_subscriber_can_be_served_before_the_others(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    ledger.plan([letter(ada, TUESDAY), letter(grace, TUESDAY)], now=NOW)

    taken = claim(ledger, of=[grace])
    assert taken is not None
    assert taken.recipient == "grace@example.org"
    assert claim(ledger, of=[grace]) is None
