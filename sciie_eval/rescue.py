"""Text that is not plain JSON -> the JSON values in it: prose around them, broken syntax, an end cut off.

Linear in the text: one scan finds the balanced brackets, complete items of a cut-off value are kept by cutting behind
the last of them, and what is balanced but not JSON goes to the json-repair library, in slices short enough that its
worst case stays short.
"""

from __future__ import annotations

import html
import re
from typing import Any, NamedTuple

from pydantic_core import from_json

__all__ = ["Rescued", "rescue"]

MAX_SCAN = 200_000
"""Characters of broken text that are looked at; longer text is cut there, and the issues say so."""
MAX_DEPTH = 64
"""Deeper nesting is prose or an attack; the answers we read are four levels deep."""
MAX_REPAIR = 4_000
MAX_REPAIR_DEPTH = 8
"""json-repair takes quadratic time on some input; within these bounds it stays under some 30 ms."""
MAX_VALUES = 256

_OPEN = re.compile(r"[{\[]")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\],]', re.DOTALL)
_ITEM_LEVEL = re.compile(r"(?:\[?\{+\[?|\[)\Z")
_COMMA_LEVEL = re.compile(r"(?:\{+|\[?\{+\[|\[)\Z")
_FENCE = re.compile(r"```[\w+-]*")
_PREFILLED = re.compile(r"""\s*["']?(?:ner|rel|rel_plus|entities|relations)["']?\s*:""", re.IGNORECASE)
_CLOSER = {"{": "}", "[": "]"}


class Rescued(NamedTuple):
    """The values found, in order, and whether the text broke off inside the last of them."""

    values: list[Any]
    broken_off: bool


class _Slice(NamedTuple):
    """One candidate value: its text, its depth, and how it can be cut behind its last complete item ("" if it cannot)."""

    text: str
    depth: int
    closed: bool
    cut: str

    @property
    def broken_off(self) -> bool:
        """The text ends inside this value. A stray quote can hide brackets, so the last character decides too."""
        return not self.closed and not self.text.rstrip("` \t\r\n").endswith(_CLOSER[self.text[0]])


def rescue(text: str, issues: set[str]) -> Rescued:
    """Find and decode every JSON value in ``text``.

    Args:
        text: an answer, or a whole completion without answer tags.
        issues: codes of everything that had to be done are added here.

    Returns:
        The decoded lists and mappings in their order; empty where there are none.
    """
    if len(text) > MAX_SCAN:
        text = text[:MAX_SCAN]
        issues.add("too_long")
    if "&quot;" in text:
        text = html.unescape(text)
        issues.add("html_entities")
    if _PREFILLED.match(text):
        text = "{" + text
        issues.add("repaired_json")
    if "```" in text:
        text = _FENCE.sub(" ", text)
        issues.add("fenced")
    slices = _slices(text)
    values = [(value, piece) for piece in slices if isinstance(value := _decoded(piece, issues), list | dict)]
    if _size(text) > sum(_size(piece.text) for piece in slices):
        issues.add("prose_around_answer")
    if len(values) > 1:
        issues.add("merged_objects")
    broken_off = _breaks_off(slices, values[-1][1] if values else None)
    if broken_off:
        issues.add("truncated_json")
    return Rescued([value for value, _ in values], broken_off)


def _size(text: str) -> int:
    """Characters that are not blank."""
    return len("".join(text.split()))


def _breaks_off(slices: list[_Slice], last_read: _Slice | None) -> bool:
    """Whether the text ends inside a value: the last one read, or where none was, one that had begun a string."""
    if not slices or not slices[-1].broken_off:
        return False
    return slices[-1] is last_read or (last_read is None and '"' in slices[-1].text)


def _decoded(piece: _Slice, issues: set[str]) -> object:
    text = piece.text
    if piece.broken_off:
        if not piece.cut:
            return None  # nothing was complete, and repair would complete the half-written item
        text = piece.cut
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return _repaired(text, piece.depth, issues)


def _repaired(text: str, depth: int, issues: set[str]) -> object:
    """Let json-repair read what is nearly JSON: quotes, commas, comments, literals of other languages."""
    if depth > MAX_REPAIR_DEPTH:
        return None
    if len(text) > MAX_REPAIR:
        text = _slices(text[:MAX_REPAIR])[0].cut
        issues.add("too_long")
    from json_repair import repair_json

    issues.add("repaired_json")
    try:
        return repair_json(text, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError):
        return None  # the library gave up: the answer is invalid, and its status will say so


def _slices(text: str) -> list[_Slice]:
    """Every outermost bracketed stretch of the text, the last one perhaps not closed."""
    found: list[_Slice] = []
    position = 0
    while len(found) < MAX_VALUES and (opening := _OPEN.search(text, position)):
        piece, position = _slice(text, opening.start())
        found.append(piece)
    return found


def _slice(text: str, start: int) -> tuple[_Slice, int]:
    """Follow the brackets from ``start`` to where they close; returns the slice and where to go on."""
    stack, depth = "", 0
    before, before_end = "", start
    cut_end, cut_stack = 0, ""
    for token in _TOKEN.finditer(text, start):
        mark = token.group()
        if mark in ("{", "["):
            keyless = before == "{" and not text[before_end : token.start()].strip()
            if keyless or len(stack) >= MAX_DEPTH:
                # a bracket where a key belongs, or too deep: what stood before was not JSON, a value may start here
                start, stack, depth, cut_end = token.start(), "", 0, 0
            stack += mark
            depth = max(depth, len(stack))
        elif mark in ("}", "]"):
            stack = _popped(stack, mark)
            if not stack:
                return _Slice(text[start : token.end()], depth, True, ""), token.end()
            if _ITEM_LEVEL.match(stack):
                cut_end, cut_stack = token.end(), stack
        elif mark == "," and _COMMA_LEVEL.match(stack):
            cut_end, cut_stack = token.start(), stack
        before, before_end = mark, token.end()
    cut = text[start:cut_end] + "".join(_CLOSER[opener] for opener in reversed(cut_stack)) if cut_end else ""
    return _Slice(text[start:], depth, False, cut), len(text)


def _popped(stack: str, mark: str) -> str:
    """Close the nearest bracket that ``mark`` can close, dropping unclosed ones inside it; a stray mark closes none."""
    opener = stack.rfind("{" if mark == "}" else "[")
    return stack if opener < 0 else stack[:opener]
