"""How fast mails are rendered: MJML compiled once, beside MJML compiled for each mail, and the npm mjml.

    python benchmarks/rendering.py [FOLDER]

FOLDER holds recorded days; without it the papers are generated. Each reader gets ten papers in full and
twenty title lines. All ways but the whole one are given the same mails, with nothing left to decide. One
JSON line for each way.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from datetime import time as clock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from mjml import mjml2html

from paperround.digests import Digest, Match, Pick, Section
from paperround.keywords import keyword
from paperround.papers import Paper
from paperround.rendering import Footer, Renderer, templates
from paperround.rendering.views import Draft, Mail
from paperround.subscribers import Interests, Subscriber
from ranking_speed import SEED, papers_of, vocabulary

DAY = date(2026, 6, 16)
FOOTER = Footer(unsubscribe="https://papers.example.org/u/1", postal_address="1 Example Street")
PICKS, TITLES, KEYWORDS = 10, 20, 8  # of each reader
ROUNDS = 3  # of which the fastest counts
NPM_MJML = Path(__file__).resolve().parents[1] / "tests" / "node" / "node_modules" / ".bin" / "mjml"


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="Recorded days; without it papers are made up.")
    ] = None,
    *,
    papers: Annotated[int, typer.Option(min=1)] = 1_000,
    readers: Annotated[int, typer.Option(min=1)] = 500,
    npm_mjml: Annotated[Path, typer.Option(help="The program of the npm package mjml.")] = NPM_MJML,
) -> None:
    """Render a mail for each reader in each way, and say how many that are in a second."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
    day = papers_of(folder, papers, chance)
    # Each round its own digests, for what was made of a paper for one reader is kept for the next.
    digests = [drawn(day, readers, chance) for _ in range(ROUNDS)]
    mails = [Draft(digest, FOOTER).mail(0) for digest in drawn(day, readers, chance)]
    ways = _ways(iter(digests), mails, npm_mjml)
    # In turns, so that what else the machine does falls on all of them.
    took = {way: float("inf") for way in ways}
    for _ in range(ROUNDS):
        for way, render in ways.items():
            took[way] = min(took[way], _seconds(render))
    once = took["compiled once"]
    for way, seconds in took.items():
        _print(
            {
                "way": way,
                "mails": len(mails),
                "per_second": round(len(mails) / seconds, 1),
                "times_compiled_once": round(seconds / once, 1),
            }
        )


def drawn(papers: Sequence[Paper], readers: int, chance: random.Random) -> list[Digest]:
    """Return a digest for each reader, of papers and keywords drawn by chance."""
    terms = [term for term, _ in vocabulary(papers)]
    return [_digest(papers, chance.sample(terms, min(KEYWORDS, len(terms))), chance) for _ in range(readers)]


def _digest(papers: Sequence[Paper], terms: Sequence[str], chance: random.Random) -> Digest:
    shown = chance.sample(papers, min(PICKS + TITLES, len(papers)))

    def pick(paper: Paper, section: Section) -> Pick:
        term = chance.choice(terms)
        return Pick(
            paper=replace(paper, votes=56, organization="Example Institute"),
            section=section,
            relevance=0.5,
            announced=DAY,
            matched=(Match(term=term, where=("title",), weight=1.0),),
            reasons=(f"Matches {term} in the title",),
        )

    return Digest(
        subscriber=Subscriber(
            address="reader@example.org",
            timezone=ZoneInfo("UTC"),
            deliver_at=clock(7),
            interests=Interests(keywords=tuple(map(keyword, terms))),
        ),
        day=DAY,
        picks=tuple(pick(paper, Section.FOR_YOU) for paper in shown[:PICKS]),
        titles=tuple(pick(paper, Section.MORE) for paper in shown[PICKS:]),
        batches=(),
        considered=len(papers),
        rejected={},
    )


def _ways(
    digests: Iterator[Sequence[Digest]], mails: Sequence[Mail], npm_mjml: Path
) -> Mapping[str, Callable[[], None]]:
    compiled, source = templates.load(None), templates.uncompiled(None)
    renderer = Renderer()

    def each_whole() -> None:
        for digest in next(digests):
            renderer.render(digest, footer=FOOTER)

    def once() -> None:
        for mail in mails:
            compiled.html(mail)

    def for_each() -> None:
        for mail in mails:
            mjml2html(source(mail), fonts={})

    ways = {
        "compiled once": once,
        "compiled once, from a digest to subject, HTML and text": each_whole,
        "compiled for each mail": for_each,
    }
    if npm_mjml.is_file() and shutil.which("node"):
        return ways | {"npm mjml, all mails in one process": lambda: _npm(npm_mjml, source, mails)}
    print(f"without npm mjml: no {npm_mjml}, or no node; `make node` installs it", file=sys.stderr)
    return ways


def _npm(program: Path, source: Callable[[Mail], str], mails: Sequence[Mail]) -> None:
    """Fill the MJML of each mail, and have the files compiled; raise where one is not."""
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{at}.mjml" for at in range(len(mails))]
        for file, mail in zip(files, mails, strict=True):
            file.write_text(source(mail), encoding="utf-8")
        subprocess.run([program, *files, "--output", folder], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - the program that was asked for
        missing = [file.name for file in files if not file.with_suffix(".html").is_file()]
    if missing:
        sys.exit(f"{program}: made nothing of {', '.join(missing)}")


def _seconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _print(line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    typer.run(main)
