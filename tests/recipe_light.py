"""Stages of the recipe that take no time: they write what real ones write, made of gold and a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sciie_eval.cards import Card
from sciie_eval.schema import Example
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.plan import samples_path
from sciie_rewards.recipe.stage import Stage

SYSTEMS = (
    {"name": "mimic", "stage": "sft"},
    {"name": "r2", "stage": "grpo", "start": "mimic"},
    {"name": "dictionary", "stage": "dictionary"},
)


def sample_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make SciER absent, so that runs take the bundled sample."""
    monkeypatch.setenv("SCIIE_DATA_DIR", str(folder / "nothing"))
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(folder / "nothing"))


def light_recipe(folder: Path, **changes: Any) -> Recipe:
    """A recipe on the bundled sample."""
    settings: dict[str, Any] = {
        "output_dir": folder,
        "data": {"fallback": "sample"},
        "generate": {"samples": 3, "temperatures": [0.9, 0.5]},
        "tables": {"k": 2, "bootstrap": 20},
        "systems": SYSTEMS,
    }
    return Recipe.model_validate({**settings, **changes})


def quiet() -> tuple[Console, StringIO]:
    """A console that nobody sees, and what was said to it."""
    said = StringIO()
    return Console(file=said, width=200), said


def completions(example: Example, seed: int, quality: float, number: int) -> list[str]:
    """Gold with some of its items left out, the same for the same arguments."""
    made = []
    for sample in range(number):
        rng = random.Random(f"{example.id} {seed} {quality} {sample}")
        gold = example.gold.to_scier()
        kept = {name: [item for item in gold.get(name, []) if rng.random() < quality] for name in ("ner", "rel")}
        made.append(f"<think>a b</think><answer>{json.dumps(kept)}</answer>")
    return made


class LightStages(Mapping[str, Callable[..., None]]):
    """The stages, with a list of what was called; ``kill_at`` interrupts the call of that number half-way."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.calls: list[str] = []
        self._kill_at = kill_at
        self._stages: dict[str, Callable[..., None]] = {
            "nano": self._nano,
            "sft": self._train,
            "grpo": self._train,
            "select": self._select,
            "generate": self._generate,
            "dictionary": self._dictionary,
        }

    def __getitem__(self, name: str) -> Callable[..., None]:
        return self._stages[name]

    def __iter__(self) -> Any:
        return iter(self._stages)

    def __len__(self) -> int:
        return len(self._stages)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) - 1 == self._kill_at:
            raise KeyboardInterrupt

    def _nano(self, recipe: Recipe, train: Sequence[Example], card: Card, folder: Path) -> None:
        assert train
        assert card.name == "scier"
        folder.mkdir(exist_ok=True)
        self._called("nano")
        (folder / "config.json").write_text("{}")

    def _train(self, stage: Stage) -> None:
        (stage.folder / "checkpoints").mkdir(exist_ok=True)
        (stage.folder / "checkpoints" / "1").write_text("half")
        assert Path(stage.start, "config.json").exists()
        self._called(f"train {stage.system.name}")
        (stage.folder / "model").mkdir(exist_ok=True)
        (stage.folder / "model" / "config.json").write_text("{}")
        rows = [{"step": step, "reward": 0.1 * step, "dev/rel_f1": 0.05 * step} for step in (1, 2, 3)]
        (stage.folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def _select(self, stage: Stage) -> None:
        assert Path(stage.start, "config.json").exists()
        self._called(f"select {stage.system.name}")
        (stage.folder / "selected.jsonl").write_text('{"id": "train-0", "average": 0.5, "spread": 0.1}\n')

    def _generate(self, stage: Stage, split: str) -> None:
        assert (stage.folder / "model").exists()
        (temperature,) = stage.recipe.generate.temperatures
        path = samples_path(stage.folder, split, temperature)
        path.parent.mkdir(exist_ok=True)
        quality = 0.5 if stage.system.stage == "sft" else 0.8
        rows = []
        for example in stage.examples[split]:
            texts = completions(example, stage.recipe.seed, quality, stage.recipe.generate.samples)
            rows.append(json.dumps({"id": example.id, "completions": texts}) + "\n")
        path.write_text("".join(rows[: len(rows) // 2]))
        self._called(f"generate {stage.system.name} {split} {temperature:g}")
        path.write_text("".join(rows))

    def _dictionary(self, stage: Stage, split: str) -> None:
        from sciie_rewards.recipe.lookup import generate

        self._called(f"look up {split}")
        generate(stage, split)
