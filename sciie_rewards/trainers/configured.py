"""The one reward behind every adapter, and which settings it has.

Most trainers load a reward by its name and pass it no arguments, so its settings come from a file (.toml or .yaml, the
fields of `RewardSettings`). ``SCIIE_REWARD_CONFIG`` holds its path; where a trainer can pass an argument, that may.
"""

from __future__ import annotations

import logging
import os
from functools import cache

from sciie_eval.exceptions import InputError
from sciie_rewards.composite import R2Reward, r2_reward
from sciie_rewards.result import RewardResult

__all__ = ["VARIABLE", "configured", "score_sample", "values_of"]

VARIABLE = "SCIIE_REWARD_CONFIG"
"""The environment variable that holds the path of the settings."""

_LOGGER = logging.getLogger("sciie_rewards")


def configured(path: str | None = None) -> R2Reward:
    """The reward with the settings of a file; made once a process, and its settings are logged then.

    Adapters call this when they are imported: wrong settings end a run before it has cost anything, also in trainers
    that swallow what a reward raises.

    Args:
        path: of the settings; by default ``SCIIE_REWARD_CONFIG``, else the default settings.

    Raises:
        InputError: the file cannot be read.
        UsageError: a wrong setting; the message names it.

    >>> configured().settings.profile
    'robust'
    """
    return _made(str(path)) if path else _made(os.environ.get(VARIABLE, ""))


@cache
def _made(path: str) -> R2Reward:
    reward = R2Reward.from_settings(path) if path else r2_reward
    settings = reward.settings
    weights = ", ".join(f"{name} {weight:g}" for name, weight in reward.weights.items())
    _log(
        f"sciie-rewards: {settings.name}, profile {settings.profile}, weights {weights}, schema "
        f"{settings.label_schema.name}, match {settings.match}, normalize {settings.normalize}, settings from "
        f"{path or f'the defaults ({VARIABLE} is not set)'}"
    )
    return reward


def _log(message: str) -> None:
    """Log where it is seen: through the trainer's handlers, or on standard error where there are none."""
    if not _LOGGER.hasHandlers():
        _LOGGER.addHandler(logging.StreamHandler())
    if _LOGGER.level == logging.NOTSET:
        _LOGGER.setLevel(logging.INFO)
    _LOGGER.info(message)


def score_sample(
    reward: R2Reward, completion: object, gold: object, prompt: object = None, *, where: str
) -> RewardResult:
    """Score one completion for a trainer that passes gold as one value.

    Such a trainer has no way to say "not applicable", and a made-up 0 would teach something wrong: no gold is an error.

    Args:
        reward: from `configured`.
        completion: a text, a message or a list of messages.
        gold: the JSON string that ``sciie-eval datasets export --to`` writes, or the mapping that it encodes.
        prompt: what the completion answers, where it is known.
        where: what the trainer calls the value, for errors.

    Raises:
        InputError: there is no gold, or it is not of this form.
    """
    if gold is None or (isinstance(gold, str) and not gold):
        raise InputError(
            f"{where}: no gold for this completion; expected the JSON string that 'sciie-eval datasets export --to' "
            "writes; rows of other tasks need a reward of their own"
        )
    return reward.score_one(completion, gold, prompt)  # type: ignore[arg-type]  # what it is, is checked there


def values_of(result: RewardResult) -> dict[str, float]:
    """Score and components as trainers log them: the same keys for every sample, floats only.

    >>> from sciie_rewards import r2_reward
    >>> values_of(r2_reward.score_one("", {"sentence": "See below .", "ner": [], "rel": []}))["sciie/FORMAT"]
    0.0
    """
    components = {f"sciie/{name}": float(value) for name, value in result.components.items()}
    return {"score": float(result.score), **components}
