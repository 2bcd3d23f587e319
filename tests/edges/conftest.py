"""A store of one's own, on disk; and each way in which letters travel to a relay."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.smtp_server import TRANSPORT

from paperround.settings import Transport
from paperround.store import Store, open_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as opened:
        yield opened


@pytest.fixture(params=list(Transport))
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """Run a test for each transport: `at` uses it, and a `Server` offers what it needs."""
    before = TRANSPORT.set(request.param)
    yield request.param
    TRANSPORT.reset(before)


@pytest.fixture
def pipelined() -> Iterator[None]:
    """Have a `Server` offer what a pipelined relay needs."""
    before = TRANSPORT.set(Transport.PIPELINED)
    yield
    TRANSPORT.reset(before)
