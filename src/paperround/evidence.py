"""How much each paper says of each keyword: of all keywords, and in all papers, at once.

A paper speaks of a keyword by the keyword's own words: as a whole, and less loudly by the words of a
phrase apart. Where a model is at hand, it speaks by its meaning too. And it is spoken for: by the words
that the best known papers of that keyword share, and by its nearest neighbours. Own words and meaning can
bring a paper to a reader; what is said for it only tells which of the papers brought is the better one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack

from paperround.keywords import asked_words, is_sentence, may_stand_whole
from paperround.literature import Features, Literature, Pair, neighbours
from paperround.vocabulary import Token, form_that_matters, tokens

# Evidence is counted in this many units of rarity: one mention in an abstract of a keyword that a
# hundredth of the papers hold comes to a half.
UNIT = 9.0

# A phrase counts as a whole, and by its words, which say less where they stand apart. A pair of
# neighbours in it counts too, in a sentence less than in a phrase.
WHOLE, APART, PHRASE_PAIR, SENTENCE_PAIR = 1.4, 0.5, 0.8, 0.25
# All words of a sentence together say as much as a phrase of this rarity. A paper meets it that holds most of
# it, the rare words weighing more; or that stands out from the known papers by this many standard deviations,
# and holds a third of it, or as much as a few words are of a long one.
SENTENCE, MOST_OF_IT, OUTSTANDING, ENOUGH_OF_IT, ENOUGH_WORDS = 10.0, 0.6, 2.0, 0.33, 2.0
# Much is said of a sentence by papers that are merely near its subject: only what says a lot of it counts.
STEEPNESS, STEEP = 3.0, 0.25
# Of this many of the best known papers, the words that tell them from others, and what these count
# beside the keyword's own.
BEST, SHARED_WORDS, SHARED = 10, 30, 1.0
NEIGHBOURS, NEIGHBOURLY = 10, 0.4
NEAR = 1.0  # the cosines of the neighbours, added up, of a paper that is not alone
# Meaning counts by how far a paper stands out from the known ones, in standard deviations, times the root
# of what the best of them say in words. It meets a keyword where it stands out this far, and is this near.
MEANING, QUIET, MEANT, MEANT_NEAR = 0.4, 1.8, 2.5, 0.45
FAINT = 0.02  # evidence of resemblance that is not worth keeping
LEAST = 0.001  # evidence of a keyword that is met, though every paper holds it
LEAST_SPREAD, TIE = 1e-6, 1e-10
RESEMBLING, WITH_MEANING = 60, 150  # papers that only resemble those on a keyword, by words or by a model too
ROWS_AT_ONCE = 500  # keywords, or papers

Phrases = tuple[str, ...]
Table = NDArray[np.float64]
Nearness = Callable[[Sequence[Phrases]], Table]


class Way(IntEnum):
    """In which way a paper meets a keyword; a greater one goes before."""

    MEANING = 1
    SCATTERED = 2  # it holds the words of a phrase apart, or enough of those of a sentence
    LITERAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Keywords (rows) by papers (columns): all that is said, and the `Way` in which a keyword is met."""

    total: csr_array
    ways: csr_array


def phrases(keywords: Iterable[Phrases]) -> frozenset[str]:
    """Return the phrases that are looked for as a whole."""
    return frozenset(
        phrase for each in keywords for phrase in each if len(each) > 1 or may_stand_whole(phrase)
    )


def pairs(keywords: Iterable[Phrases]) -> frozenset[Pair]:
    """Return the neighbours that are looked for beside the phrases."""
    alone = (each[0] for each in keywords if len(each) == 1)
    return frozenset(pair for phrase in alone for pair in neighbours(tokens(phrase)))


def evidence(keywords: Sequence[Phrases], literature: Literature, nearness: Nearness | None) -> Evidence:
    """Return what the judged papers of the literature say of each keyword.

    `nearness` gives the cosine of the meanings of keywords (rows) and all papers of the literature
    (columns); without it, words alone count.
    """
    hints = _Hints(literature)
    blocks = []
    for start in range(0, len(keywords), ROWS_AT_ONCE):
        some = keywords[start : start + ROWS_AT_ONCE]
        near = nearness(some) if nearness else None
        blocks.append(_block(_Asked(some, literature), literature, hints, near))
    nothing = csr_array((0, len(literature.judged)))
    return Evidence(
        total=csr_array(vstack([nothing, *(each.total for each in blocks)])),
        ways=csr_array(vstack([nothing, *(each.ways for each in blocks)])),
    )


