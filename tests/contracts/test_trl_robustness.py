"""Patterns, flips, calibration and votes in real GRPO runs: alone, composed, in evaluation, on two processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")

from test_trl import HERE, TEXTS, clean_environment, every_kind, of_prompt, train
from tiny import GOLD, bad, config, dataset, good, last_logged, logged, scripted, tiny_model, tokenizer
from trl import GRPOTrainer, RLOOTrainer

from sciie_rewards import Calibrated, GroupFlip, R2Reward, majority_vote, r2_reward, reasoning_pattern_reward
from sciie_rewards.majority import MajorityVote

pytestmark = pytest.mark.filterwarnings("ignore")  # those of torch, transformers and trl are not ours to mend
CLEAN = R2Reward(name="clean")


@pytest.fixture(scope="module")
def tok() -> Any:
    return tokenizer(TEXTS)


def again(row: dict[str, Any]) -> float:
    completion = row["completion"] if isinstance(row["completion"], str) else list(row["completion"])
    prompt = row["prompt"] if isinstance(row["prompt"], str) else list(row["prompt"])
    return CLEAN.score_one(completion, row["sciie/gold"], prompt).score


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
@pytest.mark.parametrize("seed", range(3))
def test_flips_are_those_of_seed_prompt_and_step(tmp_path: Path, tok: Any, chat: bool, seed: int) -> None:
    reward = GroupFlip(r2_reward, 0.5, seed=seed)
    done = train(tmp_path, tok, every_kind, rewards=[reward], data=dataset(chat=chat))
    rows = logged(tmp_path)
    assert len(rows) == 16
    turned = []
    for first in range(0, 16, 4):
        group = rows[first : first + 4]
        prompt = group[0]["prompt"] if isinstance(group[0]["prompt"], str) else [dict(m) for m in group[0]["prompt"]]
        step = int(first >= 8)
        (flip,) = GroupFlip(lambda completions, **_: [0.0], 0.5, seed=seed)(["x"], [prompt], trainer_state=State(step))
        for row in group:
            assert row["flipped_r2_reward"] == pytest.approx(1 - again(row) if flip else again(row), abs=1e-6)
        turned.append(flip)
    shares = [entry["flipped_r2_reward/flipped"] for entry in done.state.log_history if "reward" in entry]
    assert shares == [sum(turned[:2]) / 2, sum(turned[2:]) / 2]


class State:
    """What of TRL's state is looked at."""

    def __init__(self, step: int) -> None:
        self.global_step = step


def test_evaluation_sees_the_true_reward(tmp_path: Path, tok: Any) -> None:
    reward = GroupFlip(r2_reward, 1, seed=0)
    trainer = scripted(GRPOTrainer, lambda prompt, _: good(of_prompt(prompt)))(
        model=tiny_model(tok),
        reward_funcs=[reward],
        args=config(tmp_path, eval_strategy="steps", eval_steps=1, per_device_eval_batch_size=8),
        train_dataset=dataset(),
        eval_dataset=dataset(GOLD[:2]),
        processing_class=tok,
    )
    trainer.train()
    history = trainer.state.log_history
    trained = [
        entry["rewards/flipped_r2_reward/mean"] for entry in history if "rewards/flipped_r2_reward/mean" in entry
    ]
    evaluated = [entry["eval_rewards/flipped_r2_reward/mean"] for entry in history if "eval_reward" in entry]
    assert trained == pytest.approx([0, 0], abs=1e-6)
    assert evaluated == pytest.approx([1, 1], abs=1e-6)


