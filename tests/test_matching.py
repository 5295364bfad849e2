"""The matcher against brute force over all one-to-one matchings."""

from __future__ import annotations

import pytest
import reference
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import How, Plain
from strategies import SYMMETRIC, items, pairs_of_sides, rules

from sciie_eval.items import Items
from sciie_eval.matching import Match, Pair, Pairer, match
from sciie_eval.rules import MATCHERS, TASKS, MatchRule, Task
from sciie_eval.sides import sides


def how(rule: MatchRule, placed: bool) -> How:
    return How(
        rule.match, rule.threshold or 1.0, rule.normalize, rule.duplicates, frozenset(rule.undirected), offsets=placed
    )


def matched(gold: Plain, predicted: Plain, rule: MatchRule, task: Task, placed: bool = False) -> tuple[Match, int, int]:
    one, two = (sides(items(side, placed), rule, (task,), placed)[task] for side in (gold, predicted))
    return match(one, two, rule, task, placed), one.n, two.n


def is_exact(task: Task, pair: Pair, rule: MatchRule) -> bool:
    gold, other = pair.gold, pair.predicted
    if task == "ner":
        return gold[:2] == other[:2]

    def one_way(ends: tuple[int, int], types: tuple[int, int]) -> bool:
        texts = (gold[0], gold[2]) == (other[ends[0]], other[ends[1]])
        return texts and (task == "rel" or all(_kinds(gold[3 + n]) & _kinds(other[types[n]]) for n in (0, 1)))

    return one_way((0, 2), (3, 4)) or (gold[1] in rule.undirected and one_way((2, 0), (4, 3)))


def _kinds(types: str | tuple[str, ...]) -> set[str]:
    return {types} if isinstance(types, str) else set(types)


def check(gold: Plain, predicted: Plain, rule: MatchRule, placed: bool) -> None:
    for task in TASKS:
        found = matched(gold, predicted, rule, task, placed)[0]
        check_one(found, gold, predicted, rule, task, placed)


def check_one(found: Match, gold: Plain, predicted: Plain, rule: MatchRule, task: Task, placed: bool) -> None:
    terms = how(rule, placed)
    one, two = reference.things(task, gold, terms), reference.things(task, predicted, terms)
    best = reference.best_matching(task, one, two, terms)
    exact = len(found.exact) + sum(is_exact(task, pair, rule) for pair in found.pairs)
    assert (found.gold.n, found.predicted.n) == (len(one), len(two)), task
    assert (exact, found.n) == (best.exact, best.pairs), task
    assert found.credit == pytest.approx(best.total, abs=1e-9), task
    golds = [*found.exact, *(pair.gold for pair in found.pairs)]
    others = [*found.exact, *(pair.predicted for pair in found.pairs)]
    assert len(set(golds)) == len(golds)
    assert len(set(others)) == len(others)
    assert all(0 < pair.similarity <= 1 for pair in found.pairs)


def spelled_in_two_ways(side: Plain, normalize: str) -> bool:
    """Whether two texts of a side differ before and agree after normalisation."""
    texts = {text for text, *_ in side.entities} | {text for r in side.relations for text in (r[0], r[2])}
    texts = {reference.composed(text) for text in texts}
    return len({reference.normal(text, normalize) for text in texts}) < len(texts)


@settings(max_examples=500)
@given(pairs_of_sides(), rules())
def test_brute_force_on_texts(both: tuple[Plain, Plain], rule: MatchRule) -> None:
    # Which spelling an item collapsed from two has its tokens from is a convention, not a definition.
    assume(rule.match != "overlap" or not any(spelled_in_two_ways(side, rule.normalize) for side in both))
    check(*both, rule, placed=False)


@settings(max_examples=300)
@given(pairs_of_sides(placed=True), rules())
def test_brute_force_on_offsets(both: tuple[Plain, Plain], rule: MatchRule) -> None:
    check(*both, rule, placed=True)


@settings(max_examples=300)
@given(pairs_of_sides(least=2, label="Compare-With"), rules(match="overlap", normalize="none", undirected=SYMMETRIC))
def test_brute_force_on_undirected_relations(both: tuple[Plain, Plain], rule: MatchRule) -> None:
    check(*both, rule, placed=False)


@st.composite
def several_rules(draw: st.DrawFn) -> list[MatchRule]:
    """Rules that prepare items alike and compare them in different ways, some perhaps twice."""
    first = draw(rules())
    names = draw(st.lists(st.sampled_from(MATCHERS), min_size=1, max_size=5))
    thresholds = [draw(st.sampled_from((None, 0.25, 0.6, 1.0))) for _ in names]
    return [
        MatchRule(
            name,
            threshold if name in ("overlap", "fuzzy") else None,
            first.normalize,
            first.duplicates,
            first.undirected,
        )
        for name, threshold in zip(names, thresholds, strict=True)
    ]


@settings(max_examples=400)
@given(
    st.booleans().flatmap(lambda placed: st.tuples(pairs_of_sides(placed=placed, most=5), st.just(placed))),
    several_rules(),
    st.integers(0, 4),
)
def test_several_rules_at_once_are_each_as_alone(
    drawn: tuple[tuple[Plain, Plain], bool], together: list[MatchRule], prepared_by: int
) -> None:
    (gold, predicted), placed = drawn
    prepare = together[prepared_by % len(together)]
    ambiguous = not placed and any(spelled_in_two_ways(side, prepare.normalize) for side in (gold, predicted))
    for task in TASKS:
        one, two = (sides(items(side, placed), prepare, (task,), placed)[task] for side in (gold, predicted))
        for rule, found in zip(together, Pairer(together, task, placed).matches(one, two), strict=True):
            alone = matched(gold, predicted, rule, task, placed)[0]
            assert (found.exact, found.pairs, found.credit) == (alone.exact, alone.pairs, alone.credit)
            if rule.match != "overlap" or not ambiguous:
                check_one(found, gold, predicted, rule, task, placed)


