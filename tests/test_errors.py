"""Every item gets one kind, kinds say what they say, and their sums are those of ``score``."""

from __future__ import annotations

import importlib.util
import random
from collections import Counter
from types import ModuleType
from typing import Any

import pytest
from error_rows import SENT, TYPED, Row, ner, rel
from hypothesis import given
from hypothesis import strategies as st
from reference import Plain
from strategies import SENTENCE, items, pairs_of_sides, rules, scier_rows
from toy import ROOT

from sciie_eval import ErrorReport, Example, classify, errors, score
from sciie_eval.counting import GoldSentence, SentenceScorer
from sciie_eval.items import to_extraction
from sciie_eval.places import Places
from sciie_eval.rules import MATCHERS, NORMALIZATIONS, TASKS, MatchRule
from sciie_eval.taxonomy import KINDS, Judge


def kinds(gold: Row, predicted: Row, task: str = "ner", **settings: Any) -> list[tuple[str, Any, Any]]:
    """(kind, gold texts and label, predicted texts and label) of every finding of a task."""
    found = classify({"sentence": SENT, **gold}, predicted, **settings)

    def shown(item: Any) -> Any:
        return None if item is None else (*item.texts, item.label)

    return [(finding.kind, shown(finding.gold), shown(finding.predicted)) for finding in found.of(task)]  # type: ignore[arg-type]


# -- kinds of entities -----------------------------------------------------------------------------------------------


def test_each_kind_of_entity() -> None:
    gold = ner(("deep neural network", "Method"), ("small net", "Method"), ("NER", "Task"), ("QA", "Task"))
    said = ner(
        ("neural network", "Method"), ("a small net", "Task"), ("NER", "Dataset"), ("beats", "Task"), ("GPT", "Method")
    )
    assert kinds(gold, said) == [
        ("type", ("NER", "Task"), ("NER", "Dataset")),
        ("boundary", ("deep neural network", "Method"), ("neural network", "Method")),
        ("boundary+type", ("small net", "Method"), ("a small net", "Task")),
        ("missed", ("QA", "Task"), None),
        ("spurious", None, ("GPT", "Method")),
        ("spurious", None, ("beats", "Task")),
    ]
    assert [f.in_sentence for f in classify({"sentence": SENT, **gold}, said).of("ner")][-2:] == [False, True]
    assert kinds(ner(("NER", "Task")), ner(("NER", "Task"))) == [("correct", ("NER", "Task"), ("NER", "Task"))]


def test_a_right_text_is_preferred_to_a_right_type() -> None:
    gold, said = ner(("neural network", "Method")), ner(("neural network", "Task"), ("network", "Method"))
    assert [(kind, other) for kind, _, other in kinds(gold, said)] == [
        ("type", ("neural network", "Task")),
        ("spurious", ("network", "Method")),
    ]


def test_the_largest_overlap_is_preferred() -> None:
    gold, said = ner(("deep neural network", "Method")), ner(("network", "Method"), ("neural network", "Method"))
    assert kinds(gold, said)[0] == ("boundary", ("deep neural network", "Method"), ("neural network", "Method"))


def test_as_many_pairs_as_possible() -> None:
    gold = ner(("deep neural network", "Method"), ("deep", "Method"))
    said = ner(("deep neural", "Method"), ("neural network", "Method"))
    assert [kind for kind, _, _ in kinds(gold, said)] == ["boundary", "boundary"]


def test_pairs_of_relaxed_matchers_are_correct_and_their_texts_right() -> None:
    gold, said = ner(("neural network", "Method")), ner(("deep neural network", "Method"))
    assert [kind for kind, _, _ in kinds(gold, said)] == ["boundary"]
    assert [kind for kind, _, _ in kinds(gold, said, match="overlap")] == ["correct"]
    assert [kind for kind, _, _ in kinds(gold, said, match="overlap", threshold=0.9)] == ["boundary"]
    other = ner(("deep neural network", "Task"))
    assert [kind for kind, _, _ in kinds(gold, other)] == ["boundary+type"]
    assert [kind for kind, _, _ in kinds(gold, other, match="overlap")] == ["type"]


def test_the_matcher_boundaries_knows_no_error_of_type() -> None:
    gold, said = ner(("NER", "Task"), ("small net", "Method")), ner(("NER", "Method"), ("net", "Task"))
    assert [kind for kind, _, _ in kinds(gold, said, match="boundaries")] == ["correct", "boundary"]


