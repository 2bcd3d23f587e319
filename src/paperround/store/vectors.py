"""Vectors, kept in a table by the digest of their text."""

from collections.abc import Collection, Mapping
from hashlib import blake2b

import numpy as np
from sqlalchemy import select

from paperround.meaning import Vector
from paperround.store.engine import Database, chunks, insert
from paperround.store.tables import vectors as table

# Half precision: the cosine of two vectors is off by less than a thousandth, at half the size.
KEPT_AS = np.dtype("<f2")


class SqlVectors:
    """The vectors that are known."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, model: str, texts: Collection[str]) -> Mapping[str, Vector]:
        """Return the vectors of those texts that the model was asked about before."""
        by_digest = {_digest(text): text for text in texts}
        found: dict[str, Vector] = {}
        with self._database.reading() as connection:
            for chunk in chunks(tuple(by_digest)):
                statement = select(table.c.text, table.c.vector).where(
                    table.c.model == model, table.c.text.in_(chunk)
                )
                for digest, vector in connection.execute(statement):
                    found[by_digest[digest]] = np.frombuffer(vector, KEPT_AS).astype(np.float32)
        return found

    def keep(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Keep the vectors of these texts, to three digits; what is known already stays as it is."""
        rows = [
            {"model": model, "text": _digest(text), "vector": vector.astype(KEPT_AS).tobytes()}
            for text, vector in vectors.items()
        ]
        statement = insert(table).on_conflict_do_nothing()
        if rows:
            self._database.write(lambda connection: connection.execute(statement, rows))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
