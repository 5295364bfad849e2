"""A run small enough for tests: made-up sentences, a nano model of a few thousand weights, stages in a folder."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
from rich.console import Console

from sciie_eval import Example, load_card
from sciie_rewards.recipe import nano
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.stage import Stage

torch.set_num_threads(1)  # models this small gain nothing from more, and lose much on a busy machine

CARD = load_card("scier")
NAMES = ("LeafNet", "TwigBERT", "BarkNet", "RootFormer", "SeedGAN", "MossTagger", "FernNet", "PollenNet")
TASKS = ("leaf counting", "bark parsing", "twig search", "root finding")


def examples(number: int, split: str = "train") -> list[Example]:
    """Sentences of several lengths, with and without relations."""
    rows = []
    for place in range(number):
        method, task = NAMES[place % len(NAMES)], TASKS[place % len(TASKS)]
        sentence = f"{'In short , ' * (place % 3)}{method} solves {task} ."
        row: dict[str, Any] = {"sentence": sentence, "ner": [[method, "Method"], [task, "Task"]]}
        row["rel"] = [[method, "Used-For", task]]
        row["rel_plus"] = [[f"{method}:Method", "Used-For", f"{task}:Task"]]
        if place % 4 == 3:
            row = {"sentence": f"See table {place} .", "ner": [], "rel": [], "rel_plus": []}
        rows.append(Example.from_row(row, id=f"{split}-{place}"))
    return rows


EXAMPLES = {"train": examples(16), "dev": examples(4, "dev"), "test": examples(5, "test")}


def recipe(folder: Path, **changes: Any) -> Recipe:
    """Settings of a run of a second or two; changes are laid over whole sections."""
    trainer = {"logging_steps": 1, "gradient_checkpointing": False, "save_steps": 2}
    settings: dict[str, Any] = {
        "output_dir": str(folder),
        "model": {"prompts": "short"},
        "nano": {
            "vocab_size": 500,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        },
        "sft": {
            "phases": [{"tasks": ["ner", "re"]}, {"tasks": ["end2end"]}],
            "trainer": {**trainer, "per_device_train_batch_size": 6, "learning_rate": 1e-2},
        },
        "grpo": {
            "reward": {"weights": {"REL": 1, "NER": 1}},
            "select": {"size": 4, "candidates": 6, "samples": 2},
            "trainer": {
                **trainer,
                "per_device_train_batch_size": 2,
                "num_generations": 2,
                "max_completion_length": 8,
                "learning_rate": 1e-2,
            },
        },
        "monitor": {"every": 3, "prompts": 2, "samples": 2},
        "generate": {"samples": 2, "max_new_tokens": 8, "batch_size": 3},
        "tables": {"k": 2},
    }
    return Recipe.model_validate({**settings, **changes})


def base(folder: Path) -> Path:
    """The nano model of `recipe`."""
    nano.build(recipe(folder), EXAMPLES["train"], CARD, folder / "base")
    return folder / "base"


def stage(settings: Recipe, name: str, start: Path | str) -> Stage:
    """A stage; what it says is in ``said``."""
    console = Console(file=io.StringIO(), width=200)
    system = settings.system(name)
    return Stage(settings, system, settings.output_dir / name, str(start), EXAMPLES, CARD, console)


def said(stage: Stage) -> str:
    """What a stage has said."""
    assert isinstance(stage.console.file, io.StringIO)
    return stage.console.file.getvalue()


def weights(folder: Path) -> dict[str, Any]:
    """The weights of a saved model."""
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def same_weights(one: Path, other: Path) -> bool:
    """Whether two saved models are equal, bit by bit."""
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def log(folder: Path) -> list[dict[str, Any]]:
    """The rows of a log without what depends on the machine, or what TRL counts from the last interruption on."""
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in ("step_time", "num_tokens")} for row in rows]


def changed(settings: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A mapping with more in it."""
    return {**settings, **more}
