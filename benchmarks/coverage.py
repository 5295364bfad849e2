"""How often the 95 % intervals hold the truth, in simulations whose truth is known.

Sentences draw gold items, matched items (each with the document's probability of being found) and false positives; the
true micro-F1 is the ratio of expectations. Intervals over sentences are tried on independent sentences, intervals over
documents on documents that differ in difficulty.

Run: ``python benchmarks/coverage.py`` (about a minute)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from record import measured_on, write_result

from sciie_eval.stats import Floats, bootstrap_interval, cluster_interval

REPLICATES = 2000
FOUND, FALSE, GOLD = 0.6, 0.8, 3.2
"""Mean probability of finding an item, false positives a sentence, gold items a sentence."""
SPREAD = 0.08
"""Standard deviation of the probability of finding an item between documents."""
SENTENCES = 85
"""Sentences a document, as in SciER test."""
TRUTH = 2 * FOUND * GOLD / (FOUND * GOLD + FALSE + GOLD)


def main() -> None:
    """Measure, print, and write benchmarks/results/coverage.json."""
    rows: dict[str, float] = {}
    for number in (300, 854):
        rows[f"bootstrap over {number} sentences"] = _coverage(_sentences(number), bootstrap_interval)
    for number in (6, 10, 80):
        rows[f"student t over {number} documents"] = _coverage(_documents(number), cluster_interval)
        rows[f"percentile bootstrap over {number} documents"] = _coverage(_documents(number), bootstrap_interval)
    for name, share in rows.items():
        print(f"{share:.3f}  {name}")
    error = float(np.sqrt(0.95 * 0.05 / REPLICATES))
    result = {"replicates": REPLICATES, "true_f1": TRUTH, "standard_error_at_95": error, "coverage": rows}
    write_result("coverage", {"measured_on": measured_on("numpy", "scipy"), **result})


Draw = Callable[[np.random.Generator], Floats]


def _counts(rng: np.random.Generator, probability: Any, number: int) -> Floats:
    gold = rng.poisson(GOLD, number)
    tp = rng.binomial(gold, probability)
    return np.stack([tp, tp + rng.poisson(FALSE, number), gold], axis=1).astype(np.float64)


def _sentences(number: int) -> Draw:
    return lambda rng: _counts(rng, FOUND, number)


def _documents(number: int) -> Draw:
    scale = FOUND * (1 - FOUND) / SPREAD**2 - 1

    def draw(rng: np.random.Generator) -> Floats:
        found = rng.beta(FOUND * scale, (1 - FOUND) * scale, number)
        return np.stack([_counts(rng, probability, SENTENCES).sum(axis=0) for probability in found])

    return draw


def _coverage(draw: Draw, interval: Callable[[Floats], tuple[float, float] | None]) -> float:
    """Share of replicates whose interval holds the true F1."""
    rng = np.random.default_rng(5)
    bounds = [interval(draw(rng)) for _ in range(REPLICATES)]
    return float(np.mean([bound is not None and bound[0] <= TRUTH <= bound[1] for bound in bounds]))


if __name__ == "__main__":
    main()
