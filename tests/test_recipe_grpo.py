"""GRPO: prompts in the order of the curriculum, every component logged, and nothing lost by an interruption."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from tiny_recipe import CARD, EXAMPLES, base, log, recipe, same_weights, stage, weights

from sciie_eval import Entity, Example, Extraction
from sciie_eval.exceptions import InputError
from sciie_rewards import R2Reward
from sciie_rewards.composite import ComponentReward
from sciie_rewards.recipe import grpo, select
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.curriculum import ascending
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.monitor import JsonLog
from sciie_rewards.recipe.stage import Stage

NAME = "mimic-r2grpo"


def with_grpo(folder: Path, **changes: Any) -> Recipe:
    """The tiny settings, something changed in the section grpo; all prompts of the split, unless told otherwise."""
    section = recipe(folder).grpo.model_dump(mode="json")
    trainer = {**section["trainer"], "max_steps": 4, **changes.pop("trainer", {})}
    return recipe(folder, grpo={**section, "select": {"size": None}, **changes, "trainer": trainer})


def selected(settings: Recipe, start: Path) -> Stage:
    """A stage whose prompts are selected."""
    made = stage(settings, NAME, start)
    select.select(made)
    return made


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that says what is right for every other completion, so that there is something to learn."""
    from trl import GRPOTrainer

    right = {example.sentence: target(CARD, "end2end", example, "grounded") for example in EXAMPLES["train"]}

    def say(self: Any, prompt_ids: Sequence[list[int]], *rest: Any, **more: Any) -> Any:
        tok, ids = self.processing_class, []
        for number, prompt in enumerate(prompt_ids):
            text = tok.decode(prompt)
            known = [said for sentence, said in right.items() if sentence in text]
            ids.append(
                tok(known[0] if number % 2 else "no", add_special_tokens=False)["input_ids"] + [tok.eos_token_id]
            )
        return ids, None

    monkeypatch.setattr(GRPOTrainer, "_generate_single_turn", say)


@pytest.mark.usefixtures("scripted")
def test_the_trainer_sees_prompts_in_ascending_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    score = ComponentReward.__call__

    def call(self: ComponentReward, completions: Any, **columns: Any) -> Any:
        if self.name == "REL":
            seen.extend(columns["id"])
        return score(self, completions, **columns)

    monkeypatch.setattr(ComponentReward, "__call__", call)
    settings = with_grpo(tmp_path, trainer={"max_steps": -1, "num_train_epochs": 1})
    grpo.train(selected(settings, base(tmp_path)))
    assert seen[::2] == seen[1::2] == [example.id for example in ascending(EXAMPLES["train"])]
    assert seen[::2] != [example.id for example in EXAMPLES["train"]]
    without = with_grpo(tmp_path / "shuffled", curriculum=False, trainer={"max_steps": -1, "num_train_epochs": 1})
    seen.clear()
    grpo.train(selected(without, tmp_path / "base"))
    assert sorted(seen[::2]) == sorted(example.id for example in EXAMPLES["train"])
    assert seen[::2] not in (
        [example.id for example in EXAMPLES["train"]],
        [e.id for e in ascending(EXAMPLES["train"])],
    )


@pytest.mark.usefixtures("scripted")
def test_every_component_is_logged_and_their_weighted_sum_is_the_reward(tmp_path: Path) -> None:
    settings = with_grpo(tmp_path, reward={"weights": {"RULE": 0.3}})
    grpo.train(selected(settings, base(tmp_path)))
    weights_of = R2Reward.from_settings(settings.grpo.reward).weights
    rows = [row for row in log(tmp_path / NAME) if "reward" in row]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        total = sum(weight * row[f"rewards/r2_{name.lower()}/mean"] for name, weight in weights_of.items())
        assert row["reward"] == pytest.approx(total)
        assert row["reward"] == pytest.approx(0.5)
        assert row["grad_norm"] > 0
    dev = [row for row in log(tmp_path / NAME) if "dev/rel_f1" in row]
    assert [row["step"] for row in dev] == [0, 3, 4]
    assert set(dev[0]) >= {"dev/ner_f1", "dev/rel_f1", "dev/best_rel_f1", "dev/ok", "dev/words"}
    assert not same_weights(tmp_path / NAME / "model", tmp_path / "base")


