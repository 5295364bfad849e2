"""The scripted policy of the benchmark on noise: it learns what it is paid for, and the same run is the same again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sciie_eval import Example, parse_completion, read_gold
from sciie_eval.cards import data_root

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
from noise import OVERLOOKED, Known, Overlooking, known, rewards, summary
from scripted_policy import CARE, FORM, STEPS, STYLE, Pool, made, normalised, trained


@pytest.fixture(scope="module")
def sample() -> list[Example]:
    return list(read_gold(data_root() / "sample" / "gold.jsonl"))[:12]


@pytest.fixture(scope="module")
def pool(sample: list[Example]) -> Pool:
    return made(sample, "reasoning helps")


@pytest.fixture(scope="module")
def judged(pool: Pool, sample: list[Example]) -> tuple[Known, Known]:
    return known(pool, sample)


def test_what_is_written_is_what_it_is_called(pool: Pool) -> None:
    texts = pool.texts
    assert texts.shape[1:4] == (len(CARE), len(STYLE), len(FORM))
    for form, status in enumerate(("ok", "repaired", "invalid")):
        assert {parse_completion(text).status for text in texts[:, :, :, form].ravel()} == {status}
    assert (pool.f1[:-1, :, 0] > pool.f1[1:, :, 0]).all()  # more care, more right
    assert (pool.f1[:, 2, 0] > pool.f1[:, 0, 0]).all()  # thorough, in a world where that helps
    assert (pool.f1[:, 3] == pool.f1[:, 0]).all()  # phrases alone help nobody
    assert not pool.f1[:, :, 2].any()


def test_where_reasoning_is_decoration_every_style_is_as_good(sample: list[Example]) -> None:
    f1 = made(sample, "reasoning is decoration").f1
    assert (f1 == f1[:, :1]).all()


def test_the_true_reward_teaches_and_chance_does_not(pool: Pool, judged: tuple[Known, Known]) -> None:
    found = {name: trained(pool, reward, 0) for name, reward in rewards(*judged, seed=0).items()}
    start, best = found["no noise"].curve[0], float(pool.f1.max())
    assert all(run.curve[0] == start for run in found.values())
    assert found["no noise"].curve[-1] > start + 0.8 * (best - start)
    for per in ("groups", "completions"):
        ends = [found[f"{share} % of the {per} flipped"].curve[-1] for share in (20, 50)]
        assert ends[0] > (start + best) / 2 > ends[1]
    assert found["patterns only"].probabilities[1][3] > 0.9  # it fakes
    assert found["majority vote, no gold"].curve[-1] > (start + best) / 2


def test_a_run_is_the_same_again_and_equal_rewards_teach_nothing(pool: Pool, judged: tuple[Known, Known]) -> None:
    one, two, other = (trained(pool, judged[0], seed) for seed in (1, 1, 2))
    assert one.curve == two.curve != other.curve
    still = trained(pool, lambda completions, **_: [0.3] * len(completions), 1)
    assert still.curve == pytest.approx([one.curve[0]] * len(still.curve))


def test_advantages_are_those_of_trl() -> None:
    torch: Any = pytest.importorskip("torch")
    values = np.random.default_rng(0).random((5, 8))
    given = torch.tensor(values)
    wanted = (given - given.mean(1, keepdim=True)) / (given.std(1, keepdim=True) + 1e-4)
    assert np.allclose(normalised(values), wanted.numpy(), atol=1e-12)


def test_the_judge_overlooks_the_share_it_says(pool: Pool, judged: tuple[Known, Known]) -> None:
    pairs = sorted({(p, t) for p, row in zip(pool.prompts, pool.texts, strict=True) for t in row.ravel().tolist()})
    prompts, texts = [prompt for prompt, _ in pairs], [text for _, text in pairs]
    true, seen = (reward(texts, prompts) for reward in (judged[0], Overlooking(judged[0], 0)))
    good = [after for before, after in zip(true, seen, strict=True) if before >= 0.5]
    assert [after for before, after in zip(true, seen, strict=True) if before < 0.5] == [v for v in true if v < 0.5]
    share = sum(value == 0 for value in good) / len(good)
    assert abs(share - OVERLOOKED) < 4 * (0.25 / len(good)) ** 0.5


def test_the_summary_holds_means_and_intervals(pool: Pool, judged: tuple[Known, Known]) -> None:
    runs = [trained(pool, judged[0], seed) for seed in range(3)]
    found, ends = summary(runs), [run.curve[-1] for run in runs]
    assert found["final"]["mean"] == pytest.approx(np.mean(ends))
    assert found["final"]["low"] < found["final"]["mean"] < found["final"]["high"]
    assert len(found["curve"]) == len(runs[0].curve)
    assert STEPS % (len(found["curve"]) - 1) == 0
    assert [sum(found[part].values()) for part in ("care", "style", "form")] == pytest.approx([1, 1, 1])
