"""Every kind of store, one of each for all contracts, which is empty before each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.fakes.embedder import MemoryVectors
from tests.fakes.joining import MemoryMembers, MemoryRequests
from tests.fakes.ledger import MemoryLedger
from tests.fakes.library import MemoryLibrary
from tests.fakes.plans import NOW
from tests.fakes.postgresql import Server
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.returns import MemoryReturns
from tests.fakes.stores import empty
from tests.fakes.world import World

from paperround.ports import Ledger, SubscriberId
from paperround.store import Store, open_store
from paperround.store.joining import SqlMembers

REAL = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db")) as store:
        # What survives a power cut is no part of the contract's tests, and waiting for the disk takes long.
        event.listen(store.database._engine, "checkout", lambda c, *_: c.execute("PRAGMA synchronous = OFF"))
        yield store


@pytest.fixture(scope="session")
def on_a_server(postgresql: Server) -> Iterator[Store]:
    with closing(open_store(postgresql.database("contracts"))) as store:
        yield store


def emptied(kind: str, request: pytest.FixtureRequest) -> Store:
    store: Store = request.getfixturevalue({"sqlite": "in_a_file", "postgresql": "on_a_server"}[kind])
    empty(store)
    return store


@pytest.fixture(params=["memory", *REAL])
def store(request: pytest.FixtureRequest) -> Store | None:
    """Each kind of store, empty; None stands for what is kept in memory."""
    return None if request.param == "memory" else emptied(request.param, request)


@pytest.fixture(params=REAL)
def real_store(request: pytest.FixtureRequest) -> Store:
    return emptied(request.param, request)


@pytest.fixture
def ledger(store: Store | None) -> Ledger:
    return MemoryLedger() if store is None else store.ledger


@pytest.fixture
def ada(ledger: Ledger) -> SubscriberId:
    return ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"]


@pytest.fixture
def grace(ledger: Ledger) -> SubscriberId:
    return ledger.enrol(["grace@example.org"], now=NOW)["grace@example.org"]


@pytest.fixture
def world(store: Store | None, tmp_path: Path) -> World:
    folder = tmp_path / "workers"
    if store is None:
        ledger = MemoryLedger()
        preferences = MemoryPreferences(ledger)
        return World(
            library=MemoryLibrary(),
            ledger=ledger,
            vectors=MemoryVectors(),
            preferences=preferences,
            members=MemoryMembers(ledger, MemoryRequests(ledger), preferences),
            returns=MemoryReturns(ledger),
            folder=folder,
        )
    return World(
        library=store.library,
        ledger=store.ledger,
        vectors=store.vectors,
        preferences=store.preferences,
        members=SqlMembers(store.database),  # which takes nothing for known of earlier tests
        returns=store.returns,
        folder=folder,
    )