@pytest.mark.parametrize("step", [1, 3, 4])
@pytest.mark.usefixtures("scripted")
def test_interrupted_it_ends_with_the_same_model_and_log(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, told = base(tmp_path), JsonLog.on_log
    for name in ("one", "two"):
        made = selected(with_grpo(tmp_path / name, trainer={"save_steps": 1, "gradient_accumulation_steps": 2}), start)
        if name == "two":

            def on_log(self: JsonLog, args: Any, state: Any, control: Any, **named: Any) -> None:
                told(self, args, state, control, **named)
                if state.global_step == step and "loss" in named["logs"]:
                    raise KeyboardInterrupt

            with monkeypatch.context() as patch:
                patch.setattr(JsonLog, "on_log", on_log)
                with pytest.raises(KeyboardInterrupt):
                    grpo.train(made)
            assert not (made.folder / "model").exists()
        grpo.train(made)
    assert same_weights(tmp_path / "one" / NAME / "model", tmp_path / "two" / NAME / "model")
    assert log(tmp_path / "one" / NAME) == log(tmp_path / "two" / NAME)


def test_sampled_by_the_model_itself_it_resumes_with_the_same_completions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, told = base(tmp_path), JsonLog.on_log
    for name in ("one", "two"):
        made = selected(with_grpo(tmp_path / name, trainer={"save_steps": 2, "beta": 0.04}), start)
        if name == "two":

            def on_log(self: JsonLog, args: Any, state: Any, control: Any, **named: Any) -> None:
                if state.global_step == 3:
                    raise KeyboardInterrupt
                told(self, args, state, control, **named)

            with monkeypatch.context() as patch:
                patch.setattr(JsonLog, "on_log", on_log)
                with pytest.raises(KeyboardInterrupt):
                    grpo.train(made)
        grpo.train(made)
    rows = log(tmp_path / "one" / NAME)
    assert rows == log(tmp_path / "two" / NAME)
    assert any("kl" in row for row in rows)
    assert len({row["entropy"] for row in rows if "loss" in row}) == 4


def test_with_an_adapter_the_model_is_whole_in_the_end(tmp_path: Path) -> None:
    lora = {"r": 2, "alpha": 4, "target_modules": ["q_proj", "v_proj"]}
    grpo.train(selected(with_grpo(tmp_path, lora=lora, trainer={"max_steps": 1, "beta": 0.04}), base(tmp_path)))
    assert weights(tmp_path / NAME / "model").keys() == weights(tmp_path / "base").keys()
    assert (tmp_path / NAME / "best").is_dir()


def test_what_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / NAME / "model").mkdir(parents=True)
    monkeypatch.setattr(grpo, "train_to_end", None)
    grpo.train(stage(with_grpo(tmp_path), NAME, "not looked at"))


def test_prompts_that_are_too_long_stop_the_run(tmp_path: Path) -> None:
    made = selected(with_grpo(tmp_path, max_prompt_length=20), base(tmp_path))
    with pytest.raises(InputError, match=r"^grpo\.max_prompt_length: \d+ prompts have more than 20 tokens: train-"):
        grpo.train(made)
    assert not (made.folder / "checkpoints").exists()


def test_without_selected_prompts_or_with_foreign_ones_it_says_so(tmp_path: Path) -> None:
    made = stage(with_grpo(tmp_path), NAME, base(tmp_path))
    with pytest.raises(InputError, match=r"selected\.jsonl: prompts are not selected yet"):
        grpo.train(made)
    made.folder.mkdir()
    (made.folder / "selected.jsonl").write_text(json.dumps({"id": "elsewhere-1"}) + "\n")
    with pytest.raises(InputError, match=r"1 ids are not in train, the first is 'elsewhere-1'"):
        grpo.train(made)
    with pytest.raises(TypeError, match="not trained by GRPO"):
        grpo.train(stage(with_grpo(tmp_path), "mimic", "x"))


def test_gold_that_the_reward_cannot_read_is_found_before_training(tmp_path: Path) -> None:
    made = selected(with_grpo(tmp_path), base(tmp_path))
    odd = Example(id="train-0", sentence="X", gold=Extraction(entities=(Entity(text="X", type="Method"),)))
    made = Stage(made.recipe, made.system, made.folder, made.start, {**EXAMPLES, "train": [odd]}, CARD, made.console)
    (made.folder / "selected.jsonl").write_text('{"id": "train-0"}\n')
    bad = odd.model_copy(update={"gold": odd.gold.model_copy(update={"sections": frozenset({"rel"})})})
    made = Stage(made.recipe, made.system, made.folder, made.start, {**EXAMPLES, "train": [bad]}, CARD, made.console)
    with pytest.raises(InputError, match="ner"):
        grpo.train(made)


def test_vllm_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    made = selected(with_grpo(tmp_path, trainer={"use_vllm": True}), base(tmp_path))
    with pytest.raises(InputError, match=r"grpo\.trainer\.use_vllm: vLLM is not installed"):
        grpo.train(made)
