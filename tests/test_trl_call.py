"""What a call shows of the training, and that a call of another kind shows nothing (real ones: contracts)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.trl_call import global_step, group_size, is_training, prompt_keys


class Trainer:
    num_generations = 8
    num_generations_eval = 2

    def __init__(self, training: Any) -> None:
        self.model = SimpleNamespace(training=training)

    def log_metric(self, name: str, value: float) -> None:
        pass


def test_what_the_trainer_knows() -> None:
    assert [is_training(Trainer(mode).log_metric) for mode in (True, False)] == [True, False]
    assert [group_size(Trainer(mode).log_metric) for mode in (True, False)] == [8, 2]
    assert global_step({"trainer_state": SimpleNamespace(global_step=3)}) == 3


@pytest.mark.parametrize("log_metric", [None, lambda name, value: None, {}.__setitem__, "x".join], ids=range(4))
def test_what_is_no_trainer_knows_nothing(log_metric: Any) -> None:
    assert is_training(log_metric) is None
    assert group_size(log_metric) is None


def test_values_of_another_kind_are_not_taken_for_knowledge() -> None:
    assert is_training(Trainer("yes").log_metric) is None
    for value in (None, [], SimpleNamespace(), SimpleNamespace(global_step="3"), SimpleNamespace(global_step=True)):
        assert global_step({"trainer_state": value}) is None
    assert global_step({}) is None


def test_equal_prompts_have_equal_keys() -> None:
    message = {"role": "user", "content": "Extract: é \ud83d"}
    one, two = prompt_keys([[message], [dict(reversed(message.items()))]], 2, "reward")
    assert one == two
    assert one.isascii()
    assert len(set(prompt_keys(["a", ["a"], [{"content": "a"}], '"a"'], 4, "reward"))) == 4
    with pytest.raises(InputError, match="prompts: reward needs 3, one a completion, got 2"):
        prompt_keys(["a", "b"], 3, "reward")
