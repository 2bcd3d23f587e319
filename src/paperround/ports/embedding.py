"""What words mean to a model."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paperround.meaning import Vector


class EmbedderError(Exception):
    """There is no model to say what texts mean; the message says why and what to do, for people."""


class Embedder(Protocol):
    """A model for which a text is a direction: what means much the same points much the same way."""

    @property
    def name(self) -> str:
        """What tells this model from every other, so that their vectors are never compared.

        Raise EmbedderError where that cannot be said.
        """

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each text: a vector of length one, or of nothing but zeros.

        The latter is for a text in which the model knows no word. Raise EmbedderError where there is
        no model to ask.
        """


class Vectors(Protocol):
    """The vectors that are known: of a text, as one model has it."""

    def find(self, model: str, texts: Collection[str]) -> Mapping[str, Vector]:
        """Return the vectors of those texts that the model was asked about before."""

    def keep(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Keep the vectors of these texts, to three digits; what is known already stays as it is."""
