"""AReaL: a plain function of one sample, called in a process pool, with the row's fields as keywords.

``RLVRWorkflow(reward_fn="sciie_rewards.trainers.areal.r2")``. A row without gold is an error, since AReaL knows no "not
applicable".
"""

from __future__ import annotations

from typing import Any

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.configured import configured

__all__ = ["r2"]

_REWARD = configured()


def r2(prompt: str, completions: str, prompt_ids: object, completion_ids: object, **row: Any) -> float:
    """Score one sample.

    Args:
        prompt: as the model got it.
        completions: the completion, special tokens included.
        prompt_ids: not looked at.
        completion_ids: not looked at.
        row: the dataset's fields: ``gold``, or ``ner``, ``rel`` and ``sentence``. Others are not looked at.

    Raises:
        InputError: no gold, or gold of another form.
    """
    del prompt_ids, completion_ids
    _, (scored,) = _REWARD.score_batch([completions], [prompt], {name: [value] for name, value in row.items()})
    if scored is None:
        raise InputError("gold: no gold for this completion; rows of other tasks need a reward of their own")
    return float(scored.score)
