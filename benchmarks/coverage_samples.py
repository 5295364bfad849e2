"""How often the 95 % intervals of Avg@K and Best@K hold the truth, in a simulation whose truth is enumerated.

A sentence draws its gold items and its difficulty; every sample finds each gold item with the sentence's probability
and adds false positives. The outcomes of a sample are few, so what the best of K samples gives is a finite sum.
Documents differ in difficulty. The intervals are those of ``sciie-eval passk``, from the same functions.

Run: ``python benchmarks/coverage_samples.py`` (several minutes)
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from record import measured_on, write_result

from sciie_eval.oracles import expected_kept, sentence_scores, worst_first
from sciie_eval.stats import Floats, ratio_intervals

REPLICATES = 6000
SAMPLES, K = 8, 4
GOLD = (0, 1, 2, 4)
"""Numbers of gold items, equally likely."""
DOCUMENTS = (0.5, 0.6, 0.7)
"""Probability of finding an item in an average sentence of a document, equally likely."""
SENTENCE = (-0.25, 0.0, 0.25)
"""How much a sentence differs from its document, equally likely."""
FALSE, FALSE_MOST = 0.25, 3
"""False positives of a sample are binomial."""
SENTENCES = 85
"""Sentences a document, as in SciER test."""
NAMES = ("Avg@K macro", "Avg@K micro", f"Best-F1@{K} macro", f"Best-F1@{K} micro")


def main() -> None:
    """Measure, print, and write benchmarks/results/coverage_samples.json."""
    truth = _truth()
    coverage: dict[str, dict[str, float]] = {}
    for number in (300, 854):
        coverage[f"bootstrap over {number} sentences"] = _coverage(truth, number, 1)
    for number in (6, 10, 80):
        coverage[f"student t over {number} documents"] = _coverage(truth, number, SENTENCES)
    for name, row in coverage.items():
        print(f"{name}: " + ", ".join(f"{which} {share:.3f}" for which, share in row.items()))
    result = {
        "replicates": REPLICATES,
        "samples": SAMPLES,
        "truth": truth,
        "standard_error_at_95": float(np.sqrt(0.95 * 0.05 / REPLICATES)),
        "coverage": coverage,
    }
    write_result("coverage_samples", {"measured_on": measured_on("numpy", "scipy"), **result})


def _truth() -> dict[str, float]:
    """The expectations over sentences, documents and K fresh samples."""
    cases = [(gold, one + other) for gold in GOLD for one in DOCUMENTS for other in SENTENCE]
    sums = np.mean([[*_best_of(gold, found, 1), *_best_of(gold, found, K), gold] for gold, found in cases], axis=0)
    avg_f1, avg_tp, avg_n, best_f1, best_tp, best_n, gold = sums.tolist()
    return dict(zip(NAMES, (avg_f1, 2 * avg_tp / (avg_n + gold), best_f1, 2 * best_tp / (best_n + gold)), strict=True))


def _best_of(gold: int, found: float, k: int) -> Floats:
    """Expected sentence F1, tp and n_pred of the best of k independent samples."""
    outcomes = []
    for tp in range(gold + 1):
        for false in range(FALSE_MOST + 1):
            chance = _binomial(gold, tp, found) * _binomial(FALSE_MOST, false, FALSE)
            size = tp + false + gold
            outcomes.append((2 * tp / size if size else 1.0, -(tp + false), tp, chance))
    outcomes.sort()
    below = np.cumsum([0.0] + [chance for *_, chance in outcomes])
    kept = below[1:] ** k - below[:-1] ** k
    return np.asarray(kept @ np.array([(f1, tp, -size) for f1, size, tp, _ in outcomes]))


def _binomial(n: int, x: int, p: float) -> float:
    return comb(n, x) * p**x * (1 - p) ** (n - x)


def _coverage(truth: dict[str, float], clusters: int, size: int) -> dict[str, float]:
    """Share of replicates whose intervals hold the truth; clusters of one sentence are sentences."""
    rng = np.random.default_rng(5)
    documents = [str(number // size) for number in range(clusters * size)] if size > 1 else None
    held = np.zeros(len(NAMES))
    for _ in range(REPLICATES):
        bounds = ratio_intervals(*_ratios(rng, clusters, size), clusters=documents)
        held += [
            bound is not None and bound[0] <= true <= bound[1]
            for bound, true in zip(bounds, truth.values(), strict=True)
        ]
    return dict(zip(NAMES, (held / REPLICATES).tolist(), strict=True))


def _ratios(rng: np.random.Generator, clusters: int, size: int) -> tuple[Floats, Floats]:
    """Numerators and denominators of the four ratios, one row a sentence."""
    number = clusters * size
    found = np.repeat(rng.choice(DOCUMENTS, clusters), size) + rng.choice(SENTENCE, number)
    gold = rng.choice(GOLD, number)
    counts = _counts(rng, gold, found)
    well_formed = np.ones(counts.shape[:2], bool)
    values = np.concatenate([sentence_scores(counts, well_formed)[..., None], counts[..., :2]], axis=-1)
    best = expected_kept(worst_first(counts, well_formed, ("ner",), "per-task"), values, [K])
    above, below = [], []
    for kept in (values.mean(axis=1)[:, 0], best[:, 0, 0]):
        above += [kept[:, 0], 2 * kept[:, 1]]
        below += [np.ones(number), kept[:, 2] + gold]
    return np.stack(above, axis=1), np.stack(below, axis=1)


def _counts(rng: np.random.Generator, gold: Any, found: Any) -> Floats:
    """(sentences, samples, 1 task, 3)."""
    shape = (len(gold), SAMPLES)
    tp = rng.binomial(gold[:, None], found[:, None], shape)
    n_pred = tp + rng.binomial(FALSE_MOST, FALSE, shape)
    return np.stack([tp, n_pred, np.broadcast_to(gold[:, None], shape)], axis=-1).astype(np.float64)[:, :, None]


if __name__ == "__main__":
    main()
