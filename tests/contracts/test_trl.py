"""TRL calls the rewards as it calls any: real GRPO and RLOO runs on the CPU."""

from __future__ import annotations

import ast
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")

from tiny import (
    GOLD,
    MALFORMED,
    OPENING_CHAT,
    Row,
    bad,
    config,
    dataset,
    good,
    imitate,
    last_logged,
    logged,
    scripted,
    tiny_model,
    tokenizer,
)
from trl import GRPOTrainer, RLOOConfig, RLOOTrainer

from sciie_rewards import R2Reward, r2_components, r2_reward, r2_weights

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
pytestmark = pytest.mark.filterwarnings("ignore")  # those of torch, transformers and trl are not ours to mend
TEXTS = [f"Extract: {row['sentence']}\n{make(row)}[user] [assistant] " for row in GOLD for make in (good, bad)]


@pytest.fixture(scope="module")
def tok() -> Any:
    return tokenizer(TEXTS)


def of_prompt(prompt: str) -> Row:
    return next(row for row in GOLD if row["sentence"] in prompt)


def every_kind(prompt: str, number: int) -> str:
    """Good, wrong and malformed completions in turn."""
    return MALFORMED[number % len(MALFORMED)](of_prompt(prompt))


def train(
    folder: Path,
    tok: Any,
    says: Callable[[str, int], str] | None = None,
    trainer: type[Any] = GRPOTrainer,
    rewards: list[Any] | None = None,
    data: Any = None,
    **settings: Any,
) -> Any:
    """Run a trainer and return it."""
    kind = scripted(trainer, says) if says else trainer
    made = kind(
        model=tiny_model(tok),
        reward_funcs=[r2_reward] if rewards is None else rewards,
        args=config(folder, RLOOConfig if trainer is RLOOTrainer else type(config(folder)), **settings),
        train_dataset=dataset() if data is None else data,
        processing_class=tok,
    )
    made.train()
    return made


def check_logged(rows: list[Row], reward: R2Reward = r2_reward) -> list[float]:
    """Every logged reward is that of the logged completion; returns them."""
    assert rows
    for row in rows:
        prompt = row["prompt"] if isinstance(row["prompt"], str) else list(row["prompt"])
        completion = row["completion"] if isinstance(row["completion"], str) else list(row["completion"])
        result = reward.score_one(completion, row["sciie/gold"], prompt)
        assert row["r2_reward"] == pytest.approx(result.score, abs=1e-6)
        assert row["sciie/status"] == result.status
        for name, value in result.components.items():
            shown = row[f"sciie/{name}"]
            assert shown == ("" if name in result.vacuous else repr(value))
    return [row["r2_reward"] for row in rows]


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_grpo(tmp_path: Path, tok: Any, chat: bool) -> None:
    done = train(tmp_path, tok, every_kind, data=dataset(chat=chat, as_json=chat))
    rows = logged(tmp_path)
    found = check_logged(rows)
    assert len(found) == 16
    assert max(found) == pytest.approx(1)
    assert min(found) == 0
    assert {row["sciie/id"] for row in rows} == {row["id"] for row in GOLD}
    history = [entry for entry in done.state.log_history if "rewards/r2_reward/mean" in entry]
    for step, entry in enumerate(history):
        assert entry["reward"] == pytest.approx(mean(found[8 * step : 8 * step + 8]), abs=1e-6)
        values = [float(row["sciie/NER"]) for row in rows[8 * step : 8 * step + 8] if row["sciie/NER"]]
        assert entry["sciie/NER"] == pytest.approx(mean(values), abs=1e-6)


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_rloo(tmp_path: Path, tok: Any, chat: bool) -> None:
    done = train(tmp_path, tok, every_kind, RLOOTrainer, data=dataset(chat=chat, as_json=chat))
    found = check_logged(last_logged(done))
    assert len(found) == 8
    assert done.state.log_history[-2]["rewards/r2_reward/mean"] == pytest.approx(mean(found), abs=1e-6)


