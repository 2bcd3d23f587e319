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
from paperround.sparse import Looked, sparse
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
TINY = 1e-12  # evidence that is none
MENTIONS = 100_000  # of interests in papers that are kept: some 30 MB


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
        wanted = dict.fromkeys((kind, words) for reader in readers for kind, words, _ in _wanted(reader))
        terms = [Term(kind, words) for kind, words in wanted]
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
        self._terms = [*map(_term, keywords), *others]
        self._row = {(term.kind, term.phrases): row for row, term in enumerate(self._terms)}
        plain = sparse(
            [(row, at, value) for row, term in enumerate(others) for at, value in self._fields.hits(term)],
            (len(others), len(self.papers)),
        )
        self._evidence = csr_array(vstack([self._said.total, plain]))
        own = self._said.total * self._said.ways.astype(bool)
        self._own = csr_array(vstack([own, plain]))
        self._looked = Looked(self._evidence, csr_array(vstack([self._said.ways, Way.LITERAL * (plain > 0)])))
        self._mention = lru_cache(maxsize=MENTIONS)(self._looked_for)
        self._last: _Wanted | None = None
        self._placed: tuple[Iterable[PaperId], NDArray[np.intp]] = ((), np.array([], dtype=np.intp))
        self._shunned_row = {each: row for row, each in enumerate(shunned)}
        holders = [(row, at, 1.0) for each, row in self._shunned_row.items() for at in self._holding(each)]
        self._shunned = sparse(holders, (len(shunned), len(self.papers)))

    def rank(self, readers: Sequence[Interests]) -> Iterator[Ranked]:
        """Yield for each reader, in their order, what speaks of their interests."""
        wanted = self._weights([self._asked(reader) for reader in readers])
        shunned = sparse(
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

    def positions(self, papers: Iterable[PaperId]) -> NDArray[np.intp]:
        """Return where these papers stand; the last answer is kept, for most readers are offered the same."""
        asked, found = self._placed
        if asked is not papers:
            found = np.array([self.position[paper] for paper in papers], dtype=np.intp)
            self._placed = papers, found
        return found

    def matched(self, reader: Interests, paper: PaperId) -> tuple[Match, ...]:
        """Return which of the reader's interests the paper met, the one that counted most first.

        Those that it does not meet but resembles come after them, where they count enough to be told.
        """
        (found,) = self.matches(reader, [paper])
        return found

    def matches(self, reader: Interests, papers: Sequence[PaperId]) -> Sequence[tuple[Match, ...]]:
        """Return for each of some papers, in their order, what `matched` does of one, for less in all."""
        asked = self._wants(reader)
        places = np.array([self.position[paper] for paper in papers], dtype=np.intp)
        values, ways = self._looked.at(asked.rows, places)
        values *= asked.weights
        met = ways > 0
        own, rest = np.where(met, values, 0.0).sum(axis=1), np.where(met, 0.0, values).sum(axis=1)
        counted = _resemblance(rest, own)
        whole = np.maximum(own + counted, TINY)[:, np.newaxis]
        thinned = (counted / np.maximum(rest, TINY))[:, np.newaxis]
        shares = np.where(met, values, values * thinned) / whole
        told = (values > 0) & (met | (shares >= WORTH_TELLING))
        found: list[list[Match]] = [[] for _ in papers]
        for number, at_term in zip(*(each.tolist() for each in np.nonzero(told)), strict=True):
            how = _HOW[int(ways[number, at_term])]
            weight = round(float(shares[number, at_term]), 3)
            found[number].append(self._match(int(asked.rows[at_term]), how, int(places[number]), weight))
        return [tuple(sorted(each, key=_decisive_first)) for each in found]

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

    def _match(self, row: int, how: How, at: int, weight: float) -> Match:
        term, found = self._mention(row, how, at)
        return Match(term=term, where=found.where, forms=found.forms, how=how, weight=weight)

    def _looked_for(self, row: int, how: How, at: int) -> tuple[str, Mention]:
        """Return an interest in words, and where the paper at this position speaks of it.

        The latest are kept: many readers get a paper for the same of their interests.
        """
        term = self._terms[row]
        return " + ".join(term.phrases), self._spoken_of(term, how, at)

    def _spoken_of(self, term: Term, how: How, at: int) -> Mention:
        if term.kind is not Kind.KEYWORD:
            return Mention((_FIELD[term.kind],), ())
        if how is How.WORDS:
            return _joined([self._literature.mentions[phrase][self.papers[at].id] for phrase in term.phrases])
        if how is How.SCATTERED:
            return scattered(self.papers[at], term.phrases[0])
        return Mention((), ())

    def _asked(self, reader: Interests) -> Iterator[tuple[int, float]]:
        """Yield the row of each interest, and its weight."""
        for kind, phrases_, weight in _wanted(reader):
            yield self._row[kind, phrases_], weight

    def _wants(self, reader: Interests) -> "_Wanted":
        """Return what the reader asks for; the last one's is kept, for whom it is needed again and again."""
        last = self._last
        if last is None or last.reader is not reader:
            asked = tuple(self._asked(reader))
            rows = np.array([row for row, _ in asked], dtype=np.int64)
            last = _Wanted(reader=reader, rows=rows, weights=np.array([weight for _, weight in asked]))
            self._last = last
        return last

    def _weights(self, readers: Sequence[Iterable[tuple[int, float]]]) -> csr_array:
        entries = [(number, row, weight) for number, terms in enumerate(readers) for row, weight in terms]
        return sparse(entries, (len(readers), len(self._row)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Wanted:
    """The interests of one reader as rows of the tables, with their weights."""

    reader: Interests
    rows: NDArray[np.int64]
    weights: NDArray[np.float64]


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


def _wanted(reader: Interests) -> Iterator[tuple[Kind, tuple[str, ...], float]]:
    for keyword in reader.keywords:
        yield Kind.KEYWORD, keyword.phrases, keyword.weight
    for name in reader.authors:
        yield Kind.AUTHOR, (name,), 1.0
    for category in reader.categories:
        yield Kind.CATEGORY, (category,), 1.0
    for organization in reader.organizations:
        yield Kind.ORGANIZATION, (organization,), 1.0


def _decisive_first(match: Match) -> tuple[bool, float]:
    return match.how is How.RESEMBLING, -match.weight


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
