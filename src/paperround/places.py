"""Who gets the places of a digest among the papers that deserve one, and what keeps out the others."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from paperround.digests import Bar, Hindrance
from paperround.likeness import NEAR_DUPLICATE, Likeness
from paperround.papers import PaperId
from paperround.phrases import counted, gap, listed
from paperround.ranking import Ranking
from paperround.subscribers import Subscriber


def in_words(hindrance: Hindrance, title: Callable[[PaperId], str]) -> str:
    """Return what crowded a paper out, for people."""
    names = [f"“{title(each)}” ({each})" for each in hindrance.by]
    match hindrance.bar:
        case Bar.TWIN:
            return f"it tells much the same as {names[-1]}, likeness {hindrance.likeness:.2f}"
        case Bar.QUOTA:
            return f"all places that at_most allows “{hindrance.keyword}” went to {listed(names)}"
        case Bar.VARIETY:
            near = f"{names[-1]}, likeness {hindrance.likeness:.2f}"
            return f"passed over for variety: it is on the topic of {near}"
        case Bar.NO_ROOM if hindrance.short_by is None:
            return "no room was left by the papers that come first"
        case Bar.NO_ROOM:
            margin = f"more relevant by {gap(hindrance.short_by)}" if hindrance.short_by else "as relevant"
            return (
                f"no room: {counted(len(names), 'paper')} came first, the last of them {names[-1]}, {margin}"
            )
        case Bar.MAIL_FULL:
            return "the mail was full: it is kept so small that mail programs show it whole"
        case _:
            assert_never(hindrance.bar)


UNLIKE = 0.15  # two papers less alike than this, as 99 of 100 pairs are, have only their field in common


class Places:
    """The places of one reader's digest, given away one after another.

    Beside a paper with a place, its twin gets none, and a keyword gets no more than its quota.
    """

    def __init__(self, subscriber: Subscriber, ranking: Ranking, likeness: Likeness) -> None:
        self._interests = subscriber.interests
        self._variety = subscriber.variety
        self._ranking = ranking
        self._likeness = likeness
        self._quotas = {each.text: each.at_most for each in self._interests.keywords if each.at_most}
        self._held: dict[str, list[PaperId]] = defaultdict(list)  # by the keyword that has a quota
        self._alike = np.zeros(len(ranking.papers), dtype=np.float32)  # to the nearest paper with a place
        self._nearest = np.full(len(ranking.papers), -1)
        self._filled: dict[PaperId, float] = {}
        self._by_relevance: tuple[PaperId, ...] = ()  # those that are filled

    @property
    def filled(self) -> Collection[PaperId]:
        """The papers that got their place for their relevance."""
        return self._filled.keys()

    def take(self, paper: PaperId) -> None:
        """Give the paper a place, whatever else there is."""
        at = self._ranking.position[paper]
        alike = self._likeness.to(at)
        self._nearest = np.where(alike > self._alike, at, self._nearest)
        self._alike = np.maximum(alike, self._alike)
        if keyword := self._with_quota(paper):
            self._held[keyword].append(paper)

    def fill(self, relevance: Mapping[PaperId, float], places: int) -> None:
        """Give places to what is relevant, and unlike what has a place already: maximal marginal relevance.

        The next place goes where (1 - variety) x relevance - variety x likeness is greatest, the likeness
        being that to the nearest paper with a place; one below `UNLIKE` counts as none.
        """
        papers = [paper for paper in relevance if paper not in self._filled]
        positions = np.array([self._ranking.position[paper] for paper in papers], dtype=np.intp)
        worth = (1 - self._variety) * np.array([relevance[paper] for paper in papers])
        for _ in range(places):
            paper = self._next(papers, positions, worth)
            if paper is None:
                break
            self._filled[paper] = relevance[paper]
            self.take(paper)
        self._by_relevance = tuple(sorted(self._filled, key=lambda each: -self._filled[each]))

    def admits(self, paper: PaperId) -> bool:
        """Return whether the paper may have a place beside those that have one."""
        return not self._is_twin(self._ranking.position[paper]) and self._crowd(paper) is None

    def hindrance(self, paper: PaperId, relevance: float | None) -> Hindrance:
        """Return what kept the paper from a place, now that all are given away.

        `relevance` is None where it stood behind the others, whatever its relevance.
        """
        at = self._ranking.position[paper]
        if self._is_twin(at):
            return self._too_like(Bar.TWIN, at)
        if crowd := self._crowd(paper):
            return Hindrance(bar=Bar.QUOTA, by=tuple(crowd), keyword=self._with_quota(paper))
        if relevance is None or not self._filled:
            return Hindrance(bar=Bar.NO_ROOM, by=self._by_relevance)
        ahead = self._filled[self._by_relevance[-1]] - relevance
        if ahead < 0:
            return self._too_like(Bar.VARIETY, at)
        return Hindrance(bar=Bar.NO_ROOM, by=self._by_relevance, short_by=round(ahead, 4))

    def _too_like(self, bar: Bar, at: int) -> Hindrance:
        nearest = self._ranking.papers[self._nearest[at]].id
        return Hindrance(bar=bar, by=(nearest,), likeness=round(float(self._alike[at]), 4))

    def _next(
        self, papers: Sequence[PaperId], positions: NDArray[np.intp], worth: NDArray[np.float64]
    ) -> PaperId | None:
        """Return which paper has the next place, and strike it out, with those that may have none."""
        alike = self._alike[positions]
        worth[alike >= NEAR_DUPLICATE] = -np.inf
        marginal = worth - self._variety * np.where(alike >= UNLIKE, alike, 0.0)
        best: int
        for best in np.argsort(-marginal, kind="stable").tolist():
            if np.isneginf(worth[best]):
                break
            worth[best] = -np.inf
            if self._crowd(papers[best]) is None:
                return papers[best]
        return None

    def _is_twin(self, at: int) -> bool:
        return bool(self._alike[at] >= NEAR_DUPLICATE)

    def _crowd(self, paper: PaperId) -> Sequence[PaperId] | None:
        """Return the papers that use up the quota of what counts most in this one, if they do."""
        keyword = self._with_quota(paper)
        held = self._held[keyword] if keyword else []
        return held if keyword and len(held) >= self._quotas[keyword] else None

    def _with_quota(self, paper: PaperId) -> str | None:
        """Return the keyword that counts most in the paper, where it has a quota."""
        if not self._quotas:
            return None
        matched = self._ranking.matched(self._interests, paper)
        return matched[0].term if matched and matched[0].term in self._quotas else None
