"""One run of a trainer: with its logs, the monitor and a bar, from its last whole checkpoint to a model on the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciie_rewards.recipe.checkpoints import WholeMark, last_whole
from sciie_rewards.recipe.models import free_memory, save_adapted, save_model
from sciie_rewards.recipe.monitor import REL, JsonLog, Monitor
from sciie_rewards.recipe.progress import StepBar
from sciie_rewards.recipe.quiet import say
from sciie_rewards.recipe.stage import Stage

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Run", "train_to_end"]


@dataclass(frozen=True)
class Run:
    """What a run of a trainer is.

    Attributes:
        stage: settings and folder.
        tokenizer: of the model.
        start: folder or hub name of the model that the trainer loads.
        title: what the bar calls it.
        checkpoints: folder of its checkpoints.
        target: where the model goes.
        offset: steps of the runs before it in the same stage.
        epochs: what the trainer takes for one epoch.
        baseline: whether the model is measured before its first step.
        monitored: whether dev prompts are sampled.
        more: what every row of the log holds besides.
    """

    stage: Stage
    tokenizer: Any
    start: str
    title: str
    checkpoints: Path
    target: Path
    offset: int = 0
    epochs: float = 1.0
    baseline: bool = False
    monitored: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)


def train_to_end(run: Run, make: Callable[[list[Any]], Any]) -> int:
    """Train from the last whole checkpoint, or from the start, and put the model in its place.

    The model is the best by the monitor where there is one, else that of the last step.

    Args:
        run: what is run.
        make: makes the trainer, given its callbacks.

    Returns:
        The number of steps, with those of the runs before.
    """
    stage, monitor = run.stage, None
    if run.monitored and stage.recipe.monitor.every:
        monitor = Monitor(stage, run.tokenizer, run.offset, run.baseline)
    log = JsonLog(stage.folder / "log.jsonl", run.offset, run.epochs, run.more)
    with StepBar(stage.console, run.title) as shown:
        callbacks = [log, *_tensorboard(run), WholeMark(), shown]
        trainer = make([*callbacks, *([monitor] if monitor else [])])  # last: the others are told of what it logs
        _quiet(trainer)
        if monitor is not None:
            monitor.trainer = trainer
        checkpoint = last_whole(run.checkpoints)
        if checkpoint is not None:
            say(stage.console, f"{run.title}: goes on from {checkpoint.name}")
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    _finish(run, trainer, monitor)
    trainer.accelerator.wait_for_everyone()
    steps = run.offset + int(trainer.state.global_step)
    if monitor is not None:
        monitor.trainer = None
    del trainer
    free_memory()
    return steps


def _finish(run: Run, trainer: Any, monitor: Monitor | None) -> None:
    """Put the model in its place."""
    if not trainer.is_world_process_zero():
        return
    known = monitor.best.known() if monitor else None
    kept = monitor.best.model() if monitor else None
    if known is None or kept is None:
        save_model(trainer.accelerator.unwrap_model(trainer.model), run.tokenizer, run.target)
        return
    say(
        run.stage.console,
        f"{run.title}: kept the model of step {known['step']}, the best by dev Avg rel F1 ({known[REL]:.3f}; of equals "
        "the last)",
    )
    save_adapted(run.start, run.stage.recipe.model.dtype, kept, run.tokenizer, run.target)


def _quiet(trainer: Any) -> None:
    """Take away what the trainer prints by itself: figures go to the log and to the bar."""
    from transformers import PrinterCallback, ProgressCallback

    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)


def _tensorboard(run: Run) -> list[Any]:
    """TensorBoard's callback where it is installed."""
    if find_spec("tensorboard") is None:
        _say_once(run.stage.console, "TensorBoard is not installed (pip install tensorboard): figures are in log.jsonl")
        return []
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    name = run.stage.folder / "tensorboard" / run.checkpoints.name
    return [TensorBoardCallback(SummaryWriter(log_dir=str(name)))]


@cache
def _say_once(console: Console, text: str) -> None:
    say(console, text)
