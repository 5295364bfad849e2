"""Which of several samples an oracle keeps, and what the kept one gives on average over all K-subsets.

Arrays of samples end in (n samples, tasks, 3), the last axis tp, n_pred, n_gold; any number of axes may stand in front,
so one sentence or thousands with the same number of samples are reduced alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sciie_eval.passk import Floats, order_weights
from sciie_eval.rules import Task
from sciie_eval.sampling import Oracle

__all__ = ["expected_kept", "first_kept", "sentence_scores", "worst_first"]


def sentence_scores(counts: Floats, well_formed: NDArray[np.bool_]) -> Floats:
    """Sentence F1 of every sample and task, as `counting.sentence_f1` has it for one.

    Args:
        counts: (…, n, tasks, 3).
        well_formed: (…, n), False for samples without a well-formed answer.

    Returns:
        (…, n, tasks) in [0, 1].
    """
    size = counts[..., 1] + counts[..., 2]
    scores = np.where(size > 0, 2 * counts[..., 0] / np.maximum(size, 1), 1.0)
    return np.where(well_formed[..., None], scores, 0.0)


def worst_first(
    counts: Floats, well_formed: NDArray[np.bool_], tasks: Sequence[Task], oracle: Oracle
) -> NDArray[np.intp]:
    """The samples in rising order of what the oracle thinks of them.

    Per task: the sentence F1. Joint: the mean of the sentence F1s of all tasks, the same order for each of them. Ties:
    fewer predicted items (joint: summed over ner and rel), then the lower index.

    Returns:
        (…, tasks, n) indices of samples; the last one is the best of all.
    """
    if oracle == "per-task":
        quality = np.moveaxis(_tied(sentence_scores(counts, well_formed), counts), -1, -2)
        size = np.moveaxis(counts[..., 1], -1, -2)
    else:
        counted = [place for place, task in enumerate(tasks) if task != "rel+" or "rel" not in tasks]
        quality = np.repeat(_mean_score(counts, well_formed)[..., None, :], len(tasks), axis=-2)
        size = np.repeat(counts[..., counted, 1].sum(axis=-1)[..., None, :], len(tasks), axis=-2)
    index = np.broadcast_to(np.arange(counts.shape[-3]), quality.shape)
    return np.lexsort(np.stack([-index, -size, quality]), axis=-1)


def _mean_score(counts: Floats, well_formed: NDArray[np.bool_]) -> Floats:
    """The sum of the F1s over tasks as one quotient of whole numbers, so that equal means are equal numbers."""
    size = counts[..., 1] + counts[..., 2]
    above = np.where(size > 0, 2 * counts[..., 0], 1.0)
    below = np.maximum(size, 1.0)
    product = below.prod(axis=-1)
    total = (above * (product[..., None] / below)).sum(axis=-1) / product
    return _tied(np.where(well_formed, total, 0.0), counts)


def _tied(quality: Floats, counts: Floats) -> Floats:
    """Quotients of whole numbers tie when they are equal; of similarities the last bits depend on their order."""
    whole = not np.any(counts[..., 0] % 1)
    return quality if whole else np.round(quality, 12)


def expected_kept(order: NDArray[np.intp], values: Floats, ks: Sequence[int]) -> Floats:
    """What the best of K random samples gives on average, for every K.

    Args:
        order: (…, tasks, n), from `worst_first`.
        values: (…, n, tasks, m): whatever is kept of a sample.
        ks: sizes of the subset, each at most n.

    Returns:
        (…, tasks, len(ks), m).
    """
    n = order.shape[-1]
    sorted_values = np.take_along_axis(np.moveaxis(values, -2, -3), order[..., None], axis=-2)
    weights = np.stack([order_weights(n, k) for k in ks])
    return np.asarray(weights @ sorted_values)


def first_kept(counts: Floats, ks: Sequence[int]) -> Floats:
    """What the evaluator released with R2GRPO keeps of the first K samples, for every K.

    Task by task the first sample with a strictly greater F1 is kept, starting from nothing at F1 = 0: where every F1 is
    0, no prediction counts.

    Args:
        counts: (n, tasks, 3) of one sentence.
        ks: how many samples are looked at, each at most n.

    Returns:
        (tasks, len(ks), 2): tp and n_pred of what is kept.
    """
    size = counts[..., 1] + counts[..., 2]
    scores = 2 * counts[..., 0] / np.maximum(size, 1)
    kept = np.zeros((counts.shape[1], len(ks), 2))
    for place, k in enumerate(ks):
        best = scores[:k].argmax(axis=0)  # the first of several
        tasks = np.arange(counts.shape[1])
        found = scores[best, tasks] > 0
        kept[:, place] = counts[best, tasks, :2] * found[:, None]
    return kept
