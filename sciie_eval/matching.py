"""Which predicted items are right: one-to-one matching of one sentence, whatever the order of its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

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


@dataclass(slots=True)
class Match:
    """The matching of one task in one sentence.

    Attributes:
        gold: the gold side.
        predicted: the predicted side.
        exact: items equal on both sides.
        pairs: pairs made beyond these.
    """

    gold: Side
    predicted: Side
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

    def found(self) -> set[Item]:
        """The gold items that were matched."""
        return self.exact | {pair.gold for pair in self.pairs}


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
    if gold.open or predicted.open or (task in rule.relaxed and len(exact) < min(len(gold.keys), len(predicted.keys))):
        return Match(gold, predicted, exact, _pairs(gold, predicted, exact, rule, task, spans))
    return Match(gold, predicted, exact, [])


def _pairs(gold: Side, predicted: Side, exact: set[Item], rule: MatchRule, task: Task, spans: bool) -> list[Pair]:
    """Match what equality did not decide."""
    golds = _left(gold, exact)
    others = _left(predicted, exact) if golds else golds
    if not others:
        return []
    if task == "ner" and rule.match == "boundaries":
        candidates = _same_texts(golds, others)
    else:
        find = _alike_entities if task == "ner" else _alike_relations
        candidates = find(golds, others, rule, similarity(rule, spans, gold.texts, predicted.texts))
    if len(candidates) > 1:
        candidates = assign(candidates)
    return [Pair(golds[row], others[number], value) for row, number, _, value in candidates]


def _left(side: Side, exact: set[Item]) -> list[Item]:
    """What equality did not decide, in an order that depends on the items alone."""
    keys = side.keys - exact
    left = sorted(keys) if len(keys) > 1 else list(keys)
    return left + sorted(side.open, key=_comparable) if side.open else left


def _comparable(item: Item) -> tuple[Any, ...]:
    """One type as a tuple of one, so that it can be compared with several."""
    return tuple((field,) if isinstance(field, str) else field for field in item[:5]) + item[5:]


def _same_texts(golds: list[Item], others: list[Item]) -> list[Candidate]:
    """Entities of the same text, whatever their types (the exact pairs are gone already)."""
    return [
        Candidate(row, number, False, 1.0)
        for row, gold in enumerate(golds)
        for number, other in enumerate(others)
        if gold[0] == other[0]
    ]


def _alike_entities(golds: list[Item], others: list[Item], rule: MatchRule, alike: Similarity) -> list[Candidate]:
    """Entities of one type whose texts are alike enough."""
    least = rule.threshold or 1.0
    return [
        Candidate(row, number, False, value)
        for row, gold in enumerate(golds)
        for number, other in enumerate(others)
        if gold[1] == other[1] and (value := alike(gold[0], other[0])) >= least
    ]


def _alike_relations(golds: list[Item], others: list[Item], rule: MatchRule, alike: Similarity) -> list[Candidate]:
    """Relations of one label whose arguments are both alike enough, in one direction or, if undirected, in either."""
    least = rule.threshold or 1.0
    found = []
    for row, gold in enumerate(golds):
        ways = ((0, 2), (2, 0)) if gold[1] in rule.undirected else ((0, 2),)
        for number, other in enumerate(others):
            if gold[1] != other[1]:
                continue
            exact, value = max(_one_way(gold, other, way, alike) for way in ways)
            if value >= least:
                found.append(Candidate(row, number, exact, value))
    return found


def _one_way(gold: Item, other: Item, way: tuple[int, int], alike: Similarity) -> tuple[bool, float]:
    """Whether two items are an exact pair, and their similarity; ``way`` names the fields of subject and object."""
    subject, object_ = way
    if len(gold) >= 5:  # rel+: some type of each argument must be shared; type fields stand behind the texts
        types = other[3 + subject // 2], other[3 + object_ // 2]
        if not (_agree(gold[3], types[0]) and _agree(gold[4], types[1])):
            return False, 0.0
    equal = gold[0] == other[subject] and gold[2] == other[object_]
    return equal, float(min(alike(gold[0], other[subject]), alike(gold[2], other[object_])))


def _agree(left: str | tuple[str, ...], right: str | tuple[str, ...]) -> bool:
    """Whether some type of the one side is a type of the other."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return not set((left,) if isinstance(left, str) else left).isdisjoint((right,) if isinstance(right, str) else right)
