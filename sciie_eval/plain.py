"""The asked shape, read in one pass: ``<think>…</think><answer>{"ner": [[…]], "rel": [[…]]}</answer>``.

Most completions of a trained model look like this, and a reward reads thousands of them a second. `read_plain` reads
just these and declines everything else, which then takes the general way through `layout`, `rescue` and `shapes`. Both
ways give the same answer for every text (a test says so).
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from pydantic_core import from_json

from sciie_eval.items import ArgumentTypes, Items
from sciie_eval.schema import Section

__all__ = ["read_plain"]

_CARE = ("\\", '""', '" ', ' ",', ' "]', "\n", "\r", "\t")
_LISTS = frozenset({list})
_STRINGS = frozenset({str})
_TWO, _THREE = frozenset({2}), frozenset({3})
_SECTIONS: frozenset[Section] = frozenset({"ner", "rel"})
_NO_TYPES: list[ArgumentTypes] = [(None, None)]


def read_plain(text: str) -> tuple[Items, str] | None:
    """Read a completion of exactly the asked shape.

    Returns:
        The items and the reasoning; None for any other text, also for one that only might need more care: anything but
        ASCII, escapes, further tags, texts with a colon, empty texts or texts with outer blanks.
    """
    parts = text.split("<", 5)
    if len(parts) != 5 or not text.isascii():
        return None
    _, think, think_end, answer, answer_end = parts
    if not (
        think.startswith("think>")
        and think_end.startswith("/think>")
        and answer.startswith("answer>")
        and answer_end.startswith("/answer>")
    ):
        return None
    answer = answer[7:].strip()
    # two colons: those of the two keys; a blank beside a quote: an outer blank of a text, or unusual JSON
    if answer.count(":") != 2 or any(mark in answer for mark in _CARE):
        return None
    items = _items(answer)
    return None if items is None else (items, think[6:].strip())


def _items(answer: str) -> Items | None:
    try:
        value = from_json(answer, allow_inf_nan=False)
    except ValueError:
        return None
    if type(value) is not dict or "ner" not in value or "rel" not in value:
        return None
    ner, rel = value["ner"], value["rel"]
    if not (_all_texts(ner, _TWO) and _all_texts(rel, _THREE)):
        return None
    return Items(list(map(tuple, ner)), list(map(tuple, rel)), _NO_TYPES * len(rel), _SECTIONS, None, None, True)


def _all_texts(section: Any, width: frozenset[int]) -> bool:
    """Whether a section is a list of lists of so many strings."""
    return (
        type(section) is list
        and _LISTS.issuperset(map(type, section))
        and width.issuperset(map(len, section))
        and _STRINGS.issuperset(map(type, chain.from_iterable(section)))
    )
