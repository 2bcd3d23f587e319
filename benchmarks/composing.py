"""How fast a day is composed, and in how much memory: what each of very many readers gets, without letters.

    python benchmarks/composing.py [FOLDER] [--papers N] [--readers N ...]

FOLDER holds recorded days; without it the papers are generated. The readers are drawn as by
`ranking_speed.py`. Each number of readers has a process and a store of its own; a JSON line for each, with
the seconds of one processor.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from datetime import time as clock_time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from paperround.batches import Batch, BatchState
from paperround.composing import issue
from paperround.papers import Paper
from paperround.store import open_store
from paperround.subscribers import Subscriber
from ranking_speed import SEED, drawn, papers_of, peak, vocabulary

DAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)
READERS = (1_000, 10_000, 100_000)


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="Recorded days; without it papers are made up.")
    ] = None,
    *,
    papers: Annotated[int, typer.Option(min=1)] = 1_000,
    readers: Annotated[list[int], typer.Option(min=1)] = list(READERS),  # noqa: B006 - typer's way
) -> None:
    """Compose the day for each number of readers, and say how long it takes and how much memory."""
    if len(readers) == 1:
        print(json.dumps(measured(folder, papers, readers[0])), flush=True)
        return
    each_by_itself(__file__, folder, readers, f"--papers={papers}")


def each_by_itself(program: str, folder: Path | None, readers: Sequence[int], *options: str) -> None:
    """Run a benchmark for each number of readers in a process of its own, which says what it holds."""
    where = [] if folder is None else [str(folder)]
    for number in readers:
        command = [sys.executable, program, *where, *options, f"--readers={number}"]
        subprocess.run(command, check=True)  # noqa: S603 - a program of this folder


def measured(folder: Path | None, papers: int, readers: int) -> dict[str, object]:
    """Return what composing the day takes for so many readers, whose interests are in memory before."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
    day = papers_of(folder, papers, chance)
    subscribers = everyone(day, readers, chance)
    with (
        TemporaryDirectory() as place,
        closing(open_store(f"sqlite:///{Path(place) / 'store.db'}")) as store,
    ):
        batch = Batch(source="Recorded", day=DAY, state=BatchState.FRESH, papers=tuple(day))
        store.library.record(batch, now=NOW)
        ids = store.ledger.enrol([each.address for each in subscribers], now=NOW)
        before = peak()
        started = time.process_time()
        digests = issue(DAY, subscribers, store.library, store.ledger, ids=ids).digests()
        shown = lines = 0
        looked_up = 0.0
        for digest in digests:
            looked_up = looked_up or time.process_time() - started
            shown += len(digest.picks)
            lines += len(digest.titles)
        seconds = time.process_time() - started
    return {
        "readers": readers,
        "papers": len(day),
        "papers_shown": round(shown / readers, 1),
        "title_lines": round(lines / readers, 1),
        "seconds_before_the_first": round(looked_up, 2),
        "us_per_reader_after": round((seconds - looked_up) / readers * 1e6),
        "peak_mb": round(peak()),
        "peak_mb_before": round(before),
    }


def everyone(day: list[Paper], readers: int, chance: random.Random) -> list[Subscriber]:
    """Return so many subscribers with eight keywords each from the day's papers."""
    return [
        Subscriber(
            address=f"reader{number}@example.org",
            interests=interests,
            timezone=ZoneInfo("UTC"),
            deliver_at=clock_time(6),
        )
        for number, interests in enumerate(drawn(vocabulary(day), readers, chance))
    ]


if __name__ == "__main__":
    typer.run(main)
