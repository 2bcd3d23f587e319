"""Which keywords match too much or nothing, by the papers that are stored, and what to write instead."""

import difflib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from paperround.keywords import Lexicon, Span
from paperround.papers import Paper
from paperround.vocabulary import FUNCTION_WORDS

COMMON = 0.2  # of the papers: a keyword that matches more of them chooses little
FEWEST_PAPERS = 200  # fewer say nothing of how common a keyword is
FEWEST_DAYS = 5  # within fewer, a good keyword may well match nothing
MOST_SUGGESTIONS = 3

Phrases = tuple[str, ...]  # of one keyword: all of them must occur


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What could be written instead, and the share of the papers that it matches."""

    phrases: Phrases
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What is to be said of a keyword that matches more than `COMMON` of the papers, or none of them."""

    share: float
    suggestions: tuple[Suggestion, ...]


def advise(keywords: Collection[Phrases], papers: Sequence[Paper], *, days: int) -> Mapping[Phrases, Advice]:
    """Return what is to be said of keywords, by papers that were announced on so many days.

    Fewer than `FEWEST_PAPERS` say nothing. Within fewer than `FEWEST_DAYS`, what matches nothing is told
    only where something that is spelled much like it does match.
    """
    if len(papers) < FEWEST_PAPERS:
        return {}
    texts = [" | ".join((paper.title, paper.abstract, *paper.keywords)) for paper in papers]
    # All keywords are looked for in some of the papers, and only what stands out there in all of them.
    sample = texts[:: math.ceil(len(texts) / _SAMPLE)]
    found = _found(keywords, sample)
    share = {each: len(_in_all(each, found)) / len(sample) for each in keywords}
    bags = [frozenset(map(str.casefold, _WORD.findall(text))) for text in sample]
    vocabulary = _Vocabulary(texts)
    instead = {
        each: ((), tuple(_narrower(each, sample, bags, found))) if share[each] else _others(each, vocabulary)
        for each in keywords
        if not COMMON * _NEARLY >= share[each] > 0
    }
    asked = {*instead, *(phrases for tiers in instead.values() for tier in tiers for phrases in tier)}
    found = _found(asked, texts)
    shares = {each: len(_in_all(each, found)) / len(texts) for each in asked}
    return {
        each: Advice(share=shares[each], suggestions=_chosen(each, tiers, shares))
        for each, tiers in instead.items()
        if shares[each] > COMMON or _matches_nothing(each, tiers, shares, days)
    }


_SAMPLE = 1_500
_NEARLY = 0.9  # what is so near to too common in the sample may be so in all papers

# Phrases to write instead: those of the first tier, or else, where none of these matches, of the next.
_Tiers = tuple[Sequence[Phrases], ...]

_Found = Mapping[str, Mapping[int, tuple[Span, ...]]]  # by phrase, by the text's number


def _found(keywords: Collection[Phrases], texts: Sequence[str]) -> _Found:
    lexicon = Lexicon(dict.fromkeys(phrase for phrases in keywords for phrase in phrases))
    found: dict[str, dict[int, tuple[Span, ...]]] = defaultdict(dict)
    for number, text in enumerate(texts):
        for phrase, spans in lexicon.find(text).items():
            found[phrase][number] = spans
    return found


def _in_all(phrases: Phrases, found: _Found) -> set[int]:
    return set.intersection(*(set(found.get(phrase, ())) for phrase in phrases))


def _matches_nothing(phrases: Phrases, tiers: _Tiers, shares: Mapping[Phrases, float], days: int) -> bool:
    if shares[phrases]:
        return False
    return days >= FEWEST_DAYS or any(shares[respelled] for respelled in tiers[0])


def _chosen(phrases: Phrases, tiers: _Tiers, shares: Mapping[Phrases, float]) -> tuple[Suggestion, ...]:
    """Return the best of what could be written instead, no two with the very same matches."""
    most = COMMON if shares[phrases] else 1.0
    for tier in tiers:
        # What matches as many papers as another does so in other words, such as a plural.
        matching = {shares[each]: each for each in reversed(tier) if 0 < shares[each] <= most}
        if matching:
            best = [each for each in tier if matching.get(shares[each]) == each][:MOST_SUGGESTIONS]
            best.sort(key=lambda each: -shares[each])
            return tuple(Suggestion(phrases=each, share=shares[each]) for each in best)
    return ()


# What is too common: with a neighbour


