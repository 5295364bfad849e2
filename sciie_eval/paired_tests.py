"""Two systems on the same sentences: paired bootstrap, approximate randomisation, correction for several of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciie_eval.stats import CHUNK_CELLS, Floats, cluster_totals, half_width, micro_f1, resampled

__all__ = ["Comparison", "Sum", "compare_counts", "compare_sums", "holm"]


class Comparison(NamedTuple):
    """How one system's micro-F1 differs from a baseline's on the same sentences.

    Attributes:
        delta: F1 of the system − F1 of the baseline, in [−1, 1].
        ci: percentile interval of the paired bootstrap.
        p_bootstrap: two-sided, (c + 1) / (n + 1), c the resamples with |Δ* − Δ| >= |Δ|.
        p_randomization: two-sided approximate randomisation, likewise with |Δ*| >= |Δ| under random swaps.
    """

    delta: float
    ci: tuple[float, float]
    p_bootstrap: float
    p_randomization: float


def compare_counts(
    baseline: Floats, other: Floats, *, level: float = 95.0, resamples: int = 1000, seed: int = 12345
) -> Comparison | None:
    """Paired bootstrap and approximate randomisation of the difference in micro-F1.

    Sources: paired bootstrap, Koehn 2004 (two-sided as in sacrebleu); approximate randomisation, Noreen 1989, Riezler
    & Maxwell 2005; the (c + 1) / (n + 1) estimate, Davison & Hinkley 1997, 4.2.

    Args:
        baseline: (n, 3) counts of the baseline, one row a sentence or a document.
        other: (n, 3) counts of the system, the same sentences in the same order.
        level: confidence level in percent.
        resamples: number of resamples and of random swaps.
        seed: of `numpy.random.default_rng`.

    Returns:
        None where either F1 is undefined, or their difference in every resample.
    """
    delta = float(micro_f1(other.sum(axis=0)) - micro_f1(baseline.sum(axis=0))) if len(baseline) else np.nan
    if np.isnan(delta):
        return None
    rows, numbers = np.unique(np.hstack([baseline, other]), axis=0, return_counts=True)
    drawn = resampled(rows, numbers, resamples, seed)
    deltas = micro_f1(drawn[:, 3:]) - micro_f1(drawn[:, :3])
    deltas = deltas[~np.isnan(deltas)]
    if len(deltas) == 0:
        return None
    swapped = _swapped(rows, numbers, resamples, seed)
    tail = (100.0 - level) / 2
    low, high = np.percentile(deltas, [tail, 100.0 - tail])
    return Comparison(
        delta,
        (float(low), float(high)),
        _p_value(np.abs(deltas - delta), abs(delta)),
        _p_value(np.abs(swapped), abs(delta)),
    )


def _swapped(rows: Floats, numbers: NDArray[np.intp], resamples: int, seed: int) -> Floats:
    """Differences under random swaps: of n equal rows, Binomial(n, 1/2) change sides."""
    rng = np.random.default_rng(seed)
    left, right = rows[:, :3], rows[:, 3:]
    sums_left, sums_right = numbers @ left, numbers @ right
    chunk = max(1, CHUNK_CELLS // len(rows))
    parts = []
    for start in range(0, resamples, chunk):
        swaps = rng.binomial(numbers, 0.5, size=(min(chunk, resamples - start), len(rows)))
        moved = swaps @ (right - left)
        parts.append(micro_f1(sums_right - moved) - micro_f1(sums_left + moved))
    return np.concatenate(parts)


def _p_value(values: Floats, observed: float) -> float:
    """(c + 1) / (n + 1) over the defined values; a tie counts, also where summation order changed the last bits."""
    values = values[~np.isnan(values)]
    return float((np.count_nonzero(values >= observed - 1e-12) + 1) / (len(values) + 1))


class Sum(NamedTuple):
    """How a sum of paired differences stands.

    Attributes:
        ci: interval of the sum over as many sentences (or documents) of this kind.
        p_randomization: two-sided, (c + 1) / (n + 1), c the random sign changes whose sum is at least as far from 0.
    """

    ci: tuple[float, float]
    p_randomization: float


def compare_sums(
    differences: Floats,
    *,
    clusters: list[str] | None = None,
    level: float = 95.0,
    resamples: int = 1000,
    seed: int = 12345,
) -> list[Sum | None]:
    """Intervals and tests of many sums of paired differences, such as errors of a kind per sentence.

    Without clusters the percentile bootstrap over sentences; with clusters Student t over the D documents' sums,
    D · (mean ± t · sd / √D). The test is approximate randomisation: exchanging the two systems in a sentence (or
    document) changes the sign of its difference.

    Args:
        differences: (n_sentences, n_sums), system minus baseline.
        clusters: the document of every sentence, to resample documents.
        level: confidence level in percent.
        resamples: number of resamples and of random exchanges.
        seed: of `numpy.random.default_rng`.

    Returns:
        One a column; None without sentences, or with fewer than two documents.

    >>> gone = compare_sums(np.array([[-1.0], [-1.0], [0.0], [-1.0], [-1.0], [-1.0], [-1.0], [-1.0]]))[0]
    >>> gone.ci, gone.p_randomization < 0.05
    ((-8.0, -5.0), True)
    """
    if clusters is not None:
        differences = cluster_totals(differences, clusters)
    number = len(differences)
    if number < (1 if clusters is None else 2):
        return [None] * differences.shape[1]
    return [_sum(column, clusters is not None, level, resamples, seed) for column in differences.T]


def _sum(column: Floats, by_clusters: bool, level: float, resamples: int, seed: int) -> Sum:
    rows, numbers = np.unique(column, return_counts=True)
    total = float(numbers @ rows)
    if by_clusters:
        half = len(column) * half_width(column, level)
        bounds = (total - half, total + half)
    else:
        tail = (100.0 - level) / 2
        low, high = np.percentile(resampled(rows[:, None], numbers, resamples, seed), [tail, 100.0 - tail])
        bounds = (float(low), float(high))
    changed = np.random.default_rng(seed).binomial(numbers, 0.5, size=(resamples, len(rows)))
    return Sum(bounds, _p_value(np.abs((numbers - 2 * changed) @ rows), abs(total)))


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down correction for several comparisons with one baseline (Holm 1979), in the given order.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected: list[Any] = [None] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