class _Asked:
    """Some keywords as rows of weights: of the phrases, the words and the pairs of words in them."""

    def __init__(self, keywords: Sequence[Phrases], literature: Literature) -> None:
        rows = len(keywords)
        self.needed = np.array([len(set(each)) for each in keywords])
        self.sizes = np.ones(rows)  # in words that say something
        self.is_sentence = np.zeros(rows, dtype=bool)
        self._unheard = np.zeros(rows)
        self._distinct: list[set[str]] = [set() for _ in keywords]
        self._whole, self._words, self._pairs = _Weights(), _Weights(), _Weights()
        for row, each in enumerate(keywords):
            for phrase in each if len(each) > 1 else filter(may_stand_whole, each):
                self._whole.add(row, phrase, (WHOLE if len(asked_words(phrase)) > 1 else 1.0) / len(each))
            if len(each) == 1:
                self._add_parts(row, each[0], literature)
        self.each_phrase = self._whole.table(literature.phrases, rows)
        self.whole = self.each_phrase @ diags_array(literature.phrases.rarity)
        each_word = _present(self._words.table(literature.titles, rows))
        self.in_title = csr_array(diags_array((~self.is_sentence).astype(np.float64)) @ each_word)
        self.words = self._words.table(literature.words, rows) @ diags_array(literature.words.rarity)
        self.distinct = np.array([len(each) or np.inf for each in self._distinct])
        self.pairs = self._pairs.table(literature.pairs, rows) @ diags_array(literature.pairs.rarity)
        self.rarity = np.asarray(self.words.sum(axis=1)).ravel() + self._unheard * literature.unheard

    def _add_parts(self, row: int, phrase: str, literature: Literature) -> None:
        words = asked_words(phrase)
        sentence = is_sentence(phrase)
        self.is_sentence[row] = sentence
        self.sizes[row] = max(len(words), 1)
        if len(words) > 1:
            for word in words:
                feature = _feature(word)
                self._words.add(row, feature, 1.0)
                self._distinct[row].add(feature)
                self._unheard[row] += feature not in literature.words.place
        if len(words) > 2 or sentence:  # noqa: PLR2004 - the pair in two words is the phrase itself
            for pair in neighbours(tokens(phrase)):
                self._pairs.add(row, pair, SENTENCE_PAIR if sentence else PHRASE_PAIR)


