"""Two services with one store: one leads, and the other takes over, whatever ends the first."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.service import Service, set_up, write_readers
from tests.fakes.unreliable_relay import UnreliableRelay


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    set_up(tmp_path, "ada", "grace")
    return tmp_path


@pytest.fixture
def services(folder: Path) -> Iterator[tuple[Service, Service]]:
    """Two of them; the first leads."""
    one, other = Service(folder), Service(folder)
    with one.running(), other.running():
        yield one, other


def test_whoever_stands_by_is_well_and_says_who_leads(services: tuple[Service, Service]) -> None:
    one, other = services
    assert one.leads()
    told = f"standing by; process {one.process.pid} on {socket.gethostname()} leads"
    assert other.health() == {"status": "ok", "problems": [], "notes": [told]}
    one.until(lambda: one.mails() == ["ada", "grace"])
    assert [one.stop(), other.stop()] == [0, 0]


def test_when_the_leader_is_killed_the_other_takes_over(services: tuple[Service, Service]) -> None:
    one, other = services
    one.until(lambda: one.mails() == ["ada", "grace"])
    one.kill()
    other.until(other.leads)
    write_readers(other.folder, "ada", "grace", "emmy")
    other.until(lambda: other.mails() == ["ada", "emmy", "grace"])
    assert [event["leads"] for event in other.events("service.started")][:2] == [False, True]
    assert other.stop() == 0


def test_a_change_of_the_config_changes_nobody_s_place(services: tuple[Service, Service]) -> None:
    one, other = services
    write_readers(one.folder, "ada", "grace", "emmy")
    one.until(lambda: one.mails() == ["ada", "emmy", "grace"])
    other.until(lambda: other.events("config.changed"))
    for service, leads in ((one, True), (other, False)):
        service.until(lambda service=service: len(service.events("service.started")) == 2)  # type: ignore[misc]
        assert {event["leads"] for event in service.events("service.started")} == {leads}
    assert [one.stop(), other.stop()] == [0, 0]


def test_a_leader_that_is_asked_to_end_lets_the_other_lead_before_its_last_letter_is_out(
    services: tuple[Service, Service], folder: Path
) -> None:
    one, other = services

    def end_one() -> None:
        """Let the relay, in the midst of a letter, say nothing until the other leads."""
        one.process.terminate()
        other.until(other.leads)
        assert one.process.poll() is None

    async def body() -> None:
        async with UnreliableRelay(random.Random(0)) as relay:
            at_relay = f"relay: {{host: 127.0.0.1, port: {relay.port}, tls: none, connections: 1}}\n"
            set_up(folder, *(f"reader{number}" for number in range(10)), settings=at_relay)
            relay.when("BODY", 3, end_one)
            await asyncio.to_thread(other.until, lambda: len(relay.accepted) == 10)
            assert await asyncio.to_thread(one.process.wait, 60) == 0
            assert await asyncio.to_thread(other.stop) == 0
            letters = Counter(each.recipient for each in relay.accepted)
            assert letters == {f"reader{number}@example.org": 1 for number in range(10)}

    asyncio.run(body())
