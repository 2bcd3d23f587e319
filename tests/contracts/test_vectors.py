"""The rules of the vectors that are kept, in memory and in the store."""

import numpy as np
import pytest
from tests.fakes.embedder import BagOfWords, MemoryVectors

from paperround.meaning import Vector
from paperround.ports import Vectors
from paperround.store import Store

MODEL = "a model"


@pytest.fixture
def vectors(store: Store | None) -> Vectors:
    return MemoryVectors() if store is None else store.vectors


def of(*texts: str) -> dict[str, Vector]:
    return dict(zip(texts, BagOfWords().embed(texts), strict=True))


def test_what_was_kept_is_found_and_nothing_else(vectors: Vectors) -> None:
    vectors.keep(MODEL, of("robots", "LoRA"))
    assert vectors.find(MODEL, ["LoRA", "speech"]).keys() == {"LoRA"}
    assert vectors.find(MODEL, []) == {}


def test_a_vector_comes_back_to_three_digits(vectors: Vectors) -> None:
    kept = of("robots that learn")
    vectors.keep(MODEL, kept)
    (found,) = vectors.find(MODEL, kept).values()
    assert found.dtype == np.float32
    assert float(found @ kept["robots that learn"]) == pytest.approx(1, abs=1e-3)


def test_one_model_knows_nothing_of_anothers_vectors(vectors: Vectors) -> None:
    vectors.keep(MODEL, of("robots"))
    assert vectors.find("another model", ["robots"]) == {}


def test_texts_are_told_apart_by_every_character(vectors: Vectors) -> None:
    vectors.keep(MODEL, of("Robots"))
    assert vectors.find(MODEL, ["robots", "Robots ", "Robots."]) == {}


def test_what_is_known_stays_as_it_is(vectors: Vectors) -> None:
    vectors.keep(MODEL, of("robots"))
    before = vectors.find(MODEL, ["robots"])
    vectors.keep(MODEL, {"robots": of("speech")["speech"], **of("LoRA")})
    assert np.array_equal(vectors.find(MODEL, ["robots"])["robots"], before["robots"])
    assert vectors.find(MODEL, ["LoRA"])


def test_keeping_nothing_is_no_mistake(vectors: Vectors) -> None:
    vectors.keep(MODEL, {})
    assert vectors.find(MODEL, ["robots"]) == {}


def test_many_texts_are_found_at_once(vectors: Vectors) -> None:
    kept = of(*(f"text {number}" for number in range(2_100)))
    vectors.keep(MODEL, kept)
    assert vectors.find(MODEL, kept).keys() == kept.keys()


def test_a_text_that_no_encoding_knows_is_kept_too(vectors: Vectors) -> None:
    vector = of("odd")["odd"]
    vectors.keep(MODEL, {"half a \ud835 character": vector})
    assert vectors.find(MODEL, ["half a \ud835 character"])
