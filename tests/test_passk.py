"""The estimators for K samples, against every K-subset."""

from itertools import combinations, pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciie_eval.exceptions import InputError
from sciie_eval.passk import avg_at_k, best_at_k, kept_table, order_weights, threshold_count

scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 2 / 3, 1.0]), min_size=1, max_size=8)
corpora = st.lists(scores, min_size=1, max_size=4)


def subsets(n, k):
    return list(combinations(range(n), k))


@given(corpora, st.data())
def test_best_is_the_mean_over_all_subsets(rows, data):
    k = data.draw(st.integers(1, min(map(len, rows))))
    brute = np.mean([np.mean([max(row[i] for i in some) for some in subsets(len(row), k)]) for row in rows])
    assert best_at_k(rows, k) == pytest.approx(brute, abs=1e-12)


@given(corpora)
def test_one_is_the_average_and_all_is_the_maximum(rows):
    assert best_at_k(rows, 1) == pytest.approx(avg_at_k(rows, 1), abs=1e-12)
    n = min(map(len, rows))
    assert best_at_k([row[:n] for row in rows], n) == pytest.approx(np.mean([max(row[:n]) for row in rows]), abs=1e-12)


@given(scores)
def test_best_never_falls_with_k(row):
    best = [best_at_k([row], k) for k in range(1, len(row) + 1)]
    assert all(one <= two + 1e-12 for one, two in pairwise(best))


@pytest.mark.parametrize(("n", "right", "k"), [(10, 3, 4), (1024, 17, 100), (5, 0, 2), (5, 5, 2), (200, 1, 200)])
def test_on_right_or_wrong_best_is_the_unbiased_pass_at_k(n, right, k):
    unbiased = 1 - comb(n - right, k) / comb(n, k)
    assert best_at_k([[1.0] * right + [0.0] * (n - right)], k) == pytest.approx(unbiased, abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (7, 3), (1024, 1), (1024, 512), (1024, 1023), (1024, 1024)])
def test_weights_are_exact(n, k):
    exact = [comb(j - 1, k - 1) / comb(n, k) for j in range(1, n + 1)]
    assert np.abs(order_weights(n, k) - exact).max() < 1e-12
    assert order_weights(n, k).sum() == pytest.approx(1, abs=1e-12)


def kept_probability(n, count, k, least):
    """In whole numbers, exact before the last division."""
    return sum(comb(count, x) * comb(n - count, k - x) for x in range(least, min(count, k) + 1)) / comb(n, k)


@given(st.integers(1, 9), st.data())
def test_the_tail_is_the_share_of_subsets(n, data):
    k, count = data.draw(st.integers(1, n)), data.draw(st.integers(0, n))
    least = data.draw(st.integers(1, k))
    brute = np.mean([sum(place < count for place in some) >= least for some in subsets(n, k)])
    assert kept_table(n, k, least)[count] == pytest.approx(brute, abs=1e-12)
    assert kept_probability(n, count, k, least) == pytest.approx(brute, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "k"), [(1, 1), (2, 1), (9, 4), (1024, 1), (1024, 2), (1024, 512), (1024, 1023), (1024, 1024)]
)
@pytest.mark.parametrize("theta", [0.01, 0.5, 0.9, 1.0])
def test_tables_of_tails_are_exact(n, k, theta):
    least = threshold_count(k, theta)
    table = kept_table(n, k, least)
    some = sorted({0, 1, least - 1, least, n // 3, n // 2, n - k + least - 1, n - 1, n} & set(range(n + 1)))
    assert table[some] == pytest.approx([kept_probability(n, count, k, least) for count in some], abs=1e-12)
    assert (np.diff(table) >= 0).all()
    assert (table[0], table[-1]) == (0, 1)


@settings(max_examples=300)
@given(st.integers(1, 2000), st.integers(1, 100))
def test_the_threshold_is_exact(k, hundredths):
    least = threshold_count(k, hundredths / 100)
    assert 100 * least >= hundredths * k
    assert least == 1 or 100 * (least - 1) < hundredths * k


@pytest.mark.parametrize(
    ("rows", "k", "message"),
    [
        ([], 1, "scores: expected at least one sentence, got none"),
        ([[0.5], []], 1, "scores: sentence 1 has no samples; expected at least one score"),
        (np.zeros((2, 0)), 1, "scores: sentence 0 has no samples"),
        ([[0.5, 1.0], [0.5]], 2, "k: expected 1 <= k <= 1, the number of samples of sentence 1, got 2"),
        ([[0.5]], 0, "k: expected 1 <= k <= 1"),
        ([[0.5, 1.0]], 1.5, "k: expected a whole number, got 1.5"),
        ([[0.5, 1.0]], True, "k: expected a whole number, got True"),
        ([[0.5, 1.0]], "2", "k: expected a whole number, got '2'"),
        ([[float("nan")]], 1, "scores: sentence 0 has a score that is not a finite number"),
        ([["a"]], 1, "scores: expected one list of numbers a sentence"),
        (5, 1, "scores: expected one list of numbers a sentence"),
        ([[[0.5]]], 1, "scores: expected one list of scores a sentence"),
    ],
)
def test_wrong_input(rows, k, message):
    for estimate in (best_at_k, avg_at_k):
        with pytest.raises(InputError, match=f"^{message}"):
            estimate(rows, k)


def test_arrays_and_lists_agree():
    rows = np.random.default_rng(3).random((20, 6))
    assert best_at_k(rows, 3) == best_at_k(rows.tolist(), 3)
    assert avg_at_k(rows) == pytest.approx(rows.mean())
    assert best_at_k(rows, np.int64(3)) == best_at_k(rows, 3)
