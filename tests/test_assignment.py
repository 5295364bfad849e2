"""The one-to-one assignment against every subset of pairs."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciie_eval.assignment import Candidate, assign


def best(candidates: list[Candidate], used: frozenset[tuple[str, int]] = frozenset()) -> tuple[int, int, float]:
    """(exact pairs, pairs, total similarity) of the best one-to-one subset, by trying all."""
    if not candidates:
        return 0, 0, 0.0
    first, rest = candidates[0], candidates[1:]
    without = best(rest, used)
    ends = frozenset({("gold", first.gold), ("predicted", first.predicted)})
    if ends & used:
        return without
    exact, pairs, total = best(rest, used | ends)
    return max(without, (exact + first.exact, pairs + 1, total + first.similarity))


def tables(seed: int) -> list[Candidate]:
    """Sparse tables of up to 4 x 4, similarities far apart so that the aims contradict each other."""
    draw = random.Random(seed)
    return [
        Candidate(row, column, draw.random() < 0.2, draw.choice((0.05, 0.1, 0.5, 0.9, 1.0)))
        for row in range(draw.randint(1, 4))
        for column in range(draw.randint(1, 4))
        if draw.random() < 0.7
    ]


@pytest.mark.parametrize("block", range(4))
def test_brute_force(block: int) -> None:
    for seed in range(block * 150, block * 150 + 150):
        candidates = tables(seed)
        chosen = assign(candidates)
        exact, pairs, total = best(candidates)
        assert (sum(c.exact for c in chosen), len(chosen)) == (exact, pairs), seed
        assert sum(c.similarity for c in chosen) == pytest.approx(total, abs=1e-9), seed
        assert len({c.gold for c in chosen}) == len({c.predicted for c in chosen}) == len(chosen), seed
        assert set(chosen) <= set(candidates), seed


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_order_of_candidates_never_matters(seed: int, shuffle: random.Random) -> None:
    candidates = tables(seed)
    assert assign(shuffle.sample(candidates, len(candidates))) == assign(candidates)


def test_pairs_before_similarity() -> None:
    # two pairs of .9 weigh more than three of .05, but three are more than two
    candidates = [Candidate(0, 0, False, 0.9), Candidate(1, 1, False, 0.9)]
    candidates += [Candidate(0, 1, False, 0.05), Candidate(1, 2, False, 0.05), Candidate(2, 0, False, 0.05)]
    assert [(c.gold, c.predicted) for c in assign(candidates)] == [(0, 1), (1, 2), (2, 0)]


def test_exact_before_pairs() -> None:
    candidates = [Candidate(0, 0, True, 0.1), Candidate(0, 1, False, 1.0), Candidate(1, 0, False, 1.0)]
    assert assign(candidates) == [Candidate(0, 0, True, 0.1)]


def test_groups_are_solved_apart() -> None:
    candidates = [Candidate(5, 7, False, 0.3), Candidate(1, 2, False, 0.4), Candidate(1, 3, False, 0.6)]
    assert assign(candidates) == [Candidate(1, 3, False, 0.6), Candidate(5, 7, False, 0.3)]


def test_one_item_of_a_side_makes_one_pair() -> None:
    competing = [Candidate(1, 2, False, 0.6), Candidate(1, 0, False, 0.6), Candidate(1, 1, False, 0.4)]
    assert assign(competing) == [Candidate(1, 0, False, 0.6)]
    assert assign([Candidate(3, 1, False, 0.9), Candidate(2, 1, True, 0.5)]) == [Candidate(2, 1, True, 0.5)]


def test_nothing_competes() -> None:
    assert assign([Candidate(1, 0, False, 0.3), Candidate(0, 1, False, 0.2)]) == [
        Candidate(0, 1, False, 0.2),
        Candidate(1, 0, False, 0.3),
    ]


def test_nothing_to_assign() -> None:
    assert assign([]) == []


def test_many_exact_pairs_outweigh_all_similarities() -> None:
    size = 40
    candidates = [Candidate(n, n, True, 0.01) for n in range(size)]
    candidates += [Candidate(n, (n + 1) % size, False, 1.0) for n in range(size)]
    assert all(c.exact for c in assign(candidates))
