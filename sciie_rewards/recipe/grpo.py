"""R²GRPO: TRL's `GRPOTrainer` with a reward of this package, from the model of another stage.

Launch: ``sciie-rewards grpo --config nano.yaml``. Every component of the reward is a reward function of the trainer,
so that it logs each of them; weighted and summed they are the reward. Under the curriculum prompts come from easy to
hard, and the trainer's shuffling is off.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sciie_eval.exceptions import InputError
from sciie_eval.schema import Example
from sciie_rewards.composite import R2Reward
from sciie_rewards.recipe.arguments import trainer_arguments
from sciie_rewards.recipe.curriculum import ascending
from sciie_rewards.recipe.failures import check_training_packages, check_vllm, explained
from sciie_rewards.recipe.models import check_start, load_tokenizer, lora_config
from sciie_rewards.recipe.rows import check_prompts, grpo_rows
from sciie_rewards.recipe.sections import Grpo
from sciie_rewards.recipe.stage import Stage
from sciie_rewards.recipe.training import Run, train_to_end

__all__ = ["train"]


def train(stage: Stage) -> None:
    """Train a system by GRPO on the prompts of `select`; the model goes to ``<folder>/model``, unless it is there.

    Raises:
        InputError: prompts are not selected yet or too long, gold that the reward cannot read, no such model, a
            trainer argument that does not exist, a large model without a GPU, memory is out, or the folder cannot be
            written.
        MissingExtraError: the packages for training are not installed.
    """
    settings = stage.settings(Grpo, "GRPO")
    if (stage.folder / "model").exists():
        return
    check_training_packages()
    if settings.trainer.get("use_vllm"):
        check_vllm("grpo.trainer.use_vllm")
    check_start(stage.start, use_cpu=settings.trainer.get("use_cpu"))
    with explained("grpo", stage.folder):
        tokenizer = load_tokenizer(stage.start)
        reward = R2Reward.from_settings(settings.reward)
        examples = _examples(stage, settings)
        for example in examples:  # gold that cannot be read is found before training, not in the middle of it
            reward.score_one("", example)
        rows = grpo_rows(stage.card, examples, stage.recipe.model.prompts)
        check_prompts(rows, tokenizer, settings.max_prompt_length)
        run = Run(
            stage=stage,
            tokenizer=tokenizer,
            start=stage.start,
            title=f"{stage.system.name}: grpo",
            checkpoints=stage.folder / "checkpoints",
            target=stage.folder / "model",
            baseline=True,
        )
        train_to_end(run, lambda callbacks: _trainer(run, settings, reward, rows, callbacks))


def _trainer(run: Run, settings: Grpo, reward: R2Reward, rows: Sequence[dict[str, Any]], callbacks: list[Any]) -> Any:
    from datasets import Dataset
    from trl import GRPOTrainer

    recipe = run.stage.recipe
    ours = {
        "output_dir": str(run.checkpoints),
        "seed": recipe.seed,
        "shuffle_dataset": not settings.curriculum,
        "reward_weights": list(reward.weights.values()),
        "remove_unused_columns": False,
        "report_to": "none",
        "model_init_kwargs": {"dtype": recipe.model.dtype},
    }
    return GRPOTrainer(
        model=run.start,
        reward_funcs=reward.components(),
        args=trainer_arguments("grpo", settings.trainer, ours),
        train_dataset=Dataset.from_list(list(rows)),
        processing_class=run.tokenizer,
        callbacks=callbacks,
        peft_config=lora_config(settings.lora),
    )


def _examples(stage: Stage, settings: Grpo) -> list[Example]:
    """The selected prompts, in the order in which they are trained on."""
    path = stage.folder / "selected.jsonl"
    if not path.exists():
        raise InputError(f"{path}: prompts are not selected yet; run the stage select of {stage.system.name} first")
    known = {example.id: example for example in stage.examples[stage.recipe.data.train]}
    names = [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]
    if absent := [name for name in names if name not in known]:
        raise InputError(f"{path}: {len(absent)} ids are not in {stage.recipe.data.train}, the first is {absent[0]!r}")
    examples = [known[name] for name in names]
    return ascending(examples) if settings.curriculum else examples
