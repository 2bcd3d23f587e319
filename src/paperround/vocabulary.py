"""What a word is: where it stands in a text, what it is a form of, and when its capitals matter."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import Stemmer


class Token(NamedTuple):
    """A word: its stem, its form where capitals matter, and its place.

    `joins` says whether it stands next to the word before: "hyphen", "blank", or "" for not at all.
    """

    stem: str
    form: str
    folded: str
    start: int
    end: int
    joins: str


def tokens(text: str) -> Sequence[Token]:
    """Return the words of a text, in order."""
    found: list[Token] = []
    end = 0
    for word in _WORD.finditer(text):
        start = word.start()
        written, folded, stem = _word(word[0])
        found.append(Token(stem, written, folded, start, word.end(), _joint(text[end:start]) if end else ""))
        end = word.end()
    return found


def joined(first: Token, second: Token) -> str | None:
    """Return the stem of two neighbours read as one word, or None where they cannot be one."""
    folded = first.folded + second.folded
    if second.joins == "hyphen" or (second.joins and len(folded) >= _JOINED):
        return stem(folded)
    return None


def form_that_matters(form: str) -> str | None:
    """Return the form when its capitals say something: an acronym, mixed case, or a single capital."""
    if len(form) == 1:
        return form if form.isupper() else None
    rest = form[1:]
    return None if rest.islower() or rest == rest.lower() else form


@lru_cache(maxsize=200_000)
def stem(folded: str) -> str:
    """Return what the inflections of a word, in lower case and without accents, have in common."""
    if len(folded) <= _UNSTEMMED:
        return folded
    if _CONSONANT_PLURAL.fullmatch(folded):
        return folded[:-1]
    if _CLAIM.fullmatch(folded):
        return "demonstrate"
    if _DERIVED.fullmatch(folded):
        return folded.removesuffix("s")
    stemmed = str(_stemmer.stemWord(folded))
    # A word must not shrink to an acronym: "ragged" is no form of "rag", though "rags" is.
    return folded if len(stemmed) <= _UNSTEMMED and folded != f"{stemmed}s" else stemmed


# Words that say nothing of what a text is about, in lower case.
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about also am an and any are as at based be been being but by can do does for from had has have how
        i if in into is it its like may more most no not of on only or other our out over some such than that
        the their them then there these they this to under use used uses using via was we were what when
        where which who will with would you your
        """,
    )
)

# What a person asks with, who says in a sentence what to look for.
ASKING_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        article articles few find finding interest interested interesting look looking many paper papers read
        reading several want wanted work works
        """,
    )
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*(?:\+\+|#)?")
_HYPHENS = frozenset("-\u2010\u2011\u00ad")
_ADJACENT = re.compile(r"[\s\-\u2010\u2011\u2013/'’\"“”_*]*")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?=\w)", re.IGNORECASE)
_ACRONYM_PLURAL = re.compile(r"(?=.*[A-Z].*[A-Z0-9]s$|[A-Z][A-Z0-9]+s$).{3,}")
_CONSONANT_PLURAL = re.compile(r"[^aeiouys]{3,}s")  # llms, which the stemmer leaves alone
_DERIVED = re.compile(r".{4,}ics?")  # "agentic" is another word than "agent"
_CLAIM = re.compile(r"demonstrat(?:es?|ed|ing)")  # what authors do; a robot learns from demonstrations
_UNSTEMMED = 3  # words up to this length are what they are: "nas" is no plural
_JOINED = 6  # "fine tuning" is "finetuning", but "n as" is not "nas"

_stemmer = Stemmer.Stemmer("english")


def _joint(gap: str) -> str:
    if gap == " ":
        return "blank"
    if gap in _HYPHENS:
        return "hyphen"
    return "blank" if _ADJACENT.fullmatch(gap) else ""


@lru_cache(maxsize=200_000)
def _word(written: str) -> tuple[str, str, str]:
    """Return a word's form without plural or possessive, its folded form, and its stem."""
    form = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", written)) or written
    if _ACRONYM_PLURAL.fullmatch(form):
        form = form[:-1]
    folded = _folded(form)
    return form, folded, stem(folded)


def _folded(form: str) -> str:
    decomposed = unicodedata.normalize("NFKD", form.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or form
