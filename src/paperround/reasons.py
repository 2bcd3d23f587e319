"""Why a paper meets a reader's interests, in words."""

from collections.abc import Callable, Mapping, Sequence

from paperround.digests import How, Match
from paperround.phrases import listed

MOST_FORMS = 3  # of one interest that are named
LONGEST_QUOTED = 60  # characters of an interest that are repeated


def matching(matched: Sequence[Match]) -> tuple[str, ...]:
    """Return a sentence, without its stop, for each way in which interests are met; none where none is.

    First comes the way of what counts most. What only resembles is told where there is nothing better
    to tell.
    """
    by_how: dict[How, list[Match]] = {}
    for match in sorted(matched, key=lambda each: (-each.weight, list(How).index(each.how))):
        by_how.setdefault(match.how, []).append(match)
    if len(by_how) > 1:
        by_how.pop(How.RESEMBLING, None)
    return tuple(f"{_VERBS[how]} {listed([_TOLD[how](each) for each in of])}" for how, of in by_how.items())


def _in_words(match: Match) -> str:
    written = [form for form in match.forms if form.casefold() != match.term.casefold()]
    other = match.forms and len(written) == len(match.forms)
    form = f" (as “{written[0]}”)" if other and _differs(written[0], match.term) else ""
    return f"{match.term}{form} in {_fields(match.where)}"


def _apart(match: Match) -> str:
    return f"{listed(match.forms[:MOST_FORMS])} in {_fields(match.where)}, for {_quoted(match.term)}"


def _differs(form: str, term: str) -> bool:
    """Return whether a form is more than an inflection or other capitals of the term: told, it helps."""
    plain, asked = form.casefold(), term.casefold()
    return not (plain.startswith(asked) or asked.startswith(plain))


def _quoted(term: str) -> str:
    return f"“{_short(term)}”"


def _short(term: str) -> str:
    return term if len(term) <= LONGEST_QUOTED else f"{term[: LONGEST_QUOTED - 1].rstrip()}…"


_VERBS = {
    How.WORDS: "Matches",
    How.SCATTERED: "Speaks of",
    How.MEANING: "Near in meaning to",
    How.RESEMBLING: "Resembles papers on",
}
_TOLD: Mapping[How, Callable[[Match], str]] = {
    How.WORDS: _in_words,
    How.SCATTERED: _apart,
    How.MEANING: lambda match: _quoted(match.term),
    How.RESEMBLING: lambda match: _short(match.term),
}
_FIELDS = {
    "title": "the title",
    "abstract": "the abstract",
    "keywords": "its keywords",
    "authors": "its authors",
    "categories": "its categories",
    "organization": "its organization",
}


def _fields(where: Sequence[str]) -> str:
    return listed([_FIELDS[field] for field in where])
