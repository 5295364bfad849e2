"""Wrappers of a reward: noise to study what training stands (`GroupFlip`), and a cure for one sort (`Calibrated`)."""

from __future__ import annotations

import inspect
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Literal, get_args

from sciie_eval.exceptions import InputError, UsageError, brief
from sciie_eval.parsing import message_text
from sciie_rewards.columns import as_list
from sciie_rewards.composite import LogExtra, LogMetric
from sciie_rewards.trainers.trl_call import global_step, is_training, prompt_keys

__all__ = ["Calibrated", "GroupFlip", "Per", "Reward"]

Reward = Callable[..., Any]
"""A reward as TRL calls it: ``reward(completions=…, prompts=…, **columns)`` gives one number or None a completion."""
Per = Literal["group", "completion"]


class GroupFlip:
    """Noise on purpose: with probability p the rewards of a prompt's whole group are turned upside down.

    Formula: r becomes maximum - r for all completions of a prompt at a step, if hash(seed, prompt, step) / 2^53 < p.
    The hash alone decides, so every rank and worker turns the same groups, and a run can be repeated. Range: that of
    the reward, where that is [0, maximum]. None and NaN are not turned (both come back as None). Source: the reward
    noise of "The Climb Carves Wisdom Deeper Than the Summit" (arXiv:2505.22653), which flips by question; its code
    spares completions without an answer, here the whole group is turned. Stateless, thread-safe, picklable.

    Evaluation is never flipped: TRL's calls show the trainer's mode, and elsewhere a column does (``evaluation``). A
    call that shows neither counts as training. Where no step is passed (TRL's AsyncGRPO), seed and prompt alone decide:
    a prompt's group is then turned always or never, as wrong labels would be.

    Args:
        reward: any reward of TRL's signature that is not async.
        p: probability of a flip, from 0 to 1; .5 leaves nothing to learn.
        seed: a whole number; another one turns other groups.
        per: ``completion`` decides for each completion by itself (by its text, and which of several equal ones it is).
        maximum: the largest reward, 1 for those of this package but `released_rewards`.
        evaluation: the column whose rows are for evaluation where its value is true.
        name: what trainers' logs call it; ``flipped_`` and the reward's name by default.

    Raises:
        UsageError: a wrong setting; the message names it.

    >>> def half(completions, **columns):
    ...     return [0.25] * len(completions)
    >>> GroupFlip(half, p=1, seed=0)(["a", "b"], ["Extract: x"] * 2)
    [0.75, 0.75]
    >>> GroupFlip(half, p=1, seed=0)(["a", "b"], ["Extract: x"] * 2, evaluation=[True, True])
    [0.25, 0.25]
    """

    def __init__(
        self,
        reward: Reward,
        p: float,
        seed: int,
        *,
        per: Per = "group",
        maximum: float = 1.0,
        evaluation: str = "evaluation",
        name: str | None = None,
    ) -> None:
        self.reward, self.p, self.seed, self.per = _checked(reward), p, seed, per
        self.maximum, self.evaluation = _number("maximum", maximum), evaluation
        self.__name__ = name or f"flipped_{_name_of(reward)}"
        if not 0 <= _number("p", p) <= 1:
            raise UsageError(f"p: expected a probability from 0 to 1, got {brief(p)}")
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise UsageError(f"seed: expected a whole number, got {brief(seed)}")
        if per not in get_args(Per):
            raise UsageError(f"per: expected group or completion, got {brief(per)}")

    def __repr__(self) -> str:
        return f"GroupFlip({_name_of(self.reward)}, p={self.p:g}, seed={self.seed}, per={self.per!r})"

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        log_extra: LogExtra | None = None,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Score a batch, then turn what is to be turned.

        The reward's own logs stay true. Logged beside them: the share of completions that were turned, as
        ``<name>/flipped``, and the mean of the true reward, as ``<name>/true``.

        Raises:
            InputError: prompts are missing, the column ``evaluation`` is no list with one value a completion, or the
                reward gives fewer or more values than that.
        """
        found = _scores(self.reward, completions, prompts, completion_ids, log_extra, log_metric, columns)
        flips = self._flips(completions, prompts, is_training(log_metric) is not False, columns)
        if log_metric is not None and flips:
            log_metric(f"{self.__name__}/flipped", sum(flips) / len(flips))
            if given := [value for value in found if value is not None]:
                log_metric(f"{self.__name__}/true", math.fsum(given) / len(given))
        return [
            self.maximum - value if flip and value is not None else value
            for value, flip in zip(found, flips, strict=True)
        ]

    def _flips(
        self, completions: Sequence[object], prompts: object, training: bool, columns: dict[str, Any]
    ) -> list[bool]:
        """Which completions are turned."""
        if not training:
            return [False] * len(completions)
        keys, step = prompt_keys(prompts, len(completions), self.__name__), global_step(columns)
        spared = as_list(columns.get(self.evaluation, [False] * len(keys)))
        if spared is None or len(spared) != len(keys):
            got = brief(columns[self.evaluation])
            raise InputError(f"column {self.evaluation}: expected {len(keys)} values, one a completion, got {got}")
        if self.per == "group":
            flips = [self._decides(key, step) for key in keys]
        else:
            seen: Counter[tuple[str, str]] = Counter()
            flips = []
            for key, completion in zip(keys, completions, strict=True):
                text = message_text(completion)
                flips.append(self._decides(key, step, text, seen[key, text]))
                seen[key, text] += 1
        return [flip and not spare for flip, spare in zip(flips, spared, strict=True)]

    def _decides(self, *parts: str | int | None) -> bool:
        """Whether these are turned: the first 53 bits of a hash, as a number from 0 to 1, are below p."""
        digest = blake2b(json.dumps([self.seed, *parts]).encode(), digest_size=8).digest()
        return (int.from_bytes(digest) >> 11) / 2**53 < self.p


class Calibrated:
    """Lifts rewards that may be too low by what the reasoning looks like, against false negatives.

    Formula: min(1, reward + alpha · pattern) where reward < tau, else reward. Range: that of the reward. Where the
    reward is None or NaN it becomes None; where the pattern is, the reward stays as it is. Source: the calibration of
    noisy reward models in "The Climb Carves Wisdom Deeper Than the Summit" (arXiv:2505.22653). Stateless, thread-safe,
    picklable.

    Args:
        reward: any reward of TRL's signature that is not async, in [0, 1].
        pattern: likewise, `ReasoningPatternReward` in the source.
        tau: rewards below may be too low.
        alpha: what the pattern adds at most, from 0 on.
        name: what trainers' logs call it; ``calibrated_`` and the reward's name by default.

    Raises:
        UsageError: a wrong setting; the message names it.

    >>> from sciie_rewards import reasoning_pattern_reward
    >>> def harsh(completions, **columns):
    ...     return [0.75, 0.25][: len(completions)]
    >>> said = '<think>Because it refers to the phrase.</think><answer>{"ner": []}</answer>'
    >>> Calibrated(harsh, reasoning_pattern_reward, alpha=0.5)([said, said])
    [0.75, 0.2875]
    """

    def __init__(
        self, reward: Reward, pattern: Reward, tau: float = 0.5, alpha: float = 0.1, *, name: str | None = None
    ) -> None:
        self.reward, self.pattern = _checked(reward), _checked(pattern, "pattern")
        self.tau, self.alpha = _number("tau", tau), _number("alpha", alpha)
        self.__name__ = name or f"calibrated_{_name_of(reward)}"
        if alpha < 0:
            raise UsageError(f"alpha: expected a number from 0 on, got {brief(alpha)}")

    def __repr__(self) -> str:
        inner = f"{_name_of(self.reward)}, {_name_of(self.pattern)}"
        return f"Calibrated({inner}, tau={self.tau:g}, alpha={self.alpha:g})"

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        log_extra: LogExtra | None = None,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Score a batch with both rewards, which log by themselves; also logs ``<name>/lifted``, a share.

        Raises:
            InputError: one of them gives fewer or more values than completions.
        """
        call = partial(
            _scores,
            completions=completions,
            prompts=prompts,
            completion_ids=completion_ids,
            log_extra=log_extra,
            log_metric=log_metric,
            columns=columns,
        )
        pairs = list(zip(call(self.reward), call(self.pattern), strict=True))
        out = [self._lifted(value, pattern) for value, pattern in pairs]
        if log_metric is not None and out:
            changed = [after != before for after, (before, _) in zip(out, pairs, strict=True)]
            log_metric(f"{self.__name__}/lifted", sum(changed) / len(changed))
        return out

    def _lifted(self, value: float | None, pattern: float | None) -> float | None:
        if value is None or pattern is None or not value < self.tau:
            return value
        return min(1.0, value + self.alpha * pattern)


