"""The papers of the last week that interests are tried on, in memory and in the store."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.fakes.library import MemoryLibrary

from paperround.batches import Batch, BatchState
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.ports import Library
from paperround.store import Store
from paperround.subscribers import Interests
from paperround.trials import Trial
from paperround.trying import MOST_PAPERS, LastWeek

TUESDAY = date(2026, 6, 16)
NOW = datetime(2026, 6, 16, 8, tzinfo=UTC)
LORA = Interests(keywords=(keyword("LoRA"),))


@pytest.fixture
def library(store: Store | None) -> Library:
    return MemoryLibrary() if store is None else store.library


def announce(library: Library, day: date, *names: str) -> None:
    papers = tuple(
        Paper(id=PaperId(f"test:{name}"), title=f"LoRA {name}", url="https://example.org/", published=day)
        for name in names
    )
    library.record(Batch(source="Papers", day=day, state=BatchState.FRESH, papers=papers), now=NOW)


def test_where_nothing_is_stored_there_is_nothing_to_tell(library: Library) -> None:
    assert LastWeek(library=library)(LORA) is None


def test_a_week_ends_with_the_newest_day_and_each_paper_counts_once(library: Library) -> None:
    announce(library, TUESDAY - timedelta(days=7), "older")
    announce(library, TUESDAY - timedelta(days=6), "a", "b")
    announce(library, TUESDAY, "b", "c")
    told = LastWeek(library=library)(LORA)
    assert told == Trial(since=TUESDAY - timedelta(days=6), papers=3, met=(("LoRA", 3),), any=3)


def test_of_many_papers_the_newest_are_looked_at(library: Library) -> None:
    announce(library, TUESDAY - timedelta(days=1), "older")
    announce(library, TUESDAY, *(f"{number}" for number in range(MOST_PAPERS)))
    told = LastWeek(library=library)(LORA)
    assert told is not None
    assert (told.since, told.papers) == (TUESDAY, MOST_PAPERS)
