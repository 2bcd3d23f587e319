"""What a keyword is, and how it matches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from paperround.vocabulary import ASKING_WORDS, FUNCTION_WORDS, Token, form_that_matters, joined, tokens

Span = tuple[int, int]

LONGEST_PHRASE = 12  # words
LONGEST_SENTENCE = 1000  # words: an abstract may stand for what one looks for
LONGEST_ACRONYM = 5  # letters
LONGEST_TERM = 4  # words that say something; an interest with more of them is told in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word, a phrase, a sentence, or several phrases that must all occur; made by `keyword`.

    Words match whole words: inflections and hyphens do not matter, and capitals matter only in a
    word that has them beyond its first letter (`LoRA`, `SAM`). A phrase is adjacent words. A sentence
    says what a paper should be about, in words of which a paper need not hold all. At most `at_most`
    papers of a digest, where that is given, are there for this keyword above all.
    """

    text: str
    phrases: tuple[str, ...]
    weight: float = 1.0
    at_most: int | None = None


class NotAKeyword(ValueError):  # noqa: N818 - it says what words are not
    """A phrase holds no word that a paper could contain, or more of them than the `longest` may."""

    def __init__(self, phrase: str, *, words: int, longest: int) -> None:
        self.words, self.longest = words, longest
        if not words:
            super().__init__(f"{phrase!r} holds no word that a paper could contain")
            return
        what = "phrase" if longest == LONGEST_PHRASE else "sentence"
        super().__init__(f"{phrase[:40]!r}… has {words} words; a {what} has {longest} at most")


def keyword(*phrases: str, weight: float = 1.0) -> Keyword:
    """Return the keyword that matches where every phrase occurs.

    Raise NotAKeyword, with a message for people, when a phrase holds no word or too many.
    """
    longest = LONGEST_SENTENCE if len(phrases) == 1 else LONGEST_PHRASE
    _check(phrases, longest)
    return Keyword(text=" + ".join(phrases), phrases=phrases, weight=weight)


def exclusion(*phrases: str) -> Keyword:
    """Return the keyword that rules a paper out where every phrase occurs; a sentence cannot."""
    _check(phrases, LONGEST_PHRASE)
    return Keyword(text=" + ".join(phrases), phrases=phrases)


@lru_cache(maxsize=100_000)
def is_sentence(phrase: str) -> bool:
    """Return whether an interest is told in a sentence, and not by a term of the field."""
    return len(content_words(tokens(phrase))) > LONGEST_TERM


def content_words(words: Sequence[Token]) -> Sequence[Token]:
    """Return the words that say what a text is about."""
    return [word for word in words if word.folded not in FUNCTION_WORDS]


@lru_cache(maxsize=100_000)
def asked_words(phrase: str) -> tuple[Token, ...]:
    """Return the words of an interest that a paper may speak of."""
    told = tuple(content_words(_read(phrase)))
    if len(told) <= LONGEST_TERM:
        return told
    return tuple(word for word in told if word.folded not in ASKING_WORDS) or told


@lru_cache(maxsize=10_000)
def spellings(phrase: str) -> tuple[tuple[str, ...], ...]:
    """Return the stems of a phrase as it is written, and with each pair of neighbours written as one word."""
    return tuple(tuple(word.stem for word in spelling) for spelling in _spellings(_read(phrase)))


def may_stand_whole(phrase: str) -> bool:
    """Return whether a phrase is short enough to be looked for as a whole."""
    return len(tokens(phrase)) <= LONGEST_PHRASE


def apart(phrase: str, words: Sequence[Token]) -> Mapping[str, tuple[Span, ...]]:
    """Return where each word of an interest that a paper may speak of stands in a text, by its stem."""
    wanted = {word.stem: _Word(word.stem, form_that_matters(word.form)) for word in asked_words(phrase)}
    return {
        stem: tuple((word.start, word.end) for word in words if each.admits(word.stem, word.form))
        for stem, each in wanted.items()
    }


def _check(phrases: Sequence[str], longest: int) -> None:
    for phrase in phrases:
        words = len(tokens(phrase))
        if not 1 <= words <= longest:
            raise NotAKeyword(phrase, words=words, longest=longest)