class _Weights:
    """The entries of a sparse table, keyword by feature."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, object, float]] = []

    def add(self, row: int, feature: object, weight: float) -> None:
        self._entries.append((row, feature, weight))

    def table(self, features: Features, rows: int) -> csr_array:
        found = [
            (row, features.place[feature], weight)
            for row, feature, weight in self._entries
            if feature in features.place
        ]
        rows_, columns, weights = zip(*found, strict=True) if found else ((), (), ())
        return csr_array(
            (np.array(weights, dtype=np.float64), (rows_, columns)), shape=(rows, len(features.place))
        )


def _feature(word: Token) -> str:
    """Return what a word of an interest is counted as: a form whose capitals matter, else its stem."""
    return form_that_matters(word.form) or word.stem


def _block(asked: _Asked, literature: Literature, hints: "_Hints", near: Table | None) -> Evidence:
    words, ways = _said(asked, literature)
    spoken = words + hints.shared_words(words, asked.sizes)
    # However long a sentence is, it is one interest.
    long = np.minimum(1.0, SENTENCE / np.maximum(asked.rarity, 1.0))
    spoken *= np.where(asked.is_sentence, long, 1.0)[:, np.newaxis]
    known, judged = literature.known, literature.judged
    total = spoken[:, judged] + NEIGHBOURLY * (spoken[:, known] @ hints.around)
    # Every paper resembles others a little: without an interest met, only what is more than usual counts.
    usual = (1 + NEIGHBOURLY) * spoken[:, known].sum(axis=1, keepdims=True) / max(known.stop, 1)
    total = np.where(ways, total, np.maximum(total - usual, 0.0))
    if near is not None:
        nearer = _standing_out(near[:, judged], near[:, known])
        total += MEANING * _loudness(spoken[:, known]) * nearer
        ways = np.maximum(ways, Way.MEANING * ((nearer >= MEANT) & (near[:, judged] >= MEANT_NEAR)))
    total /= UNIT
    met = np.where(ways, np.maximum(total, LEAST), 0.0)
    unmet = np.where((ways > 0) | (total < FAINT), 0.0, total)
    resembling = _strongest(unmet, RESEMBLING if near is None else WITH_MEANING)
    said = csr_array(csr_array(met) + resembling)
    steep = np.repeat(asked.is_sentence, np.diff(said.indptr))
    said.data = np.where(steep, STEEP * said.data**STEEPNESS, said.data)
    return Evidence(
        total=said,
        ways=csr_array(ways.astype(np.int8)),
    )


def _said(asked: _Asked, literature: Literature) -> tuple[Table, Table]:
    """Return what the words of each keyword say in all papers, and in which way the judged ones meet it."""
    counts, judged = literature.words.counts, literature.judged
    standing = (_present(asked.each_phrase) @ _present(literature.phrases.counts)).toarray()
    literal = standing >= asked.needed[:, np.newaxis]
    whole = np.where(literal, (asked.whole @ literature.phrases.counts).toarray(), 0.0)
    parts = (asked.words @ counts).toarray() + (asked.pairs @ literature.pairs.counts).toarray()
    share = (asked.words @ _present(counts)).toarray() / np.maximum(asked.rarity, 1.0)[:, np.newaxis]
    sentence = asked.is_sentence[:, np.newaxis]
    parts *= np.where(sentence, 1.0, share**2 * np.where(literal, 1.0, APART))
    said = whole + parts
    in_title = (asked.in_title @ _present(literature.titles.counts)).toarray()[:, judged]
    outstanding = _standing_out(said[:, judged], said[:, literature.known]) >= OUTSTANDING
    share = share[:, judged]
    enough = np.minimum(ENOUGH_OF_IT, ENOUGH_WORDS / asked.distinct)[:, np.newaxis]
    spoken_of = (share >= MOST_OF_IT) | (outstanding & (share >= enough))
    scattered = np.where(sentence, spoken_of, in_title >= asked.distinct[:, np.newaxis])
    return said, np.where(literal[:, judged], Way.LITERAL, Way.SCATTERED * scattered)


def _standing_out(values: Table, known: Table) -> Table:
    """Return by how many standard deviations each paper lies above the mean of the known ones, if it does."""
    if not known.size:
        return np.zeros(values.shape)
    spread = np.maximum(known.std(axis=1, keepdims=True), LEAST_SPREAD)
    return np.asarray(np.maximum((values - known.mean(axis=1, keepdims=True)) / spread, 0.0))


def _loudness(known: Table) -> Table:
    """Return how loudly the best known papers speak of each keyword, on the scale of meaning."""
    best = np.sort(known, axis=1)[:, -BEST:]
    mean = best.sum(axis=1, keepdims=True) / max(best.shape[1], 1)
    return np.asarray(np.sqrt(np.maximum(mean, QUIET) * UNIT))


class _Hints:
    """What papers tell of each other: the words they share, and which are near each other."""

    def __init__(self, literature: Literature) -> None:
        self._literature = literature
        words = literature.words
        is_form = np.array([feature != str(feature).casefold() for feature in words.place], dtype=bool)
        rarity = np.where(is_form, 0.0, words.rarity)
        self._papers = csr_array(csr_array(words.counts.T) @ diags_array(rarity))
        self.around = _around(self._papers, literature)

    def shared_words(self, said: Table, sizes: Table) -> Table:
        """Return what the words say that the best known papers of each keyword share."""
        literature = self._literature
        best = _strongest(said[:, literature.known], BEST)
        best.data **= 2
        shared = _strongest_few(csr_array(_shares(best) @ self._papers[literature.known]), SHARED_WORDS)
        # What two papers share says less than what ten do.
        trust = SHARED * sizes * np.diff(best.indptr) / BEST
        asked = diags_array(trust) @ _shares(shared) @ diags_array(literature.words.rarity)
        return np.asarray((asked @ literature.words.counts).toarray())


def _around(papers: csr_array, literature: Literature) -> csr_array:
    """Return how near each judged paper (columns) is to the nearest known ones (rows), adding up to 1."""
    lengths = np.sqrt(np.asarray(papers.multiply(papers).sum(axis=1)).ravel())
    directions = csr_array(diags_array(1 / np.maximum(lengths, 1e-12)) @ papers)
    known = csr_array(directions[literature.known].T)
    nearest = [csr_array((0, known.shape[1]))]
    for start in range(0, len(literature.judged), ROWS_AT_ONCE):
        judged = literature.judged[start : start + ROWS_AT_ONCE]
        near = (directions[judged] @ known).toarray()
        itself = judged < known.shape[1]
        near[np.nonzero(itself)[0], judged[itself]] = 0.0
        nearest.append(_shares(_strongest(near, NEIGHBOURS), least=NEAR))
    return csr_array(vstack(nearest).T)


def _present(counts: csr_array) -> csr_array:
    return csr_array((counts > 0).astype(np.float64))


def _shares(table: csr_array, *, least: float = 1e-12) -> csr_array:
    """Return the table with each row adding up to 1, or to less where it adds up to less than `least`."""
    sums = np.asarray(table.sum(axis=1)).ravel()
    return csr_array(diags_array(1 / np.maximum(sums, least)) @ table)


def _strongest(table: Table, most: int) -> csr_array:
    """Return the largest values of each row alone, at most so many."""
    rows, width = table.shape
    if width > most:
        # Among equals the first, so that it does not matter what else stands in the row.
        columns = np.argpartition(np.arange(width) * TIE - table, most, axis=1)[:, :most]
    else:
        columns = np.broadcast_to(np.arange(width), (rows, width))
    values = np.take_along_axis(table, columns, axis=1)
    kept = values > 0
    return csr_array((values[kept], (np.nonzero(kept)[0], columns[kept])), shape=table.shape)


def _strongest_few(table: csr_array, most: int) -> csr_array:
    """Return the same of a table that is too wide to be written out."""
    table.sort_indices()
    kept = np.zeros(len(table.data), dtype=bool)
    for start, end in pairwise(table.indptr):
        kept[start + np.argsort(-table.data[start:end], kind="stable")[:most]] = True
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return csr_array((table.data[kept], (rows[kept], table.indices[kept])), shape=table.shape)
