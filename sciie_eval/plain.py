"""The asked shape, read in one pass: ``<think>…</think><answer>{"ner": [[…]], "rel": [[…]]}</answer>``.

Most completions of a trained model look like this, and a reward reads thousands of them a second. `read_plain` reads
just these and declines everything else, which then takes the general way through `layout`, `rescue` and `shapes`. Both
ways give the same answer for every text (a test says so).
"""

from __future__ import annotations

from pydantic_core import SchemaValidator, core_schema

from sciie_eval.items import ArgumentTypes, Items
from sciie_eval.schema import Section

__all__ = ["PLAIN_SECTIONS", "read_plain"]

PLAIN_SECTIONS: frozenset[Section] = frozenset({"ner", "rel"})
_NO_TYPES: list[ArgumentTypes] = [(None, None)]


def _shape() -> SchemaValidator:
    """Decodes JSON of exactly the asked shape, straight to tuples."""
    text = core_schema.str_schema(strict=True, strip_whitespace=True, min_length=1)
    entities = core_schema.list_schema(core_schema.tuple_schema([text, text]))
    relations = core_schema.list_schema(core_schema.tuple_schema([text, text, text]))
    fields = {"ner": core_schema.typed_dict_field(entities), "rel": core_schema.typed_dict_field(relations)}
    return SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="forbid"))


_SHAPE = _shape()


def read_plain(text: str) -> tuple[Items, str] | None:
    """Read a completion of exactly the asked shape.

    Returns:
        The items and the reasoning; None for any other text, also for one that only might need more care: anything but
        ASCII, escapes, further tags, texts with a colon, blank texts.
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
    answer = answer[7:]
    # two colons are those of the two keys; more may be types inside texts, or a repeated key
    if answer.count(":") != 2 or "\\" in answer:
        return None
    try:
        value = _SHAPE.validate_json(answer)
    except ValueError:
        return None
    ner, rel = value["ner"], value["rel"]
    return Items(ner, rel, _NO_TYPES * len(rel), PLAIN_SECTIONS, None, None, True), think[6:].strip()
