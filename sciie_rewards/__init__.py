"""Rewards for reinforcement learning, made of the evaluator's own scores.

`released_rewards` gives the public R2GRPO release's four rewards, for reproduction.
"""

from sciie_rewards.released import (
    released_format,
    released_ner,
    released_reasoning,
    released_rel,
    released_rewards,
)

__all__ = ["released_format", "released_ner", "released_reasoning", "released_rel", "released_rewards"]
