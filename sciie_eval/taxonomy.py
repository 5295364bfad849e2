"""What kind of error an item is. Every gold and every predicted item of a sentence gets exactly one kind.

The project's own matching says what is correct. What it leaves is paired, one to one, by what would have to change for
the pair to be correct: one kind after another in the order of `KINDS`, within a kind as many pairs as possible, then
the largest overlap. What is still left is missed (gold) or spurious (predicted). So tp counts the correct, n_gold is
all but the spurious, and n_pred all but the missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from sciie_eval.assignment import Candidate, assign
from sciie_eval.matching import Match
from sciie_eval.places import Places, shared
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Item, Side
from sciie_eval.similarity import behind, looks_behind, similarity

__all__ = ["KINDS", "Judge", "Judged", "Kind"]

Kind = Literal[
    "correct",
    "type",
    "boundary",
    "boundary+type",
    "argument type",
    "reversed",
    "wrong relation",
    "argument boundary",
    "missed",
    "spurious",
]
KINDS: dict[Task, tuple[Kind, ...]] = {
    "ner": ("correct", "type", "boundary", "boundary+type", "missed", "spurious"),
    "rel": ("correct", "reversed", "wrong relation", "argument boundary", "missed", "spurious"),
    "rel+": ("correct", "argument type", "reversed", "wrong relation", "argument boundary", "missed", "spurious"),
}
"""The kinds of every task, in the order in which pairs are made."""

_Verdict = tuple[Kind, float] | None


class Judged(NamedTuple):
    """A pair of items, or one alone, with its kind: only gold is missed, only a prediction is spurious."""

    kind: Kind
    gold: Item | None
    predicted: Item | None


class Judge:
    """Gives the items of a matching their kinds.

    Args:
        rule: the rule they were matched by: a text is right when it would let the pair match.
        spans: the items hold offsets in place of texts.

    >>> from sciie_eval.items import Items
    >>> from sciie_eval.counting import GoldSentence, SentenceScorer
    >>> gold = GoldSentence(Items([("the net", "Method"), ("b", "Task")]))
    >>> match = SentenceScorer(MatchRule(), ("ner",)).matches(gold, Items([("net", "Method"), ("b", "Method")]))["ner"]
    >>> [judged.kind for judged in Judge(MatchRule()).judge("ner", match, Places("the net b"))]
    ['type', 'boundary']
    """

    def __init__(self, rule: MatchRule, spans: bool = False) -> None:
        self._rule, self._spans = rule, spans
        self._alike, self._behind = similarity(rule, spans), looks_behind(rule, spans)
        self._least = rule.threshold or 1.0
        self._by_text = rule.match == "boundaries"

    def judge(self, task: Task, match: Match, places: Places) -> list[Judged]:
        """Every item of both sides once, in an order that depends on the items alone.

        Args:
            task: the task that was matched.
            match: its matching under the rule.
            places: of texts in the sentence.
        """
        found = [Judged("correct", item, item) for item in match.exact]
        found += [Judged("correct", pair.gold, pair.predicted) for pair in match.pairs]
        golds = _left(match.gold, {judged.gold for judged in found})
        others = _left(match.predicted, {judged.predicted for judged in found})
        if golds and others:
            compare = _Texts(self, match, places)
            verdict = compare.entity if task == "ner" else compare.relation
            for kind, gold, other in _paired(KINDS[task], golds, others, verdict):
                found.append(Judged(kind, gold, other))
                golds.remove(gold)
                others.remove(other)
        found += [Judged("missed", item, None) for item in golds]
        found += [Judged("spurious", None, item) for item in others]
        order = {kind: number for number, kind in enumerate(KINDS[task])}
        return sorted(found, key=lambda judged: (order[judged.kind], _order(judged.gold), _order(judged.predicted)))


def _left(side: Side, found: set[Item | None]) -> list[Item]:
    """The items of a side that were not matched, in an order that depends on them alone."""
    left = [*(side.keys - found), *(item for item in (*side.open, *side.dead) if item not in found)]
    return sorted(left, key=_order)


def _order(item: Item | None) -> tuple[Any, ...]:
    """Sorts items whose fields are texts, numbers, offsets, several types or none."""
    return tuple([f if isinstance(f, tuple) else () if f is None else (f,) for f in item]) if item is not None else ()


def _paired(
    kinds: Iterable[Kind], golds: list[Item], others: list[Item], verdict: Callable[[Item, Item], _Verdict]
) -> Iterator[tuple[Kind, Item, Item]]:
    """Pairs of wrong items, no item twice."""
    by_kind: defaultdict[Kind, list[Candidate]] = defaultdict(list)
    for row, gold in enumerate(golds):
        for column, other in enumerate(others):
            found = verdict(gold, other)
            if found is not None:
                by_kind[found[0]].append(Candidate(row, column, False, found[1]))
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for kind in kinds:
        free = [c for c in by_kind[kind] if c.gold not in rows and c.predicted not in columns]
        for chosen in assign(free):
            rows.add(chosen.gold)
            columns.add(chosen.predicted)
            pairs.append((kind, golds[chosen.gold], others[chosen.predicted]))
    yield from pairs


class _Texts:
    """Compares the texts of one sentence: as the matcher does, and by the characters they share."""

    def __init__(self, judge: Judge, match: Match, places: Places) -> None:
        self._places, self._spans, self._least = places, judge._spans, judge._least
        self._by_text, self._undirected = judge._by_text, judge._rule.undirected
        self._behind = match.gold.texts(), match.predicted.texts()
        self._alike = behind(judge._alike, *self._behind) if judge._behind else judge._alike

    def entity(self, gold: Item, other: Item) -> _Verdict:
        """Type: the text is right. Boundary: the texts overlap."""
        typed = self._by_text or gold[1] == other[1]
        right = self._right(gold[0], other[0])
        if right:
            return None if typed else ("type", right)
        overlap = self._overlap(gold[0], other[0])
        return ("boundary" if typed else "boundary+type", overlap) if overlap else None

    def relation(self, gold: Item, other: Item) -> _Verdict:
        """What is wrong with a relation of two right, exchanged or overlapping arguments; types are left aside."""
        straight = self._both(self._right, gold, other, (0, 2))
        crossed = self._both(self._right, gold, other, (2, 0))
        if gold[1] != other[1]:  # in one direction or the other; the same direction is preferred
            return ("wrong relation", max(straight, crossed / 2)) if straight or crossed else None
        undirected = gold[1] in self._undirected
        if straight or (undirected and crossed):
            return "argument type", max(straight, crossed)
        if crossed:
            return "reversed", crossed
        near = self._both(self._near, gold, other, (0, 2))
        if undirected:
            near = max(near, self._both(self._near, gold, other, (2, 0)))
        return ("argument boundary", near) if near else None

    @staticmethod
    def _both(alike: Callable[[Any, Any], float], gold: Item, other: Item, way: tuple[int, int]) -> float:
        """The smaller value of the two arguments, 0 where one of them does not fit."""
        value = alike(gold[0], other[way[0]])
        return min(value, alike(gold[2], other[way[1]])) if value else 0.0

    def _right(self, gold: Any, other: Any) -> float:
        """The similarity of two texts that the matcher takes for the same; else 0. A blank text is no text."""
        value = self._alike(gold, other) if gold and other else 0.0
        return value if value >= self._least else 0.0

    def _near(self, gold: Any, other: Any) -> float:
        return 1.0 if self._right(gold, other) else self._overlap(gold, other)

    def _overlap(self, gold: Any, other: Any) -> float:
        if not gold or not other:
            return 0.0
        golds, others = self._behind
        texts = golds.get(gold, gold), others.get(other, other)
        if self._spans:
            return shared((gold,), (other,), texts)
        return shared(self._places.find(texts[0]), self._places.find(texts[1]), texts)
