"""verifiers 0.4 v1: an async function, arguments by name, a trace."""

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from batch import by_the_trainer_itself, cases, core

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.verifiers import r2


class Trace:
    """What a reward sees of a trace."""

    def __init__(self, content: str | None, reasoning: str | None = None, root: str | None = None) -> None:
        self.root_reply = root
        self.assistant_messages = [SimpleNamespace(content="an earlier turn", reasoning_content=None)]
        self.assistant_messages.append(SimpleNamespace(content=content, reasoning_content=reasoning))
        self.metrics: dict[str, float] = {}

    def record_metrics(self, metrics: dict[str, float]) -> None:
        self.metrics |= metrics


def test_every_reward_is_the_cores() -> None:
    traces = [Trace(case.completion) for case in cases()]

    async def gathered() -> list[Any]:
        pairs = zip(cases(), traces, strict=True)
        return await asyncio.gather(*(r2(task=SimpleNamespace(answer=c.gold), trace=t) for c, t in pairs))

    assert asyncio.run(gathered()) == pytest.approx(core(), abs=1e-12, rel=0)
    assert {tuple(trace.metrics) for trace in traces} == {tuple(traces[0].metrics)}


def test_reasoning_that_the_server_keeps_apart_counts() -> None:
    case = next(c for c in cases() if c.completion.startswith("<think>"))
    reasoning, _, answer = case.completion.removeprefix("<think>").partition("</think>")
    task = SimpleNamespace(answer=case.gold)
    whole = asyncio.run(r2(task, Trace(case.completion)))
    assert asyncio.run(r2(task, Trace(answer, reasoning))) == whole
    assert asyncio.run(r2(task, Trace("of a child", root=case.completion))) == whole


def test_no_reply_is_worth_nothing_and_no_gold_is_not_applicable() -> None:
    empty = Trace(None)
    empty.assistant_messages = []
    assert asyncio.run(r2(SimpleNamespace(answer=cases()[0].gold), empty)) == 0.0
    assert asyncio.run(r2(SimpleNamespace(), empty)) == {}
    with pytest.raises(InputError, match=r"^answer: no gold"):
        asyncio.run(r2(SimpleNamespace(answer=""), empty))
    assert inspect.iscoroutinefunction(r2)


REAL = """
import asyncio, json, sys
import verifiers.v1 as vf
from verifiers.v1.utils.decorators import invoke
from verifiers.v1.configs.task import TaskConfig
from verifiers.v1.trace import TraceTask, AgentInfo
from verifiers.v1.types import AssistantMessage
from verifiers.v1.graph import MessageNode
"""


def test_the_trainer_itself_gives_the_same() -> None:
    got = by_the_trainer_itself("verifiers", "verifiers")
    assert got == pytest.approx(core(), abs=1e-12, rel=0)
