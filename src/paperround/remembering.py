"""A model that is asked about each text once."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from paperround.ports import Embedder, Vectors

BATCH = 256  # texts asked about at a time, and kept in one commit


class Remembering:
    """An embedder that asks another one about what is not kept yet, and keeps what it says."""

    def __init__(self, model: Embedder, vectors: Vectors, *, proceed: Callable[[], None]) -> None:
        """Ask that model; `proceed` is called before each batch, and may raise to end it there."""
        self._model = model
        self._vectors = vectors
        self._proceed = proceed

    @property
    def name(self) -> str:
        """The name of the model that is asked."""
        return self._model.name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each text, as it is kept: the same the first time and ever after."""
        known = dict(self._vectors.find(self.name, texts))
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        for start in range(0, len(missing), BATCH):
            self._proceed()
            batch = missing[start : start + BATCH]
            learned = self._model.embed(batch)
            self._vectors.keep(self.name, dict(zip(batch, learned, strict=True)))
        known.update(self._vectors.find(self.name, missing))
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, 0), np.float32)
