from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.fakes.plans import (
    LATER,
    LETTER,
    MONDAY,
    NOW,
    READER,
    SOON,
    SUNDAY,
    TUESDAY,
    bring_to,
    claim,
    claimed,
    letter,
    pick,
    row,
    settle,
    silence,
)

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Bar, Digest, Hindrance, Match, Pick, Section
from paperround.papers import PaperId
from paperround.ports import (
    Cause,
    Ledger,
    OnUnknown,
    Past,
    PickRecord,
    Plan,
    Status,
    StoreError,
    SubscriberId,
    Suppression,
)


def test_an_address_keeps_its_id(ledger: Ledger) -> None:
    first = ledger.enrol(["ada@example.org", "grace@example.org"], now=NOW)
    again = ledger.enrol(["grace@example.org", "alan@example.org", "ada@example.org"], now=LATER)
    assert first.items() <= again.items()
    assert len(set(again.values())) == 3


def test_spelling_an_address_differently_is_the_same_reader(ledger: Ledger) -> None:
    ids = ledger.enrol(["Ada@example.org", "ada@EXAMPLE.org"], now=NOW)
    assert len(ids) == 2
    assert len(set(ids.values())) == 1


def test_mail_goes_to_the_address_as_it_is_written_now(ledger: Ledger) -> None:
    ids = ledger.enrol(["ADA@Example.ORG"], now=NOW)
    assert ledger.enrol(["Ada@Example.ORG"], now=LATER)["Ada@Example.ORG"] == ids["ADA@Example.ORG"]
    ledger.plan([letter(ids["ADA@Example.ORG"], TUESDAY)], now=NOW)
    assert claimed(ledger).recipient == "Ada@example.org"


def test_nobody_may_be_enrolled(ledger: Ledger) -> None:
    assert ledger.enrol([], now=NOW) == {}


def test_whoever_is_suppressed_stays_so_for_the_first_reason(ledger: Ledger, ada: SubscriberId) -> None:
    assert ledger.suppressions() == {}
    ledger.suppress(ada, "left on Tuesday", now=NOW)
    ledger.suppress(ada, "no such mailbox", cause=Cause.BOUNCED, now=LATER)
    first = Suppression(cause=Cause.UNSUBSCRIBED, reason="left on Tuesday", since=NOW)
    assert ledger.suppressions() == {ada: first}


