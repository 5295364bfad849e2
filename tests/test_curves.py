"""The estimators for K samples of a corpus, against every K-subset, with the real matcher on every one of them."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SYMMETRIC, items, pairs_of_sides

from sciie_eval.consensus import Ballot, expected_consensus
from sciie_eval.counting import Counts, GoldSentence, SentenceScorer, counts_of, sentence_f1
from sciie_eval.curve_results import Curve, SampleScores
from sciie_eval.evaluate_samples import score_samples
from sciie_eval.items import Items
from sciie_eval.matching import match
from sciie_eval.passk import threshold_count
from sciie_eval.rules import TASKS, MatchRule
from sciie_eval.scoring import read_prediction
from sciie_eval.settings import Settings
from sciie_eval.sides import Side, sides

ENTITIES = [["a", "Method"], ["a", "Task"], ["b", "Task"], ["c", "Dataset"]]
RELATIONS = [["a", "Used-For", "b"], ["b", "Used-For", "a"], ["a", "Compare-With", "b"], ["b", "Compare-With", "a"]]
mappings = st.builds(
    lambda ner, rel: {"ner": ner, "rel": rel},
    st.lists(st.sampled_from(ENTITIES), max_size=3),
    st.lists(st.sampled_from(RELATIONS), max_size=2),
)
anything = st.one_of(mappings, mappings, st.none(), st.just("no answer here"))
corpora = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.tuples(mappings, st.lists(anything, min_size=n, max_size=9)), min_size=1, max_size=3)
)
FAST: dict[str, Any] = {"bootstrap": 5}


def subsets(n: int, k: int) -> list[tuple[int, ...]]:
    return list(combinations(range(n), k))


class Brute:
    """Everything by trying every K-subset, one sentence at a time."""

    def __init__(self, corpus: list[tuple[Any, list[Any]]], how: Settings) -> None:
        self.how, self.scorer = how, SentenceScorer(how.rule, how.tasks)
        self.gold = [GoldSentence(read_prediction(gold, how).items) for gold, _ in corpus]
        self.samples = [[read_prediction(sample, how) for sample in samples] for _, samples in corpus]
        self.counts = [
            [
                {task: counts_of(m, how.credit == "partial") for task, m in self.scorer.matches(gold, s.items).items()}
                for s in some
            ]
            for gold, some in zip(self.gold, self.samples, strict=True)
        ]

    def f1(self, sentence: int, sample: int, task: Any) -> float:
        parsed = self.samples[sentence][sample]
        return sentence_f1(self.counts[sentence][sample][task], parsed.status not in ("no_answer", "invalid"))

    def best(self, k: int, task: Any, oracle: str) -> tuple[float, Counts]:
        """Mean F1, and the expected counts, of the kept sample."""

        def quality(sentence: int, sample: int) -> tuple[float, ...]:
            counts = self.counts[sentence][sample]
            if oracle == "per-task":
                return round(self.f1(sentence, sample, task), 12), -counts[task].n_pred, -sample
            mean = sum(self.f1(sentence, sample, one) for one in TASKS) / 3
            return round(mean, 12), -(counts["ner"].n_pred + counts["rel"].n_pred), -sample

        macro, total = [], np.zeros(3)
        for sentence, some in enumerate(self.samples):
            kept = [max(group, key=lambda one: quality(sentence, one)) for group in subsets(len(some), k)]
            macro.append(np.mean([self.f1(sentence, one, task) for one in kept]))
            total += np.mean([self.counts[sentence][one][task] for one in kept], axis=0)
        return float(np.mean(macro)), Counts(*total)

    def consensus(self, k: int, task: Any, theta: float) -> Counts:
        """Expected counts of what enough samples of a subset say, each subset matched anew."""
        least = threshold_count(k, theta)
        total = np.zeros(3)
        for gold, some in zip(self.gold, self.samples, strict=True):
            side = gold.sides(self.how.rule, self.how.tasks, False)[task]
            said = [sides(parsed.items, self.how.rule, (task,))[task] for parsed in some]
            total += np.mean(
                [matched(side, said, group, least, self.how.rule, task) for group in subsets(len(some), k)], axis=0
            )
        return Counts(*total)

    def distinct(self, k: int) -> float:
        """Different answers among the samples of a subset."""
        means = []
        for some in self.samples:
            said = [sides(parsed.items, self.how.rule, TASKS) for parsed in some]
            answers = [tuple(frozenset((*side.keys, *side.open, *side.dead)) for side in one.values()) for one in said]
            means.append(np.mean([len({answers[one] for one in group}) for group in subsets(len(some), k)]))
        return float(np.mean(means))


def matched(
    gold: Side, said: list[Side], group: tuple[int, ...], least: int, rule: MatchRule, task: Any
) -> list[float]:
    """Counts of the items that enough samples of the group have."""

    def enough(kind: str) -> list[Any]:
        every = {item for side in said for item in getattr(side, kind)}
        return [item for item in every if sum(item in getattr(said[one], kind) for one in group) >= least]

    kept = Side(set(enough("keys")), enough("open"), enough("dead"), said[0].texts)
    return list(counts_of(match(gold, kept, rule, task)))


def curve(found: dict[Any, Curve | None], task: Any) -> Curve:
    one = found[task]
    assert one is not None
    return one


def scored(corpus: list[tuple[Any, list[Any]]], **how: Any) -> SampleScores:
    """Every task gets numbers: a gold-only sentence speaks of all of them."""
    return score_samples([gold for gold, _ in corpus], [samples for _, samples in corpus], **FAST, **how)


def assert_counts(found: Curve, place: int, expected: Counts) -> None:
    assert (found.tp[place], found.n_pred[place], found.n_gold) == pytest.approx(tuple(expected), abs=1e-12)
    for ratio, value in (
        (found.micro, expected.f1),
        (found.precision, expected.precision),
        (found.recall, expected.recall),
    ):
        assert ratio[place] == (None if value is None else pytest.approx(value, abs=1e-12))


@given(corpora, st.sampled_from(("per-task", "joint")), st.data())
def test_best_is_the_mean_over_all_subsets(corpus: Any, oracle: Any, data: st.DataObject) -> None:
    how: dict[str, Any] = data.draw(
        st.sampled_from(({}, {"duplicates": "multiset"}, {"match": "overlap", "credit": "partial"}))
    )
    brute = Brute(corpus, Settings.of(**how))
    k = data.draw(st.integers(1, min(len(samples) for _, samples in corpus)))
    found = scored(corpus, k=k, oracle=oracle, **how)
    for task, best in found.best.items():
        if best is not None:
            macro, counts = brute.best(k, task, oracle)
            assert best.macro[0] == pytest.approx(macro, abs=1e-12)
            assert_counts(best, 0, counts)


@given(corpora, st.sampled_from((0.5, 0.3, 0.67, 1.0)), st.data())
def test_consensus_is_the_mean_over_all_subsets(corpus: Any, theta: float, data: st.DataObject) -> None:
    how: dict[str, Any] = data.draw(
        st.sampled_from(({}, {"duplicates": "multiset"}, {"symmetric": "undirected"}, {"normalize": "casefold"}))
    )
    brute = Brute(corpus, Settings.of(**how))
    k = data.draw(st.integers(1, min(len(samples) for _, samples in corpus)))
    found = scored(corpus, k=k, theta=theta, **how)
    for task, consensus in found.consensus.items():
        if consensus is not None:
            assert_counts(consensus, 0, brute.consensus(k, task, theta))


@given(corpora)
def test_distinct_answers_and_the_ends_of_the_curves(corpus: Any) -> None:
    n = min(len(samples) for _, samples in corpus)
    corpus = [(gold, samples[:n]) for gold, samples in corpus]
    brute = Brute(corpus, Settings())
    found = scored(corpus, k=range(1, n + 1))
    assert found.distinct == pytest.approx([brute.distinct(k) for k in found.k], abs=1e-12)
    assert found.distinct[0] == pytest.approx(1, abs=1e-12)
    assert all(one <= two + 1e-12 for one, two in pairwise(found.distinct))
    for task, best in found.best.items():
        if best is None:
            continue
        average = curve(found.avg, task)
        assert (best.macro[0], best.micro[0]) == pytest.approx((average.macro[0], average.micro[0]), abs=1e-12)
        assert all((one or 0) <= (two or 0) + 1e-12 for one, two in pairwise(best.macro))
        most = [max(brute.f1(i, j, task) for j in range(n)) for i in range(len(corpus))]
        assert best.macro[-1] == pytest.approx(np.mean(most), abs=1e-12)


# -- rel+ items that compete -----------------------------------------------------------------------------------------


@st.composite
def ballots(draw: st.DrawFn) -> tuple[Ballot, list[Side]]:
    """Votes over few texts with many types, typed by the relations themselves or not: everything competes."""
    rule = MatchRule(
        duplicates=draw(st.sampled_from(("set", "multiset"))),
        undirected=draw(st.sampled_from((frozenset(), SYMMETRIC))),
    )
    gold, first = draw(pairs_of_sides(most=3))
    more = draw(st.lists(pairs_of_sides(most=3), max_size=3))
    said = [first, *(side for pair in more for side in pair)][: draw(st.integers(1, 7))]
    return made(items(gold), [items(side) for side in said], rule)


def made(gold: Items, said: list[Items], rule: MatchRule) -> tuple[Ballot, list[Side]]:
    predicted = [sides(one, rule, ("rel+",))["rel+"] for one in said]
    ballot = Ballot(sides(gold, rule, ("rel+",))["rel+"], rule, "rel+", False, [(side, 1) for side in predicted])
    return ballot, predicted


def check(ballot: Ballot, said: list[Side], k: int, theta: float) -> None:
    least = threshold_count(k, theta)
    group = [matched(ballot.gold, said, some, least, ballot.rule, "rel+")[:2] for some in subsets(len(said), k)]
    found, exact = expected_consensus(ballot, len(said), [k], theta)
    assert exact
    assert found[0] == pytest.approx(np.mean(group, axis=0), abs=1e-12)


@settings(max_examples=200)
@given(ballots(), st.sampled_from((0.5, 0.34, 0.1, 1.0)), st.data())
def test_competing_items(votes: tuple[Ballot, list[Side]], theta: float, data: st.DataObject) -> None:
    ballot, said = votes
    check(ballot, said, data.draw(st.integers(1, len(said))), theta)


def typed(*pairs: tuple[str | None, str | None], subject: tuple[str, ...] = (), object_: tuple[str, ...] = ()) -> Items:
    return Items(
        entities=[("a", kind) for kind in subject] + [("b", kind) for kind in object_],
        relations=[("a", "Used-For", "b")] * len(pairs),
        types=list(pairs),
    )


M, T, D = "Method", "Task", "Dataset"
OPEN = (None, None)
POOL = [
    typed((M, T)),
    typed((T, T)),
    typed((M, T), (T, T)),
    typed(OPEN, subject=(M, T), object_=(T,)),
    typed(OPEN, subject=(M, D), object_=(T, D)),
    typed((M, None), (None, T), (M, T), OPEN, subject=(M, T), object_=(T, D)),
    typed(OPEN, subject=(D,), object_=(T,)),
    typed(),
]
GOLDS = [typed((M, T)), typed((M, T), (T, T)), typed(OPEN, subject=(M, T), object_=(T,)), typed((M, T), (D, D), (T, T))]


@settings(max_examples=250)
@given(st.sampled_from(GOLDS), st.lists(st.sampled_from(POOL), min_size=1, max_size=9), st.data())
def test_competing_items_of_one_pair_of_texts(gold: Items, said: list[Items], data: st.DataObject) -> None:
    ballot, predicted = made(gold, said, MatchRule())
    check(ballot, predicted, data.draw(st.integers(1, len(said))), data.draw(st.sampled_from((0.5, 0.25, 0.75))))


@pytest.mark.parametrize(("k", "theta"), [(512, 0.5), (512, 0.35), (511, 0.5), (1024, 0.37), (100, 0.38)])
def test_competing_items_of_a_thousand_samples(k: int, theta: float) -> None:
    """One gold item, two items of which either matches it: right unless both miss the threshold, in whole numbers."""
    ballot, predicted = made(typed((M, T)), [POOL[0], POOL[3], POOL[7]], MatchRule())
    n, one, two, least = 1024, 400, 380, threshold_count(k, theta)
    ballot.voted = list(zip(predicted, (one, two, n - one - two), strict=True))
    neither = sum(
        comb(one, x) * sum(comb(two, y) * comb(n - one - two, k - x - y) for y in range(least) if x + y <= k)
        for x in range(least)
    )
    found, exact = expected_consensus(ballot, n, [k], theta)
    assert exact
    assert found[0, 0] == pytest.approx(1 - neither / comb(n, k), abs=1e-12)


def test_items_that_compete_beyond_measure_give_a_lower_bound() -> None:
    pairs = [((M, None), (None, T)), ((M, None), OPEN), ((None, T), OPEN), ((M, T), OPEN), ((M, None), (M, T))]
    rows = [typed(*some, subject=(M, D), object_=(T, D)) for some in pairs]
    ballot, _ = made(typed((M, T)), rows, MatchRule())
    ballot.voted = [(side, 180) for side, _ in ballot.voted]
    found, exact = expected_consensus(ballot, 900, [600], 0.5)
    assert not exact
    assert 0 < found[0, 0] <= 1
    ballot.voted = [(side, 2) for side, _ in ballot.voted]
    assert expected_consensus(ballot, 10, [6], 0.5)[1]
