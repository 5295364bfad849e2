"""What a reward can know of the training from TRL's call: the step, whether it is evaluation, the size of a group.

TRL passes the step (``trainer_state``). Mode and group size it passes to nobody; but the ``log_metric`` that it passes
is a method of the trainer, which knows both. Where another trainer calls, all three are None.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sciie_eval.exceptions import InputError, brief
from sciie_rewards.columns import as_list

__all__ = ["global_step", "group_size", "is_training", "prompt_keys"]


def global_step(columns: Mapping[str, Any]) -> int | None:
    """The number of optimizer steps done when the completions were written; None where nobody says."""
    return _whole(getattr(columns.get("trainer_state"), "global_step", None))


def is_training(log_metric: object) -> bool | None:
    """Whether the completions are for training (TRL's own test: is the model in training mode); None if unknown."""
    mode = getattr(getattr(_trainer(log_metric), "model", None), "training", None)
    return mode if isinstance(mode, bool) else None


def group_size(log_metric: object) -> int | None:
    """How many completions a prompt has, in training or in evaluation, whichever this is; None if unknown."""
    name = "num_generations_eval" if is_training(log_metric) is False else "num_generations"
    return _whole(getattr(_trainer(log_metric), name, None))


def prompt_keys(prompts: object, number: int, name: str) -> list[str]:
    """Every prompt, a text or messages, as one string that is the same in every process.

    Args:
        prompts: one a completion.
        number: of completions.
        name: of the reward that asks, for errors.

    Raises:
        InputError: there are none, or too few or many, or one that is neither text nor messages of text.
    """
    listed = as_list(prompts)
    if listed is None or len(listed) != number:
        got = brief(prompts) if listed is None else len(listed)
        raise InputError(f"prompts: {name} needs {number}, one a completion, got {got}")
    return [_key(prompt, row) for row, prompt in enumerate(listed)]


def _key(prompt: object, row: int) -> str:
    if not isinstance(prompt, str | Sequence | Mapping):
        raise InputError(f"prompts, row {row}: expected a text or messages, got {brief(prompt)}")
    try:
        return json.dumps(prompt, sort_keys=True)
    except (TypeError, ValueError):
        raise InputError(f"prompts, row {row}: expected a text or messages of text, got {brief(prompt)}") from None


def _trainer(log_metric: object) -> object:
    """Whose method it is; None where it is a function."""
    return getattr(log_metric, "__self__", None)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
