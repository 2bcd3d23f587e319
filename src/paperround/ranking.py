"""All subscribers against all papers, at once.

Evidence adds up: an interest met by a paper counts by where it was found, by how much of the
literature it would match, and by the weight its reader gave it. Relevance is one minus e to the
minus evidence: between 0 and 1, the same for a reader with two keywords and one with forty, and
more only where more is found.
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from paperround.digests import Match
from paperround.keywords import Keyword, Lexicon
from paperround.meaning import Meaning
from paperround.papers import Paper, PaperId
from paperround.subscribers import Interests

# What one interest is worth where it is found. A followed author alone gives a relevance of 0.7, one
# mention in an abstract 0.39, a followed category as the paper's first one 0.22.
TITLE = 1.2
SOURCE_KEYWORDS = 0.6
ABSTRACT = 0.5  # for one mention; many are worth up to twice that
AUTHOR = 1.2
ORGANIZATION = 0.5
FIRST_CATEGORY = 0.25
OTHER_CATEGORY = 0.15

# A keyword that one paper in fifty holds counts in full, one that every second holds a third of that.
RARE, COMMON, COMMON_COUNTS = 0.02, 0.5, 0.35
# The share is judged as if this many more papers had been read, one in a hundred of them a match, so
# that three papers in a list of ten do not make a keyword common.
UNSEEN, UNSEEN_SHARE = 200, 0.01


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


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found in a paper: how much that says, and in which fields."""

    evidence: float
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The papers that met one reader's interests, best first.

    `papers` are positions among the ranking's papers, `relevance` their scores between 0 and 1;
    `followed` are the positions of those by an author the reader follows, `excluded` of those that
    hold a word the reader excludes.
    """

    papers: NDArray[np.intp]
    relevance: NDArray[np.float64]
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
        """Look up the readers' terms; how common each is, is judged over `known`, else over the papers."""
        self._meaning = meaning
        # Among equals, what more people voted for comes first.
        self.papers = tuple(sorted(papers, key=lambda paper: (-(paper.votes or 0), paper.id)))
        self.position = {paper.id: position for position, paper in enumerate(self.papers)}
        terms = dict.fromkeys(term for reader in readers for term in _terms(reader))
        self._row = {term: row for row, term in enumerate(terms)}
        self._hits = _look_up(terms, self.papers, self.papers if known is None else tuple(known))
        shape = (len(terms), len(self.papers))
        found = [(row, at, hit.evidence) for row, hits in enumerate(self._hits) for at, hit in hits.items()]
        self._evidence = _sparse(found, shape)
        self._presence = _sparse([(row, at, 1.0) for row, at, _ in found], shape)

    def rank(self, readers: Sequence[Interests]) -> Iterator[Ranked]:
        """Yield for each reader, in their order, what meets their interests."""
        evidence = self._weights([_wanted(reader) for reader in readers]) @ self._evidence
        excluded = self._weights([_shunned(reader) for reader in readers]) @ self._presence
        for row, reader in enumerate(readers):
            met = slice(evidence.indptr[row], evidence.indptr[row + 1])
            shunned = slice(excluded.indptr[row], excluded.indptr[row + 1])
            papers, relevance = evidence.indices[met], -np.expm1(-evidence.data[met])
            order = np.lexsort((papers, -relevance.round(6)))
            yield Ranked(
                papers=papers[order].astype(np.intp),
                relevance=relevance[order],
                followed=frozenset().union(*(self._found(_author(name)) for name in reader.authors)),
                excluded=frozenset(excluded.indices[shunned].tolist()),
            )

    def relevance(self, ranked: Ranked) -> dict[PaperId, float]:
        """Return the relevance of what was ranked, by paper, the best first."""
        return {
            self.papers[at].id: score
            for at, score in zip(ranked.papers.tolist(), ranked.relevance.tolist(), strict=True)
        }

    def matched(self, reader: Interests, paper: PaperId) -> tuple[Match, ...]:
        """Return which of the reader's interests the paper met, the one that counted most first."""
        counted = [
            (weight * hit.evidence, term, hit.where)
            for term, weight in _wanted(reader)
            if (hit := self._hit(term, paper)) is not None
        ]
        counted.sort(key=lambda each: -each[0])
        total = sum(evidence for evidence, _, _ in counted)
        return tuple(
            Match(term=" + ".join(term.phrases), where=where, weight=round(evidence / total, 3))
            for evidence, term, where in counted
        )

    def follows(self, reader: Interests, paper: PaperId) -> tuple[str, ...]:
        """Return the authors of the paper whom the reader follows, as the reader wrote them."""
        return tuple(name for name in reader.authors if self._hit(_author(name), paper))

    def excluded_by(self, reader: Interests, paper: PaperId) -> str | None:
        """Return the excluded keyword that the paper holds, if any."""
        return next((each.text for each in reader.exclude if self._hit(_keyword(each), paper)), None)

    def _hit(self, term: Term, paper: PaperId) -> Hit | None:
        return self._found(term).get(self.position[paper])

    def _found(self, term: Term) -> Mapping[int, Hit]:
        return self._hits[self._row[term]]

    def _weights(self, readers: Sequence[Iterable[tuple[Term, float]]]) -> csr_array:
        entries = [
            (number, self._row[term], weight)
            for number, terms in enumerate(readers)
            for term, weight in terms
        ]
        return _sparse(entries, (len(readers), len(self._row)))


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


