"""What a score says of itself: JSON, data frame, and the row of labels that the schema does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sciie_eval import CorpusScore, LabelSchema, score
from sciie_eval.results import OTHER, TaskScore

Row = dict[str, Any]
GOLD: list[Row] = [
    {
        "ner": [["A", "Method"], ["B", "Task"]],
        "rel": [["A", "Used-For", "B"]],
        "rel_plus": [["A:Method", "Used-For", "B:Task"]],
    },
    {"ner": [], "rel": [], "rel_plus": []},
]
PREDICTED: list[Any] = ['{"ner": [["A", "Method"], ["B", "Odd"], ["C", "Method"]], "rel": []}', None]
RATIOS = ["precision", "recall", "f1", "tp", "n_pred", "n_gold"]


@pytest.fixture(scope="module")
def found() -> CorpusScore:
    return score(GOLD, PREDICTED, bootstrap=50)


def the(task: TaskScore | None) -> TaskScore:
    assert task is not None
    return task


def test_json_keys(found: CorpusScore) -> None:
    value = found.to_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert list(value) == [
        "signature",
        "n_sentences",
        "missing",
        "parse",
        "issues",
        "warnings",
        "tasks",
        "by_type",
    ]
    assert (value["n_sentences"], value["missing"], value["parse"]) == (2, 0, {"ok": 1, "no_answer": 1})
    assert value["issues"] == {}
    for task in value["tasks"].values():
        assert set(task) == {*RATIOS, "macro_f1", "sentence_f1", "sentence_f1_with_gold", "ci"}
    assert list(value["by_type"]["ner"]) == ["Method", "Task", "Dataset", OTHER]
    assert list(value["by_type"]["ner"]["Method"]) == RATIOS


def test_json_numbers(found: CorpusScore) -> None:
    ner = found.to_dict()["tasks"]["ner"]
    assert (ner["tp"], ner["n_pred"], ner["n_gold"]) == (1, 3, 2)
    assert (ner["precision"], ner["recall"], ner["f1"]) == (1 / 3, 1 / 2, 2 / 5)
    assert ner["macro_f1"] == (2 / 3 + 0) / 2
    assert ner["sentence_f1"] == (2 / 5 + 0) / 2
    assert ner["sentence_f1_with_gold"] == 2 / 5
    assert found.to_dict()["by_type"]["ner"]["Dataset"]["f1"] is None
    assert found.to_dict()["tasks"]["rel"]["precision"] is None


def test_properties_equal_the_json(found: CorpusScore) -> None:
    tasks = found.to_dict()["tasks"]
    for name, task in (("ner", found.ner), ("rel", found.rel), ("rel+", found.rel_plus)):
        for field in (*RATIOS, "macro_f1", "sentence_f1", "sentence_f1_with_gold"):
            assert getattr(the(task), field) == tasks[name][field]
        interval = the(task).ci
        assert (None if interval is None else list(interval)) == tasks[name]["ci"]


def test_the_interval_is_computed_once(found: CorpusScore) -> None:
    assert the(found.ner).ci is the(found.ner).ci
    assert found.signature is found.signature


def test_frame(found: CorpusScore) -> None:
    frame = found.to_frame()
    assert list(frame.columns) == RATIOS
    assert frame.loc[("ner", "(all)"), "f1"] == 2 / 5
    assert frame.loc[("ner", OTHER), "n_pred"] == 1
    assert set(frame.index.get_level_values("task")) == {"ner", "rel", "rel+"}


def test_frame_without_a_scored_task() -> None:
    frame = score([{"rel": []}], [{"ner": []}]).to_frame()
    assert len(frame) == 0
    assert list(frame.columns) == RATIOS
    assert list(frame.index.names) == ["task", "type"]


def test_no_sentence_at_all() -> None:
    found = score([], [])
    assert found.to_dict()["tasks"] == {"ner": None, "rel": None, "rel+": None}
    assert found.to_dict()["by_type"] == {}


def test_nothing_to_find_and_nothing_found() -> None:
    task = the(score([{"ner": []}], [{"ner": []}]).ner)
    assert (task.precision, task.recall, task.f1, task.macro_f1, task.ci) == (None, None, None, None, None)
    assert (task.sentence_f1, task.sentence_f1_with_gold) == (1.0, None)


def test_one_document_has_no_interval() -> None:
    assert the(score(GOLD, PREDICTED, cluster="doc_id").ner).ci is None
    rows = [{**row, "doc_id": str(number)} for number, row in enumerate(GOLD * 2)]
    assert the(score(rows, PREDICTED * 2, cluster="doc_id").ner).ci is not None


def test_partial_credit_stays_a_fraction() -> None:
    task = the(score([{"ner": [["a b", "Task"]]}], [{"ner": [["a", "Task"]]}], match="overlap", credit="partial").ner)
    assert task.tp == 0.5
    assert isinstance(the(score(GOLD, GOLD, credit="partial", match="overlap").ner).tp, int)


def test_gold_labels_that_the_schema_lacks() -> None:
    rows = [
        {"ner": [[kind, kind] for kind in ("Task", "W", "X", "Y", "Z")], "rel": [["a", "r", "b"]], "rel_plus": None}
    ]
    found = score(rows, rows)
    assert found.warnings == (
        "gold has ner labels that schema scier lacks (W, X, Y, …); give yours with --schema",
        "gold has rel labels that schema scier lacks (r); give yours with --schema",
    )
    assert score(rows, rows, tasks="rel").warnings == found.warnings[1:]
    mine = LabelSchema.model_validate(
        {"name": "mine", "entity_types": ["Task", "W", "X", "Y", "Z"], "relation_types": ["r"]}
    )
    assert score(rows, rows, schema=mine).warnings == ()


def test_blanks_that_matter_are_pointed_out() -> None:
    gold = [{"ner": [["state - of - the - art", "Method"]]}]
    (warning,) = score(gold, [{"ner": [["state-of-the-art", "Method"], ["x", "Method"]]}]).warnings
    assert warning == (
        "1 of 2 unmatched predicted entities (50%) differ from gold in blanks only; --normalize spacing matches them"
    )
    assert score(gold, [{"ner": [["state-of-the-art", "Method"]]}], normalize="spacing").warnings == ()


def test_compat_warns() -> None:
    (warning,) = score(GOLD, GOLD, compat="r2grpo").warnings
    assert "precision is too high" in warning