def thoughtful(prompt: str, number: int) -> str:
    """Right or wrong, with words of reasoning or without."""
    text = (good if number % 2 else bad)(of_prompt(prompt))
    return text.replace("<think>", "<think>I read it. Because the phrase stands for that, therefore: ", number % 4 // 2)


def test_patterns_alone_and_calibrating(tmp_path: Path, tok: Any) -> None:
    calibrated = Calibrated(CLEAN, reasoning_pattern_reward, tau=0.5, alpha=0.4)
    train(tmp_path, tok, thoughtful, rewards=[reasoning_pattern_reward, calibrated, r2_reward])
    rows = logged(tmp_path)
    for row in rows:
        pattern = reasoning_pattern_reward.score_one(row["completion"]).score
        assert row["reasoning_pattern_reward"] == pytest.approx(pattern, abs=1e-6)
        low = row["r2_reward"] < 0.5
        wanted = row["r2_reward"] + (0.4 * pattern if low else 0)
        assert row["calibrated_clean"] == pytest.approx(wanted, abs=1e-6)
    assert len({round(row["reasoning_pattern_reward"], 4) for row in rows}) > 1
    assert any(row["calibrated_clean"] > row["r2_reward"] + 0.01 for row in rows)


def agreeing(prompt: str, number: int) -> str:
    """Three of a group agree, the last has no answer."""
    return "no idea" if number % 4 == 3 else good(of_prompt(prompt))


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_the_vote_needs_no_gold(tmp_path: Path, tok: Any, chat: bool) -> None:
    data = dataset(GOLD[:2], chat=chat).remove_columns(["sentence", "ner", "rel"])
    done = train(tmp_path, tok, agreeing, rewards=[majority_vote, reasoning_pattern_reward], data=data)
    assert [row["majority_vote"] for row in logged(tmp_path)] == pytest.approx([1, 1, 1, 0] * 4)
    (first, _) = [entry for entry in done.state.log_history if "reward" in entry]
    assert first["majority_vote/valid"] == 0.75
    assert first["majority_vote/decided"] == 1


def test_the_vote_in_evaluation_and_beside_gold(tmp_path: Path, tok: Any) -> None:
    trainer = scripted(GRPOTrainer, agreeing)(
        model=tiny_model(tok),
        reward_funcs=[majority_vote, r2_reward],
        args=config(
            tmp_path, eval_strategy="steps", eval_steps=1, num_generations_eval=2, per_device_eval_batch_size=4
        ),
        train_dataset=dataset(GOLD[:2]),
        eval_dataset=dataset(GOLD[:2]),
        processing_class=tok,
    )
    trainer.train()
    evaluated = [e["eval_rewards/majority_vote/mean"] for e in trainer.state.log_history if "eval_reward" in e]
    assert evaluated == pytest.approx([0.5, 0.5])  # the group of the last two has one answer, which is no vote


def test_all_of_them_composed(tmp_path: Path, tok: Any) -> None:
    rewards = [
        r2_reward,
        Calibrated(GroupFlip(CLEAN, 0.5, seed=0), reasoning_pattern_reward),
        majority_vote,
        reasoning_pattern_reward,
    ]
    done = train(tmp_path, tok, every_kind, rewards=rewards, reward_weights=[1.0, 0.5, 0.25, 0.25])
    rows = logged(tmp_path)
    names = ["r2_reward", "calibrated_flipped_clean", "majority_vote", "reasoning_pattern_reward"]
    totals = [sum(row[n] * w for n, w in zip(names, (1, 0.5, 0.25, 0.25), strict=True)) for row in rows]
    history = [entry["reward"] for entry in done.state.log_history if "reward" in entry]
    assert history == pytest.approx([sum(totals[:8]) / 8, sum(totals[8:]) / 8], abs=1e-5)
    assert [row["r2_reward"] for row in rows] == pytest.approx([again(row) for row in rows], abs=1e-6)


def test_rloo(tmp_path: Path, tok: Any) -> None:
    rewards = [GroupFlip(CLEAN, 1, seed=0), majority_vote, r2_reward]
    done = train(tmp_path, tok, agreeing, RLOOTrainer, rewards=rewards, data=dataset(GOLD[:2]))
    rows = last_logged(done)
    assert [row["majority_vote"] for row in rows] == pytest.approx([1, 1, 1, 0] * 2)
    assert [row["flipped_clean"] for row in rows] == pytest.approx([1 - row["r2_reward"] for row in rows])


def on_two_processes(folder: Path, batch: int) -> subprocess.CompletedProcess[str]:
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    command = [sys.executable, *launch, str(HERE / "two_votes.py"), str(folder), str(batch)]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=folder.parent)


def test_two_processes_flip_alike_and_vote_on_whole_groups(tmp_path: Path) -> None:
    done = on_two_processes(tmp_path / "out", 4)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = logged(tmp_path / "out")
    assert len(rows) == 16
    for first in range(0, 16, 4):
        group = rows[first : first + 4]
        assert len({row["prompt"] for row in group}) == 1
        assert len({row["flipped_zero"] for row in group}) == 1
        voted = MajorityVote().vote([row["completion"] for row in group]).scores
        assert [row["majority_vote"] for row in group] == pytest.approx(voted, abs=1e-6)
    assert {row["flipped_zero"] for row in rows} == {0, 1}


def test_two_processes_that_split_a_group_are_refused(tmp_path: Path) -> None:
    done = on_two_processes(tmp_path / "out", 2)
    assert done.returncode != 0
    assert "where a group has 4: the group is split over processes or batches; make per_device_train" in done.stderr
    assert not logged_at_all(tmp_path / "out")


def logged_at_all(folder: Path) -> bool:
    return any(folder.glob("completions/*.parquet"))


def test_from_the_shell_with_a_file_of_ones_own(tmp_path: Path, tok: Any) -> None:
    """The file and the command of the docs."""
    page = (HERE.parent.parent / "docs" / "robustness.md").read_text(encoding="utf-8")
    (tmp_path / "noisy.py").write_text(page.split('```python title="noisy.py"\n')[1].split("```")[0], encoding="utf-8")
    (line,) = [line for line in page.split("\n") if line.startswith("$ trl grpo")]
    rewards = line.partition("--reward_funcs ")[2].split()
    assert rewards == ["noisy.reward", "sciie_rewards.reasoning_pattern_reward"]
    tok.save_pretrained(tmp_path / "model")
    tiny_model(tok).save_pretrained(tmp_path / "model")
    (tmp_path / "data").mkdir()
    dataset(as_json=True).to_json(tmp_path / "data" / "train.jsonl")
    flags = "--use_cpu=True --bf16=False --report_to=none --max_steps=2 --num_generations=4 --log_completions=True"
    flags += " --per_device_train_batch_size=8 --max_completion_length=8 --dtype=float32 --logging_steps=1"
    command = [str(Path(sys.executable).with_name("trl")), "grpo", "--model_name_or_path", "model", "--output_dir=out"]
    command += ["--dataset_name", "data", "--reward_funcs", *rewards, "--save_strategy=no", *flags.split()]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert {"flipped_r2_reward", "reasoning_pattern_reward"} <= set(logged(tmp_path / "out")[0])