def _keyword(keyword: Keyword) -> Term:
    return Term(Kind.KEYWORD, keyword.phrases)


def _author(name: str) -> Term:
    return Term(Kind.AUTHOR, (name,))


def _wanted(reader: Interests) -> Iterator[tuple[Term, float]]:
    for keyword in reader.keywords:
        yield _keyword(keyword), keyword.weight
    for name in reader.authors:
        yield _author(name), 1.0
    for category in reader.categories:
        yield Term(Kind.CATEGORY, (category,)), 1.0
    for organization in reader.organizations:
        yield Term(Kind.ORGANIZATION, (organization,)), 1.0


def _shunned(reader: Interests) -> Iterator[tuple[Term, float]]:
    for keyword in reader.exclude:
        yield _keyword(keyword), 1.0


def _terms(reader: Interests) -> Iterator[Term]:
    for term, _ in (*_wanted(reader), *_shunned(reader)):
        yield term


def _look_up(
    terms: Iterable[Term], papers: Sequence[Paper], known: Sequence[Paper]
) -> list[Mapping[int, Hit]]:
    """Return for each term, in order, the papers it was found in, by position."""
    position = {paper.id: at for at, paper in enumerate(papers)}
    shared = {position[paper.id] for paper in known if paper.id in position}
    others = [paper for paper in known if paper.id not in position]
    lexicon = Lexicon(phrase for term in terms if term.kind is Kind.KEYWORD for phrase in term.phrases)
    mentions = _mentions(lexicon, papers)
    elsewhere = _mentions(lexicon, others)
    people = _by_field(papers, lambda paper: map(same_name, paper.authors))
    houses = _by_field(papers, lambda paper: (paper.organization.casefold(),) if paper.organization else ())

    def hits(term: Term) -> Mapping[int, Hit]:
        match term.kind:
            case Kind.KEYWORD:
                found = _keyword_hits(term, mentions)
                seen = len(shared & found.keys()) + len(_in_all(term, elsewhere))
                counts = _specificity(seen, len(known))
                return {at: Hit(hit.evidence * counts, hit.where) for at, hit in found.items()}
            case Kind.AUTHOR:
                return {at: Hit(AUTHOR, ("authors",)) for at in people.get(same_name(term.phrases[0]), ())}
            case Kind.ORGANIZATION:
                return {
                    at: Hit(ORGANIZATION, ("organization",))
                    for at in houses.get(term.phrases[0].casefold(), ())
                }
            case Kind.CATEGORY:
                return _category_hits(term.phrases[0], papers)

    return [hits(term) for term in terms]


# Where each phrase was found: by phrase, by the paper's position, how often in each field.
_Mentions = Mapping[str, Mapping[int, Counter[str]]]


def _mentions(lexicon: Lexicon, papers: Sequence[Paper]) -> _Mentions:
    found: dict[str, dict[int, Counter[str]]] = defaultdict(dict)
    for at, paper in enumerate(papers):
        # Line by line: no phrase reaches from one keyword of the source into the next.
        fields = {"title": paper.title, "abstract": paper.abstract, "keywords": " | ".join(paper.keywords)}
        for field, text in fields.items():
            for phrase, spans in lexicon.find(text).items():
                found[phrase].setdefault(at, Counter())[field] += len(spans)
    return found


def _in_all(term: Term, mentions: _Mentions) -> set[int]:
    return set.intersection(*(set(mentions.get(phrase, ())) for phrase in term.phrases))


def _keyword_hits(term: Term, mentions: _Mentions) -> dict[int, Hit]:
    hits = {}
    for at in _in_all(term, mentions):
        counts = [mentions[phrase][at] for phrase in term.phrases]
        evidence = sum(map(_evidence, counts)) / len(counts)
        where = tuple(f for f in ("title", "abstract", "keywords") if any(count[f] for count in counts))
        hits[at] = Hit(evidence, where)
    return hits


def _evidence(count: Mapping[str, int]) -> float:
    mentions = count["abstract"]
    return (
        (TITLE if count["title"] else 0)
        + (SOURCE_KEYWORDS if count["keywords"] else 0)
        + ABSTRACT * 2 * mentions / (mentions + 1)
    )


def _specificity(seen: int, total: int) -> float:
    share = (seen + UNSEEN * UNSEEN_SHARE) / (total + UNSEEN)
    towards_common = math.log(max(share, RARE) / RARE) / math.log(COMMON / RARE)
    return 1 - (1 - COMMON_COUNTS) * min(towards_common, 1)


def _by_field(
    papers: Sequence[Paper], values: Callable[[Paper], Iterable[str]]
) -> Mapping[str, Sequence[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, paper in enumerate(papers):
        for value in set(values(paper)):
            found[value].append(at)
    return found


def _category_hits(category: str, papers: Sequence[Paper]) -> dict[int, Hit]:
    return {
        at: Hit(FIRST_CATEGORY if paper.categories[0] == category else OTHER_CATEGORY, ("categories",))
        for at, paper in enumerate(papers)
        if category in paper.categories
    }


def _sparse(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(values, dtype=np.float64), (rows, columns)), shape=shape)