def test_a_wish_to_leave_takes_the_place_of_mail_that_came_back(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.suppress(ada, "no such mailbox", cause=Cause.BOUNCED, now=NOW)
    ledger.suppress(ada, "complained", cause=Cause.COMPLAINED, now=SOON)
    ledger.suppress(ada, "left on Tuesday", cause=Cause.UNSUBSCRIBED, now=LATER)
    wish = Suppression(cause=Cause.COMPLAINED, reason="complained", since=SOON)
    assert ledger.suppressions() == {ada: wish}


def test_an_address_is_known_as_it_was_last_written(ledger: Ledger) -> None:
    first = ledger.enrol(["Ada@example.org", "grace@example.org"], now=NOW)["Ada@example.org"]
    ledger.enrol(["ada@example.org"], now=LATER)
    assert ledger.addresses([first, SubscriberId(10**6)]) == {first: "ada@example.org"}
    assert ledger.addresses([]) == {}


def test_whoever_is_readmitted_gets_mail_again(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.suppress(ada, "no such mailbox", cause=Cause.BOUNCED, now=NOW)
    ledger.plan([letter(ada, TUESDAY)], now=NOW)
    assert ledger.readmit(ada)
    assert not ledger.readmit(ada)
    assert ledger.suppressions() == {}
    assert claimed(ledger).recipient == "ada@example.org"


def test_nobody_unknown_can_be_suppressed(ledger: Ledger) -> None:
    with pytest.raises(StoreError):
        ledger.suppress(SubscriberId(10**6), "unsubscribed", now=NOW)


def test_a_plan_is_entered_once(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> None:
    assert ledger.plan([letter(ada, TUESDAY)], now=NOW) == 1
    assert ledger.plan([letter(ada, TUESDAY, message=b"other"), letter(grace, TUESDAY)], now=LATER) == 1
    assert ledger.planned(TUESDAY) == {ada, grace}
    assert claimed(ledger).message == LETTER


def test_the_first_of_two_plans_for_a_day_counts(ledger: Ledger, ada: SubscriberId) -> None:
    first, second = letter(ada, TUESDAY, picks=(pick("a"),)), silence(ada, TUESDAY)
    assert ledger.plan([first, second], now=NOW) == 1
    assert row(ledger).status is Status.PLANNED
    assert [each.paper for each in row(ledger).picks] == ["arxiv:a"]


def test_a_day_that_is_planned_keeps_its_picks(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, TUESDAY, picks=(pick("a"),))], now=NOW)
    ledger.plan([letter(ada, TUESDAY, picks=(pick("b"), pick("c")))], now=NOW)
    assert [each.paper for each in row(ledger).picks] == ["arxiv:a"]


def test_plans_are_entered_all_or_none(ledger: Ledger, ada: SubscriberId) -> None:
    with pytest.raises(StoreError):
        ledger.plan([letter(ada, TUESDAY, picks=(pick("a"),)), letter(SubscriberId(10**6), TUESDAY)], now=NOW)
    assert ledger.rows() == ()


def test_nothing_to_plan_is_nothing_entered(ledger: Ledger) -> None:
    assert ledger.plan([], now=NOW) == 0


def test_two_deliveries_never_share_a_message_id(ledger: Ledger, ada: SubscriberId) -> None:
    plans = [replace(letter(ada, day), message_id="<one@example.org>") for day in (MONDAY, TUESDAY)]
    with pytest.raises(StoreError):
        ledger.plan(plans, now=NOW)


def test_a_letter_without_bytes_is_no_plan(ledger: Ledger, ada: SubscriberId) -> None:
    with pytest.raises(StoreError):
        ledger.plan([silence(ada, TUESDAY, status=Status.PLANNED)], now=NOW)


def test_a_letter_that_could_not_be_made_is_entered_as_failed(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([silence(ada, TUESDAY, status=Status.FAILED, reason="template")], now=NOW)
    assert (row(ledger).status, row(ledger).reason) == (Status.FAILED, "template")
    assert claim(ledger) is None


HINDRANCE = Hindrance(bar=Bar.TWIN, by=(PaperId("arxiv:a"), PaperId("arxiv:b")), likeness=0.75)


def test_the_past_knows_the_latest_version_of_each_update(ledger: Ledger, ada: SubscriberId) -> None:
    def update(version: int) -> Pick:
        return replace(pick("a", section=Section.UPDATES), version=version)

    wednesday = date(2026, 6, 17)
    ledger.plan([letter(ada, SUNDAY, picks=(pick("a"), pick("b")))], now=NOW)
    ledger.plan([letter(ada, MONDAY, picks=(update(3),)), letter(ada, TUESDAY, titles=(update(2),))], now=NOW)
    past = ledger.past([ada], wednesday)[ada]
    assert past.had == {"arxiv:a", "arxiv:b"}
    assert past.versions == {"arxiv:a": 3}
    assert ledger.past([ada], MONDAY)[ada].versions == {"arxiv:a": 2}
    ledger.expire([ada], wednesday, now=NOW)
    assert ledger.past([ada], wednesday)[ada].versions == {}


def test_a_row_says_what_was_planned(ledger: Ledger, ada: SubscriberId) -> None:
    chosen = Pick(
        paper=pick("a").paper,
        section=Section.LATE,
        relevance=0.75,
        announced=SUNDAY,
        matched=(Match(term="LoRA", where=("title", "abstract"), weight=1.0),),
        reasons=("LoRA is in the title", "late"),
    )
    batch = BatchRecord(
        source="arXiv",
        day=MONDAY,
        state=BatchState.FRESH,
        papers=3,
        new=2,
        reason="",
        etag=None,
        fetched_at=NOW,
    )
    whole = Digest(
        subscriber=READER,
        day=TUESDAY,
        picks=(chosen, pick("b", section=Section.TRENDING)),
        titles=(replace(pick("c"), hindrance=HINDRANCE), pick("d", section=Section.MORE)),
        batches=(batch,),
        considered=40,
        rejected={"below your threshold": 36},
    )
    plan = Plan(
        subscriber=ada,
        day=TUESDAY,
        status=Status.PLANNED,
        digest=whole,
        message_id="<1@x>",
        message=b"x",
    )
    ledger.plan([plan], now=NOW)
    assert row(ledger).picks[0] == PickRecord(
        paper=PaperId("arxiv:a"),
        section="late",
        relevance=0.75,
        announced=SUNDAY,
        matched=(
            {
                "term": "LoRA",
                "where": ["title", "abstract"],
                "forms": [],
                "how": "words",
                "weight": 1.0,
            },
        ),
        reasons=("LoRA is in the title", "late"),
    )
    assert [each.section for each in row(ledger).picks] == ["late", "trending"]
    assert row(ledger).titles == ("arxiv:c", "arxiv:d")
    assert [line.hindrance for line in row(ledger).lines] == [HINDRANCE, None]
    assert row(ledger).batches == ({"source": "arXiv", "day": "2026-06-15", "state": "fresh", "papers": 3},)
    assert (row(ledger).considered, row(ledger).rejected) == (40, {"below your threshold": 36})
    assert (row(ledger).subscriber, row(ledger).message_id) == ("ada@example.org", "<1@x>")
    assert (row(ledger).planned_at, row(ledger).updated_at, row(ledger).next_at) == (NOW, NOW, None)
    assert (row(ledger).attempts, row(ledger).reply, row(ledger).reason) == (0, "", "")


def test_quiet_rows_with_the_reason_can_be_planned_anew(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    ledger.plan(
        [silence(ada, TUESDAY, reason="no source"), silence(grace, TUESDAY, reason="nothing matched")],
        now=NOW,
    )
    ledger.plan([silence(ada, MONDAY, reason="no source")], now=NOW)
    assert ledger.reopen([grace], TUESDAY, ["no source"]) == 0
    assert ledger.reopen([ada, grace], TUESDAY, ["no source", "another"]) == 1
    assert ledger.planned(TUESDAY) == {grace}
    assert ledger.planned(MONDAY) == {ada}
    assert ledger.plan([letter(ada, TUESDAY)], now=LATER) == 1


def test_only_quiet_rows_are_reopened(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> None:
    ledger.plan(
        [silence(ada, TUESDAY, status=Status.SUPPRESSED, reason="no source"), letter(grace, TUESDAY)], now=NOW
    )
    assert ledger.reopen([ada, grace], TUESDAY, ["no source"]) == 0
    assert ledger.reopen([ada, grace], TUESDAY, [""]) == 0
    assert len(ledger.rows()) == 2


def test_nothing_was_had_by_whoever_is_new(ledger: Ledger, ada: SubscriberId) -> None:
    assert ledger.past([ada], TUESDAY) == {ada: Past()}
    assert ledger.past([], TUESDAY) == {}


def test_the_past_spans_the_days_before(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> None:
    ledger.plan([letter(ada, SUNDAY, picks=(pick("a"),), titles=(pick("b"),))], now=NOW)
    ledger.plan([letter(ada, MONDAY, picks=(pick("c"),)), letter(grace, MONDAY)], now=SOON)
    ledger.plan([letter(ada, TUESDAY, picks=(pick("of the day itself"),))], now=LATER)
    past = ledger.past([ada, grace], TUESDAY)
    assert past[ada] == Past(
        first_day=SUNDAY,
        last_day=MONDAY,
        planned_at=SOON,
        had=frozenset({PaperId("arxiv:a"), PaperId("arxiv:b"), PaperId("arxiv:c")}),
    )
    assert past[grace] == Past(first_day=MONDAY, last_day=MONDAY, planned_at=SOON)


def test_what_tells_the_news_is_known_without_all_that_was_had(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.UNKNOWN, day=SUNDAY, name="a")
    ledger.plan([silence(ada, MONDAY), letter(grace, MONDAY, picks=(pick("b"),))], now=SOON)
    ledger.resolve(ledger.rows(day=SUNDAY)[0].id, Status.FAILED, "did not arrive", now=LATER)
    assert ledger.looks([], TUESDAY) == {}
    looks, pasts = ledger.looks([ada, grace], TUESDAY), ledger.past([ada, grace], TUESDAY)
    assert looks[ada].missed == {"arxiv:a"}
    assert looks == {each: replace(past, had=frozenset()) for each, past in pasts.items()}
    assert ledger.looks([ada], SUNDAY) == {ada: Past()}


def test_a_paper_of_a_later_day_was_had_too(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, TUESDAY, picks=(pick("a"),))], now=NOW)
    assert ledger.past([ada], MONDAY)[ada] == Past(had=frozenset({PaperId("arxiv:a")}))


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (Status.PLANNED, True),
        (Status.SENDING, True),
        (Status.SENT, True),
        (Status.DEFERRED, True),
        (Status.UNKNOWN, True),
        (Status.FAILED, False),
    ],
)
def test_a_paper_was_had_unless_its_digest_was_given_up(
    ledger: Ledger,
    ada: SubscriberId,
    status: Status,
    counts: bool,  # noqa: FBT001 - an example's expectation
) -> None:
    bring_to(ledger, ada, status, day=MONDAY)
    past = ledger.past([ada], TUESDAY)[ada]
    assert past.had == ({PaperId("arxiv:p")} if counts else set())
    assert past.first_day == MONDAY
    assert past.last_day == (MONDAY if counts else None)


def test_a_paper_of_a_suppressed_letter_was_not_had(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, MONDAY, picks=(pick("a"),))], now=NOW)
    ledger.suppress(ada, "unsubscribed", now=NOW)
    assert claim(ledger) is None
    assert ledger.past([ada], TUESDAY)[ada] == Past(first_day=MONDAY)


