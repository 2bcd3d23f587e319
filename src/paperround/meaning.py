"""What papers and keywords mean to a model: directions, whose nearness is nearness in meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from paperround.papers import Paper, PaperId

Key = TypeVar("Key", PaperId, str)
Vector = NDArray[np.float32]  # of length one, or of nothing but zeros where nothing is known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meaning:
    """The vectors of some papers, and of keywords by their text, as one model has them."""

    papers: Mapping[PaperId, Vector]
    keywords: Mapping[str, Vector]

    def __post_init__(self) -> None:
        if len(sizes := {len(vector) for vector in self._vectors()}) > 1:
            raise ValueError(f"vectors of more than one model: their sizes are {sorted(sizes)}")

    def nearness(self, keywords: Sequence[str], papers: Sequence[PaperId]) -> NDArray[np.float32]:
        """Return the cosine of each keyword, a row, with each paper, a column; 0 where one is unknown."""
        size = next(map(len, self._vectors()), 0)
        return _rows(self.keywords, keywords, size) @ _rows(self.papers, papers, size).T

    def _vectors(self) -> chain[Vector]:
        return chain(self.papers.values(), self.keywords.values())


def paper_text(paper: Paper) -> str:
    """Return what a model reads of a paper; it takes as much of it as it can hold."""
    return f"{paper.title}. {paper.abstract}".rstrip()


def _rows(vectors: Mapping[Key, Vector], wanted: Sequence[Key], size: int) -> NDArray[np.float32]:
    unknown = np.zeros(size, np.float32)
    rows = [vectors.get(each, unknown) for each in wanted]
    return np.array(rows, np.float32).reshape(len(wanted), size)
