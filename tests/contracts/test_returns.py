"""The rules of what comes back, in memory and in the store."""

from datetime import date, timedelta

import pytest
from tests.fakes.ledger import MemoryLedger
from tests.fakes.plans import LATER, NOW, TUESDAY, bring_to, claim, letter, row
from tests.fakes.returns import MemoryReturns

from paperround.bouncing import ENOUGH, LONGEST_GAP
from paperround.papers import PaperId
from paperround.ports import (
    Bounce,
    Cause,
    Complaint,
    DeliveryId,
    Effect,
    Finding,
    Leaving,
    Ledger,
    Returns,
    Status,
    SubscriberId,
    Suppression,
    Weight,
)
from paperround.store import Store

DAYS = tuple(TUESDAY + timedelta(days=number) for number in range(40))
WEDNESDAY = DAYS[1]
NOBODY, NOTHING = SubscriberId(10**6), DeliveryId(10**6)


@pytest.fixture
def returns(store: Store | None, ledger: Ledger) -> Returns:
    if isinstance(ledger, MemoryLedger):
        return MemoryReturns(ledger)
    assert store is not None
    return store.returns


def sent(ledger: Ledger, subscriber: SubscriberId, *, day: date = TUESDAY) -> DeliveryId:
    """Enter a letter of that day that was sent, and return its delivery."""
    bring_to(ledger, subscriber, Status.SENT, day=day, name=f"{subscriber}.{day}")
    (delivery,) = (
        each.id for each in ledger.rows(day=day) if each.message_id == f"<{subscriber}.{day}@example.org>"
    )
    return delivery


def bounce(delivery: DeliveryId, weight: Weight = Weight.HARD, *, message_id: str | None = None) -> Bounce:
    return Bounce(delivery=delivery, weight=weight, words="5.1.1 no such user", message_id=message_id)


def came_back(returns: Returns, ledger: Ledger, subscriber: SubscriberId, day: date) -> Effect:
    """Let the letter of that day come back softly."""
    finding = bounce(sent(ledger, subscriber, day=day), Weight.SOFT)
    return returns.enter(finding, f"{subscriber} {day}".encode(), now=NOW).effect


