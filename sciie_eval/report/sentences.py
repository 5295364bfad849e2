"""A sentence with its entities marked in place and its relations as lines, for a terminal; it reads without colour.

``[MurmurNet: Method]`` is right, ``[LSTM layers: Method, boundary]`` is not. Gold and prediction have a line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sciie_eval.audits import AUDITS
from sciie_eval.classification import Classified, Finding, Stated
from sciie_eval.report.errors import cut, stated
from sciie_eval.rules import Task
from sciie_eval.taxonomy import Kind

__all__ = ["Mark", "marked", "marks_of", "sentence_rows"]

LONGEST, MOST_MARKED, MOST_ROWS = 2000, 60, 40
"""Characters of a sentence, entities of a side that are marked in it, and lines under it that are shown."""
STYLES: dict[Kind, str] = {
    "correct": "green",
    "missed": "red",
    "spurious": "bold red",
    "type": "magenta",
    "boundary": "yellow",
    "boundary+type": "yellow",
    "argument type": "magenta",
    "reversed": "magenta",
    "wrong relation": "magenta",
    "argument boundary": "yellow",
}


class Mark(NamedTuple):
    """An entity in its place: from ``start`` to ``end`` of the sentence."""

    start: int
    end: int
    label: str
    kind: Kind


def marks_of(findings: Iterable[Finding], side: str) -> tuple[list[Mark], list[tuple[Kind, Stated]]]:
    """The entities of one side that can be marked, none crossing another, and those that cannot.

    Args:
        findings: of the task ner.
        side: ``gold`` or ``predicted``.
    """
    found = [(finding.kind, item) for finding in findings if (item := getattr(finding, side)) is not None]
    found, left = found[:MOST_MARKED], found[MOST_MARKED:]
    every = {place for _, item in found for place in item.places[0]}
    marks: list[Mark] = []
    for kind, item in found:
        outer = [place for place in item.places[0] if not any(_inside(place, other) for other in every)]
        new = [Mark(place[0], place[1], cut(item.label, 40), kind) for place in outer or item.places[0]]
        if not new or any(mark.end > LONGEST or _crosses(mark, [*marks, *new]) for mark in new):
            left.append((kind, item))
        else:
            marks += new
    return sorted(set(marks), key=lambda mark: (mark.start, -mark.end, mark)), left


def _inside(place: tuple[int, int], other: tuple[int, int]) -> bool:
    return place != other and other[0] <= place[0] and place[1] <= other[1]


def _crosses(one: Mark, others: Iterable[Mark]) -> bool:
    return any(one.start < two.start < one.end < two.end or two.start < one.start < two.end < one.end for two in others)


def marked(sentence: str, marks: Sequence[Mark]) -> Iterator[tuple[str, str | None]]:
    """Pieces of the sentence with their styles; ``marks`` are sorted, and nested or apart.

    >>> "".join(piece for piece, _ in marked("a net", [Mark(2, 5, "Method", "missed")]))
    'a [net: Method, missed]'
    """
    open_: list[Mark] = []
    at = 0

    def upto(place: int) -> Iterator[tuple[str, str | None]]:
        nonlocal at
        while open_ and open_[-1].end <= place:
            mark = open_.pop()
            word = "" if mark.kind == "correct" else f", {mark.kind}"
            yield sentence[at : mark.end], STYLES[mark.kind]
            yield f": {mark.label}{word}]", STYLES[mark.kind]
            at = mark.end
        if place > at:
            yield sentence[at:place], STYLES[open_[-1].kind] if open_ else None
            at = place

    for mark in marks:
        yield from upto(mark.start)
        yield "[", STYLES[mark.kind]
        open_.append(mark)
    yield from upto(min(len(sentence), LONGEST))
    if len(sentence) > LONGEST:
        yield f" … ({len(sentence) - LONGEST} more characters)", "dim"


def sentence_rows(sentence: Classified, tasks: Sequence[Task]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """The lines under a sentence's id: a word, and pieces of text with their styles.

    Args:
        sentence: the sentence, explained.
        tasks: those that are shown; rel+ adds to rel only what is wrong with the types.
    """
    entities = sentence.of("ner") if "ner" in tasks else []
    left: list[tuple[str, Kind, Stated]] = []
    for side in ("gold", "predicted"):
        marks, unmarked = marks_of(entities, side)
        if sentence.sentence:
            yield side, list(marked(sentence.sentence, marks))
        left += [(side, kind, item) for kind, item in unmarked]
    lines = [*_unmarked(left, bool(sentence.sentence)), *_relations(sentence, tasks)]
    yield from lines[:MOST_ROWS]
    if len(lines) > MOST_ROWS:
        yield "", [(f"… and {len(lines) - MOST_ROWS} more lines", "dim")]
    if codes := list(dict.fromkeys(flag.code for flag in sentence.flags)):
        yield "audits", [("; ".join(AUDITS[code] for code in codes), "dim")]


def _unmarked(
    left: Iterable[tuple[str, Kind, Stated]], known: bool
) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Entities that could not be marked, most often since they are not in the sentence."""
    for side, kind, item in left:
        absent = ", not in sentence" if known and not item.places[0] else ""
        yield f"{side} also", [(f"[{stated(item)}, {kind}{absent}]", STYLES[kind])]


def _relations(sentence: Classified, tasks: Sequence[Task]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    for finding in sorted(sentence.findings, key=lambda finding: finding.kind == "correct"):
        again = finding.task == "rel+" and "rel" in tasks and finding.kind != "argument type"
        if finding.task == "ner" or finding.task not in tasks or again:
            continue
        one, two = stated(finding.gold), stated(finding.predicted)
        said = two or one
        pieces: list[tuple[str, str | None]] = [(said, STYLES[finding.kind])]
        if one and two and finding.kind != "correct":
            pieces.append((f"   gold: {one}", None))
        yield finding.kind, pieces