class Lexicon:
    """The phrases of many keywords, found together in one pass over a text."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._root = _Node()
        for phrase in dict.fromkeys(phrases):
            for spelling in _spellings(_read(phrase)):
                node = self._root
                for word in spelling:
                    node = node.following.setdefault(word.stem, _Node())
                node.ending.append((phrase, spelling))
        self._openings = {stem[:_OPENING] for stem in self._root.following}

    def find(self, text: str) -> Mapping[str, tuple[Span, ...]]:
        """Return where each phrase that occurs does so: (start, end) in characters, in order."""
        return self.find_in(tokens(text))

    def find_in(self, words: Sequence[Token]) -> Mapping[str, tuple[Span, ...]]:
        """Return the same of a text whose words are known."""
        found: dict[str, set[Span]] = {}
        for position, word in enumerate(words):
            # Few words begin any phrase: whether two could be one word is asked of these alone.
            if word.stem in self._root.following or self._may_open(words, position):
                for phrase, end in _matches(self._root, words, position, ()):
                    found.setdefault(phrase, set()).add((word.start, end))
        return {phrase: tuple(sorted(spans)) for phrase, spans in found.items()}

    def may_be_in(self, openings: frozenset[str]) -> bool:
        """Return whether a phrase may be in a text whose words begin so."""
        return not self._openings.isdisjoint(openings)

    def _may_open(self, words: Sequence[Token], position: int) -> bool:
        """Return whether a word and the next one, read as one, may begin a phrase."""
        return _opening(words, position) in self._openings


def _opening(words: Sequence[Token], position: int) -> str:
    """Return the first letters of a word and the next one, read as one."""
    folded = words[position].folded
    if len(folded) < _OPENING and position + 1 < len(words):
        folded += words[position + 1].folded
    return folded[:_OPENING]


_OPENING = 3  # letters that no stemming changes in a word put together of two


@lru_cache(maxsize=4096)
def lexicon(phrases: tuple[str, ...]) -> Lexicon:
    """Return the lexicon of these phrases, made once for as long as it is in use."""
    return Lexicon(phrases)


def marks(keywords: Iterable[Keyword], text: str) -> tuple[Span, ...]:
    """Return where the keywords occur in the text: (start, end) in characters, in order, not overlapping.

    Of a phrase that stands nowhere as a whole, and of a sentence, the words are marked.
    """
    merged: list[Span] = []
    for start, end in sorted(span for spans in occurrences(keywords, text).values() for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def occurrences(keywords: Iterable[Keyword], text: str) -> Mapping[str, tuple[Span, ...]]:
    """Return where each phrase of the keywords occurs: as a whole, or else the words of it, if enough do."""
    wanted = tuple(keywords)
    words, openings = _known_words(text)
    sought = lexicon(tuple(phrase for each in wanted for phrase in each.phrases))
    found = dict(sought.find_in(words)) if sought.may_be_in(openings) else {}
    for each in wanted:
        if len(each.phrases) != 1 or each.text in found or not _may_stand_apart(each.text, openings):
            continue
        if spans := _apart(each.text, words):
            found[each.text] = spans
    return found


# Each sentence of a paper is read for many readers, and holds few of their keywords.
@lru_cache(maxsize=8192)
def _known_words(text: str) -> tuple[Sequence[Token], frozenset[str]]:
    """Return the words of a text, and the letters with which one of them, or two read as one, begin."""
    words = tokens(text)
    openings = {_opening(words, position) for position in range(len(words))}
    return words, frozenset(openings | {word.stem[:_OPENING] for word in words})


@lru_cache(maxsize=65536)
def _letters(phrase: str) -> frozenset[str]:
    """Return how the words of a phrase begin, which must all be there; nothing of a sentence."""
    return (
        frozenset()
        if is_sentence(phrase)
        else frozenset(each.stem[:_OPENING] for each in asked_words(phrase))
    )


def _may_stand_apart(phrase: str, openings: frozenset[str]) -> bool:
    return _letters(phrase) <= openings


def _apart(phrase: str, words: Sequence[Token]) -> tuple[Span, ...]:
    """Return where the words of a phrase stand if all of them do; of a sentence, those that do."""
    found = apart(phrase, words)
    if not is_sentence(phrase) and not all(found.values()):
        return ()
    return tuple(sorted(span for spans in found.values() for span in spans))


def _read(phrase: str) -> Sequence[Token]:
    """Return the words of a keyword; where all of a phrase is in capitals, they say nothing."""
    words = tokens(phrase)
    shouted = (
        len(words) > 1 and phrase.isupper() and any(len(word.folded) > LONGEST_ACRONYM for word in words)
    )
    return tokens(phrase.lower()) if shouted else words


class _Word(NamedTuple):
    """A word of a keyword; `form` is None where capitals do not matter."""

    stem: str
    form: str | None

    def admits(self, stem: str, form: str) -> bool:
        return self.stem == stem and self.form in (None, form)


_Spelling = tuple[_Word, ...]


class _Node:
    """What the phrases that begin with the same stems go on with, and which of them end here."""

    __slots__ = ("ending", "following")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.ending: list[tuple[str, _Spelling]] = []


class _Unit(NamedTuple):
    """What may be read as one word, and where the next would begin."""

    stem: str
    form: str
    after: int


def _units(words: Sequence[Token], position: int) -> Iterator[_Unit]:
    word = words[position]
    yield _Unit(word.stem, word.form, position + 1)
    if position + 1 < len(words):
        following = words[position + 1]
        if (as_one := joined(word, following)) is not None:
            yield _Unit(as_one, word.form + following.form, position + 2)


def _matches(
    node: _Node, words: Sequence[Token], position: int, before: tuple[_Unit, ...]
) -> Iterator[tuple[str, int]]:
    """Yield the phrases that go on from here, each with the place in the text where it ends."""
    for unit in _units(words, position):
        further = node.following.get(unit.stem)
        if further is None:
            continue
        read = (*before, unit)
        for phrase, spelling in further.ending:
            if all(word.admits(each.stem, each.form) for word, each in zip(spelling, read, strict=True)):
                yield phrase, words[unit.after - 1].end
        if further.following and unit.after < len(words) and words[unit.after].joins:
            yield from _matches(further, words, unit.after, read)


def _spellings(words: Sequence[Token]) -> Iterator[_Spelling]:
    """Yield the phrase as written, and with each pair of neighbours written as one word."""
    spelled = tuple(_Word(word.stem, form_that_matters(word.form)) for word in words)
    if spelled:
        yield spelled
    for index, (first, second) in enumerate(pairwise(words)):
        as_one = joined(first, second)
        if as_one is None:
            continue
        exact = spelled[index].form or spelled[index + 1].form
        form = first.form + second.form if exact else None
        yield (*spelled[:index], _Word(as_one, form), *spelled[index + 2 :])
