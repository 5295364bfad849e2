"""What is measured during training: dev prompts are sampled every N steps, and the best model is kept.

Figures go to the trainer's log history, to ``log.jsonl`` and to TensorBoard. Sampling does not touch the random number
generators, so that a training is the same with and without it.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciie_eval.cards import Card
from sciie_eval.evaluate_samples import score_samples
from sciie_eval.files import write_whole
from sciie_eval.rules import Task
from sciie_eval.schema import Example
from sciie_rewards.recipe.checkpoints import Callback
from sciie_rewards.recipe.curriculum import evenly
from sciie_rewards.recipe.sampling import Draw, TransformersSampler
from sciie_rewards.recipe.stage import Stage
from sciie_rewards.recipe.tasks import messages

__all__ = ["Best", "JsonLog", "Monitor", "dev_figures", "read_log"]

REL = "dev/rel_f1"
"""The figure that the best model is chosen by: the average micro-F1 of relations over the samples."""


class JsonLog(Callback):
    """Writes what a trainer logs to a JSON Lines file, one row ``{"step", …}`` each time.

    When a run goes on from a checkpoint, rows of later steps are taken out first: these steps are done again.

    Args:
        path: the file.
        offset: steps of the phases before, which are added.
        epochs: what the trainer takes for one epoch.
        more: what every row holds besides.
    """

    def __init__(self, path: Path, offset: int = 0, epochs: float = 1.0, more: Mapping[str, Any] | None = None) -> None:
        self._path, self._offset, self._epochs, self._more = path, offset, epochs, dict(more or {})

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """The trainer starts, possibly in the middle."""
        del args, control, named
        if state.is_world_process_zero:
            rows = read_log(self._path)
            here = self._offset + state.global_step
            kept = [row for row in rows if row["step"] < here or row["step"] == here > 0]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, (f"{json.dumps(row)}\n" for row in kept))

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **named: object
    ) -> None:
        """The trainer has logged something; the summary at its end, which holds times, is not kept."""
        del args, control, named
        if not state.is_world_process_zero or not logs or "train_runtime" in logs:
            return
        row = {"step": self._offset + state.global_step, **self._more}
        row.update({name: _finite(value) for name, value in logs.items() if name != "total_flos"})
        if "epoch" in row:
            row["epoch"] *= self._epochs
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"{json.dumps(row)}\n")


def read_log(path: Path) -> list[dict[str, Any]]:
    """The whole rows of a log; what is no row, such as half a line left by an interruption, is passed over."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        try:
            row = json.loads(line) if line.endswith("\n") else None
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


@dataclass(frozen=True)
class Best:
    """The best model so far, in a folder of its own that ``best.json`` points to.

    Attributes:
        folder: holds ``best.json`` and the model.
    """

    folder: Path

    def known(self) -> dict[str, Any] | None:
        """Step, folder and figure; None where nothing is kept."""
        path = self.folder / "best.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def offer(self, step: int, value: float, save: Any) -> bool:
        """Keep a model if it is at least as good as the one that is kept; of equals the later one.

        Args:
            step: of the training.
            value: its figure.
            save: writes the model into the folder that it is given.
        """
        known = self.known()
        if known is not None and value < known[REL]:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f"step-{step}-", dir=self.folder))
        save(place)
        write_whole(
            self.folder / "best.json", [json.dumps({"step": step, REL: value, "folder": place.name}, indent=2) + "\n"]
        )
        for other in self.folder.glob("step-*"):
            if other != place:
                shutil.rmtree(other)
        return True

    def model(self) -> Path | None:
        """Where the best model is; None where nothing is kept."""
        known = self.known()
        return None if known is None else self.folder / str(known["folder"])


class Monitor(Callback):
    """Samples dev prompts every N steps and at the end, logs what it finds, and keeps the best model.

    Args:
        stage: settings, dev sentences and the folder.
        tokenizer: of the model.
        offset: steps of the phases before.
        baseline: whether the model is also measured before its first step; that one is not kept.

    Attributes:
        trainer: to be set once it is made; figures are logged by it.
    """

    def __init__(self, stage: Stage, tokenizer: Any, offset: int = 0, baseline: bool = False) -> None:
        recipe = stage.recipe
        self._settings, self._generate, self._seed = recipe.monitor, recipe.generate, recipe.seed
        self._card, self._tokenizer = stage.card, tokenizer
        self._examples = evenly(stage.examples[recipe.data.dev], recipe.monitor.prompts)
        self._prompts = {e.id: messages(stage.card, "end2end", e, recipe.model.prompts) for e in self._examples}
        self._offset, self._baseline = offset, baseline
        self.best = Best(stage.folder / "best")
        self.trainer: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """Measure where the training starts from."""
        del args
        if self._baseline and state.global_step == 0:
            self._measure(state, control, named["model"])

    def on_step_end(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """Measure every N steps and after the last one; before the checkpoint of the step is written."""
        del args
        if (self._offset + state.global_step) % self._settings.every and state.global_step < state.max_steps:
            return
        model = named["model"]
        value = self._measure(state, control, model)
        if state.is_world_process_zero:
            self.best.offer(self._offset + state.global_step, value, lambda place: self._save(model, place))

    def _measure(self, state: Any, control: Any, model: Any) -> float:
        """Sample, score and log; the relation F1."""
        from transformers import Trainer

        if not state.is_world_process_zero:
            return 0.0
        generate = self._generate
        sampler = TransformersSampler(model, self._tokenizer, generate.max_new_tokens, generate.batch_size)
        how = Draw(self._settings.samples, generate.temperatures[0], self._seed)
        figures = dev_figures(self._examples, dict(sampler.draw(self._prompts, how)), self._card)
        wanted = control.should_log  # which logging takes for done
        Trainer.log(self.trainer, dict(figures))  # TRL's own would put its figures of this step into this row
        control.should_log = wanted
        return figures[REL]

    def _save(self, model: Any, place: Path) -> None:
        model.save_pretrained(place)
        self._tokenizer.save_pretrained(place)


def dev_figures(examples: Sequence[Example], said: Mapping[str, list[str]], card: Card) -> dict[str, float]:
    """The figures of K samples a sentence; ratios in [0, 1].

    Args:
        examples: the sentences.
        said: completions by id, K each.
        card: the label inventory.

    Returns:
        ``dev/ner_f1`` and ``dev/rel_f1``: Avg@K as micro-F1; ``dev/best_ner_f1`` and ``dev/best_rel_f1``: Best@K;
        ``dev/ok``: share of well-formed answers; ``dev/words``: mean number of words of a completion.
    """
    number = min(len(some) for some in said.values())
    found = score_samples(examples, said, k=number, schema=card.schema, tasks=("ner", "rel"), bootstrap=1)
    figures = {}
    tasks: tuple[Task, ...] = ("ner", "rel")
    for task in tasks:
        for name, curves in (("", found.avg), ("best_", found.best)):
            curve = curves[task]
            figures[f"dev/{name}{task}_f1"] = float((curve.micro[-1] if curve else None) or 0.0)
    texts = [text for some in said.values() for text in some]
    figures["dev/ok"] = float(found.parsed or 0.0)
    figures["dev/words"] = sum(len(text.split()) for text in texts) / len(texts)
    return figures


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
