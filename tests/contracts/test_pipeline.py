"""The rules of a round, on the ledger in memory and on the real one."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from tests.fakes.embedder import BagOfWords, NoModel
from tests.fakes.relay import MemoryRelay
from tests.fakes.world import (
    ADA,
    CATCH_UP,
    GRACE,
    MONDAY,
    RENDERER,
    SATURDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    Days,
    World,
    always,
    paper,
    reader,
    refused,
)

from paperround.batches import STILL_TO_COME, Batch, BatchState, Revision
from paperround.calendars import Announcement, Calendar
from paperround.composing import CHUNK, NO_ROUND, NOTE, WORDS_ALONE
from paperround.digests import Bar, Digest
from paperround.issue import MAY_COME, NOTHING_MATCHED, PAUSED, PAUSED_BY_READER, UNREADABLE
from paperround.keywords import keyword
from paperround.letters import Letters
from paperround.ports import (
    Interrupted,
    OnUnknown,
    RelayUnusable,
    Status,
    StoreError,
    SubscriberId,
    Unanswered,
)
from paperround.preferences import PauseChange, Rhythm, RhythmChange
from paperround.rendering import Rendered, RoundRenderer
from paperround.stopping import Stopped
from paperround.subscribers import EVERY_DAY, Away, Cadence, Every, Interests, Pause, Subscriber, WhenEmpty


def test_everybody_gets_their_own_papers(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots"), paper("speech")]
    outcome = world.round(MONDAY)
    assert outcome.tally == {Status.SENT: 2}
    assert world.got(ADA, MONDAY) == ["LoRA"]
    assert world.got(GRACE, MONDAY) == ["robots"]


def test_a_second_run_asks_nobody_and_sends_nothing(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.round(MONDAY)
    asked = world.source.asked
    again = world.round(MONDAY)
    assert (again.planned, again.attempts, world.source.asked) == (0, 0, asked)
    assert again.tally == {Status.SENT: 2}


def test_a_new_version_comes_once_to_who_wishes_for_it(world: World) -> None:
    wishing, not_wishing = replace(ADA, updates=True), reader("lin", "LoRA")
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, wishing, not_wishing)
    for day in (TUESDAY, WEDNESDAY):
        world.source.revisions[day] = [Revision(paper=paper("LoRA"), version=2)]
        world.round(day, wishing, not_wishing)
        world.round(day, wishing, not_wishing)
    world.source.revisions[THURSDAY] = [Revision(paper=paper("LoRA"), version=3)]
    world.round(THURSDAY, wishing, not_wishing)
    updates = [
        (row.day, pick.section, pick.version)
        for row in world.ledger.rows(address=wishing.address)
        for pick in row.picks
    ]
    assert updates == [(THURSDAY, "updates", 3), (TUESDAY, "updates", 2), (MONDAY, "for_you", None)]
    assert [world.got(not_wishing, day) for day in (TUESDAY, WEDNESDAY, THURSDAY)] == [[], [], []]


def test_an_update_whose_digest_failed_comes_with_the_next(world: World) -> None:
    wishing = replace(ADA, updates=True)
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, wishing)
    world.relay = MemoryRelay(faults={ADA.address: [refused(550, "no")]})
    world.source.revisions[TUESDAY] = [Revision(paper=paper("LoRA"), version=2)]
    world.round(TUESDAY, wishing)
    world.relay = MemoryRelay()
    world.round(WEDNESDAY, wishing)
    assert world.status(wishing, TUESDAY)[0] is Status.FAILED
    assert world.got(wishing, WEDNESDAY) == ["LoRA"]


def test_a_new_subscriber_is_served_beside_those_who_were(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.round(MONDAY, ADA)
    again = world.round(MONDAY, ADA, GRACE)
    assert (again.planned, again.attempts) == (1, 1)


def test_the_next_day_brings_nothing_twice_and_what_came_late(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.round(MONDAY, ADA)
    world.source.lists[MONDAY] = [paper("LoRA 1"), paper("LoRA late")]
    world.source.lists[TUESDAY] = [paper("LoRA 2"), paper("LoRA 1")]
    world.time = datetime(2026, 6, 16, 6, tzinfo=UTC)
    world.round(TUESDAY, ADA)
    assert world.got(ADA, TUESDAY) == ["LoRA 2", "LoRA late"]
    (row,) = world.ledger.rows(day=TUESDAY)
    assert [pick.section for pick in row.picks] == ["for_you", "late"]


def test_each_letter_comes_back_to_an_address_of_its_own_where_there_is_a_mailbox(world: World) -> None:
    assert isinstance(world.relay, MemoryRelay)
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    world.letters = replace(world.letters, bounces="bounces@example.org")
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.round(TUESDAY, ADA)
    (row,) = world.ledger.rows(day=TUESDAY)
    own = world.letters.return_path(row.id)
    assert own.startswith(f"bounces+1-{row.id}-")
    assert [handed.sender for handed in world.relay.handed] == [world.letters.sender.address, own]
    assert b"<mailto:bounces@example.org?subject=unsubscribe%20" in world.relay.handed[1].message


def test_silence_is_recorded_with_its_reason(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA, GRACE, paused := replace(reader("emmy", "LoRA"), paused=True))
    assert world.status(GRACE, MONDAY) == (Status.QUIET, NOTHING_MATCHED)
    assert world.status(paused, MONDAY) == (Status.QUIET, PAUSED)
    world.round(SATURDAY)
    assert world.status(ADA, SATURDAY) == (Status.QUIET, "no delivery on Saturdays")


def told(world: World, subscriber: Subscriber) -> list[str]:
    """Return the subject and the text of each mail that the reader was handed, each on one line."""
    assert isinstance(world.relay, MemoryRelay)
    lines = []
    for handed in world.relay.handed:
        if handed.recipient == subscriber.address:
            mail = message_from_bytes(handed.message, policy=policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            lines.append(f"{mail['Subject']}: {' '.join(body.get_content().split())}")
    return lines


def test_the_ledger_holds_of_a_mail_that_was_made_shorter_what_it_shows(world: World) -> None:
    greedy = replace(reader("grace", "LoRA"), max_papers=100, min_relevance=0)
    authors = tuple(f"{'Ann' * 15} {number}" for number in range(5))
    world.source.lists[MONDAY] = [
        replace(
            paper(f"{number:03}"),
            title=f"LoRA, number {number:03} {f'and{number} ' * 30}",
            abstract=f"LoRA, {f'so{number} on, ' * 28} and so on.",
            authors=authors,
        )
        for number in range(120)
    ]
    world.round(MONDAY, greedy)
    (row,) = world.ledger.rows(address=greedy.address)
    (mail,) = told(world, greedy)
    numbers = re.findall(r"LoRA, number (\d{3}) ", mail.partition(": ")[2])
    held = [pick.paper.partition(":")[2] for pick in (*row.picks, *row.lines)]
    assert sorted(held) == sorted(set(numbers))
    assert len(row.picks) == mail.count(" Why: ")
    assert row.rejected[Bar.MAIL_FULL] > 0
    assert row.considered == len(held) + sum(row.rejected.values())


NOTED = replace(reader("lin", "speech"), when_empty=WhenEmpty.NOTE)


def test_who_wishes_for_it_is_told_of_an_empty_day_once_and_why(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.sources = [Days(name="Other")]
    outcome = world.round(MONDAY, ADA, NOTED)
    again = world.round(MONDAY, ADA, NOTED)
    assert outcome.balances
    assert (outcome.tally, again.attempts) == ({Status.SENT: 2}, 0)
    (row,) = world.ledger.rows(address=NOTED.address)
    assert (row.status, row.picks, row.remark) == (Status.SENT, (), f"{NOTE}: {NOTHING_MATCHED}")
    (mail,) = told(world, NOTED)
    assert "no papers this time: " in mail
    assert "Nothing new that matches among 2 papers; Other: nothing announced." in mail


def test_a_pause_and_a_day_of_rest_are_no_empty_days(world: World) -> None:
    paused, gone = replace(NOTED, paused=True), replace(NOTED, address="gone@example.org")
    ids = world.ledger.enrol([gone.address], now=world.now())
    world.ledger.suppress(ids[gone.address], "unsubscribed", now=world.now())
    assert world.round(MONDAY, paused, gone).tally == {Status.QUIET: 1, Status.SUPPRESSED: 1}
    assert world.round(SATURDAY, NOTED).tally == {Status.QUIET: 1}


def test_while_a_source_may_still_come_nobody_is_told_that_there_is_nothing(world: World) -> None:
    world.source.broken = "no answer"
    world.sources = [Days(name="Other", lists={MONDAY: [paper("LoRA")]})]
    world.round(MONDAY, NOTED)
    assert world.status(NOTED, MONDAY) == (Status.QUIET, MAY_COME)
    world.source.broken = ""
    world.source.lists[MONDAY] = [paper("speech")]
    world.round(MONDAY, NOTED)
    assert world.got(NOTED, MONDAY) == ["speech"]
    assert len(told(world, NOTED)) == 1


def test_a_source_that_did_not_come_all_day_is_told_of_and_its_papers_come_the_next_day(world: World) -> None:
    world.source.broken = "no answer"
    world.round(MONDAY, NOTED)
    assert world.status(NOTED, MONDAY) == (Status.QUIET, UNREADABLE)
    world.time += CATCH_UP + timedelta(hours=1)
    world.round(MONDAY, NOTED)
    world.source.broken = ""
    world.source.lists[MONDAY] = [paper("speech")]
    world.round(MONDAY, NOTED)
    (mail,) = told(world, NOTED)
    assert "Papers: could not be read." in mail
    world.time += timedelta(days=1)
    world.round(TUESDAY, NOTED)
    assert world.got(NOTED, TUESDAY) == ["speech"]
    # As after a silence: nothing had been looked at, so it is not late.
    assert [pick.section for row in world.ledger.rows(day=TUESDAY) for pick in row.picks] == ["for_you"]


def test_what_failed_on_an_earlier_day_keeps_no_day_open(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, NOTED)
    world.source.broken = "no answer"
    world.time += timedelta(days=1)
    world.round(TUESDAY, NOTED)
    world.source.broken = ""
    world.time += timedelta(days=2)
    world.round(THURSDAY, NOTED)
    assert [(row.day, row.status) for row in world.ledger.rows(address=NOTED.address)] == [
        (THURSDAY, Status.SENT),
        (WEDNESDAY, Status.QUIET),
        (TUESDAY, Status.QUIET),
        (MONDAY, Status.SENT),
    ]


def test_a_day_without_delivery_loses_no_paper(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.round(MONDAY, ADA)
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY, replace(ADA, paused=True))
    world.time += timedelta(days=1)
    world.round(TUESDAY + timedelta(days=1), ADA)
    assert world.got(ADA, TUESDAY + timedelta(days=1)) == ["LoRA 2"]


def test_a_broken_source_stops_no_other_and_says_why(world: World) -> None:
    world.source.broken = "500 Internal Server Error"
    world.sources = [Days(name="Other", lists={MONDAY: [paper("LoRA")]})]
    outcome = world.round(MONDAY, ADA)
    assert world.got(ADA, MONDAY) == ["LoRA"]
    failed = [batch for batch in outcome.batches if batch.state is BatchState.FAILED]
    assert [batch.reason for batch in failed] == ["500 Internal Server Error"]


def test_where_no_source_answers_the_day_stays_open_until_one_does(world: World) -> None:
    world.source.broken = "no answer"
    world.round(MONDAY, ADA)
    assert world.status(ADA, MONDAY) == (Status.QUIET, UNREADABLE)
    world.source.broken = ""
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    assert world.status(ADA, MONDAY)[0] is Status.SENT


def test_a_source_that_stands_still_is_stale_and_brings_nothing_again(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    world.source.lists[TUESDAY] = [paper("LoRA")]
    outcome = world.round(TUESDAY, ADA)
    assert outcome.batches[0].state is BatchState.STALE
    assert world.status(ADA, TUESDAY)[0] is Status.QUIET


def test_what_a_source_gave_just_now_is_not_asked_for_again(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.source.lists[MONDAY - timedelta(days=1)] = [paper("older")]
    world.round(MONDAY, ADA, max_age=timedelta(minutes=15))
    asked = world.source.asked
    world.round(MONDAY, ADA, GRACE, max_age=timedelta(minutes=15))
    assert world.source.asked == asked


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (refused(550, "5.1.1 no such user"), Status.FAILED),
        (refused(451, "4.7.1 greylisted"), Status.DEFERRED),
        (refused(554, "5.7.1 looks like spam"), Status.DEFERRED),
        (Interrupted("the connection was reset"), Status.DEFERRED),
    ],
)
def test_one_refusal_stops_nobody_else(world: World, answer: Exception, status: Status) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.relay = relay = MemoryRelay({ADA.address: [answer]})
    outcome = world.round(MONDAY)
    assert world.status(ADA, MONDAY)[0] is status
    assert [handed.recipient for handed in relay.handed] == [GRACE.address]
    assert outcome.tally[Status.SENT] == 1


def test_what_was_put_off_is_tried_once_a_run_until_it_arrives(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [refused(451, "4.7.1 later"), refused(451, "4.7.1 later")]})
    assert [world.round(MONDAY, ADA).attempts for _ in range(4)] == [1, 1, 1, 0]
    assert world.status(ADA, MONDAY)[0] is Status.SENT


def test_a_lost_reply_is_answered_with_the_same_bytes_once_by_the_next_run(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = relay = MemoryRelay({ADA.address: [Unanswered("no reply"), Unanswered("no reply")]})
    attempts = [world.round(MONDAY, ADA).attempts for _ in range(4)]
    assert attempts == [1, 1, 0, 0]
    assert relay.handed[0] == relay.handed[1]
    assert world.status(ADA, MONDAY)[0] is Status.UNKNOWN


def test_what_yesterday_left_unknown_is_sent_again_by_todays_round(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = relay = MemoryRelay({ADA.address: [Unanswered("no reply")]})
    world.round(MONDAY, ADA)
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert relay.handed[0] == relay.handed[1]
    assert world.status(ADA, MONDAY)[0] is Status.SENT


def test_a_letter_that_could_not_be_delivered_for_days_is_given_up(world: World) -> None:
    world.subscribers = (ADA, GRACE)
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [RelayUnusable("no connection")]})
    world.round(MONDAY, ADA)
    world.time += timedelta(days=4)
    world.relay = relay = MemoryRelay({})
    world.round(MONDAY, GRACE)
    assert not relay.handed
    assert world.status(ADA, MONDAY) == (Status.FAILED, "not delivered in time")


def test_a_relay_that_loses_every_letter_is_not_given_all_of_them(world: World) -> None:
    everybody = [reader(f"reader{n}", "LoRA") for n in range(20)]
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({each.address: [Unanswered("no reply")] for each in everybody})
    outcome = world.round(MONDAY, *everybody)
    assert outcome.attempts <= 5
    assert outcome.tally[Status.PLANNED] >= 15


def test_a_wrong_password_is_tried_once(world: World) -> None:
    everybody = [reader(f"reader{n}", "LoRA") for n in range(5)]
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({each.address: [RelayUnusable("wrong password")] for each in everybody})
    assert world.round(MONDAY, *everybody).attempts == 1


def test_under_hold_a_lost_reply_waits_for_a_person(world: World) -> None:
    world.on_unknown = OnUnknown.HOLD
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = relay = MemoryRelay({ADA.address: [Unanswered("no reply")]})
    world.round(MONDAY, ADA)
    world.round(MONDAY, ADA)
    assert len(relay.handed) == 1
    (row,) = world.ledger.rows(status=Status.UNKNOWN)
    assert world.ledger.resolve(row.id, Status.PLANNED, "asked for", now=world.now())
    world.round(MONDAY, ADA)
    assert len(relay.handed) == 2


def test_a_relay_that_cannot_be_used_stops_the_round_and_loses_nothing(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.relay = MemoryRelay({each.address: [RelayUnusable("no connection")] * 2 for each in (ADA, GRACE)})
    outcome = world.round(MONDAY)
    assert outcome.stopped == "no connection"
    assert outcome.tally == {Status.PLANNED: 2}
    world.relay = MemoryRelay({})
    assert world.round(MONDAY).tally == {Status.SENT: 2}


def test_a_relay_that_refuses_everybody_is_not_asked_for_everybody(world: World) -> None:
    everybody = [reader(f"reader{n}", "LoRA") for n in range(20)]
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({each.address: [refused(421, "4.7.0 slow down")] for each in everybody})
    outcome = world.round(MONDAY, *everybody)
    assert outcome.attempts <= 5
    assert outcome.stopped
    assert "slow down" in outcome.stopped


def test_what_cannot_be_recorded_is_not_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = relay = MemoryRelay({})

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(world.ledger, "begin_data", full)
    with pytest.raises(StoreError, match="disk is full"):
        world.round(MONDAY, ADA)
    assert not relay.handed


def test_unsubscribing_wins_over_a_letter_that_is_planned_already(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [RelayUnusable("no connection")]})
    world.round(MONDAY, ADA)
    ids = world.ledger.enrol([ADA.address], now=world.now())
    world.ledger.suppress(ids[ADA.address], "unsubscribed", now=world.now())
    world.relay = relay = MemoryRelay({})
    world.round(MONDAY, ADA)
    world.round(TUESDAY, ADA)
    assert not relay.handed
    assert world.status(ADA, MONDAY) == (Status.SUPPRESSED, "unsubscribed")
    assert world.status(ADA, TUESDAY) == (Status.SUPPRESSED, "unsubscribed")


def test_what_did_not_get_through_comes_with_the_next_digest(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.relay = MemoryRelay({ADA.address: [refused(451, "4.7.1 later")]})
    world.round(MONDAY, ADA)
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert world.status(ADA, MONDAY)[0] is Status.FAILED
    assert set(world.got(ADA, TUESDAY)) == {"LoRA 1", "LoRA 2"}


def test_every_round_balances(world: World) -> None:
    everybody = [reader(f"reader{n}", "LoRA" if n % 3 else "speech") for n in range(30)]
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay(
        {
            each.address: [answer]
            for each, answer in zip(
                everybody,
                [refused(550, "5.1.1 no"), refused(451, "4.2.1 later"), Unanswered("lost")] * 10,
                strict=True,
            )
        }
    )
    assert world.round(MONDAY, *everybody).balances


def test_whoever_looks_again_is_told_of_a_failure_and_loses_nothing(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.round(MONDAY, ADA)
    world.source.broken = "503 Service Unavailable"
    outcome = world.round(MONDAY, ADA, GRACE)
    assert (outcome.batches[0].state, outcome.batches[0].reason) == (
        BatchState.FAILED,
        "503 Service Unavailable",
    )
    assert world.got(GRACE, MONDAY) == ["robots"]


def test_an_earlier_list_is_looked_at_anew_with_each_new_day(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.round(MONDAY, ADA, max_age=timedelta(minutes=15))
    world.source.lists[MONDAY] = [paper("LoRA 1"), paper("LoRA late")]
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.round(TUESDAY, ADA, max_age=timedelta(minutes=15))
    assert world.got(ADA, TUESDAY) == ["LoRA 2", "LoRA late"]


def test_a_source_unchanged_since_this_very_day_keeps_what_it_gave(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.round(MONDAY, ADA)
    world.source.unchanged = True
    outcome = world.round(MONDAY, ADA, GRACE)
    assert outcome.batches[0].state is BatchState.FRESH
    assert world.got(GRACE, MONDAY) == ["robots"]


@pytest.mark.parametrize(("calendar", "state"), [(always, BatchState.STALE), (None, BatchState.QUIET)])
def test_a_source_unchanged_since_an_earlier_day_is_stale_or_at_rest(
    world: World, calendar: Calendar | None, state: BatchState
) -> None:
    world.source.calendar = calendar
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    world.source.unchanged = True
    assert world.round(TUESDAY, ADA).batches[0].state is state
    assert world.status(ADA, TUESDAY)[0] is Status.QUIET


def test_a_day_that_was_quiet_before_its_announcement_is_stale_where_nothing_came_with_it(
    world: World,
) -> None:
    announced = datetime(2026, 6, 16, 8, tzinfo=UTC)
    world.source.calendar = lambda _: Announcement(since=announced)
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    world.source.unchanged = True
    world.time = announced - timedelta(hours=1)
    early = world.round(TUESDAY, ADA).batches[0]
    world.time = announced + timedelta(hours=1)
    late = world.round(TUESDAY, ADA, GRACE).batches[0]
    assert (early.state, early.reason) == (BatchState.QUIET, STILL_TO_COME)
    assert late.state is BatchState.STALE


def test_a_feed_of_yesterday_that_is_new_to_us_is_fresh_and_later_stale(world: World) -> None:
    world.source.own_day = MONDAY
    world.source.lists[MONDAY] = [paper("LoRA")]
    first = world.round(TUESDAY, ADA)
    assert (first.batches[0].day, first.batches[0].state) == (MONDAY, BatchState.FRESH)
    assert world.got(ADA, TUESDAY) == ["LoRA"]
    again = world.round(TUESDAY + timedelta(days=1), ADA)
    assert (again.batches[0].day, again.batches[0].state) == (TUESDAY + timedelta(days=1), BatchState.STALE)


def test_a_letter_that_cannot_be_made_stops_no_other(world: World) -> None:
    class Letterless(Letters):
        def render(self, digest: Digest, subscriber: SubscriberId) -> Rendered:
            if digest.subscriber.address == ADA.address:
                raise ValueError("a variable of the template is missing")
            return super().render(digest, subscriber)

    world.letters = Letterless(renderer=RENDERER, sender=world.letters.sender, secret=b"s" * 32)
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    outcome = world.round(MONDAY)
    assert outcome.tally == {Status.FAILED: 1, Status.SENT: 1}
    assert "a variable of the template is missing" in world.status(ADA, MONDAY)[1]


def test_a_template_that_is_wrong_stops_no_letter_and_is_told_of_once(world: World, tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    (own / "digest.txt.j2").write_text("Ours\n{{ mail.gone }}")
    renderer = RoundRenderer(own)
    world.letters = Letters(renderer=renderer, sender=world.letters.sender, secret=b"s" * 32)
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    with capture_logs() as logs:
        outcome = world.round(MONDAY)
    assert outcome.tally == {Status.SENT: 2}
    assert outcome.trouble.startswith("digest.txt.j2, line 2: ")
    told_of = [each for each in logs if each["log_level"] == "warning"]
    assert [(each["event"], each["reason"]) for each in told_of] == [("templates.unusable", outcome.trouble)]
    (own / "digest.txt.j2").write_text("Ours")
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    assert world.round(TUESDAY, ADA).trouble == ""
    assert [mail.endswith(": Ours") for mail in told(world, ADA)] == [False, True]


def test_a_request_to_stop_ends_the_round_and_leaves_the_rest_planned(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.relay = MemoryRelay({each.address: [RelayUnusable("no connection")] * 2 for each in (ADA, GRACE)})
    world.round(MONDAY)
    world.asked_to_stop = True
    outcome = world.round(MONDAY)
    assert outcome.stopped == "stopped by request"
    assert outcome.tally == {Status.PLANNED: 2}


def test_a_request_to_stop_does_not_wait_for_a_source(world: World) -> None:
    world.asked_to_stop = True
    world.source.hangs = True
    with pytest.raises(Stopped):
        world.round(MONDAY)
    assert not world.ledger.rows()


def test_more_readers_than_fit_into_one_commit_are_all_planned(world: World) -> None:
    everybody = [reader(f"reader{n}", "absent") for n in range(CHUNK + 3)]
    world.source.lists[MONDAY] = [paper("LoRA")]
    assert world.round(MONDAY, *everybody).tally == {Status.QUIET: CHUNK + 3}


def test_looking_again_for_one_takes_no_reason_from_another(world: World) -> None:
    world.source.broken = "no answer"
    world.round(MONDAY)
    outcome = world.round(MONDAY, ADA)
    assert outcome.balances
    assert world.status(GRACE, MONDAY) == (Status.QUIET, UNREADABLE)


def test_a_round_for_one_delivers_nobody_elses_letter(world: World) -> None:
    world.subscribers = (ADA, GRACE)
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.relay = MemoryRelay({each.address: [RelayUnusable("no connection")] * 2 for each in (ADA, GRACE)})
    world.round(MONDAY)
    world.relay = relay = MemoryRelay({})
    outcome = world.round(MONDAY, ADA, alone=True)
    assert [handed.recipient for handed in relay.handed] == [ADA.address]
    assert (outcome.subscribers, outcome.tally) == (1, {Status.SENT: 1})
    assert world.status(GRACE, MONDAY)[0] is Status.PLANNED


def test_a_stale_day_does_not_hide_what_the_source_says_under_that_day_later(world: World) -> None:
    """A feed that lags a day shows its announcement of a day when we have asked for it in vain."""
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.source.own_day = MONDAY
    world.round(MONDAY, ADA)
    world.time += timedelta(days=1)
    assert world.round(TUESDAY, ADA).batches[0].state is BatchState.STALE
    world.time += timedelta(days=1)
    world.source.own_day = TUESDAY
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    outcome = world.round(WEDNESDAY, ADA)
    assert (outcome.batches[0].day, outcome.batches[0].state) == (TUESDAY, BatchState.FRESH)
    assert world.got(ADA, WEDNESDAY) == ["LoRA 2"]


def test_a_source_that_failed_is_asked_again_though_everybody_has_a_letter(world: World) -> None:
    world.source.broken = "no answer"
    world.sources = [Days(name="Other", lists={MONDAY: [paper("LoRA 1")]})]
    world.round(MONDAY, ADA)
    world.source.broken = ""
    world.source.lists[MONDAY] = [paper("LoRA 2")]
    again = world.round(MONDAY, ADA)
    assert (again.planned, again.attempts) == (0, 0)
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert world.got(ADA, TUESDAY) == ["LoRA 2"]


def test_an_error_that_nobody_foresaw_in_one_source_stops_no_other(world: World) -> None:
    class Unforeseen(Days):
        async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
            del day, etag
            raise OverflowError("date value out of range")

    world.sources = [Unforeseen(name="Other")]
    world.source.lists[MONDAY] = [paper("LoRA")]
    outcome = world.round(MONDAY, ADA)
    assert world.got(ADA, MONDAY) == ["LoRA"]
    assert outcome.batches[-1].reason == "its answer could not be handled: OverflowError"


@pytest.mark.parametrize("fault", [RelayUnusable("no connection"), Unanswered("no reply")])
@pytest.mark.parametrize("now", [(), (replace(ADA, paused=True),)], ids=["removed", "paused"])
def test_whoever_left_gets_nothing_that_was_waiting(
    world: World, fault: Exception, now: tuple[Subscriber, ...]
) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [fault]})
    world.round(MONDAY, ADA)
    world.relay = relay = MemoryRelay({})
    world.subscribers = (*now, GRACE)
    world.round(MONDAY, *now, GRACE)
    assert ADA.address not in [handed.recipient for handed in relay.handed]


def test_what_a_killed_process_left_in_hand_is_not_sent_to_whoever_left(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [RelayUnusable("no connection")]})
    world.round(MONDAY, ADA)
    world.killed_worker()
    world.relay = relay = MemoryRelay({})
    world.round(MONDAY, GRACE)
    assert not relay.handed
    assert world.status(ADA, MONDAY)[0] is Status.SUPPRESSED


def test_a_pause_that_the_reader_chose_is_the_reason_for_silence_and_ends_by_itself(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.round(MONDAY, ADA)
    world.choose(ADA, PauseChange(pause=Pause(until=WEDNESDAY)))
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert world.status(ADA, TUESDAY) == (Status.QUIET, f"{PAUSED_BY_READER} until 2026-06-17")
    world.time += timedelta(days=1)
    world.round(WEDNESDAY, ADA)
    assert world.got(ADA, WEDNESDAY) == ["LoRA 2"]


def test_whoever_reads_again_gets_the_next_digest(world: World) -> None:
    world.choose(ADA, PauseChange(pause=Pause()))
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.round(MONDAY, ADA)
    assert world.status(ADA, MONDAY) == (Status.QUIET, PAUSED_BY_READER)
    world.choose(ADA, PauseChange(pause=None))
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert sorted(world.got(ADA, TUESDAY)) == ["LoRA 1", "LoRA 2"]


def test_a_weekly_digest_that_the_reader_chose_holds_the_days_between(world: World) -> None:
    world.choose(ADA, RhythmChange(rhythm=Rhythm(cadence=Cadence.WEEKLY, days=frozenset({1}))))
    world.source.lists[MONDAY] = [paper("LoRA 1"), paper("robots")]
    world.round(MONDAY)
    assert world.status(ADA, MONDAY) == (Status.QUIET, "no delivery on Mondays")
    assert world.got(GRACE, MONDAY) == ["robots"]
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY)
    assert sorted(world.got(ADA, TUESDAY)) == ["LoRA 1", "LoRA 2"]


def test_a_pause_takes_back_a_letter_that_waits(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [RelayUnusable("no connection")]})
    world.round(MONDAY, ADA)
    assert world.status(ADA, MONDAY)[0] is Status.PLANNED
    world.choose(ADA, PauseChange(pause=Pause(until=TUESDAY)))
    world.relay = relay = MemoryRelay({})
    world.round(MONDAY, ADA, GRACE)
    assert not relay.handed
    assert world.status(ADA, MONDAY)[0] is Status.SUPPRESSED
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert sorted(world.got(ADA, TUESDAY)) == ["LoRA", "LoRA 2"]


def test_the_letter_of_the_day_that_ends_a_pause_goes_out_though_that_day_is_still_to_come(
    world: World,
) -> None:
    west = replace(ADA, timezone=ZoneInfo("America/Los_Angeles"))
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.ledger.enrol([west.address], now=world.now())
    world.choose(west, PauseChange(pause=Pause(until=MONDAY)))
    world.time = datetime(2026, 6, 15, 6, tzinfo=UTC)  # Sunday night, over there
    world.round(MONDAY, west)
    assert world.got(west, MONDAY) == ["LoRA"]


def test_who_is_away_by_the_config_gets_what_came_meanwhile_with_the_first_mail_after_it(
    world: World,
) -> None:
    away = replace(ADA, away=(Away(first=MONDAY, until=WEDNESDAY),))
    world.source.lists[MONDAY] = [paper("LoRA 1")]
    world.round(MONDAY, away)
    assert world.status(ADA, MONDAY) == (Status.QUIET, "away until 2026-06-17")
    world.source.lists[WEDNESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=2)
    world.round(WEDNESDAY, away)
    assert sorted(world.got(ADA, WEDNESDAY)) == ["LoRA 1", "LoRA 2"]
    assert world.status(ADA, TUESDAY) == (Status.QUIET, "away until 2026-06-17")


def test_a_letter_that_waits_is_taken_back_from_who_is_away_by_a_config_that_came_later(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.relay = MemoryRelay({ADA.address: [RelayUnusable("no connection")]})
    world.round(MONDAY, ADA)
    world.relay = relay = MemoryRelay({})
    world.round(MONDAY, replace(ADA, away=(Away(first=MONDAY, until=TUESDAY),)))
    assert not relay.handed
    assert world.status(ADA, MONDAY)[0] is Status.SUPPRESSED


@pytest.mark.parametrize("whose", ["the operator's", "the operator's, for some time", "the reader's"])
def test_after_a_pause_comes_the_best_of_the_time_whoever_wished_for_it(world: World, whose: str) -> None:
    back = MONDAY + timedelta(days=13)
    few = replace(ADA, days=EVERY_DAY, max_papers=3)
    for number in range(14):
        day = MONDAY + timedelta(days=number)
        world.source.lists[day] = [paper(f"LoRA, LoRA and no {number}"), paper(f"robots {number}")]
        now = few
        if day == TUESDAY and whose == "the reader's":
            world.choose(ADA, PauseChange(pause=Pause(until=back)))
        if whose == "the operator's, for some time":
            now = replace(few, away=(Away(first=TUESDAY, until=back),))
        if whose == "the operator's" and TUESDAY <= day < back:
            now = replace(few, paused=True)
        world.relay = relay = MemoryRelay({})
        world.round(day, now)
        assert len(relay.handed) == (0 if MONDAY < day < back else 1)
        world.time += timedelta(days=1)
    assert len(world.got(ADA, back)) == few.max_papers
    (row,) = world.ledger.rows(day=back, address=ADA.address)
    assert row.considered == 2 * 13
    letter = message_from_bytes(relay.handed[0].message, policy=policy.default)
    text = letter.get_body(("plain",))
    assert text is not None
    assert "While you were away: the best of 13 days" in text.get_content()


def test_one_of_so_many_days_brings_what_came_since_the_one_before(world: World) -> None:
    counting = replace(ADA, every=Every(number=3, since=MONDAY))
    for number, day in enumerate((MONDAY, TUESDAY, WEDNESDAY, THURSDAY)):
        world.source.lists[day] = [paper(f"LoRA {number}")]
        world.round(day, counting)
        world.time += timedelta(days=1)
    assert world.got(ADA, MONDAY) == ["LoRA 0"]
    assert world.status(ADA, TUESDAY) == (
        Status.QUIET,
        "one delivery day in 3; the next is Thursday 18 June 2026",
    )
    assert sorted(world.got(ADA, THURSDAY)) == ["LoRA 1", "LoRA 2", "LoRA 3"]


def test_a_pause_chosen_while_papers_are_fetched_keeps_the_letter_back(world: World) -> None:
    class Slow(Days):
        async def fetch(self, day: date, *, etag: str | None) -> Batch | None:
            world.choose(ADA, PauseChange(pause=Pause()))
            return await Days.fetch(self, day, etag=etag)

    world.source = Slow(lists={MONDAY: [paper("LoRA"), paper("robots")]})
    world.relay = relay = MemoryRelay({})
    world.round(MONDAY)
    assert [handed.recipient for handed in relay.handed] == [GRACE.address]
    assert world.status(ADA, MONDAY)[0] is Status.SUPPRESSED


def test_each_paper_and_each_keyword_is_embedded_once(world: World) -> None:
    world.embedder = model = BagOfWords()
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.round(MONDAY, ADA, GRACE, replace(ADA, address="emmy@example.org"))
    assert sorted(model.asked) == ["LoRA", "LoRA.", "robots", "robots."]
    world.source.lists[TUESDAY] = [paper("LoRA 2"), paper("robots")]
    world.time += timedelta(days=1)
    world.round(TUESDAY)
    assert model.asked[4:] == ["LoRA 2."]


def test_a_paper_whose_words_changed_is_embedded_anew(world: World) -> None:
    world.embedder = model = BagOfWords()
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    world.source.lists[MONDAY] = [replace(paper("LoRA"), abstract="Now with an abstract.")]
    world.source.lists[TUESDAY] = [paper("LoRA 2")]
    world.time += timedelta(days=1)
    world.round(TUESDAY, ADA)
    assert model.asked[2:] == ["LoRA. Now with an abstract.", "LoRA 2."]


def test_what_is_excluded_or_read_by_nobody_is_not_embedded(world: World) -> None:
    world.embedder = model = BagOfWords()
    world.source.lists[MONDAY] = [paper("LoRA")]
    author = replace(ADA, interests=Interests(authors=("Ada Lovelace",), exclude=(keyword("survey"),)))
    world.round(MONDAY, author, replace(GRACE, paused=True))
    assert model.asked == []


def test_with_a_model_nothing_is_remarked(world: World) -> None:
    world.embedder = BagOfWords()
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    (row,) = world.ledger.rows(day=MONDAY)
    assert row.remark == ""


def test_without_its_model_a_round_goes_on_by_words_alone_and_says_so(world: World) -> None:
    world.embedder = NoModel()
    world.relay = relay = MemoryRelay()
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    with capture_logs() as logs:
        outcome = world.round(MONDAY)
    assert outcome.tally == {Status.SENT: 2}
    assert (world.got(ADA, MONDAY), world.got(GRACE, MONDAY)) == (["LoRA"], ["robots"])
    assert {row.remark for row in world.ledger.rows(day=MONDAY)} == {WORDS_ALONE}
    for handed in relay.handed:
        mail = message_from_bytes(handed.message, policy=policy.default)
        for part in ("plain", "html"):
            body = mail.get_body((part,))
            assert body is not None
            assert f"2 new; {WORDS_ALONE}." in " ".join(body.get_content().split())
    warned = [each for each in logs if each["log_level"] == "warning"]
    assert [each["event"] for each in warned] == ["meaning.unknown"]
    assert warned[0]["reason"] == "there is no model for 4 texts"


def test_a_silence_without_the_model_is_remarked_too(world: World) -> None:
    world.embedder = NoModel()
    world.source.lists[MONDAY] = [paper("speech")]
    world.round(MONDAY, ADA)
    (row,) = world.ledger.rows(day=MONDAY)
    assert (row.reason, row.remark) == (NOTHING_MATCHED, WORDS_ALONE)


def test_a_day_on_which_nothing_ran_has_its_reason_and_its_papers_come_later(world: World) -> None:
    world.source.lists = {
        MONDAY: [paper("LoRA 1")],
        WEDNESDAY: [paper("LoRA 2")],
        THURSDAY: [paper("LoRA 3")],
    }
    rare = replace(GRACE, days=frozenset({0, 3}))
    world.round(MONDAY, ADA, rare)
    world.time += timedelta(days=3)
    newcomer = reader("emmy", "LoRA")
    with capture_logs() as events:
        world.round(THURSDAY, ADA, rare, newcomer)
    told = [(each["day"], each["subscribers"]) for each in events if each["event"] == "day.missed"]
    assert told == [(str(TUESDAY), 1), (str(WEDNESDAY), 1)]
    assert [world.status(ADA, day) for day in (TUESDAY, WEDNESDAY)] == [(Status.QUIET, NO_ROUND)] * 2
    assert world.status(rare, TUESDAY) == (Status.QUIET, "no delivery on Tuesdays")
    assert set(world.got(ADA, THURSDAY)) == {"LoRA 2", "LoRA 3"}
    assert [row.day for row in world.ledger.rows(address=newcomer.address)] == [THURSDAY]
    assert world.ledger.gaps() == ()
