"""Text that is not plain JSON -> the JSON values in it: prose around them, broken syntax, an end cut off.

Linear in the text: one scan finds the balanced brackets, complete items of a cut-off value are kept by cutting behind
the last of them, and what is balanced but not JSON goes to the json-repair library, whose work is metered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal, NamedTuple, SupportsIndex

from pydantic_core import from_json

from sciie_eval.layout import without_surrogates
from sciie_eval.shapes import SECTION_KEYS, WRAPPERS, plain_key

__all__ = ["Rescued", "rescue"]

MAX_SCAN = 400_000
MAX_TOKENS = 20_000
"""Characters of broken text, and brackets and strings in them, that are looked at: a microsecond each token."""
MAX_DEPTH = 64
"""Deeper nesting is prose or an attack; the answers we read are four levels deep."""
MAX_VALUES = 500
MAX_REPAIR = 8_000
"""Characters of one value that repair may see; of a longer one the complete items within them are kept."""
MAX_REPAIR_DEPTH = 8
MAX_LOOKS = 25_000
"""Characters that repair may look at in one answer, re-reading included: 2 to 3 a character for what models write,
but json-repair is quadratic and worse on some input. A look takes a microsecond at most."""

_BLANK = " \t\r\n"
_OPEN = re.compile(r"\{(?!\s*\{)|\[")
_TOKEN = re.compile(
    r"""
    "(?:[^"\\]++|\\.)*+("?)                                             # a string
    | “[^”"]*+[”"]?                                                     # between typographic quotes
    | '(?<=[\[{(,:\s]') (?:[^'\\]++|\\.|'(?!\s*[,:\]})]))*+ '?          # of Python, apostrophes inside or not
    | //(?<!://)[^\n]*+ | \#(?<=\s\#)(?=\s)[^\n]*+ | /\*.*?(?:\*/|\Z)  # a comment
    | [{}\[\](),:]
    """,
    re.DOTALL | re.VERBOSE,
)
_FENCE = re.compile(r"```[\w+-]*")
_PREFILLED = re.compile(r"""\s*["']?(?:ner|rel|rel_plus|entities|relations)["']?\s*:\s*[\[{(]""", re.IGNORECASE)
_BEGUN = re.compile(r"""[\[{(\s]+(?:["'“]|\Z)""")
_ENCODED_TAIL = re.compile(r'(?<!\\)"(\s*[\[{](?:[^"\\]++|\\.)*+)\\?\Z', re.DOTALL)
_ENCODED = re.compile(r'[^\[{]*+[\[{][\[{\s]*+(?:\\[nrt]\s*+)*+\\"')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "u": "\\u"}
_ENTITY = re.compile(r"&(?:quot|#34|apos|#39|lt|gt|amp);")
_ENTITIES = {"&quot;": '"', "&#34;": '"', "&apos;": "'", "&#39;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}
_CLOSER = {"{": "}", "[": "]", "(": ")"}
_OPENER = {closer: opener for opener, closer in _CLOSER.items()}

_Role = Literal["list", "mapping", "sections", "items", "grouped", "item"]
"""What a bracket holds: sections or items, perhaps sections, sections, items, items by text or type, or one item."""


class Rescued(NamedTuple):
    """The values found, in order, and whether the text broke off inside the last of them."""

    values: list[Any]
    broken_off: bool


class _Slice(NamedTuple):
    """One candidate value.

    Attributes:
        start: where it stands.
        end: where it ends.
        depth: how deeply its brackets are nested.
        broken_off: the text ends inside it.
        cut: its text up to its last complete item, closed there; "" when there is none. Only where it is broken off.
    """

    start: int
    end: int
    depth: int
    broken_off: bool = False
    cut: str = ""


def rescue(text: str, issues: set[str]) -> Rescued:
    """Find and decode every JSON value in ``text``.

    Args:
        text: an answer, or a whole completion without answer tags.
        issues: codes of everything that had to be done are added here, at least one.

    Returns:
        The decoded lists and mappings in their order; empty where there are none.
    """
    text = _unwrapped(text, issues)
    slices = _single(text) or _slices(text, issues)
    budget = iter(range(MAX_LOOKS))
    read = [
        (value, piece) for piece in slices if isinstance(value := _decoded(text, piece, budget, issues), list | dict)
    ]
    if _stands_around(text, [piece for _, piece in read]):
        issues.add("prose_around_answer")
    if len(read) > 1:
        issues.add("merged_objects")
    broken_off = bool(slices) and slices[-1].broken_off and _begun(text, slices[-1], [piece for _, piece in read])
    if broken_off:
        issues.add("truncated_json")
    return Rescued([value for value, _ in read], broken_off)


# -- what stands around the JSON -------------------------------------------------------------------------------------


def _unwrapped(text: str, issues: set[str]) -> str:
    """Undo what was done to the whole text: encoding as a string or as HTML, fences, an opening made by the prompt."""
    if len(text) > MAX_SCAN:
        text = text[:MAX_SCAN]
        issues.add("too_long")
    if '"' not in text and ("&quot;" in text or "&#34;" in text):
        text = _ENTITY.sub(lambda entity: _ENTITIES[entity.group()], text)
        issues.add("html_entities")
    if _ENCODED.match(text):
        text = _once_decoded(text, issues)
    elif (tail := _ENCODED_TAIL.search(text)) and '\\"' in tail[1]:
        text = text[: tail.start()] + _once_decoded(tail[1], issues)
    if "```" in text:
        text = _FENCE.sub(" ", text)
        issues.add("fenced")
    if _PREFILLED.match(text):
        text = "{" + text
        issues.add("repaired_json")
    return text


def _once_decoded(text: str, issues: set[str]) -> str:
    issues.add("double_encoded")
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text)


