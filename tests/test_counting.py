"""Counts, their ratios, and the scorer of one sentence."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import Plain
from strategies import items, pairs_of_sides, rules

from sciie_eval.counting import Counts, GoldSentence, SentenceScorer, counts_of, sentence_f1
from sciie_eval.items import EMPTY, Items
from sciie_eval.rules import TASKS, MatchRule


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_ratios(tp: int, more_predicted: int, more_gold: int) -> None:
    counts = Counts(tp, tp + more_predicted, tp + more_gold)
    for value in (counts.precision, counts.recall, counts.f1):
        assert value is None or 0 <= value <= 1
    assert (counts.precision is None) == (counts.n_pred == 0)
    assert (counts.recall is None) == (counts.n_gold == 0)
    if tp:
        assert counts.f1 == pytest.approx(2 / (1 / counts.precision + 1 / counts.recall))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("counts", "well_formed", "expected"),
    [
        (Counts(0, 0, 0), True, 1.0),
        (Counts(0, 0, 0), False, 0.0),
        (Counts(0, 1, 0), True, 0.0),
        (Counts(0, 0, 1), True, 0.0),
        (Counts(1, 2, 2), True, 0.5),
        (Counts(1, 2, 2), False, 0.0),
    ],
)
def test_sentence_f1(counts: Counts, well_formed: bool, expected: float) -> None:
    assert sentence_f1(counts, well_formed) == expected


@given(pairs_of_sides(), rules())
def test_a_side_matches_itself_where_it_can(both: tuple[Plain, Plain], rule: MatchRule) -> None:
    side = items(both[0])
    for matched in SentenceScorer(rule, TASKS).matches(GoldSentence(side), side).values():
        assert matched.n == matched.credit == matched.gold.n - len(matched.gold.dead)
        assert matched.found() == matched.exact | set(matched.gold.open)


@given(pairs_of_sides(), rules())
def test_bounds(both: tuple[Plain, Plain], rule: MatchRule) -> None:
    for matched in SentenceScorer(rule, TASKS).matches(GoldSentence(items(both[0])), items(both[1])).values():
        whole, partial = counts_of(matched), counts_of(matched, partial=True)
        assert 0 <= partial.tp <= whole.tp <= min(whole.n_pred, whole.n_gold)
        assert whole[1:] == partial[1:]


def test_empty_sides() -> None:
    scorer = SentenceScorer(MatchRule(), TASKS)
    one = Items(entities=[("a", "Task")])
    assert counts_of(scorer.matches(GoldSentence(EMPTY), one)["ner"]) == (0, 1, 0)
    assert counts_of(scorer.matches(GoldSentence(one), EMPTY)["ner"]) == (0, 0, 1)
    assert counts_of(scorer.matches(GoldSentence(EMPTY), EMPTY)["rel+"]) == (0, 0, 0)


def test_gold_is_prepared_once() -> None:
    gold, rule = GoldSentence(Items(entities=[("a", "Task"), ("a", "Task")])), MatchRule()
    first = gold.sides(rule, TASKS, False)
    assert gold.sides(rule, TASKS, False) is first
    assert gold.sides(MatchRule(duplicates="multiset"), TASKS, False)["ner"].n == 2


CASES = [
    (Items(entities=[("a b", "Task"), ("b c", "Task"), (f"c{n}", "Method")]), Items(entities=[("a b c", "Task")] * n))
    for n in range(20)
]


def counted(scorer: SentenceScorer, golds: list[GoldSentence]) -> list[Counts]:
    return [
        counts_of(scorer.matches(gold, predicted)[task], partial=True)
        for gold, (_, predicted) in zip(golds, CASES, strict=True)
        for task in TASKS
    ]


@pytest.mark.parametrize("match", ["strict", "overlap", "fuzzy"])
def test_pickling_and_threads(match: str) -> None:
    scorer = SentenceScorer(MatchRule(match=match, duplicates="multiset"), TASKS)  # type: ignore[arg-type]
    alone = counted(scorer, [GoldSentence(gold) for gold, _ in CASES])
    copied, golds = pickle.loads(pickle.dumps((scorer, [GoldSentence(gold) for gold, _ in CASES])))
    with ThreadPoolExecutor(8) as pool:  # all threads share the scorer and the gold sentences
        results = list(pool.map(lambda _: counted(copied, golds), range(24)))
    assert all(result == alone for result in results)
    assert pickle.loads(pickle.dumps(golds))[0].items == golds[0].items
