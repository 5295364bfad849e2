"""Arguments of TRL's trainers: by their names, checked, apart from those that the recipe sets."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("trl")

import torch
from tiny_recipe import recipe

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe.arguments import OURS, trainer_arguments

pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")  # TRL's, of transformers


def test_arguments_reach_the_trainer_and_ours_win(tmp_path: Path) -> None:
    ours = {"output_dir": str(tmp_path), "seed": 7}
    made = trainer_arguments("sft", {"learning_rate": "1e-4", "warmup_steps": 3, "optim": "sgd"}, ours)
    assert (made.learning_rate, made.warmup_steps, made.optim.value) == (1e-4, 3, "sgd")
    assert (made.output_dir, made.seed) == (str(tmp_path), 7)


def test_without_a_gpu_the_cpu_is_taken_and_no_bfloat16(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    made = trainer_arguments("grpo", {}, {"output_dir": str(tmp_path)})
    assert made.use_cpu
    assert not made.bf16


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [("sft", "learning_rat", "learning_rate"), ("grpo", "num_generation", "num_generations"), ("sft", "qqq", None)],
)
def test_an_unknown_argument_is_named_with_the_nearest(kind: str, name: str, near: str | None, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        trainer_arguments(kind, {name: 1}, {"output_dir": str(tmp_path)})  # type: ignore[arg-type]
    config = {"sft": "SFTConfig", "grpo": "GRPOConfig"}[kind]
    hint = f"; did you mean {near}?" if near else ""
    assert str(caught.value) == f"{kind}.trainer.{name}: {config} has no such argument{hint}"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in OURS.items() for name in names])
def test_what_the_recipe_sets_is_refused_and_exists(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"^{kind}\.trainer\.{name}: the recipe sets it itself"):
        trainer_arguments(kind, {name: 1}, {"output_dir": str(tmp_path)})  # type: ignore[arg-type]


def test_what_the_trainer_refuses_is_one_line(tmp_path: Path) -> None:
    wrong = {"per_device_train_batch_size": 3, "num_generations": 2}
    with pytest.raises(InputError, match=r"^grpo\.trainer: .*num_generations") as caught:
        trainer_arguments("grpo", wrong, {"output_dir": str(tmp_path)})
    assert "\n" not in str(caught.value)


def test_a_wrong_kind_of_value_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^sft\.trainer: fast is not"):
        trainer_arguments("sft", {"lr_scheduler_type": "fast"}, {"output_dir": str(tmp_path)})


def test_a_word_where_a_number_belongs_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^sft\.trainer\.learning_rate: expected a number, got 'fast'$"):
        trainer_arguments("sft", {"learning_rate": "fast"}, {"output_dir": str(tmp_path)})


def test_settings_of_the_tiny_run_are_valid(tmp_path: Path) -> None:
    for kind, section in (("sft", recipe(tmp_path).sft), ("grpo", recipe(tmp_path).grpo)):
        trainer_arguments(kind, section.trainer, {"output_dir": str(tmp_path)})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, "many", [8]])
def test_a_number_of_rows_that_is_none_is_one_line(value: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^sft\.trainer\.per_device_train_batch_size: expected a number, got "):
        trainer_arguments("sft", {"per_device_train_batch_size": value}, {"output_dir": str(tmp_path)})


def test_a_number_that_may_be_left_open_may_be_none(tmp_path: Path) -> None:
    assert trainer_arguments("sft", {"max_length": None}, {"output_dir": str(tmp_path)}).max_length is None
