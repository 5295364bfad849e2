"""slime: an async function of one sample, or of a list of samples under ``--group-rm``.

``--custom-rm-path sciie_rewards.trainers.slime.r2``; ``--reward-key score`` also keeps the components. A sample without
gold is an error, since slime knows no "not applicable".
"""

from __future__ import annotations

from typing import Any

from sciie_rewards.trainers.configured import configured, score_sample, values_of

__all__ = ["r2"]

_REWARD = configured()

Reward = float | dict[str, float]


async def r2(args: Any, sample: Any, **_ignored: Any) -> Reward | list[Reward]:
    """Score a sample, or a list of them in order.

    Args:
        args: slime's; a dict is returned where its ``reward_key`` or ``eval_reward_key`` is set.
        sample: one sample or a list; ``response`` is the completion, ``label`` the gold, a JSON string.

    Raises:
        InputError: no gold, or gold of another form.
    """
    keyed = bool(getattr(args, "reward_key", None) or getattr(args, "eval_reward_key", None))
    return [_one(one, keyed) for one in sample] if isinstance(sample, list) else _one(sample, keyed)


def _one(sample: Any, keyed: bool) -> Reward:
    values = values_of(score_sample(_REWARD, sample.response, sample.label, sample.prompt, where="label"))
    return values if keyed else values["score"]
