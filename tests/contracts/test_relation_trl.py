"""Real GRPO runs with R1-RE's reward: alone, with rows from the task's own file; and beside `r2_reward`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")

from datasets import Dataset
from tiny import GOLD, MALFORMED, config, good, logged, scripted, tiny_model, tokenizer
from trl import GRPOTrainer

from sciie_eval import load_card, read_labels
from sciie_eval.evaluate import Reading
from sciie_eval.label_evaluation import evaluate_labels
from sciie_eval.label_scoring import label_settings
from sciie_eval.prompts import label_messages
from sciie_rewards import TwoStageRelationReward, r2_reward, relation_reward

pytestmark = pytest.mark.filterwarnings("ignore")  # those of torch, transformers and trl are not ours to mend
TRAIN = """\
1\t"The <e1>fire</e1> made <e2>smoke</e2>."
Cause-Effect(e1,e2)
Comment:

2\t"The <e1>noise</e1> came of the <e2>engine</e2>."
Cause-Effect(e2,e1)
Comment:

3\t"A <e1>leaf</e1> met a <e2>cloud</e2>."
Other
Comment:

4\t"The <e1>letter</e1> is about <e2>rain</e2>."
Message-Topic(e1,e2)
Comment:

"""
SAID = (
    "<think>x</think><answer>Cause-Effect(e1,e2)</answer>",
    "<think>x</think><answer>cause-effect (e2, e1)</answer>",
    "<think>x</think><answer>Other</answer>",
    "Other",
)


@pytest.fixture
def rows(tmp_path: Path) -> list[dict[str, Any]]:
    """The rows of the docs: the task's file and the card's guideline."""
    (tmp_path / "TRAIN_FILE.TXT").write_text(TRAIN, encoding="utf-8")
    card = load_card("semeval2010_task8")
    found = read_labels(tmp_path / "TRAIN_FILE.TXT")
    return [{"id": row.id, "prompt": label_messages(card, row.sentence), "label": row.label} for row in found]


def train(folder: Path, says: Any, rewards: list[Any], rows: list[dict[str, Any]], **settings: Any) -> Any:
    tok = tokenizer([json.dumps(row["prompt"]) for row in rows] + [*SAID, "[user] [assistant] "])
    trainer = scripted(GRPOTrainer, says)(
        model=tiny_model(tok),
        reward_funcs=rewards,
        args=config(folder / "out", max_completion_length=24, **settings),
        train_dataset=Dataset.from_list(rows),
        processing_class=tok,
    )
    trainer.train()
    return trainer


def expected(row: dict[str, Any], reward: TwoStageRelationReward) -> float:
    prompt = row["prompt"] if isinstance(row["prompt"], str) else list(row["prompt"])
    completion = row["completion"] if isinstance(row["completion"], str) else list(row["completion"])
    return reward.score_one(completion, row["sciie/label"], prompt).score


def test_alone(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    done = train(tmp_path, lambda prompt, number: SAID[number % 4], [relation_reward], rows)
    found = logged(tmp_path / "out")
    assert len(found) == 16
    for row in found:
        assert row["relation_reward"] == expected(row, relation_reward)
    assert {row["relation_reward"] for row in found} == {3.0, -0.5, -3.0}
    assert {row["sciie/label"] for row in found} == {row["label"] for row in rows}
    history = [entry for entry in done.state.log_history if "sciie/label_right" in entry]
    assert [entry["sciie/label_format"] for entry in history] == [0.75, 0.75]
    assert [entry["sciie/label_right"] for entry in history] == [0.25, 0.125]
    # what was logged is scored without anything beside it: samples of one prompt belong to one sentence
    (log,) = sorted((tmp_path / "out" / "completions").glob("*_00001.parquet"))
    score = evaluate_labels(log, label_settings(bootstrap=10), reading=Reading(sample=0))
    assert (score.n_sentences, score.parse) == (2, {"ok": 2})


def test_a_random_model_is_no_exception(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    tok = tokenizer([json.dumps(row["prompt"]) for row in rows])
    trainer = GRPOTrainer(
        model=tiny_model(tok),
        reward_funcs=[TwoStageRelationReward(scale=(0, 1))],
        args=config(tmp_path / "out", max_steps=1),
        train_dataset=Dataset.from_list(rows),
        processing_class=tok,
    )
    trainer.train()
    assert {row["relation_reward"] for row in logged(tmp_path / "out")} == {0.0}


def test_beside_the_r2_reward(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """One run on two tasks: each row is judged by the reward whose gold it has, and both rewards are in [0, 1]."""
    both = [{**rows[0], "gold": None}, *({**row, "gold": None} for row in rows[1:2])]
    for example in GOLD[:2]:
        prompt = [{"role": "user", "content": f"Extract: {example['sentence']}"}]
        both.append({"id": example["id"], "prompt": prompt, "label": None, "gold": json.dumps(example)})

    def says(prompt: str, number: int) -> str:
        example = next((row for row in GOLD if row["sentence"] in prompt), None)
        if example is None:
            return SAID[number % 4]
        return good(example) if number % 2 else MALFORMED[number % len(MALFORMED)](example)

    reward = TwoStageRelationReward(scale=(0, 1))
    train(tmp_path, says, [reward, r2_reward], both)
    found = logged(tmp_path / "out")
    assert len(found) == 16
    for row in found:
        is_label = row["sciie/label"] != ""
        assert (row["relation_reward"] == row["relation_reward"]) == is_label  # nan where it does not apply
        assert (row["r2_reward"] == row["r2_reward"]) == (not is_label)
        if is_label:
            assert row["relation_reward"] == pytest.approx(expected(row, reward), abs=1e-6)
        assert row["sciie/gold" if is_label else "sciie/label"] == ""
    assert max(row["r2_reward"] for row in found if not row["sciie/label"]) == 1
    assert max(row["relation_reward"] for row in found if row["sciie/label"]) == 1
