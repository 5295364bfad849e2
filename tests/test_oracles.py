"""Which sample is kept, one sentence or many at once."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from sciie_eval.oracles import expected_kept, first_kept, sentence_scores, worst_first
from sciie_eval.rules import TASKS
from sciie_eval.sampling import Oracle

RIGHT = np.array([True])


def test_sentence_scores_where_something_is_empty() -> None:
    counts = np.array([[[0.0, 0, 0]], [[0, 0, 0]], [[0, 2, 0]], [[0, 0, 2]], [[1, 2, 2]]])
    well_formed = np.array([True, False, True, True, True])
    assert sentence_scores(counts, well_formed)[:, 0].tolist() == [1.0, 0.0, 0.0, 0.0, 0.5]


def test_ties_go_to_fewer_items_and_then_to_the_first() -> None:
    counts = np.array([[[1.0, 4, 2]], [[1, 4, 2]], [[0, 0, 2]], [[0, 3, 2]]])
    assert worst_first(counts, np.ones(4, bool), ("ner",), "per-task").tolist() == [[3, 2, 1, 0]]


def test_equal_means_tie_in_the_joint_oracle() -> None:
    """1/3 + 2/3 + 0 and 1/2 + 1/2 + 0 are one number, though not as floating point sums of others."""
    one = [[1.0, 3, 3], [2, 3, 3], [0, 3, 3]]
    two = [[3.0, 3, 9], [3, 9, 3], [0, 3, 3]]
    for pair in (np.array([one, two]), np.array([two, one])):
        order = worst_first(pair, np.ones(2, bool), TASKS, "joint")
        assert (order[:, -1] == np.argmin(pair[:, 0, 1] + pair[:, 1, 1])).all()


@pytest.mark.parametrize(("tasks", "kept"), [(("rel+",), 1), (("ner", "rel+"), 1), (("ner", "rel"), 1)])
def test_the_joint_oracle_counts_items_of_the_tasks_there_are(tasks: tuple[str, ...], kept: int) -> None:
    counts = np.array([[[0.0, 3, 2]] * len(tasks), [[0.0, 1, 2]] * len(tasks)])
    assert worst_first(counts, np.ones(2, bool), tasks, "joint")[0, -1] == kept  # type: ignore[arg-type]


def test_many_sentences_at_once_are_many_single_ones() -> None:
    rng = np.random.default_rng(2)
    tp = rng.integers(0, 3, (20, 7, 3, 1))
    counts = np.concatenate([tp, tp + rng.integers(0, 3, tp.shape), np.full(tp.shape, 2)], axis=-1).astype(float)
    well_formed = rng.random((20, 7)) < 0.9
    for oracle in get_args(Oracle):
        order = worst_first(counts, well_formed, TASKS, oracle)
        values = expected_kept(order, counts, [1, 3, 7])
        assert values.shape == (20, 3, 3, 3)
        for i in range(20):
            single = worst_first(counts[i], well_formed[i], TASKS, oracle)
            assert (single == order[i]).all()
            assert expected_kept(single, counts[i], [1, 3, 7]) == pytest.approx(values[i])


def test_the_released_evaluator_starts_from_nothing() -> None:
    counts = np.array([[[0.0, 5, 2]], [[1, 4, 2]], [[1, 4, 2]], [[2, 2, 2]]])
    kept = first_kept(counts, [1, 2, 3, 4])
    assert kept[0].tolist() == [[0, 0], [1, 4], [1, 4], [2, 2]]
