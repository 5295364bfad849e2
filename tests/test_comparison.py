"""Systems side by side: tests on the same sentences, corrected for how many there are, and who found what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy import Row

from sciie_eval import Example, InputError, compare
from sciie_eval.comparison import System, SystemComparison, TaskComparison, compare_systems, difference
from sciie_eval.counting import Counts
from sciie_eval.paired_tests import compare_counts, holm
from sciie_eval.scoring import tally_predictions
from sciie_eval.settings import Settings
from sciie_eval.stats import cluster_difference_interval
from sciie_eval.taxonomy import KINDS

FAST = {"bootstrap": 200}


def one(text: str, kind: str = "Method", **more: Any) -> Row:
    return {"ner": [[text, kind]], **more}


GOLD = [one(f"M{n}", doc_id=f"d{n // 10}", id=f"s{n}") for n in range(40)]
RIGHT = [{"ner": row["ner"]} for row in GOLD]
EMPTY = [{"ner": []}] * 40


def first(number: int) -> list[Row]:
    """A system that is right on the first sentences and silent on the others."""
    return RIGHT[:number] + EMPTY[number:]


def ner(found: SystemComparison) -> TaskComparison:
    task = found.tasks["ner"]
    assert task is not None
    return task


def test_delta_interval_and_p_values() -> None:
    (found,) = compare(GOLD, first(20), first(30), **FAST)
    task = ner(found)
    assert found.name == "system 1"
    assert (task.baseline, task.other) == (Counts(20, 20, 40), Counts(30, 30, 40))
    assert task.test is not None
    assert task.test.delta == pytest.approx(60 / 70 - 40 / 60, abs=1e-15)
    assert task.test.ci[0] < task.test.delta < task.test.ci[1]
    assert 1 / 201 <= task.test.p_randomization < 0.05
    assert task.p_holm == {"bootstrap": task.test.p_bootstrap, "randomization": task.test.p_randomization}
    assert difference(task.baseline, task.other) == task.test.delta


def test_a_system_against_itself() -> None:
    task = ner(compare(GOLD, first(20), first(20), **FAST)[0])
    assert task.test is not None
    assert (task.test.delta, task.test.ci, task.test.p_bootstrap, task.test.p_randomization) == (0, (0, 0), 1, 1)
    assert (task.won, task.lost) == ((), ())


def test_holm_over_several_systems() -> None:
    found = compare(GOLD, first(20), first(30), first(24), first(20), **FAST)
    assert [system.name for system in found] == ["system 1", "system 2", "system 3"]
    tests = [ner(system).test for system in found]
    for kind in ("bootstrap", "randomization"):
        raw = [getattr(test, f"p_{kind}") for test in tests]
        assert [(ner(system).p_holm or {})[kind] for system in found] == holm(raw)
        assert holm(raw) != raw
    alone = ner(compare(GOLD, first(20), first(24), **FAST)[0])
    assert alone.test == tests[1]


def test_only_tested_systems_are_corrected_for() -> None:
    silent: list[Any] = [{"rel": []}] * 40
    found = compare(GOLD, first(20), silent, first(30), **FAST)
    assert found[0].tasks["ner"] is None
    assert ner(found[1]).p_holm == ner(compare(GOLD, first(20), first(30), **FAST)[0]).p_holm


def test_won_and_lost() -> None:
    gold = [
        {
            "id": "a",
            "ner": [["X", "Method"], ["Y", "Task"]],
            "rel": [["X", "Used-For", "Y"]],
            "rel_plus": [["X:Method", "Used-For", "Y:Task"]],
        },
        {"id": "b", "ner": [["Z", "Dataset"]], "rel": [], "rel_plus": []},
    ]
    before = [{"ner": [["X", "Method"]], "rel": []}, {"ner": [["Z", "Dataset"]], "rel": []}]
    after = [{"ner": gold[0]["ner"], "rel": gold[0]["rel"]}, {"ner": [], "rel": []}]
    (found,) = compare(gold, before, after, **FAST)
    assert [(change.id, change.item) for change in ner(found).won] == [("a", ("Y", "Task"))]
    assert [change.to_dict() for change in ner(found).lost] == [{"id": "b", "item": ["Z", "Dataset"]}]
    items = {name: task.won[0].item for name, task in found.tasks.items() if task is not None and task.won}
    assert items["rel"] == ("X", "Used-For", "Y")
    assert items["rel+"] == ("X", "Used-For", "Y", "Method", "Task")


def test_repeated_items_and_several_types() -> None:
    gold = [{"ner": [["X", "Method"], ["X", "Method"], ["X", "Task"]], "rel": [["X", "Used-For", "X"]]}]
    before = [{"ner": [["X", "Method"]], "rel": []}]
    (found,) = compare(gold, before, gold, duplicates="multiset", **FAST)
    assert [change.item for change in ner(found).won] == [("X", "Method"), ("X", "Task")]
    typed = found.tasks["rel+"]
    assert typed is not None
    assert [change.item for change in typed.won] == [("X", "Used-For", "X", "Method|Task", "Method|Task")]


def test_offsets_are_shown_as_the_text_that_stands_there() -> None:
    entity = {"text": "CRF", "type": "Method", "span": (4, 7)}
    gold = [
        Example.model_validate(
            {
                "id": "a",
                "sentence": "The CRF .",
                "gold": {
                    "entities": [entity],
                    "relations": [
                        {
                            "subject": "CRF",
                            "type": "Part-Of",
                            "object": "The",
                            "subject_span": (4, 7),
                            "object_span": (0, 3),
                        }
                    ],
                },
            }
        )
    ]
    before = gold[0].gold.model_copy(update={"relations": ()})
    (found,) = compare(gold, [before], [gold[0].gold], **FAST)
    task = found.tasks["rel"]
    assert task is not None
    assert [change.item for change in task.won] == [("CRF", "Part-Of", "The")]


def test_relaxed_pairs_count_as_found() -> None:
    gold, near = [one("neural net")], [one("net")]
    (found,) = compare(gold, [{"ner": []}], near, match="overlap", **FAST)
    assert [change.item for change in ner(found).won] == [("neural net", "Method")]


def test_types_of_either_side() -> None:
    gold = [one("A"), one("B", "Task")]
    (found,) = compare(gold, [one("A"), one("B", "Odd")], [one("A"), one("B", "Task")], **FAST)
    assert list(ner(found).by_type) == ["Method", "Task", "Dataset", "(other)"]
    assert ner(found).by_type["(other)"] == (Counts(0, 1, 0), Counts(0, 0, 0))
    assert ner(found).to_dict()["by_type"]["Task"] == {"baseline_f1": 0.0, "f1": 1.0, "delta": 1.0}
    assert ner(found).to_dict()["by_type"]["Dataset"] == {"baseline_f1": None, "f1": None, "delta": None}


def test_documents_are_resampled_together() -> None:
    """Forty sentences of four documents are four draws, so the interval is wider."""
    by_sentence = ner(compare(GOLD, first(20), first(30), **FAST)[0]).test
    by_document = ner(compare(GOLD, first(20), first(30), cluster="doc_id", **FAST)[0]).test
    assert by_sentence is not None
    assert by_document is not None
    assert by_document.delta == by_sentence.delta
    assert by_document.ci[1] - by_document.ci[0] > by_sentence.ci[1] - by_sentence.ci[0]
    totals = [[10.0, 10, 10], [10, 10, 10], [0, 0, 10], [0, 0, 10]], [[10.0, 10, 10]] * 3 + [[0, 0, 10]]
    tested = compare_counts(np.array(totals[0]), np.array(totals[1]), resamples=200)
    assert tested is not None
    interval = cluster_difference_interval(np.array(totals[0]), np.array(totals[1]))
    assert by_document == tested._replace(ci=interval)
    # by hand: F1 2/3 and 6/7; influences (4, 4, −4, −4)/9 and (8, 8, 8, −24)/49; t(3) = 3.182446
    moves = np.array([8, 8, 8, -24]) / 49 - np.array([4, 4, -4, -4]) / 9
    half = 3.182446 * np.sqrt((moves**2).sum() / 3) / 2
    assert interval == pytest.approx((6 / 7 - 2 / 3 - half, 6 / 7 - 2 / 3 + half), abs=1e-6)


def test_one_document_is_nothing_to_resample() -> None:
    gold = [{**row, "doc_id": "d"} for row in GOLD]
    with pytest.raises(InputError, match=r"^cluster=doc_id resamples documents, .* fewer than two \(field doc_id\)$"):
        compare(gold, first(20), first(30), cluster="doc_id")


def test_undefined_and_unspoken_tasks() -> None:
    """No gold and no prediction: F1 is undefined, so there is nothing to test; rel was never spoken of."""
    (found,) = compare([{"ner": []}] * 3, [{"ner": []}] * 3, [{"ner": []}] * 3, **FAST)
    task = ner(found)
    assert (task.test, task.p_holm) == (None, None)
    assert found.tasks["rel"] is None
    none_of_it = dict.fromkeys(("baseline", "n", "delta", "mended", "broken"), 0)
    nothing = none_of_it | dict.fromkeys(("ci", "p_randomization", "p_holm"))
    assert found.to_dict() == {
        "name": "system 1",
        "tasks": {
            "ner": {
                "baseline_f1": None,
                "f1": None,
                "delta": None,
                "ci": None,
                "p_bootstrap": None,
                "p_randomization": None,
                "p_holm": None,
                "by_type": {
                    name: {"baseline_f1": None, "f1": None, "delta": None} for name in ("Method", "Task", "Dataset")
                },
                "errors": {"kinds": dict.fromkeys(KINDS["ner"][1:], nothing), "moves": []},
                "won": [],
                "lost": [],
            },
            "rel": None,
            "rel+": None,
        },
    }


def test_json_of_a_test() -> None:
    task = ner(compare(GOLD, first(20), first(30), **FAST)[0])
    assert task.test is not None
    found = task.to_dict()
    assert (found["baseline_f1"], found["f1"]) == (task.baseline.f1, task.other.f1)
    assert found["ci"] == list(task.test.ci)
    assert found["p_holm"] == task.p_holm
    assert len(found["won"]) == 10


def test_one_system_alone() -> None:
    assert compare(GOLD, RIGHT) == []


# -- which sentence is which -----------------------------------------------------------------------------------------

SETTINGS = Settings(bootstrap=200)


def system(name: str, gold: list[Row], predicted: list[Row]) -> System:
    tallied = tally_predictions(gold, predicted, SETTINGS, keep=True)
    return System(name, tallied.score(), tallied.tally.matches, tallied.examples)


def test_the_order_of_the_sentences_is_irrelevant() -> None:
    base, straight = system("base", GOLD, first(20)), system("other", GOLD, first(30))
    turned = system("other", GOLD[::-1], first(30)[::-1])
    one_way, other_way = (compare_systems(base, [found], SETTINGS)[0] for found in (straight, turned))
    assert sorted(ner(one_way).won, key=lambda change: change.id) == sorted(
        ner(other_way).won, key=lambda change: change.id
    )
    assert (ner(one_way).test, ner(one_way).lost) == (ner(other_way).test, ner(other_way).lost)


def test_other_sentences_are_an_error() -> None:
    base = system("base", GOLD, RIGHT)
    for rows in (GOLD[1:], [*GOLD[1:], {**GOLD[0], "id": "new"}]):
        with pytest.raises(InputError, match=r"^other: not scored on the same sentences as base$"):
            compare_systems(base, [system("other", rows, rows)], SETTINGS)


def test_sentences_of_one_id_are_told_apart_by_their_order() -> None:
    gold = [one("X", id="a"), one("Y", id="a")]
    half = [one("X"), {"ner": []}]
    task = ner(compare(gold, half, half, **FAST)[0])
    assert task.test is not None
    assert (task.test.delta, task.won, task.lost) == (0, (), ())
    example = Example.from_row({"sentence": "s", "ner": [["X", "Method"]]}, id="same")
    assert ner(compare([example] * 2, half, half, **FAST)[0]).won == ()


def test_sentences_of_one_id_in_another_order_are_an_error() -> None:
    gold = [one("X", id="a"), one("Y", id="a"), one("Z", id="b")]
    base = system("base", gold, gold)
    with pytest.raises(InputError, match="other: several sentences have one id, and they are not in the order of base"):
        compare_systems(base, [system("other", gold[::-1], gold)], SETTINGS)
