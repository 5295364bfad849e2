"""Flipped and calibrated rewards: what is turned, what stays, and that every process turns the same."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import environment

from sciie_eval.exceptions import InputError, UsageError
from sciie_rewards import Calibrated, GroupFlip, R2Reward, r2_reward, reasoning_pattern_reward

GOLD = {"sentence": "BERT helps .", "ner": [["BERT", "Method"]], "rel": []}
GOOD = '<think>Because it says so.</think><answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>'


class Fixed:
    """A reward that gives what a column says; it notes how it was called."""

    __name__ = "fixed"

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, completions: list[str], **columns: Any) -> list[Any]:
        self.calls.append(columns)
        return list(columns["value"])


def state(step: int) -> SimpleNamespace:
    return SimpleNamespace(global_step=step)


def flips(
    reward: GroupFlip, prompts: list[Any], step: int | None = 0, completions: Any = None, **more: Any
) -> list[Any]:
    """Where a reward of 0 became 1."""
    columns = {"value": [0.0] * len(prompts), **more}
    if step is not None:
        columns["trainer_state"] = state(step)
    return [bool(v) for v in reward(completions=completions or ["x"] * len(prompts), prompts=prompts, **columns)]


values = st.none() | st.floats(0, 1)


@given(st.lists(st.tuples(st.sampled_from("abc"), values), max_size=8), st.sampled_from((0, 0.3, 1)), st.integers(0, 9))
def test_a_group_is_turned_as_a_whole_or_not_at_all(rows: list[tuple[str, Any]], p: float, step: int) -> None:
    prompts, before = [row[0] for row in rows], [row[1] for row in rows]
    reward = GroupFlip(Fixed(), p, seed=1)
    after = reward(["x"] * len(rows), prompts, value=before, trainer_state=state(step))
    turned = flips(reward, list("abc"), step)
    assert after == [
        None if value is None else 1 - value if turned["abc".index(prompt)] else value for prompt, value in rows
    ]
    assert turned == [p == 1] * 3 if p in (0, 1) else True


def test_seed_prompt_and_step_decide() -> None:
    prompts = [f"Extract: {number}" for number in range(2000)]
    first = flips(GroupFlip(Fixed(), 0.3, seed=0), prompts)
    assert abs(sum(first) / 2000 - 0.3) < 4 * math.sqrt(0.21 / 2000)
    assert first == flips(GroupFlip(Fixed(), 0.3, seed=0), prompts)
    for other in (
        flips(GroupFlip(Fixed(), 0.3, seed=1), prompts),
        flips(GroupFlip(Fixed(), 0.3, seed=0), prompts, step=1),
        flips(GroupFlip(Fixed(), 0.3, seed=0), prompts, step=None),
    ):
        both = sum(a and b for a, b in zip(first, other, strict=True)) / 2000
        assert abs(both - 0.09) < 4 * math.sqrt(0.09 * 0.91 / 2000)  # as independent ones would
    more = flips(GroupFlip(Fixed(), 0.6, seed=0), prompts)
    assert all(b for a, b in zip(first, more, strict=True) if a)


def test_ranks_and_order_do_not_matter() -> None:
    prompts = [[{"role": "user", "content": f"Extract: {number}"}] for number in range(20) for _ in range(4)]
    reward = GroupFlip(Fixed(), 0.5, seed=3)
    whole = flips(reward, prompts, step=7)
    assert 0 < sum(whole) < 80
    parts = [flips(reward, prompts[first : first + 7], step=7) for first in range(0, 80, 7)]
    assert [one for part in parts for one in part] == whole
    assert flips(reward, prompts[::-1], step=7) == whole[::-1]
    turned = [{"content": "Extract: 0", "role": "user"}]
    assert flips(reward, [turned], step=7) == whole[:1]  # messages are mappings: the order of keys says nothing


def test_another_process_turns_the_same() -> None:
    """The hash is not Python's, which differs from process to process."""
    code = (
        "from sciie_rewards import GroupFlip\n"
        "def zero(completions, **columns): return [0.0] * len(completions)\n"
        "prompts = [str(n) for n in range(64)]\n"
        "print(*map(int, GroupFlip(zero, .5, seed=5)(['x'] * 64, prompts)), sep='')"
    )
    done = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(PYTHONHASHSEED=s))
        for s in ("1", "2")
    ]
    here = flips(GroupFlip(Fixed(), 0.5, seed=5), [str(number) for number in range(64)], step=None)
    assert [one.stdout.strip() for one in done] == ["".join(str(int(one)) for one in here)] * 2, done[0].stderr


