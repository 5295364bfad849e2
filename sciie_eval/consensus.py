"""Consensus@K: what is left when an item needs a share θ of the K samples, on average over all K-subsets.

An item that nothing competes with is kept with the upper tail of the hypergeometric distribution, and right or wrong
by itself. Only rel+ items with several possible types compete: two of them may stand for the same gold item, which
matches one. For these the probability of every set of kept items is computed, and the matcher is asked about the set.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations, pairwise
from math import comb

import numpy as np

from sciie_eval.matching import match
from sciie_eval.passk import Floats, kept_table, threshold_count, unimodal
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Item, Side

__all__ = ["Ballot", "expected_consensus"]

MAX_WORK = 50_000_000
"""Additions spent on the items of one sentence that compete, some tenths of a second; samples that need more were made
to need it."""
OVERHEAD = 2_000
"""What one step costs beside its additions."""

Pattern = frozenset[Item]
_State = tuple[Pattern, frozenset[tuple[Item, int]]]
"""Items that are kept, and the votes so far for items that further samples may have."""


@dataclass
class Ballot:
    """The votes of one sentence for the items of one task.

    Attributes:
        gold: the gold side.
        rule: the rule by which it was made.
        task: ner, rel or rel+.
        spans: the sides hold offsets in place of texts.
        voted: every extraction among the samples, and how many samples have it.
    """

    gold: Side
    rule: MatchRule
    task: Task
    spans: bool
    voted: list[tuple[Side, int]] = field(default_factory=list)

    def votes(self) -> Counter[Item]:
        """In how many samples each item occurs."""
        votes: Counter[Item] = Counter()
        for side, number in self.voted:
            for item in (*side.keys, *side.open, *side.dead):
                votes[item] += number
        return votes


@dataclass
class _Budget:
    """Work that may still be done."""

    left: int


@dataclass
class _Rivals:
    """Predicted items of which several may match the same gold item.

    Attributes:
        patterns: every set of these items that some samples have, and how many.
        matched: how many of a set of kept items match gold, one to one.
    """

    patterns: Counter[Pattern]
    matched: Callable[[Pattern], int]

    def votes(self) -> Counter[Item]:
        """How many samples have each item."""
        votes: Counter[Item] = Counter()
        for pattern, number in self.patterns.items():
            votes.update(dict.fromkeys(pattern, number))
        return votes

    def order(self) -> tuple[int, list[str]]:
        """A key that depends on the items alone, few patterns first."""
        return len(self.patterns), sorted(repr(sorted(map(repr, pattern))) for pattern in self.patterns)

    def with_votes(self, least: int) -> _Rivals:
        """Without the items that too few samples have to be kept ever."""
        hopeful = {item for item, number in self.votes().items() if number >= least}
        narrowed: Counter[Pattern] = Counter()
        for pattern, number in self.patterns.items():
            if not pattern.isdisjoint(hopeful):
                narrowed[pattern & hopeful] += number
        return _Rivals(narrowed, self.matched)


def expected_consensus(ballot: Ballot, n: int, ks: Sequence[int], theta: float) -> tuple[Floats, bool]:
    """Expected tp and n_pred of the items kept by at least θ of K random samples.

    Args:
        ballot: the votes of all n samples; samples without items need not be in it.
        n: number of samples.
        ks: sizes of the subset, each at most n.
        theta: share of the K samples, above 0 and at most 1.

    Returns:
        (len(ks), 2) expectations of tp and n_pred, and whether they are exact: where more items compete than any model
        writes by itself, tp is a lower bound.
    """
    votes = ballot.votes()
    free = votes.keys() & ballot.gold.keys
    groups = _rivals(ballot, votes)
    for rivals in groups:
        free -= frozenset().union(*rivals.patterns)
    hits = np.bincount([votes[item] for item in free], minlength=n + 1)
    all_items = np.bincount(list(votes.values()), minlength=n + 1)
    out = np.empty((len(ks), 2))
    exact = True
    budget = _Budget(MAX_WORK)
    for place, k in enumerate(ks):
        least = threshold_count(k, theta)
        table = _table(n, k, least)
        out[place] = table @ hits, table @ all_items
        for rivals in groups:
            left = rivals.with_votes(least)
            value = _few_matches(left, n, k, least, table)
            value = _expected_matches(left, n, k, least, budget) if value is None else value
            exact = exact and value is not None
            # the bound: one match wherever the most frequent item is kept
            out[place, 0] += table[max(left.votes().values())] if value is None else value
    return out, exact


_table = lru_cache(maxsize=32)(kept_table)


def _rivals(ballot: Ballot, votes: Iterable[Item]) -> list[_Rivals]:
    """The items whose match equality does not decide, those of the same texts and label together."""
    gold = ballot.gold
    open_items = {item for side, _ in ballot.voted for item in side.open}
    families = {_family(item) for item in (*gold.open, *open_items)}
    if not families:
        return []
    golds: defaultdict[Item, list[Item]] = defaultdict(list)
    for item in (*gold.keys, *gold.open):
        golds[_family(item)].append(item)
    dead = {item for side, _ in ballot.voted for item in side.dead}
    items: defaultdict[Item, set[Item]] = defaultdict(set)
    for item in votes:
        if _family(item) in families and item not in dead:
            items[_family(item)].add(item)
    groups = (_group(ballot, golds[family], items[family]) for family in items if golds[family])
    # the work is bounded, so which groups come first must not depend on how strings hash
    return sorted((rivals for rivals in groups if rivals.patterns), key=_Rivals.order)


def _family(item: Item) -> Item:
    """Texts and label: items of other families never match (undirected ones are oriented by their texts)."""
    return item[:3]


def _group(ballot: Ballot, golds: list[Item], items: set[Item]) -> _Rivals:
    patterns: Counter[Pattern] = Counter()
    for side, number in ballot.voted:
        pattern = frozenset(items.intersection((*side.keys, *side.open)))
        if pattern:
            patterns[pattern] += number
    known: dict[Pattern, int] = {}

    def matched(kept: Pattern) -> int:
        if kept not in known:
            known[kept] = match(
                _only(ballot.gold, golds), _only(ballot.gold, kept), ballot.rule, ballot.task, ballot.spans
            ).n
        return known[kept]

    useful = frozenset(item for item in items if matched(frozenset([item])))
    narrowed: Counter[Pattern] = Counter()
    for pattern, number in patterns.items():
        if pattern & useful:
            narrowed[pattern & useful] += number
    return _Rivals(narrowed, matched)


def _only(like: Side, items: Iterable[Item]) -> Side:
    """A side of these items alone."""
    open_ = [item for item in items if type(item[3]) is tuple or type(item[4]) is tuple]
    return replace(like, keys=set(items).difference(open_), open=open_, dead=[])


def _few_matches(rivals: _Rivals, n: int, k: int, least: int, table: Floats) -> float | None:
    """The expected number of matches where K has room for two kept items at most; None elsewhere.

    No sample has two of the items, so they share out the K votes: one is kept with the tail of `passk.kept_table`, two
    only where K = 2·least and each has half of the votes.
    """
    if 2 * least < k or any(len(pattern) > 1 for pattern in rivals.patterns):
        return None
    value = sum([float(table[number]) for number in rivals.patterns.values()])
    if k == 2 * least:
        total = comb(n, k)
        ways = [(pattern, comb(number, least)) for pattern, number in rivals.patterns.items()]
        for (one, ways_one), (two, ways_two) in combinations(ways, 2):
            value -= (2 - rivals.matched(one | two)) * (ways_one * ways_two / total)
    return value


def _expected_matches(rivals: _Rivals, n: int, k: int, least: int, budget: _Budget) -> float | None:
    """The expected number of matches among kept items; None where it would take too much work.

    Samples of the same pattern are drawn together: how many of a random K-subset have it is binomial with p = K / n,
    given that all patterns add up to K. A state is what has been decided, and the votes of items that more patterns
    have; for every state there is a probability for each number of samples drawn.
    """
    patterns = sorted(rivals.patterns.items(), key=lambda one: (-len(one[0]), -one[1], sorted(map(repr, one[0]))))
    last = {item: place for place, (pattern, _) in enumerate(patterns) for item in pattern}
    states: dict[_State, Floats] = {(frozenset(), frozenset()): np.ones(1)}
    for place, (pattern, number) in enumerate(patterns):
        drawn = _drawn(number, n, k)
        ending = frozenset(item for item in pattern if last[item] == place)
        before, states = states, {}
        for (kept, open_votes), weights in before.items():
            votes = dict(open_votes)
            for start, end in _steps(votes, pattern, ending, least, min(len(drawn), k + 1)):
                budget.left -= OVERHEAD + len(weights) * (end - start)
                if budget.left < 0:
                    return None
                counted = {**votes, **{item: min(least, votes.get(item, 0) + start) for item in pattern}}
                now_kept = kept.union(item for item in ending if counted[item] >= least)
                rest = frozenset((item, cast) for item, cast in counted.items() if item not in ending)
                part = np.convolve(weights, drawn[start:end])[: k + 1 - start]
                _add(states, (now_kept, rest), np.concatenate([np.zeros(start), part]))
    others = _drawn(n - rivals.patterns.total(), n, k)
    value = total = 0.0
    for (kept, _), weights in states.items():
        taken = np.arange(max(0, k + 1 - len(others)), min(len(weights), k + 1))
        weight = float(weights[taken] @ others[k - taken]) if len(taken) else 0.0
        total += weight
        value += weight * rivals.matched(kept)
    return value / total


def _steps(
    votes: dict[Item, int], pattern: Pattern, ending: Pattern, least: int, most: int
) -> Iterable[tuple[int, int]]:
    """Ranges of numbers drawn of a pattern that lead to the same state."""
    marks = {0, most}
    for item in pattern:
        missing = max(0, least - votes.get(item, 0))
        marks.update([missing] if item in ending else range(missing + 1))
    ordered = sorted(mark for mark in marks if mark <= most)
    return pairwise(ordered)


def _drawn(number: int, n: int, k: int) -> Floats:
    """Binomial probabilities, in proportion, of drawing 0..number of so many samples when K of n are drawn."""
    if k == n:
        return np.concatenate([np.zeros(number), [1.0]])
    x = np.arange(number, dtype=np.float64)
    return unimodal((number - x) / (x + 1) * (k / (n - k)))


def _add(states: dict[_State, Floats], state: _State, weights: Floats) -> None:
    before = states.get(state)
    if before is not None:
        shorter, longer = sorted((before, weights), key=len)
        weights = longer.copy()
        weights[: len(shorter)] += shorter
    states[state] = weights
