"""What a paper is, and how one work out of several sources becomes one paper."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import NewType

PaperId = NewType("PaperId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One published work.

    `id` is the source's own stable name without its version ("arxiv:2606.14832"), so a revised
    paper is the same paper. Text has passed `text.clean`; links are absolute http(s) or None.
    `votes` is None where the source counts none, and 0 where nobody voted.
    """

    id: PaperId
    title: str
    url: str
    published: date
    abstract: str = ""
    authors: tuple[str, ...] = ()
    organization: str | None = None
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    votes: int | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    project_url: str | None = None
    image_url: str | None = None

    def __post_init__(self) -> None:
        if ":" not in self.id:
            raise ValueError(f"{self.id!r}: a paper's id is its source's name, a colon and the name there")
        if not self.title:
            raise ValueError(f"{self.id}: a paper has a title")


def merge(papers: Iterable[Paper]) -> tuple[Paper, ...]:
    """Return each work once, in the order of first appearance.

    Of several records of one work the first counts; what it lacks is filled from the later ones,
    and the earliest date of publication is taken, for a feed dates a paper by its announcement.
    """
    merged: dict[PaperId, Paper] = {}
    for paper in papers:
        known = merged.get(paper.id)
        merged[paper.id] = paper if known is None else _filled(known, paper)
    return tuple(merged.values())


# The new identifiers since 2007, and the older ones with an archive before the slash:
# https://info.arxiv.org/help/arxiv_identifier.html
_ARXIV_ID = re.compile(
    r"(?:^|arxiv:|arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.|oai:arxiv\.org:)"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?(?=$|[?#\s)\]>,;/.])",
    re.IGNORECASE | re.ASCII,
)


def arxiv_id(text: str) -> PaperId | None:
    """Return the id of the arXiv paper that an identifier, a link or a DOI names, without its version."""
    found = _ARXIV_ID.search(text.strip())
    if found is None:
        return None
    # Of an old identifier the archive alone counts: "math.GT/0309136" is "math/0309136".
    archive, slash, number = found["id"].rpartition("/")
    return PaperId(f"arxiv:{archive.partition('.')[0].lower()}{slash}{number}")


def _filled(known: Paper, other: Paper) -> Paper:
    missing = {
        field.name: getattr(other, field.name)
        for field in fields(Paper)
        if getattr(known, field.name) in (None, "", ())
    }
    return replace(known, **missing, published=min(known.published, other.published))
