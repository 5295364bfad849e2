"""Prompts drawn by domain in real GRPO runs: weights follow the rewards, on every process and after an interruption."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")

from datasets import Dataset
from tiny import GOLD, Row, bad, config, good, scripted, tiny_model, tokenizer
from transformers import TrainerCallback
from trl import GRPOTrainer

from sciie_eval.exceptions import InputError
from sciie_rewards import r2_components, r2_reward, r2_weights
from sciie_rewards.recipe.domain_sampler import domain_weights
from sciie_rewards.recipe.domain_trainer import STATE, domain_trainer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
pytestmark = pytest.mark.filterwarnings("ignore")  # those of torch, transformers and trl are not ours to mend

DOMAIN = {"a-0": "nets", "a-1": "nets", "a-2": "rest", "a-3": "rest"}
TEXTS = [f"Extract: {row['sentence']}\n{make(row)}[user] [assistant] " for row in GOLD for make in (good, bad)]


def data(copies: int = 4) -> Any:
    rows = [
        {"prompt": f"Extract: {row['sentence']}\n", "domain": DOMAIN[row["id"]], "id": f"{row['id']}.{copy}"}
        | {key: row[key] for key in ("sentence", "ner", "rel")}
        for copy in range(copies)
        for row in GOLD
    ]
    return Dataset.from_list(rows)


def row_of(prompt: str) -> Row:
    return next(row for row in GOLD if row["sentence"] in prompt)


def nets_are_hard(prompt: str, number: int) -> str:
    """Nothing is right about nets, and half of the rest is."""
    row = row_of(prompt)
    return good(row) if DOMAIN[row["id"]] == "rest" and number % 2 else bad(row)


def train(
    folder: Path,
    says: Callable[[str, int], str] = nets_are_hard,
    rewards: list[Any] | None = None,
    weighting: dict[str, float] | None = None,
    callbacks: list[Any] | None = None,
    resume: str | None = None,
    **settings: Any,
) -> Any:
    """Run a trainer and return it."""
    tok = tokenizer(TEXTS)
    made = scripted(domain_trainer(), says)(
        model=tiny_model(tok),
        reward_funcs=[r2_reward] if rewards is None else rewards,
        args=config(folder, **{"max_steps": 6, "log_completions": False, "shuffle_dataset": True, **settings}),
        train_dataset=data(),
        processing_class=tok,
        weighting=weighting,
        callbacks=callbacks,
    )
    made.train(resume_from_checkpoint=resume)
    return made


def logs(done: Any) -> list[Row]:
    return [entry for entry in done.state.log_history if "loss" in entry]


def half(completions: list[str], **columns: Any) -> list[float]:
    """A reward of nobody's: nets earn a quarter, the rest three."""
    return [0.25 if name == "nets" else 0.75 for name in columns["domain"]]


def by_copy(completions: list[str], **columns: Any) -> list[float]:
    """A reward that differs from prompt to prompt within a domain."""
    return [int(name.split(".")[1]) / 4 + (0.2 if "a-1" in name else 0.0) for name in columns["id"]]


@pytest.mark.parametrize("rewards", [[half], [r2_reward], [half, r2_reward]], ids=["alone", "r2", "both"])
def test_the_harder_domain_is_drawn_more_often(tmp_path: Path, rewards: list[Any]) -> None:
    done = train(tmp_path, rewards=list(rewards), weighting={"alpha": 0.5, "tau": 0.5, "eps": 0.1})
    rows = logs(done)
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    last = rows[-1]
    averages = {name: last[f"domains/{name}/reward"] for name in ("nets", "rest")}
    assert last["domains/nets/weight"] > last["domains/rest/weight"] >= 0.05
    assert {name: last[f"domains/{name}/weight"] for name in averages} == domain_weights(averages)
    if rewards == [half]:
        assert averages == {"nets": 0.25, "rest": 0.75}
    assert done.domains.averages == averages


