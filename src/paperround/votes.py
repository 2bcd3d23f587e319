"""What everybody reads: the votes for a paper, measured by the list that it stood on."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from paperround.papers import PaperId
from paperround.ports import Listing

HALF = 0.5  # of its list: a paper that many read has more votes than they
FEW = 3  # votes that say nothing yet: on a list of this morning they may be the most


def popular(listings: Iterable[Listing]) -> Mapping[PaperId, float]:
    """Return the papers that many voted for, the most popular first, and how they stand on their lists.

    That is the share of its list (the papers one source announced on one day) that has fewer votes; an
    equal counts half. An older list had longer to gather votes, and each is measured by itself alone. Of
    several lists the best counts; one on which most papers have no count of votes does not.
    """
    lists: dict[tuple[str, date], dict[PaperId, int | None]] = defaultdict(dict)
    for listing in listings:
        lists[listing.source, listing.day][listing.paper.id] = listing.paper.votes
    best: dict[PaperId, tuple[float, int]] = {}
    for listed in lists.values():
        votes = {paper: count for paper, count in listed.items() if count is not None}
        if len(votes) * 2 <= len(listed):
            continue
        ordered = sorted(votes.values())
        for paper, count in votes.items():
            fewer, not_more = bisect_left(ordered, count), bisect_right(ordered, count)
            standing = (fewer + (not_more - fewer - 1) / 2) / len(ordered)
            best[paper] = max((standing, count), best.get(paper, (0.0, 0)))
    worthy = {paper: each for paper, each in best.items() if each[0] >= HALF and each[1] >= FEW}
    return {paper: worthy[paper][0] for paper in sorted(worthy, key=lambda each: worthy[each], reverse=True)}
