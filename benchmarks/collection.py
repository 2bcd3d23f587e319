"""A collection: documents, what people asked for, and what was judged to answer it.

A folder with `docs.jsonl.gz`, `queries.jsonl.gz` and `qrels.tsv.gz`; see docs/benchmarks.md.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

DOCUMENTS, QUERIES, JUDGEMENTS = "docs.jsonl.gz", "queries.jsonl.gz", "qrels.tsv.gz"

Judgements = Mapping[str, Mapping[str, int]]  # grades, by query and document
# What a ranker finds for each query: documents and their scores, best first.
Found = Mapping[str, Sequence[tuple[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text of a collection; each of its parts may be empty."""

    id: str
    title: str
    abstract: str
    keywords: tuple[str, ...]

    @property
    def text(self) -> str:
        """All that it says."""
        return " ".join(part for part in (self.title, self.abstract, *self.keywords) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody looked for: keywords or sentences with their weights, without the seed document."""

    id: str
    keywords: tuple[tuple[str, float], ...]
    seed: str | None

    @property
    def text(self) -> str:
        """The words alone; a keyword of weight three stands there three times."""
        return " ".join(text for text, weight in self.keywords for _ in range(max(1, round(weight))))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collection:
    """Documents, queries, and the grades of documents for queries."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    judgements: Judgements


class CollectionError(Exception):
    """A collection cannot be read: which file, which line, and the mend."""


def read_all(folder: Path) -> Iterator[Collection]:
    """Yield the collection that the folder is, or those in its sub-folders; raise CollectionError."""
    folders = [at for at in (folder, *sorted(folder.glob("*/"))) if (at / DOCUMENTS).is_file()]
    if not folders:
        raise CollectionError(f"{folder}: no {DOCUMENTS} here or one folder below")
    for at in folders:
        yield read(at)


def read(folder: Path) -> Collection:
    """Return the collection in the folder, or raise CollectionError."""
    documents = _by_id(folder / DOCUMENTS, _document)
    queries = _by_id(folder / QUERIES, _query)
    judgements = _judgements(folder / JUDGEMENTS, known=queries)
    return Collection(
        name=folder.resolve().name,
        documents=tuple(documents.values()),
        queries=tuple(query for query in queries.values() if query.id in judgements),
        judgements=judgements,
    )


_One = TypeVar("_One", Document, Query)


def _by_id(path: Path, make: Callable[[Mapping[str, object]], _One]) -> dict[str, _One]:
    found: dict[str, _One] = {}
    for number, line in _lines(path):
        try:
            values = json.loads(line)
            if not isinstance(values, dict):
                raise ValueError("not a JSON object: {…}")  # noqa: TRY004, TRY301 - a fault in the line
            one = make(values)
            if one.id in found:
                raise ValueError(f"`id` {one.id!r} stands there twice")  # noqa: TRY301
        except ValueError as error:
            raise CollectionError(f"{path}:{number}: {error}") from error
        found[one.id] = one
    if not found:
        raise CollectionError(f"{path}: empty")
    return found


def _document(values: Mapping[str, object]) -> Document:
    keywords = values.get("keywords") or ()
    return Document(
        id=_id(values, "id"),
        title=_text(values, "title"),
        abstract=_text(values, "abstract"),
        # Some have them as one text.
        keywords=_texts(keywords.split(",") if isinstance(keywords, str) else keywords),
    )


def _query(values: Mapping[str, object]) -> Query:
    keywords = _texts(values.get("keywords") or [_text(values, "text")])
    if not keywords:
        raise ValueError("a query has `text`, or `keywords`")
    weights = values.get("weights") or [1] * len(keywords)
    if not isinstance(weights, list) or len(weights) != len(keywords):
        raise ValueError("`weights` must be a list with a number for each keyword")
    return Query(
        id=_id(values, "id"),
        keywords=tuple(zip(keywords, map(_weight, weights), strict=True)),
        seed=None if values.get("seed") is None else _id(values, "seed"),
    )


def _id(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"`{key}` must be a text or a whole number")
    return str(value)


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key) or ""
    if not isinstance(value, str):
        raise ValueError(f"`{key}` must be a text")  # noqa: TRY004 - a fault in the line, not in the code
    return value.strip()


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        raise ValueError("`keywords` must be a list of texts")
    return tuple(each.strip() for each in values if each.strip())


def _weight(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError("a weight must be a number above 0")
    return float(value)


def _judgements(path: Path, *, known: Mapping[str, Query]) -> Judgements:
    """Return the grades for the queries that are known; others have none who could be asked."""
    grades: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        try:
            query, document, grade = line.rstrip("\n").split("\t")
            value = int(grade)
        except ValueError as error:
            mend = "must be query, document and a whole grade, with tabs between them"
            raise CollectionError(f"{path}:{number}: {mend}") from error
        if query in known:
            grades.setdefault(query, {})[document] = value
    if not grades:
        raise CollectionError(f"{path}: judges none of the queries")
    return grades


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, numbered."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CollectionError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