def _scores(
    reward: Reward,
    completions: Sequence[object],
    prompts: Sequence[object] | None,
    completion_ids: object,
    log_extra: LogExtra | None,
    log_metric: LogMetric | None,
    columns: dict[str, Any],
) -> list[float | None]:
    """What a reward gives, called as TRL calls it and without what there is not; NaN as None, which TRL reads alike."""
    given = {"prompts": prompts, "completion_ids": completion_ids, "log_extra": log_extra, "log_metric": log_metric}
    more = {name: value for name, value in given.items() if value is not None}
    found = [
        None if value is None or math.isnan(value) else float(value)
        for value in reward(completions=completions, **more, **columns)
    ]
    if len(found) != len(completions):
        raise InputError(f"{_name_of(reward)}: expected {len(completions)} rewards, one a completion, got {len(found)}")
    return found


def _checked(reward: Reward, setting: str = "reward") -> Reward:
    if not callable(reward):
        raise UsageError(f"{setting}: expected a function or an object that can be called, got {brief(reward)}")
    if inspect.iscoroutinefunction(reward) or inspect.iscoroutinefunction(getattr(reward, "__call__", None)):  # noqa: B004
        raise UsageError(f"{setting}: {_name_of(reward)} is async; wrap a reward that is called and returns")
    return reward


def _number(setting: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{setting}: expected a finite number, got {brief(value)}")
    return value


def _name_of(reward: Reward) -> str:
    return str(getattr(reward, "__name__", type(reward).__name__))
