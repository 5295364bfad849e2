"""The two ways to turn a completion into values: ``robust``, and ``released`` as the public R2GRPO release has it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import NamedTuple, Protocol

from sciie_eval.parsing import ParseStatus, parse_completion
from sciie_rewards.case import Judge
from sciie_rewards.components import COMPONENTS
from sciie_rewards.gold import GoldRow
from sciie_rewards.released import released_scores
from sciie_rewards.settings import RewardSettings

__all__ = ["Released", "Robust", "Scored", "Scorer", "scorer_for"]

NOT_WELL_FORMED = ("no_answer", "invalid")
_made = tuple.__new__  # as in `case`


class Scored(NamedTuple):
    """Values of one completion.

    Attributes:
        score: the reward.
        values: of the components, in order; None where one is vacuous.
        status: of the parse.
        stand_in: what a vacuous component returns, so that the weighted sum is the score.
    """

    score: float
    values: Sequence[float | None]
    status: ParseStatus
    stand_in: float = 0.0


class Scorer(Protocol):
    """What a profile does with one completion."""

    def __call__(self, text: str, row: GoldRow, prompt: object) -> Scored:
        """Score it."""
        ...


class Robust:
    """Profile ``robust``: the weighted mean of the components that have something to judge.

    Nothing is earned without a well-formed answer. Vacuous components are left out where an item is right, or where
    there is nothing to find and nothing was said (such an answer is right, too); elsewhere they count as 0. Were they
    left out there, wrong entities with good borders could earn more than an honest answer with a relation too many.
    """

    def __init__(self, settings: RewardSettings) -> None:
        self.schema, self.judge = settings.label_schema, Judge(settings.rule, settings.relations)
        weights = settings.component_weights()
        self._weights = [weights[component.name] for component in COMPONENTS]
        self._possible = sum(self._weights)  # 1, or beside it by a rounding
        self._components = [component.__call__ for component in COMPONENTS]

    def __call__(self, text: str, row: GoldRow, prompt: object) -> Scored:
        """Score one completion."""
        parsed = parse_completion(text, self.schema)
        if parsed.status in NOT_WELL_FORMED:
            return Scored(0.0, [0.0] * len(COMPONENTS), parsed.status)
        case = self.judge.case(row, parsed, prompt)
        values = [value_of(case) for value_of in self._components]
        if None not in values:
            return _made(Scored, (sum(map(mul, self._weights, values)) / self._possible, values, parsed.status, 0.0))
        given = [(weight, value) for weight, value in zip(self._weights, values, strict=True) if value is not None]
        score = sum([weight * value for weight, value in given])
        if case.looks or case.ner.tp or (case.ner.f1 is None and case.rel.f1 is None):
            possible = sum([weight for weight, _ in given])
            score = score / possible if possible else 1.0
            return Scored(score, values, parsed.status, score)
        return Scored(score, values, parsed.status)


class Released:
    """Profile ``released``: the weighted sum of the release's four rewards."""

    def __init__(self, settings: RewardSettings) -> None:
        self._schema = settings.label_schema
        self._weights = list(settings.component_weights().values())

    def __call__(self, text: str, row: GoldRow, prompt: object) -> Scored:
        """Score one completion."""
        del prompt  # the release reads the completion alone
        values = list(released_scores(text, row.example).values())
        score = sum(weight * value for weight, value in zip(self._weights, values, strict=True))
        return Scored(score, values, parse_completion(text, self._schema).status)


def scorer_for(settings: RewardSettings) -> Robust | Released:
    """The scorer of a profile."""
    return Released(settings) if settings.profile == "released" else Robust(settings)
