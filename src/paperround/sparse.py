"""Sparse tables: how they are made, and how single values of them are looked up."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


class Looked:
    """Two sparse tables whose single values are looked up, many times; the second has none of its own."""

    def __init__(self, values: csr_array, ways: csr_array) -> None:
        self._width = values.shape[1]
        self._places, self._values = self._flat(values)
        self._ways = np.zeros(len(self._places), dtype=np.int8)
        places, found = self._flat(ways)
        self._ways[np.searchsorted(self._places, places)] = found

    def at(
        self, rows: NDArray[np.int64], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """Return the values of both at these rows for each of the columns; 0 where there is none."""
        asked = rows[np.newaxis, :] * self._width + columns[:, np.newaxis]
        if not len(self._places):
            return np.zeros(asked.shape), np.zeros(asked.shape, dtype=np.int8)
        found = np.minimum(np.searchsorted(self._places, asked), len(self._places) - 1)
        there = self._places[found] == asked
        return np.where(there, self._values[found], 0.0), np.where(there, self._ways[found], 0)

    def _flat(self, table: csr_array) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the place of each value, row by row from left to right, and the values."""
        table.sort_indices()
        rows = np.repeat(np.arange(table.shape[0], dtype=np.int64), np.diff(table.indptr))
        return rows * self._width + table.indices, table.data


def sparse(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    """Return the table with these values, each with its row and column; equal places add up."""
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(values, dtype=np.float64), (rows, columns)), shape=shape)