def test_by_completion() -> None:
    prompts, texts = ["a"] * 400, [str(number % 200) for number in range(400)]
    reward = GroupFlip(Fixed(), 0.5, seed=0, per="completion")
    found = flips(reward, prompts, completions=texts)
    assert abs(sum(found) - 200) < 4 * 10
    assert found[:200] != found[200:]  # the second of two equal completions is another one
    assert flips(reward, prompts[:200], completions=texts[:200]) == found[:200]
    assert flips(reward, ["b"] * 400, completions=texts) != found


def test_evaluation_is_never_flipped() -> None:
    class Trainer:
        def __init__(self, training: bool) -> None:
            self.model = SimpleNamespace(training=training)

        def log_metric(self, name: str, value: float) -> None:
            pass

    reward = GroupFlip(Fixed(), 1, seed=0)
    assert flips(reward, ["a", "b"], log_metric=Trainer(True).log_metric) == [True, True]
    assert flips(reward, ["a", "b"], log_metric=Trainer(False).log_metric) == [False, False]
    assert flips(reward, ["a", "b"], log_metric=lambda name, value: None) == [True, True]
    assert flips(reward, ["a", "b"], evaluation=[True, None]) == [False, True]
    assert flips(GroupFlip(Fixed(), 1, seed=0, evaluation="held_out"), ["a"], held_out=[1], evaluation=["x"]) == [False]
    for wrong in (True, [True], None):
        with pytest.raises(InputError, match="column evaluation: expected 2 values, one a completion, got"):
            flips(reward, ["a", "b"], evaluation=wrong)


def test_the_largest_reward_and_what_does_not_apply() -> None:
    reward = GroupFlip(Fixed(), 1, seed=0, maximum=2)
    assert reward(["x"] * 4, ["a"] * 4, value=[2, 0.5, None, float("nan")]) == [0, 1.5, None, None]


def test_the_logs_of_the_reward_stay_true() -> None:
    metrics: dict[str, float] = {}
    extra: dict[str, list[Any]] = {}
    reward = GroupFlip(r2_reward, 1, seed=0)
    scores = reward(
        [GOOD, ""], ["a", "a"], gold=[GOLD] * 2, log_metric=metrics.__setitem__, log_extra=extra.__setitem__
    )
    assert scores == [0, 1]
    assert metrics["flipped_r2_reward/flipped"] == 1
    assert metrics["flipped_r2_reward/true"] == 0.5
    assert extra["sciie/status"] == ["ok", "no_answer"]
    assert reward([], [], gold=[], log_metric=metrics.__setitem__) == []