def test_gold_that_is_taken_leaves_a_second_prediction_spurious() -> None:
    assert [kind for kind, _, _ in kinds(ner(("NER", "Task")), ner(("NER", "Task"), ("NER", "Method")))] == [
        "correct",
        "spurious",
    ]
    twice = ner(("NER", "Task"), ("NER", "Task"))
    assert [k for k, _, _ in kinds(ner(("NER", "Task")), twice, duplicates="multiset")] == ["correct", "spurious"]


def test_without_a_sentence_texts_overlap_in_tokens_and_nobody_says_where_they_are() -> None:
    found = classify(ner(("deep net", "Method")), ner(("net", "Method"), ("x", "Task"))).of("ner")
    assert [(f.kind, f.in_sentence) for f in found] == [("boundary", None), ("spurious", None)]


def test_blank_texts_are_paired_with_nothing() -> None:
    assert [kind for kind, _, _ in kinds(ner(("NER", "Task")), ner((" ", "Task")))] == ["missed", "spurious"]
    assert [kind for kind, _, _ in kinds(ner((" ", "Task")), ner(("", "Method")))] == ["missed", "spurious"]
    blank = ("", "Used-For", "NER")
    assert [k for k, _, _ in kinds(rel(("QA", "Used-For", "NER")), rel(blank), "rel")] == ["missed", "spurious"]


# -- kinds of relations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (("deep neural network", "Used-For", "NER"), "correct"),
        (("NER", "Used-For", "deep neural network"), "reversed"),
        (("deep neural network", "Part-Of", "NER"), "wrong relation"),
        (("NER", "Part-Of", "deep neural network"), "wrong relation"),
        (("neural network", "Used-For", "NER"), "argument boundary"),
        (("neural network", "Part-Of", "NER"), None),
        (("NER", "Used-For", "neural network"), None),
        (("small net", "Used-For", "NER"), None),
    ],
)
def test_each_kind_of_relation(said: tuple[str, str, str], kind: str | None) -> None:
    expected = ["missed", "spurious"] if kind is None else [kind]
    found = kinds(rel(("deep neural network", "Used-For", "NER"), ner=TYPED), rel(said, ner=TYPED), "rel")
    assert [name for name, _, _ in found] == expected


def test_reversed_is_preferred_to_a_wrong_relation_and_the_same_direction_to_the_other() -> None:
    gold = rel(("QA", "Used-For", "NER"))
    said = rel(("NER", "Used-For", "QA"), ("QA", "Part-Of", "NER"))
    assert kinds(gold, said, "rel")[0] == ("reversed", ("QA", "NER", "Used-For"), ("NER", "QA", "Used-For"))
    said = rel(("NER", "Part-Of", "QA"), ("QA", "Compare-With", "NER"))
    assert kinds(gold, said, "rel")[0][2] == ("QA", "NER", "Compare-With")


def test_argument_type_is_right_for_rel_and_wrong_for_rel_plus() -> None:
    gold = rel(("deep neural network", "Used-For", "NER"), ner=TYPED)
    wrong = rel(("deep neural network", "Used-For", "NER"), ner=(("deep neural network", "Task"), ("NER", "Task")))
    none = rel(("deep neural network", "Used-For", "NER"))
    for said in (wrong, none):
        assert [kind for kind, _, _ in kinds(gold, said, "rel")] == ["correct"]
        assert [kind for kind, _, _ in kinds(gold, said, "rel+")] == ["argument type"]
    types = [f.predicted.types for f in classify({"sentence": SENT, **gold}, none).of("rel+") if f.predicted]
    assert types == [("", "")]


def test_undirected_relations_are_never_reversed() -> None:
    gold, said = (
        rel(("deep neural network", "Compare-With", "small net")),
        rel(("small net", "Compare-With", "network")),
    )
    assert [kind for kind, _, _ in kinds(gold, said, "rel")] == ["missed", "spurious"]
    assert [kind for kind, _, _ in kinds(gold, said, "rel", symmetric="undirected")] == ["argument boundary"]
    said = rel(("small net", "Compare-With", "deep neural network"))
    assert [kind for kind, _, _ in kinds(gold, said, "rel")] == ["reversed"]
    assert [kind for kind, _, _ in kinds(gold, said, "rel", symmetric="undirected")] == ["correct"]


