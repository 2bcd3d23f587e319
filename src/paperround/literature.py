"""Papers as numbers: how much each word, pair of words and phrase says in each of them.

A count is weighted by the field it stands in and saturates as in BM25: a fourth mention says little
that the third did not, and a mention in a long text says less than one in a short text. How rare a
feature is, is judged over the papers that are known, and not over the few of one day.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from paperround.keywords import Lexicon, apart, asked_words, content_words
from paperround.papers import Paper, PaperId
from paperround.vocabulary import FUNCTION_WORDS, Token, form_that_matters, tokens

FIELDS = {"title": 2.5, "abstract": 1.0, "keywords": 1.0}
SATURATION, LENGTH = 1.1, 0.65  # k1 and b

# The share of papers that hold a feature is judged as if this many more had been read, and of these so many
# with it: three papers in a list of ten do not make a word common.
UNSEEN, UNSEEN_WITH_IT = 50, 1

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a phrase stands in a paper, and as what it is written there."""

    where: tuple[str, ...]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Some features of all papers.

    `place` is the row of each, `counts` (features by papers) how much it says in each paper, and
    `rarity` the logarithm of one over the share of papers that hold it.
    """

    place: Mapping[object, int]
    counts: csr_array
    rarity: NDArray[np.float64]


class Literature:
    """The papers that are judged, and those by which they are judged."""

    def __init__(
        self,
        papers: Sequence[Paper],
        known: Sequence[Paper],
        *,
        phrases: Collection[str],
        pairs: Collection[Pair],
    ) -> None:
        """Read every paper once; look for these phrases and pairs of stems."""
        known_ids = {paper.id for paper in known}
        # The known ones first: what is said of a paper does not depend on which others are judged with it.
        self.papers = (*known, *(paper for paper in papers if paper.id not in known_ids))
        self.known = slice(0, len(known))
        # The rarity of what none of the known papers holds.
        self.unheard = float(np.log((len(known) + UNSEEN) / UNSEEN_WITH_IT))
        place = {paper.id: at for at, paper in enumerate(self.papers)}
        self.judged = np.array([place[paper.id] for paper in papers], dtype=np.intp)
        reading = _Reading(Lexicon(phrases), frozenset(pairs), keep={paper.id for paper in papers})
        for paper in self.papers:
            reading.read(paper)
        self.mentions = reading.mentions
        self._lengths = np.array(reading.lengths)
        self.words = self._features(reading.words)
        self.titles = self._features(reading.titles)
        self.pairs = self._features(reading.pairs)
        self.phrases = self._features(reading.phrases)

    def _features(self, found: "_Counts") -> Features:
        shape = (len(found.place), len(self.papers))
        values = np.array(found.values)
        columns = np.array(found.columns, dtype=np.intp)
        known = self._lengths[self.known]
        typical = known.mean() if known.size else 1.0
        long = self._lengths[columns] / max(typical, 1.0)
        said = values * (SATURATION + 1) / (values + SATURATION * (1 - LENGTH + LENGTH * long))
        counts = csr_array((said, (found.rows, columns)), shape=shape)
        holding = np.asarray((counts[:, self.known] > 0).sum(axis=1)).ravel()
        share = (holding + UNSEEN_WITH_IT) / (len(known) + UNSEEN)
        return Features(place=found.place, counts=counts, rarity=-np.log(share))


class _Counts:
    """Weighted counts of features, paper by paper."""

    def __init__(self) -> None:
        self.place: dict[object, int] = {}
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []

    def add(self, paper: int, counted: Mapping[object, float]) -> None:
        self.rows += [self.place.setdefault(feature, len(self.place)) for feature in counted]
        self.columns += [paper] * len(counted)
        self.values += counted.values()


class _Reading:
    """What is found in papers that are read one after the other."""

    def __init__(self, lexicon: Lexicon, pairs: frozenset[Pair], *, keep: AbstractSet[PaperId]) -> None:
        self._lexicon = lexicon
        self._keep = keep
        self._pairs = pairs
        self.words, self.pairs, self.phrases = _Counts(), _Counts(), _Counts()
        self.titles = _Counts()
        self.lengths: list[float] = []
        self.mentions: dict[str, dict[PaperId, Mention]] = defaultdict(dict)

    def read(self, paper: Paper) -> None:
        at = len(self.lengths)
        words: dict[object, float] = defaultdict(float)
        pairs: dict[object, float] = defaultdict(float)
        phrases: dict[object, float] = defaultdict(float)
        where: dict[str, list[str]] = defaultdict(list)
        forms: dict[str, dict[str, None]] = defaultdict(dict)
        length = 0.0
        for name, text in _texts(paper):
            weight = FIELDS[name]
            read = tokens(text)
            for phrase, spans in self._lexicon.find_in(read).items():
                phrases[phrase] += weight * len(spans)
                where[phrase].append(name)
                forms[phrase].update(dict.fromkeys(text[start:end] for start, end in spans))
            told = content_words(read)
            counted = Counter(feature for word in told for feature in _features(word))
            for feature, times in counted.items():
                words[feature] += weight * times
            if name == "title":
                self.titles.add(at, dict.fromkeys(counted, 1.0))
            length += weight * len(told)
            for pair in neighbours(read):
                if pair in self._pairs:
                    pairs[pair] += weight
        self.words.add(at, words)
        self.pairs.add(at, pairs)
        self.phrases.add(at, phrases)
        self.lengths.append(length)
        if paper.id in self._keep:
            for phrase, places in where.items():
                self.mentions[phrase][paper.id] = Mention(tuple(places), tuple(forms[phrase]))


def _features(word: Token) -> Iterator[str]:
    """Yield what a word is counted as: its stem, and its form where capitals matter."""
    yield word.stem
    if (form := form_that_matters(word.form)) is not None:
        yield form


def scattered(paper: Paper, phrase: str) -> Mention:
    """Return where the words of a phrase stand in a paper, and each of them in its first form there.

    The capital that a title or a sentence begins a word with is no part of the form.
    """
    asked = {word.stem: word.form for word in asked_words(phrase)}
    forms = dict.fromkeys(asked, "")
    where: list[str] = []
    for name, text in _texts(paper):
        found = {stem: spans for stem, spans in apart(phrase, tokens(text)).items() if spans}
        where += [name] if found else []
        for stem, ((start, end), *_) in found.items():
            written = text[start:end]
            plain = asked[stem].islower() and form_that_matters(written) is None
            forms[stem] = forms[stem] or (written.lower() if plain else written)
    return Mention(tuple(where), tuple(form for form in forms.values() if form))


def neighbours(words: Sequence[Token]) -> Iterator[Pair]:
    """Yield the stems of each two words that stand next to each other and both say something."""
    for first, second in pairwise(words):
        if second.joins and not {first.folded, second.folded} & FUNCTION_WORDS:
            yield first.stem, second.stem


def _texts(paper: Paper) -> Iterable[tuple[str, str]]:
    yield "title", paper.title
    yield "abstract", paper.abstract
    # No phrase reaches from one keyword of the source into the next.
    yield "keywords", " | ".join(paper.keywords)
