"""AReaL 1.0: one sample, positional or by keyword, the row's fields as keywords, in a process pool."""

import inspect
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest
from batch import Call, by_the_trainer_itself, calls, cases, core, installed, source

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.areal import r2


def work(place: int) -> partial[float]:
    """What `AsyncRewardWrapper` sends to its pool."""
    case = cases()[place]
    row = {"messages": [{"role": "user", "content": "x"}], "id": str(place), "gold": case.gold, "query_id": "q"}
    return partial(r2, case.asked, f"{case.completion}<|im_end|>", [1, 2], [3], **row)


def test_every_reward_is_the_cores() -> None:
    assert [work(place)() for place in range(300)] == pytest.approx(core(True), abs=1e-12, rel=0)


def test_columns_and_keywords() -> None:
    case = cases()[0]
    named = r2(prompt=case.asked, completions=case.completion, prompt_ids=[], completion_ids=[], **case.row)
    assert named == core(True)[0]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_process_pool_gives_the_same(method: str) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        futures = [pool.submit(work(place)) for place in range(300)]
        assert [future.result() for future in futures] == list(core(True))


def test_no_gold_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^gold: no gold for this completion"):
        r2("a", "b", [], [], gold=None)


def test_the_installed_trainer_calls_it_so() -> None:
    areal = installed("areal")
    shape = Call(4, (), True)
    for workflow in ("rlvr", "multi_turn"):
        assert calls(source(areal, f"areal/workflow/{workflow}.py"), "async_reward_fn") == {shape}
    (keywords,) = calls(source(areal, "areal/workflow/vision_rlvr.py"), "async_reward_fn")
    assert keywords == Call(0, tuple(inspect.signature(r2).parameters)[:4], True)


def test_the_trainer_itself_gives_the_same() -> None:
    got = by_the_trainer_itself("areal", "areal")
    assert got == pytest.approx(core(True), abs=1e-12, rel=0)
