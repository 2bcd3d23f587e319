"""What it takes for somebody to get nothing any more because their mail came back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.plans import TUESDAY

from paperround.bouncing import ENOUGH, LONGEST_GAP, Case, consequence, weight, worn_out
from paperround.ports import (
    Bounce,
    Cause,
    Complaint,
    DeliveryId,
    Effect,
    Finding,
    Leaving,
    Status,
    SubscriberId,
    Weight,
)
from paperround.replies import Reply, Verdict

ADA = SubscriberId(7)
DELIVERY = DeliveryId(42)
SENT = Case(
    subscriber=ADA, address="ada@example.org", day=TUESDAY, status=Status.SENT, message_id="<1@example.org>"
)
DAYS = st.sets(st.integers(0, 400).map(lambda number: TUESDAY + timedelta(days=number)), max_size=40)


def bounce(kind: Weight, *, message_id: str | None = None) -> Bounce:
    return Bounce(delivery=DELIVERY, weight=kind, words="5.1.1 no such user", message_id=message_id)


def soft(case: Case, *days: date) -> Case:
    return Case(
        subscriber=case.subscriber,
        address=case.address,
        day=case.day,
        status=case.status,
        soft_days=frozenset(days),
    )


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_a_status_that_says_that_there_is_no_mailbox_is_hard(status: str) -> None:
    assert weight(Reply(code=550, text=f"{status} no")) is Weight.HARD


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "no such user"),
        (552, "5.2.2 full"),
        (450, "4.2.2 full"),
        (550, "5.4.4 no route"),
        (450, "4.4.7 given up"),
        (550, "mailbox full"),
    ],
)
def test_what_may_pass_or_is_not_sure_is_soft(code: int, text: str) -> None:
    assert weight(Reply(code=code, text=text)) is Weight.SOFT


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.7.1 policy"),
        (550, "5.7.26 not authenticated"),
        (552, "5.3.4 too large"),
        (554, "5.6.0 content"),
        (554, "spam"),
        (550, "blocked by a list"),
        (450, "4.7.1 greylisted for good"),
        (421, "too fast"),
        (550, "5.7.1 relaying denied"),
        (550, "5.9.9 something new"),
    ],
)
def test_what_is_held_against_our_mail_is_ours(code: int, text: str) -> None:
    assert weight(Reply(code=code, text=text)) is Weight.OURS


@given(
    st.integers(400, 599),
    st.text(max_size=30) | st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3} .{0,20}", fullmatch=True),
)
def test_every_reply_has_a_weight_and_only_a_dead_address_is_hard(code: int, text: str) -> None:
    reply = Reply(code=code, text=text)
    assert weight(reply) is not Weight.HARD or reply.verdict is Verdict.PERMANENT


def test_five_days_are_enough_and_four_are_not() -> None:
    days = [TUESDAY + LONGEST_GAP * number for number in range(ENOUGH)]
    assert worn_out(days)
    assert not worn_out(days[1:])


def test_after_a_longer_gap_it_begins_anew() -> None:
    days = [TUESDAY + timedelta(days=number) for number in range(ENOUGH - 1)]
    assert not worn_out([*days, days[-1] + LONGEST_GAP + timedelta(days=1)])
    assert worn_out([*days, days[-1] + LONGEST_GAP])


@given(DAYS)
def test_fewer_days_than_five_are_never_enough(days: set[date]) -> None:
    assert not worn_out(sorted(days)[: ENOUGH - 1])


@given(DAYS, DAYS)
def test_more_days_never_make_it_better(some: set[date], more: set[date]) -> None:
    assert worn_out(some | more) or not worn_out(some)


@given(DAYS)
def test_a_day_counts_once_in_whatever_order_it_is_told(days: set[date]) -> None:
    assert worn_out([*days, *days]) == worn_out(sorted(days, reverse=True))


@given(st.integers(0, 16), st.integers(ENOUGH, 12))
def test_evenly_spaced_days_are_enough_just_where_the_gap_is_not_too_long(gap: int, count: int) -> None:
    days = {TUESDAY + timedelta(days=gap) * number for number in range(count)}
    assert worn_out(days) == (0 < gap <= LONGEST_GAP.days)


def test_a_dead_address_gets_nothing_any_more() -> None:
    result = consequence(bounce(Weight.HARD), SENT, today=TUESDAY)
    assert (result.effect, result.cause, result.fails) == (Effect.SUPPRESSED, Cause.BOUNCED, True)
    assert result.reason == "mail to it came back on 2026-06-16: 5.1.1 no such user"


def test_mail_that_comes_back_softly_is_counted_until_it_is_enough() -> None:
    earlier = [TUESDAY - timedelta(days=number) for number in range(1, ENOUGH)]
    counted = consequence(bounce(Weight.SOFT), soft(SENT, *earlier[1:]), today=TUESDAY)
    assert (counted.effect, counted.cause, counted.fails) == (Effect.COUNTED, None, True)
    enough = consequence(bounce(Weight.SOFT), soft(SENT, *earlier), today=TUESDAY)
    assert (enough.effect, enough.cause) == (Effect.SUPPRESSED, Cause.BOUNCED)
    assert enough.reason == "mail to it came back on 5 days, the last time on 2026-06-16: 5.1.1 no such user"


def test_two_bounces_of_one_letter_are_one_day() -> None:
    earlier = [TUESDAY - timedelta(days=number) for number in range(ENOUGH - 1)]
    assert consequence(bounce(Weight.SOFT), soft(SENT, *earlier), today=TUESDAY).effect is Effect.COUNTED


def test_what_is_ours_to_mend_is_never_held_against_a_reader() -> None:
    days = [TUESDAY - timedelta(days=number) for number in range(30)]
    result = consequence(bounce(Weight.OURS), soft(SENT, *days), today=TUESDAY)
    assert (result.effect, result.cause, result.fails) == (Effect.OURS, None, True)


@pytest.mark.parametrize(
    ("finding", "cause"),
    [
        (Leaving(subscriber=ADA), Cause.UNSUBSCRIBED),
        (Complaint(subscriber=ADA), Cause.COMPLAINED),
        (Complaint(delivery=DELIVERY, message_id="<1@example.org>"), Cause.COMPLAINED),
    ],
)
def test_who_leaves_or_complains_gets_nothing_any_more_and_has_had_their_letter(
    finding: Finding, cause: Cause
) -> None:
    result = consequence(finding, SENT, today=TUESDAY)
    assert (result.effect, result.cause, result.fails) == (Effect.SUPPRESSED, cause, False)
    assert result.reason.endswith("2026-06-16")


@pytest.mark.parametrize(
    "finding",
    [
        bounce(Weight.HARD, message_id="<2@example.org>"),
        Complaint(delivery=DELIVERY, message_id="<2@example.org>"),
    ],
)
def test_a_letter_that_is_not_the_one_that_was_sent_is_foreign(finding: Finding) -> None:
    result = consequence(finding, SENT, today=TUESDAY)
    assert (result.effect, result.cause, result.fails) == (Effect.FOREIGN, None, False)


@pytest.mark.parametrize("status", set(Status) - {Status.SENT, Status.UNKNOWN})
def test_only_what_counted_as_sent_or_unknown_fails(status: Status) -> None:
    case = Case(subscriber=ADA, address="ada@example.org", day=TUESDAY, status=status)
    assert not consequence(bounce(Weight.HARD), case, today=TUESDAY).fails


@pytest.mark.parametrize("kind", [Weight.HARD, Weight.SOFT])
def test_of_who_gets_nothing_already_it_is_noted(kind: Weight) -> None:
    case = Case(subscriber=ADA, address="ada@example.org", day=TUESDAY, status=Status.SENT, suppressed=True)
    result = consequence(bounce(kind), case, today=TUESDAY)
    assert (result.effect, result.fails) == (Effect.NOTED, True)
