"""How well paperround ranks: its own ranker, the one `send` uses, over collections that people judged.

    python benchmarks/ranking.py FOLDER [--peers] [--model MODEL]

FOLDER is a collection or holds some. One JSON line for each, then one with the mean over them.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Annotated

import ir_measures
import typer
from ir_measures import AP, P, nDCG
from rich.console import Console
from rich.table import Table

from collection import Collection, CollectionError, Document, Found, Query, read_all
from paperround.embedding import SentenceModel
from paperround.keywords import Keyword, keyword
from paperround.meaning import Meaning, paper_text
from paperround.papers import Paper, PaperId
from paperround.ports import Embedder
from paperround.ranking import Ranking
from paperround.sources import fields
from paperround.subscribers import Interests

MEASURES = {"ndcg@10": nDCG @ 10, "map": AP, "p@5": P @ 5}
OURS = "paperround"
TITLE_WORDS = 12  # of the abstract, where a document has no title

Ranker = Callable[[Collection], Found]


def main(
    folder: Annotated[Path, typer.Argument(help="A collection, or a folder of them.")],
    *,
    peers: Annotated[bool, typer.Option("--peers", help="Rank with others as well.")] = False,
    model: Annotated[
        str | None, typer.Option(help="A name or a folder: rank with what it says of meaning as well.")
    ] = None,
) -> None:
    """Rank the collections and print nDCG@10, MAP and P@5 for each, and their means."""
    rankers: dict[str, Ranker] = {OURS: rank}
    if model:
        embedder = SentenceModel(model)
        rankers[f"{OURS}, with meaning"] = lambda collection: rank(collection, embedder)
    if peers:
        rankers |= _peers()
    results: dict[str, dict[str, Mapping[str, float]]] = {name: {} for name in rankers}
    try:
        for collection in read_all(folder):
            for name, ranker in rankers.items():
                figures = measured(ranker, collection)
                results[name][collection.name] = figures
                _print({"collection": collection.name, "ranker": name, **figures})
    except CollectionError as error:
        sys.exit(str(error))
    # Ours comes last, for who reads the last line alone.
    for name, by_collection in reversed(results.items()):
        _print({"collection": "mean", "ranker": name, **_means(list(by_collection.values()))})
    if peers:
        _show(results)


def measured(ranker: Ranker, collection: Collection) -> dict[str, float]:
    """Return the measures of what the ranker finds, and the seconds it took."""
    started = time.perf_counter()
    found = ranker(collection)
    seconds = time.perf_counter() - started
    seeds = {query.id: query.seed for query in collection.queries}
    # What counts is the order, ties and all: a measure would break them in its own way.
    run = {
        query: {
            document: -float(place)
            for place, (document, _) in enumerate(documents)
            if document != seeds[query]
        }
        for query, documents in found.items()
    }
    values = ir_measures.calc_aggregate(MEASURES.values(), collection.judgements, run)
    return {name: round(values[measure], 4) for name, measure in MEASURES.items()} | {
        "seconds": round(seconds, 2)
    }


def rank(collection: Collection, embedder: Embedder | None = None) -> Found:
    """Rank as `send` does: each document a paper, each query a reader, all documents known."""
    papers = [paper for document in collection.documents for paper in _papers(document)]
    readers = [_interests(query) for query in collection.queries]
    meaning = _meaning(papers, readers, embedder) if embedder else None
    ranking = Ranking(papers, readers, known=papers, meaning=meaning)
    names = [paper.id.removeprefix(_SOURCE) for paper in ranking.papers]
    return {
        query.id: [
            (names[at], score)
            for at, score in zip(ranked.papers.tolist(), ranked.relevance.tolist(), strict=True)
        ]
        for query, ranked in zip(collection.queries, ranking.rank(readers), strict=True)
    }


def _meaning(papers: Sequence[Paper], readers: Sequence[Interests], embedder: Embedder) -> Meaning:
    texts = list(dict.fromkeys(each.text for reader in readers for each in reader.keywords))
    return Meaning(
        papers=dict(
            zip((paper.id for paper in papers), embedder.embed([*map(paper_text, papers)]), strict=True)
        ),
        keywords=dict(zip(texts, embedder.embed(texts), strict=True)),
    )


_SOURCE = "bench:"
_PUBLISHED = date(2000, 1, 1)  # the ranking asks for no date


def _papers(document: Document) -> Iterator[Paper]:
    """Yield the paper that the document is, its text as at ingest; none where it says nothing."""
    title = document.title or " ".join(document.abstract.split()[:TITLE_WORDS])
    if title:
        yield Paper(
            id=PaperId(_SOURCE + document.id),
            title=fields.title(title),
            url="https://example.org/",
            published=_PUBLISHED,
            abstract=fields.abstract(document.abstract),
            keywords=fields.terms(document.keywords),
        )


def _interests(query: Query) -> Interests:
    return Interests(
        keywords=tuple(each for text, weight in query.keywords for each in _keywords(text, weight))
    )


def _keywords(text: str, weight: float) -> Iterator[Keyword]:
    """Yield the text as a keyword, halved for as long as it is too long for one."""
    words = text.split()
    try:
        yield keyword(text, weight=weight)
    except ValueError:
        if len(words) > 1:
            yield from _keywords(" ".join(words[: len(words) // 2]), weight)
            yield from _keywords(" ".join(words[len(words) // 2 :]), weight)


def _peers() -> Mapping[str, Ranker]:
    # Their libraries are not needed, nor waited for, where nobody asks for them.
    import embedding  # noqa: PLC0415
    import peers  # noqa: PLC0415

    try:
        return {**peers.RANKERS, **embedding.rankers()}
    except ImportError as error:
        print(f"without MiniLM and what is fused with it: {error}", file=sys.stderr)
        return peers.RANKERS


def _means(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: round(fmean(each[name] for each in figures), 4) for name in figures[0]}


def _print(line: Mapping[str, object]) -> None:
    print(json.dumps(line), flush=True)


def _show(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Show nDCG@10 side by side, on standard error."""
    collections = list(next(iter(results.values())))
    table = Table("nDCG@10", *collections, "mean")
    for name, figures in results.items():
        values = [figures[each]["ndcg@10"] for each in collections]
        table.add_row(name, *(f"{value:.3f}" for value in (*values, fmean(values))))
    Console(stderr=True).print(table)


if __name__ == "__main__":
    typer.run(main)
