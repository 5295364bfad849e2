"""Gold columns in all their forms, and what is wrong with those that are not."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import Any

import numpy as np
import pytest

from sciie_eval.exceptions import InputError
from sciie_eval.schema import Example
from sciie_rewards import R2Reward, r2_reward
from sciie_rewards import columns as module

ROW = {
    "sentence": "BERT solves NER .",
    "ner": [["BERT", "Method"], ["NER", "Task"]],
    "rel": [["BERT", "Used-For", "NER"]],
}
PLUS = {**ROW, "rel_plus": [["BERT:Method", "Used-For", "NER:Task"]]}
OTHER = {"sentence": "See below .", "ner": [], "rel": []}


def right(row: dict[str, Any]) -> str:
    value = json.dumps({"ner": row["ner"], "rel": row["rel"]})
    return f'<think>"BERT" is used for "NER".</think><answer>{value}</answer>'


def each(rows: list[dict[str, Any]], *names: str) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


class Labelled(list[Any]):
    """Looks values up by label, not by place, as a column of a sorted or filtered data frame does."""

    def __getitem__(self, label: Any) -> Any:
        raise KeyError(label)

    def __bool__(self) -> bool:
        raise ValueError("the truth value of a column is ambiguous")


ROWS = [ROW, OTHER]
GOOD: dict[str, dict[str, Any]] = {
    "ner and rel": each(ROWS, "sentence", "ner", "rel"),
    "tuples": {**each(ROWS, "sentence", "ner"), "rel": ((("BERT", "Used-For", "NER"),), ())},
    "ner and rel as strings": {
        **each(ROWS, "sentence"),
        "ner": [json.dumps(row["ner"]) for row in ROWS],
        "rel": [json.dumps(row["rel"]) for row in ROWS],
    },
    "ner and rel_plus": {**each(ROWS, "sentence", "ner"), "rel_plus": [PLUS["rel_plus"], []]},
    "all three": {**each(ROWS, "sentence", "ner", "rel"), "rel_plus": [PLUS["rel_plus"], []]},
    "gold as strings": {"gold": [json.dumps(row) for row in ROWS]},
    "gold as mappings": {"gold": ROWS},
    "gold without its sentence": {"gold": [{"ner": r["ner"], "rel": r["rel"]} for r in ROWS], **each(ROWS, "sentence")},
    "padded with None": {"gold": [{**row, "label": None, "rel_plus": None} for row in ROWS], "ner": None},
    "gold before ner": {"gold": ROWS, "ner": [None, None], "rel": [None, None]},
    "what is no JSON beside it": {"gold": [{**row, "meta": object()} for row in ROWS]},
    "others beside it": {"gold": ROWS, "prompt_id": [1, 2], "trainer_state": object()},
}


@pytest.mark.parametrize("columns", GOOD.values(), ids=GOOD)
def test_forms_of_gold(columns: dict[str, Any]) -> None:
    texts = [right(row) for row in ROWS]
    assert r2_reward(completions=texts, **columns) == [1.0, 1.0]
    assert r2_reward(texts[::-1], **columns)[0] == pytest.approx(0.1)


def test_columns_are_read_by_place_whatever_holds_them() -> None:
    texts = [right(row) for row in ROWS]
    golds, prompts, ids = [json.dumps(row) for row in ROWS], ["a", "b"], [3, 4]
    for hold in (tuple, deque, np.array, Labelled):
        logged: dict[str, list[str]] = {}
        held = {"gold": hold(golds), "sentence": hold([row["sentence"] for row in ROWS]), "id": hold(ids)}
        assert r2_reward(hold(texts), hold(prompts), log_extra=logged.__setitem__, **held) == [1.0, 1.0]
        assert logged["sciie/id"] == ["3", "4"]


def test_a_value_that_is_no_column_is_not_logged_as_id() -> None:
    for odd in (7, iter([7]), "a", None):
        logged: dict[str, list[str]] = {}
        assert r2_reward([right(ROW)], gold=[ROW], id=odd, log_extra=logged.__setitem__) == [1.0]
        assert "sciie/id" not in logged


def test_bytes_are_no_gold_also_behind_the_same_string() -> None:
    text = json.dumps(ROW)
    for gold in (text, np.str_(text)):
        assert r2_reward([right(ROW)], gold=[gold]) == [1.0]
    with pytest.raises(InputError, match=r"^column gold, row 0: expected a mapping"):
        r2_reward([right(ROW)], gold=[text.encode()])


def test_gold_that_no_store_could_write_is_gold() -> None:
    odd = {**ROW, "sentence": "BERT solves NER \ud83d ."}
    logged: dict[str, list[str]] = {}
    assert r2_reward([right(ROW)], gold=[odd], log_extra=logged.__setitem__) == [1.0]
    assert json.loads(logged["sciie/gold"][0].encode("ascii")) == odd
    assert logged["sciie/status"] == ["ok"]
    assert logged["sciie/REL"] == ["1.0"]


def test_one_example_in_its_forms() -> None:
    example = Example.from_row(ROW, id="a-0")
    for form in (ROW, json.dumps(ROW), example, PLUS):
        assert r2_reward.score_one(right(ROW), form).score == 1
    for wrong in (None, 7, [ROW]):
        with pytest.raises(InputError, match="example: expected an Example, or a mapping with sentence, ner and rel"):
            r2_reward.score_one("", wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="column sentence, example: expected a string, got None"):
        r2_reward.score_one("", {"ner": [], "rel": []})


def test_a_row_without_gold_is_another_tasks() -> None:
    texts = [right(ROW)] * 3
    assert r2_reward(texts, gold=[ROW, None, json.dumps(ROW)]) == [1.0, None, 1.0]
    columns = {"ner": [ROW["ner"], None, None], "rel": [ROW["rel"], None, None], "sentence": [ROW["sentence"]] * 3}
    assert r2_reward(texts, **columns, gold=[None, None, ROW]) == [1.0, None, 1.0]


TWO = each(ROWS, "sentence", "ner", "rel")
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no gold at all": (
        {"sentence": ["x", "y"]},
        r"column gold: missing from row 0 on; expected gold: a mapping",
    ),
    "no rel": (each(ROWS, "sentence", "ner"), r"column rel: missing .* got the columns ner, sentence$"),
    "no ner": (each(ROWS, "sentence", "rel"), r"column ner: missing"),
    "no columns": ({}, r"got the columns none$"),
    "no sentence": (each(ROWS, "ner", "rel"), r"column sentence, row 0: expected a string, got None"),
    "sentence of another kind": (
        {**TWO, "sentence": ["x", ["y"]]},
        r"column sentence, row 1: expected a string, got \[",
    ),
    "too short": (
        {**TWO, "rel": [[]]},
        r"column rel: expected a list with 2 values.*; got 1, so row 1 has none",
    ),
    "too long": ({**TWO, "rel": [[]] * 3}, r"got 3, so row 2 has none"),
    "a text for a column": ({**TWO, "ner": "[]"}, r"column ner: expected a list with 2 values.*; got '\[\]'"),
    "a mapping for a column": ({"gold": ROW}, r"column gold: expected a list with 2 values"),
    "a number": ({"gold": 7}, r"column gold: expected a list with 2 values"),
    "items that are texts": (
        {**TWO, "ner": [["BERT"], []]},
        r"columns ner, rel, row 0: field ner\[0\]: expected \[",
    ),
    "items too short": (
        {**TWO, "rel": [[], [["a", "b"]]]},
        r"row 1: field rel\[0\]: expected \[subject, ",
    ),
    "half a row": ({**TWO, "rel": [None, []]}, r"columns ner, rel, row 0: rel is missing; expected .*, \[\] where"),
    "no JSON": (
        {"gold": [json.dumps(ROW), "{"]},
        r"column gold, row 1: expected a mapping .* which is not JSON",
    ),
    "deep JSON": ({"gold": ["[" * 100_000, "{}"]}, r"column gold, row 0: expected a mapping"),
    "no mapping": ({"gold": [ROW, [1]]}, r"column gold, row 1: expected a mapping .*, got \[1\]"),
    "gold without rel": ({"gold": [ROW, {"ner": [], "sentence": "x"}]}, r"column gold, row 1: rel is missing"),
    "gold with bad items": ({"gold": [{**ROW, "ner": [{"text": "x"}]}, ROW]}, r"column gold, row 0: field ner\[0\]"),
    "no JSON in ner": ({**TWO, "ner": ["[", "[]"]}, r"columns ner, rel, row 0: ner: expected \[\[text, type\], …\]"),
    "another sentence": ({"gold": ROWS, "sentence": ["x", "y"]}, r"column gold, row 0: its sentence is not that of"),
}


@pytest.mark.parametrize(("columns", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_with_gold_is_said(columns: dict[str, Any], message: str) -> None:
    for _ in range(2):  # what failed once is not taken for prepared
        with pytest.raises(InputError, match=message) as caught:
            r2_reward(completions=["x", "y"], **columns)
        assert "\n" not in str(caught.value)


def test_what_is_wrong_with_the_call_is_said() -> None:
    with pytest.raises(InputError, match="completions: expected a list with one completion a row, got 'x'"):
        r2_reward("x", gold=[ROW])
    with pytest.raises(InputError, match="prompts: expected 1, one a completion, got 2"):
        r2_reward(["x"], ["a", "b"], gold=[ROW])
    with pytest.raises(InputError, match=r"completions: expected a list with one completion a row, got .'x'."):
        r2_reward({"x"}, gold=[ROW])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="prompts: expected 1, one a completion, got 7"):
        r2_reward(["x"], 7, gold=[ROW])  # type: ignore[arg-type]
    assert r2_reward([], gold=[]) == []
    assert r2_reward([]) == []


def test_prepared_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PREPARED", 3)
    reward = R2Reward()
    for number in range(10):
        row = {**ROW, "sentence": f"BERT solves NER {number} ."}
        assert reward([right(ROW)] * 2, gold=[row, json.dumps(row)]) == [1.0, 1.0]
    assert len(reward._rows._kept) == 3


def test_threads_share_a_reward() -> None:
    reward, found = R2Reward(), []

    def work() -> None:
        for number in range(50):
            row = {**ROW, "sentence": f"BERT solves NER {number} ."}
            found.extend(reward([right(ROW), "x"], gold=[row, row]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1.0, 0.0] * 200
