"""Which prompts, in which order, and whether they fit: pure functions over examples and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sciie_eval.schema import Example

__all__ = ["TooLong", "ascending", "evenly", "length_report", "too_long"]

T = TypeVar("T")

SHOWN = 10
"""Prompts that a report lists one by one."""

BATCH = 256
"""Prompts that are tokenised at once."""


class TooLong(NamedTuple):
    """A prompt over the limit: the row's id and its length in tokens."""

    id: str
    tokens: int


def ascending(examples: Iterable[Example]) -> list[Example]:
    """Examples from easy to hard: by words of the sentence plus relations; equals stay in their order.

    Source: the curriculum of R2GRPO, whose trainer shuffled it away.
    """
    return sorted(examples, key=lambda example: len(example.sentence.split()) + len(example.gold.relations))


def evenly(examples: Sequence[T], n: int | None) -> list[T]:
    """At most ``n`` of the examples, evenly spaced from the first one on, in their order; None: all.

    >>> evenly(range(10), 4), evenly(range(3), 4), evenly(range(3), None)
    ([0, 2, 5, 7], [0, 1, 2], [0, 1, 2])
    """
    if n is None or n >= len(examples):
        return list(examples)
    return [examples[place * len(examples) // n] for place in range(n)]


def too_long(rows: Iterable[Mapping[str, Any]], tokenizer: Any, limit: int) -> list[TooLong]:
    """The rows whose prompt has more tokens than a limit, in their order; nothing is dropped or cut.

    Args:
        rows: with ``id`` and ``prompt``, a text or a list of messages.
        tokenizer: of transformers; messages go through its chat template, up to where the completion begins.
        limit: tokens that are allowed.
    """
    found, every = [], list(rows)
    for first in range(0, len(every), BATCH):
        part = every[first : first + BATCH]
        encoded = tokenizer([_text(row["prompt"], tokenizer) for row in part], add_special_tokens=False)["input_ids"]
        found += [
            TooLong(str(row["id"]), len(tokens))
            for row, tokens in zip(part, encoded, strict=True)
            if len(tokens) > limit
        ]
    return found


def length_report(found: Sequence[TooLong], limit: int, setting: str) -> str:
    """One line for people: how many prompts are too long, which, and what to change.

    >>> length_report([TooLong("train-7", 2100)], 2048, "grpo.max_prompt_length")
    'grpo.max_prompt_length: 1 prompt has more than 2048 tokens: train-7 (2100); set it to 2100 or take shorter prompts'
    """
    longest = sorted(found, key=lambda one: -one.tokens)
    listed = ", ".join(f"{one.id} ({one.tokens})" for one in longest[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    number = "1 prompt has" if len(found) == 1 else f"{len(found)} prompts have"
    most = longest[0].tokens if longest else limit
    return f"{setting}: {number} more than {limit} tokens: {listed}{more}; set it to {most} or take shorter prompts"


def _text(prompt: object, tokenizer: Any) -> str:
    """A prompt as the model reads it."""
    if isinstance(prompt, str):
        return prompt
    return str(tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True))