def _stands_around(text: str, pieces: list[_Slice]) -> bool:
    """Whether anything but blanks stands outside these values."""
    gaps = zip([0, *(piece.end for piece in pieces)], [*(piece.start for piece in pieces), len(text)], strict=True)
    return any(text[start:end].strip(_BLANK) for start, end in gaps)


def _begun(text: str, last: _Slice, read: list[_Slice]) -> bool:
    """Whether the open bracket at the end of the text is a value that breaks off, and not prose."""
    if last in read[-1:]:
        return True
    return bool(_BEGUN.match(text, last.start)) or (not read and '"' in text[last.start :])


# -- one value -------------------------------------------------------------------------------------------------------


def _decoded(text: str, piece: _Slice, budget: Iterator[int], issues: set[str]) -> object:
    # where nothing was complete the cut is empty, as repair would complete the half-written item
    text = piece.cut if piece.broken_off else text[piece.start : piece.end]
    if not text:
        return None
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return _repaired(text, piece.depth, budget, issues)


def _repaired(text: str, depth: int, budget: Iterator[int], issues: set[str]) -> object:
    """Let json-repair read what is nearly JSON: quotes, commas, comments, literals of other languages."""
    if len(text) > MAX_REPAIR:
        issues.add("too_long")
        first = _slices(text[:MAX_REPAIR], issues)[0]
        text, depth = first.cut, first.depth
    if not text or depth > MAX_REPAIR_DEPTH:
        issues.add("unreadable")
        return None
    from json_repair import repair_json

    try:
        repaired = repair_json(_Metered(text, budget), skip_json_loads=True, ensure_ascii=False)
        value = from_json(without_surrogates(repaired, issues))
    except Exception:  # a third party's code on hostile text: whatever it stumbles over, this value is unreadable
        value = None
    issues.add("repaired_json" if value else "unreadable")
    return value


class _OutOfBudget(Exception):
    """Repair looked at too many characters."""


class _Metered(str):
    """Text that takes one step of a budget for every look at one of its characters, in whatever loop it happens."""

    budget: Iterator[int]

    def __new__(cls, text: str, budget: Iterator[int]) -> _Metered:
        self = super().__new__(cls, text)
        self.budget = budget
        return self

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        if next(self.budget, None) is None:
            raise _OutOfBudget
        found = str.__getitem__(self, key)
        return _Metered(found, self.budget) if type(key) is slice else found

    def __add__(self, other: str) -> _Metered:
        return _Metered(str.__add__(self, other), self.budget)


# -- brackets --------------------------------------------------------------------------------------------------------


def _single(text: str) -> list[_Slice]:
    """A short cut: the only value of the text, when all between its first and its last bracket is one."""
    opening, end = _OPEN.search(text), max(text.rfind("}"), text.rfind("]")) + 1
    if opening is None or _OPEN.search(text, end):
        return []
    try:
        from_json(text[opening.start() : end])
    except ValueError:
        return []
    return [_Slice(opening.start(), end, 0)]


def _slices(text: str, issues: set[str]) -> list[_Slice]:
    """Every outermost bracketed stretch of the text, the last one perhaps not closed."""
    found: list[_Slice] = []
    tokens = MAX_TOKENS
    opening = _OPEN.search(text)
    while opening and len(found) < MAX_VALUES and tokens > 0:
        scan = _Scan(text, opening.start())
        found.append(scan.run(tokens))
        tokens -= scan.tokens
        opening = _OPEN.search(text, found[-1].end)
    if opening or tokens <= 0:
        issues.add("too_long")
    return found


