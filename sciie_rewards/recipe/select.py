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
from sciie_rewards.recipe.domains import DomainData, domains_of, reward_for
from sciie_rewards.recipe.failures import check_training_packages, explained
from sciie_rewards.recipe.generate import sample_into
from sciie_rewards.recipe.models import check_start
from sciie_rewards.recipe.progress import bar
from sciie_rewards.recipe.quiet import say
from sciie_rewards.recipe.sampling import Draw, Sampler, open_sampler
from sciie_rewards.recipe.sections import Grpo, Select
from sciie_rewards.recipe.stage import Stage

__all__ = ["chosen", "select"]

Row = dict[str, Any]


def select(stage: Stage) -> None:
    """Choose the prompts of a system's GRPO: ``selected.jsonl`` with ``{"id", "average", "spread"}``.

    With domains as many are chosen of each, and rows have ``domain`` as well.

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
    domains = domains_of(stage, settings)
    if settings.select.size is None:
        found = [_all_of(domain) for domain in domains]
    else:
        found = _sampled(stage, settings, domains)
    rows = [
        {**row, **({"domain": domain.name} if domain.name else {})}
        for domain, some in zip(domains, found, strict=True)
        for row in some
    ]
    stage.folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, (f"{json.dumps(row)}\n" for row in rows))


def _all_of(domain: DomainData) -> list[Row]:
    """Rows of all prompts, of which nothing is known."""
    return [{"id": example.id, "average": None, "spread": None} for example in domain.examples]


def _sampled(stage: Stage, settings: Grpo, domains: Sequence[DomainData]) -> list[list[Row]]:
    """Rows of the prompts that are kept, domain by domain."""
    check_training_packages()
    check_start(stage.start, use_cpu=settings.trainer.get("use_cpu"))
    with explained("generate", stage.folder), open_sampler(stage.start, stage.recipe.generate) as sampler:
        return [_kept(stage, settings, domain, sampler) for domain in domains]


def _kept(stage: Stage, settings: Grpo, domain: DomainData, sampler: Sampler) -> list[Row]:
    """Rows of the prompts of one domain that are kept, and one line on them."""
    recipe, title = stage.recipe, ": ".join(filter(None, (stage.system.name, domain.name)))
    candidates = evenly(domain.examples, settings.select.candidates)
    with bar(stage.console, f"{title}: select", len(candidates)) as tick:
        said = sample_into(
            stage.folder / "select" / (f"samples.{domain.name}.jsonl" if domain.name else "samples.jsonl"),
            candidates,
            sampler,
            Draw(settings.select.samples, recipe.generate.temperatures[0], recipe.seed),
            recipe,
            domain.card,
            tick,
        )
    found = chosen(candidates, said, reward_for(settings, domain.card), settings.select)
    apart = sum(1 for row in found if row["spread"])
    if apart < len(found):
        say(
            stage.console,
            f"{title}: the reward tells the samples of no prompt apart; {len(found)} prompts are taken "
            "evenly; GRPO has nothing to go by until it does (train SFT longer, or raise grpo.select.samples)",
            "yellow",
        )
    else:
        say(stage.console, f"{title}: {apart} of {len(candidates)} prompts kept")
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
