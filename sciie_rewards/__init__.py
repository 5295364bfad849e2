"""Rewards for reinforcement learning, made of the evaluator's own scores.

`r2_reward` is the R² reward as trainers of TRL's family call it, `r2_components` and `r2_weights` the same term by
term, `R2Reward` one with other settings. `relation_reward` judges one label a sentence, as R1-RE does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciie_rewards.components import Format, Ner, Rel, Relevance, Rule, Span
    from sciie_rewards.composite import ComponentReward, R2Reward, r2_components, r2_reward, r2_weights
    from sciie_rewards.explain import Explanation
    from sciie_rewards.majority import MajorityVote, Vote, majority_vote
    from sciie_rewards.patterns import PatternResult, ReasoningPatternReward, reasoning_pattern_reward
    from sciie_rewards.recipe.domain_sampler import DomainSampler, domain_weights
    from sciie_rewards.relation import TwoStageRelationReward, relation_reward
    from sciie_rewards.released import (
        released_format,
        released_ner,
        released_reasoning,
        released_rel,
        released_rewards,
    )
    from sciie_rewards.result import RewardResult
    from sciie_rewards.robustness import Calibrated, GroupFlip
    from sciie_rewards.settings import RewardSettings

__all__ = [
    "Calibrated",
    "ComponentReward",
    "DomainSampler",
    "Explanation",
    "Format",
    "GroupFlip",
    "MajorityVote",
    "Ner",
    "PatternResult",
    "R2Reward",
    "ReasoningPatternReward",
    "Rel",
    "Relevance",
    "RewardResult",
    "RewardSettings",
    "Rule",
    "Span",
    "TwoStageRelationReward",
    "Vote",
    "domain_weights",
    "majority_vote",
    "r2_components",
    "r2_reward",
    "r2_weights",
    "reasoning_pattern_reward",
    "relation_reward",
    "released_format",
    "released_ner",
    "released_reasoning",
    "released_rel",
    "released_rewards",
]

_HOME = {
    **dict.fromkeys(("Format", "Ner", "Rel", "Relevance", "Rule", "Span"), "components"),
    **dict.fromkeys(("ComponentReward", "R2Reward", "r2_components", "r2_reward", "r2_weights"), "composite"),
    **dict.fromkeys(("DomainSampler", "domain_weights"), "recipe.domain_sampler"),
    "Explanation": "explain",
    **dict.fromkeys(("TwoStageRelationReward", "relation_reward"), "relation"),
    **dict.fromkeys(("MajorityVote", "Vote", "majority_vote"), "majority"),
    **dict.fromkeys(("PatternResult", "ReasoningPatternReward", "reasoning_pattern_reward"), "patterns"),
    **dict.fromkeys(
        ("released_format", "released_ner", "released_reasoning", "released_rel", "released_rewards"), "released"
    ),
    "RewardResult": "result",
    **dict.fromkeys(("Calibrated", "GroupFlip"), "robustness"),
    "RewardSettings": "settings",
}
"""The module of every public name. Names are imported when first used (PEP 562), so importing the package is cheap."""


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
