"""All subscribers against all papers, at once.

Evidence adds up: an interest met by a paper counts by how loudly the paper speaks of it, and by the
weight its reader gave it. Relevance is one minus e to the minus evidence: between 0 and 1, the same
for a reader with two keywords and one with forty, and more only where more is found.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from paperround.digests import How, Match
from paperround.evidence import Nearness, Way, evidence, pairs, phrases
from paperround.literature import FIELDS, Literature, Mention, scattered
from paperround.meaning import Meaning
from paperround.papers import Paper, PaperId
from paperround.subscribers import Interests

# Evidence that gives a relevance of a half. More gives ever less more, but tells apart to the end what a
# reader of forty interests meets.
FOR_A_HALF = 0.9
# What an interest is worth that is no keyword. A followed author alone gives a relevance of 0.57, a
# followed category as the paper's first one 0.22.
AUTHOR = 1.2
ORGANIZATION = 0.5
FIRST_CATEGORY = 0.25
OTHER_CATEGORY = 0.15
# What a paper only resembles adds to its evidence, but never more than `ALONE`, so that a relevance of 0.2 is
# not reached by resemblance; and beside what it meets, this much of that more, up to `BESIDE`.
ALONE, FOR_WHAT_IS_MET, BESIDE = 0.2, 2.0, 2.0
TOLD_APART = 9  # decimals of evidence: what differs less is equal, on every machine
WORTH_TELLING = 0.05  # the share of an interest that a paper only resembles


class Kind(StrEnum):
    """What a reader can be interested in."""

    KEYWORD = "keyword"
    AUTHOR = "author"
    CATEGORY = "category"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Term:
    """One interest without its weight, the same for every reader who has it."""

    kind: Kind
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The papers that say something of one reader's interests, best first.

    `papers` are positions among the ranking's papers, `relevance` their scores between 0 and 1, and
    `met` says which of them meet an interest and do not only resemble those that do. `followed` are the
    positions of the papers by an author whom the reader follows, `excluded` of those that hold a word
    the reader excludes.
    """

    papers: NDArray[np.intp]
    relevance: NDArray[np.float64]
    met: NDArray[np.bool_]
    followed: frozenset[int]
    excluded: frozenset[int]


