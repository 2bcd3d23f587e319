"""Why a paper meets a reader's interests, in words."""

from collections.abc import Sequence

from paperround.digests import How, Match
from paperround.phrases import listed

MOST_FORMS = 3  # of one interest that are named
LONGEST_TERM = 60  # characters of an interest that are repeated


def matching(matched: Sequence[Match]) -> tuple[str, ...]:
    """Return a sentence, without its stop, for each way in which interests are met; none where none is.

    What only resembles is told where there is nothing better to tell.
    """
    by_how = {how: [match for match in matched if match.how is how] for how in How}
    told = [
        ("Matches", [_in_words(match) for match in by_how[How.WORDS]]),
        ("Speaks of", [_apart(match) for match in by_how[How.SCATTERED]]),
        ("Near in meaning to", [_quoted(match.term) for match in by_how[How.MEANING]]),
    ]
    if not any(matches for _, matches in told):
        told = [("Resembles papers on", [_short(match.term) for match in by_how[How.RESEMBLING]])]
    return tuple(f"{verb} {listed(matches)}" for verb, matches in told if matches)


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
    return term if len(term) <= LONGEST_TERM else f"{term[: LONGEST_TERM - 1].rstrip()}…"


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
