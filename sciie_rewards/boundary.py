"""How well the borders of the entities that are not exactly right were found."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from sciie_eval.rules import MatchRule
from sciie_eval.sides import Item
from sciie_eval.similarity import similarity

__all__ = ["Near", "nearest"]

LONGEST = 1000
"""Characters of a predicted text beyond which it is near nothing: no entity is that long."""
MOST = 1000
"""Wrong entities beyond which none is near: so many are a listing, and share by share their overlap is nothing."""

_OVERLAP = similarity(MatchRule(match="overlap"))


class Near(NamedTuple):
    """A gold and a predicted entity of one type that share tokens, and their overlap in (0, 1]."""

    gold: Item
    predicted: Item
    similarity: float


def nearest(gold: Set[Item], predicted: Set[Item]) -> list[Near]:
    """Pair gold and predicted entities (text, type) one to one so that the total overlap is as large as can be.

    The total overlap alone is maximised, not first the number of pairs as the evaluator's relaxed matchers do: else a
    correct item more could break up good pairs for the sake of one more poor pair, and lower the reward. Equal items
    are left out: some best pairing has them all. Which pairs are made does not depend on any order.

    >>> nearest({("deep net", "Method")}, {("a deep net", "Method"), ("deep", "Task")})
    [Near(gold=('deep net', 'Method'), predicted=('a deep net', 'Method'), similarity=0.6666666666666666)]
    """
    missed = gold - predicted
    wrong = predicted - gold if missed else missed
    if not wrong or len(wrong) > MOST:
        return []
    found = [
        Near(item, other, value)
        for other in wrong
        if len(other[0]) <= LONGEST
        for item in missed
        if item[1] == other[1] and (value := _OVERLAP(item[0], other[0]))
    ]
    return found if len(found) < 2 else _best(sorted(found))


def _best(found: list[Near]) -> list[Near]:
    """The one-to-one subset with the largest total."""
    golds = {item: place for place, item in enumerate(dict.fromkeys(pair.gold for pair in found))}
    others = {item: place for place, item in enumerate(dict.fromkeys(pair.predicted for pair in found))}
    if len(golds) == len(found) == len(others):
        return found  # nothing competes
    if len(golds) == 1 or len(others) == 1:
        return [max(found, key=lambda pair: pair.similarity)]
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    values = np.zeros((len(golds), len(others)))
    at = {(golds[pair.gold], others[pair.predicted]): pair for pair in found}
    for place, pair in at.items():
        values[place] = pair.similarity
    rows, columns = linear_sum_assignment(values, maximize=True)
    return [at[place] for place in zip(rows.tolist(), columns.tolist(), strict=True) if place in at]
