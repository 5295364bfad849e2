"""Best-F1@K, Avg@K and Consensus@K: exact expectations over all K-subsets of the samples of a sentence.

No resampling: what a random K-subset gives on average is computed in closed form, so two runs on the same samples agree
to the last digit, and no estimate is biased by the order in which samples were drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sciie_eval.exceptions import InputError

__all__ = [
    "avg_at_k",
    "best_at_k",
    "kept_table",
    "order_weights",
    "threshold_count",
    "unimodal",
]

Floats = NDArray[np.float64]


def order_weights(n: int, k: int) -> Floats:
    """Probability that the j-th smallest of n samples is the largest of a random K-subset, j = 1..n.

    w_j = C(j−1, K−1) / C(n, K), computed from w_n = K / n by w_{j−1} = w_j · (j − K) / (j − 1): products of ratios, so
    n = K = 1024 is exact to about 1e-13. On 0/1 scores Σ w_j x_(j) is the unbiased pass@k of Chen et al. 2021.

    Args:
        n: number of samples, at least 1.
        k: size of the subset, 1 <= k <= n.

    Returns:
        (n,) weights in [0, 1] that sum to 1.

    >>> order_weights(4, 2).tolist()
    [0.0, 0.16666666666666666, 0.3333333333333333, 0.5]
    """
    _check_k(k, n, "samples")
    ranks = np.arange(n, 1, -1)
    ratios = np.concatenate([[k / n], np.maximum(ranks - k, 0) / np.maximum(ranks - 1, 1)])
    return np.asarray(np.cumprod(ratios)[::-1])


def best_at_k(scores: ArrayLike | Sequence[Sequence[float]], k: int) -> float:
    """Best-F1@K, macro: the mean over sentences of the expected best score among K of its samples.

    Args:
        scores: (n_sentences, n_samples) array, or a list with one list of scores a sentence (lengths may differ).
        k: number of samples the best is taken of, from 1 to the smallest number of samples.

    Returns:
        A number in the range of the scores. It never falls with K; K = 1 gives `avg_at_k`, K = n the mean maximum.

    Raises:
        InputError: no sentences, a sentence without or with fewer than k samples, a score that is not a finite number,
            or a k that is not whole.

    >>> best_at_k([[0.0, 1.0], [0.5, 0.5]], 2), best_at_k([[0.0, 1.0], [0.5, 0.5]], 1)
    (0.75, 0.5)
    """
    rows = _rows(scores)
    for number, row in enumerate(rows):
        _check_k(k, len(row), f"samples of sentence {number}")
    return float(np.mean([order_weights(len(row), k) @ np.sort(row) for row in rows]))


def avg_at_k(scores: ArrayLike | Sequence[Sequence[float]], k: int | None = None) -> float:
    """Avg@K, macro: the mean over sentences of the mean score of their samples.

    All samples are used whatever K is: their mean is the unbiased estimate of the mean of any K of them.

    Args:
        scores: as for `best_at_k`.
        k: checked like that of `best_at_k`, and otherwise without influence.

    Raises:
        InputError: as `best_at_k`.

    >>> avg_at_k([[0.0, 1.0], [0.5, 0.5, 0.5]], 2)
    0.5
    """
    rows = _rows(scores)
    for number, row in enumerate(rows):
        _check_k(1 if k is None else k, len(row), f"samples of sentence {number}")
    return float(np.mean([row.mean() for row in rows]))


def _rows(scores: ArrayLike | Sequence[Sequence[float]]) -> list[Floats]:
    try:
        rows = [np.asarray(row, dtype=np.float64) for row in scores]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        raise InputError("scores: expected one list of numbers a sentence") from None
    if not rows:
        raise InputError("scores: expected at least one sentence, got none")
    for number, row in enumerate(rows):
        if row.ndim != 1:
            raise InputError(f"scores: expected one list of scores a sentence, got {row.ndim} dimensions at {number}")
        if not len(row):
            raise InputError(f"scores: sentence {number} has no samples; expected at least one score")
        if not np.isfinite(row).all():
            raise InputError(f"scores: sentence {number} has a score that is not a finite number")
    return rows


def _check_k(k: int, n: int, what: str) -> None:
    if not isinstance(k, Integral) or isinstance(k, bool):
        raise InputError(f"k: expected a whole number, got {k!r}")
    if not 1 <= k <= n:
        raise InputError(f"k: expected 1 <= k <= {n}, the number of {what}, got {k}")


def threshold_count(k: int, theta: float) -> int:
    """The smallest m with m / k >= θ, at least 1; θ is taken as the decimal number it is written as.

    >>> threshold_count(2, 0.5), threshold_count(3, 0.5), threshold_count(10, 0.3)
    (1, 2, 3)
    """
    from fractions import Fraction

    exact = Fraction(str(theta)) * k
    return max(1, -(-exact.numerator // exact.denominator))


def kept_table(n: int, k: int, least: int) -> Floats:
    """Probability that at least ``least`` of K random samples are among the c that hold an item, for every c.

    The upper tail of the hypergeometric distribution, Σ_{x >= least} C(c, x) C(n−c, K−x) / C(n, K): how probable it is
    that consensus keeps the item, and with ``least`` = 1 that it is among the K samples at all.

    One more sample with the item decides exactly where it is the ``least``-th drawn, so the tail is the distribution
    function of the ``least``-th smallest rank of a random K-subset, q(c) = C(c, least−1) C(n−1−c, K−least) / C(n, K).
    It is computed outward from its peak by ratios and divided by its sum: exact to 1e-13 for n = 1024.

    Returns:
        (n + 1,) probabilities for c = 0..n; they never fall, the first is 0 and the last 1.

    >>> kept_table(4, 2, 1).round(4).tolist()
    [0.0, 0.5, 0.8333, 1.0, 1.0]
    """
    _check_k(k, n, "samples")
    _check_k(least, k, "samples drawn")
    c = np.arange(least - 1, n - 1 - k + least, dtype=np.float64)
    ranks = unimodal((c + 1) / (c + 2 - least) * ((n - 1 - c - k + least) / (n - 1 - c)))
    table = np.zeros(n + 1)
    tail = np.cumsum(ranks)
    table[least : least + len(tail)] = tail / tail[-1]
    table[least + len(tail) :] = 1.0
    return table


def unimodal(ratios: Floats) -> Floats:
    """Values in proportion, from the ratios of neighbours, which must fall: computed outward from the largest, 1.

    >>> unimodal(np.array([3.0, 1.0, 1 / 3])).tolist()
    [0.3333333333333333, 1.0, 1.0, 0.3333333333333333]
    """
    peak = int(np.count_nonzero(ratios > 1))
    left = np.cumprod(1 / ratios[:peak][::-1])[::-1]
    return np.concatenate([left, [1.0], np.cumprod(ratios[peak:])])
