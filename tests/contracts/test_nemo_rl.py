"""NeMo-RL, replayed: an environment's step, unpacked field by field. The registry holds a placeholder only."""

import sys
from types import ModuleType
from typing import Any

import pytest
from batch import cases, core

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers import nemo_rl

torch = pytest.importorskip("torch")


def logs() -> tuple[list[Any], list[Any]]:
    """Message logs as `calculate_rewards` cuts them down, and what the data processor put beside them."""
    messages = [[{"role": "user", "content": c.asked}, {"role": "assistant", "content": c.completion}] for c in cases()]
    return messages, [{"ground_truth": case.gold, "extracted_answer": None} for case in cases()]


def test_every_reward_is_the_cores() -> None:
    messages, metadata = logs()
    # as rollouts.py unpacks it
    observations, given, stops, rewards, terminateds, answers = nemo_rl.R2Environment(None).step(messages, metadata)
    assert rewards.tolist() == torch.tensor(core(), dtype=torch.float32).tolist()  # NeMo-RL keeps rewards in float32
    totals = torch.zeros(300)
    totals[torch.arange(300)] += rewards
    assert terminateds.bool().all()
    assert (given, stops, answers) == (metadata, [None] * 300, None)
    assert {(message["role"], message["content"]) for message in observations} == {("environment", "")}
    batch, metrics = nemo_rl.R2Environment().global_post_process_and_metrics({"rewards": rewards})
    assert metrics["sciie/score"] == pytest.approx(sum(core()) / 300, abs=1e-6)
    assert batch["rewards"] is rewards
    nemo_rl.R2Environment().shutdown()


def test_a_row_without_gold_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^ground_truth: no gold"):
        nemo_rl.R2Environment({"reward_config": None}).step([[{"role": "assistant", "content": "x"}]], [{}])


def test_it_is_an_actor_where_nemo_rl_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = ModuleType("ray")
    ray.remote = lambda cls: ("actor", cls)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(nemo_rl, "version", lambda name: "0.5.0")
    assert nemo_rl._as_actor(nemo_rl.R2Environment) == ("actor", nemo_rl.R2Environment)
    assert nemo_rl.R2Environment.__name__ == "R2Environment"
