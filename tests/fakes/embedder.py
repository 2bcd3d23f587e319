"""Embedders without a model, and vectors kept in memory."""

from collections.abc import Collection, Mapping, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from paperround.meaning import Vector
from paperround.ports import EmbedderError

SIZE = 64


class BagOfWords:
    """A text points where its words do, each of which has a direction of its own; `asked` is kept."""

    def __init__(self, name: str = "a bag of words") -> None:
        self.name = name
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([_direction(text) for text in texts], np.float32).reshape(len(texts), SIZE)


class NoModel:
    """There is no model, whatever is asked."""

    name = "none"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise EmbedderError(f"there is no model for {len(texts)} texts")


class MemoryVectors:
    """Keeps vectors in a dictionary, as long as it lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Vector] = {}

    def find(self, model: str, texts: Collection[str]) -> Mapping[str, Vector]:
        return {text: self._kept[model, text] for text in texts if (model, text) in self._kept}

    def keep(self, model: str, vectors: Mapping[str, Vector]) -> None:
        for text, vector in vectors.items():
            self._kept.setdefault((model, text), vector.astype(np.float16).astype(np.float32))


def _direction(text: str) -> Vector:
    seeds = [crc32(word.encode()) for word in text.casefold().split()]
    summed = sum((np.random.default_rng(seed).standard_normal(SIZE) for seed in seeds), np.zeros(SIZE))
    return np.asarray(summed / (np.linalg.norm(summed) or 1), np.float32)
