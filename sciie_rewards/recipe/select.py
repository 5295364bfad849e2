"""Prompts for GRPO: those whose samples the reward tells apart, least average reward first.

Launch: ``sciie-rewards select --config nano.yaml``. A prompt whose samples all earn the same has no advantage and
teaches nothing; one that is always solved has nothing left to teach.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from sciie_eval.files import write_whole
from sciie_eval.schema import Example
from sciie_rewards.composite import R2Reward
from sciie_rewards.recipe.curriculum import evenly
from sciie_rewards.recipe.failures import check_training_packages, explained
from sciie_rewards.recipe.generate import sample_into
from sciie_rewards.recipe.models import check_start
from sciie_rewards.recipe.progress import bar
from sciie_rewards.recipe.quiet import say
from sciie_rewards.recipe.sampling import Draw, open_sampler
from sciie_rewards.recipe.sections import Grpo, Select
from sciie_rewards.recipe.stage import Stage

__all__ = ["chosen", "select"]

Row = dict[str, Any]


def select(stage: Stage) -> None:
    """Choose the prompts of a system's GRPO: ``selected.jsonl`` with ``{"id", "average", "spread"}``.

    ``average`` is the mean reward of a prompt's samples and ``spread`` their standard deviation, both in [0, 1] under
    profile ``robust``; null where `Select.size` is None and nothing is sampled.

    Raises:
        InputError: no such model, a large model without a GPU, gold that the reward cannot read, or memory is out.
        MissingExtraError: the packages for training are not installed.
    """
    settings = stage.settings(Grpo, "GRPO")
    path = stage.folder / "selected.jsonl"
    if path.exists():
        return
    examples = stage.examples[stage.recipe.data.train]
    if settings.select.size is None:
        rows: list[Row] = [{"id": example.id, "average": None, "spread": None} for example in examples]
    else:
        rows = _sampled(stage, settings, evenly(examples, settings.select.candidates))
    stage.folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, (f"{json.dumps(row)}\n" for row in rows))


def _sampled(stage: Stage, settings: Grpo, candidates: Sequence[Example]) -> list[Row]:
    """Rows of the prompts that are kept."""
    recipe, reward = stage.recipe, R2Reward.from_settings(settings.reward)
    check_training_packages()
    check_start(stage.start, use_cpu=settings.trainer.get("use_cpu"))
    with (
        explained("generate", stage.folder),
        open_sampler(stage.start, recipe.generate) as sampler,
        bar(stage.console, f"{stage.system.name}: select", len(candidates)) as tick,
    ):
        said = sample_into(
            stage.folder / "select" / "samples.jsonl",
            candidates,
            sampler,
            Draw(settings.select.samples, recipe.generate.temperatures[0], recipe.seed),
            recipe,
            stage.card,
            tick,
        )
    found = chosen(candidates, said, reward, settings.select)
    apart = sum(1 for row in found if row["spread"])
    if apart < len(found):
        say(
            stage.console,
            f"{stage.system.name}: the reward tells the samples of no prompt apart; {len(found)} prompts are taken "
            "evenly; GRPO has nothing to go by until it does (train SFT longer, or raise grpo.select.samples)",
            "yellow",
        )
    else:
        say(stage.console, f"{stage.system.name}: {apart} of {len(candidates)} prompts kept")
    return found


def chosen(
    candidates: Sequence[Example], said: Mapping[str, Sequence[str]], reward: R2Reward, settings: Select
) -> list[Row]:
    """The prompts that are kept, least average reward first; of equals those that are first in the split.

    Args:
        candidates: the sentences.
        said: completions by id.
        reward: tells the samples apart.
        settings: how many to keep. Fewer are kept where fewer are told apart; where none is, candidates are taken
            evenly, since a run does not stop for a model that has not learned yet.
    """
    rows: list[Row] = []
    for example in candidates:
        scores = [reward.score_one(text, example).score for text in said[example.id]]
        average = math.fsum(scores) / len(scores)
        spread = math.sqrt(math.fsum((score - average) ** 2 for score in scores) / len(scores))
        rows.append({"id": example.id, "average": average, "spread": spread if len(set(scores)) > 1 else 0.0})
    apart = sorted((row for row in rows if row["spread"] > 0), key=lambda row: row["average"])
    return apart[: settings.size] if apart else evenly(rows, settings.size)
