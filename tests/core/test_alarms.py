"""When there is reason for an alarm, and when it is over."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.alarms import MemoryAlarms

from paperround import calendars
from paperround.alarm_rules import Facts, LetterFacts, RelayFacts, Room, SourceFacts, judge
from paperround.alarms import ADVICE, Alarm, Condition, Judgement, Key, Turn, turn
from paperround.batches import BatchRecord, BatchState
from paperround.calendars import Calendar

TUESDAY, WEDNESDAY, THURSDAY = date(2026, 6, 16), date(2026, 6, 17), date(2026, 6, 18)
FRIDAY, SATURDAY, MONDAY = date(2026, 6, 12), date(2026, 6, 13), date(2026, 6, 15)
NOW = datetime(2026, 6, 17, 8, tzinfo=UTC)
FRESH, STALE, FAILED = BatchState.FRESH, BatchState.STALE, BatchState.FAILED
QUIET, PARTIAL = BatchState.QUIET, BatchState.PARTIAL
MB = 1_000_000


def batch(
    day: date, state: BatchState = FRESH, *, at: datetime | None = None, papers: int | None = None
) -> BatchRecord:
    """Return what a source gave at half past seven of that day, or at another time."""
    brought = state in (FRESH, PARTIAL)
    return BatchRecord(
        source="arXiv",
        day=day,
        state=state,
        papers=(30 if brought else 0) if papers is None else papers,
        new=0,
        reason="" if brought else "no answer",
        etag=None,
        fetched_at=at or datetime(day.year, day.month, day.day, 7, 30, tzinfo=UTC),
    )


def given_by(*batches: BatchRecord, calendar: Calendar | None = calendars.arxiv) -> Facts:
    newest_first = sorted(batches, key=lambda each: each.day, reverse=True)
    return Facts(sources=(SourceFacts(name="arXiv", calendar=calendar, batches=tuple(newest_first)),))


def raised(facts: Facts, *, standing: Sequence[Key] = (), now: datetime = NOW) -> list[Alarm]:
    return list(judge(facts, set(standing), now=now).alarms)


def conditions(facts: Facts, *, standing: Sequence[Key] = (), now: datetime = NOW) -> list[Condition]:
    return [alarm.condition for alarm in raised(facts, standing=standing, now=now)]


# A silent source


def test_a_source_that_fails_is_told_of_after_a_day_and_not_before() -> None:
    due = datetime(2026, 6, 16, 4, tzinfo=UTC)  # midnight in New York
    first = (batch(MONDAY), batch(TUESDAY, FAILED))
    assert raised(given_by(*first)) == []
    assert raised(given_by(*first, batch(WEDNESDAY, FAILED, at=due + timedelta(days=1)))) == []
    late = batch(WEDNESDAY, FAILED, at=due + timedelta(days=1, seconds=1))
    (alarm,) = raised(given_by(*first, late))
    assert alarm.key == (Condition.SOURCE, "arXiv")
    assert alarm.sentence == "arXiv is failing; nothing has come since 16 June 2026: no answer"


def test_a_stale_source_is_told_of_as_stale() -> None:
    (alarm,) = raised(given_by(batch(MONDAY), batch(TUESDAY, STALE), batch(WEDNESDAY, STALE)))
    assert "arXiv is stale" in alarm.sentence


@pytest.mark.parametrize("state", [FRESH, PARTIAL])
def test_a_source_that_gives_anything_is_not_silent(state: BatchState) -> None:
    assert raised(given_by(batch(MONDAY, FAILED), batch(TUESDAY, FAILED), batch(WEDNESDAY, state))) == []


def test_a_quiet_weekend_is_no_silence() -> None:
    days = (batch(FRIDAY), batch(SATURDAY, QUIET), batch(SATURDAY + timedelta(days=1), QUIET))
    assert raised(given_by(*days), now=NOW) == []
    # What fails on a weekend had nothing to give, and on Monday it is not yet a day late.
    failed = [batch(SATURDAY + timedelta(days=number), FAILED) for number in range(3)]
    assert raised(given_by(batch(FRIDAY), *failed)) == []


def test_a_friday_that_never_came_is_told_of_by_who_asks_on_the_weekend() -> None:
    friday = (batch(FRIDAY - timedelta(days=1)), batch(FRIDAY, FAILED))
    assert raised(given_by(*friday)) == []  # nobody has asked since
    assert conditions(given_by(*friday, batch(SATURDAY, QUIET))) == [Condition.SOURCE]


def test_a_holiday_is_no_silence() -> None:
    juneteenth = date(2026, 6, 22)  # the day whose evening before had no announcement
    days = (batch(date(2026, 6, 18)), batch(juneteenth, QUIET), batch(date(2026, 6, 23), FAILED))
    assert raised(given_by(*days), now=datetime(2026, 6, 23, 8, tzinfo=UTC)) == []


def test_a_look_before_the_announcement_neither_mends_nor_breaks_a_source() -> None:
    early = datetime(2026, 6, 17, 0, 30, tzinfo=UTC)  # as for readers in Tokyo
    soon = batch(WEDNESDAY, QUIET, at=early)
    assert raised(given_by(batch(TUESDAY), soon)) == []
    old = (batch(FRIDAY), batch(MONDAY, FAILED), batch(TUESDAY, FAILED))
    assert conditions(given_by(*old, soon), now=early) == [Condition.SOURCE]


def test_a_source_without_a_calendar_is_silent_where_it_fails_for_two_days() -> None:
    days = [batch(MONDAY, QUIET), batch(TUESDAY, FAILED)]
    assert raised(given_by(*days, calendar=None)) == []
    assert conditions(given_by(*days, batch(WEDNESDAY, FAILED), calendar=None)) == [Condition.SOURCE]
    assert raised(given_by(*days, batch(WEDNESDAY, QUIET), calendar=None)) == []


def test_a_source_that_was_never_asked_is_no_alarm() -> None:
    assert raised(given_by()) == []


def test_a_clock_that_went_back_makes_no_silence() -> None:
    ahead = batch(TUESDAY, FAILED, at=NOW + timedelta(days=300))
    assert raised(given_by(batch(MONDAY), ahead), now=datetime(2026, 6, 16, 8, tzinfo=UTC)) == []


# An unusual volume


def weeks(*papers: int, day: date = WEDNESDAY) -> list[BatchRecord]:
    """Return what came on the same weekday before that day, the latest first."""
    return [batch(day - timedelta(weeks=week), papers=count) for week, count in enumerate(papers, start=1)]


@pytest.mark.parametrize(("papers", "told"), [(24, True), (25, False), (400, False), (401, True)])
def test_a_volume_is_unusual_below_a_quarter_and_above_four_times_the_median(papers: int, told: bool) -> None:  # noqa: FBT001 - of the table
    facts = given_by(*weeks(100, 90, 110, 100, 1, 900), batch(WEDNESDAY, papers=papers))
    assert conditions(facts) == [Condition.VOLUME] * told


def test_an_unusual_volume_is_told_with_what_is_usual() -> None:
    (alarm,) = raised(given_by(*weeks(100, 90, 110, 101), batch(WEDNESDAY, papers=2)))
    assert alarm.subject == "arXiv, 2026-06-17"
    assert alarm.sentence == ("arXiv brought 2 papers on Wednesday 17 June 2026; on such a day 100 are usual")


def test_three_weeks_are_too_few_to_know_what_is_usual() -> None:
    assert raised(given_by(*weeks(100, 100, 100), batch(WEDNESDAY, papers=1))) == []


def test_only_the_same_weekday_of_the_last_weeks_and_what_came_whole_says_what_is_usual() -> None:
    tuesdays = weeks(100, 100, 100, 100, day=TUESDAY)
    long_ago = [replace(each, day=each.day - timedelta(weeks=8)) for each in weeks(100, 100, 100, 100)]
    in_part = [replace(each, state=PARTIAL) for each in weeks(100, 100, 100, 100)]
    for before in (tuesdays, long_ago, in_part):
        assert raised(given_by(*before, batch(WEDNESDAY, papers=1))) == []


def test_small_numbers_are_left_to_chance() -> None:
    assert raised(given_by(*weeks(9, 9, 9, 9), batch(WEDNESDAY, papers=1))) == []
    assert raised(given_by(*weeks(1, 1, 1, 1), batch(WEDNESDAY, papers=40))) == []


def test_a_list_that_still_grows_is_not_too_short_until_its_day_is_over() -> None:
    before = weeks(100, 100, 100, 100)
    morning = batch(WEDNESDAY, papers=2)
    whole = batch(WEDNESDAY, papers=2, at=datetime(2026, 6, 18, tzinfo=UTC))
    for calendar in (calendars.hugging_face, None):
        assert raised(given_by(*before, morning, calendar=calendar)) == []
        assert conditions(given_by(*before, whole, calendar=calendar)) == [Condition.VOLUME]
    assert conditions(given_by(*before, batch(WEDNESDAY, papers=401), calendar=None)) == [Condition.VOLUME]


def test_an_unusual_volume_is_over_with_the_next_batch_or_when_it_is_no_news() -> None:
    odd = [*weeks(100, 100, 100, 100), batch(WEDNESDAY, papers=2)]
    usual = [*weeks(100, 100, 100, 100, day=THURSDAY), batch(THURSDAY, papers=90)]
    assert conditions(given_by(*odd), now=NOW + timedelta(days=4)) == [Condition.VOLUME]
    assert raised(given_by(*odd), now=NOW + timedelta(days=5)) == []
    assert raised(given_by(*odd, *usual), now=NOW + timedelta(days=1)) == []


def test_of_the_recorded_days_only_the_one_with_a_tenth_of_the_papers_is_unusual(recorded: Path) -> None:
    counts = {"arXiv": _of_arxiv(recorded), "Hugging Face": _of_hugging_face(recorded)}
    unusual = []
    for source, papers in counts.items():
        for day, count in papers.items():
            others = [other for each, other in papers.items() if each != day]
            facts = given_by(*weeks(*others[:8], day=day), batch(day, papers=count))
            unusual += [(source, day.isoformat()) for _ in raised(facts, now=_morning(day))]
    assert unusual == [("arXiv", "2026-06-25")]


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC)


def _of_arxiv(recorded: Path) -> Mapping[date, int]:
    files = sorted((recorded / "data" / "arxiv").glob("*.jsonl.gz"))
    return {date.fromisoformat(file.name[:10]): len(gzip.open(file).readlines()) for file in files}


def _of_hugging_face(recorded: Path) -> Mapping[date, int]:
    files = sorted((recorded / "data" / "huggingface").glob("*.json"))
    return {date.fromisoformat(file.stem): len(json.loads(file.read_bytes())) for file in files}


# Letters and the relay


def letters(sent: int, failed: int, held: int = 0) -> Facts:
    return Facts(letters=LetterFacts(sent=sent, failed=failed, held=held))


@pytest.mark.parametrize(
    ("sent", "failed", "told"),
    [(27, 3, True), (28, 3, False), (2, 2, False), (0, 1, True), (0, 2, True), (100, 0, False)],
)
def test_letters_fail_where_a_tenth_of_them_does_or_all_of_them(sent: int, failed: int, told: bool) -> None:  # noqa: FBT001 - of the table
    assert conditions(letters(sent, failed)) == [Condition.DELIVERIES] * told


def test_failing_letters_are_over_below_a_twentieth_and_not_because_a_day_has_none() -> None:
    stands = (Condition.DELIVERIES, "letters")
    assert conditions(letters(95, 5), standing=[stands]) == [Condition.DELIVERIES]
    assert conditions(letters(96, 4), standing=[stands]) == []
    assert turn(judge(letters(0, 0), {stands}, now=NOW), {stands}) == Turn()
    assert turn(judge(letters(9, 0), {stands}, now=NOW), {stands}).ended == {stands}


def test_one_letter_that_waits_for_a_person_is_enough() -> None:
    (alarm,) = raised(letters(9, 0, held=1))
    assert alarm.sentence.startswith("1 letter waits for somebody")
    assert [each.sentence[:14] for each in raised(letters(9, 0, held=2))] == ["2 letters wait"]


def test_a_relay_has_an_hour() -> None:
    failing = RelayFacts(failing_since=NOW - timedelta(minutes=59), reason="no connection")
    assert raised(Facts(relay=failing)) == []
    failing = replace(failing, failing_since=NOW - timedelta(hours=1))
    (alarm,) = raised(Facts(relay=failing))
    assert alarm.sentence == "the relay has taken nothing since 2026-06-17 07:00 UTC: no connection"
    assert raised(Facts(relay=RelayFacts())) == []


# The rest


def test_a_round_that_left_somebody_out_is_told_of_by_its_day() -> None:
    (alarm,) = raised(Facts(gaps={TUESDAY: "the round of 16 June does not balance"}))
    assert alarm.key == (Condition.GAP, "2026-06-16")


def test_a_certificate_is_told_of_two_weeks_before_its_end() -> None:
    until = NOW + timedelta(days=14)
    assert raised(Facts(certificates={"smtp.example.org": until})) == []
    (alarm,) = raised(Facts(certificates={"smtp.example.org": until - timedelta(seconds=1)}))
    assert alarm.sentence == "the certificate of smtp.example.org is valid until 1 July 2026"


def test_each_key_that_cannot_be_verified_is_told_of() -> None:
    facts = Facts(keys={"DKIM s1": "s1 is not there", "DKIM e1": "e1 holds another key"})
    assert [alarm.subject for alarm in raised(facts)] == ["DKIM s1", "DKIM e1"]


@pytest.mark.parametrize(
    ("free", "store", "told"),
    [(499 * MB, 1, True), (500 * MB, 1, False), (900 * MB, 901 * MB, True), (900 * MB, 900 * MB, False)],
)
def test_a_disk_needs_half_a_gigabyte_and_room_for_a_copy_of_the_store(
    free: int,
    store: int,
    told: bool,  # noqa: FBT001 - of the table
) -> None:
    assert conditions(Facts(room=Room(free=free, store=store))) == [Condition.DISK] * told


def test_a_disk_that_was_low_needs_some_more() -> None:
    stands = [(Condition.DISK, "store")]
    assert conditions(Facts(room=Room(free=624 * MB, store=1)), standing=stands) == [Condition.DISK]
    assert conditions(Facts(room=Room(free=625 * MB, store=1)), standing=stands) == []


# All of them


def test_what_cannot_be_learned_raises_nothing_and_ends_nothing() -> None:
    judgement = judge(Facts(), set(), now=NOW)
    assert judgement == Judgement(alarms=(), open=frozenset(Condition))
    stands = {(condition, "whatever") for condition in Condition}
    assert turn(judge(Facts(), stands, now=NOW), stands) == Turn()


def test_what_is_known_to_be_well_ends_whatever_stood() -> None:
    well = Facts(
        sources=(),
        letters=LetterFacts(sent=1, failed=0, held=0),
        gaps={},
        relay=RelayFacts(),
        certificates={},
        keys={},
        room=Room(free=10**12, store=1),
    )
    stands = {(condition, "whatever") for condition in Condition}
    assert turn(judge(well, stands, now=NOW), stands) == Turn(ended=frozenset(stands))


def test_a_turn_parts_what_is_new_from_what_stands_and_what_is_over() -> None:
    new, old = (Alarm(condition=Condition.KEY, subject=each, sentence=each) for each in ("new", "old"))
    over = (Condition.KEY, "over")
    assert turn(Judgement(alarms=(new, old)), {old.key, over}) == Turn(
        raised=(new,), ended=frozenset({over}), standing=(old,)
    )


def test_there_is_advice_on_each_condition_and_the_docs_say_more() -> None:
    assert set(ADVICE) == set(Condition)
    operating = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    for condition, advice in ADVICE.items():
        assert f"### {advice.section}\n\n`{condition.value}`: " in operating


days_ = st.integers(min_value=0, max_value=40).map(lambda back: TUESDAY - timedelta(days=back))
batches_ = st.builds(
    lambda day, state, hours: batch(day, state, at=_morning(day) + timedelta(hours=hours)),
    days_,
    st.sampled_from(BatchState),
    st.integers(min_value=-12, max_value=100),
)
sources_ = st.lists(batches_, max_size=12, unique_by=lambda each: each.day).map(
    lambda each: given_by(*each).sources
)
facts_ = st.builds(
    Facts,
    sources=st.none() | sources_,
    letters=st.none()
    | st.builds(LetterFacts, *[], **dict.fromkeys(("sent", "failed", "held"), st.integers(0, 9))),
    gaps=st.none() | st.dictionaries(days_, st.just("gap"), max_size=2),
    relay=st.none()
    | st.builds(
        RelayFacts, failing_since=st.none() | st.just(NOW - timedelta(hours=2)), reason=st.just("no")
    ),
    certificates=st.none() | st.dictionaries(st.sampled_from("ab"), st.just(NOW), max_size=2),
    keys=st.none() | st.dictionaries(st.sampled_from("ab"), st.just("wrong"), max_size=2),
    room=st.none() | st.builds(Room, free=st.integers(400 * MB, 700 * MB), store=st.just(1)),
)


@given(st.lists(facts_, max_size=20))
def test_whatever_happens_an_alarm_is_raised_and_ended_by_turns(history: list[Facts]) -> None:
    alarms, told = MemoryAlarms(), dict[Key, list[str]]()
    for number, facts in enumerate(history):
        # Nothing is remembered from one look to the next but what is kept, as after a new start.
        now = NOW + timedelta(minutes=5 * number)
        standing = {record.alarm.key for record in alarms.records() if record.stands}
        change = turn(judge(facts, standing, now=now), standing)
        alarms.enter(change, now=now)
        for alarm in change.raised:
            told.setdefault(alarm.key, []).append("raised")
        for key in change.ended:
            told[key].append("ended")
        assert {alarm.key for alarm in change.standing} <= standing
    for events in told.values():
        assert events == [("raised", "ended")[number % 2] for number in range(len(events))]