def test_undirected_relations_whose_texts_sort_the_other_way_are_still_near() -> None:
    ends = (("deep neural network", "Method"), ("net", "Method"))
    wrong = (("neural network", "Task"), ("net", "Task"))
    gold = rel(("deep neural network", "Compare-With", "net"), ner=ends)
    said = rel(("neural network", "Compare-With", "net"), ner=wrong)
    undirected: Row = {"symmetric": "undirected"}
    assert [kind for kind, _, _ in kinds(gold, said, "rel", **undirected)] == ["argument boundary"]
    assert [kind for kind, _, _ in kinds(gold, said, "rel", match="overlap", **undirected)] == ["correct"]
    assert [kind for kind, _, _ in kinds(gold, said, "rel+", match="overlap", **undirected)] == ["argument type"]


# -- what holds for everything ---------------------------------------------------------------------------------------


def judged(sides: tuple[Plain, Plain], rule: MatchRule, placed: bool) -> dict[str, list[Any]]:
    gold, said = (items(side, placed) for side in sides)
    matches = SentenceScorer(rule, TASKS, placed).matches(GoldSentence(gold), said)
    judge, places = Judge(rule, placed), Places("a b c d" if not placed else SENTENCE)
    for task, match in matches.items():
        found = judge.judge(task, match, places)
        golds = [one.gold for one in found if one.gold is not None]
        others = [one.predicted for one in found if one.predicted is not None]
        assert Counter(golds) == Counter([*match.gold.keys, *match.gold.open, *match.gold.dead])
        assert Counter(others) == Counter([*match.predicted.keys, *match.predicted.open, *match.predicted.dead])
        number = Counter(one.kind for one in found)
        assert number["correct"] == match.n
        assert sum(number.values()) == match.n + (match.gold.n - match.n) + (match.predicted.n - match.n) - sum(
            n for kind, n in number.items() if kind not in ("correct", "missed", "spurious")
        )
        assert set(number) <= set(KINDS[task])
        assert all((one.gold is None) == (one.kind == "spurious") for one in found)
        assert all((one.predicted is None) == (one.kind == "missed") for one in found)
    return {task: judge.judge(task, match, places) for task, match in matches.items()}


@given(pairs_of_sides(), rules())
def test_every_item_has_one_kind(sides: tuple[Plain, Plain], rule: MatchRule) -> None:
    judged(sides, rule, False)


@given(pairs_of_sides(placed=True), rules())
def test_every_item_has_one_kind_by_offsets(sides: tuple[Plain, Plain], rule: MatchRule) -> None:
    judged(sides, rule, True)


