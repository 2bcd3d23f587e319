"""The rules of an embedder: on a fake one, on one that remembers, and on a real model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.fakes.embedder import BagOfWords, MemoryVectors, NoModel

from paperround.embedding import SentenceModel
from paperround.ports import Embedder, EmbedderError
from paperround.remembering import BATCH, Remembering


def go_on() -> None:
    """Do not stop."""


def remembering(model: Embedder, vectors: MemoryVectors | None = None) -> Remembering:
    return Remembering(model, vectors or MemoryVectors(), proceed=go_on)


@pytest.fixture(params=["fake", "remembering", "real"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "real":
        folder: Path = request.getfixturevalue("minilm")
        return SentenceModel(folder)
    return BagOfWords() if request.param == "fake" else remembering(BagOfWords())


def likeness(embedder: Embedder, one: str, other: str) -> float:
    first, second = embedder.embed([one, other])
    return float(first @ second)


def test_each_text_has_a_row_of_length_one_in_order(embedder: Embedder) -> None:
    texts = ["robots", "speech", "robots", "a much longer text about the way in which robots walk"]
    rows = embedder.embed(texts)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-3)
    assert rows[0] @ rows[2] == pytest.approx(1, abs=1e-3)
    assert rows[0] @ rows[1] < 0.9


def test_a_text_means_the_same_whatever_else_is_asked(embedder: Embedder) -> None:
    (alone,) = embedder.embed(["robots walk"])
    assert float(alone @ embedder.embed(["speech", "robots walk"])[1]) == pytest.approx(1, abs=1e-3)


def test_what_shares_words_is_nearer_than_what_shares_none(embedder: Embedder) -> None:
    near = likeness(embedder, "robots walk", "robots walk slowly")
    assert near > likeness(embedder, "robots walk", "a survey of speech") + 0.2


def test_no_text_is_no_mistake(embedder: Embedder) -> None:
    assert embedder.embed([]).shape[0] == 0


def test_the_name_stays_the_same(embedder: Embedder) -> None:
    assert embedder.name == embedder.name != ""


def test_each_text_is_asked_about_once() -> None:
    model, vectors = BagOfWords(), MemoryVectors()
    first = remembering(model, vectors).embed(["robots", "speech", "robots"])
    again = remembering(model, vectors).embed(["speech", "LoRA", "robots"])
    assert model.asked == ["robots", "speech", "LoRA"]
    assert np.array_equal(first[0], again[2])
    assert np.array_equal(first[1], again[0])


def test_another_model_is_asked_anew() -> None:
    vectors = MemoryVectors()
    remembering(BagOfWords(), vectors).embed(["robots"])
    other = BagOfWords("another")
    remembering(other, vectors).embed(["robots"])
    assert other.asked == ["robots"]


def test_where_all_is_remembered_no_model_is_needed() -> None:
    class Gone(NoModel):
        name = BagOfWords().name

    vectors = MemoryVectors()
    kept = remembering(BagOfWords(), vectors).embed(["robots"])
    assert np.array_equal(remembering(Gone(), vectors).embed(["robots"]), kept)
    with pytest.raises(EmbedderError, match="no model for 1 texts"):
        remembering(Gone(), vectors).embed(["robots", "speech"])


def test_a_stop_between_two_batches_loses_nothing_of_the_first() -> None:
    class Stopped(Exception):  # noqa: N818 - it was asked for
        pass

    model, vectors = BagOfWords(), MemoryVectors()
    texts = [f"text {number}" for number in range(BATCH + 1)]

    def stop_after_one() -> None:
        if model.asked:
            raise Stopped

    with pytest.raises(Stopped):
        Remembering(model, vectors, proceed=stop_after_one).embed(texts)
    assert vectors.find(model.name, texts).keys() == set(texts[:BATCH])
    remembering(model, vectors).embed(texts)
    assert model.asked == texts


def test_a_batch_is_all_that_a_model_is_asked_about_at_once() -> None:
    class Counting(BagOfWords):
        largest = 0

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.largest = max(self.largest, len(texts))
            return super().embed(texts)

    model = Counting()
    remembering(model).embed([str(number) for number in range(2 * BATCH + 1)])
    assert model.largest == BATCH
