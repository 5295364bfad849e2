"""The matching definitions written a second time, by brute force and from the definitions alone.

Shares no code with the package, on purpose: slow, plain, and right by reading.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from rapidfuzz import fuzz

Span = tuple[int, int]


class How(NamedTuple):
    """The choices that a comparison depends on."""

    match: str = "strict"
    threshold: float = 1.0
    normalize: str = "none"
    duplicates: str = "set"
    undirected: frozenset[str] = frozenset()
    offsets: bool = False


class Plain(NamedTuple):
    """One side of a sentence.

    entities: (text, type, span); relations: (subject, relation, object, subject type, object type, spans).
    """

    entities: list[tuple[str, str, Span]]
    relations: list[tuple[str, str, str, str | None, str | None, tuple[Span, Span]]]


class Argument(NamedTuple):
    place: Any
    text: str
    types: frozenset[str] = frozenset()


class Thing(NamedTuple):
    """An item: its label, its one or two arguments, and whether it can be matched at all."""

    label: str
    arguments: tuple[Argument, ...]
    matchable: bool


class Best(NamedTuple):
    exact: int
    pairs: int
    total: float


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def normal(text: str, how: str) -> str:
    text = composed(text)
    if how != "none":
        text = re.sub(r"\s+", "", text)
    return unicodedata.normalize("NFC", text.casefold()) if how == "casefold" else text


def jaccard(left: str, right: str) -> float:
    one, two = (re.findall(r"\w+|[^\w\s]", composed(text)) for text in (left, right))
    rest, shared = list(two), 0
    for token in one:
        if token in rest:
            rest.remove(token)
            shared += 1
    union = len(one) + len(two) - shared
    return shared / union if union else 0.0


def alike(gold: Argument, other: Argument, how: How) -> float:
    if gold.place == other.place:
        return 1.0
    if how.match == "overlap" and how.offsets:
        one, two = set(range(*gold.place)), set(range(*other.place))
        return len(one & two) / len(one | two)
    if how.match == "overlap":
        return jaccard(gold.text, other.text)
    if how.match == "fuzzy":
        return fuzz.ratio(normal(gold.text, how.normalize), normal(other.text, how.normalize)) / 100
    return 0.0


def things(task: str, side: Plain, how: How) -> list[Thing]:
    """The items of a task: everything that counts as gold or as predicted."""

    def argument(text: str, span: Span, types: frozenset[str] = frozenset()) -> Argument:
        return Argument(span if how.offsets else normal(text, how.normalize), text, types)

    found = []
    if task == "ner":
        for text, kind, span in side.entities:
            found.append(Thing(kind, (argument(text, span),), bool(how.offsets or normal(text, how.normalize))))
    else:
        for subject, label, object_, subject_type, object_type, spans in side.relations:
            arguments = []
            matchable = True
            for text, given, span in ((subject, subject_type, spans[0]), (object_, object_type, spans[1])):
                place = argument(text, span).place
                types = frozenset[str]()
                if task == "rel+":
                    known = {kind for other, kind, at in side.entities if argument(other, at).place == place}
                    types = frozenset(known if given is None else {given})
                    matchable = matchable and bool(types)
                matchable = matchable and bool(how.offsets or place)
                arguments.append(argument(text, span, types))
            found.append(Thing(label, tuple(arguments), matchable))
    return found if how.duplicates == "multiset" else _once(found, how)


def _once(found: list[Thing], how: How) -> list[Thing]:
    kept: dict[Any, Thing] = {}
    for thing in found:
        parts = [(argument.place, tuple(sorted(argument.types))) for argument in thing.arguments]
        kept.setdefault((thing.label, tuple(sorted(parts) if thing.label in how.undirected else parts)), thing)
    return list(kept.values())


def judged(task: str, gold: Thing, other: Thing, how: How) -> tuple[bool, float] | None:
    """Whether two items are an exact pair and how alike they are; None when they cannot be paired."""
    ignores_type = task == "ner" and how.match == "boundaries"
    if not (gold.matchable and other.matchable) or (gold.label != other.label and not ignores_type):
        return None
    orders = [other.arguments]
    if task != "ner" and gold.label in how.undirected:
        orders.append(other.arguments[::-1])
    best = None
    for arguments in orders:
        pairs = list(zip(gold.arguments, arguments, strict=True))
        if task == "rel+" and not all(one.types & two.types for one, two in pairs):
            continue
        similarity = min(alike(one, two, how) for one, two in pairs)
        exact = all(one.place == two.place for one, two in pairs) and gold.label == other.label
        if similarity >= how.threshold and (best is None or (exact, similarity) > best):
            best = (exact, similarity)
    return best


def best_matching(task: str, gold: list[Thing], others: list[Thing], how: How) -> Best:
    """The best over all one-to-one matchings: exact pairs, then pairs, then total similarity."""
    table = [[judged(task, one, two, how) for two in others] for one in gold]
    return Best(*_best(lambda row, column: table[row][column], len(gold), len(others)))


def _best(
    pair: Callable[[int, int], tuple[bool, float] | None], rows: int, columns: int, row: int = 0, used: int = 0
) -> tuple[int, int, float]:
    if row == rows:
        return 0, 0, 0.0
    best = _best(pair, rows, columns, row + 1, used)
    for column in range(columns):
        found = None if used >> column & 1 else pair(row, column)
        if found is not None:
            exact, pairs, total = _best(pair, rows, columns, row + 1, used | 1 << column)
            best = max(best, (exact + found[0], pairs + 1, total + found[1]))
    return best
