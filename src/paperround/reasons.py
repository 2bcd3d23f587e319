"""Why a paper was chosen, in words."""

from collections.abc import Sequence
from functools import lru_cache
from typing import assert_never

from paperround.digests import How, Match, Pick, Section
from paperround.languages import N_, Wording

MOST_FORMS = 3  # of one interest that are named
KEPT = 50_000  # interests in words, with their places: some 20 MB
LONGEST_QUOTED = 60  # characters of an interest that are repeated


def reasons(pick: Pick, wording: Wording) -> tuple[str, ...]:
    """Return why a paper was picked, the decisive reason first: sentences without their stop."""
    said = []
    if pick.version is not None:
        said.append(wording.gettext("Version {number} of a paper that you had", number=str(pick.version)))
    if pick.follows:
        names = wording.listed(pick.follows)
        said.append(wording.gettext("By {names}, whom you follow", names=names))
    if pick.section is Section.TRENDING:
        votes = pick.paper.votes or 0
        said.append(wording.ngettext("Read by many: {count} vote", "Read by many: {count} votes", votes))
    enough = pick.follows or pick.section is Section.TRENDING
    told = [match for match in pick.matched if match.where != ("authors",)]
    said += matching([each for each in told if not enough or each.how is not How.RESEMBLING], wording)
    if pick.late:
        said.append(wording.gettext("Arrived after your last digest"))
    return tuple(said)


def matching(matched: Sequence[Match], wording: Wording) -> tuple[str, ...]:
    """Return a sentence, without its stop, for each way in which interests are met; none where none is.

    First comes the way of what counts most. What only resembles is told where there is nothing better
    to tell.
    """
    by_how: dict[How, list[Match]] = {}
    for match in sorted(matched, key=lambda each: (-each.weight, _ORDER[each.how])):
        by_how.setdefault(match.how, []).append(match)
    if len(by_how) > 1:
        by_how.pop(How.RESEMBLING, None)
    return tuple(wording.gettext(_MET[how], interests=_told(how, of, wording)) for how, of in by_how.items())


def _told(how: How, matches: Sequence[Match], wording: Wording) -> str:
    told = [_one(how, each.term, each.where, each.forms, wording) for each in matches]
    # What is told with its places holds lists of its own.
    return "; ".join(told) if how in (How.WORDS, How.SCATTERED) else wording.listed(told)


@lru_cache(maxsize=KEPT)
def _one(how: How, term: str, where: Sequence[str], forms: Sequence[str], wording: Wording) -> str:
    """Return one interest with its places; the latest are kept, as many readers share them."""
    match how:
        case How.WORDS:
            return _in_words(term, where, forms, wording)
        case How.SCATTERED:
            return _apart(term, where, forms, wording)
        case How.MEANING:
            return wording.gettext("“{term}”", term=_short(term))
        case How.RESEMBLING:
            return _short(term)
        case _:
            assert_never(how)


def _in_words(term: str, where: Sequence[str], forms: Sequence[str], wording: Wording) -> str:
    written = [form for form in forms if form.casefold() != term.casefold()]
    other = forms and len(written) == len(forms)
    places = _fields(where, wording)
    if not other or not _differs(written[0], term):
        return wording.gettext("{term} in {places}", term=term, places=places)
    return wording.gettext("{term} (as “{form}”) in {places}", term=term, form=written[0], places=places)


def _apart(term: str, where: Sequence[str], forms: Sequence[str], wording: Wording) -> str:
    return wording.gettext(
        "{forms} in {places}, for “{term}”",
        forms=wording.listed(forms[:MOST_FORMS]),
        places=_fields(where, wording),
        term=_short(term),
    )


def _differs(form: str, term: str) -> bool:
    """Return whether a form is more than an inflection or other capitals of the term: told, it helps."""
    plain, asked = form.casefold(), term.casefold()
    return not (plain.startswith(asked) or asked.startswith(plain))


def _short(term: str) -> str:
    return term if len(term) <= LONGEST_QUOTED else f"{term[: LONGEST_QUOTED - 1].rstrip()}…"


_MET = {
    How.WORDS: N_("Matches {interests}"),
    How.SCATTERED: N_("Speaks of {interests}"),
    How.MEANING: N_("Near in meaning to {interests}"),
    How.RESEMBLING: N_("Resembles papers on {interests}"),
}
_ORDER = {how: place for place, how in enumerate(How)}
_FIELDS = {
    # Translators: these six follow "in", as in "LoRA in the title and its keywords".
    "title": N_("the title"),
    "abstract": N_("the abstract"),
    "keywords": N_("its keywords"),
    "authors": N_("its authors"),
    "categories": N_("its categories"),
    "organization": N_("its organization"),
}


def _fields(where: Sequence[str], wording: Wording) -> str:
    return wording.listed([wording.gettext(_FIELDS[field]) for field in where])
