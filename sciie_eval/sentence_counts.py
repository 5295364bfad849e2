"""The counts of every sentence in a few bytes each, as all that a file leaves behind once it was read.

Most sentences have the same few counts. So each distinct row is kept once, and a sentence is the number of its row.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sciie_eval.stats import Floats

__all__ = ["SentenceCounts"]

H = TypeVar("H", bound=Hashable)
Integers = NDArray[np.intp]


class _Numbers(dict[H, int]):
    """Numbers of distinct values, in the order in which they were first asked for."""

    def __missing__(self, value: H) -> int:
        number = self[value] = len(self)
        return number


class SentenceCounts:
    """Count rows, one a sentence: (tp, n_pred, n_gold) of every task, one behind the other.

    Args:
        tasks: number of tasks.

    >>> counts = SentenceCounts(1)
    >>> counts.add((1, 2, 3), "d1")
    >>> counts.add((0, 1, 0), "d2", well_formed=False)
    >>> counts.add((1, 2, 3), "d2")
    >>> counts.matrix().tolist(), counts.documents()
    ([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [1.0, 2.0, 3.0]], ['d1', 'd2', 'd2'])
    >>> rows, numbers, ill_formed = counts.distinct()
    >>> rows.tolist(), numbers.tolist(), ill_formed.tolist()
    ([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], [2, 1], [0, 1])
    >>> counts.document_totals().tolist()
    [[1.0, 2.0, 3.0], [1.0, 3.0, 3.0]]
    """

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._rows: _Numbers[bytes] = _Numbers()
        self._names: _Numbers[str] = _Numbers()
        self._row_of, self._name_of, self._ill_formed = array("I"), array("I"), array("I")

    def __len__(self) -> int:
        return len(self._row_of)

    def add(self, row: tuple[float, ...], document: str = "", well_formed: bool = True) -> None:
        """Count one sentence.

        Args:
            row: 3 numbers a task.
            document: of the sentence.
            well_formed: whether its completion had a well-formed answer.
        """
        if not well_formed:
            self._ill_formed.append(len(self._row_of))
        self._row_of.append(self._rows[array("d", row).tobytes()])
        self._name_of.append(self._names[document])

    def extend(self, table: Floats, documents: Sequence[str], ill_formed: Iterable[int] = ()) -> None:
        """Count sentences.

        Args:
            table: their rows, (n_sentences, 3 · tasks).
            documents: of each.
            ill_formed: places in the table of sentences whose completion had no well-formed answer.

        Raises:
            ValueError: not one document a row.
        """
        if len(table) != len(documents):
            raise ValueError(f"{len(table)} rows, but {len(documents)} documents")
        start = len(self)
        self._ill_formed.extend([start + place for place in ill_formed])
        rows = np.ascontiguousarray(table, dtype=np.float64).view(f"V{8 * table.shape[1]}").ravel().tolist()
        self._row_of.extend(map(self._rows.__getitem__, rows))
        self._name_of.extend(map(self._names.__getitem__, documents))

    def merge(self, other: SentenceCounts) -> None:
        """Add the sentences of another, behind these."""
        start = len(self)
        self._ill_formed.extend([start + place for place in other._ill_formed])
        self._row_of.frombytes(_renumbered(other._row_of, [self._rows[row] for row in other._rows]))
        self._name_of.frombytes(_renumbered(other._name_of, [self._names[name] for name in other._names]))

    @property
    def n_documents(self) -> int:
        """Number of different documents."""
        return len(self._names)

    def documents(self) -> list[str]:
        """The document of every sentence."""
        names = list(self._names)
        return [names[number] for number in self._name_of]

    def matrix(self) -> Floats:
        """All rows, (n_sentences, 3 · tasks), in the order in which they were added."""
        return self._table()[_integers(self._row_of)]

    def distinct(self) -> tuple[Floats, Integers, Integers]:
        """The different rows, how many sentences have each, and how many of these had no well-formed answer."""
        of = _integers(self._row_of)
        size = len(self._rows)
        return (
            self._table(),
            np.bincount(of, minlength=size),
            np.bincount(of[_integers(self._ill_formed)], minlength=size),
        )

    def document_totals(self) -> Floats:
        """Sums by document, (n_documents, 3 · tasks), in the order of the sorted names."""
        pairs, numbers = np.unique(
            _integers(self._name_of) * max(1, len(self._rows)) + _integers(self._row_of), return_counts=True
        )
        names, rows = np.divmod(pairs, max(1, len(self._rows)))
        totals = np.zeros((len(self._names), 3 * self._tasks))
        np.add.at(totals, names, self._table()[rows] * numbers[:, None])
        return totals[np.argsort(np.asarray(list(self._names), dtype=np.str_), kind="stable")]

    def _table(self) -> Floats:
        return np.frombuffer(b"".join(self._rows)).reshape(-1, 3 * self._tasks)


def _integers(numbers: array[int]) -> Integers:
    return np.array(numbers, dtype=np.intp)


def _renumbered(numbers: array[int], new: Sequence[int]) -> bytes:
    return np.array(new, dtype=np.uintc)[_integers(numbers)].tobytes() if numbers else b""
