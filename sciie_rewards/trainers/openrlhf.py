"""OpenRLHF: ``reward_func`` of a file, called with three lists of one sample in a thread.

``--reward.remote_url`` takes the path of this file. A query holds prompt, completion and special tokens, so the prompt
is cut off first. OpenRLHF logs what a reward raises and goes on, so settings are read when the file is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from sciie_eval.exceptions import InputError, brief
from sciie_rewards.trainers.configured import configured, score_sample, values_of

__all__ = ["completion_of", "reward_func"]

LEAST = 16
"""Characters, blanks not counted, of a prompt's end that a query must begin with to hold that prompt."""

_REWARD = configured()


def reward_func(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object], **_ignored: Any
) -> dict[str, Any]:
    """Score one sample: ``rewards`` and ``scores`` are floats, ``extra_logs`` the components.

    Raises:
        InputError: more than one sample, no gold, or a query without its prompt.
    """
    if not len(queries) == len(prompts) == len(labels) == 1:
        raise InputError(f"queries: expected one, as OpenRLHF calls a reward_func, got {len(queries)}")
    completion = completion_of(queries[0], prompts[0])
    values = values_of(score_sample(_REWARD, completion, labels[0], prompts[0], where="labels"))
    score = values.pop("score")
    return {"rewards": score, "scores": score, "extra_logs": values}


def completion_of(query: str, prompt: str) -> str:
    """What follows the prompt in a query.

    The prompt is found also where it lost its head to the length limit, or where decoding changed its blanks.

    Raises:
        InputError: the query does not hold the prompt.

    >>> completion_of("Sentence: alpha beta<answer>{}</answer>", "List . Sentence: alpha  beta")
    '<answer>{}</answer>'
    """
    if query.startswith(prompt):
        return query[len(prompt) :]
    asked, held = "".join(prompt.split()), "".join(query.split())
    longest = min(len(asked), len(held))
    least = min(LEAST, len(asked))
    kept = next((n for n in range(longest, least - 1, -1) if asked.endswith(held[:n])), None)
    if kept is None:
        raise InputError(f"queries: expected the end of the prompt, then the completion, got {brief(query)}")
    ends = (match.end() for match in re.finditer(r"\S", query))
    return query[next(islice(ends, kept - 1, None)) :]
