"""verl 0.9: one sample, keywords, a thread pool."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch import Call, by_the_trainer_itself, calls, cases, core, installed, source, strings

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.verl import compute_score


def call(place: int, **more: Any) -> dict[str, float]:
    """As `NaiveRewardManager.run_single` calls it, with the strings that an object array gives back."""
    case = cases()[place]
    return compute_score(
        data_source=np.str_("sciie/scier"),
        solution_str=case.completion,
        ground_truth=np.array([case.gold], dtype=object)[0],
        extra_info={"index": place, "num_turns": None, "rollout_reward_scores": {}},
        **more,
    )


def test_every_reward_is_the_cores() -> None:
    got = [call(place) for place in range(300)]
    assert [values["score"] for values in got] == pytest.approx(core(), abs=1e-12, rel=0)
    assert {tuple(values) for values in got} == {tuple(got[0])}
    assert {type(value) for values in got for value in values.values()} == {float}


def test_numpy_strings_and_what_a_reward_model_adds() -> None:
    case = cases()[0]
    got = compute_score("x", np.str_(case.completion), np.str_(case.gold), None, reward_router_address="a:1")
    assert got == call(0)
    assert got == call(0, reward_router_address=None, reward_model_tokenizer=None)


def test_a_thread_pool_of_32_gives_the_same() -> None:
    with ThreadPoolExecutor(32) as pool:
        got = [values["score"] for values in pool.map(call, [*range(300)] * 3)]
    assert got == [*core()] * 3


def test_a_path_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "reward.toml"
    path.write_text("weights = { REL = 0 }\n", encoding="utf-8")
    assert call(1, config=str(path))["score"] != call(1)["score"]


def test_no_gold_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^ground_truth of gsm8k: no gold"):
        compute_score(data_source="gsm8k", solution_str="4", ground_truth=None, extra_info={})


def test_it_is_a_plain_function_of_the_module() -> None:
    assert inspect.isfunction(compute_score)
    assert not inspect.iscoroutinefunction(compute_score)


def test_the_installed_trainer_calls_it_so() -> None:
    verl = installed("verl")
    for manager in ("naive", "dapo"):
        tree = source(verl, f"verl/experimental/reward_loop/reward_manager/{manager}.py")
        found = calls(tree, "compute_score")
        assert found == {Call(0, ("data_source", "solution_str", "ground_truth", "extra_info"), True)}
        for shape in found:
            inspect.signature(compute_score).bind(**dict.fromkeys(shape.keywords), reward_router_address="")
    loader = source(verl, "verl/utils/import_utils.py")
    assert "pkg://" in strings(loader)


def test_the_trainer_itself_gives_the_same() -> None:
    got = by_the_trainer_itself("verl", "verl")
    assert got == pytest.approx(core(), abs=1e-12, rel=0)
