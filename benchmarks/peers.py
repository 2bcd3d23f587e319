"""What others rank with, each as it does best: the whole text, no stop words, weights as repetition."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from sklearn.feature_extraction.text import TfidfVectorizer

from collection import Collection, Found, Query

Scores = NDArray[np.float64]  # a row for each query, a column for each document

_WORD = re.compile(r"\w\w+")
_STOP_WORDS = frozenset(STOPWORDS_EN)


def found(collection: Collection, scores: Scores, *, at_least: float = 0.0) -> Found:
    """Return the documents with a score above that, best first; among equals by their names, as we do."""
    names = [document.id for document in collection.documents]
    by_name = np.array(sorted(range(len(names)), key=names.__getitem__))
    best_first = by_name[np.argsort(-scores[:, by_name], axis=1, kind="stable")]
    return {
        query.id: [(names[at], float(row[at])) for at in order if row[at] > at_least]
        for query, row, order in zip(collection.queries, scores, best_first, strict=True)
    }


def rank_bm25(collection: Collection) -> Found:
    """Rank by Okapi BM25 over whole words."""
    index = BM25Okapi([_words(document.text) for document in collection.documents])
    return found(collection, np.array([index.get_scores(_words(query.text)) for query in collection.queries]))


def bm25s_words(collection: Collection) -> Found:
    """Rank by Lucene's BM25 over whole words."""
    return found(collection, bm25s_scores(collection, stemmer=None))


def bm25s_stems(collection: Collection) -> Found:
    """Rank by Lucene's BM25 over stems."""
    return found(collection, bm25s_scores(collection, stemmer=Stemmer.Stemmer("english")))


def bm25s_scores(collection: Collection, *, stemmer: Stemmer.Stemmer | None) -> Scores:
    """Return Lucene's BM25 of every document for every query."""

    def tokens(texts: Sequence[str]) -> Any:  # noqa: ANN401 - the library says nothing of it
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)

    index = bm25s.BM25()
    index.index(tokens([document.text for document in collection.documents]), show_progress=False)
    return np.array(
        [index.get_scores(each) for each in tokens([query.text for query in collection.queries])],
        dtype=np.float64,
    )


def fts5(collection: Collection) -> Found:
    """Rank by SQLite's full-text search with Porter's stems."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE paper USING fts5(title, abstract, keywords, tokenize = 'porter')")
    database.executemany(
        "INSERT INTO paper (rowid, title, abstract, keywords) VALUES (?, ?, ?, ?)",
        (
            (at, each.title, each.abstract, " ".join(each.keywords))
            for at, each in enumerate(collection.documents)
        ),
    )
    scores = np.zeros((len(collection.queries), len(collection.documents)))
    for row, query in enumerate(collection.queries):
        for at, score in _matches(database, query):
            scores[row, at] = score
    database.close()
    return found(collection, scores)


def tf_idf(collection: Collection) -> Found:
    """Rank by the cosine of words and pairs of words, weighted by TF-IDF."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words="english")
    documents = vectors.fit_transform([document.text for document in collection.documents])
    queries = vectors.transform([query.text for query in collection.queries])
    return found(collection, (queries @ documents.T).toarray())


RANKERS: Mapping[str, Callable[[Collection], Found]] = {
    "rank_bm25": rank_bm25,
    "bm25s": bm25s_words,
    "bm25s stemmed": bm25s_stems,
    "FTS5 porter": fts5,
    "TF-IDF bigrams": tf_idf,
}


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


def _matches(database: sqlite3.Connection, query: Query) -> Iterator[tuple[int, float]]:
    any_word = " OR ".join(f'"{word}"' for word in _words(query.text))
    if any_word:
        yield from database.execute("SELECT rowid, -bm25(paper) FROM paper WHERE paper MATCH ?", (any_word,))
