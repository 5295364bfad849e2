"""Where the reasoning and the answer stand in a completion.

Tags are told apart from text by one split; after that the order of the tags is a short string of codes (T and t for
reasoning opened and closed, A and a for an answer), and a completion laid out as asked is simply ``TtAa``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Layout", "find_layout", "without_surrogates"]

MAX_TAGS = 20_000
"""Tags that are looked at; what follows them is one piece of text, and the issues say so."""

_TAG = re.compile(r"(</?(?:answer|think|thinking|reasoning)\s*>)", re.IGNORECASE | re.ASCII)
_CODES = {"<think>": "T", "</think>": "t", "<answer>": "A", "</answer>": "a"}
_LONE_SURROGATE = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
_BLOCK = re.compile("A[^Aa]*a")


class Layout(NamedTuple):
    """The parts of a completion.

    Attributes:
        tags: codes of the tags in their order.
        reasoning: text of the reasoning, without its tags.
        answers: what to read as the answer, best first; empty when nothing but reasoning is there. A second candidate
            starts at an earlier opening tag, for an answer whose own text holds an opening tag.
        tagged: the answer stands in an answer block, not just somewhere in the text.
        closed: that block was closed.
    """

    tags: str
    reasoning: str
    answers: tuple[str, ...]
    tagged: bool
    closed: bool


class _Region(NamedTuple):
    """One stretch of reasoning: its tags (first to end, exclusive) and its pieces of text (likewise)."""

    first_tag: int
    end_tag: int
    first_piece: int
    end_piece: int


def find_layout(text: str, issues: set[str]) -> Layout:
    """Split a completion into reasoning and answer; deviations from the asked layout are added to ``issues``."""
    parts = _TAG.split(text, maxsplit=MAX_TAGS)
    tags = "".join([_CODES.get(tag) or _code(tag) for tag in parts[1::2]])
    # asked for, or the same with the reasoning opened by the prompt
    if tags in ("TtAa", "tAa") and parts[-3] and not parts[-3].isspace():
        return Layout(tags, parts[-7].strip(), (parts[-3],), True, True)
    if len(tags) == MAX_TAGS:
        issues.add("too_many_tags")
    regions = _reasoning(tags, issues)
    visible = list(tags)
    hidden = bytearray(len(tags) + 1)
    for region in regions:
        visible[region.first_tag : region.end_tag] = "x" * (region.end_tag - region.first_tag)
        hidden[region.first_piece : region.end_piece] = b"x" * (region.end_piece - region.first_piece)
    reasoning = "\n".join("".join(parts[2 * r.first_piece : 2 * r.end_piece - 1]).strip() for r in regions)
    block = _answer(parts, "".join(visible), hidden, issues)
    if block is None and (block := _answer(parts, tags, bytearray(len(hidden)), set())) is not None:
        issues.add("answer_in_reasoning")
    if block is not None:
        return Layout(tags, reasoning, block[0], True, block[1])
    rest = _pieces(parts, hidden, 0, len(hidden))
    return Layout(tags, reasoning, (rest,) if rest.strip() else (), False, False)


def without_surrogates(text: str, issues: set[str]) -> str:
    """Pairs of surrogates become their character, lone ones U+FFFD, as an encoder or a validator would refuse them."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        text, lone = _LONE_SURROGATE.subn("\ufffd", text)
        issues.update(["lone_surrogate"] if lone else ())
        return text.encode("utf-16", "surrogatepass").decode("utf-16")


def _code(tag: str) -> str:
    code = "a" if "answer" in tag.lower() else "t"
    return code if tag[1] == "/" else code.upper()


def _reasoning(tags: str, issues: set[str]) -> list[_Region]:
    """The reasoning blocks. Before the first closing tag all is reasoning when the prompt opened the block."""
    regions: list[_Region] = []
    after = 0
    close = tags.find("t")
    while close >= 0:
        opened = tags.find("T", after, close)
        if opened >= 0 or not regions:
            regions.append(_Region(max(opened, 0), close + 1, opened + 1, close + 1))
        after = close + 1
        close = tags.find("t", close + 1)
    opened = tags.find("T", after)
    if opened >= 0:
        issues.add("reasoning_not_closed")
        end = tags.find("A", opened)
        end = end if end >= 0 else len(tags)
        regions.append(_Region(opened, end, opened + 1, end + 1))
    if len(regions) > 1:
        issues.add("several_reasonings")
    return regions


def _answer(parts: list[str], tags: str, hidden: bytearray, issues: set[str]) -> tuple[tuple[str, ...], bool] | None:
    """The last complete block that is not blank, else what follows an unclosed opening tag; and if it is closed."""
    blocks = [match.span() for match in _BLOCK.finditer(tags)]
    filled = [span for span in blocks if _pieces(parts, hidden, span[0] + 1, span[1]).strip()]
    opened = tags.rfind("A")
    unclosed = opened >= 0 and (not blocks or opened >= blocks[-1][1])
    if unclosed:
        issues.add("answer_not_closed")
    if filled:
        if len(filled) > 1:
            issues.add("several_answers")
        start, end = filled[-1]
        answer = _pieces(parts, hidden, start + 1, end)
        first = start - (len(tags[:start]) - len(tags[:start].rstrip("A")))
        wider = "".join(parts[2 * first + 2 : 2 * end - 1])
        return ((answer,) if first == start else (answer, wider)), True
    rest = _pieces(parts, hidden, opened + 1, len(hidden)) if unclosed else ""
    return ((rest,), False) if rest.strip() else None


def _pieces(parts: list[str], hidden: bytearray, first: int, end: int) -> str:
    """The pieces of text from ``first`` up to ``end`` that are not reasoning; piece k follows tag k - 1."""
    return "".join([parts[2 * index] for index in range(first, end) if not hidden[index]])
