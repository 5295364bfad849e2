"""Completion text -> what it says: the answer, the reasoning, and everything that was wrong with them.

A completion is asked to look like ``<think>…</think><answer>{"ner": [[text, type]], "rel": [[subject, relation,
object]]}</answer>``. `parse_completion` reads whatever a model writes instead, in linear time and without exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pydantic_core import from_json

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import InputError
from sciie_eval.items import EMPTY, Items, to_extraction
from sciie_eval.labels import LabelSchema
from sciie_eval.layout import Layout, find_layout, without_surrogates
from sciie_eval.plain import read_plain
from sciie_eval.rescue import rescue
from sciie_eval.schema import SECTIONS, Extraction
from sciie_eval.shapes import merge_values, read_items

__all__ = [
    "ISSUES",
    "STATUSES",
    "ParseMode",
    "ParseStatus",
    "ParsedCompletion",
    "message_text",
    "parse_completion",
    "parse_mapping",
]

ParseStatus = Literal["ok", "repaired", "truncated", "no_answer", "invalid"]
ParseMode = Literal["lenient", "strict"]
STATUSES: tuple[ParseStatus, ...] = ("ok", "repaired", "truncated", "no_answer", "invalid")

ISSUES: dict[str, str] = {
    "answer_in_reasoning": "the only answer block stands inside the reasoning",
    "answer_not_closed": "the answer block has no closing tag",
    "several_answers": "more than one answer block; the last complete one counts",
    "reasoning_not_closed": "the reasoning block has no closing tag",
    "several_reasonings": "more than one reasoning block",
    "too_many_tags": "more tags than the limit; what follows them was read as text",
    "no_answer_tags": "the answer was found in the text outside any answer block",
    "prose_around_answer": "text stands around the JSON",
    "fenced": "the JSON stands in a code fence",
    "merged_objects": "several JSON values were merged; a repeated key's last value wins",
    "double_encoded": "the JSON was encoded as a JSON string",
    "html_entities": "quotes were written as HTML entities",
    "repaired_json": "the JSON had syntax errors that a repair library mended",
    "unreadable": "something in brackets is no JSON and beyond repair, or beyond its limits; it was ignored",
    "truncated_json": "the JSON breaks off; its complete items were kept",
    "too_long": "broken text longer than the limit, or too many values in it; only the beginning was read",
    "lone_surrogate": "lone surrogates were replaced by U+FFFD",
    "other_keys": "sections stand under other keys than ner and rel",
    "extra_keys": "other keys stand beside the sections; these were ignored",
    "repeated_keys": "a section's key stands twice in one mapping; the last value wins",
    "list_of_sections": "the sections stand in a list",
    "items_without_section": "items stand without a section key; they count where no key names their section",
    "mapping_items": "items or sections are mappings where lists were asked for",
    "inline_types": "types stand inside the texts (text:Type) where plain texts were asked for",
    "extra_fields": "items have more fields than asked for; these were ignored",
    "coerced_items": "numbers or one-element lists stand where strings were asked for",
    "dropped_items": "malformed items were dropped",
    "too_many_items": "more items than the limit are not of the asked shape; these were dropped",
    "null_section": "a section is null",
    "section_of_wrong_kind": "a section is neither a list nor a mapping; it was dropped",
    "rel_plus_disagrees": "rel and rel_plus state different relations; all of them count",
    "not_strict": "--parse strict: the answer is not exactly of the asked shape, so it was dropped",
}
"""Every issue code and what it means."""

MAX_DEPTH = 12
"""Nesting of a mapping that is looked into."""

_KEY = re.compile(r'"(?:ner|rel|rel_plus)"\s*:')


class ParsedCompletion(NamedTuple):
    """What a completion says.

    Attributes:
        items: the answer as tuples (see `sciie_eval.items`); empty without a usable answer.
        status: ok (exactly as asked), repaired (read in full, but not as asked), truncated (it breaks off; complete
            items were kept), no_answer (nothing that could be an answer), invalid (an answer nobody can read).
        issues: codes of `ISSUES`, sorted; a status ok has none.
        reasoning: text of the reasoning block, without its tags.
        tags: the tags in their order, T and t for reasoning opened and closed, A and a for answer: "TtAa" is as asked.
    """

    items: Items
    status: ParseStatus
    issues: tuple[str, ...] = ()
    reasoning: str = ""
    tags: str = ""

    @property
    def extraction(self) -> Extraction:
        """The answer as a validated `Extraction`."""
        return to_extraction(self.items)


def parse_completion(
    text: str, schema: LabelSchema | str | None = None, *, mode: ParseMode = "lenient"
) -> ParsedCompletion:
    r"""Read a completion.

    The last complete answer block outside the reasoning wins; without one, an answer that was not closed, then an
    answer block inside the reasoning, then JSON anywhere outside the reasoning. Several JSON objects in one answer are
    merged, a repeated key's last value winning. Of an answer that breaks off, complete items are kept; a half-written
    one is dropped, never completed. Time and memory are linear in the length of the text.

    Args:
        text: whatever the model wrote. Reasoning may have been opened by the prompt: text before a closing tag is it.
        schema: the label schema (or the name of its card) that knows entity types and relations; SciER's by default.
        mode: ``strict`` reads only what is exactly of the asked shape; all else becomes invalid and empty.

    Returns:
        The parsed completion; never raises for any string.

    Raises:
        InputError: ``text`` is not a string.

    >>> parsed = parse_completion('<think>x</think><answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>')
    >>> parsed.status, parsed.extraction.entities[0].text
    ('ok', 'BERT')
    >>> cut = parse_completion('<answer>{"ner": [["BERT", "Method"], ["NER", "Ta')
    >>> cut.status, cut.items.entities, cut.issues
    ('truncated', [('BERT', 'Method')], ('answer_not_closed', 'truncated_json'))
    """
    if not isinstance(text, str):
        raise InputError(f"text: expected a string, got {type(text).__name__}; message_text reads chat messages")
    if (plain := read_plain(text)) is not None:
        return tuple.__new__(ParsedCompletion, (plain[0], "ok", (), plain[1], plain[2]))  # twice as fast as its class
    schema = load_schema(schema)
    issues: set[str] = set()
    if not text.isascii():
        text = without_surrogates(text, issues)
    layout = find_layout(text, issues)
    items, broken_off, found = _read_first(layout, schema)
    if items is None and not layout.tagged and not broken_off and "section_of_wrong_kind" not in found:
        status: ParseStatus = "no_answer"  # what was found is prose
    else:
        issues |= found
        status = _status(items, issues, broken_off and not layout.closed)
    return _result(items, status, issues, mode, layout.reasoning, layout.tags)


def parse_mapping(
    mapping: Mapping[str, Any], schema: LabelSchema | str | None = None, *, mode: ParseMode = "lenient"
) -> ParsedCompletion:
    """Read a prediction that is a mapping already (SciER's form, or any shape that `parse_completion` reads).

    >>> parse_mapping({"ner": [("BERT", "Method")]}).items.entities
    [('BERT', 'Method')]
    """
    issues: set[str] = set()
    # columnar stores pad mappings with null: there it says that the key was not given
    given = {key: value for key, value in mapping.items() if value is not None or key not in SECTIONS}
    items = read_items(_as_json(given, issues), load_schema(schema), issues)
    return _result(items, _status(items, issues, broken_off=False), issues, mode)


def message_text(value: object) -> str:
    """The text of a completion in any form that a chat API or trainer hands over; "" where there is none.

    Args:
        value: a string, a message (its ``content`` may be None, a string or a list of parts; ``reasoning_content``
            becomes the reasoning block), or a list of messages, of which the last one by the assistant counts.

    >>> message_text([{"role": "assistant", "reasoning_content": "so", "content": "{}"}])
    '<think>so</think>{}'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        content = _content_text(value.get("content"))
        reasoning = value.get("reasoning_content") or value.get("reasoning")
        return f"<think>{reasoning}</think>{content}" if isinstance(reasoning, str) and reasoning else content
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        messages = [message for message in value if isinstance(message, Mapping)]
        last = next(
            (message for message in reversed(messages) if message.get("role", "assistant") == "assistant"), None
        )
        return message_text(last)
    return ""


def _as_json(value: object, issues: set[str], depth: int = 0) -> object:
    """What a JSON decoder would have given: lists for tuples, keys that are strings, no lone surrogates."""
    if isinstance(value, str):
        return value if value.isascii() else without_surrogates(value, issues)
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        return {key: _as_json(content, issues, depth + 1) for key, content in value.items() if isinstance(key, str)}
    if isinstance(value, list | tuple) and depth < MAX_DEPTH:
        return [_as_json(content, issues, depth + 1) for content in value]
    return value if isinstance(value, bool | int | float) else None


def _content_text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = (part.get("text") if isinstance(part, Mapping) else part for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _status(items: Items | None, issues: set[str], broken_off: bool) -> ParseStatus:
    if items is None:
        return "invalid"
    if broken_off:
        # garbage that breaks off before its first complete item must not pass for a well-formed empty answer
        return "truncated" if items.entities or items.relations else "invalid"
    return "repaired" if issues else "ok"


def _result(
    items: Items | None, status: ParseStatus, issues: set[str], mode: ParseMode, reasoning: str = "", tags: str = ""
) -> ParsedCompletion:
    """What is not exactly as asked is nothing in strict mode; what is invalid is nothing in any."""
    if mode == "strict" and status in ("repaired", "truncated"):
        status = "invalid"
        issues.add("not_strict")
    kept = items if items is not None and status != "invalid" else EMPTY
    return ParsedCompletion(kept, status, tuple(sorted(issues)), reasoning, tags)


def _read_first(layout: Layout, schema: LabelSchema) -> tuple[Items | None, bool, set[str]]:
    """Read the answer, or where nothing can be read, the answer from an earlier opening tag on; with its issues."""
    items, broken_off, issues = None, False, set[str]()
    for answer in layout.answers:
        issues = set()
        items, broken_off = _read_answer(answer, schema, issues, layout.tagged)
        if items is not None:
            break
    return items, broken_off, issues


def _read_answer(
    answer: str, schema: LabelSchema, issues: set[str], tagged: bool, depth: int = 0
) -> tuple[Items | None, bool]:
    """Decode one answer and read its items; also tells whether the text breaks off inside it."""
    try:
        value = from_json(answer, allow_inf_nan=False)
    except ValueError:
        if not tagged:
            issues.add("no_answer_tags")
        values, broken_off = rescue(answer, issues)
        merged = merge_values(values, schema, issues)
        return (None if merged is None else read_items(merged, schema, issues)), broken_off
    if isinstance(value, str) and depth < 2:
        issues.add("double_encoded")
        return _read_answer(value, schema, issues, tagged, depth + 1)
    if type(value) is dict and answer.count('"ner"') + answer.count('"rel"') + answer.count('"rel_plus"') > len(value):
        _note_repeated_keys(answer, value, issues)
    return read_items(value, schema, issues), False


def _note_repeated_keys(answer: str, value: dict[str, Any], issues: set[str]) -> None:
    if value.keys() <= SECTIONS and len(_KEY.findall(answer)) > len(value):
        issues.add("repeated_keys")
