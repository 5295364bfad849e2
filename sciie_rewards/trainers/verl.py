"""verl: ``compute_score``, called for one sample with keywords, in a thread pool.

``reward.custom_reward_function.path=pkg://sciie_rewards.trainers.verl``, ``….name=compute_score``. A sample without
gold is an error, since verl knows no "not applicable".
"""

from __future__ import annotations

from typing import Any

from sciie_rewards.trainers.configured import configured, score_sample, values_of

__all__ = ["compute_score"]

_REWARD = configured()


def compute_score(
    data_source: str = "",
    solution_str: str = "",
    ground_truth: object = None,
    extra_info: object = None,
    *,
    config: str | None = None,
    **_ignored: Any,
) -> dict[str, float]:
    """Score one sample; ``score`` and one key a component, the same for every sample.

    Args:
        data_source: named in errors.
        solution_str: the completion.
        ground_truth: the gold, a JSON string.
        extra_info: not looked at.
        config: path of settings, where ``reward_kwargs.config`` gives one.

    Raises:
        InputError: no gold, or gold of another form.
    """
    del extra_info
    reward = configured(config) if config else _REWARD
    return values_of(
        score_sample(reward, solution_str, ground_truth, where=f"ground_truth of {data_source or 'a row'}")
    )
