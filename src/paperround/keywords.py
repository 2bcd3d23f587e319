"""What a keyword is, and how it matches."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import Stemmer

Span = tuple[int, int]

LONGEST_PHRASE = 12  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word, a phrase, or several phrases that must all occur; made by `keyword`.

    Words match whole words: inflections and hyphens do not matter, and capitals matter only in a
    word that has them beyond its first letter (`LoRA`, `SAM`). A phrase is adjacent words.
    At most `at_most` papers of a digest, where that is given, are there for this keyword above all.
    """

    text: str
    phrases: tuple[str, ...]
    weight: float = 1.0
    at_most: int | None = None


def keyword(*phrases: str, weight: float = 1.0) -> Keyword:
    """Return the keyword that matches where every phrase occurs.

    Raise ValueError, with a message for people, when a phrase holds no word or too many.
    """
    for phrase in phrases:
        words = len(_tokens(phrase))
        if words == 0:
            raise ValueError(f"{phrase!r} holds no word that a paper could contain")
        if words > LONGEST_PHRASE:
            raise ValueError(f"{phrase[:40]!r}… has {words} words; a phrase has {LONGEST_PHRASE} at most")
    return Keyword(text=" + ".join(phrases), phrases=phrases, weight=weight)


class Lexicon:
    """The phrases of many keywords, found together in one pass over a text."""

    def __init__(self, phrases: Iterable[str]) -> None:
        # By the stem of the first word: the phrase, and its words as one of its spellings has them.
        self._spellings: dict[str, list[tuple[str, _Spelling]]] = {}
        for phrase in dict.fromkeys(phrases):
            for spelling in _spellings(_tokens(phrase)):
                self._spellings.setdefault(spelling[0].stem, []).append((phrase, spelling))

    def find(self, text: str) -> Mapping[str, tuple[Span, ...]]:
        """Return where each phrase that occurs does so: (start, end) in characters, in order."""
        tokens = _tokens(text)
        found: dict[str, set[Span]] = {}
        for position, token in enumerate(tokens):
            for unit, after in _units(tokens, position):
                for phrase, spelling in self._spellings.get(unit.stem, ()):
                    if spelling[0].admits(unit) and (end := _end(tokens, after, spelling[1:])) is not None:
                        found.setdefault(phrase, set()).add((token.start, tokens[end - 1].end))
        return {phrase: tuple(sorted(spans)) for phrase, spans in found.items()}


@lru_cache(maxsize=4096)
def lexicon(phrases: tuple[str, ...]) -> Lexicon:
    """Return the lexicon of these phrases, made once for as long as it is in use."""
    return Lexicon(phrases)


def marks(keywords: Iterable[Keyword], text: str) -> tuple[Span, ...]:
    """Return where the keywords occur in the text: (start, end) in characters, in order, not overlapping."""
    found = lexicon(tuple(phrase for each in keywords for phrase in each.phrases)).find(text)
    merged: list[Span] = []
    for start, end in sorted(span for spans in found.values() for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class _Token:
    """A word: its stem, its form where capitals matter, and its place.

    `joins` says whether it stands next to the word before: "hyphen", "blank", or "" for not at all.
    """

    stem: str
    form: str
    folded: str
    start: int
    end: int
    joins: str


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a keyword; `form` is None where capitals do not matter."""

    stem: str
    form: str | None

    def admits(self, token: _Token) -> bool:
        return self.stem == token.stem and self.form in (None, token.form)


_Spelling = tuple[_Word, ...]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*(?:\+\+|#)?")
_HYPHEN = re.compile(r"[-\u2010\u2011\u00ad]")
_ADJACENT = re.compile(r"[\s\-\u2010\u2011\u2013/'’\"“”_*]*")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?=\w)", re.IGNORECASE)
_ACRONYM_PLURAL = re.compile(r"(?=.*[A-Z].*[A-Z0-9]s$|[A-Z][A-Z0-9]+s$).{3,}")
_CONSONANT_PLURAL = re.compile(r"[^aeiouys]{3,}s")  # llms, which the stemmer leaves alone
_UNSTEMMED = 3  # words up to this length are what they are: "nas" is no plural
_JOINED = 6  # "fine tuning" is "finetuning", but "n as" is not "nas"

_stemmer = Stemmer.Stemmer("english")


def _tokens(text: str) -> Sequence[_Token]:
    tokens: list[_Token] = []
    for found in _WORD.finditer(text):
        written, folded, stem = _word(found[0])
        gap = text[tokens[-1].end : found.start()] if tokens else "."
        joins = "hyphen" if _HYPHEN.fullmatch(gap) else "blank" if _ADJACENT.fullmatch(gap) else ""
        tokens.append(_Token(stem, written, folded, found.start(), found.end(), joins))
    return tokens


@lru_cache(maxsize=100_000)
def _word(written: str) -> tuple[str, str, str]:
    """Return a word's form without plural or possessive, its folded form, and its stem."""
    form = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", written)) or written
    if _ACRONYM_PLURAL.fullmatch(form):
        form = form[:-1]
    folded = _folded(form)
    return form, folded, _stem(folded)


def _folded(form: str) -> str:
    decomposed = unicodedata.normalize("NFKD", form.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or form


def _stem(folded: str) -> str:
    if len(folded) <= _UNSTEMMED:
        return folded
    if _CONSONANT_PLURAL.fullmatch(folded):
        return folded[:-1]
    return str(_stemmer.stemWord(folded))


def _units(tokens: Sequence[_Token], position: int) -> Iterator[tuple[_Token, int]]:
    """Yield what may be read as one word from here, and where the next would begin."""
    token = tokens[position]
    yield token, position + 1
    if position + 1 == len(tokens):
        return
    after = tokens[position + 1]
    if after.joins == "hyphen" or (after.joins and len(token.folded) + len(after.folded) >= _JOINED):
        folded = token.folded + after.folded
        joined = _Token(_stem(folded), token.form + after.form, folded, token.start, after.end, token.joins)
        yield joined, position + 2


def _end(tokens: Sequence[_Token], position: int, rest: _Spelling) -> int | None:
    """Return where the match ends when the rest of the phrase follows from here."""
    if not rest:
        return position
    if position == len(tokens) or not tokens[position].joins:
        return None
    for unit, after in _units(tokens, position):
        if rest[0].admits(unit) and (end := _end(tokens, after, rest[1:])) is not None:
            return end
    return None


def _spellings(tokens: Sequence[_Token]) -> Iterator[_Spelling]:
    """Yield the phrase as written, and with each pair of neighbours written as one word."""
    words = tuple(_Word(token.stem, _form_that_matters(token.form)) for token in tokens)
    if words:
        yield words
    for index, (first, second) in enumerate(pairwise(tokens)):
        if second.joins != "hyphen" and len(first.folded) + len(second.folded) < _JOINED:
            continue
        exact = words[index].form or words[index + 1].form
        joined = _Word(_stem(first.folded + second.folded), first.form + second.form if exact else None)
        yield (*words[:index], joined, *words[index + 2 :])


def _form_that_matters(form: str) -> str | None:
    """Return the form when its capitals say something: an acronym, mixed case, or a single capital."""
    return form if any(c.isupper() for c in form[1:]) or (len(form) == 1 and form.isupper()) else None
