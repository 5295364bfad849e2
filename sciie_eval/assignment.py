"""The best one-to-one assignment of predicted to gold items.

Aims, in this order: the number of exact pairs, the number of pairs, the total similarity. The result is optimal, and it
depends on the candidates alone, so callers who number the items in a canonical order get the same pairs for any order
of gold and predictions.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

__all__ = ["Candidate", "assign"]


class Candidate(NamedTuple):
    """A gold and a predicted item, by number, that may be paired."""

    gold: int
    predicted: int
    exact: bool
    similarity: float


def assign(candidates: list[Candidate]) -> list[Candidate]:
    """Choose the best one-to-one subset of ``candidates``, in the order of the gold numbers.

    Args:
        candidates: pairs that may be made, each (gold, predicted) at most once, similarities in (0, 1].

    >>> found = assign([Candidate(0, 0, False, .9), Candidate(0, 1, False, .5), Candidate(1, 0, False, .6)])
    >>> [(pair.gold, pair.predicted) for pair in found]
    [(0, 1), (1, 0)]
    """
    if candidates and _is_star(candidates):
        return [_strongest(candidates)]
    chosen: list[Candidate] = []
    for component in _components(candidates):
        chosen += [_strongest(component)] if _is_star(component) else _optimal(component)
    return sorted(chosen)


def _is_star(candidates: list[Candidate]) -> bool:
    """Whether all are of one gold or of one predicted item, so that one pair can be made."""
    first = candidates[0]
    return all(c.gold == first.gold for c in candidates) or all(c.predicted == first.predicted for c in candidates)


def _strongest(candidates: list[Candidate]) -> Candidate:
    return max(candidates, key=lambda c: (c.exact, c.similarity, -c.gold, -c.predicted))


def _components(candidates: list[Candidate]) -> list[list[Candidate]]:
    """Candidates that compete with each other, directly or through others, one list a group."""
    parent: dict[tuple[str, int], tuple[str, int]] = {}

    def root(node: tuple[str, int]) -> tuple[str, int]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for candidate in candidates:
        parent[root(("gold", candidate.gold))] = root(("predicted", candidate.predicted))
    groups: defaultdict[tuple[str, int], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[root(("gold", candidate.gold))].append(candidate)
    return list(groups.values())


def _optimal(component: list[Candidate]) -> list[Candidate]:
    """Solve one group by linear assignment, the three aims as digits of one weight."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    golds = sorted({candidate.gold for candidate in component})
    predicted = sorted({candidate.predicted for candidate in component})
    row = {number: index for index, number in enumerate(golds)}
    column = {number: index for index, number in enumerate(predicted)}
    pair = min(len(golds), len(predicted)) + 1.0
    exact = pair * (pair + 1.0)
    weights = np.zeros((len(golds), len(predicted)))
    at = {}
    for candidate in component:
        place = row[candidate.gold], column[candidate.predicted]
        weights[place] = candidate.similarity + pair + exact * candidate.exact
        at[place] = candidate
    rows, columns = linear_sum_assignment(weights, maximize=True)
    return [at[place] for place in zip(rows.tolist(), columns.tolist(), strict=True) if place in at]
