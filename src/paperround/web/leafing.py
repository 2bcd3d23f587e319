"""What a page of papers shows: those of a day, or what was found, and the ways on from there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from paperround.archive import EVERYTHING, Entry, Filter, Page, categories, neighbours, page, sources
from paperround.languages import ENGLISH, N_, Wording
from paperround.papers import Paper, PaperId
from paperround.rendering import Card, card
from paperround.searching import Search, search
from paperround.web.options import Option

ALL_DAYS = "all"
ONE_DAY = "one"

_NEWEST_DAY = "/"
_NOTHING_YET = N_("No papers have been announced yet. They will be here after the first announcement.")
_NOT_THAT_DAY = N_("No papers were announced on this day.")
_NO_WORD = N_("Write a word to search for.")
_NOT_FOUND = N_("No paper holds all of these words.")
_NONE_LEFT = N_("No paper is left. Choose all sources and all categories to see more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: the papers of a day, or of the newest one; those that hold what was typed.

    With `everywhere`, they are searched for on all days.
    """

    day: date | None = None
    typed: str = ""
    everywhere: bool = False
    filter: Filter = EVERYTHING
    page: int = 1

    @property
    def search(self) -> Search | None:
        """What was typed, as a search, if it holds a word."""
        return search(self.typed)

    @property
    def plain(self) -> bool:
        """Whether nothing but a day is asked for."""
        return not self.typed and self.filter == EVERYTHING

    def address(self, **changed: object) -> str:
        """Return where this is, or what differs from it in these, is to be seen."""
        asked = replace(self, **changed)  # type: ignore[arg-type]  # the fields are named where it is called
        scope = ALL_DAYS if asked.everywhere else ONE_DAY
        parts = {
            "q": asked.typed,
            "days": scope if asked.typed else "",
            "source": asked.filter.source,
            "category": asked.filter.category,
            "page": str(asked.page) if asked.page > 1 else "",
        }
        query = urlencode({name: value for name, value in parts.items() if value})
        path = f"/{asked.day}" if asked.day else _NEWEST_DAY
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Way:
    """A link on the page."""

    label: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A paper as the page shows it; `announced` leads to the other papers of its day, where that helps."""

    card: Card
    facts: tuple[str, ...]
    abstract: str
    announced: Way | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """All that the page says; `at` is the path of its form, `count` and `note` are empty or sentences."""

    title: str
    at: str
    typed: str
    scope: str
    count: str
    note: str
    items: tuple[Item, ...]
    earlier: Way | None
    later: Way | None
    newest: Way | None
    scopes: tuple[Option, ...]
    sources: tuple[Option, ...]
    categories: tuple[Option, ...]
    before: Way | None
    after: Way | None
    place: str


def leaf(
    asked: Asked, entries: Sequence[Entry], days: Sequence[date], wording: Wording, *, cut: bool = False
) -> Leaf:
    """Return what is shown of these papers; `days` have some, the latest first.

    `cut` says that there are more than were looked up.
    """
    day = asked.day or (days[0] if days else None)
    wanted = asked.search
    filtered = _known(asked.filter, entries)
    left = [entry for entry in entries if filtered.admits(entry)]
    shown = page(left, asked.page)
    at = replace(asked, filter=filtered, page=shown.number)
    earlier, later = neighbours(days, day) if day else (None, None)
    before, after = _pages(at, shown, wording)
    return Leaf(
        title=_title(wanted, day, wording),
        at=at.address(typed="", filter=EVERYTHING, page=1),
        typed=wanted.text if wanted else "",
        scope=_scope(asked, wanted, day, wording),
        count=_count(shown, wording, searched=wanted is not None, cut=cut),
        note=wording.gettext(note) if (note := _note(asked, entries, left, days)) else "",
        items=tuple(_items(shown.entries, wanted, wording, everywhere=asked.everywhere)),
        earlier=_to_day(earlier, wording),
        later=_to_day(later, wording),
        newest=_to_newest(day, days, wording),
        scopes=_scopes(asked, wording),
        sources=_options(sources(entries), filtered.source, N_("All sources"), wording),
        categories=_options(categories(entries), filtered.category, N_("All categories"), wording),
        before=before,
        after=after,
        place=_place(shown, wording),
    )


def _known(asked: Filter, entries: Iterable[Entry]) -> Filter:
    """Return the filter without what none of the papers has: a link of another day may still name it."""
    listed = tuple(entries)
    return Filter(
        source=asked.source if asked.source in sources(listed) else "",
        category=asked.category if asked.category in categories(listed) else "",
    )


def _title(wanted: Search | None, day: date | None, wording: Wording) -> str:
    if wanted is not None:
        return wording.gettext("Papers with {words}", words=wanted.text)
    return wording.long_day(day) if day else wording.gettext("No papers yet")


def _scope(asked: Asked, wanted: Search | None, day: date | None, wording: Wording) -> str:
    if wanted is None or day is None:
        return ""
    return wording.gettext("On all days") if asked.everywhere else wording.long_day(day)


def _count(shown: Page, wording: Wording, *, searched: bool, cut: bool) -> str:
    if not shown.papers:
        return ""
    if not searched:
        return wording.ngettext(
            "{count} paper on this day", "{count} papers on this day, most votes first", shown.papers
        )
    if cut:
        return wording.ngettext("The latest {count} paper", "The latest {count} papers", shown.papers)
    return wording.ngettext("{count} paper", "{count} papers", shown.papers)


def _note(asked: Asked, entries: Sequence[Entry], left: Sequence[Entry], days: Sequence[date]) -> str:
    if not days:
        return _NOTHING_YET
    if asked.typed and asked.search is None:
        return _NO_WORD
    if not entries:
        return _NOT_FOUND if asked.search else _NOT_THAT_DAY
    return "" if left else _NONE_LEFT


def _items(
    entries: Iterable[Entry], wanted: Search | None, wording: Wording, *, everywhere: bool
) -> Iterator[Item]:
    keywords = wanted.keywords if wanted else ()
    for entry in entries:
        shown = card(entry.paper, keywords, wording, announced=entry.day)
        others = (name for name in entry.sources if not any(fact.startswith(name) for fact in shown.facts))
        day = Way(shown.announced, Asked(day=entry.day).address()) if wanted and everywhere else None
        yield Item(card=shown, facts=(*others, *shown.facts), abstract=entry.paper.abstract, announced=day)


def _to_day(day: date | None, wording: Wording) -> Way | None:
    return Way(wording.full_day(day), Asked(day=day).address()) if day else None


def _to_newest(day: date | None, days: Sequence[date], wording: Wording) -> Way | None:
    return Way(wording.gettext("Newest"), _NEWEST_DAY) if days and day != days[0] else None


def _pages(at: Asked, shown: Page, wording: Wording) -> tuple[Way | None, Way | None]:
    """Return the ways to the page before and to the one after."""
    number = shown.number
    before = Way(wording.gettext("Previous page"), at.address(page=number - 1))
    after = Way(wording.gettext("Next page"), at.address(page=number + 1))
    return before if number > 1 else None, after if number < shown.pages else None


def _scopes(asked: Asked, wording: Wording) -> tuple[Option, ...]:
    everywhere = asked.everywhere if asked.typed else asked.day is None
    return (
        Option(value=ONE_DAY, label=wording.gettext("This day"), chosen=not everywhere),
        Option(value=ALL_DAYS, label=wording.gettext("All days"), chosen=everywhere),
    )


def _options(
    counted: Mapping[str, int], chosen: str, everything: str, wording: Wording
) -> tuple[Option, ...]:
    """Return what can be chosen, or nothing where that leaves no choice."""
    if len(counted) <= 1:
        return ()
    each = (
        Option(value=name, label=f"{name} ({wording.number(count)})", chosen=name == chosen)
        for name, count in counted.items()
    )
    return (Option(value="", label=wording.gettext(everything), chosen=not chosen), *each)


def _place(shown: Page, wording: Wording) -> str:
    if shown.pages == 1:
        return ""
    return wording.gettext(
        "Page {number} of {pages}", number=wording.number(shown.number), pages=wording.number(shown.pages)
    )


_WAY = Way(label="A label", address="/")
_OPTIONS = (Option(value="", label="All", chosen=True), Option(value="one", label="One", chosen=False))

# What the page is filled with before anybody asks for it, to find what is wrong with a template.
SPECIMEN = Leaf(
    title="A title",
    at="/",
    typed="words",
    scope="A day",
    count="1 paper",
    note="A note.",
    items=(
        Item(
            card=card(
                Paper(
                    id=PaperId("arxiv:2606.00001"),
                    title="A title",
                    url="https://example.org/",
                    published=date(2026, 6, 16),
                    abstract="A sentence.",
                    authors=("A name",),
                    votes=1,
                ),
                (),
                ENGLISH,
                announced=date(2026, 6, 16),
            ),
            facts=("A fact",),
            abstract="A sentence.",
            announced=_WAY,
        ),
    ),
    earlier=_WAY,
    later=_WAY,
    newest=_WAY,
    scopes=_OPTIONS,
    sources=_OPTIONS,
    categories=_OPTIONS,
    before=_WAY,
    after=_WAY,
    place="Page 1 of 2",
)
