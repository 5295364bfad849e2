"""OpenRLHF 0.11: three lists of one, in a thread; the query holds prompt and special tokens."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from batch import Call, by_the_trainer_itself, calls, cases, core, installed, source, strings
from snippets import flags

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.openrlhf import completion_of, reward_func


def call(place: int) -> dict[str, Any]:
    """As `SingleTurnAgentExecutor._fetch_rewards_via_func` calls it."""
    case = cases()[place]
    return reward_func([f"{case.asked}{case.completion}<|im_end|>"], [case.asked], [case.gold])


def test_every_reward_is_the_cores() -> None:
    got = [call(place) for place in range(300)]
    assert [values["rewards"] for values in got] == pytest.approx(core(True), abs=1e-12, rel=0)
    assert [values["scores"] for values in got] == [values["rewards"] for values in got]
    assert {tuple(values["extra_logs"]) for values in got} == {tuple(got[0]["extra_logs"])}
    assert {type(v) for values in got for v in (values["rewards"], *values["extra_logs"].values())} == {float}
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(call, range(300))) == got


def test_the_prompt_is_cut_off_however_it_was_changed() -> None:
    asked, said = "A long guideline. Sentence: a b c\n<answer> may hold anything", "<answer>{}</answer>"
    assert completion_of(f"{asked}{said}", asked) == said
    assert completion_of(f"{asked[20:]}{said}", asked) == said  # a prompt too long loses its head
    assert completion_of(f"{asked.replace(' ', '  ')}{said}", asked) == said  # decoding need not give blanks back
    assert completion_of(f"{asked}{said}{asked}", asked) == f"{said}{asked}"  # a model may repeat it
    with pytest.raises(
        InputError, match=r"^queries: expected the end of the prompt, then the completion, got '<answer>"
    ):
        completion_of(said, asked)
    assert completion_of(said, "") == said


def test_what_it_is_not_made_for_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^queries: expected one, as OpenRLHF calls a reward_func, got 2"):
        reward_func(["a", "b"], ["a", "b"], ["", ""])
    with pytest.raises(InputError, match=r"^labels: no gold"):
        reward_func(["ab"], ["a"], [""])  # what OpenRLHF passes without --data.label_key


def test_the_installed_trainer_calls_it_so() -> None:
    tree = source(installed("openrlhf"), "openrlhf/utils/agent.py")
    assert Call(4, (), False) in calls(tree, "to_thread")  # the function and three lists
    assert tuple(inspect.signature(reward_func).parameters)[:3] == ("queries", "prompts", "labels")
    parser = source(installed("openrlhf"), "openrlhf/cli/train_ppo_ray.py")
    assert {f"--{name}" for name in flags("OpenRLHF", "openrlhf.cli.train_ppo_ray")} <= strings(parser)
    keys = {call.args[0].value for call in _gets(tree)}  # type: ignore[attr-defined]
    assert {"rewards", "scores", "extra_logs"} <= keys


def _gets(tree: Any) -> list[Any]:
    import ast

    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "get"
        and isinstance(node.args[0], ast.Constant)
    ]


def test_the_trainer_itself_gives_the_same() -> None:
    got = by_the_trainer_itself("openrlhf", "openrlhf")
    assert got == pytest.approx(core(True), abs=1e-12, rel=0)