def test_averages_are_of_the_weighted_sum_that_is_logged(tmp_path: Path) -> None:
    done = train(tmp_path, rewards=r2_components(), reward_weights=r2_weights(), weighting={"alpha": 1.0})
    drawn = done.domains.state_dict()["drawn"]
    names = data()["domain"]
    for number, row in enumerate(logs(done)):
        batch = [names[place] for place in drawn[number]]
        of_domains = [row[f"domains/{name}/reward"] for name in batch]
        assert row["reward"] == pytest.approx(sum(of_domains) / len(batch), abs=1e-6)


def test_the_batches_are_those_that_were_drawn(tmp_path: Path) -> None:
    """Two passes over every generation batch, in two slices; each is drawn once."""
    seen: list[list[str]] = []

    def watch(completions: list[str], **columns: Any) -> list[float]:
        seen.append(list(columns["id"]))
        return half(completions, **columns)

    done = train(
        tmp_path, rewards=[watch], num_iterations=2, gradient_accumulation_steps=2, per_device_train_batch_size=4
    )
    state, ids = done.domains.state_dict(), data()["id"]
    assert len(seen) == 3
    assert seen == [[ids[row] for row in batch for _ in range(4)] for batch in state["drawn"][:3]]


class Stop(TrainerCallback):
    """Interrupts a training at the end of a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_log(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("step", "accumulation"), [(4, 1), (9, 1), (4, 2)])
def test_interrupted_it_draws_the_same(tmp_path: Path, step: int, accumulation: int) -> None:
    """An epoch has eight steps."""
    how = {"save_strategy": "steps", "save_steps": 1, "max_steps": 12, "gradient_accumulation_steps": accumulation}
    how["per_device_train_batch_size"] = 8 // accumulation
    whole = train(tmp_path / "whole", weighting={"tau": 0.2}, **how)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", weighting={"tau": 0.2}, callbacks=[Stop(step)], **how)
    checkpoint = tmp_path / "cut" / f"checkpoint-{step - 1}"
    assert json.loads((checkpoint / STATE).read_text())["averages"]
    again = train(tmp_path / "cut", weighting={"tau": 0.2}, resume=str(checkpoint), **how)
    assert again.domains.state_dict() == whole.domains.state_dict()
    keys = [key for key in logs(whole)[-1] if key.startswith("domains/")]
    assert [[row[key] for key in keys] for row in logs(again)] == [[row[key] for key in keys] for row in logs(whole)]


def test_a_checkpoint_of_another_trainer_is_refused(tmp_path: Path) -> None:
    train(tmp_path, save_strategy="steps", save_steps=1, max_steps=1)
    (tmp_path / "checkpoint-1" / STATE).unlink()
    with pytest.raises(InputError, match=r"domains\.json: not there, so its draws are not known"):
        train(tmp_path, resume=str(tmp_path / "checkpoint-1"), max_steps=2)


def test_two_processes_draw_the_same(tmp_path: Path) -> None:
    """Over gloo; a prompt's group of completions is split between the two, and their rewards with it."""
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    path = os.pathsep.join([str(ROOT), str(HERE)])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *launch, str(HERE / "domain_processes.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 0, f"{done.stderr[-3000:]}\n{done.stdout[-1000:]}"
    one, two = (json.loads((tmp_path / f"rank-{rank}.json").read_text()) for rank in (0, 1))
    assert one == two
    assert set(one["averages"]) == {"nets", "rest"}
    assert len(one["drawn"]) >= 4


def test_it_is_the_trainer_of_trl_in_all_else() -> None:
    made = domain_trainer()
    assert made is domain_trainer()
    assert issubclass(made, GRPOTrainer)
    changed = {name for name in vars(made) if callable(vars(made)[name])}
    assert changed == {"__init__", "_get_train_sampler", "_calculate_rewards", "_observe", "log"}