def test_what_a_random_model_says_is_no_exception(tmp_path: Path, tok: Any) -> None:
    train(tmp_path, tok)
    assert set(check_logged(logged(tmp_path))) == {0.0}


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_the_components_make_the_reward(tmp_path: Path, tok: Any, chat: bool) -> None:
    done = train(
        tmp_path, tok, every_kind, rewards=r2_components(), data=dataset(chat=chat), reward_weights=r2_weights()
    )
    rows = logged(tmp_path)
    names = [reward.__name__ for reward in r2_components()]
    totals = []
    for row in rows:
        completion = row["completion"] if isinstance(row["completion"], str) else list(row["completion"])
        result = r2_reward.score_one(completion, row["sciie/gold"])
        total = sum(weight * row[name] for weight, name in zip(r2_weights(), names, strict=True))
        assert total == pytest.approx(result.score, abs=1e-6)
        assert [row[name] for name in names] == pytest.approx(list(result.components.values()), abs=1e-6)
        totals.append(total)
    history = [entry["reward"] for entry in done.state.log_history if "reward" in entry]
    assert history == pytest.approx([sum(totals[:8]) / 8, sum(totals[8:]) / 8], abs=1e-6)


def test_several_rewards_beside_each_other(tmp_path: Path, tok: Any) -> None:
    other = R2Reward(normalize="spacing", name="loose_reward")
    train(tmp_path, tok, every_kind, rewards=[r2_reward, other, *other.components()])
    rows = logged(tmp_path)
    check_logged(rows)
    assert {"loose_reward", "loose_format", "loose_rule", "loose_reward/NER", "sciie/NER"} <= set(rows[0])


def test_a_chat_template_that_opens_the_reasoning(tmp_path: Path) -> None:
    """The opening tag stands in the prompt that the model reads, not in the messages that the reward is given."""
    tok = tokenizer(TEXTS, OPENING_CHAT)

    def says(prompt: str, number: int) -> str:
        assert prompt.endswith("<think>\n")
        return good(of_prompt(prompt), opened=True) if number % 2 else "no idea"

    train(tmp_path, tok, says, data=dataset(chat=True))
    assert check_logged(logged(tmp_path)) == pytest.approx([0.0, 1.0] * 8)


@pytest.mark.parametrize(("opening", "format"), [("<think>\n", 1.0), ("", 0.0)], ids=["opened", "not opened"])
def test_a_plain_prompt_that_opens_the_reasoning(tmp_path: Path, tok: Any, opening: str, format: float) -> None:
    train(tmp_path, tok, lambda prompt, _: good(of_prompt(prompt), opened=True), data=dataset(opening=opening))
    rows = logged(tmp_path)
    check_logged(rows)
    assert {float(row["sciie/FORMAT"]) for row in rows} == {format}


def test_rows_of_another_task_are_left_out(tmp_path: Path, tok: Any) -> None:
    """TRL takes None for a reward that does not apply; another reward judges these rows."""
    data = dataset(as_json=True)
    golds = [None if number == 1 else value for number, value in enumerate(data["gold"])]
    data = data.remove_columns("gold").add_column("gold", golds)

    def other(completions: list[str], **columns: Any) -> list[float]:
        return [0.5] * len(completions)

    train(tmp_path, tok, every_kind, rewards=[r2_reward, other], data=data)
    for row in logged(tmp_path):
        assert (row["r2_reward"] != row["r2_reward"]) == (row["sciie/gold"] == "")  # nan, and only there