class Ranking:
    """Some papers, with every distinct term of all readers looked up in each of them once."""

    def __init__(
        self,
        papers: Iterable[Paper],
        readers: Iterable[Interests],
        *,
        known: Iterable[Paper] | None = None,
        meaning: Meaning | None = None,
    ) -> None:
        """Look up the readers' terms; `known` papers, else these, tell what is common and what goes together.

        With a `meaning` of the papers and keywords, nearness in meaning counts beside words.
        """
        # Among equals, what more people voted for comes first.
        self.papers = tuple(sorted(papers, key=lambda paper: (-(paper.votes or 0), paper.id)))
        self.position = {paper.id: position for position, paper in enumerate(self.papers)}
        terms = dict.fromkeys(term for reader in readers for term, _ in _wanted(reader))
        shunned = dict.fromkeys(each.phrases for reader in readers for each in reader.exclude)
        keywords = [term.phrases for term in terms if term.kind is Kind.KEYWORD]
        others = [term for term in terms if term.kind is not Kind.KEYWORD]
        self._literature = Literature(
            self.papers,
            self.papers if known is None else tuple(known),
            phrases=phrases(keywords) | {phrase for each in shunned for phrase in each},
            pairs=pairs(keywords),
        )
        self._said = evidence(keywords, self._literature, _nearness(meaning, self._literature))
        self._fields = _Fields(self.papers)
        self._row = {term: row for row, term in enumerate([*map(_term, keywords), *others])}
        plain = _sparse(
            [(row, at, value) for row, term in enumerate(others) for at, value in self._fields.hits(term)],
            (len(others), len(self.papers)),
        )
        self._evidence = csr_array(vstack([self._said.total, plain]))
        own = self._said.total * self._said.ways.astype(bool)
        self._own = csr_array(vstack([own, plain]))
        self._told = _Looked(self._evidence)
        self._ways = _Looked(self._said.ways)
        self._shunned_row = {each: row for row, each in enumerate(shunned)}
        holders = [(row, at, 1.0) for each, row in self._shunned_row.items() for at in self._holding(each)]
        self._shunned = _sparse(holders, (len(shunned), len(self.papers)))

    def rank(self, readers: Sequence[Interests]) -> Iterator[Ranked]:
        """Yield for each reader, in their order, what speaks of their interests."""
        wanted = self._weights([_wanted(reader) for reader in readers])
        shunned = _sparse(
            [
                (number, self._shunned_row[each.phrases], 1.0)
                for number, reader in enumerate(readers)
                for each in reader.exclude
            ],
            (len(readers), len(self._shunned_row)),
        )
        spoken, excluded = csr_array(wanted @ self._evidence), csr_array(shunned @ self._shunned)
        spoken.sort_indices()
        rows = np.repeat(np.arange(len(readers)), np.diff(spoken.indptr))
        own = (wanted @ self._own).toarray()[rows, spoken.indices]
        values = own + _resemblance(spoken.data - own, own)
        worth = -values.round(TOLD_APART)
        for number, reader in enumerate(readers):
            here = slice(spoken.indptr[number], spoken.indptr[number + 1])
            # Stable: among equals the order of the papers, which is by votes.
            order = np.argsort(worth[here], kind="stable")
            yield Ranked(
                papers=spoken.indices[here][order].astype(np.intp),
                relevance=values[here][order] / (values[here][order] + FOR_A_HALF),
                met=own[here][order] > 0,
                followed=frozenset(
                    at for name in reader.authors for at, _ in self._fields.hits(_author(name))
                ),
                excluded=frozenset(
                    excluded.indices[excluded.indptr[number] : excluded.indptr[number + 1]].tolist()
                ),
            )

    def relevance(self, ranked: Ranked) -> dict[PaperId, float]:
        """Return the relevance of what was ranked, by paper, the best first."""
        return {
            self.papers[at].id: score
            for at, score in zip(ranked.papers.tolist(), ranked.relevance.tolist(), strict=True)
        }

    def meets(self, ranked: Ranked) -> frozenset[PaperId]:
        """Return the papers that meet an interest."""
        return frozenset(self.papers[at].id for at in ranked.papers[ranked.met].tolist())

    def matched(self, reader: Interests, paper: PaperId) -> tuple[Match, ...]:
        """Return which of the reader's interests the paper met, the one that counted most first.

        Those that it does not meet but resembles come after them, where they count enough to be told.
        """
        at = self.position[paper]
        told = [
            (self._how(term, at), weight * self._told.at(self._row[term], at), term)
            for term, weight in _wanted(reader)
        ]
        own = sum(value for how, value, _ in told if how is not How.RESEMBLING)
        rest = sum(value for how, value, _ in told if how is How.RESEMBLING)
        counted = float(_resemblance(np.array(rest), np.array(own)))
        if not own + counted:
            return ()
        share = dict.fromkeys(How, 1 / (own + counted))
        share[How.RESEMBLING] *= counted / rest if rest else 0.0
        matches = [
            self._match(term, how, at, round(value * share[how], 3))
            for how, value, term in told
            if value and value * share[how] >= (WORTH_TELLING if how is How.RESEMBLING else 0)
        ]
        return tuple(sorted(matches, key=lambda match: (match.how is How.RESEMBLING, -match.weight)))

    def follows(self, reader: Interests, paper: PaperId) -> tuple[str, ...]:
        """Return the authors of the paper whom the reader follows, as the reader wrote them."""
        at = self.position[paper]
        return tuple(
            name
            for name in reader.authors
            if any(found == at for found, _ in self._fields.hits(_author(name)))
        )

    def excluded_by(self, reader: Interests, paper: PaperId) -> str | None:
        """Return the excluded keyword that the paper holds, if any."""
        at = self.position[paper]
        return next((each.text for each in reader.exclude if at in self._holding(each.phrases)), None)

    def _holding(self, wanted: tuple[str, ...]) -> set[int]:
        """Return which of the papers hold every one of the phrases."""
        mentions = self._literature.mentions
        found = set.intersection(*(set(mentions.get(phrase, ())) for phrase in wanted))
        return {self.position[paper] for paper in found}

    def _how(self, term: Term, at: int) -> How:
        if term.kind is not Kind.KEYWORD:
            return How.WORDS
        return _HOW[int(self._ways.at(self._row[term], at))]

    def _match(self, term: Term, how: How, at: int, weight: float) -> Match:
        found = self._mention(term, how, at)
        return Match(
            term=" + ".join(term.phrases), where=found.where, forms=found.forms, how=how, weight=weight
        )

    def _mention(self, term: Term, how: How, at: int) -> Mention:
        if term.kind is not Kind.KEYWORD:
            return Mention((_FIELD[term.kind],), ())
        if how is How.WORDS:
            return _joined([self._literature.mentions[phrase][self.papers[at].id] for phrase in term.phrases])
        if how is How.SCATTERED:
            return scattered(self.papers[at], term.phrases[0])
        return Mention((), ())

    def _weights(self, readers: Sequence[Iterable[tuple[Term, float]]]) -> csr_array:
        entries = [
            (number, self._row[term], weight)
            for number, terms in enumerate(readers)
            for term, weight in terms
        ]
        return _sparse(entries, (len(readers), len(self._row)))


