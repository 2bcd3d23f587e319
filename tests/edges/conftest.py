"""A store of one's own, on disk."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from paperround.store import Store, open_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as opened:
        yield opened
