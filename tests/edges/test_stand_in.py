"""The sources against the recorded days, served as the real hosts would, and with every fault."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from paperround.batches import Batch, BatchState
from paperround.ports import Source, SourceError
from paperround.settings import ArxivSettings, HuggingFaceSettings
from paperround.sources.arxiv import Arxiv
from paperround.sources.http import Client, Limits
from paperround.sources.huggingface import HuggingFace
from paperround.sources.pace import Pace

TUESDAY = date(2026, 6, 16)

StandIn = Callable[..., str]


@pytest.fixture(scope="module")
def stand_in(recorded: Path) -> Iterator[StandIn]:
    """Start a stand-in with these arguments, or find the one that runs, and return its address."""
    running: dict[tuple[str, ...], tuple[subprocess.Popen[str], str]] = {}
    program = [sys.executable, str(recorded / "tools" / "stand_in_feeds.py"), "--port", "0"]

    def start(*arguments: str) -> str:
        if arguments not in running:
            process = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True)
            assert process.stdout
            running[arguments] = (process, process.stdout.readline().split()[0])
        return running[arguments][1]

    yield start
    for process, _ in running.values():
        process.kill()
        process.communicate()


def fetch(make: Callable[[Client], Source], day: date = TUESDAY, *, etag: str | None = None) -> Batch | None:
    limits = Limits(
        read=timedelta(seconds=0.3),
        patience=timedelta(seconds=0.5),
        first_wait=timedelta(0),
        body=5_000_000,
    )

    async def asking() -> Batch | None:
        async with Client(limits=limits, arxiv=Pace(timedelta(0))) as client:
            return await make(client).fetch(day, etag=etag)

    return asyncio.run(asking())


def hugging_face(url: str) -> Callable[[Client], Source]:
    return lambda client: HuggingFace(HuggingFaceSettings(base_url=url), client)


def arxiv(url: str) -> Callable[[Client], Source]:
    return lambda client: Arxiv(ArxivSettings(categories=("cs",), base_url=url), client)


def the_batch(make: Callable[[Client], Source], day: date = TUESDAY) -> Batch:
    batch = fetch(make, day)
    assert batch is not None
    return batch


HUGGING_FACE = {15: 34, 16: 34, 17: 26, 18: 19, 19: 26, 22: 9, 23: 37, 24: 21, 25: 24, 26: 18}
ARXIV = {15: 176, 16: 555, 17: 220, 18: 189, 19: 243, 23: 537, 24: 266, 25: 26, 26: 261}


@pytest.mark.parametrize(("day", "papers"), HUGGING_FACE.items())
def test_every_recorded_list_is_whole(stand_in: StandIn, day: int, papers: int) -> None:
    batch = the_batch(hugging_face(stand_in("--today", "2026-06-26")), date(2026, 6, day))
    assert (batch.state, batch.day.day, len(batch.papers)) == (BatchState.FRESH, day, papers)


@pytest.mark.parametrize(("day", "papers"), ARXIV.items())
def test_every_recorded_announcement_is_whole(stand_in: StandIn, day: int, papers: int) -> None:
    url = stand_in()
    moved_to = date(2026, 6, day)
    httpx.post(f"{url}/_today", content=moved_to.isoformat())
    batch = the_batch(arxiv(url), moved_to)
    assert (batch.state, batch.day, len(batch.papers)) == (BatchState.FRESH, moved_to, papers)


@pytest.mark.parametrize(
    ("day", "occasion"), [("2026-06-22", ": Juneteenth"), ("2026-06-20", ", as on a weekend")]
)
def test_a_day_without_an_announcement_is_quiet(stand_in: StandIn, day: str, occasion: str) -> None:
    batch = the_batch(arxiv(stand_in("--today", day)), date.fromisoformat(day))
    assert (batch.state, batch.reason) == (BatchState.QUIET, f"no announcement{occasion}")


def test_the_etag_of_an_announcement_saves_it_from_being_sent_again(stand_in: StandIn) -> None:
    source = arxiv(stand_in("--today", "2026-06-16"))
    assert fetch(source, etag=the_batch(source).etag) is None


TRIED = " after 3 tries"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("429", "429 Too Many Requests; asked to wait 1 s, until "),
        ("429-bare", "429 Too Many Requests" + TRIED),
        ("503", "503 Service Unavailable" + TRIED),
        ("500", "500 Internal Server Error" + TRIED),
        ("reset", "closed without an answer" + TRIED),
        ("slow", "no answer within 0.3 s" + TRIED),
        ("truncated", "the body ended early: 2[0-9] of 100,000 bytes" + TRIED),
        ("html", "a web page instead of a (list|feed)$"),
        ("object", "(the host reports: Internal error|the feed is not in XML, or cut off)$"),
        ("bomb", "(the list is not in JSON, or cut off|the feed declares a document type)"),
        ("huge", "more than 5 MB$"),
    ],
)
@pytest.mark.parametrize("source", [hugging_face, arxiv], ids=["hf", "arxiv"])
def test_every_fault_ends_with_a_reason(
    stand_in: StandIn, source: Callable[[str], Callable[[Client], Source]], fault: str, reason: str
) -> None:
    url = stand_in("--fault", f"{fault}:100")
    with pytest.raises(SourceError, match=f"^{reason}"):
        fetch(source(url))


@pytest.mark.parametrize("fault", ["503", "reset"])
@pytest.mark.parametrize(("source", "papers"), [(hugging_face, 34), (arxiv, 555)], ids=["hf", "arxiv"])
def test_a_fault_that_passes_does_no_harm(
    stand_in: StandIn, source: Callable[[str], Callable[[Client], Source]], papers: int, fault: str
) -> None:
    batch = the_batch(source(stand_in("--fault", f"{fault}:2", "--only", "hf" if papers == 34 else "arxiv")))
    assert (batch.state, len(batch.papers)) == (BatchState.FRESH, papers)


def test_an_announcement_that_is_repeated_under_a_new_date_is_read_as_it_comes(stand_in: StandIn) -> None:
    """Only its papers tell that it is stale: that is for who knows the one before to judge."""
    batch = the_batch(arxiv(stand_in("--fault", "stale:100")))
    assert (batch.state, batch.day, len(batch.papers)) == (BatchState.FRESH, TUESDAY, 176)