class _Scan:
    """Follows the brackets of one value to where they close, noting behind which one the last complete item ends."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.before, self.before_end = "", start
        self.tokens = 0
        self.ragged = False
        self.key = ""
        self.start_at(start)

    def start_at(self, start: int) -> None:
        """Begin, or give up what was begun and begin again."""
        self.start = start
        self.stack = ""
        self.roles: list[_Role] = []
        self.depth = 0
        self.cut_end, self.cut_stack = 0, ""

    def run(self, limit: int) -> _Slice:
        """Follow at most ``limit`` tokens."""
        for token in islice(_TOKEN.finditer(self.text, self.start), limit):
            self.tokens += 1
            mark = token.group()
            if mark in _CLOSER:
                self.opened(mark, token.start())
            elif mark in _OPENER:
                self.closed(mark, token.end())
                if not self.stack:
                    return _Slice(self.start, token.end(), self.depth)
            elif mark == ",":
                if self.roles[-1] in ("items", "grouped", "sections"):
                    self.cut_end, self.cut_stack = token.start(), self.stack
            elif mark[0] == '"':
                self.quoted(token)
            elif mark == ":":
                key = self.before if self.before[:1] in ('"', "'", "“") else self.gap(token.start())
                self.key = plain_key(key.strip("\"'“”"))
            if not mark.startswith(("//", "/*", "#")):
                self.before = mark
            self.before_end = token.end()
        return self.unclosed()

    def gap(self, end: int) -> str:
        """What stands between the last token and ``end``."""
        return self.text[self.before_end : end].strip()

    def opened(self, mark: str, at: int) -> None:
        if len(self.stack) >= MAX_DEPTH or (not self.cut_end and mark != "(" and self.misplaced(at)):
            self.start_at(at)  # what stood before was not JSON
        self.roles.append(self.role(mark))
        self.stack += mark
        self.depth = max(self.depth, len(self.stack))

    def quoted(self, token: re.Match[str]) -> None:
        """A string: text between two of them means a stray quote, and a section may be encoded in one."""
        self.ragged = self.ragged or (self.before[:1] == '"' and bool(self.gap(token.start())))
        if token[0][1:2] not in ("[", "{") or not token[1] or self.before != ":":
            return
        if self.roles[-1] in ("mapping", "sections") and (self.key in SECTION_KEYS or self.key in WRAPPERS):
            self.roles[-1] = "sections"
            self.cut_end, self.cut_stack = token.end(), self.stack

    def misplaced(self, at: int) -> bool:
        """Whether a bracket stands where no value can: text before it, no colon in a mapping, no comma in a list."""
        if not self.stack:
            return False
        fits = self.before == ":" if self.stack[-1] == "{" else self.before in "[(,])}"
        return not fits or (at > self.before_end and bool(self.gap(at)))

    def role(self, mark: str) -> _Role:
        """What a bracket that opens here holds; a mapping with a section or a wrapper in it holds sections."""
        parent = self.roles[-1] if self.roles else None
        if parent is None or parent == "list":
            return "mapping" if mark == "{" else "list" if parent is None else "item"
        if parent == "grouped":
            return "item" if mark == "{" else "items"
        if parent in ("items", "item") or (self.key not in SECTION_KEYS and self.key not in WRAPPERS):
            return "item"
        self.roles[-1] = "sections"
        if self.key in SECTION_KEYS:
            return "grouped" if mark == "{" else "items"
        return "mapping" if mark == "{" else "list"

    def closed(self, mark: str, end: int) -> None:
        """Close the nearest bracket that ``mark`` can close, and unclosed ones inside it; a stray mark closes none."""
        opener = self.stack.rfind(_OPENER[mark])
        if opener < 0:
            return
        self.stack = self.stack[:opener]
        del self.roles[opener:]
        if self.roles and self.roles[-1] in ("items", "grouped", "sections", "list"):
            self.cut_end, self.cut_stack = end, self.stack

    def unclosed(self) -> _Slice:
        """The text ended: inside the value, or a stray quote hid the brackets that close it."""
        text, end, last = self.text, len(self.text), self.before.rstrip(_BLANK)
        brackets = last[:1] == '"' and not last[1:].strip("[]{}():, \t\r\n")
        if self.ragged and brackets and last.endswith(_CLOSER[text[self.start]]):
            return _Slice(self.start, end, self.depth)
        closers = "".join([_CLOSER[opener] for opener in reversed(self.cut_stack)])
        cut = text[self.start : self.cut_end] + closers if self.cut_end else ""
        return _Slice(self.start, end, self.depth, True, cut)
