"""Every kind of ledger, and one real store for all contracts, which is empty before each test."""

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
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.returns import MemoryReturns
from tests.fakes.world import World

from paperround.ports import Ledger, SubscriberId
from paperround.store import Store, open_store
from paperround.store.tables import metadata


@pytest.fixture(scope="session")
def opened_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db")) as store:
        # What survives a power cut is no part of the contract's tests, and waiting for the disk takes long.
        event.listen(store.database._engine, "checkout", lambda c, *_: c.execute("PRAGMA synchronous = OFF"))
        yield store


@pytest.fixture
def store(opened_store: Store) -> Store:
    with opened_store.database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return opened_store


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    store: Store = request.getfixturevalue("store")
    return store.ledger


@pytest.fixture
def ada(ledger: Ledger) -> SubscriberId:
    return ledger.enrol(["ada@example.org"], now=NOW)["ada@example.org"]


@pytest.fixture
def grace(ledger: Ledger) -> SubscriberId:
    return ledger.enrol(["grace@example.org"], now=NOW)["grace@example.org"]


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        ledger = MemoryLedger()
        preferences = MemoryPreferences(ledger)
        yield World(
            library=MemoryLibrary(),
            ledger=ledger,
            vectors=MemoryVectors(),
            preferences=preferences,
            members=MemoryMembers(ledger, MemoryRequests(ledger), preferences),
            returns=MemoryReturns(ledger),
            folder=tmp_path / "workers",
        )
        return
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    yield World(
        library=store.library,
        ledger=store.ledger,
        vectors=store.vectors,
        preferences=store.preferences,
        members=store.members,
        returns=store.returns,
        folder=tmp_path / "workers",
    )
    store.close()
