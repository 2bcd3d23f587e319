"""What a reader wants to see and what not: lists that they edit line by line, and how these come back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from paperround.arxiv_categories import CATEGORIES
from paperround.keywords import Keyword, NotAKeyword, exclusion, keyword
from paperround.languages import N_, Wording
from paperround.preferences import Topics
from paperround.subscribers import Interests
from paperround.web.options import Mistaken, Option

T = TypeVar("T")
Form = Sequence[tuple[str, str]]

MOST_LINES = 200  # of each list, unless it was set up with more
MOST_MISTAKES = 5  # told of each list
LONGEST_NAME, LONGEST_INTEREST, MOST_TOGETHER = 200, 2000, 10  # as in the config: characters, and phrases

_TOGETHER = " + "  # between phrases that must all occur


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One list, an entry a line; `name` is what its field is called."""

    name: str
    label: str
    hint: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the page shows of the topics.

    `first` are the lists that everybody needs, `more` the others. `kept` are the keywords that were set up
    with more than words, each of which can be dropped and taken up again. `changed` says that not all is as
    it was set up.
    """

    first: tuple[Lines, ...]
    more: tuple[Lines, ...]
    kept: tuple[Option, ...]
    changed: bool


def lists(
    arranged: Interests, topics: Topics | None, wording: Wording, *, typed: Form | None = None
) -> Lists:
    """Return what a reader edits of whom the config says `arranged`: as it holds, or as they `typed` it."""
    now = topics.over(arranged) if topics else arranged
    texts = _texts(now) if typed is None else dict(typed)
    kept = {_value(each) for each in now.keywords}
    if typed is not None:
        kept = {value for name, value in typed if name == "kept"}
    lines = [
        Lines(
            name=name,
            label=wording.gettext(label),
            hint=wording.gettext(hint),
            text=texts.get(name, ""),
        )
        for name, label, hint in _LISTS
    ]
    return Lists(
        first=tuple(lines[:2]),
        more=tuple(lines[2:]),
        kept=tuple(
            Option(value=value, label=_with_settings(each, wording), chosen=value in kept)
            for value, each in _set_up(arranged, now).items()
        ),
        changed=topics is not None,
    )


def interests_asked_for(
    form: Form, arranged: Interests, topics: Topics | None, wording: Wording
) -> Interests:
    """Return the interests that a form names, or raise Mistaken with each line that cannot be used."""
    now = topics.over(arranged) if topics else arranged
    reading = _Reading(dict(form), now, wording)
    wanted = reading.entries("keywords", _known(arranged, now, "keywords"), _keyword)
    shunned = reading.entries("exclude", _known(arranged, now, "exclude"), _exclusion)
    authors = reading.entries("authors", {}, _name)
    categories = reading.entries("categories", {}, _category)
    organizations = reading.entries("organizations", {}, _name)
    if reading.mistakes:
        raise Mistaken(reading.mistakes)
    set_up = _set_up(arranged, now)
    kept = [set_up[value] for name, value in form if name == "kept" and value in set_up]
    return Interests(
        keywords=_once([*kept, *wanted]),
        exclude=_once(shunned),
        authors=authors,
        categories=categories,
        organizations=organizations,
    )


def beside(asked: Interests, arranged: Interests) -> Topics | None:
    """Return what of these interests is not as the config has it; the order of a list does not matter."""
    topics = Topics(
        keywords=_own(asked.keywords, arranged.keywords),
        exclude=_own(asked.exclude, arranged.exclude),
        authors=_own(asked.authors, arranged.authors),
        categories=_own(asked.categories, arranged.categories),
        organizations=_own(asked.organizations, arranged.organizations),
    )
    return topics if topics.any else None


_LISTS = (
    (
        "keywords",
        N_("What you want to see"),
        N_(
            "One on a line: a word, a phrase, or a sentence that says what you look for. "
            "Words that must all occur have a + between them: planning + LLM"
        ),
    ),
    (
        "exclude",
        N_("What you do not want to see"),
        N_("One on a line: a word or a phrase. A paper that holds it is left out, whatever else it has."),
    ),
    ("authors", N_("Authors whom you follow"), N_("One on a line. Their papers come in any case.")),
    ("categories", N_("Categories of arXiv"), N_("One on a line, such as cs.RO")),
    (
        "organizations",
        N_("Organizations"),
        N_("One on a line: universities, institutes, companies."),
    ),
)


class _Unfit(Exception):  # noqa: N818 - it says what a line is
    """A line cannot be used. `message` says why, with places for the line, its text and these values."""

    def __init__(self, message: str, **values: int) -> None:
        super().__init__(message)
        self.message, self.values = message, values


class _Reading:
    """Reads the lists of a form, and notes by list what cannot be used."""

    def __init__(self, texts: Mapping[str, str], now: Interests, wording: Wording) -> None:
        self.mistakes: dict[str, Sequence[str]] = {}
        self._texts, self._now, self._wording = texts, now, wording

    def entries(self, name: str, known: Mapping[str, T], read: Callable[[str], T]) -> tuple[T, ...]:
        """Return the entries of a list, each once; a line of one that is `known` stands for that one."""
        lines = [" ".join(line.split()) for line in self._texts.get(name, "").splitlines()]
        if sum(map(bool, lines)) > (most := max(MOST_LINES, len(getattr(self._now, name)))):
            few = self._wording.gettext("Write at most {most} lines.", most=self._wording.number(most))
            self.mistakes[name] = (few,)
            return ()
        found: dict[T, None] = {}
        mistakes: list[str] = []
        for number, line in enumerate(lines, start=1):
            try:
                if line:
                    found[known[line] if line in known else read(line)] = None
            except _Unfit as unfit:
                mistakes.append(self._told(unfit, number, line))
        if mistakes:
            self.mistakes[name] = tuple(mistakes[:MOST_MISTAKES])
        return tuple(found)

    def _told(self, unfit: _Unfit, number: int, line: str) -> str:
        values = {name: self._wording.number(value) for name, value in unfit.values.items()}
        text = line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"
        return self._wording.gettext(unfit.message, line=self._wording.number(number), text=text, **values)


_QUOTED = 40  # characters


def _keyword(line: str) -> Keyword:
    phrases = _phrases(line, longest=LONGEST_INTEREST)
    try:
        return keyword(*phrases)
    except NotAKeyword as error:
        raise _too_many_words(error) from error


def _exclusion(line: str) -> Keyword:
    phrases = _phrases(line, longest=LONGEST_NAME)
    try:
        return exclusion(*phrases)
    except NotAKeyword as error:
        raise _too_many_words(error) from error


def _phrases(line: str, *, longest: int) -> tuple[str, ...]:
    phrases = tuple(filter(None, map(str.strip, line.split(_TOGETHER))))
    if len(phrases) > MOST_TOGETHER:
        together = N_("Line {line}, “{text}”: no more than {most} may be put together.")
        raise _Unfit(together, most=MOST_TOGETHER)
    for phrase in phrases:
        _check(phrase, longest if len(phrases) == 1 else LONGEST_NAME)
    return phrases


def _too_many_words(error: NotAKeyword) -> _Unfit:
    if not error.words:
        return _Unfit(N_("Line {line}, “{text}”: this holds no word that a paper could contain."))
    too_many = N_("Line {line}, “{text}”: this has {count} words, and may have {most}.")
    return _Unfit(too_many, count=error.words, most=error.longest)


def _name(line: str) -> str:
    _check(line, LONGEST_NAME)
    return line


def _category(line: str) -> str:
    try:
        return _BY_FOLDED[line.casefold()]
    except KeyError:
        raise _Unfit(N_("Line {line}, “{text}”: this is no category of arXiv, such as cs.CL.")) from None


_BY_FOLDED = {each.casefold(): each for each in CATEGORIES}


def _check(text: str, longest: int) -> None:
    if len(text) > longest:
        raise _Unfit(N_("Line {line}, “{text}”: this is longer than {most} characters."), most=longest)
    if not text.isprintable():
        raise _Unfit(N_("Line {line}: a character stands in it that cannot be seen."))


def _texts(now: Interests) -> Mapping[str, str]:
    """Return what stands in the fields where nothing was typed."""
    entries: Mapping[str, Iterable[str]] = {
        "keywords": [each.text for each in now.keywords if not _has_settings(each)],
        "exclude": [each.text for each in now.exclude],
        "authors": now.authors,
        "categories": now.categories,
        "organizations": now.organizations,
    }
    return {name: "\n".join(lines) for name, lines in entries.items()}


def _known(arranged: Interests, now: Interests, name: str) -> Mapping[str, Keyword]:
    """Return the keywords of plain lines that hold, or would as it was set up, by their line."""
    both: Iterable[Keyword] = (*getattr(arranged, name), *getattr(now, name))
    return {each.text: each for each in both if not _has_settings(each)}


def _set_up(arranged: Interests, now: Interests) -> Mapping[str, Keyword]:
    """Return the keywords that have settings beside their words, by what the form calls them."""
    both = (*arranged.keywords, *now.keywords)
    return {_value(each): each for each in both if _has_settings(each)}


def _has_settings(each: Keyword) -> bool:
    return each.weight != 1 or each.at_most is not None


def _value(each: Keyword) -> str:
    return f"{each.weight:g} {each.at_most or '-'} {each.text}"


def _with_settings(each: Keyword, wording: Wording) -> str:
    weight = f"{each.weight:g}"
    if each.at_most is None:
        return wording.gettext("{words} (weight {weight})", words=each.text, weight=weight)
    return wording.ngettext(
        "{words} (weight {weight}, at most {count} paper)",
        "{words} (weight {weight}, at most {count} papers)",
        each.at_most,
        words=each.text,
        weight=weight,
    )


def _once(keywords: Collection[Keyword]) -> tuple[Keyword, ...]:
    """Return the keywords without any that has the words of one before it."""
    by_words: dict[frozenset[str], Keyword] = {}
    for each in keywords:
        by_words.setdefault(frozenset(each.phrases), each)
    return tuple(by_words.values())


def _own(asked: tuple[T, ...], arranged: tuple[T, ...]) -> tuple[T, ...] | None:
    return None if frozenset(asked) == frozenset(arranged) else asked
