"""MimicSFT: TRL's `SFTTrainer` on prompts and targets made of gold, one phase of task forms after the other.

Launch: ``sciie-rewards sft --config nano.yaml``. Every phase is a run of the trainer of its own, with its own
checkpoints and its own learning-rate schedule, and starts from the model of the last step of the phase before (with
an adapter: merged; the next phase has a new one). Only phases that hold ``end2end`` are monitored.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sciie_eval.files import write_whole
from sciie_rewards.recipe.arguments import trainer_arguments
from sciie_rewards.recipe.failures import check_training_packages, explained
from sciie_rewards.recipe.models import check_start, load_tokenizer, lora_config
from sciie_rewards.recipe.quiet import say
from sciie_rewards.recipe.rows import Encoder, SftRows
from sciie_rewards.recipe.sections import Phase, Sft
from sciie_rewards.recipe.stage import Stage
from sciie_rewards.recipe.training import Run, train_to_end

__all__ = ["train"]


def train(stage: Stage) -> None:
    """Train a system by SFT; the model goes to ``<folder>/model``. What is done is not done again.

    Raises:
        InputError: no such model, a trainer argument that does not exist, nothing to train on, a large model without
            a GPU, memory is out, or the folder cannot be written.
        MissingExtraError: the packages for training are not installed.
    """
    settings = stage.settings(Sft, "SFT")
    if (stage.folder / "model").exists():
        return
    check_training_packages()
    check_start(stage.start, use_cpu=settings.trainer.get("use_cpu"))
    with explained("sft", stage.folder):
        start, steps = stage.start, 0
        for number, phase in enumerate(settings.phases, 1):
            start, steps = _train_phase(stage, settings, phase, number, start, steps)


def _train_phase(stage: Stage, settings: Sft, phase: Phase, number: int, start: str, steps: int) -> tuple[str, int]:
    """Train a phase unless it is done; where its model is, and the number of steps until then."""
    folder = stage.folder / "checkpoints" / f"phase-{number}"
    last = number == len(settings.phases)
    target, done = stage.folder / "model" if last else folder / "model", folder / "done.json"
    if done.exists():
        return str(target), int(json.loads(done.read_text(encoding="utf-8"))["steps"])
    tokenizer = load_tokenizer(start)
    run = Run(
        stage=stage,
        tokenizer=tokenizer,
        start=start,
        title=f"{stage.system.name}: {', '.join(phase.tasks)}",
        checkpoints=folder,
        target=target,
        offset=steps,
        epochs=phase.epochs,
        monitored=last and "end2end" in phase.tasks,
        more={"phase": number},
    )
    steps = train_to_end(run, lambda callbacks: _trainer(run, settings, phase, callbacks))
    if not last:
        write_whole(done, [json.dumps({"steps": steps}) + "\n"])
    return str(target), steps


def _trainer(run: Run, settings: Sft, phase: Phase, callbacks: list[Any]) -> Any:
    from trl import SFTTrainer

    recipe = run.stage.recipe
    arguments = _arguments(settings, run.checkpoints, recipe.seed, recipe.model.dtype)
    rows = SftRows(
        phase,
        run.stage.examples[recipe.data.train],
        Encoder(run.stage.card, run.tokenizer, recipe.model.prompts, settings.style),
        f"{recipe.seed}/{run.checkpoints.name}",
        settings.augment,
        arguments.max_length,
        arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps,
    )
    if said := rows.report(arguments.max_length):
        say(run.stage.console, said, "yellow")
    return SFTTrainer(
        model=run.start,
        args=arguments,
        train_dataset=rows.dataset(),
        processing_class=run.tokenizer,
        callbacks=callbacks,
        peft_config=lora_config(settings.lora),
    )


def _arguments(settings: Sft, checkpoints: Path, seed: int, dtype: str) -> Any:
    """The trainer's: our data set holds every epoch, in the order in which it is to be seen, and is tokenised."""
    ours = {
        "output_dir": str(checkpoints),
        "seed": seed,
        "num_train_epochs": 1,
        "train_sampling_strategy": "sequential",
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "remove_unused_columns": False,
        "report_to": "none",
        "model_init_kwargs": {"dtype": dtype},
    }
    return trainer_arguments("sft", settings.trainer, ours)
