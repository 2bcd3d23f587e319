"""A list out of which some items cannot be read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from paperround.batches import BatchState
from paperround.papers import Paper, merge
from paperround.ports import SourceError

T = TypeVar("T")

_NAMED = 3  # faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The papers in a list; how many items it has, how many are faulty, and the first few faults."""

    papers: tuple[Paper, ...] = ()
    total: int = 0
    faulty: int = 0
    faults: tuple[str, ...] = ()
    noun: str = "item"

    @property
    def state(self) -> BatchState:
        """How much of the list could be read."""
        return BatchState.PARTIAL if self.faulty else BatchState.FRESH

    @property
    def reason(self) -> str:
        """Why the list is not fresh."""
        if not self.faulty:
            return ""
        more = "; …" if self.faulty > len(self.faults) else ""
        return f"{self.faulty} of {self.total} {self.noun}s could not be read: {'; '.join(self.faults)}{more}"


def read_entries(items: Iterable[T], read: Callable[[T], Paper | None], *, noun: str = "item") -> Entries:
    """Return what `read` makes of each item: a paper, or None for something else; a ValueError is a fault.

    Raise SourceError when every item is faulty.
    """
    papers: list[Paper] = []
    faults: list[str] = []
    total = faulty = 0
    for total, item in enumerate(items, start=1):
        try:
            paper = read(item)
        except ValueError as error:
            faulty += 1
            if faulty <= _NAMED:
                faults.append(f"{noun} {total}: {error}")
            continue
        if paper is not None:
            papers.append(paper)
    result = Entries(papers=merge(papers), total=total, faulty=faulty, faults=tuple(faults), noun=noun)
    if faulty and faulty == total:
        raise SourceError(result.reason)
    return result
