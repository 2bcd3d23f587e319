"""How fast paperround ranks: a day of papers for very many readers, beside asking an index once per reader.

    python benchmarks/ranking_speed.py [FOLDER]

FOLDER holds recorded days; without it the papers are generated. The readers' keywords are terms of one
to three words from the papers themselves, drawn as often as people want what many papers are about. That
is generous: a reader meets more papers than in life. One JSON line for each ranker.
"""

import json
import random
import re
import resource
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated

import bm25s
import Stemmer
import typer
from bm25s.stopwords import STOPWORDS_EN_PLUS

from paperround.issue import READERS_AT_ONCE
from paperround.keywords import keyword
from paperround.papers import Paper, PaperId
from paperround.ranking import Ranking
from paperround.subscribers import Interests
from recorded import RecordingError, days

KEYWORDS = 8  # of each reader
VOCABULARY = 20_000  # distinct keywords among which they choose
TOP = 10  # papers wanted of an index
SEED = 20260616
TOO_COMMON = 0.1  # of the papers; nobody wants a keyword that says so little
POPULARITY = 0.7  # a keyword in n papers is wanted n**0.7 times as often as one in a single paper


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="Recorded days; without it papers are made up.")
    ] = None,
    *,
    papers: Annotated[int, typer.Option(min=1)] = 1_000,
    readers: Annotated[int, typer.Option(min=1)] = 100_000,
    sample: Annotated[int, typer.Option(min=1, help="Readers for whom the peers are asked.")] = 1_000,
) -> None:
    """Rank the papers for all readers, and say how long it takes, how much memory, and beside whom."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
    day = papers_of(folder, papers, chance)
    everyone = drawn(vocabulary(day), readers, chance)
    before = peak()
    ours, figures = ranked(day, everyone)
    figures |= {"peak_mb": round(peak()), "peak_mb_before": round(before)}
    _print({"ranker": "paperround", "papers": len(day), "readers": len(everyone), **figures})
    asked = everyone[:sample]
    for name, ask in (("bm25s, asked per reader", asked_bm25s), ("FTS5, asked per reader", asked_fts5)):
        each = ask(day, asked) / len(asked)
        _print(
            {
                "ranker": name,
                "readers": len(asked),
                "us_per_reader": round(each * 1e6, 1),
                "times_paperround": round(each / ours, 1),
            }
        )


def papers_of(folder: Path | None, count: int, chance: random.Random) -> list[Paper]:
    """Return papers of the folder, or made-up ones without one; end where it cannot be read."""
    try:
        return recorded(folder, count) if folder else made_up(count, chance)
    except RecordingError as error:
        sys.exit(str(error))


def recorded(folder: Path, count: int) -> list[Paper]:
    """Return the newest papers that were recorded, so many or as many as there are."""
    newest_first = [paper for _, papers in sorted(days(folder).items(), reverse=True) for paper in papers]
    return newest_first[:count]


def made_up(count: int, chance: random.Random) -> list[Paper]:
    """Return papers whose words are as unevenly common as those of real ones."""
    syllables = ["ba", "co", "di", "fu", "ga", "hel", "in", "jo", "kra", "lem", "mor", "net", "or", "pul"]
    words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(12_000)]
    commonness = [1 / place for place in range(1, len(words) + 1)]

    def text(length: int) -> str:
        return " ".join(chance.choices(words, commonness, k=length))

    return [
        Paper(
            id=PaperId(f"bench:{number}"),
            title=text(10),
            url="https://example.org/",
            published=date(2026, 6, 16),
            abstract=text(200),
        )
        for number in range(count)
    ]


def vocabulary(papers: Sequence[Paper]) -> list[tuple[str, int]]:
    """Return the most common terms of one to three words that are not too common, and how many hold each."""
    held: Counter[str] = Counter()
    for paper in papers:
        held.update(set(_terms(f"{paper.title}. {paper.abstract}")))
    wanted = [(term, count) for term, count in held.items() if count <= TOO_COMMON * len(papers)]
    # Equals in the order of the alphabet, for a set has none.
    return sorted(wanted, key=lambda each: (-each[1], each[0]))[:VOCABULARY]


def drawn(terms: Sequence[tuple[str, int]], readers: int, chance: random.Random) -> list[Interests]:
    """Return so many readers, each with distinct keywords and weights of one to ten."""
    wanted = [held**POPULARITY for _, held in terms]
    keywords = [[keyword(term, weight=weight) for weight in range(1, 11)] for term, _ in terms]
    everyone = []
    for _ in range(readers):
        picked: dict[int, None] = {}
        while len(picked) < min(KEYWORDS, len(terms)):
            picked |= dict.fromkeys(chance.choices(range(len(terms)), wanted, k=KEYWORDS))
        mine = islice(picked, KEYWORDS)
        everyone.append(Interests(keywords=tuple(keywords[at][chance.randrange(10)] for at in mine)))
    return everyone


def ranked(papers: Sequence[Paper], readers: Sequence[Interests]) -> tuple[float, dict[str, object]]:
    """Rank as a round does, block by block; return the seconds per reader, and what to tell of it."""
    started = time.perf_counter()
    ranking = Ranking(papers, readers, known=papers)
    matched = time.perf_counter()
    met = 0
    for start in range(0, len(readers), READERS_AT_ONCE):
        for each in ranking.rank(readers[start : start + READERS_AT_ONCE]):
            met += len(each.papers)
    ended = time.perf_counter()
    return (ended - started) / len(readers), {
        "keywords": len({each.text for reader in readers for each in reader.keywords}),
        "papers_met_per_reader": round(met / len(readers), 1),
        "seconds": round(ended - started, 2),
        "seconds_matching": round(matched - started, 2),
        "seconds_scoring": round(ended - matched, 2),
        "us_per_reader": round((ended - started) / len(readers) * 1e6, 1),
    }


def asked_bm25s(papers: Sequence[Paper], readers: Sequence[Interests]) -> float:
    """Return the seconds that a bm25s index takes to be built and asked for the ten best of each."""
    stemmer = Stemmer.Stemmer("english")

    def tokens(texts: Sequence[str]) -> list[list[str]]:
        return list(
            bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)
        )

    index = bm25s.BM25()
    index.index(tokens([f"{paper.title} {paper.abstract}" for paper in papers]), show_progress=False)
    queries = [" ".join(each.text for each in reader.keywords) for reader in readers]

    def ask() -> None:
        index.retrieve(tokens(queries), k=min(TOP, len(papers)), show_progress=False)

    return _seconds(ask)


def asked_fts5(papers: Sequence[Paper], readers: Sequence[Interests]) -> float:
    """Return the seconds that SQLite's full-text search takes for the ten best of each."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE paper USING fts5(title, abstract, tokenize = 'porter')")
    database.executemany(
        "INSERT INTO paper (title, abstract) VALUES (?, ?)", ((each.title, each.abstract) for each in papers)
    )

    def ask() -> None:
        for reader in readers:
            phrases = " OR ".join(f'"{each.text}"' for each in reader.keywords)
            best = "SELECT rowid FROM paper WHERE paper MATCH ? ORDER BY bm25(paper, 3, 1) LIMIT ?"
            database.execute(best, (phrases, TOP)).fetchall()

    seconds = _seconds(ask)
    database.close()
    return seconds


_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]{2,})*")
_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)


def _terms(text: str) -> Iterator[str]:
    """Yield the terms of one to three words that neither begin nor end with a stop word."""
    for sentence in re.split(r"[.,;:()!?]", text.lower()):
        words = _WORD.findall(sentence)
        for start, first in enumerate(words):
            for end in range(start, min(start + 3, len(words))):
                if first not in _STOP_WORDS and words[end] not in _STOP_WORDS:
                    yield " ".join(words[start : end + 1])


def _seconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def peak() -> float:
    """Return the most memory that this process has held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1e6 if sys.platform == "darwin" else 1e3)


def _print(line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    typer.run(main)