@given(values, st.none() | st.just(math.nan) | st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_calibration_is_the_formula(value: Any, pattern: Any, tau: float, alpha: float) -> None:
    reward = Calibrated(Fixed(), lambda completions, **columns: [pattern], tau, alpha)
    (found,) = reward(["x"], value=[value])
    if value is None or pattern is None or math.isnan(pattern) or value >= tau:
        assert found == value
    else:
        assert found == min(1, value + alpha * pattern)
        assert value <= found <= 1


def test_calibration_of_the_real_reward() -> None:
    metrics: dict[str, float] = {}
    reward = Calibrated(r2_reward, reasoning_pattern_reward, alpha=1)
    wrong = GOOD.replace("Method", "Task")
    before = r2_reward([GOOD, wrong, ""], gold=[GOLD] * 3)
    after = reward([GOOD, wrong, ""], gold=[GOLD] * 3, log_metric=metrics.__setitem__)
    assert after == [before[0], pytest.approx((before[1] or 0) + 1 / 40), 0]
    assert metrics["calibrated_r2_reward/lifted"] == pytest.approx(1 / 3)


def test_what_is_passed_on() -> None:
    fixed = Fixed()
    GroupFlip(fixed, 0, seed=0)(["x"], ["a"], [[1]], value=[1], trainer_state=state(3))
    assert fixed.calls == [{"prompts": ["a"], "completion_ids": [[1]], "value": [1], "trainer_state": state(3)}]
    Calibrated(fixed, fixed)(["x"], value=[1])
    assert fixed.calls[1:] == [{"value": [1]}] * 2


def short(completions: list[str], **columns: Any) -> list[float]:
    return [0.0]


async def later(completions: list[str], **columns: Any) -> list[float]:
    return [0.0]


class Later:
    async def __call__(self, completions: list[str], **columns: Any) -> list[float]:
        return [0.0]


@pytest.mark.parametrize(
    ("reward", "settings", "message"),
    [
        (short, {"p": 1.1, "seed": 0}, "p: expected a probability from 0 to 1, got 1.1"),
        (short, {"p": "1", "seed": 0}, "p: expected a finite number, got '1'"),
        (short, {"p": math.nan, "seed": 0}, "p: expected a finite number"),
        (short, {"p": 0.1, "seed": 0.5}, "seed: expected a whole number, got 0.5"),
        (short, {"p": 0.1, "seed": 0, "per": "prompt"}, "per: expected group or completion, got 'prompt'"),
        (short, {"p": 0.1, "seed": 0, "maximum": math.inf}, "maximum: expected a finite number"),
        ("r2_reward", {"p": 0.1, "seed": 0}, "reward: expected a function"),
        (later, {"p": 0.1, "seed": 0}, "reward: later is async"),
        (Later(), {"p": 0.1, "seed": 0}, "reward: Later is async"),
        (short, {"pattern": 1}, "pattern: expected a function"),
        (short, {"pattern": short, "alpha": -1}, "alpha: expected a number from 0 on, got -1"),
        (short, {"pattern": short, "tau": True}, "tau: expected a finite number"),
    ],
)
def test_wrong_settings_are_named(reward: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        (Calibrated if "pattern" in settings else GroupFlip)(reward, **settings)
    assert str(error.value).startswith(message)


def test_wrong_calls_are_named() -> None:
    with pytest.raises(InputError, match="short: expected 2 rewards, one a completion, got 1"):
        GroupFlip(short, 0.5, seed=0)(["x", "y"], ["a", "a"])
    for prompts in (None, ["a"], "a"):
        with pytest.raises(InputError, match="prompts: flipped_short needs 1, one a completion, got") as error:
            GroupFlip(short, 0.5, seed=0)(["x"], ["a"] * 2 if prompts == ["a"] else prompts)  # type: ignore[arg-type]
        assert "\n" not in str(error.value)
    for prompt in (object(), [{"role": "user", "content": object()}], 3):
        with pytest.raises(InputError, match="prompts, row 0: expected a text or messages"):
            GroupFlip(short, 0.5, seed=0)(["x"], [prompt])


def test_names_and_pickling() -> None:
    inner = R2Reward(name="loose", normalize="spacing")
    flipped, calibrated = GroupFlip(inner, 0.5, seed=2), Calibrated(inner, reasoning_pattern_reward)
    both = Calibrated(flipped, reasoning_pattern_reward)
    assert [one.__name__ for one in (flipped, calibrated, both)] == [
        "flipped_loose",
        "calibrated_loose",
        "calibrated_flipped_loose",
    ]
    assert GroupFlip(inner, 0.5, seed=2, name="noisy").__name__ == "noisy"
    assert repr(flipped) == "GroupFlip(loose, p=0.5, seed=2, per='group')"
    assert repr(both) == "Calibrated(flipped_loose, reasoning_pattern_reward, tau=0.5, alpha=0.1)"
    prompts = [str(number) for number in range(16)]
    for reward in (flipped, calibrated, both, GroupFlip(short, 0, seed=0)):
        again = pickle.loads(pickle.dumps(reward))
        assert again.__name__ == reward.__name__
        number = 1 if reward.__name__ == "flipped_short" else 16
        arguments = [GOOD] * number, prompts[:number]
        assert again(*arguments, gold=[GOLD] * number) == reward(*arguments, gold=[GOLD] * number)
