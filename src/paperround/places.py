"""Who gets the places of a digest among the papers that deserve one, and what keeps out the others."""

from collections import Counter, defaultdict
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

    A paper is told by its position in the ranking. Beside one with a place, its twin gets none, and a
    keyword gets no more than its quota.
    """

    def __init__(self, subscriber: Subscriber, ranking: Ranking, likeness: Likeness) -> None:
        self._interests = subscriber.interests
        self._variety = subscriber.variety
        self._ranking = ranking
        self._likeness = likeness
        self._quotas = {each.text: each.at_most for each in self._interests.keywords if each.at_most}
        self._counts_most: dict[int, str | None] = {}  # what was asked of papers, where there are quotas
        self._held: dict[str, list[PaperId]] = defaultdict(list)  # by the keyword that has a quota
        self._alike = np.zeros(len(ranking.papers), dtype=np.float32)  # to the nearest paper with a place
        self._nearest = np.full(len(ranking.papers), -1)
        self._filled: dict[int, float] = {}
        self._by_relevance: tuple[int, ...] = ()  # those that are filled

    @property
    def filled(self) -> Collection[int]:
        """The papers that got their place for their relevance."""
        return self._filled.keys()

    def take(self, at: int) -> None:
        """Give the paper a place, whatever else there is."""
        alike = self._likeness.to(at)
        self._nearest = np.where(alike > self._alike, at, self._nearest)
        self._alike = np.maximum(alike, self._alike)
        if keyword := self._with_quota(at):
            self._held[keyword].append(self._named(at))

    def fill(self, papers: NDArray[np.intp], relevance: NDArray[np.float64], places: int) -> None:
        """Give places to what is relevant, and unlike what has a place already: maximal marginal relevance.

        The next place goes where (1 - variety) x relevance - variety x likeness is greatest, the likeness
        being that to the nearest paper with a place; one below `UNLIKE` counts as none.
        """
        if places <= 0:
            return
        worth = (1 - self._variety) * relevance
        if self._filled:
            worth[np.isin(papers, list(self._filled))] = -np.inf
        for _ in range(places):
            found = self._next(papers, worth)
            if found is None:
                break
            at = int(papers[found])
            self._filled[at] = float(relevance[found])
            self.take(at)
        self._by_relevance = tuple(sorted(self._filled, key=lambda each: -self._filled[each]))

    def admits(self, at: int) -> bool:
        """Return whether the paper may have a place beside those that have one."""
        return not self._is_twin(at) and self._crowd(at) is None

    def hindrance(self, at: int, relevance: float | None) -> Hindrance:
        """Return what kept the paper from a place, now that all are given away.

        `relevance` is None where it stood behind the others, whatever its relevance.
        """
        bar = self._bar(at, relevance)
        if bar in (Bar.TWIN, Bar.VARIETY):
            nearest = self._named(int(self._nearest[at]))
            return Hindrance(bar=bar, by=(nearest,), likeness=round(float(self._alike[at]), 4))
        if bar is Bar.QUOTA:
            return Hindrance(bar=bar, by=tuple(self._crowd(at) or ()), keyword=self._with_quota(at))
        by = tuple(map(self._named, self._by_relevance))
        if relevance is None or not by:
            return Hindrance(bar=bar, by=by)
        return Hindrance(bar=bar, by=by, short_by=round(self._least - relevance, 4))

    def bars(self, relevance: Mapping[int, float | None]) -> Mapping[str, int]:
        """Return how many of these papers each bar keeps out: what `hindrance` says of one."""
        if self._quotas:
            return Counter(self._bar(at, worth) for at, worth in relevance.items())
        twins = self._alike[list(relevance)] >= NEAR_DUPLICATE
        worth = np.array([-np.inf if each is None else each for each in relevance.values()])
        passed_over = ~twins & (worth > self._least)
        counts = {Bar.TWIN: int(twins.sum()), Bar.VARIETY: int(passed_over.sum())}
        counts[Bar.NO_ROOM] = len(relevance) - sum(counts.values())
        return {bar: count for bar, count in counts.items() if count}

    @property
    def _least(self) -> float:
        """The least relevance that found a place, more than any where none did."""
        return self._filled[self._by_relevance[-1]] if self._by_relevance else np.inf

    def _bar(self, at: int, relevance: float | None) -> Bar:
        if self._is_twin(at):
            return Bar.TWIN
        if self._crowd(at):
            return Bar.QUOTA
        return Bar.VARIETY if relevance is not None and relevance > self._least else Bar.NO_ROOM

    def _named(self, at: int) -> PaperId:
        return self._ranking.papers[at].id

    def _next(self, papers: NDArray[np.intp], worth: NDArray[np.float64]) -> int | None:
        """Return which of the papers has the next place, and strike it out, with those that may have none."""
        alike = self._alike[papers]
        worth[alike >= NEAR_DUPLICATE] = -np.inf
        marginal = worth - self._variety * np.where(alike >= UNLIKE, alike, 0.0)
        while len(papers):
            best = int(np.argmax(marginal))
            if np.isneginf(worth[best]):
                break
            worth[best] = marginal[best] = -np.inf
            if self._crowd(int(papers[best])) is None:
                return best
        return None

    def _is_twin(self, at: int) -> bool:
        return bool(self._alike[at] >= NEAR_DUPLICATE)

    def _crowd(self, at: int) -> Sequence[PaperId] | None:
        """Return the papers that use up the quota of what counts most in this one, if they do."""
        keyword = self._with_quota(at)
        held = self._held[keyword] if keyword else []
        return held if keyword and len(held) >= self._quotas[keyword] else None

    def _with_quota(self, at: int) -> str | None:
        """Return the keyword that counts most in the paper, where it has a quota."""
        if not self._quotas:
            return None
        if at not in self._counts_most:
            matched = self._ranking.matched(self._interests, self._named(at))
            self._counts_most[at] = matched[0].term if matched else None
        keyword = self._counts_most[at]
        return keyword if keyword in self._quotas else None
