"""What a service does while it leads, and while it stands by."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs
from tests.fakes.leadership import MemoryLeadership, Seat

from paperround.leading import Lead
from paperround.web import Health

BUSY = Health(problems=("the relay is closed",))


@pytest.fixture
def seat() -> Seat:
    return Seat()


@pytest.fixture
def other(seat: Seat) -> MemoryLeadership:
    return MemoryLeadership(seat, "the other")


def lead(seat: Seat) -> Lead:
    return Lead(MemoryLeadership(seat, "this one"))


def does(lead: Lead, *, meanwhile: Callable[[], object] = lambda: None) -> bool:
    """Return whether work is done that only who leads does, and that begins after something happened."""
    done: list[bool] = []

    async def work() -> None:
        done.append(True)

    async def go(led: Callable[[], Awaitable[None]]) -> None:
        meanwhile()
        await led()

    asyncio.run(go(lead.only(work)))
    return bool(done)


def test_who_leads_does_the_work_and_answers_for_it(seat: Seat) -> None:
    service = lead(seat)
    assert does(service)
    assert service.health(lambda: BUSY) == BUSY
    assert not service.turned.is_set()


def test_who_stands_by_does_nothing_and_is_well(seat: Seat, other: MemoryLeadership) -> None:
    other.take()
    service = lead(seat)
    assert not does(service)
    assert service.health(lambda: BUSY) == Health(notes=("standing by; the other leads",))
    assert not service.turned.is_set()


def test_who_lost_the_lead_does_nothing_more(seat: Seat, other: MemoryLeadership) -> None:
    service = lead(seat)
    assert not does(service, meanwhile=lambda: setattr(seat, "holder", other))
    assert service.turned.is_set()
    seat.holder = None
    assert not does(service)  # before it has begun anew


def test_who_stands_by_begins_anew_once_the_lead_is_free(seat: Seat, other: MemoryLeadership) -> None:
    other.take()
    service = lead(seat)
    asyncio.run(service.look())
    assert not service.turned.is_set()
    other.close()
    asyncio.run(service.look())
    assert service.turned.is_set()
    assert other.holder() == "this one"


def test_who_ends_lets_another_lead_at_once_and_does_not_take_it_back(
    seat: Seat, other: MemoryLeadership
) -> None:
    service = lead(seat)
    service.resign()
    assert not does(service)
    assert other.take()


def test_whoever_cannot_tell_who_leads_stands_by_and_says_why_once(seat: Seat) -> None:
    seat.lost = "store.db.leader: cannot be locked"
    with capture_logs() as events:
        service = lead(seat)
        assert not does(service)
    assert service.health(lambda: BUSY) == Health(problems=(seat.lost,))
    assert [(each["event"], each["reason"]) for each in events] == [("lead.unclear", seat.lost)]
    seat.lost = ""
    asyncio.run(service.look())
    assert service.turned.is_set()


def test_who_leads_rests_while_nobody_can_tell_who_does_and_goes_on_after_that(seat: Seat) -> None:
    service = lead(seat)
    assert not does(service, meanwhile=lambda: setattr(seat, "lost", "the server does not answer"))
    assert service.health(lambda: BUSY) == Health(problems=(seat.lost,))
    seat.lost = ""
    assert does(service)
    assert service.health(lambda: BUSY) == BUSY
    assert not service.turned.is_set()
