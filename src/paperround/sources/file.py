"""Papers in a file, one JSON object a line."""

import asyncio
import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from paperround import links
from paperround.batches import Batch, BatchState
from paperround.papers import Paper, PaperId, arxiv_id
from paperround.ports import SourceError
from paperround.settings import FileSettings
from paperround.sources import fields
from paperround.sources.entries import Entries, read_entries

LOOKBACK = 6  # days
LONGEST_LINE = 1_000_000  # bytes
LARGEST_FILE = 100_000_000  # bytes


class PaperFile:
    """The lines of a file, by the day for which they are announced."""

    calendar = None

    def __init__(self, settings: FileSettings) -> None:
        self.name = settings.name
        self._path = settings.path

    def days(self, day: date) -> tuple[date, ...]:
        """Return the day and the six before it, for lines may be added late."""
        return tuple(day - timedelta(days=back) for back in range(LOOKBACK + 1))

    async def fetch(self, day: date, *, etag: str | None) -> Batch | None:  # noqa: ARG002 - it is read whole
        """Return the papers announced for the day."""
        entries = await asyncio.to_thread(_read, self._path, day)
        if not entries.papers and not entries.faulty:
            reason = f"no line is announced for {day.isoformat()}"
            return Batch(source=self.name, day=day, state=BatchState.QUIET, reason=reason)
        reason = f"{self._path.name}: {entries.reason}" if entries.faulty else ""
        return Batch(source=self.name, day=day, state=entries.state, papers=entries.papers, reason=reason)


def parse(lines: Iterable[bytes], day: date) -> Entries:
    """Return the papers that the lines announce for the day, or raise SourceError."""
    return read_entries(lines, lambda line: _paper(line, day), noun="line")


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_ID = 200


def _read(path: Path, day: date) -> Entries:
    try:
        # Opened only then: opening a pipe would wait for its other end.
        _check(path)
        with path.open("rb") as file:
            return parse(_lines(file), day)
    except OSError as error:
        raise SourceError(f"{path.name}: {error.strerror or error}") from error
    except SourceError as error:
        raise SourceError(f"{path.name}: {error}") from error


def _check(path: Path) -> None:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise SourceError("not a file")
    if about.st_size > LARGEST_FILE:
        raise SourceError(f"more than {LARGEST_FILE // 1_000_000} MB; leave out what is older than a week")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines; of one that is too long, only as much as shows it."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)


def _paper(line: bytes, day: date) -> Paper | None:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE:,} bytes")
    if not line.removeprefix(_BYTE_ORDER_MARK).strip():
        return None
    values = _object(line)
    published = _date(values, "published")
    announced = _date(values, "announced") if values.get("announced") is not None else published
    if announced != day:
        return None
    return Paper(
        id=_id(_string(values, "id")),
        title=fields.title(_string(values, "title")),
        url=links.web_link(_string(values, "url")) or "",  # a bad link costs the link, and not the paper
        published=published,
        abstract=fields.abstract(_string(values, "abstract")),
        authors=fields.authors(_strings(values, "authors")),
        organization=fields.organization(_string(values, "organization", "")),
        categories=fields.terms(_strings(values, "categories", [])),
        keywords=fields.terms(_strings(values, "keywords", [])),
        votes=_votes(values),
        pdf_url=links.web_link(values.get("pdf_url")),
        code_url=links.web_link(values.get("code_url")),
        project_url=links.web_link(values.get("project_url")),
        image_url=links.image_link(values.get("image_url")),
    )


def _object(line: bytes) -> Mapping[str, object]:
    try:
        values = json.loads(line.removeprefix(_BYTE_ORDER_MARK))
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(values, dict):
        raise ValueError("not a JSON object: {…}")  # noqa: TRY004 - a fault in the line, not in the code
    return values


def _id(name: str) -> PaperId:
    if not 0 < len(name) <= _LONGEST_ID or not name.isprintable() or " " in name:
        raise ValueError(f"`id` must be a word of up to {_LONGEST_ID} characters")
    return arxiv_id(name) or PaperId(name if ":" in name else f"file:{name}")


def _date(values: Mapping[str, object], key: str) -> date:
    try:
        return datetime.fromisoformat(_string(values, key)).date()
    except ValueError as error:
        raise ValueError(f"`{key}` must be a date such as 2026-06-16") from error


def _votes(values: Mapping[str, object]) -> int | None:
    votes = fields.votes(values.get("votes"))
    if votes is None and values.get("votes") is not None:
        raise ValueError("`votes` must be a whole number")
    return votes


def _string(values: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = default if values.get(key) is None else values[key]
    if not isinstance(value, str):
        raise ValueError(f"`{key}` must be a text")  # noqa: TRY004 - a fault in the line, not in the code
    return value


def _strings(values: Mapping[str, object], key: str, default: list[str] | None = None) -> list[str]:
    value = default if values.get(key) is None else values[key]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"`{key}` must be a list of texts")
    return value