class _Fields:
    """Who wrote the papers, where, and under which categories."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._papers = papers
        self._people = _by_field(papers, lambda paper: map(same_name, paper.authors))
        self._houses = _by_field(
            papers, lambda paper: (paper.organization.casefold(),) if paper.organization else ()
        )
        self._categories = _by_field(papers, lambda paper: paper.categories)

    def hits(self, term: Term) -> list[tuple[int, float]]:
        """Return the papers that meet an interest other than a keyword, with the evidence."""
        (name,) = term.phrases
        match term.kind:
            case Kind.AUTHOR:
                return [(at, AUTHOR) for at in self._people.get(same_name(name), ())]
            case Kind.ORGANIZATION:
                return [(at, ORGANIZATION) for at in self._houses.get(name.casefold(), ())]
            case Kind.CATEGORY:
                first = [self._papers[at].categories[0] == name for at in self._categories.get(name, ())]
                worth = [FIRST_CATEGORY if each else OTHER_CATEGORY for each in first]
                return list(zip(self._categories.get(name, ()), worth, strict=True))
            case Kind.KEYWORD:
                raise ValueError(f"{name}: keywords are looked for in texts")
            case _:
                assert_never(term.kind)


@lru_cache(maxsize=200_000)
def same_name(name: str) -> str:
    """Return a form in which spellings of one author's name are equal.

    Accents, capitals, dots, middle initials and "Family, Given" do not matter.
    """
    family, comma, given = name.partition(",")
    decomposed = unicodedata.normalize("NFKD", f"{given} {family}" if comma else name)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = letters.casefold().replace(".", " ").replace("-", " ").split()
    inner = [word for word in words[1:-1] if len(word) > 1]
    return " ".join([*words[:1], *inner, *words[1:][-1:]])


_HOW = {
    0: How.RESEMBLING,
    Way.MEANING: How.MEANING,
    Way.SCATTERED: How.SCATTERED,
    Way.LITERAL: How.WORDS,
}
_FIELD = {Kind.AUTHOR: "authors", Kind.CATEGORY: "categories", Kind.ORGANIZATION: "organization"}


def _term(phrases_: tuple[str, ...]) -> Term:
    return Term(Kind.KEYWORD, phrases_)


def _author(name: str) -> Term:
    return Term(Kind.AUTHOR, (name,))


def _wanted(reader: Interests) -> Iterator[tuple[Term, float]]:
    for keyword in reader.keywords:
        yield _term(keyword.phrases), keyword.weight
    for name in reader.authors:
        yield _author(name), 1.0
    for category in reader.categories:
        yield Term(Kind.CATEGORY, (category,)), 1.0
    for organization in reader.organizations:
        yield Term(Kind.ORGANIZATION, (organization,)), 1.0


def _nearness(meaning: Meaning | None, literature: Literature) -> Nearness | None:
    if meaning is None:
        return None
    papers = [paper.id for paper in literature.papers]
    return lambda some: meaning.nearness([" + ".join(each) for each in some], papers).astype(np.float64)


def _joined(mentions: Sequence[Mention]) -> Mention:
    where = {field for mention in mentions for field in mention.where}
    forms = dict.fromkeys(form for mention in mentions for form in mention.forms)
    return Mention(tuple(field for field in FIELDS if field in where), tuple(forms))


def _by_field(
    papers: Sequence[Paper], values: Callable[[Paper], Iterable[str]]
) -> Mapping[str, Sequence[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, paper in enumerate(papers):
        for value in set(values(paper)):
            found[value].append(at)
    return found


def _resemblance(evidence: NDArray[np.float64], own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what resemblance adds to a paper's own evidence: ever more slowly more, up to a bound."""
    evidence = np.maximum(evidence, 0.0)
    most = np.minimum(ALONE + FOR_WHAT_IS_MET * own, BESIDE)
    return evidence * most / (evidence + most)


class _Looked:
    """A sparse table whose single values are looked up, many times."""

    def __init__(self, table: csr_array) -> None:
        by_column = table.tocsc()
        by_column.sort_indices()
        self._starts, self._rows, self._values = by_column.indptr, by_column.indices, by_column.data

    def at(self, row: int, column: int) -> float:
        """Return the value there, 0 where there is none."""
        start, end = self._starts[column], self._starts[column + 1]
        place = start + np.searchsorted(self._rows[start:end], row)
        return float(self._values[place]) if place < end and self._rows[place] == row else 0.0


def _sparse(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(values, dtype=np.float64), (rows, columns)), shape=shape)
