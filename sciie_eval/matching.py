"""Which predicted items are right: one-to-one matching of one sentence, whatever the order of its items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from sciie_eval.assignment import Candidate, assign
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Item, Side
from sciie_eval.similarity import Similarity, similarity

__all__ = ["Match", "Pair", "match"]


class Pair(NamedTuple):
    """A gold and a predicted item that were matched without being equal keys, and their similarity in (0, 1]."""

    gold: Item
    predicted: Item
    similarity: float


class Match(NamedTuple):
    """The matching of one task in one sentence: items equal on both sides, and the pairs made beyond them."""

    exact: set[Item]
    pairs: list[Pair]

    @property
    def n(self) -> int:
        """Number of matched pairs."""
        return len(self.exact) + len(self.pairs)

    @property
    def credit(self) -> float:
        """Total similarity: what ``credit="partial"`` gives."""
        return len(self.exact) + sum(pair.similarity for pair in self.pairs)


def match(gold: Side, predicted: Side, rule: MatchRule, task: Task, spans: bool = False) -> Match:
    """Match the items of one task in one sentence, one to one.

    Aims, in this order: exact pairs (same text, same type), the number of pairs, the total similarity.

    Args:
        gold: the gold items, from `sides.sides` under the same rule.
        predicted: the predicted items, likewise.
        rule: how items compare.
        task: ner, rel or rel+.
        spans: the sides hold offsets in place of texts.
    """
    exact = gold.keys & predicted.keys
    relaxed = rule.match in ("overlap", "fuzzy") or (rule.match == "boundaries" and task == "ner")
    if not relaxed and not gold.open and not predicted.open:
        return Match(exact, [])
    golds, others = _left(gold, exact), _left(predicted, exact)
    if not golds or not others:
        return Match(exact, [])
    compare = _comparison(rule, task, similarity(rule, spans, gold.texts, predicted.texts))
    candidates = _candidates(golds, others, compare, by_label=not (rule.match == "boundaries" and task == "ner"))
    least = rule.threshold or 1.0
    chosen = assign([candidate for candidate in candidates if candidate.similarity >= least])
    return Match(exact, [Pair(golds[c.gold], others[c.predicted], c.similarity) for c in chosen])


def _left(side: Side, exact: set[Item]) -> list[Item]:
    """What equality did not decide, in an order that depends on the items alone."""
    open_ = sorted(side.open, key=lambda item: tuple((f,) if isinstance(f, str) else f for f in item[:5]) + item[5:])
    return sorted(side.keys - exact) + open_


Comparison = Callable[[Item, Item], tuple[bool, float]]
"""Whether two items are an exact pair, and their similarity (0 when they cannot be paired)."""


def _candidates(golds: list[Item], others: list[Item], compare: Comparison, by_label: bool) -> list[Candidate]:
    by: defaultdict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(others):
        by[item[1] if by_label else ""].append(number)
    return [
        Candidate(row, number, *result)
        for row, item in enumerate(golds)
        for number in by[item[1] if by_label else ""]
        if (result := compare(item, others[number]))[1] > 0
    ]


def _comparison(rule: MatchRule, task: Task, alike: Similarity) -> Comparison:
    if task == "ner":
        return lambda gold, other: (gold[:2] == other[:2], alike(gold[0], other[0]))
    typed = task == "rel+"

    def one_way(gold: Item, subject: int, object_: int, other: Item) -> tuple[bool, float]:
        if typed and not (_agree(gold[3], other[3 + subject // 2]) and _agree(gold[4], other[3 + object_ // 2])):
            return False, 0.0
        equal = gold[0] == other[subject] and gold[2] == other[object_]
        return equal, min(alike(gold[0], other[subject]), alike(gold[2], other[object_]))

    def compare(gold: Item, other: Item) -> tuple[bool, float]:
        forward = one_way(gold, 0, 2, other)
        return max(forward, one_way(gold, 2, 0, other)) if gold[1] in rule.undirected else forward

    return compare


def _agree(left: str | tuple[str, ...], right: str | tuple[str, ...]) -> bool:
    """Whether some type of the one side is a type of the other."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return not set((left,) if isinstance(left, str) else left).isdisjoint((right,) if isinstance(right, str) else right)
