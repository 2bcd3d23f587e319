"""How it stands, gathered from either kind of store."""

from datetime import timedelta

from tests.fakes.plans import RATE, bring_to, letter, silence
from tests.fakes.world import MONDAY, TUESDAY, World, paper

from paperround.batches import Batch, BatchState
from paperround.overseeing import overseen
from paperround.overview import Overview
from paperround.ports import LONGEST_ROUND, Figures, Status, StoreError
from paperround.web import Health

NOTHING = Figures(
    batches={},
    newest={},
    papers=0,
    digests=0,
    deliveries={},
    oldest=None,
    held=0,
    suppressed={},
    returned={},
    alarms=frozenset(),
)
WEDNESDAY = TUESDAY + timedelta(days=1)
LONG_AGO = MONDAY - timedelta(days=40)


def seen(world: World, *, problems: tuple[str, ...] = ()) -> Overview:
    return overseen(
        ledger=world.ledger,
        library=world.library,
        relay=RATE.relay,
        figures=lambda: NOTHING,
        health=Health(problems=problems, notes=("it waits",)),
        now=world.time,
    )


def test_the_days_of_a_month_are_told_with_the_newest_first(world: World) -> None:
    ada, grace = world.ledger.enrol(["ada@example.org", "grace@example.org"], now=world.time).values()
    for day in (LONG_AGO, MONDAY):
        bring_to(world.ledger, ada, Status.SENT, day=day)
    world.ledger.plan([silence(grace, MONDAY), letter(grace, TUESDAY)], now=world.time)
    for day in (LONG_AGO, WEDNESDAY):
        fresh = Batch(source="arXiv", day=day, state=BatchState.FRESH, papers=(paper("a"),))
        world.library.record(fresh, now=world.time)
    world.time += timedelta(days=1)
    overview = seen(world)
    assert [each.day for each in overview.mail] == [WEDNESDAY, TUESDAY, MONDAY]
    wednesday, tuesday, monday = overview.mail
    assert (wednesday.readers, overview.papers) == (0, {WEDNESDAY: 1})
    assert (tuesday.readers, tuesday.waiting) == (1, 1)
    assert (monday.readers, monday.of(Status.SENT), monday.of(Status.QUIET)) == (2, 1, 1)
    assert [each.source for each in overview.sources] == ["arXiv"]
    assert overview.source_days == (WEDNESDAY,)
    assert overview.notes == ("it waits",)


def test_a_round_that_does_not_balance_is_a_problem_and_names_nobody(world: World) -> None:
    ids = world.ledger.enrol(["ada@example.org"], now=world.time)
    world.ledger.begin_round(MONDAY, list(ids.values()), now=world.time)
    assert seen(world).problems == ()
    world.time += LONGEST_ROUND + timedelta(minutes=1)
    (problem,) = seen(world).problems
    assert "the round of 15 June 2026 begun at" in problem
    assert "ada" not in problem
    assert seen(world, problems=("first", problem)).problems == ("first", problem)
    world.time += timedelta(days=4)
    assert seen(world).problems == ()


def test_a_pause_of_our_relay_is_told(world: World) -> None:
    world.ledger.pause("another.example.org:25", "421", now=world.time)
    assert seen(world).pause is None
    until = world.ledger.pause(RATE.relay, "421 slowly", now=world.time)
    pause = seen(world).pause
    assert pause is not None
    assert (pause.until, pause.reason) == (until, "421 slowly")


def test_a_store_that_cannot_be_read_is_a_problem_beside_the_others(world: World) -> None:
    def broken() -> Figures:
        raise StoreError("the disk is gone")

    overview = overseen(
        ledger=world.ledger,
        library=world.library,
        relay=RATE.relay,
        figures=broken,
        health=Health(problems=("the relay is away",)),
        now=world.time,
    )
    assert overview.problems == ("the relay is away", "the disk is gone")
    assert overview.figures is None
