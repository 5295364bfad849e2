"""What would stop a later stage is found before the first: packages, the model, trainers' arguments, vLLM."""

from __future__ import annotations

from collections.abc import Sequence

from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.plan import Step

__all__ = ["check"]


def check(recipe: Recipe, steps: Sequence[Step]) -> None:
    """See whether steps can be done at all; nothing is loaded or written.

    Args:
        recipe: the settings.
        steps: those that are not done yet.

    Raises:
        InputError: no such model, a large one without a GPU, an argument that a trainer does not have, or vLLM is
            asked for and not installed.
        MissingExtraError: the packages for training are not installed.
    """
    from sciie_rewards.recipe.failures import check_training_packages, check_vllm

    models = [step for step in steps if step.system is None or step.system.stage != "dictionary"]
    if not models:
        return
    check_training_packages()
    sampled = any(step.kind in ("select", "generate") for step in models)
    if sampled and recipe.generate.engine == "vllm":
        check_vllm("generate.engine")
    _check_model(recipe, models)
    for step in models:
        if step.kind == "train":
            _check_trainer(recipe, step)


def _check_model(recipe: Recipe, steps: Sequence[Step]) -> None:
    from sciie_rewards.recipe.models import check_start
    from sciie_rewards.recipe.quiet import quiet

    starting = [step for step in steps if step.kind in ("train", "select") and step.start == recipe.model.path]
    if starting and recipe.model.path is not None:
        on_cpu = all(_trainer(recipe, step).get("use_cpu") for step in starting)
        with quiet():
            check_start(recipe.model.path, use_cpu=on_cpu)


def _check_trainer(recipe: Recipe, step: Step) -> None:
    from sciie_rewards.recipe.arguments import StageKind, trainer_arguments
    from sciie_rewards.recipe.failures import check_vllm
    from sciie_rewards.recipe.quiet import quiet

    assert step.system is not None
    given = _trainer(recipe, step)
    if given.get("use_vllm"):
        check_vllm("grpo.trainer.use_vllm")
    with quiet():
        kind: StageKind = "sft" if step.system.stage == "sft" else "grpo"
        trainer_arguments(kind, given, {"output_dir": str(step.folder / "checkpoints"), "report_to": "none"})


def _trainer(recipe: Recipe, step: Step) -> dict[str, object]:
    """The arguments of a step's trainer."""
    assert step.system is not None
    section = recipe.settings_of(step.system)
    return {} if section is None else section.trainer
