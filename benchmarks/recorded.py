"""Recorded days: what arXiv and Hugging Face announced, as the product reads it.

A folder with `arxiv/DAY.jsonl.gz` (id, title, summary, authors, categories) and, beside it,
`huggingface/DAY.json` (the answer of the Daily Papers). A folder of the former alone will do.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from paperround.papers import Paper, PaperId, merge
from paperround.ports import SourceError
from paperround.sources import fields, huggingface

DAYS = ".jsonl.gz"


class RecordingError(Exception):
    """A recorded day cannot be read: which file, which line."""


def days(folder: Path) -> Mapping[date, tuple[Paper, ...]]:
    """Return the papers of each recorded day, each paper on its first one; raise RecordingError."""
    announced: dict[date, list[Paper]] = {}
    for path in sorted(folder.glob(f"arxiv/*{DAYS}")) or sorted(folder.glob(f"*{DAYS}")):
        day = _day(path, DAYS)
        announced.setdefault(day, []).extend(_arxiv(path, day))
    for path in sorted(folder.glob("huggingface/*.json")):
        day = _day(path, ".json")
        try:
            announced.setdefault(day, []).extend(huggingface.parse(path.read_bytes(), day).papers)
        except SourceError as error:
            raise RecordingError(f"{path}: {error}") from error
    if not announced:
        raise RecordingError(f"{folder}: no arxiv/*{DAYS}, no *{DAYS} and no huggingface/*.json here")
    seen: set[PaperId] = set()
    new: dict[date, tuple[Paper, ...]] = {}
    for day in sorted(announced):
        new[day] = tuple(paper for paper in merge(announced[day]) if paper.id not in seen)
        seen.update(paper.id for paper in new[day])
    return new


def _day(path: Path, ending: str) -> date:
    try:
        return date.fromisoformat(path.name.removesuffix(ending))
    except ValueError as error:
        raise RecordingError(f"{path}: must be named for its day, such as 2026-06-16{ending}") from error


def _arxiv(path: Path, day: date) -> Iterator[Paper]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                about = json.loads(line)
                yield Paper(
                    id=PaperId(f"arxiv:{about['id']}"),
                    title=fields.title(about["title"]),
                    url=f"https://arxiv.org/abs/{about['id']}",
                    published=day,
                    abstract=fields.abstract(about["summary"]),
                    authors=fields.authors(about["authors"]),
                    categories=fields.terms(about["categories"]),
                )
            except (ValueError, KeyError, TypeError) as error:
                raise RecordingError(f"{path}:{number}: {error!r}") from error
