"""slime, replayed: ``await f(args, sample)``, or a list of samples under ``--group-rm``. It is in no registry."""

import asyncio
import inspect
from argparse import Namespace
from dataclasses import dataclass, field
from typing import Any

import pytest
from batch import cases, core

from sciie_eval.exceptions import InputError
from sciie_rewards.trainers.slime import r2


@dataclass
class Sample:
    """The fields of slime's own that a reward sees."""

    prompt: str | list[dict[str, str]] = ""
    response: str = ""
    label: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def samples(chat: bool = True) -> list[Sample]:
    return [
        Sample([{"role": "user", "content": c.asked}] if chat else c.asked, f"{c.completion}<|im_end|>", c.gold)
        for c in cases()
    ]


def test_every_reward_is_the_cores() -> None:
    args = Namespace(reward_key=None, eval_reward_key=None)

    async def one_by_one(chat: bool) -> list[Any]:
        return await asyncio.gather(*(r2(args, sample) for sample in samples(chat)))

    assert asyncio.run(one_by_one(True)) == pytest.approx(core(), abs=1e-12, rel=0)
    assert asyncio.run(one_by_one(False)) == pytest.approx(core(True), abs=1e-12, rel=0)
    assert asyncio.run(r2(args, samples(), evaluation=True)) == pytest.approx(core(), abs=1e-12, rel=0)


def test_a_key_asks_for_the_components() -> None:
    got: Any = asyncio.run(r2(Namespace(reward_key="score"), samples()[0]))
    assert got["score"] == core()[0]
    assert list(got)[1] == "sciie/FORMAT"
    assert asyncio.run(r2(Namespace(), samples()[0])) == core()[0]


def test_no_gold_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^label: no gold"):
        asyncio.run(r2(Namespace(), Sample("a", "b")))
    assert inspect.iscoroutinefunction(r2)
