"""How alike two papers are, by the words of their titles and abstracts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from paperround.papers import Paper
from paperround.vocabulary import tokens

# At least this alike, two papers are one work told twice: half an abstract is, to the whole (0.71 or
# more), and reports of different teams on one contest are not (0.53 or less).
NEAR_DUPLICATE = 0.6

# How much a word tells is judged as if this many more papers had been read, a few of them with the
# word, so that in a list of three papers the words that all of them hold still count.
UNSEEN, UNSEEN_WITH_IT = 200, 2

# Words that no other paper has are thought into each, so that two short titles with a word in common are
# not alike yet: the square of a rare word's weight is about 35, that of an abstract's about 2,000.
THIN = 50.0

KEPT = 20_000_000  # likenesses that are kept at a time, four bytes each


class Likeness:
    """Some papers, and how alike each two of them are: from 0, no word in common, to 1, the same words."""

    def __init__(self, papers: Sequence[Paper], *, known: Sequence[Paper]) -> None:
        """Read the papers; a word tells the more, the fewer of the known papers hold it."""
        column: dict[str, int] = {}
        counts = [[(column.setdefault(stem, len(column)), n) for stem, n in _stems(each)] for each in papers]
        seen = Counter(stem for each in known for stem, _ in _stems(each))
        tells = np.log((len(known) + UNSEEN) / (np.array([seen[stem] for stem in column]) + UNSEEN_WITH_IT))
        self._rows = _normalised(counts, tells)
        self.to = lru_cache(maxsize=max(1, KEPT // max(1, len(papers))))(self._to)

    def _to(self, at: int) -> NDArray[np.float32]:
        """Return how alike each of the papers, in their order, is to the one at this position."""
        alike: NDArray[np.float32] = self._rows @ self._rows[[at]].toarray()[0]
        return alike


def _stems(paper: Paper) -> Iterator[tuple[str, int]]:
    words = (*tokens(paper.title), *tokens(paper.abstract))
    yield from Counter(word.stem for word in words).items()


def _normalised(counts: Sequence[Sequence[tuple[int, int]]], tells: NDArray[np.float64]) -> csr_array:
    rows = np.repeat(np.arange(len(counts)), np.array([len(row) for row in counts], dtype=np.intp))
    columns = np.array([column for row in counts for column, _ in row], dtype=np.intp)
    often = np.array([n for row in counts for _, n in row], dtype=np.float64)
    values = (1 + np.log(often)) * tells[columns]
    lengths = np.sqrt(THIN + np.bincount(rows, weights=values**2, minlength=len(counts)))
    return csr_array(
        ((values / lengths[rows]).astype(np.float32), (rows, columns)), shape=(len(counts), len(tells))
    )