def test_mail_to_a_dead_address_ends_the_subscription_and_frees_its_papers(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    delivery = sent(ledger, ada)
    assert ledger.past([ada], WEDNESDAY)[ada].had
    result = returns.enter(bounce(delivery), b"1", now=NOW)
    assert (result.effect, result.subscriber) == (Effect.SUPPRESSED, "ada@example.org")
    assert result.reason == "mail to it came back on 2026-06-16: 5.1.1 no such user"
    record = row(ledger, delivery)
    assert (record.status, record.reason, record.reply) == (Status.FAILED, "came back", "5.1.1 no such user")
    past = ledger.past([ada], WEDNESDAY)[ada]
    assert past.had == frozenset()
    assert past.missed == {PaperId(f"arxiv:{ada}.{TUESDAY}")}
    ledger.plan([letter(ada, WEDNESDAY)], now=LATER)
    assert claim(ledger, now=LATER) is None


def test_what_was_unknown_has_failed_when_it_comes_back(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    delivery = row(ledger).id
    assert returns.enter(bounce(delivery), b"1", now=NOW).fails
    assert row(ledger).status is Status.FAILED
    assert claim(ledger, now=LATER) is None


@pytest.mark.parametrize("status", [Status.PLANNED, Status.SENDING, Status.DEFERRED, Status.FAILED])
def test_a_delivery_that_does_not_count_as_sent_stays_as_it_is(
    returns: Returns, ledger: Ledger, ada: SubscriberId, status: Status
) -> None:
    bring_to(ledger, ada, status)
    before = row(ledger)
    returns.enter(bounce(before.id, Weight.SOFT), b"1", now=LATER)
    assert row(ledger) == before


def test_the_same_message_counts_once(returns: Returns, ledger: Ledger, ada: SubscriberId) -> None:
    delivery = sent(ledger, ada)
    assert returns.enter(bounce(delivery, Weight.SOFT), b"1", now=NOW).effect is Effect.COUNTED
    again = returns.enter(bounce(delivery, Weight.SOFT), b"1", now=LATER)
    assert (again.effect, again.subscriber) == (Effect.REPEATED, "ada@example.org")


def test_five_days_on_which_mail_came_back_softly_end_the_subscription(
    returns: Returns, ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    effects = [came_back(returns, ledger, ada, DAYS[number]) for number in range(ENOUGH)]
    assert effects == [Effect.COUNTED] * (ENOUGH - 1) + [Effect.SUPPRESSED]
    assert came_back(returns, ledger, grace, DAYS[0]) is Effect.COUNTED


def test_two_soft_bounces_of_a_day_are_one(returns: Returns, ledger: Ledger, ada: SubscriberId) -> None:
    for number in range(ENOUGH - 1):
        came_back(returns, ledger, ada, DAYS[number])
    again = bounce(ledger.rows(day=DAYS[0])[0].id, Weight.SOFT)
    assert returns.enter(again, b"another message", now=NOW).effect is Effect.COUNTED


def test_a_long_time_without_a_soft_bounce_begins_anew(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    for number in range(ENOUGH - 1):
        came_back(returns, ledger, ada, DAYS[number])
    later = DAYS[ENOUGH - 2] + LONGEST_GAP + timedelta(days=1)
    assert came_back(returns, ledger, ada, later) is Effect.COUNTED


def test_what_ended_a_subscription_counts_no_more(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    for number in range(ENOUGH):
        came_back(returns, ledger, ada, DAYS[number])
    assert ledger.readmit(ada)
    assert came_back(returns, ledger, ada, DAYS[ENOUGH]) is Effect.COUNTED


def test_what_is_ours_to_mend_is_counted_by_readers_and_never_against_them(
    returns: Returns, ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    for number in range(2 * ENOUGH):
        delivery = sent(ledger, ada, day=DAYS[number])
        result = returns.enter(bounce(delivery, Weight.OURS), f"{number}".encode(), now=NOW)
        assert (result.effect, result.fails) == (Effect.OURS, True)
    assert returns.unwelcome(NOW) == 1
    returns.enter(bounce(sent(ledger, grace), Weight.OURS), b"grace", now=LATER)
    assert returns.unwelcome(NOW) == 2
    assert returns.unwelcome(LATER) == 1
    assert ledger.suppressions() == {}


@pytest.mark.parametrize("by_delivery", [True, False])
def test_who_complains_gets_nothing_any_more_and_has_had_their_letter(
    returns: Returns, ledger: Ledger, ada: SubscriberId, *, by_delivery: bool
) -> None:
    delivery = sent(ledger, ada)
    finding = Complaint(delivery=delivery) if by_delivery else Complaint(subscriber=ada)
    assert returns.enter(finding, b"1", now=NOW).effect is Effect.SUPPRESSED
    assert list(ledger.suppressions()) == [ada]
    assert row(ledger).status is Status.SENT


def test_who_leaves_gets_nothing_any_more(returns: Returns, ledger: Ledger, ada: SubscriberId) -> None:
    assert returns.enter(Leaving(subscriber=ada), b"1", now=NOW).effect is Effect.SUPPRESSED
    assert ledger.suppressions()[ada].reason == "unsubscribed by mail on 2026-06-16"


def test_who_leaves_after_mail_came_back_has_left(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    returns.enter(bounce(sent(ledger, ada)), b"1", now=NOW)
    assert ledger.suppressions()[ada].cause is Cause.BOUNCED
    returns.enter(Leaving(subscriber=ada), b"2", now=LATER)
    returns.enter(Complaint(subscriber=ada), b"3", now=LATER)
    assert ledger.suppressions()[ada] == Suppression(
        cause=Cause.UNSUBSCRIBED, reason="unsubscribed by mail on 2026-06-16", since=LATER
    )


def test_of_who_gets_nothing_already_the_first_reason_stays(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    delivery = sent(ledger, ada)
    returns.enter(Leaving(subscriber=ada), b"1", now=NOW)
    assert returns.enter(bounce(delivery), b"2", now=LATER).effect is Effect.NOTED
    assert row(ledger).status is Status.FAILED
    assert ledger.suppressions()[ada].reason.startswith("unsubscribed")


@pytest.mark.parametrize(
    "finding",
    [bounce(NOTHING), Complaint(delivery=NOTHING), Complaint(subscriber=NOBODY), Leaving(subscriber=NOBODY)],
)
def test_what_is_about_nothing_here_changes_nothing(returns: Returns, finding: Finding) -> None:
    assert returns.enter(finding, b"1", now=NOW).effect is Effect.FOREIGN


def test_a_returned_letter_that_is_not_the_one_that_was_sent_changes_nothing(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    delivery = sent(ledger, ada)
    foreign = bounce(delivery, message_id="<another@example.org>")
    assert returns.enter(foreign, b"1", now=NOW).effect is Effect.FOREIGN
    assert row(ledger).status is Status.SENT
    genuine = bounce(delivery, message_id=row(ledger).message_id)
    assert returns.enter(genuine, b"2", now=NOW).effect is Effect.SUPPRESSED


def test_what_would_come_of_it_can_be_asked_without_changing_anything(
    returns: Returns, ledger: Ledger, ada: SubscriberId
) -> None:
    delivery = sent(ledger, ada)
    foreseen = returns.foresee(bounce(delivery), b"1", now=NOW)
    assert (row(ledger).status, ledger.suppressions()) == (Status.SENT, {})
    assert returns.enter(bounce(delivery), b"1", now=NOW) == foreseen
    assert returns.foresee(bounce(delivery), b"1", now=NOW).effect is Effect.REPEATED
