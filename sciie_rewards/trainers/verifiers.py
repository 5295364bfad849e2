"""verifiers v1 and prime-rl: an async function that names what it wants of task, trace and runtime.

``rewards.r2.fn = "sciie_rewards.trainers.verifiers:r2"`` in a task's configuration. The trace gets the components as
metrics. A task without gold records no reward at all, which is how verifiers says "not applicable".
"""

from __future__ import annotations

from typing import Any

from sciie_rewards.trainers.configured import configured, score_sample, values_of

__all__ = ["r2"]

_REWARD = configured()


async def r2(task: Any, trace: Any) -> float | dict[str, float]:
    """Score the last reply of a trace.

    Args:
        task: the task's data; its field ``answer`` is the gold, a JSON string.
        trace: verifiers' trace of one rollout.

    Returns:
        The reward; an empty mapping for a task without gold.

    Raises:
        InputError: gold of another form; verifiers then marks the trace as failed.
    """
    gold = getattr(task, "answer", None)
    if gold is None:
        return {}
    values = values_of(score_sample(_REWARD, _reply(trace), gold, where="answer"))
    score = values.pop("score")
    trace.record_metrics(values)
    return score


def _reply(trace: Any) -> object:
    """The reply with its reasoning, which verifiers keeps apart where the server does."""
    if trace.root_reply is not None or not trace.assistant_messages:
        return trace.root_reply
    message = trace.assistant_messages[-1]
    return {"role": "assistant", "content": message.content, "reasoning_content": message.reasoning_content}
