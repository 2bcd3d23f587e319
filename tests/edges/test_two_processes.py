"""Several processes that deliver from one store, and what becomes of the work of one that dies or sleeps."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text
from tests.fakes.postgresql import Server
from tests.fakes.posting import Order, ended, enter, start
from tests.fakes.unreliable_relay import Accepted, UnreliableRelay

from paperround.shifts import HUNG, LEASE

READERS = tuple(f"reader{number}@example.org" for number in range(100))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)  # where the workers of a server's store have their locks
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    server: Server = request.getfixturevalue("postgresql")
    return server.database("processes")


def test_two_processes_send_thousands_of_letters_once_each(store: str) -> None:
    planned = plan(store, days=30 if store.startswith("sqlite") else 10)

    async def body(relay: UnreliableRelay, order: Callable[..., Order]) -> None:
        processes = [start(order(domain=f"{name}.example.org")) for name in ("one", "two")]
        assert [await ended(each) for each in processes] == [0, 0]
        assert copies(relay.accepted) == dict.fromkeys(planned, 1)
        assert {each.client for each in relay.accepted} == {"one.example.org", "two.example.org"}

    with_relay(store, body)
    assert statuses(store) == {"sent": len(planned)}


def test_what_a_killed_process_had_in_hand_is_finished_by_the_other(store: str) -> None:
    planned = plan(store, days=4)

    async def body(relay: UnreliableRelay, order: Callable[..., Order]) -> None:
        processes = [start(order(patience=timedelta(minutes=1))) for _ in range(2)]
        relay.when("BODY", 150, processes[0].kill)
        assert [await ended(each) for each in processes] == [-9, 0]
        sent = copies(relay.accepted)
        assert sent.keys() == planned
        assert sum(sent.values()) <= len(planned) + 4  # one a connection

    with_relay(store, body)
    assert statuses(store) == {"sent": 400}


def test_a_process_that_wakes_up_without_its_lease_sends_nothing_more(store: str) -> None:
    planned = plan(store, days=1)

    async def body(relay: UnreliableRelay, order: Callable[..., Order]) -> None:
        process = start(order(connections=1))
        pid, asleep = process.pid, asyncio.Event()
        assert pid is not None

        def fall_asleep() -> None:
            os.kill(pid, signal.SIGSTOP)
            asleep.set()

        relay.when("RCPT", 20, fall_asleep)
        await asleep.wait()
        assert statuses(store) == {"sent": 19, "sending": 1, "planned": 80}

        assert await ended(start(order())) == 0
        assert statuses(store)["sending"] == 1  # of somebody who may be alive yet

        late = start(order(ahead=(HUNG + 1) * LEASE))
        assert await ended(late) == 0
        assert copies(relay.accepted) == dict.fromkeys(planned, 1)

        os.kill(pid, signal.SIGCONT)
        assert await ended(process) == 1
        assert copies(relay.accepted) == dict.fromkeys(planned, 1)

    with_relay(store, body)
    assert statuses(store) == {"sent": 100}


def plan(store: str, *, days: int) -> set[tuple[str, bytes]]:
    """Enter a letter to each reader for each of so many days, and return them."""
    planned = set[tuple[str, bytes]]()
    for day in (date(2026, 6, 16) + timedelta(days=number) for number in range(days)):
        messages = {each: f"Subject: {each}, {day}\r\n\r\nHello\r\n".encode() for each in READERS}
        enter(store, messages, day=day)
        planned.update(messages.items())
    return planned


def with_relay(
    store: str, body: Callable[[UnreliableRelay, Callable[..., Order]], Coroutine[Any, Any, None]]
) -> None:
    async def go() -> None:
        async with UnreliableRelay(random.Random(0)) as relay:

            def order(**rest: Any) -> Order:  # noqa: ANN401 - as an order has them
                return Order(
                    **{
                        "store": store,
                        "folder": Path.cwd(),
                        "readers": READERS,
                        "port": relay.port,
                        "connections": 4,
                        **rest,
                    }
                )

            await body(relay, order)

    asyncio.run(go())


def copies(accepted: list[Accepted]) -> Counter[tuple[str, bytes]]:
    return Counter((each.recipient, each.message) for each in accepted)


def statuses(store: str) -> Counter[str]:
    engine = create_engine(store.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.connect() as connection:
        return Counter(connection.scalars(text("SELECT status FROM deliveries")))
