"""What other interests would have brought on days gone by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakes.days import IN_PASSING
from tests.fakes.ledger import MemoryLedger
from tests.fakes.library import MemoryLibrary

from paperround.batches import Batch, BatchState
from paperround.composing import issue
from paperround.digests import Section
from paperround.issue import silence
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.ports import Plan, Status
from paperround.replaying import Loss, Move, ReplayedDay, Totals, replay, totals
from paperround.selection import LONGEST_LOOK_BACK
from paperround.subscribers import EVERY_DAY, Interests, Pause, Subscriber

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 6, day) for day in range(15, 20))


def reader(*keywords: str, exclude: Sequence[str] = (), **more: object) -> Subscriber:
    interests = Interests(
        keywords=tuple(keyword(each) for each in keywords), exclude=tuple(keyword(each) for each in exclude)
    )
    ada = Subscriber(
        address="ada@example.org",
        interests=interests,
        timezone=ZoneInfo("Europe/London"),
        deliver_at=time(7, 30),
    )
    return replace(ada, **more)  # type: ignore[arg-type]  # the fields are named by the tests


ADA = reader("LoRA")


def paper(title: str, **more: object) -> Paper:
    made = Paper(id=PaperId(f"test:{title}"), title=title, url="https://example.org/", published=MONDAY)
    return replace(made, **more)  # type: ignore[arg-type]  # as above


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)


@dataclass
class World:
    """A library and a ledger, and how they came about."""

    library: MemoryLibrary = field(default_factory=MemoryLibrary)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)

    def announce(self, day: date, *papers: Paper, source: str = "Ours", seen: datetime | None = None) -> None:
        state = BatchState.FRESH if papers else BatchState.QUIET
        batch = Batch(source=source, day=day, state=state, papers=papers)
        self.library.record(batch, now=seen or at(day, 5))

    def deliver(self, day: date, subscriber: Subscriber = ADA, *, status: Status = Status.PLANNED) -> None:
        """Enter in the ledger what a round of that day would."""
        ids = self.ledger.enrol([subscriber.address], now=at(day, 6))
        digest = next(issue(day, [subscriber], self.library, self.ledger, ids=ids).digests())
        reason = silence(digest)
        sent = reason is None and status is Status.PLANNED
        plan = Plan(
            subscriber=ids[subscriber.address],
            day=day,
            status=status if reason is None else Status.QUIET,
            digest=digest,
            reason=reason or "",
            message_id=f"<{day}@example.org>" if sent else None,
            message=b"" if sent else None,
        )
        self.ledger.plan([plan], now=at(day, 6))

    def replay(
        self, subscriber: Subscriber = ADA, *, since: date = MONDAY, until: date = FRIDAY
    ) -> Mapping[date, ReplayedDay]:
        days = replay(
            subscriber,
            since=since,
            until=until,
            rows=self.ledger.rows(address=subscriber.address),
            listings=self.library.listings(since - LONGEST_LOOK_BACK, until),
            batches=self.library.batches([since + timedelta(days=n) for n in range(-14, 5)]),
        )
        return {day.day: day for day in days}


def titles(day: ReplayedDay) -> list[str]:
    return [pick.paper.title for pick in day.would_come]


def gains(day: ReplayedDay) -> list[str]:
    return [pick.paper.title for pick in day.gained]


def losses(day: ReplayedDay) -> dict[str, str]:
    return {loss.paper.removeprefix("test:"): loss.reason for loss in day.lost}


def a_day(*papers: Paper) -> World:
    world = World()
    world.announce(MONDAY, *papers)
    world.deliver(MONDAY)
    return world


def test_the_same_interests_bring_the_same() -> None:
    monday = a_day(paper("LoRA"), paper("Planning")).replay()[MONDAY]
    assert (monday.status, monday.came, titles(monday)) == (Status.PLANNED, ("test:LoRA",), ["LoRA"])
    assert (monday.gained, monday.lost, monday.moved, monday.silence) == ((), (), (), None)


def test_another_interest_brings_another_paper_and_says_why() -> None:
    monday = a_day(paper("LoRA"), paper("Planning")).replay(reader("LoRA", "planning"))[MONDAY]
    assert gains(monday) == ["Planning"]
    assert monday.gained[0].reasons == ("Matches planning in the title",)
    assert monday.gained[0].relevance > 0
    assert monday.lost == ()


def test_what_would_not_have_come_says_why_not() -> None:
    world = a_day(
        paper("LoRA: a survey"), paper("Of LoRA", abstract="LoRA."), paper("On", abstract=IN_PASSING)
    )
    other = reader("LoRA", exclude=["survey"], min_relevance=0.35)
    lost = losses(world.replay(other)[MONDAY])
    assert lost.keys() == {"LoRA: a survey", "On"}
    assert "survey" in lost["LoRA: a survey"]
    assert "below min_relevance" in lost["On"]
    assert "none of the interests" in losses(world.replay(reader("planning"))[MONDAY])["On"]


def test_what_would_have_found_no_room_says_so() -> None:
    monday = a_day(paper("LoRA one", votes=3), paper("LoRA two")).replay(reader("LoRA", max_papers=1))[MONDAY]
    assert titles(monday) == ["LoRA one"]
    assert losses(monday) == {"LoRA two": "no room: it would have come as a title line"}
    assert monday.lost[0].relevance is not None


def test_a_paper_comes_once_within_the_replay() -> None:
    world = World()
    world.announce(MONDAY, paper("Planning"))
    world.announce(TUESDAY, paper("Planning"), paper("More planning"), source="Other")
    world.announce(WEDNESDAY, paper("Planning"), paper("More planning"), source="Third")
    days = world.replay(reader("planning"))
    assert titles(days[MONDAY]) == ["Planning"]
    assert titles(days[TUESDAY]) == ["More planning"]
    assert titles(days[WEDNESDAY]) == []
    assert days[WEDNESDAY].silence == "everything that matched was sent before"


def test_a_title_line_of_the_replay_does_not_come_again_either() -> None:
    world = World()
    world.announce(MONDAY, paper("LoRA one", abstract="LoRA at length, and LoRA."), paper("LoRA"))
    world.deliver(MONDAY, reader("length"))
    world.announce(TUESDAY, paper("LoRA"), source="Other")
    world.deliver(TUESDAY)
    tuesday = world.replay(reader("LoRA", max_papers=1))[TUESDAY]
    assert tuesday.came == ("test:LoRA",)
    assert losses(tuesday) == {"LoRA": "it would have come as a title line on 15 June 2026"}


def test_what_was_had_before_does_not_come_in_the_replay() -> None:
    world = a_day(paper("LoRA"))
    world.announce(TUESDAY, paper("LoRA"), paper("LoRA again"), source="Other")
    assert titles(world.replay(since=TUESDAY)[TUESDAY]) == ["LoRA again"]


def test_what_a_failed_mail_held_before_comes_in_the_replay() -> None:
    world = World()
    world.announce(MONDAY, paper("LoRA"))
    world.deliver(MONDAY, status=Status.FAILED)
    world.announce(TUESDAY, paper("LoRA again"))
    assert sorted(titles(world.replay(since=TUESDAY)[TUESDAY])) == ["LoRA", "LoRA again"]


def test_where_a_mail_failed_none_would_have_got_through() -> None:
    world = World()
    world.announce(MONDAY, paper("LoRA"))
    world.deliver(MONDAY, status=Status.FAILED)
    world.announce(TUESDAY, paper("LoRA again"))
    world.deliver(TUESDAY)
    days = world.replay()
    assert list(days) == [TUESDAY]
    assert (days[TUESDAY].gained, days[TUESDAY].lost) == ((), ())


def test_a_new_reader_gains_everything() -> None:
    world = World()
    for day in (MONDAY, TUESDAY):
        world.announce(day, paper(f"LoRA of {day}"))
    days = world.replay()
    assert [(day.status, day.came, gains(day)) for day in days.values()] == [
        (None, (), ["LoRA of 2026-06-15"]),
        (None, (), ["LoRA of 2026-06-16"]),
    ]


def test_a_day_on_which_the_reader_would_get_no_mail_loses_what_came() -> None:
    world = a_day(paper("LoRA"))
    monday = world.replay(reader("LoRA", days=frozenset({3})), until=WEDNESDAY)[MONDAY]
    assert monday.lost == (Loss(paper=PaperId("test:LoRA"), reason="no delivery on Mondays"),)


def test_what_a_day_without_mail_would_have_brought_comes_with_the_next_one() -> None:
    world = a_day(paper("LoRA"))
    world.announce(TUESDAY, paper("LoRA again"))
    days = world.replay(reader("LoRA", days=frozenset({1})))
    assert "LoRA again" in titles(days[TUESDAY])
    assert days[MONDAY].came == ("test:LoRA",)


def test_a_pause_does_not_count() -> None:
    for paused in (reader("LoRA", paused=True), replace(reader("LoRA"), pause=Pause())):
        assert titles(a_day(paper("LoRA")).replay(paused)[MONDAY]) == ["LoRA"]


def test_days_without_anything_to_tell_are_left_out() -> None:
    world = a_day(paper("LoRA"))
    assert list(world.replay(reader("LoRA", days=EVERY_DAY))) == [MONDAY]
    assert list(World().replay()) == []


def test_what_became_known_late_is_late_in_the_replay_too() -> None:
    world = World()
    for day in (MONDAY, TUESDAY):
        world.announce(day, paper(f"LoRA of {day}"))
        world.deliver(day)
    world.announce(MONDAY, paper("LoRA, late"), seen=at(TUESDAY, 12))
    world.announce(WEDNESDAY, paper("Something"))
    world.deliver(WEDNESDAY)
    days = world.replay()
    assert titles(days[TUESDAY]) == ["LoRA of 2026-06-16"]
    assert [(pick.paper.title, pick.section) for pick in days[WEDNESDAY].would_come] == [
        ("LoRA, late", Section.LATE)
    ]


def test_a_day_without_a_row_is_looked_at_with_all_that_is_known_by_now() -> None:
    world = World()
    world.announce(MONDAY, paper("LoRA"), seen=at(FRIDAY, 12))
    assert titles(world.replay()[MONDAY]) == ["LoRA"]


def test_a_paper_that_comes_on_another_day_is_neither_gained_nor_lost() -> None:
    world = World()
    world.announce(MONDAY, paper("Planning with LoRA"))
    world.deliver(MONDAY, reader("robots"))
    world.announce(TUESDAY, paper("Planning with LoRA"), source="Other")
    world.deliver(TUESDAY)
    days = world.replay()
    move = Move(paper=PaperId("test:Planning with LoRA"), came=TUESDAY, would_come=MONDAY)
    for day in (MONDAY, TUESDAY):
        assert (days[day].gained, days[day].lost, days[day].moved) == ((), (), (move,))
    assert totals(tuple(days.values())) == Totals(days=2, came=1, would_come=1, gained=0, lost=0)


def test_what_only_a_later_source_said_of_a_paper_is_not_known_before() -> None:
    world = World()
    world.announce(MONDAY, paper("Adapters"), paper("Other"))
    world.deliver(MONDAY)
    told = paper("Adapters", keywords=("LoRA",), votes=9)
    world.announce(TUESDAY, told, paper("Alone", keywords=("x",), votes=1), source="Voters")
    world.deliver(TUESDAY)
    days = world.replay()
    assert titles(days[MONDAY]) == []
    assert titles(days[TUESDAY]) == ["Adapters"]


def test_the_totals_are_counted_in_papers() -> None:
    world = a_day(paper("LoRA"), paper("Planning"))
    assert totals(tuple(world.replay(reader("planning")).values())) == Totals(
        days=1, came=1, would_come=1, gained=1, lost=1
    )
    assert totals(()) == Totals(days=0, came=0, would_come=0, gained=0, lost=0)


WEEK = [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]
TITLES = ["LoRA", "LoRA and robots", "Robots", "Speech"]
LISTED = st.tuples(
    st.integers(0, 12),  # the paper
    st.sampled_from(["Ours", "Theirs"]),
    st.integers(0, 4),  # the day
    st.integers(0, 60),  # how many hours after its morning it becomes known
)


@example([(0, "Ours", 1, 25), (0, "Ours", 2, 25), (1, "Ours", 0, 1), (2, "Theirs", 0, 49)], 2, set())
@given(st.lists(LISTED, max_size=25), st.integers(1, 3), st.sets(st.integers(0, 4)))
def test_unchanged_interests_change_nothing(
    listed: list[tuple[int, str, int, int]], places: int, failing: set[int]
) -> None:
    ada, world = reader("LoRA", "robots", max_papers=places), World()
    for number, day in enumerate(WEEK):
        for name, source, announced, later in listed:
            seen = at(WEEK[announced], 5) + timedelta(hours=later, minutes=30)
            if at(day, 6) - timedelta(days=1) < seen < at(day, 6):
                one = paper(TITLES[name % len(TITLES)], id=PaperId(f"test:{name}"))
                world.announce(WEEK[announced], one, source=source, seen=seen)
        world.deliver(day, ada, status=Status.FAILED if number in failing else Status.PLANNED)
    for replayed in world.replay(ada).values():
        assert replayed.came == tuple(pick.paper.id for pick in replayed.would_come)
        assert (replayed.gained, replayed.lost, replayed.moved) == ((), (), ())
