"""verifiers' own task plugs the reward in and scores real traces; prints every score, as JSON."""

import asyncio
import json

import verifiers.v1 as vf
from batch import cases
from verifiers.v1.graph import MessageNode
from verifiers.v1.trace import AgentInfo, TraceTask
from verifiers.v1.types import AssistantMessage

CONFIG = vf.TaskConfig(rewards={"r2": {"fn": "sciie_rewards.trainers.verifiers:r2"}})


class R2Data(vf.TaskData):
    """A row of the exported file."""

    answer: str


async def scores() -> list[float]:
    found = []
    for case in cases():
        data = R2Data(prompt=case.asked, answer=case.gold)
        task = vf.Task(data, CONFIG)
        reply = MessageNode(message=AssistantMessage(content=case.completion), sampled=True)
        agent = AgentInfo(config=vf.AgentConfig())
        trace = vf.Trace(task=TraceTask(type="Task", data=data), agent=agent, nodes=[reply])
        await task.score(trace)
        assert list(trace.rewards) == ["r2"]
        assert "sciie/NER" in trace.metrics
        found.append(trace.reward)
    return found


print(json.dumps(asyncio.run(scores())))
