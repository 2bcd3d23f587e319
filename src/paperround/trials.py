"""What interests would have brought: how many of some papers meet each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from paperround.issue import KNOWN
from paperround.papers import Paper
from paperround.ranking import Ranked, Ranking
from paperround.subscribers import Interests


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Of so many papers since that day: how many meet each interest, in their order, and any of them.

    Papers that hold what is excluded are in `papers` alone.
    """

    since: date
    papers: int
    met: tuple[tuple[str, int], ...]
    any: int


def trial(interests: Interests, papers: Sequence[Paper], *, since: date) -> Trial:
    """Return how many of the papers, the newest first, meet the interests, by words alone."""
    apart = dict(_apart(interests))
    readers = [interests, *apart.values()]
    ranking = Ranking(papers, readers, known=papers[:KNOWN])
    together, *each = map(_count, ranking.rank(readers))
    return Trial(since=since, papers=len(papers), met=tuple(zip(apart, each, strict=True)), any=together)


def _apart(interests: Interests) -> Iterator[tuple[str, Interests]]:
    """Yield each interest as one has it who has no other, with the words for it."""
    exclude = interests.exclude
    for keyword in interests.keywords:
        yield keyword.text, Interests(keywords=(keyword,), exclude=exclude)
    for name in interests.authors:
        yield name, Interests(authors=(name,), exclude=exclude)
    for category in interests.categories:
        yield category, Interests(categories=(category,), exclude=exclude)
    for organization in interests.organizations:
        yield organization, Interests(organizations=(organization,), exclude=exclude)


def _count(ranked: Ranked) -> int:
    return len(set(ranked.papers[ranked.met].tolist()) - ranked.excluded)
