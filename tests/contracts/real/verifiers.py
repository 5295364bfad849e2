"""The taskset of the docs loads an exported file, and verifiers' own tasks score real traces; prints every score."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import verifiers.v1 as vf
from batch import cases
from exported import export
from snippets import snippets
from verifiers.v1.graph import MessageNode
from verifiers.v1.trace import AgentInfo, TraceTask
from verifiers.v1.types import AssistantMessage


async def scores() -> list[float]:
    names: dict[str, Any] = {"__name__": "sciie_r2"}
    sys.modules["sciie_r2"] = sys.modules["__main__"]
    exec(snippets("verifiers and prime-rl", "python")[0], names)
    with tempfile.TemporaryDirectory() as folder:
        path = export(Path(folder), "verifiers", "train.jsonl")
        tasks = {task.data.id: task for task in names["R2Taskset"](names["R2Config"](path=path))}
    by_sentence = {json.loads(task.data.answer)["sentence"]: task for task in tasks.values()}
    found = []
    for case in cases():
        task = by_sentence[case.row["sentence"]]
        reply = MessageNode(message=AssistantMessage(content=case.completion), sampled=True)
        agent = AgentInfo(config=vf.AgentConfig())
        trace = vf.Trace(task=TraceTask(type="R2Task", data=task.data), agent=agent, nodes=[reply])
        await task.score(trace)
        assert list(trace.rewards) == ["r2"]
        assert "sciie/NER" in trace.metrics
        found.append(trace.reward)
    return found


print(json.dumps(asyncio.run(scores())))
