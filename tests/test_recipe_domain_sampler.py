"""Draws by domain: a floor that is one, the harder the more, TRL's repetition, and the same after an interruption."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sciie_rewards.recipe.domain_sampler import DomainSampler, domain_weights

REWARDS = st.floats(0, 1)
AVERAGES = st.dictionaries(st.text(min_size=1, max_size=3), st.none() | REWARDS, min_size=1, max_size=12)
TAUS = st.floats(1e-4, 1e3)
SHARES = st.floats(0, 1)


@given(AVERAGES, TAUS, SHARES)
def test_weights_are_probabilities_above_the_floor(averages: dict[str, float | None], tau: float, eps: float) -> None:
    weights = domain_weights(averages, tau, eps)
    assert list(weights) == list(averages)
    assert math.fsum(weights.values()) == pytest.approx(1, abs=1e-12)
    assert min(weights.values()) >= eps / len(averages)


@given(AVERAGES, TAUS, SHARES, st.randoms())
def test_the_order_of_the_domains_does_not_matter(
    averages: dict[str, float | None], tau: float, eps: float, rng: object
) -> None:
    names = list(averages)
    rng.shuffle(names)  # type: ignore[attr-defined]
    assert domain_weights({name: averages[name] for name in names}, tau, eps) == domain_weights(averages, tau, eps)


@given(AVERAGES, st.floats(0.05, 10), st.floats(0, 0.99))
def test_the_harder_domain_gets_more(averages: dict[str, float | None], tau: float, eps: float) -> None:
    weights = domain_weights(averages, tau, eps)
    for one in averages:
        for other in averages:
            harder, easier = averages[one] or 0.0, averages[other] or 0.0
            if harder <= easier:
                assert weights[one] >= weights[other]
            if easier - harder > 1e-3:
                assert weights[one] > weights[other]


def test_the_published_epsilon_is_no_floor_and_ours_is() -> None:
    """As it is printed the easy domain of ten has a fiftieth of the draws or next to none; here a hundredth is kept."""
    averages: dict[str, float | None] = {"easy": 1.0, **{f"hard {number}": 0.0 for number in range(9)}}
    printed = {name: math.exp((1 - (average or 0)) / 0.5) + 0.1 for name, average in averages.items()}
    assert printed["easy"] / sum(printed.values()) == pytest.approx(0.0161, abs=1e-4)
    sharp = {name: math.exp((1 - (average or 0)) / 0.05) + 0.1 for name, average in averages.items()}
    assert sharp["easy"] / sum(sharp.values()) < 1e-9
    assert domain_weights(averages, 0.05, 0.1)["easy"] == pytest.approx(0.01)
    assert domain_weights(averages, 0.5, 1.0) == dict.fromkeys(averages, 0.1)


def test_averages_are_exponential_and_the_first_is_the_mean_itself() -> None:
    sampler = DomainSampler(["a", "b", "c"], alpha=0.25)
    assert sampler.averages == {"a": None, "b": None, "c": None}
    assert sampler.weights == pytest.approx(dict.fromkeys("abc", 1 / 3))
    sampler.observe(["a", "b", "a", "c"], [1.0, 0.2, 0.5, math.nan])
    assert sampler.averages == {"a": 0.75, "b": 0.2, "c": None}
    sampler.observe(["a", "a"], [0.0, math.nan])
    assert sampler.averages["a"] == 0.25 * 0.0 + 0.75 * 0.75
    assert sampler.weights["c"] > sampler.weights["b"] > sampler.weights["a"]


SIZES = st.tuples(st.integers(1, 30), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))


@given(SIZES, st.integers(1, 4), st.booleans())
def test_the_repetition_is_that_of_trl(sizes: tuple[int, int, int, int], domains: int, shuffle: bool) -> None:
    pytest.importorskip("trl")
    from trl.trainer.utils import RepeatSampler

    rows, batch, each, times = sizes
    theirs = RepeatSampler(range(rows), each, batch, times, shuffle, seed=1)
    names = [f"d{row % domains}" for row in range(rows)]
    ours = DomainSampler(
        names, batch_size=batch, mini_repeat_count=each, repeat_count=times, shuffle=shuffle, eps=1.0, seed=1
    )
    found, expected = list(ours), list(theirs)
    assert len(found) == len(ours) == len(theirs) == len(expected)
    block = batch * each
    for first in range(0, len(found), block * times):
        blocks = [found[first + block * time : first + block * (time + 1)] for time in range(times)]
        assert all(some == blocks[0] for some in blocks)
        prompts = blocks[0][::each]
        assert blocks[0] == [row for row in prompts for _ in range(each)]
        if domains == 1 or batch == 1:
            assert len(set(prompts)) == batch
    if domains == 1 and not shuffle:
        assert found == expected
    if domains == 1:
        assert len(set(found)) == len(set(expected))


def test_a_prompt_comes_again_when_all_others_of_its_domain_have_come() -> None:
    sampler = DomainSampler(["a"] * 3 + ["b"] * 7, seed=3)
    drawn = []
    for epoch in range(12):
        sampler.set_epoch(epoch)
        drawn += list(sampler)
    for rows in ({0, 1, 2}, set(range(3, 10))):
        own = [row for row in drawn if row in rows]
        passes = [own[first : first + len(rows)] for first in range(0, len(own) - len(own) % len(rows), len(rows))]
        assert len(passes) > 2
        assert all(set(some) == rows for some in passes)
        assert len({tuple(some) for some in passes}) > 1


def test_draws_follow_the_weights() -> None:
    sampler = DomainSampler(["easy"] * 2000 + ["hard"] * 2000, shuffle=False)
    sampler.observe(["easy", "hard"], [0.9, 0.2])
    share = Counter(row >= 2000 for row in sampler)[True] / 4000
    assert share == pytest.approx(sampler.weights["hard"], abs=0.03)


@given(st.lists(st.tuples(REWARDS, REWARDS), min_size=6, max_size=6), st.integers(0, 6), st.integers(0, 3), SHARES)
def test_interrupted_anywhere_it_draws_the_same(
    rewards: list[tuple[float, float]], stop: int, ahead: int, eps: float
) -> None:
    """A loader fetches some batches ahead; a trainer that goes on skips through those that it has used."""
    assume(stop + ahead <= 6)

    def new() -> DomainSampler:
        return DomainSampler(["a", "b", "b"] * 4, batch_size=2, mini_repeat_count=2, seed=5, eps=eps, tau=0.1)

    whole, drawn = new(), []
    reading = iter(whole)
    saved = ""
    for number in range(6 + 1):
        while len(drawn) < min(6, number + ahead) * 4:
            drawn.append(next(reading))
        if number == stop:
            saved = json.dumps(whole.state_dict())
        if number < 6:
            whole.observe(["a", "b"], list(rewards[number]))
    other = new()
    other.load_state_dict(json.loads(saved))
    again, reading = [], iter(other)
    for number in range(stop, 6 + 1):
        while len(again) < min(6, number + ahead) * 4:
            again.append(next(reading))
        if number < 6:
            other.observe(["a", "b"], list(rewards[number]))
    assert again == drawn
    assert other.state_dict() == whole.state_dict()
    whole.set_epoch(1)
    other.set_epoch(1)
    assert list(other) == list(whole)


def test_an_epoch_has_draws_of_its_own_and_keeps_them() -> None:
    sampler = DomainSampler(["a", "b"] * 10, seed=2)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(0)
    assert list(sampler) == first
    sampler.set_epoch(1)
    second = list(sampler)
    assert second != first
    assert sampler.state_dict()["epoch"] == 1
    assert len(sampler.state_dict()["drawn"]) == 20
    assert list(DomainSampler(["a", "b"] * 10, seed=4)) != first
