"""The floor row: what a dictionary of the training split says, in the form in which models answer; no training."""

from __future__ import annotations

import json

from sciie_eval.files import write_whole
from sciie_rewards.recipe.plan import samples_path
from sciie_rewards.recipe.stage import Stage

__all__ = ["generate"]


def generate(stage: Stage, split: str) -> None:
    """Write the dictionary's answer to every sentence of a split, as many times as models are asked.

    Args:
        stage: the system at work; its settings name the training split and the temperature of the file.
        split: whose sentences.
    """
    from sciie_rewards.recipe.dictionary import Dictionary

    dictionary = Dictionary.of(stage.examples[stage.recipe.data.train])
    settings = stage.recipe.generate
    path = samples_path(stage.folder, split, settings.temperatures[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for example in stage.examples[split]:
        found = json.dumps(dictionary.predict(example.sentence), ensure_ascii=False)
        row = {"id": example.id, "completions": [f"<answer>{found}</answer>"] * settings.samples}
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    write_whole(path, lines)
