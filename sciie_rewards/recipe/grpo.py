"""R²GRPO: TRL's `GRPOTrainer` with a reward of this package, from the model of another stage.

Launch: ``sciie-rewards grpo --config nano.yaml``. Every component of the reward is a reward function of the trainer,
so that it logs each of them; weighted and summed they are the reward. Under the curriculum prompts come from easy to
hard, and the trainer's shuffling is off. With domains prompts are drawn by domain (`domain_sampler`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sciie_rewards.recipe.arguments import trainer_arguments
from sciie_rewards.recipe.curriculum import ascending
from sciie_rewards.recipe.domain_trainer import domain_trainer
from sciie_rewards.recipe.domains import DomainData, domains_of, rewards_of, selected
from sciie_rewards.recipe.failures import check_training_packages, check_vllm, explained
from sciie_rewards.recipe.models import check_start, load_tokenizer, lora_config
from sciie_rewards.recipe.rows import check_prompts
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
        domains = _domains(stage, settings)
        rewards = rewards_of(domains, settings)
        rows = [row for domain in domains for row in domain.rows(stage.recipe.model.prompts)]
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
        train_to_end(run, lambda callbacks: _trainer(run, settings, rewards, rows, callbacks))


def _trainer(
    run: Run, settings: Grpo, rewards: tuple[list[Any], list[float]], rows: list[dict[str, Any]], callbacks: list[Any]
) -> Any:
    from datasets import Dataset
    from trl import GRPOTrainer

    recipe, (functions, weights) = run.stage.recipe, rewards
    ours = {
        "output_dir": str(run.checkpoints),
        "seed": recipe.seed,
        "shuffle_dataset": not settings.curriculum,
        "reward_weights": weights,
        "remove_unused_columns": False,
        "report_to": "none",
        "model_init_kwargs": {"dtype": recipe.model.dtype},
    }
    kind, more = GRPOTrainer, {}
    if settings.domains is not None:
        kind, more = domain_trainer(), {"weighting": settings.domain_weights.model_dump()}
    return kind(
        model=run.start,
        reward_funcs=functions,
        args=trainer_arguments("grpo", settings.trainer, ours),
        train_dataset=Dataset.from_list(rows),
        processing_class=run.tokenizer,
        callbacks=callbacks,
        peft_config=lora_config(settings.lora),
        **more,
    )


def _domains(stage: Stage, settings: Grpo) -> list[DomainData]:
    """The selected prompts, in the order in which they are trained on."""
    found = selected(stage, domains_of(stage, settings))
    return [replace(domain, examples=ascending(domain.examples)) for domain in found] if settings.curriculum else found