def test_the_policy_learns(tmp_path: Path) -> None:
    """A model that gives good and bad answers alike comes to prefer the good ones: reward and F1 rise."""
    pairs = [(f"Extract: {row['sentence']}\n", make(row)) for row in GOLD[:3] for make in (good, bad, half)]
    tok = tokenizer([prompt + completion for prompt, completion in pairs], size=1000)
    model = tiny_model(tok, hidden=64, layers=2)
    imitate(model, tok, pairs, steps=150)
    settings = {"max_steps": 60, "per_device_train_batch_size": 24, "num_generations": 8, "learning_rate": 5e-4}
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=[r2_reward],
        args=config(tmp_path, max_completion_length=64, lr_scheduler_type="constant", **settings),
        train_dataset=dataset(GOLD[:3]),
        processing_class=tok,
    )
    trainer.train()
    rows = logged(tmp_path)
    first, last = rows[: 24 * 5], rows[-24 * 5 :]
    for name in ("r2_reward", "sciie/NER", "sciie/REL"):
        before, after = (mean([float(row[name]) for row in part if row[name] != ""]) for part in (first, last))
        assert before < 0.8
        assert after > before + 0.1
    check_logged(rows)


def half(row: Row) -> str:
    """One item right, one invented."""
    return good({**row, "ner": [*row["ner"][:1], ["look", "Task"]], "rel": []})


def clean_environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "GLOO_SOCKET_IFNAME": "lo",
    }


def run(*command: str, folder: Path) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_two_processes(tmp_path: Path) -> None:
    """Over gloo; a prompt's group of completions is split between the two."""
    script = HERE / "two_processes.py"
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    run(sys.executable, *launch, str(script), str(tmp_path / "out"), folder=tmp_path)
    found = check_logged(logged(tmp_path / "out"))
    assert len(found) == 16
    assert max(found) == pytest.approx(1)


def test_the_command_of_trl(tmp_path: Path, tok: Any) -> None:
    tok.save_pretrained(tmp_path / "model")
    tiny_model(tok).save_pretrained(tmp_path / "model")
    (tmp_path / "data").mkdir()
    dataset(as_json=True).to_json(tmp_path / "data" / "train.jsonl")
    flags = ["--use_cpu=True", "--bf16=False", "--report_to=none", "--max_steps=1", "--num_generations=4"]
    flags += ["--per_device_train_batch_size=8", "--max_completion_length=8", "--log_completions=True"]
    trl = str(Path(sys.executable).with_name("trl"))
    run(
        *(trl, "grpo", "--model_name_or_path", str(tmp_path / "model"), "--dataset_name", str(tmp_path / "data")),
        *("--reward_funcs", "sciie_rewards.r2_reward", "--output_dir", str(tmp_path / "out"), "--dtype=float32"),
        *("--logging_steps=1", "--save_strategy=no", *flags),
        folder=tmp_path,
    )
    assert set(check_logged(logged(tmp_path / "out"))) == {0.0}


def test_the_ten_lines_of_the_docs(tmp_path: Path, tok: Any, data_dir: Path) -> None:
    page = (ROOT / "docs" / "train-with-trl.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    assert len(ast.parse(code).body) == 10
    (tmp_path / "train.py").write_text(code, encoding="utf-8")
    tok.save_pretrained(tmp_path / "model")
    tiny_model(tok).save_pretrained(tmp_path / "model")
    run(sys.executable, "train.py", "model", "1", folder=tmp_path)
    assert len(check_logged(logged(tmp_path / "out"))) == 8


def in_a_spawned_process(reward: Any) -> list[float | None]:
    return reward(completions=[good(GOLD[0])], gold=[json.dumps(GOLD[0])])  # type: ignore[no-any-return]


def test_rewards_survive_pickling_and_spawning() -> None:
    for reward in (r2_reward, *r2_components(), R2Reward(weights={"REL": 1, "NER": 1}, normalize="spacing")):
        again = pickle.loads(pickle.dumps(reward))
        assert again.__name__ == reward.__name__
        assert in_a_spawned_process(again) == in_a_spawned_process(reward)
    with get_context("spawn").Pool(1) as pool:
        assert pool.map(in_a_spawned_process, [r2_reward, r2_components()[1]]) == [[1.0], [1.0]]