def _narrower(
    phrases: Phrases, texts: Sequence[str], bags: Sequence[frozenset[str]], found: _Found
) -> Iterator[Phrases]:
    """Yield the phrase with each of the words that like to stand beside it, the most frequent ones first.

    `bags` holds the words of each text.
    """
    if len(phrases) > 1:
        return
    places = dict(islice(found[phrases[0]].items(), _ENOUGH))
    beside: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)  # by word and side: as it is written
    company: Counter[str] = Counter()
    for number, spans in places.items():
        company.update(bags[number])
        neighbours = (each for span in spans for each in _with_neighbours(texts[number], span))
        for side, word, written in dict.fromkeys(neighbours):
            beside[side, word][written] += 1
    least = max(_FEWEST, _SELDOM * len(places))
    close = [
        spellings
        for (_, word), spellings in beside.items()
        if spellings.total() >= max(least, _OFTEN * company[word])
    ]
    for spellings in sorted(close, key=Counter.total, reverse=True)[:_TRIED]:
        yield (spellings.most_common(1)[0][0],)


_ENOUGH = 500  # papers to learn a word's neighbours from
_FEWEST, _SELDOM = 3, 0.02  # papers, and their share of these: by less, a neighbour is no suggestion
_OFTEN = 0.25  # of the papers in which both stand, those where they do so side by side
_TRIED = 10
_BEFORE = re.compile(r"(?<![^\W_])([^\W\d_][^\W_]*)[\s\-]+$")
_AFTER = re.compile(r"[\s\-]+([^\W\d_][^\W_]*)")
_REACH = 40  # characters; the longest neighbour


def _with_neighbours(text: str, span: Span) -> Iterator[tuple[str, str, str]]:
    """Yield the side, the neighbour in lower case, and what both are together as written."""
    start, end = span
    before = _BEFORE.search(text, max(0, start - _REACH), start)
    if before and before[1].casefold() not in _UNTELLING:
        yield "before", before[1].casefold(), text[before.start(1) : end]
    after = _AFTER.match(text, end, end + _REACH)
    if after and after[1].casefold() not in _UNTELLING:
        yield "after", after[1].casefold(), text[start : after.end()]


# What matches nothing: spelled otherwise, or in parts


def _others(phrases: Phrases, vocabulary: "_Vocabulary") -> _Tiers:
    respelled = tuple(_WORD.sub(lambda word: vocabulary.spelled(word[0]), phrase) for phrase in phrases)
    spelled = (respelled,) if respelled != phrases else ()
    if len(phrases) > 1:
        return spelled, [(phrase,) for phrase in phrases]
    words = phrases[0].split()
    telling = [word for word in words if word.casefold() not in _UNTELLING]
    several = [(" ".join(part),) for part in _parts(words) if len(part) > 1]
    together = [tuple(telling)] if 1 < len(telling) <= _MOST_TOGETHER else []
    return spelled, [*several, *together], [(word,) for word in telling if len(words) > 1]


_MOST_TOGETHER = 3


def _parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what is left of a phrase without its first or last words, the longest first."""
    for length in range(len(words) - 1, 0, -1):
        for start in range(len(words) - length + 1):
            part = words[start : start + length]
            if part[0].casefold() not in _UNTELLING and part[-1].casefold() not in _UNTELLING:
                yield part


_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 4  # letters; any shorter words are like each other
_ALIKE = 0.8
_LONGER = 2  # letters, or shorter


class _Vocabulary:
    """The words of many texts, as they are written there."""

    def __init__(self, texts: Iterable[str]) -> None:
        written = Counter(word for text in texts for word in dict.fromkeys(_WORD.findall(text)))
        self._spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for word, count in written.items():
            self._spellings[word.casefold()][word] = count
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word, spellings in self._spellings.items():
            if spellings.total() > 1:  # once, it may be a slip of its author
                self._by_letter[word[0]].append(word)

    def spelled(self, word: str) -> str:
        """Return the word as the texts have it: with other capitals, or with letters much like these."""
        folded = word.casefold()
        spellings = self._spellings.get(folded)
        if spellings is None:
            near = self._nearest(folded)
            return word if near is None else self._spellings[near].most_common(1)[0][0]
        # Capitals beyond the first letter must be met.
        return word if word[1:].islower() or word in spellings else spellings.most_common(1)[0][0]

    def _nearest(self, folded: str) -> str | None:
        if len(folded) < _SHORTEST:
            return None
        alike = [each for each in self._by_letter[folded[0]] if abs(len(each) - len(folded)) <= _LONGER]
        return next(iter(difflib.get_close_matches(folded, alike, n=1, cutoff=_ALIKE)), None)


# Words that say nothing of a subject, and those with which any paper praises itself.
_UNTELLING = FUNCTION_WORDS | frozenset([
    "across", "all", "both", "could", "demonstrate", "demonstrates", "each", "existing", "however", "new",
    "novel", "proposed", "recent", "several", "should", "show", "shows", "those", "through", "towards", "two",
    "various", "well", "whether", "while", "within", "without",
])  # fmt: skip
