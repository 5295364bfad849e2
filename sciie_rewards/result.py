"""What scoring one completion gives."""

from __future__ import annotations

from typing import NamedTuple

from sciie_eval.parsing import ParseStatus

__all__ = ["RewardResult"]


class RewardResult(NamedTuple):
    """The reward of one completion.

    Attributes:
        score: the reward; in [0, 1] under the profile ``robust``.
        components: value by component; those times the weights sum to the score. A vacuous component, which has
            nothing to judge, stands with the score that the others make, or with 0 where no item is right.
        status: how the completion was parsed: ok, repaired, truncated, no_answer or invalid.
        vacuous: the components that had nothing to judge.
    """

    score: float
    components: dict[str, float]
    status: ParseStatus
    vacuous: tuple[str, ...] = ()
