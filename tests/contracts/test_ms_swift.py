"""ms-swift 4.6: a registered class, completions positional, the dataset's columns as keywords."""

import inspect
import sys
from types import ModuleType
from typing import Any

import pytest
from batch import Call, annotated, by_the_trainer_itself, calls, cases, column, core, installed, source
from snippets import flags

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers import ms_swift


def call(first: int, end: int) -> list[float | None]:
    """As `compute_rewards_per_func` calls it: rows padded with None, the answer already in the messages."""
    chosen = cases()[first:end]
    rows: dict[str, Any] = {
        "trainer_state": None,
        "messages": [
            [{"role": "user", "content": c.asked}, {"role": "assistant", "content": c.completion}] for c in chosen
        ],
        "prompt_id": [str(place // 4) for place in range(first, end)],
        "finish_reason": ["stop"] * len(chosen),
        "is_truncated": [False] * len(chosen),
        "images": [None] * len(chosen),
        "sentence": column("sentence", chosen),
        "gold": column("gold", chosen),
    }
    return ms_swift.R2(args=object())([case.completion for case in chosen], **rows)


def test_every_reward_is_the_cores() -> None:
    got = [reward for first in range(0, 300, 20) for reward in call(first, first + 20)]
    assert got == pytest.approx(core(), abs=1e-12, rel=0)
    assert call(0, 1) == [core()[0]]


def test_rows_of_other_tasks_are_not_applicable() -> None:
    case = cases()[0]
    assert ms_swift.R2()([case.completion] * 2, gold=[case.gold, None], sentence=None) == [core()[0], None]
    with pytest.raises(InputError, match=r"^column gold: missing"):
        ms_swift.R2()([case.completion], solution=["x"])


def test_it_is_registered_where_ms_swift_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ms_swift.register() is False
    rewards = ModuleType("swift.rewards")
    rewards.orms = {}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "swift", ModuleType("swift"))
    monkeypatch.setitem(sys.modules, "swift.rewards", rewards)
    monkeypatch.setattr(ms_swift, "version", lambda name: "4.6.0")
    assert ms_swift.register() is True
    assert rewards.orms == {"sciie_r2": ms_swift.R2}


def test_the_installed_trainer_calls_it_so() -> None:
    swift = installed("ms-swift")
    assert Call(1, (), True) in calls(source(swift, "swift/rl_core/grpo_algorithm.py"), "reward_func")
    files = ("pipelines/train/rlhf", "arguments/rlhf_args", "arguments/base_args/base_args")
    files += ("arguments/base_args/model_args", "arguments/base_args/data_args")
    fields = {name for file in files for name in annotated(source(swift, f"swift/{file}.py"))}
    assert set(flags("ms-swift", "swift")) <= fields
    trainer = source(swift, "swift/rlhf_trainers/grpo_trainer.py")
    assert calls(trainer, "reward_func_class") == {Call(0, ("args",), False)}
    assert tuple(inspect.signature(ms_swift.R2.__call__).parameters) == ("self", "completions", "columns")
    assert next(iter(inspect.signature(ms_swift.R2).parameters)) == "args"


def test_the_trainer_itself_gives_the_same() -> None:
    got = by_the_trainer_itself("ms-swift", "ms_swift")
    assert got == pytest.approx(core(), abs=1e-6, rel=0)  # ms-swift keeps rewards in float32
