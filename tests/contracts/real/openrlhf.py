"""OpenRLHF's own executor loads the reward from its file and calls it; prints every score, as JSON."""

import asyncio
import importlib.util
import json
from types import SimpleNamespace
from typing import Any

from batch import cases
from code_points import CodePoints
from openrlhf.utils.agent import SingleTurnAgentExecutor


class Engine:
    """Answers with the completion it is given."""

    def __init__(self, completion: str) -> None:
        self.completion = completion

    async def generate(self, prompt_ids: list[int], sampling: Any, multi_modal_data: Any = None) -> Any:
        ids = CodePoints().encode(f"{self.completion}<|im_end|>")
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=ids, finish_reason="stop", logprobs=None)])


async def scores() -> list[float]:
    executor = SingleTurnAgentExecutor(importlib.util.find_spec("sciie_rewards.trainers.openrlhf").origin)
    sampling = SimpleNamespace(max_tokens=4000, logprobs=None)
    found = []
    for case in cases():
        out = await executor.execute(case.asked, case.gold, sampling, 20_000, CodePoints(), Engine(case.completion))
        found.append(out["reward"])
    return found


print(json.dumps(asyncio.run(scores())))
