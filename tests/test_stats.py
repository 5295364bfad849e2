"""Intervals and paired tests against naive loops, hand computations and scipy's own distributions."""

from __future__ import annotations

import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as distributions

from sciie_eval import stats
from sciie_eval.paired_tests import compare_counts, holm
from sciie_eval.stats import (
    bootstrap_interval,
    cluster_interval,
    cluster_totals,
    micro_f1,
    ratio_intervals,
    repeated_sum,
)

Rows = list[tuple[int, int, int]]
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)).map(lambda r: (r[0], r[0] + r[1], r[0] + r[2])),
    min_size=1,
    max_size=12,
)


def matrix(rows: Rows) -> stats.Floats:
    return np.array(rows, dtype=np.float64)


def drawn(number: int, seed: int, share: float = 0.6) -> stats.Floats:
    """Counts of sentences with 0 to 4 gold items, of which a share is found."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 5, number)
    tp = rng.binomial(gold, share)
    return np.column_stack([tp, tp + rng.integers(0, 3, number), gold]).astype(np.float64)


def naive_bootstrap(counts: stats.Floats, resamples: int) -> stats.Floats:
    rng = np.random.default_rng(99)
    return np.array([micro_f1(counts[rng.integers(0, len(counts), len(counts))].sum(axis=0)) for _ in range(resamples)])


def test_micro_f1() -> None:
    found = micro_f1(np.array([[1.0, 2, 3], [0, 0, 0], [0, 1, 0]]))
    assert found[0] == 0.4
    assert np.isnan(found[1])
    assert found[2] == 0


@settings(max_examples=60)
@given(ROWS, st.randoms(use_true_random=False))
def test_interval_is_reproducible_and_ignores_order(rows: Rows, random: object) -> None:
    shuffled = random.sample(rows, len(rows))  # type: ignore[attr-defined]
    first = bootstrap_interval(matrix(rows), resamples=50, seed=3)
    assert first == bootstrap_interval(matrix(rows), resamples=50, seed=3)
    assert first == bootstrap_interval(matrix(shuffled), resamples=50, seed=3)
    assert first is None or 0 <= first[0] <= first[1] <= 1


def test_seed_and_level_matter() -> None:
    counts = drawn(80, 1)
    assert bootstrap_interval(counts, seed=1) != bootstrap_interval(counts, seed=2)
    wide, narrow = bootstrap_interval(counts, level=99), bootstrap_interval(counts, level=50)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize("level", [95.0, 80.0, 50.0, 1e-6])
def test_multinomial_over_distinct_rows_is_the_plain_bootstrap(level: float) -> None:
    counts = drawn(120, 2)
    assert len(np.unique(counts, axis=0)) < len(counts)
    plain = naive_bootstrap(counts, 2500)
    found = bootstrap_interval(counts, level=level, resamples=4000, seed=5)
    assert found == pytest.approx(np.percentile(plain, [50 - level / 2, 50 + level / 2]), abs=0.008)


def test_resamples_in_chunks_have_the_same_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = drawn(60, 4)
    whole = bootstrap_interval(counts, resamples=2000)
    monkeypatch.setattr(stats, "CHUNK_CELLS", 1000)
    assert bootstrap_interval(counts, resamples=2000) == pytest.approx(whole, abs=0.01)
    other = compare_counts(counts, drawn(60, 5), resamples=1001)
    assert other is not None
    assert other.p_randomization * 1002 == pytest.approx(round(other.p_randomization * 1002))


def test_interval_of_nothing() -> None:
    assert bootstrap_interval(np.zeros((0, 3))) is None
    assert bootstrap_interval(np.zeros((5, 3))) is None


def test_undefined_resamples_are_left_out() -> None:
    counts = np.zeros((50, 3))
    counts[0] = (1, 2, 2)  # a resample without this row has no F1
    assert bootstrap_interval(counts) == (0.5, 0.5)


def test_cluster_totals() -> None:
    totals = cluster_totals(matrix([(1, 2, 3), (0, 1, 0), (2, 2, 2)]), ["b", "a", "b"])
    assert totals.tolist() == [[0, 1, 0], [3, 4, 5]]
    assert cluster_totals(np.zeros((0, 3)), []).shape == (0, 3)
    assert cluster_totals(np.ones((2, 6)), ["x", "x"]).tolist() == [[2] * 6]


@pytest.mark.parametrize("level", [90.0, 95.0])
def test_cluster_interval_by_hand(level: float) -> None:
    totals = [(60, 100, 100), (70, 100, 90), (45, 80, 70), (33, 60, 50), (52, 90, 81)]
    sizes = [n_pred + n_gold for _, n_pred, n_gold in totals]
    f1 = 2 * sum(row[0] for row in totals) / sum(sizes)
    influence = [(2 * row[0] - f1 * size) / statistics.mean(sizes) for row, size in zip(totals, sizes, strict=True)]
    half = distributions.t.ppf(0.5 + level / 200, df=4) * statistics.stdev(influence) / 5**0.5
    assert cluster_interval(matrix(totals), level=level) == pytest.approx((f1 - half, f1 + half), abs=1e-12)


def test_cluster_interval_of_two_documents() -> None:
    # F1 .6; sizes 10, 10; influence -.1, +.1; sd .1414; half width 12.7062 x .1 = 1.27: cut at both ends
    assert cluster_interval(matrix([(5, 10, 10), (7, 10, 10)])) == (0.0, 1.0)
    # t_1 at level 50 is 1
    assert cluster_interval(matrix([(5, 10, 10), (7, 10, 10)]), level=50) == pytest.approx((0.5, 0.7))


def test_cluster_interval_of_nothing() -> None:
    assert cluster_interval(np.zeros((0, 3))) is None
    assert cluster_interval(matrix([(1, 2, 2)])) is None
    assert cluster_interval(np.zeros((4, 3))) is None


def test_equal_systems() -> None:
    counts = drawn(50, 6)
    found = compare_counts(counts, counts.copy())
    assert found == (0.0, (0.0, 0.0), 1.0, 1.0)


def test_clearly_different_systems() -> None:
    weak, strong = drawn(200, 7, 0.2), drawn(200, 7, 0.95)
    found = compare_counts(weak, strong, resamples=999)
    assert found is not None
    assert found.delta > 0.2
    assert found.ci[0] > 0
    assert found.p_bootstrap == found.p_randomization == 1 / 1000


def test_exchanging_the_systems_turns_the_sign() -> None:
    one, two = drawn(150, 8, 0.55), drawn(150, 9, 0.62)
    forth, back = compare_counts(one, two, resamples=4000), compare_counts(two, one, resamples=4000)
    assert forth is not None
    assert back is not None
    assert forth.delta == -back.delta
    assert forth.ci == pytest.approx((-back.ci[1], -back.ci[0]), abs=0.01)
    assert forth[2:] == pytest.approx(back[2:], abs=0.04)


def test_paired_tests_against_naive_loops() -> None:
    one, two = drawn(60, 10, 0.5), drawn(60, 11, 0.6)
    found = compare_counts(one, two, resamples=3000)
    assert found is not None
    rng = np.random.default_rng(1)
    swapped, resampled = [], []
    for _ in range(3000):
        swap = rng.random(60)[:, None] < 0.5
        swapped.append(micro_f1(np.where(swap, one, two).sum(axis=0)) - micro_f1(np.where(swap, two, one).sum(axis=0)))
        index = rng.integers(0, 60, 60)
        resampled.append(micro_f1(two[index].sum(axis=0)) - micro_f1(one[index].sum(axis=0)))
    far = np.abs(np.array(resampled) - found.delta)
    assert found.p_randomization == pytest.approx(np.mean(np.abs(swapped) >= abs(found.delta)), abs=0.04)
    assert found.p_bootstrap == pytest.approx(np.mean(far >= abs(found.delta)), abs=0.04)
    assert found.ci == pytest.approx(np.percentile(resampled, [2.5, 97.5]), abs=0.015)


@settings(max_examples=60)
@given(st.lists(st.tuples(ROWS.map(lambda rows: rows[0]), ROWS.map(lambda rows: rows[0])), min_size=1, max_size=12))
def test_p_values_and_order(pairs: list[tuple[tuple[int, int, int], tuple[int, int, int]]]) -> None:
    one, two = matrix([pair[0] for pair in pairs]), matrix([pair[1] for pair in pairs])
    found = compare_counts(one, two, resamples=40)
    assert found == compare_counts(one[::-1], two[::-1], resamples=40)
    if found is None:
        assert np.isnan(micro_f1(one.sum(axis=0))) or np.isnan(micro_f1(two.sum(axis=0)))
    else:
        assert 0 < found.p_bootstrap <= 1
        assert 0 < found.p_randomization <= 1
        assert -1 <= found.ci[0] <= found.ci[1] <= 1


def test_comparison_of_nothing() -> None:
    empty, one = np.zeros((2, 3)), matrix([(1, 1, 1), (0, 0, 0)])
    assert compare_counts(empty, one) is None
    assert compare_counts(one, empty) is None
    assert compare_counts(np.zeros((0, 3)), np.zeros((0, 3))) is None


def test_resamples_without_any_item_are_left_out() -> None:
    one, two = np.zeros((1000, 3)), np.zeros((1000, 3))
    one[0], two[0] = (1, 1, 1), (0, 1, 1)
    found = compare_counts(one, two, resamples=1000)
    assert found is not None
    assert found.ci == (-1.0, -1.0)
    assert 1 / 1001 < found.p_bootstrap < 1 / 500  # a third of the resamples says nothing and is not counted
    outcomes = {compare_counts(one, two, resamples=1, seed=seed) is None for seed in range(8)}
    assert outcomes == {True, False}


def test_holm_by_hand() -> None:
    # sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04; the last is raised to the one before it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(1e-6, 1), max_size=6))
def test_holm_lies_between_the_raw_value_and_bonferroni(values: list[float]) -> None:
    for raw, corrected in zip(values, holm(values), strict=True):
        assert raw <= corrected <= min(1.0, raw * len(values)) or corrected == max(holm(values))
    ranked = sorted(range(len(values)), key=values.__getitem__)
    corrected = holm(values)
    assert [corrected[n] for n in ranked] == sorted(corrected)


def test_many_ratios_from_one_resampling() -> None:
    rng = np.random.default_rng(8)
    above = rng.random((40, 3))
    below = above + rng.random((40, 3))
    found = ratio_intervals(above, below, resamples=400)
    order = rng.permutation(40)
    assert ratio_intervals(above[order], below[order], resamples=400) == found
    assert ratio_intervals(above[:, :1], below[:, :1], resamples=400) == found[:1]
    for place, bounds in enumerate(found):
        assert bounds is not None
        assert bounds[0] < above[:, place].sum() / below[:, place].sum() < bounds[1]


def test_a_ratio_of_counts_has_the_interval_of_its_f1() -> None:
    rng = np.random.default_rng(9)
    gold = rng.poisson(3, 300)
    tp = rng.binomial(gold, 0.6)
    counts = np.stack([tp, tp + rng.poisson(1, 300), gold], axis=1).astype(float)
    (found,) = ratio_intervals(2 * counts[:, :1], counts[:, 1:].sum(axis=1, keepdims=True), resamples=4000)
    assert found == pytest.approx(bootstrap_interval(counts, resamples=4000), abs=0.004)
    clusters = [str(i % 7) for i in range(300)]
    (found,) = ratio_intervals(2 * counts[:, :1], counts[:, 1:].sum(axis=1, keepdims=True), clusters=clusters)
    assert found == pytest.approx(cluster_interval(cluster_totals(counts, clusters)), abs=1e-12)


def test_ratios_of_nothing() -> None:
    none = np.zeros((0, 2))
    assert ratio_intervals(none, none) == [None, None]
    zeros = np.zeros((5, 1))
    assert ratio_intervals(zeros, zeros) == [None]
    assert ratio_intervals(zeros, zeros, clusters=list("abcde")) == [None]
    assert ratio_intervals(zeros, zeros + 1, clusters=["a"] * 5) == [None]


REPEATED = st.tuples(
    st.floats(0, 1e9) | st.floats(0, 1).map(lambda x: x / 3), st.integers(0, 3) | st.integers(0, 1 << 40)
)


@given(rows=st.lists(REPEATED, max_size=30))
def test_repeated_sum_is_exact(rows: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in rows], dtype=np.float64)
    numbers = np.array([number for _, number in rows], dtype=np.intp)
    exact = sum((Fraction(value) * number for value, number in rows), Fraction(0))
    assert repeated_sum(values, numbers) == float(exact)