@given(pairs_of_sides(), rules(), st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(sides: tuple[Plain, Plain], rule: MatchRule, rng: random.Random) -> None:
    shuffled = tuple(
        Plain(rng.sample(side.entities, len(side.entities)), rng.sample(side.relations, len(side.relations)))
        for side in sides
    )
    assert judged(sides, rule, False) == judged(shuffled, rule, False)  # type: ignore[arg-type]


@given(pairs_of_sides(), rules(match="strict", normalize="none", duplicates="set"))
def test_kinds_are_what_they_are_called(sides: tuple[Plain, Plain], rule: MatchRule) -> None:
    found = judged(sides, rule, False)
    lone = {task: ([], []) for task in TASKS}  # type: ignore[var-annotated]
    for task in TASKS:
        for kind, one, two in found[task]:
            if one is None or two is None:
                lone[task][one is None].append(one or two)
                continue
            ends = [(item[0], item[2]) if task != "ner" else item[0] for item in (one, two)]
            same, label = ends[0] == ends[1], one[1] == two[1]
            assert {
                "correct": same and label,
                "type": same and not label,
                "boundary": label and not same,
                "boundary+type": not label and not same,
                "argument type": label and (same or one[1] in rule.undirected),
                "reversed": label and ends[0] == ends[1][::-1] and one[1] not in rule.undirected,
                "wrong relation": not label and set(ends[0]) == set(ends[1]),
                "argument boundary": label and not same,
            }[kind]
    # what is left on both sides has nothing that would pair it
    assert not [(g, p) for g in lone["ner"][0] for p in lone["ner"][1] if g[0] == p[0] and g[0]]
    for golds, others in (lone["rel"], lone["rel+"]):
        assert not [(g, p) for g in golds for p in others if (g[0], g[2]) == (p[0], p[2]) and g[0] and g[2]]
        assert not [(g, p) for g in golds for p in others if g[:3] == p[:3][::-1] and g[0] and g[2]]


def reconciled(found: ErrorReport, scored: Any) -> None:
    assert found.signature == scored.signature
    for task, expected in scored.tasks.items():
        got = found.tasks[task]
        assert (got is None) == (expected is None)
        if got is None:
            continue
        assert (got.tp, got.n_pred, got.n_gold) == tuple(expected.counts)
        rows = {
            name: (row.gold["correct"], row.n_pred, row.n_gold)
            for name, row in got.by_type.items()
            if row.n_pred or row.n_gold
        }
        assert rows == {name: tuple(c) for name, c in expected.by_type.items() if c.n_pred or c.n_gold}
        assert sum(got.confusion.values()) == sum(got.kinds.values())
        assert sum(n for (one, _), n in got.confusion.items() if one is not None) == got.n_gold
        assert sum(n for (_, two), n in got.confusion.items() if two is not None) == got.n_pred
        assert sum(got.spurious(place) for place in (True, False, None)) == got.kinds["spurious"]
        assert all(row.predicted["correct"] == row.gold["correct"] for row in got.by_type.values())


@st.composite
def settings_of(draw: st.DrawFn) -> Row:
    return {
        "match": draw(st.sampled_from(MATCHERS)),
        "normalize": draw(st.sampled_from(NORMALIZATIONS)),
        "duplicates": draw(st.sampled_from(("set", "multiset"))),
        "symmetric": draw(st.sampled_from(("directed", "undirected"))),
        "parse": draw(st.sampled_from(("lenient", "strict"))),
    }


@given(
    st.lists(st.tuples(scier_rows(inline=True), scier_rows() | scier_rows(inline=True)), min_size=1, max_size=3),
    settings_of(),
)
def test_sums_are_those_of_score(rows: list[tuple[Row, Row]], settings: Row) -> None:
    gold = [{"sentence": "a b a b c abcde", **one} for one, _ in rows]
    said = [two for _, two in rows]
    reconciled(errors(gold, said, **settings), score(gold, said, bootstrap=1000, **settings))


@given(pairs_of_sides(placed=True), settings_of())
def test_sums_are_those_of_score_by_offsets(sides: tuple[Plain, Plain], settings: Row) -> None:
    one, two = (to_extraction(items(side, True)) for side in sides)
    gold = [Example(id="x", sentence=SENTENCE, gold=one)]
    found = errors(gold, [two], **settings)
    reconciled(found, score(gold, [two], **settings))


@pytest.fixture(scope="module")
def synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("synthetic", ROOT / "benchmarks" / "synthetic.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("match", MATCHERS)
@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"duplicates": "multiset", "symmetric": "undirected"},
        {"normalize": "casefold", "symmetric": "undirected"},
    ],
    ids=str,
)
def test_sums_are_those_of_score_on_scier_with_noise(
    gold: dict[str, list[Example]], synthetic: ModuleType, match: str, rest: Row
) -> None:
    rng = random.Random(7)
    said = [synthetic.noisy(example, 0.6, rng) for example in gold["test"]]
    found = errors(gold["test"], said, match=match, **rest)
    reconciled(found, score(gold["test"], said, match=match, **rest))
    assert found.tasks["ner"] is not None
    assert found.tasks["rel"] is not None
    assert found.tasks["rel+"] is not None
    assert found.tasks["rel"].kinds["reversed"] > 10
    if match == "strict" and rest.get("duplicates") != "multiset":
        plus = found.tasks["rel+"]
        assert plus.tp + plus.kinds["argument type"] == found.tasks["rel"].tp
        assert min(found.tasks["ner"].kinds.values()) > 10


def test_gold_itself_is_without_errors(gold: dict[str, list[Example]]) -> None:
    found = errors(gold["test"], [example.gold for example in gold["test"]])
    assert found.worst == ()
    assert all(
        task is not None and set(task.kinds) - {"correct"} and task.tp == task.n_gold for task in found.tasks.values()
    )
    assert "text_not_in_sentence" not in found.audits