def test_a_quiet_day_is_past_only_if_papers_were_looked_at(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([silence(ada, MONDAY, considered=0)], now=NOW)
    assert ledger.past([ada], TUESDAY)[ada] == Past(first_day=MONDAY)
    ledger.plan([silence(ada, SUNDAY, considered=9)], now=SOON)
    assert ledger.past([ada], TUESDAY)[ada] == Past(first_day=SUNDAY, last_day=SUNDAY, planned_at=SOON)


@pytest.mark.parametrize(
    "reason", ["paused", "paused by the reader until 2026-07-14", "away until 2026-07-14"]
)
def test_the_past_knows_the_pauses_of_two_weeks(ledger: Ledger, ada: SubscriberId, reason: str) -> None:
    days = [TUESDAY - timedelta(days=back) for back in (15, 14, 2, 1, 0)]
    ledger.plan([letter(ada, TUESDAY - timedelta(days=16))], now=NOW)
    ledger.plan([silence(ada, day, reason=reason, considered=0) for day in days], now=NOW)
    assert ledger.past([ada], TUESDAY)[ada].rested == frozenset(days[1:4])


@pytest.mark.parametrize(("back", "told"), [(7, False), (8, True)])
def test_a_pause_is_of_the_past_where_the_last_digest_is_more_than_a_week_back(
    ledger: Ledger,
    ada: SubscriberId,
    grace: SubscriberId,
    back: int,
    told: bool,  # noqa: FBT001 - an example's expectation
) -> None:
    ledger.plan([letter(ada, TUESDAY - timedelta(days=back))], now=NOW)
    ledger.plan([silence(each, MONDAY, reason="paused", considered=0) for each in (ada, grace)], now=NOW)
    past = ledger.past([ada, grace], TUESDAY)
    assert past[ada].rested == ({MONDAY} if told else set())
    assert past[grace].rested == set()


def test_no_other_silence_is_a_pause(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> None:
    long_ago = TUESDAY - timedelta(days=9)
    ledger.plan([letter(ada, long_ago), letter(grace, long_ago)], now=NOW)
    ledger.plan([silence(ada, MONDAY, reason="nothing was paused or away", considered=0)], now=NOW)
    ledger.plan([silence(grace, MONDAY, status=Status.SUPPRESSED, reason="paused, or gone")], now=NOW)
    assert {past.rested for past in ledger.past([ada, grace], TUESDAY).values()} == {frozenset()}


def test_a_note_for_which_no_paper_was_looked_at_is_past_as_a_quiet_day_is(
    ledger: Ledger, ada: SubscriberId
) -> None:
    note = letter(ada, MONDAY)
    ledger.plan([replace(note, digest=replace(note.digest, considered=0))], now=NOW)
    settle(ledger, claimed(ledger), Status.SENT, reply="", now=NOW)
    assert ledger.past([ada], TUESDAY)[ada] == Past(first_day=MONDAY)


def test_what_is_late_is_given_up_for_what_comes_next(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.DEFERRED, day=SUNDAY, name="a")
    bring_to(ledger, ada, Status.PLANNED, day=MONDAY, name="b")
    bring_to(ledger, ada, Status.PLANNED, day=TUESDAY, name="c")
    bring_to(ledger, grace, Status.PLANNED, day=MONDAY, name="d")
    assert ledger.expire([ada], TUESDAY, now=LATER) == 2
    found = [(each.subscriber, each.day, each.status) for each in ledger.rows()]
    assert found == [
        ("ada@example.org", TUESDAY, Status.PLANNED),
        ("ada@example.org", MONDAY, Status.FAILED),
        ("grace@example.org", MONDAY, Status.PLANNED),
        ("ada@example.org", SUNDAY, Status.FAILED),
    ]
    assert ledger.past([ada], TUESDAY)[ada] == Past(
        first_day=SUNDAY, missed=frozenset({PaperId("arxiv:a"), PaperId("arxiv:b")})
    )
    assert ledger.expire([], TUESDAY, now=LATER) == 0


@pytest.mark.parametrize("status", [Status.SENDING, Status.SENT, Status.UNKNOWN, Status.FAILED, Status.QUIET])
def test_what_is_not_waiting_is_not_given_up(ledger: Ledger, ada: SubscriberId, status: Status) -> None:
    bring_to(ledger, ada, status, day=MONDAY)
    assert ledger.expire([ada], TUESDAY, now=LATER) == 0
    assert row(ledger).status is status


@pytest.fixture
def three(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> Mapping[str, SubscriberId]:
    ledger.plan(
        [
            silence(grace, MONDAY),
            letter(grace, TUESDAY, picks=(pick("g"),)),
            letter(ada, TUESDAY, picks=(pick("a"),)),
        ],
        now=NOW,
    )
    return {"ada": ada, "grace": grace}


@pytest.mark.usefixtures("three")
def test_rows_come_newest_day_first_and_then_by_address(ledger: Ledger) -> None:
    assert [(each.day, each.subscriber[:3]) for each in ledger.rows()] == [
        (TUESDAY, "ada"),
        (TUESDAY, "gra"),
        (MONDAY, "gra"),
    ]


@pytest.mark.usefixtures("three")
def test_rows_are_chosen_by_day_address_and_status(ledger: Ledger) -> None:
    assert len(ledger.rows(day=TUESDAY)) == 2
    assert {each.day for each in ledger.rows(since=TUESDAY)} == {TUESDAY}
    assert len(ledger.rows(address="Grace@EXAMPLE.org")) == 2
    assert len(ledger.rows(status=Status.QUIET)) == 1
    (one,) = ledger.rows(day=TUESDAY, address="grace@example.org", status=Status.PLANNED)
    assert [each.paper for each in one.picks] == ["arxiv:g"]
    assert ledger.rows(day=MONDAY, status=Status.SENT) == ()
    assert ledger.rows(address="nobody@example.org") == ()


@pytest.mark.usefixtures("three")
def test_the_tally_counts_their_rows_of_a_day(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> None:
    claimed(ledger)
    both = [ada, grace]
    assert ledger.tally(both, TUESDAY) == {Status.PLANNED: 1, Status.SENDING: 1}
    assert sum(ledger.tally([grace], TUESDAY).values()) == 1
    assert ledger.tally(both, MONDAY) == {Status.QUIET: 1}
    assert ledger.tally(both, SUNDAY) == {}
    of_tuesday = {TUESDAY: {Status.PLANNED: 1, Status.SENDING: 1}}
    assert ledger.tallies(TUESDAY) == of_tuesday
    assert ledger.tallies(SUNDAY) == {MONDAY: {Status.QUIET: 1}} | of_tuesday


def test_the_secret_stays(ledger: Ledger) -> None:
    assert len(ledger.secret()) == 32
    assert ledger.secret() == ledger.secret()


def test_whoever_subscribes_no_longer_gets_nothing_that_was_planned(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.DEFERRED, day=MONDAY, name="a")
    ledger.plan([letter(ada, TUESDAY), letter(grace, TUESDAY)], now=NOW)
    assert ledger.withdraw([grace], now=LATER) == 2
    assert {row.reason for row in ledger.rows(address="ada@example.org")} == {
        "paused, or no longer subscribed"
    }
    assert ledger.tally([ada, grace], TUESDAY) == {Status.SUPPRESSED: 1, Status.PLANNED: 1}
    assert ledger.withdraw([grace], now=LATER) == 0


def test_what_is_of_a_later_day_can_be_left_alone(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.plan([letter(ada, MONDAY), letter(ada, TUESDAY)], now=NOW)
    assert ledger.withdraw([], now=LATER, before=TUESDAY) == 1
    assert ledger.tally([ada], MONDAY) == {Status.SUPPRESSED: 1}
    assert ledger.tally([ada], TUESDAY) == {Status.PLANNED: 1}


def test_a_round_that_gives_everybody_a_row_leaves_no_note(ledger: Ledger, ada: SubscriberId) -> None:
    noted = ledger.begin_round(TUESDAY, [ada], now=NOW)
    (gap,) = ledger.gaps()
    assert (gap.day, gap.ended, gap.missing) == (TUESDAY, False, ("ada@example.org",))
    ledger.plan([silence(ada, TUESDAY)], now=NOW)
    assert ledger.gaps() == ()
    assert ledger.end_round(noted, now=LATER) == frozenset()
    assert ledger.gaps() == ()


def test_whoever_a_round_left_without_a_row_is_named_until_there_is_one(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    noted = ledger.begin_round(TUESDAY, [ada, grace], now=NOW)
    ledger.plan([silence(ada, TUESDAY), silence(grace, MONDAY)], now=NOW)
    assert ledger.end_round(noted, now=LATER) == {grace}
    (gap,) = ledger.gaps()
    assert (gap.begun_at, gap.ended, gap.missing) == (NOW, True, ("grace@example.org",))
    assert gap.stands(LATER)
    assert "1 subscriber without a row" in str(gap)
    ledger.plan([silence(grace, TUESDAY)], now=NOW)
    assert ledger.gaps() == ()


def test_a_round_that_broke_off_is_noted_and_wrong_after_a_while(ledger: Ledger, ada: SubscriberId) -> None:
    ledger.begin_round(MONDAY, [ada], now=NOW)
    ledger.begin_round(TUESDAY, [ada], now=NOW)
    newest, oldest = ledger.gaps()
    assert (newest.day, oldest.day) == (TUESDAY, MONDAY)
    assert not newest.stands(LATER)
    assert newest.stands(NOW + timedelta(hours=7))


def test_the_papers_of_what_failed_since_the_latest_look_are_missed(
    ledger: Ledger, ada: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.UNKNOWN, day=SUNDAY, name="a")
    ledger.plan([silence(ada, MONDAY)], now=SOON)
    assert ledger.past([ada], TUESDAY)[ada].missed == frozenset()
    ledger.resolve(ledger.rows(day=SUNDAY)[0].id, Status.FAILED, "did not arrive", now=LATER)
    assert ledger.past([ada], TUESDAY)[ada].missed == {"arxiv:a"}
    assert ledger.past([ada], SUNDAY)[ada].missed == frozenset()


def test_what_the_latest_look_knew_to_have_failed_is_not_missed_any_more(
    ledger: Ledger, ada: SubscriberId
) -> None:
    bring_to(ledger, ada, Status.FAILED, day=SUNDAY, name="a")
    ledger.plan([silence(ada, MONDAY)], now=SOON)
    assert ledger.past([ada], TUESDAY)[ada].missed == frozenset()


def test_outcomes_are_those_of_some_time(ledger: Ledger, ada: SubscriberId, grace: SubscriberId) -> None:
    bring_to(ledger, ada, Status.SENT, day=MONDAY)
    bring_to(ledger, ada, Status.FAILED)
    bring_to(ledger, grace, Status.FAILED)
    assert ledger.outcomes(NOW) == {Status.SENT: 1, Status.FAILED: 2}
    assert ledger.outcomes(SOON) == {}
    assert ledger.outcomes(NOW + timedelta(days=8)) == {}


def test_unknown_deliveries_are_held_the_second_time_or_the_first(ledger: Ledger, ada: SubscriberId) -> None:
    bring_to(ledger, ada, Status.UNKNOWN)
    assert (ledger.held(OnUnknown.RESEND), ledger.held(OnUnknown.HOLD)) == (0, 1)
    again = claim(ledger, now=SOON)
    assert again is not None
    assert ledger.held(OnUnknown.HOLD) == 0
    settle(ledger, again, Status.UNKNOWN, reply="", now=SOON)
    assert (ledger.held(OnUnknown.RESEND), ledger.held(OnUnknown.HOLD)) == (1, 1)


def test_who_has_a_quiet_row_for_a_reason_is_known(
    ledger: Ledger, ada: SubscriberId, grace: SubscriberId
) -> None:
    reasons = {ada: "waiting", grace: "paused"}
    ledger.plan([silence(who, TUESDAY, reason=why) for who, why in reasons.items()], now=NOW)
    assert ledger.quiet(TUESDAY, ["waiting", "failed"]) == {ada}
    assert ledger.quiet(TUESDAY, []) == frozenset()
    assert ledger.quiet(MONDAY, ["waiting"]) == frozenset()