def test_pairs_without_objects() -> None:
    gold = ner(("a b", "Task"), ("c", "Method"), ("d", "Method"))
    predicted = ner(("a b c", "Task"), ("c", "Method"), ("d", "Task"))
    together = [MatchRule(match=name) for name in MATCHERS]
    one, two = (sides(items(side), together[0], ("ner",))["ner"] for side in (gold, predicted))
    exact, (strict, boundaries, overlap, fuzzy) = Pairer(together, "ner").pairs(one, two)
    assert exact == {("c", "Method")}
    assert not strict
    assert boundaries == [(("d", "Method"), ("d", "Task"), False, 1.0)]
    assert overlap == [(("a b", "Task"), ("a b c", "Task"), False, pytest.approx(2 / 3))]
    assert not fuzzy  # .75


@settings(max_examples=200)
@given(pairs_of_sides(most=6), rules(), st.randoms(use_true_random=False))
def test_order_never_matters(both: tuple[Plain, Plain], rule: MatchRule, random: object) -> None:
    shuffled = [Plain(*(random.sample(part, len(part)) for part in side)) for side in both]  # type: ignore[attr-defined]
    for task in TASKS:
        (one, *sizes), (two, *others) = matched(*both, rule, task), matched(*shuffled, rule, task)
        assert (one.exact, one.pairs, one.credit, sizes) == (two.exact, two.pairs, two.credit, others)


@settings(max_examples=300)
@given(pairs_of_sides(), rules(match="strict"))
def test_strict_never_finds_more(both: tuple[Plain, Plain], rule: MatchRule) -> None:
    for name in ("boundaries", "overlap", "fuzzy"):
        looser = MatchRule(name, None, rule.normalize, rule.duplicates, rule.undirected)  # type: ignore[arg-type]
        for task in TASKS:
            assert matched(*both, rule, task)[0].n <= matched(*both, looser, task)[0].n


def ner(*entities: tuple[str, str]) -> Plain:
    return Plain([(text, kind, (0, 1)) for text, kind in entities], [])


def test_pairs_come_before_similarity() -> None:
    # "a b c" is most like "a b c d", but pairing those two leaves "a b" and "a b c d e f" alone
    gold = ner(("a b c", "Task"), ("a b c d e f", "Task"))
    predicted = ner(("a b c d", "Task"), ("a b", "Task"))
    found = matched(gold, predicted, MatchRule(match="overlap"), "ner")[0]
    assert [(pair.gold[0], pair.predicted[0]) for pair in found.pairs] == [("a b c", "a b"), ("a b c d e f", "a b c d")]
    assert found.credit == pytest.approx(4 / 3)


def test_exact_pairs_come_before_pairs() -> None:
    # pairing both crosswise would make two pairs; the exact one comes first and leaves the others without partner
    gold = ner(("a b", "Task"), ("a b c d", "Task"))
    predicted = ner(("a b", "Task"), ("a", "Task"))
    found = matched(gold, predicted, MatchRule(match="overlap"), "ner")[0]
    assert (found.exact, found.pairs) == ({("a b", "Task")}, [])


def test_boundaries_prefers_the_same_type() -> None:
    gold = ner(("a", "Task"), ("a", "Method"))
    predicted = ner(("a", "Method"), ("a", "Dataset"))
    found = matched(gold, predicted, MatchRule(match="boundaries"), "ner")[0]
    assert found.exact == {("a", "Method")}
    assert found.pairs == [Pair(("a", "Task"), ("a", "Dataset"), 1.0)]


def test_tokens_are_of_the_side_that_wrote_them() -> None:
    # both sides have the normalised text "deepnet", spelled differently: gold's tokens decide for gold
    gold, predicted = ner(("deep net", "Method")), ner(("deepnet", "Task"), ("net", "Method"))
    found = matched(gold, predicted, MatchRule(match="overlap", normalize="spacing"), "ner")[0]
    assert found.pairs == [Pair(("deepnet", "Method"), ("net", "Method"), 0.5)]


def test_several_types_give_one_pair_at_most() -> None:
    relation = ("a", "Used-For", "b", None, None, ((0, 1), (0, 1)))
    predicted = Plain([("a", "Method", (0, 1)), ("a", "Task", (0, 1)), ("b", "Task", (0, 1))], [relation])
    gold = Plain([], [("a", "Used-For", "b", kind, "Task", ((0, 1), (0, 1))) for kind in ("Method", "Task")])
    found, n_gold, n_predicted = matched(gold, predicted, MatchRule(), "rel+")
    assert (found.n, n_gold, n_predicted) == (1, 2, 1)
    assert found.pairs[0].predicted == ("a", "Used-For", "b", ("Method", "Task"), "Task")


def test_undirected_pairs_find_the_better_direction() -> None:
    rule = MatchRule(match="overlap", undirected=SYMMETRIC)
    gold = Items(relations=[("a b", "Compare-With", "c d")], types=[(None, None)])
    predicted = Items(relations=[("c", "Compare-With", "a b")], types=[(None, None)])
    one, two = (sides(side, rule, ("rel",))["rel"] for side in (gold, predicted))
    assert match(one, two, rule, "rel").credit == 0.5
    directed = MatchRule(match="overlap")
    one, two = (sides(side, directed, ("rel",))["rel"] for side in (gold, predicted))
    assert match(one, two, directed, "rel").n == 0
