"""The official scorer of SemEval-2010 Task 8: by hand, and against what version 1.2 of it printed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciie_eval import load_schema
from sciie_eval.label_parsing import label_reader, relation_of
from sciie_eval.label_scoring import LabelScore, score_labels
from sciie_eval.label_variants import OTHER, VARIANTS, Averages

LABELS = load_schema("semeval2010_task8").relation_names
FILE = Path(__file__).parent / "golden" / "semeval2010_scorer.jsonl"
PRINTED = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
"""The order of labels, then cases: places of gold and predicted labels in it, and what the scorer printed."""
CAUSE, CAUSED = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"
TOPIC = "Message-Topic(e1,e2)"

answers = st.lists(
    st.tuples(st.sampled_from(LABELS[:5] + LABELS[-2:]), st.none() | st.sampled_from(LABELS)), max_size=12
)


def scored(rows: list[tuple[str, str | None]], **settings: Any) -> LabelScore:
    return score_labels([gold for gold, _ in rows], [said for _, said in rows], **{"bootstrap": 20, **settings})


@pytest.mark.parametrize("case", PRINTED[1:], ids=lambda case: case["id"])
def test_what_the_scorer_printed(case: dict[str, Any]) -> None:
    labels = PRINTED[0]["labels"]
    gold = [labels[place] for place in case["gold"]]
    said = [None if place is None else labels[place] for place in case["predicted"]]
    found = score_labels(gold, said, bootstrap=20)
    assert found.macro_f1 is not None
    assert 100 * found.macro_f1 == pytest.approx(case["official_score"], abs=0.00501)
    for variant in VARIANTS:
        ours, theirs = found.variants[variant], case[variant]
        assert ours.correct == theirs["correct"]
        assert 100 * (ours.accuracy or 0) == pytest.approx(theirs["accuracy"], abs=0.00501)
        for average in ("macro", "micro"):
            ratios = [100 * (value or 0) for value in getattr(ours, average)[:3]]  # the scorer prints 0 for 0/0
            assert ratios == pytest.approx(theirs[average], abs=0.00501)
        for name, (*counts, f1) in theirs["classes"].items():
            assert list(ours.by_class[name]) == counts
            assert 100 * (ours.by_class[name].f1 or 0) == pytest.approx(f1, abs=0.00501)
        named = [ours.by_class[name] for name in theirs["classes"] if name != OTHER]
        assert [sum(column) for column in zip(*named, strict=True)] == theirs["micro_counts"]


def test_by_hand() -> None:
    """Two relations: one right, one in the wrong direction, one taken for Other, and an Other taken for a relation."""
    rows = [(CAUSE, CAUSE), (CAUSED, CAUSE), (TOPIC, "Other"), ("Other", TOPIC), ("Other", "Other")]
    found = scored(rows)
    official = found.variants["official"]
    assert official.by_class["Cause-Effect"] == (1, 2, 2)  # the wrong direction is predicted and gold, and not right
    assert official.by_class["Message-Topic"] == (0, 1, 1)  # a confusion with Other costs precision, or recall
    assert official.by_class["Other"] == (1, 2, 2)
    assert official.macro[:3] == (0.25, 0.25, 0.25)  # (1/2 + 0) / 2, without Other
    assert official.micro[:3] == (1 / 3, 1 / 3, 1 / 3)
    assert (official.correct, official.accuracy) == (2, 0.4)
    directed = found.variants["directed"]
    assert directed.by_class[CAUSE] == (1, 2, 1)
    assert directed.macro[:3] == pytest.approx((1 / 2 / 3, 1 / 3, 2 / 3 / 3))
    undirected = found.variants["undirected"]
    assert undirected.by_class["Cause-Effect"] == (2, 2, 2)
    assert (undirected.correct, undirected.macro.f1) == (3, 0.5)
    assert found.wrong_direction == {"Cause-Effect": 1}


def test_a_sentence_without_a_label_is_wrong_but_no_false_positive() -> None:
    found = scored([(CAUSE, CAUSE), (CAUSE, None), ("Other", None)]).variants["official"]
    assert found.by_class["Cause-Effect"] == (1, 1, 2)
    assert found.macro[:3] == (1.0, 0.5, 2 / 3)
    assert found.accuracy == 1 / 3  # the scorer has a second accuracy in which a skipped Other is right; this is not it


def test_a_relation_that_gold_lacks_has_no_part_and_a_warning_says_so() -> None:
    found = scored([(CAUSE, CAUSE), (CAUSE, TOPIC)])
    assert found.variants["official"].macro[:3] == (1.0, 0.5, 2 / 3)
    assert found.variants["official"].micro[:3] == (1.0, 0.5, 2 / 3)
    assert found.warnings == (
        "predicted, but never gold (Message-Topic 1): these classes have no part in averages, as in the scorer",
    )


def test_what_is_undefined_is_none() -> None:
    nothing = Averages(None, None, None, None)
    for score in scored([]).variants.values():
        assert (score.accuracy, score.accuracy_ci, score.macro, score.micro) == (None, None, nothing, nothing)
    for score in scored([("Other", "Other")]).variants.values():
        assert (score.accuracy, score.accuracy_ci, score.macro, score.micro) == (1.0, (1.0, 1.0), nothing, nothing)
    silent = scored([(CAUSE, "Other")]).variants["official"]
    assert silent.macro[:3] == (0.0, 0.0, 0.0)  # in a mean 0/0 counts as 0, as in the scorer
    assert silent.micro[:3] == (None, 0.0, 0.0)


@given(answers, st.randoms(use_true_random=False))
def test_order_never_matters(rows: list[tuple[str, str | None]], random: Any) -> None:
    mixed = random.sample(rows, len(rows))
    assert scored(mixed).to_dict() == scored(rows).to_dict()


@given(answers)
def test_every_number_is_in_bounds_and_sums_reconcile(rows: list[tuple[str, str | None]]) -> None:
    found = scored(rows)
    for variant, score in found.variants.items():
        for value in (score.accuracy, *score.macro[:3], *score.micro[:3]):
            assert value is None or 0 <= value <= 1
        for bounds in (score.accuracy_ci, score.macro.ci, score.micro.ci):
            assert bounds is None or 0 <= bounds[0] <= bounds[1] <= 1
        tp, n_pred, n_gold = (sum(column) for column in zip(*score.by_class.values(), strict=True))
        assert (tp, n_gold) == (score.correct, len(rows))
        assert n_pred == sum(said is not None for _, said in rows)
        classes = label_reader(load_schema("semeval2010_task8"))
        assert set(score.by_class) == set(classes.labels if variant == "directed" else classes.relations)
    assert found.variants["official"].correct == found.variants["directed"].correct
    assert found.variants["undirected"].correct - found.variants["official"].correct == sum(
        found.wrong_direction.values()
    )


@given(answers)
def test_what_is_right_scores_one(rows: list[tuple[str, str | None]]) -> None:
    right = [(gold, gold) for gold, _ in rows]
    for score in scored(right).variants.values():
        assert score.accuracy == (1.0 if rows else None)
        there = {relation_of(gold) for gold, _ in rows} - {OTHER}
        assert score.macro.f1 == score.micro.f1 == (1.0 if there else None)
        assert score.macro.ci == ((1.0, 1.0) if there else None)


@given(answers.filter(bool), st.data())
def test_a_right_answer_more_never_lowers_a_number(rows: list[tuple[str, str | None]], data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(range(len(rows))))
    better = [(gold, gold if number == place else said) for number, (gold, said) in enumerate(rows)]
    for variant, score in scored(better).variants.items():
        before = scored(rows).variants[variant]
        for name in ("macro", "micro"):
            assert (getattr(score, name).f1 or 0) >= (getattr(before, name).f1 or 0) - 1e-12
        assert (score.accuracy or 0) >= (before.accuracy or 0)


def test_the_interval_is_the_bootstrap_over_sentences() -> None:
    """A plain loop over resampled sentences draws from the same distribution as the multinomial over pairs."""
    import numpy as np

    rng = np.random.default_rng(5)
    kinds = [(CAUSE, CAUSE), (CAUSED, CAUSE), (TOPIC, TOPIC), (TOPIC, "Other"), ("Other", TOPIC), ("Other", "Other")]
    rows = [kinds[place] for place in rng.integers(len(kinds), size=60)]
    values = []
    for _ in range(400):
        drawn = [rows[place] for place in rng.integers(len(rows), size=len(rows))]
        counts = Counter((relation_of(gold), gold == said, relation_of(str(said))) for gold, said in drawn)
        total = []
        for relation in {relation_of(gold) for gold, _ in drawn} - {OTHER}:
            tp = sum(number for (gold, right, _), number in counts.items() if right and gold == relation)
            size = sum(number * ((gold == relation) + (said == relation)) for (gold, _, said), number in counts.items())
            total.append(2 * tp / size)
        values.append(sum(total) / len(total))
    low, high = scored(rows, bootstrap=4000).variants["official"].macro.ci or (0, 0)
    assert (low, high) == pytest.approx(np.percentile(values, [2.5, 97.5]), abs=0.03)
    assert scored(rows, seed=1, bootstrap=50).variants["official"].macro.ci != (low, high)
