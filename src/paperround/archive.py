"""The papers of a day, or what was found among all, as a list to leaf through."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil

from paperround.papers import Paper
from paperround.ports import Listing

PAGE = 50  # papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A paper, the latest day on which it was announced, and by which sources it was."""

    paper: Paper
    day: date
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is left of a list: the papers of a source, or in a category. Empty is everything."""

    source: str = ""
    category: str = ""

    def admits(self, entry: Entry) -> bool:
        """Return whether the paper stays."""
        return self.source in ("", *entry.sources) and self.category in ("", *entry.paper.categories)


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list: which of how many pages it is, and how many papers there are on all."""

    entries: tuple[Entry, ...]
    number: int
    pages: int
    papers: int


def entries(listings: Iterable[Listing]) -> tuple[Entry, ...]:
    """Return each paper once, those of the latest day first, and of a day those with most votes.

    Papers without votes follow, in the order in which they were announced.
    """
    found: dict[str, Entry] = {}
    for each in listings:
        known = found.get(each.paper.id)
        if known is None:
            found[each.paper.id] = Entry(paper=each.paper, day=each.day, sources=(each.source,))
        else:
            sources = tuple(dict.fromkeys((*known.sources, each.source)))
            found[each.paper.id] = replace(known, day=max(known.day, each.day), sources=sources)
    return tuple(sorted(found.values(), key=lambda entry: (-entry.day.toordinal(), -_votes(entry.paper))))


def sources(listed: Iterable[Entry]) -> Mapping[str, int]:
    """Return how many papers each source announced, by its name."""
    return dict(sorted(Counter(source for entry in listed for source in entry.sources).items()))


def categories(listed: Iterable[Entry]) -> Mapping[str, int]:
    """Return how many papers there are in each category, by its name."""
    return dict(sorted(Counter(each for entry in listed for each in entry.paper.categories).items()))


def page(listed: Sequence[Entry], number: int) -> Page:
    """Return that page of a list, or the nearest that there is."""
    pages = max(1, ceil(len(listed) / PAGE))
    number = min(max(1, number), pages)
    shown = tuple(listed[(number - 1) * PAGE : number * PAGE])
    return Page(entries=shown, number=number, pages=pages, papers=len(listed))


def neighbours(days: Sequence[date], day: date) -> tuple[date | None, date | None]:
    """Return the nearest of the days before and after that day."""
    return (
        max((each for each in days if each < day), default=None),
        min((each for each in days if each > day), default=None),
    )


def _votes(paper: Paper) -> int:
    return -1 if paper.votes is None else paper.votes
