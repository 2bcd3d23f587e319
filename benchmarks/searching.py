"""How long it takes to find papers by their words, on all days and on one, in a large store.

    python benchmarks/searching.py FOLDER [--papers 100000]

FOLDER holds recorded days, whose papers are stored again and again under other names, 500 a day. One JSON
line for the store, and one for each search; of three rounds the fastest counts. What the store gives is then
read word by word, as the page does it.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

import recorded
from paperround.archive import entries
from paperround.batches import Batch, BatchState
from paperround.papers import Paper, PaperId
from paperround.searching import search
from paperround.store import Store, open_store
from paperround.web.archive import LOOKED_UP, MOST_FOUND

SEARCHES = (
    "diffusion models",
    '"diffusion models"',
    "SAM",
    "rag",
    "Schölkopf",
    "large language model reasoning planning agent",
    "zzz",
)
NEWEST, NOW = date(2026, 6, 26), datetime(2026, 6, 26, 8, tzinfo=UTC)
A_DAY = 500  # papers
ROUNDS = 3


def main(folder: Path, papers: Annotated[int, typer.Option(min=1)] = 100_000) -> None:
    """Print the figures."""
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "store.db"
        with closing(open_store(f"sqlite:///{path}")) as store:
            started = time.perf_counter()
            for batch in _batches(folder, papers):
                store.library.record(batch, now=NOW)
            seconds = time.perf_counter() - started
            line = {"papers": papers, "seconds": round(seconds, 1), "megabytes": path.stat().st_size // 10**6}
            print(json.dumps(line), flush=True)
            for typed in SEARCHES:
                for day in (None, NEWEST):
                    print(json.dumps(_measured(store, typed, day)), flush=True)


def _batches(folder: Path, papers: int) -> Iterator[Batch]:
    known = [paper for day in recorded.days(folder).values() for paper in day]
    copies = islice(enumerate(cycle(known)), papers)
    day = NEWEST
    while some := tuple(_copy(paper, number) for number, paper in islice(copies, A_DAY)):
        yield Batch(source="arXiv", day=day, state=BatchState.FRESH, papers=some)
        day -= timedelta(days=1)


def _copy(paper: Paper, number: int) -> Paper:
    return replace(paper, id=PaperId(f"arxiv:{number:09}"))


def _measured(store: Store, typed: str, day: date | None) -> dict[str, object]:
    wanted = search(typed)
    assert wanted is not None  # noqa: S101 - each of ours holds a word
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        listings = store.library.holding(wanted.spellings, day=day, most=LOOKED_UP)
        looked_up = time.perf_counter()
        shown = len(list(islice(wanted.finds(entry.paper for entry in entries(listings)), MOST_FOUND)))
        rounds.append((time.perf_counter() - started, looked_up - started))
    whole, scanned = min(rounds)
    return {
        "search": typed,
        "days": "one" if day else "all",
        "listings": len(listings),
        "shown": shown,
        "seconds": round(whole, 3),
        "of_these_in_the_store": round(scanned, 3),
    }


if __name__ == "__main__":
    typer.run(main)
