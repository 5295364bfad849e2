"""The ablation of the weights: completions scored once give, for any weights, what the reward with these gives."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from sciie_eval import Example, read_gold
from sciie_eval.cards import data_root
from sciie_rewards import R2Reward

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
from exploits import EXPLOITS
from honest import in_full, in_one_line
from reward_ablation import MEASURES, NAMES, ORDERED, ablation, over_seeds, valued, variants
from reward_hacking import seeded
from synthetic import noisy


@pytest.fixture(scope="module")
def sample() -> list[Example]:
    return list(read_gold(data_root() / "sample" / "gold.jsonl"))[:20]


def test_the_weights_are_laid_over_values_as_the_reward_does(sample: list[Example]) -> None:
    rng = random.Random(1)
    said = [(make(noisy(e, noise, rng)), e) for e in sample for noise in (0, 0.4, 1) for make in (in_full, in_one_line)]
    said += [(exploit(e, seeded(e)), e) for exploit in EXPLOITS.values() for e in sample[:5]]
    once = valued(said)
    for name, weights in variants().items():
        reward = R2Reward(weights=weights)
        expected = [reward.score_one(text, example).score for text, example in said]
        assert once.rewards(weights).tolist() == pytest.approx(expected, abs=1e-11), name
    assert 0 < once.scaled.sum() < len(said)


def test_every_measure_has_its_interval_over_the_seeds(sample: list[Example]) -> None:
    one, three = ablation(sample[:8], 1), ablation(sample[:8], 3)
    assert set(one) == set(three) == set(variants())
    for name, row in three.items():
        for measure in MEASURES:
            low, high = row["interval"][measure]
            assert low <= row[measure] <= high
            difference = row["difference from default"][measure]
            assert difference["mean"] == pytest.approx(row[measure] - three["default"][measure], abs=1e-12)
            assert difference["low"] <= difference["mean"] <= difference["high"]
        assert set(row["weights"]) == set(NAMES)
        assert name != "default" or row["difference from default"][ORDERED] == {"mean": 0, "low": 0, "high": 0}
    assert three["default"]["interval"][ORDERED][0] < three["default"]["interval"][ORDERED][1]
    assert one["default"]["interval"][ORDERED] == [one["default"][ORDERED]] * 2


def test_the_interval_is_that_of_student() -> None:
    mean, low, high = over_seeds([1.0, 2.0, 3.0])
    assert (mean, high - mean, mean - low) == pytest.approx((2, 4.302653 / 3**0.5, 4.302653 / 3**0.5), abs=1e-6)
