"""Bias and spread of three estimates of Best-F1@K, next to the known truth of a simulated score distribution.

Every sentence has its own probability of success; a sample's score is the share of successes in a few trials, so the
best of K fresh samples is a finite sum. From the same n samples a sentence, three estimates:

- exact subsets: `sciie_eval.best_at_k`, the mean over all K-subsets of the n samples;
- with replacement: the mean over all ways to draw K of the n samples with replacement (what resampling converges to);
- first K: the best of the first K samples, as evaluators do that look at samples in their order.

Run: ``python benchmarks/estimators.py`` (about a minute)
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from numpy.typing import NDArray
from record import measured_on, write_result

from sciie_eval.passk import Floats, order_weights

REPLICATES = 2000
SENTENCES, SAMPLES = 200, 16
KS = (1, 2, 4, 8, 16)
TRIALS = 5
CHANCES = (0.02, 0.1, 0.3, 0.6)
"""Probabilities of success, equally likely among sentences."""


def main() -> None:
    """Measure, print, and write benchmarks/results/estimators.json."""
    rng = np.random.default_rng(7)
    found: dict[str, list[Floats]] = {name: [] for name in ESTIMATES}
    for _ in range(REPLICATES):
        chances = rng.choice(CHANCES, SENTENCES)
        scores = rng.binomial(TRIALS, chances[:, None], (SENTENCES, SAMPLES)) / TRIALS
        for name, estimate in ESTIMATES.items():
            found[name].append(np.array([estimate(scores, k) for k in KS]))
    truth = [_truth(k) for k in KS]
    rows = {
        name: {
            "bias": (np.mean(values, axis=0) - truth).tolist(),
            "standard_deviation": np.std(values, axis=0, ddof=1).tolist(),
        }
        for name, values in found.items()
    }
    for name, row in rows.items():
        cells = zip(KS, row["bias"], row["standard_deviation"], strict=True)
        print(f"{name}: " + ", ".join(f"K={k} {bias:+.4f} ± {spread:.4f}" for k, bias, spread in cells))
    result = {"replicates": REPLICATES, "sentences": SENTENCES, "samples": SAMPLES, "k": KS, "truth": truth}
    write_result("estimators", {"measured_on": measured_on("numpy"), **result, "estimators": rows})


def _truth(k: int) -> float:
    """The expected best score of k fresh samples, over all sentences."""
    levels = np.arange(TRIALS + 1) / TRIALS
    best = []
    for chance in CHANCES:
        below = np.cumsum([comb(TRIALS, x) * chance**x * (1 - chance) ** (TRIALS - x) for x in range(TRIALS + 1)]) ** k
        best.append(float(np.diff(below, prepend=0.0) @ levels))
    return float(np.mean(best))


def _exact(scores: NDArray[np.float64], k: int) -> float:
    """`best_at_k` of sentences with equally many samples."""
    return float((np.sort(scores) @ order_weights(SAMPLES, k)).mean())


def _with_replacement(scores: NDArray[np.float64], k: int) -> float:
    """The j-th smallest of n is the largest of K draws with replacement with probability (j/n)^K − ((j−1)/n)^K."""
    return float((np.sort(scores) @ np.diff((np.arange(SAMPLES + 1) / SAMPLES) ** k)).mean())


def _first(scores: NDArray[np.float64], k: int) -> float:
    return float(scores[:, :k].max(axis=1).mean())


ESTIMATES: dict[str, Callable[[NDArray[np.float64], int], float]] = {
    "exact subsets": _exact,
    "with replacement": _with_replacement,
    "first K": _first,
}


if __name__ == "__main__":
    main()
