"""Kinds of error beside those of a baseline: sums of the error reports, items followed one by one, tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from error_rows import SENT, TYPED, Row, ner, rel
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sciie_eval import compare, errors
from sciie_eval.cli import app
from sciie_eval.error_comparison import ErrorChanges
from sciie_eval.paired_tests import compare_sums
from sciie_eval.rules import Task
from sciie_eval.taxonomy import KINDS

FAST = {"bootstrap": 50}
GOLD = {
    "sentence": SENT,
    **rel(("deep neural network", "Used-For", "NER"), ("deep neural network", "Used-For", "QA"), ner=TYPED),
}
TEXTS = ("deep neural network", "neural network", "NER", "QA", "net", "GPT")
ENTITIES = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(("Method", "Task"))), max_size=4, unique_by=lambda one: one[0]
)
ANSWERS = st.builds(
    lambda entities, relations: rel(*relations, ner=tuple(entities)),
    ENTITIES,
    st.lists(
        st.tuples(st.sampled_from(TEXTS), st.sampled_from(("Used-For", "Part-Of")), st.sampled_from(TEXTS)), max_size=3
    ),
)


def changes(gold: list[Row], one: list[Row], two: list[Row], task: Task = "ner", **settings: Any) -> ErrorChanges:
    compared = compare(gold, one, two, **{**FAST, **settings})[0].tasks[task]
    assert compared is not None
    assert compared.errors is not None
    return compared.errors


def test_an_item_is_followed_from_one_system_to_the_other() -> None:
    before = ner(("neural network", "Method"), ("NER", "Method"), ("GPT", "Method"), ("beats", "Task"))
    after = ner(("deep neural network", "Method"), ("NER", "Method"), ("small net", "Method"), ("beats", "Task"))
    found = changes([GOLD], [before], [after])
    assert found.moves == {("type", "type"): 1, ("boundary", "correct"): 1, ("missed", "missed"): 1}
    kinds = {kind: (c.baseline, c.other, c.mended, c.broken) for kind, c in found.kinds.items()}
    assert kinds == {
        "type": (1, 1, 0, 0),
        "boundary": (1, 0, 1, 0),
        "boundary+type": (0, 0, 0, 0),
        "missed": (1, 1, 0, 0),
        "spurious": (2, 2, 1, 1),
    }
    assert found.kinds["boundary"].delta == -1
    turned = changes([GOLD], [after], [before])
    assert turned.moves == {(two, one): n for (one, two), n in sorted(found.moves.items(), key=lambda i: i[0][1])}
    assert turned.kinds["boundary"].broken == 1


def test_kinds_of_relations_too() -> None:
    first, second = GOLD["rel"]
    before = rel(first[::-1], second, ner=TYPED)
    after = rel(first, [second[0], "Part-Of", second[2]], ner=TYPED)
    for task in ("rel", "rel+"):
        found = changes([GOLD], [before], [after], task=task)  # type: ignore[arg-type]
        assert found.moves == {("correct", "wrong relation"): 1, ("reversed", "correct"): 1}


@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1, max_size=4), st.sampled_from(("set", "multiset")))
def test_sums_are_those_of_the_error_reports(answers: list[tuple[Row, Row]], duplicates: str) -> None:
    gold = [GOLD] * len(answers)
    one, two = ([pair[side] for pair in answers] for side in (0, 1))
    reports = [errors(gold, side, duplicates=duplicates, show=0) for side in (one, two)]
    for task in ("ner", "rel", "rel+"):
        found = changes(gold, one, two, task, duplicates=duplicates)  # type: ignore[arg-type]
        before, after = (report.tasks[task] for report in reports)  # type: ignore[index]
        assert before is not None
        assert after is not None
        assert {kind: c.baseline for kind, c in found.kinds.items()} | {"correct": before.tp} == before.kinds
        assert {kind: c.other for kind, c in found.kinds.items()} | {"correct": after.tp} == after.kinds
        assert sum(found.moves.values()) == before.n_gold == after.n_gold
        for kind in KINDS[task][:-1]:  # type: ignore[index]
            assert sum(n for (came, _), n in found.moves.items() if came == kind) == before.kinds[kind]
            assert sum(n for (_, went), n in found.moves.items() if went == kind) == after.kinds[kind]
        spurious = found.kinds["spurious"]
        assert spurious.delta == spurious.broken - spurious.mended


def test_a_system_beside_itself_has_nothing_mended() -> None:
    said = [ner(("NER", "Method")), ner(("QA", "Task"), ("GPT", "Task"))]
    found = changes([GOLD] * 2, said, said)
    for kind, change in found.kinds.items():
        assert (change.delta, change.mended, change.broken) == (0, 0, 0)
        if change.baseline:
            assert change.test is not None
            assert (change.test.ci, change.test.p_randomization, change.p_holm) == ((0, 0), 1, 1)
        else:
            assert (kind, change.test, change.p_holm) == (kind, None, None)


def test_a_clear_difference_is_told_from_chance() -> None:
    right, wrong = ner(*TYPED), ner(*TYPED[:2])
    found = changes([GOLD] * 40, [wrong] * 40, [right] * 30 + [wrong] * 10, bootstrap=500)
    missed = found.kinds["missed"]
    assert missed.delta == -30
    assert missed.test is not None
    assert -40 <= missed.test.ci[0] < -30 < missed.test.ci[1] < 0
    assert missed.test.p_randomization == missed.p_holm == pytest.approx(1 / 501)
    clear = changes([GOLD] * 40, [right] * 40, [right] * 39 + [wrong], bootstrap=500)
    assert clear.kinds["missed"].p_holm == 1


def test_p_values_are_corrected_over_kinds_and_systems() -> None:
    gold = [GOLD] * 30
    before, after = ner(("neural network", "Method"), ("NER", "Method")), ner(*TYPED)
    found = compare(gold, [before] * 30, [after] * 30, [after] * 30, bootstrap=100)
    for system in found:
        compared = system.tasks["ner"]
        assert compared is not None
        assert compared.errors is not None
        tested = [change for change in compared.errors.kinds.values() if change.test is not None]
        assert len(tested) == 3
        assert [change.p_holm for change in tested] == [pytest.approx(6 / 101)] * 3


def test_documents_are_resampled_where_they_are_asked_for() -> None:
    gold = [{**GOLD, "doc_id": f"d{number // 10}"} for number in range(40)]
    before = [ner(*TYPED[:2])] * 40
    after = [ner(*TYPED)] * 10 + [ner(*TYPED[:2])] * 30
    by_sentence, by_document = (
        changes(gold, before, after, bootstrap=500, cluster=cluster).kinds["missed"].test
        for cluster in ("sentence", "doc_id")
    )
    assert by_sentence is not None
    assert by_document is not None
    assert by_sentence.ci[1] < 0 < by_document.ci[1]
    assert by_document.p_randomization > 0.5
    assert by_document == compare_sums(np.array([[-10.0], [0], [0], [0]]), clusters=list("abcd"), resamples=500)[0]


@pytest.mark.parametrize("settings", [{"compat": "r2grpo"}, {"match": "overlap", "credit": "partial"}])
def test_where_there_are_no_whole_items_there_are_no_kinds(settings: Row) -> None:
    compared = compare([GOLD], [ner()], [ner(*TYPED)], **FAST, **settings)[0].tasks["ner"]
    assert compared is not None
    assert compared.errors is None
    assert compared.to_dict()["errors"] is None


def test_sentences_in_another_order_are_told_apart() -> None:
    gold = [{**GOLD, "id": "a"}, {**GOLD, "id": "b", "ner": [["QA", "Task"]], "rel": []}]
    one = {"a": ner(*TYPED[:1]), "b": ner()}
    two = {"b": ner(("QA", "Task")), "a": ner(*TYPED[:1])}
    found = changes(gold, one, two)  # type: ignore[arg-type]
    assert found.moves == {("correct", "correct"): 1, ("missed", "correct"): 1, ("missed", "missed"): 2}


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "csv", "json"])
def test_every_format_shows_them(form: str, tmp_path: Path) -> None:
    files = {"gold": [GOLD], "one": [ner(("neural network", "Method"))], "two": [ner(*TYPED)]}
    for name, rows in files.items():
        text = "".join(json.dumps({"id": "a", **row}) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    paths = [str(tmp_path / f"{name}.jsonl") for name in ("one", "two", "gold")]
    done = CliRunner().invoke(app, ["compare", *paths[:2], "--gold", paths[2], "--format", form, "--bootstrap", "20"])
    assert done.exit_code == 0, done.output
    shown = {
        "text": "two      boundary      1     0    -1",
        "markdown": "| two | boundary | 1 | 0 | -1 | -1 … -1 |",
        "latex": r"two & boundary & 1 & 0 & -1 & -1 \ldots{} -1 &",
        "csv": ",boundary,1,0,-1,-1.0,-1.0,",
    }
    if form == "json":
        task = json.loads(done.output)["systems"][0]["tasks"]["ner"]["errors"]
        assert task["moves"] == [
            {"from": "boundary", "to": "correct", "n": 1},
            {"from": "missed", "to": "correct", "n": 2},
        ]
        assert task["kinds"]["boundary"] | {"p_randomization": 0, "p_holm": 0} == {
            **{"baseline": 1, "n": 0, "delta": -1, "ci": [-1, -1], "mended": 1, "broken": 0},
            **{"p_randomization": 0, "p_holm": 0},
        }
        return
    assert " ".join(shown[form].split()) in " ".join(done.output.split())
    assert "boundary+type" not in done.output or form == "csv"
