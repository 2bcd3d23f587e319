"""What each paper deserves from one reader: a section of the digest, or the reason why it is in none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from paperround.digests import Section
from paperround.papers import PaperId
from paperround.ports import RevisionListing
from paperround.ranking import Ranked, Ranking
from paperround.subscribers import Subscriber


class Rejection(StrEnum):
    """Why an offered paper deserves no place."""

    HAD = "already sent"
    EXCLUDED = "excluded"
    NOT_MET = "no interest met"
    TOO_WEAK = "below min_relevance"
    OUTVOTED = "not among the most read"


# What a paper deserves from one reader: the section it is good for, or why it is in none.
Verdict = Section | Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is new to a reader: the papers with the day they were announced, and which of them came late.

    `updates` are new versions of papers that the reader had, where such are wished.
    """

    announced: Mapping[PaperId, date]
    late: frozenset[PaperId]
    updates: Mapping[PaperId, RevisionListing] = field(default_factory=dict)


VERDICTS: tuple[Verdict, ...] = (Section.FOR_YOU, Section.AUTHORS, Section.UPDATES, *Rejection)
_CODE = {verdict: code for code, verdict in enumerate(VERDICTS)}
NOT_OFFERED = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What each of the ranked papers deserves from one reader, by its position, as codes of verdicts.

    `relevance` is 0 where nothing was found; the positions of what was found are `best_first`.
    """

    codes: NDArray[np.int8]
    relevance: NDArray[np.float64]
    best_first: NDArray[np.intp]

    def verdict(self, at: int) -> Verdict | None:
        """Return what the paper deserves, or None where it was not offered."""
        code = int(self.codes[at])
        return None if code == NOT_OFFERED else VERDICTS[code]

    def deserving(self, section: Section) -> NDArray[np.intp]:
        """Return the positions of the papers that are good for the section, the most relevant first."""
        found: NDArray[np.intp] = self.best_first[self.codes[self.best_first] == _CODE[section]]
        return found


def verdicts(
    subscriber: Subscriber,
    ranking: Ranking,
    ranked: Ranked,
    offered: Offer,
    *,
    had: frozenset[PaperId],
    popular: Iterable[PaperId],
) -> Judged:
    """Return for each offered paper its section, or why it is in none.

    A paper that the reader had counts as such only where it would come again. One of the popular that
    meets no interest is as good as outvoted, until it is given a place.
    """
    announced = ranking.positions(offered.announced)
    updated = [ranking.position[paper] for paper in offered.updates]
    codes = np.full(len(ranking.papers), _CODE[Rejection.NOT_MET], dtype=np.int8)
    if subscriber.trending and subscriber.interests.any:
        read_by_many = [ranking.position[each] for each in popular if each in ranking.position]
        codes[read_by_many] = _CODE[Rejection.OUTVOTED]
    elif subscriber.trending:
        codes[:] = _CODE[Rejection.OUTVOTED]
    codes[updated] = _CODE[Rejection.NOT_MET]
    # What follows has the last word over what precedes it.
    codes[ranked.papers[ranked.met]] = _CODE[Rejection.TOO_WEAK]
    codes[ranked.papers[ranked.relevance >= subscriber.min_relevance]] = _CODE[Section.FOR_YOU]
    codes[list(ranked.followed)] = _CODE[Section.AUTHORS]
    codes[[at for at in updated if VERDICTS[codes[at]] in Section]] = _CODE[Section.UPDATES]
    codes[list(ranked.excluded)] = _CODE[Rejection.EXCLUDED]
    is_offered = np.zeros(len(codes), dtype=bool)
    is_offered[announced] = True
    is_offered[updated] = True
    codes[~is_offered] = NOT_OFFERED
    relevance = np.zeros(len(codes))
    relevance[ranked.papers] = ranked.relevance
    judged = Judged(codes=codes, relevance=relevance, best_first=ranked.papers)
    for section in (Section.FOR_YOU, Section.AUTHORS) if had else ():
        again = [at for at in judged.deserving(section).tolist() if ranking.papers[at].id in had]
        codes[again] = _CODE[Rejection.HAD]
    return judged
