"""`qwen2.5-7b.yaml` with a tiny model of the same architecture in its place: the first two steps of a stage.

All settings are those of the file, apart from lengths and amounts, which ordinary overrides scale down.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

pytest.importorskip("trl")

from rich.console import Console
from tiny_recipe import CARD, EXAMPLES, log, weights

from sciie_rewards.recipe import generate, grpo, nano, select, sft
from sciie_rewards.recipe.config import load_recipe
from sciie_rewards.recipe.models import save_model
from sciie_rewards.recipe.sections import Nano
from sciie_rewards.recipe.stage import Stage
from sciie_rewards.recipe.tasks import FORMS, messages

OVERRIDES = (
    "sft.trainer.max_steps=2",
    "grpo.trainer.max_steps=2",
    "grpo.trainer.max_completion_length=16",
    "generate.max_new_tokens=16",
    "generate.samples=2",
    "tables.k=2",
    "monitor.prompts=2",
    "monitor.samples=2",
    "grpo.select.candidates=4",
    "grpo.select.samples=2",
)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Qwen2, tiny, with a tokenizer that knows the guideline's words."""
    folder = tmp_path_factory.mktemp("model")
    guidelines = [messages(CARD, task, EXAMPLES["train"][0], "guideline")[0]["content"] for task in FORMS]
    tokenizer = nano.nano_tokenizer(iter([*guidelines, *nano.training_texts(EXAMPLES["train"], CARD)]), 1500)
    size = Nano(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
    save_model(nano.nano_model(tokenizer, size, 1), tokenizer, folder / "tiny")
    return folder / "tiny"


def test_the_first_two_steps_of_every_stage_run_and_are_logged(stand_in: Path, tmp_path: Path) -> None:
    settings = load_recipe("qwen2.5-7b.yaml", [f"model.path={stand_in}", f"output_dir={tmp_path}", *OVERRIDES])
    assert settings.model.prompts == "guideline"
    start = stand_in
    for name in ("mimic", "mimic-r2grpo"):
        console = Console(file=io.StringIO())
        system = settings.system(name)
        stage = Stage(settings, system, tmp_path / name, str(start), EXAMPLES, CARD, console)
        if system.stage == "sft":
            sft.train(stage)
        else:
            select.select(stage)
            grpo.train(stage)
        start = tmp_path / name / "model"
    generate.generate(stage, "test")
    first, second = log(tmp_path / "mimic"), log(tmp_path / "mimic-r2grpo")
    assert [row["step"] for row in first if "dev/rel_f1" in row] == [4]  # two of either phase
    assert [row["step"] for row in second if "reward" in row] == [1, 2]
    assert all("kl" in row for row in second if "reward" in row)
    assert second[1]["learning_rate"] <= 5e-6
    assert weights(start).keys() == weights(stand_in).keys()  # adapters are merged
    assert (tmp_path / "mimic-r2grpo" / "generate" / "test.t0.9.jsonl").exists()
