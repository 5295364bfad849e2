"""Which predicted items are right: one-to-one matching of one sentence, whatever the order of its items."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sciie_eval.assignment import Candidate, assign
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Item, Side
from sciie_eval.similarity import Similarity, behind, looks_behind, similarity

__all__ = ["Found", "Match", "Pair", "Pairer", "match"]

Found = tuple[Item, Item, bool, float]
"""A gold and a predicted item that may be paired, whether they are an exact pair, and their similarity in (0, 1]."""
_NONE: tuple[Found, ...] = ()


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
    """Match the items of one task in one sentence, one to one (see `Pairer`; for many sentences keep one)."""
    return Pairer((rule,), task, spans).matches(gold, predicted)[0]


class Pairer:
    """Matches the items of one task, one to one, under one rule or several at once.

    Aims, in this order: exact pairs (same text, same type), the number of pairs, the total similarity. What equality
    decides, and which of the items left may be paired at all, is found once for all rules.

    Args:
        rules: how items compare; all prepare items alike (same normalize, duplicates and undirected).
        task: ner, rel or rel+.
        spans: the sides hold offsets in place of texts.

    >>> from sciie_eval.items import Items
    >>> from sciie_eval.sides import sides
    >>> rules = MatchRule(), MatchRule(match="overlap")
    >>> gold, predicted = Items([("the deep net", "Method")]), Items([("deep net", "Method")])
    >>> one, two = (sides(items, rules[0], ("ner",))["ner"] for items in (gold, predicted))
    >>> [found.n for found in Pairer(rules, "ner").matches(one, two)]
    [0, 1]
    """

    def __init__(self, rules: Sequence[MatchRule], task: Task, spans: bool = False) -> None:
        self._number = len(rules)
        self._all = [_Finder(number, rule, task, spans) for number, rule in enumerate(rules)]
        self._relaxed = [finder for finder in self._all if task in finder.rule.relaxed]

    def matches(self, gold: Side, predicted: Side) -> list[Match]:
        """The matching under each rule; both sides are from `sides.sides` under any of the rules."""
        exact, found = self.pairs(gold, predicted)
        return [
            Match(gold, predicted, exact, [Pair(one, two, value) for one, two, _, value in pairs] if pairs else [])
            for pairs in found
        ]

    def pairs(self, gold: Side, predicted: Side) -> tuple[set[Item], list[Sequence[Found]]]:
        """The same without objects: the items equal on both sides, and under each rule the pairs made beyond these."""
        exact = gold.keys & predicted.keys
        pairs: list[Sequence[Found]] = [_NONE] * self._number
        if gold.open or predicted.open:
            finders = self._all
            golds: Collection[Item] = [*(gold.keys - exact), *gold.open]
            others: Collection[Item] = [*(predicted.keys - exact), *predicted.open]
        else:
            finders = self._relaxed
            if not finders or len(exact) == len(gold.keys) or len(exact) == len(predicted.keys):
                return exact, pairs
            golds, others = gold.keys - exact, predicted.keys - exact
        of_one_label, of_one_text = _neighbours(golds, others)
        for finder in finders:
            if finder.by_text:
                found = of_one_text
            elif of_one_label:
                found = finder.find(of_one_label, gold, predicted)
            else:
                continue
            if found:
                pairs[finder.number] = found if len(found) == 1 else _best(found, gold, predicted)
        return exact, pairs


def _neighbours(golds: Collection[Item], others: Collection[Item]) -> tuple[list[tuple[Item, Item]], list[Found]]:
    """Pairs of items of one label, and of one first text with different labels: some rule may make them."""
    of_one_label, of_one_text = [], []
    for other in others:
        text, label = other[0], other[1]
        for gold in golds:
            if gold[1] == label:
                of_one_label.append((gold, other))
            elif gold[0] == text:
                of_one_text.append((gold, other, False, 1.0))
    return of_one_label, of_one_text


class _Finder:
    """Finds the pairs that one rule allows, among items of one label."""

    __slots__ = ("_alike", "_behind", "_least", "_task", "by_text", "number", "rule")

    def __init__(self, number: int, rule: MatchRule, task: Task, spans: bool) -> None:
        self.number, self.rule = number, rule
        self.by_text = task == "ner" and rule.match == "boundaries"
        self._task = task
        self._least = rule.threshold or 1.0
        self._alike, self._behind = similarity(rule, spans), looks_behind(rule, spans)

    def find(self, of_one_label: list[tuple[Item, Item]], gold: Side, predicted: Side) -> list[Found]:
        """Those alike enough; relations in both arguments, in one direction or, if undirected, in either."""
        alike, least = self._alike, self._least
        if self._behind:
            alike = behind(alike, gold.texts(), predicted.texts())
        found: list[Found] = []
        if self._task == "ner":
            for one, two in of_one_label:
                value = alike(one[0], two[0])
                if value >= least:
                    found.append((one, two, False, value))
        else:
            for one, two in of_one_label:
                exact, value = _relation(one, two, one[1] in self.rule.undirected, alike, least)
                if value >= least:
                    found.append((one, two, exact, value))
        return found


def _relation(gold: Item, other: Item, undirected: bool, alike: Similarity, least: float) -> tuple[bool, float]:
    """Whether two relations are an exact pair, and their similarity unless below ``least``, in the better direction."""
    found = _one_way(gold, other, (0, 2), alike, least)
    return max(found, _one_way(gold, other, (2, 0), alike, least)) if undirected else found


def _one_way(gold: Item, other: Item, way: tuple[int, int], alike: Similarity, least: float) -> tuple[bool, float]:
    """The same in one direction; ``way`` names the fields of the other that are its subject and object."""
    subject, object_ = way
    if len(gold) >= 5:  # rel+: some type of each argument must be shared; type fields stand behind the texts
        types = other[3 + subject // 2], other[3 + object_ // 2]
        if not (_agree(gold[3], types[0]) and _agree(gold[4], types[1])):
            return False, 0.0
    value = alike(gold[0], other[subject])
    if value >= least:
        value = min(value, alike(gold[2], other[object_]))
    return gold[0] == other[subject] and gold[2] == other[object_], value


def _agree(left: str | tuple[str, ...], right: str | tuple[str, ...]) -> bool:
    """Whether some type of the one side is a type of the other."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return not set((left,) if isinstance(left, str) else left).isdisjoint((right,) if isinstance(right, str) else right)


def _best(found: list[Found], gold: Side, predicted: Side) -> list[Found]:
    """The best one-to-one choice, in an order that depends on the items alone."""
    by_gold, by_other = {pair[0]: pair for pair in found}, {pair[1]: pair for pair in found}
    golds = _ordered(by_gold, gold)
    if len(by_gold) == len(found) == len(by_other):
        return [by_gold[item] for item in golds]  # nothing competes
    row = {item: number for number, item in enumerate(golds)}
    column = {item: number for number, item in enumerate(_ordered(by_other, predicted))}
    at = {(row[pair[0]], column[pair[1]]): pair for pair in found}
    chosen = assign([Candidate(*place, pair[2], pair[3]) for place, pair in at.items()])
    return [at[candidate.gold, candidate.predicted] for candidate in chosen]


def _ordered(items: Iterable[Item], side: Side) -> list[Item]:
    """Items of a side in an order that depends on them alone; open items stand behind all others."""
    if not side.open:
        return sorted(items)
    return sorted(items, key=lambda item: (item not in side.keys, _comparable(item)))


def _comparable(item: Item) -> tuple[Any, ...]:
    """One type as a tuple of one, so that it can be compared with several."""
    return tuple((field,) if isinstance(field, str) else field for field in item[:5]) + item[5:]
