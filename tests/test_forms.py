"""Every form of prediction file says the same: one toy corpus, one answer, many dresses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from toy import FIXTURES, GOLD, Row, rows_of

from sciie_eval.corpus import read_gold
from sciie_eval.evaluate import Gold, Reading, evaluate_file
from sciie_eval.exceptions import InputError
from sciie_eval.forms import RawPrediction, Sample, read_row, recognise
from sciie_eval.schema import Extraction
from sciie_eval.settings import Settings

FORMS = {
    "native_completion": ("native", 1),
    "native_completions": ("native", 2),
    "native_prediction": ("native", 1),
    "native_predictions": ("native", 2),
    "native_bare": ("native", 1),
    "native_gold_mapping": ("native", 1),
    "native_gold_string": ("native", 1),
    "native_gold_beside": ("native", 1),
    "trl_logged": ("trl", 2),
    "trl_prompt_plain": ("trl", 1),
    "trl_prompt_chat": ("trl", 1),
    "openai_batch": ("batch", 2),
    "openai_responses": ("batch", 1),
    "vllm_batch": ("batch", 1),
    "lm_eval_samples": ("lm-eval", 2),
    "pure": ("spans", 1),
    "pl_marker": ("spans", 1),
}
HOLD_GOLD = (
    "native_gold_mapping",
    "native_gold_string",
    "native_gold_beside",
    "trl_logged",
    "lm_eval_samples",
    "pure",
    "pl_marker",
)
ONE_WRONG_TYPE_AND_ONE_REVERSED = {"ner": (4, 5, 5), "rel": (1, 2, 2), "rel+": (1, 2, 2)}
ALL_RIGHT = {"ner": (5, 5, 5), "rel": (2, 2, 2), "rel+": (2, 2, 2)}


def counts(path: Path, *, gold: bool = True, sample: int = 0) -> dict[str, tuple[float, int, int]]:
    source = Gold("gold", read_gold(GOLD)) if gold else None
    score = evaluate_file(path, Settings(), source, Reading(sample=sample)).score()
    assert (score.n_sentences, score.missing) == (4, 0)
    return {name: (task.tp, task.n_pred, task.n_gold) for name, task in score.tasks.items() if task is not None}


def read(row: Row, *, gold_elsewhere: bool = True) -> list[RawPrediction]:
    return list(read_row(row, "f, line 1", gold_elsewhere=gold_elsewhere))


def samples(row: Row) -> list[Sample]:
    (found,) = read(row)
    return found.samples


def test_every_fixture_is_tested() -> None:
    assert {path.stem for path in FIXTURES.glob("*.jsonl")} == {*FORMS, "gold"}


@pytest.mark.parametrize("name", FORMS)
def test_every_row_is_recognised(name: str) -> None:
    assert {recognise(row) for row in rows_of(FIXTURES / f"{name}.jsonl")} == {FORMS[name][0]}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_scores_the_same(name: str) -> None:
    assert counts(FIXTURES / f"{name}.jsonl") == ONE_WRONG_TYPE_AND_ONE_REVERSED


@pytest.mark.parametrize("name", HOLD_GOLD)
def test_gold_in_the_rows_scores_the_same(name: str) -> None:
    assert counts(FIXTURES / f"{name}.jsonl", gold=False) == ONE_WRONG_TYPE_AND_ONE_REVERSED


@pytest.mark.parametrize("name", [name for name, (_, number) in FORMS.items() if number == 2])
def test_the_second_sample(name: str) -> None:
    assert counts(FIXTURES / f"{name}.jsonl", sample=1) == ALL_RIGHT


@pytest.mark.parametrize("name", [name for name in FORMS if name not in HOLD_GOLD])
def test_rows_without_gold_say_so(name: str) -> None:
    with pytest.raises(InputError, match=r"line 1: .*gold.*--gold"):
        counts(FIXTURES / f"{name}.jsonl", gold=False)


@pytest.mark.parametrize("name", ["trl_logged", "trl_prompt_plain", "trl_prompt_chat"])
def test_completions_that_trl_logs_as_parquet(tmp_path: Path, name: str) -> None:
    path = tmp_path / "completions_00001.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows_of(FIXTURES / f"{name}.jsonl")), path)
    assert counts(path) == ONE_WRONG_TYPE_AND_ONE_REVERSED


@pytest.mark.parametrize("name", ["native_gold_mapping", "native_predictions", "openai_batch", "lm_eval_samples"])
def test_other_forms_survive_parquet(tmp_path: Path, name: str) -> None:
    """Columnar stores pad rows with None."""
    path = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows_of(FIXTURES / f"{name}.jsonl")), path)
    assert counts(path) == ONE_WRONG_TYPE_AND_ONE_REVERSED


# -- native ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"completion": "x"}, ["x"]),
        ({"completion": None}, [None]),
        ({"completion": {"role": "assistant", "reasoning_content": "so", "content": "x"}}, ["<think>so</think>x"]),
        ({"completion": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}]}, ["x"]),
        ({"completions": ["x", None]}, ["x", None]),
        ({"prediction": {"ner": []}}, [{"ner": []}]),
        ({"prediction": None}, [None]),
        ({"predictions": [{"rel": []}, None]}, [{"rel": []}, None]),
        ({"rel_plus": [], "other": 1}, [{"rel_plus": []}]),
    ],
)
def test_native_samples(row: Row, expected: list[Any]) -> None:
    assert samples(row) == expected


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"completion": "x", "prediction": {}}, r"expected one of .*; got \['completion', 'prediction'\]"),
        ({"text": "x"}, r"no prediction; expected one of the fields completion, .*, got \['text'\]"),
        ({"completion": 1}, "field completion: expected text or messages, got 1"),
        ({"completions": "x"}, "field completions: expected a list with at least one sample, got 'x'"),
        ({"completions": []}, "field completions: expected a list with at least one sample"),
        ({"prediction": "x"}, "field prediction: expected a mapping with ner, rel and/or rel_plus, got 'x'"),
        ({"predictions": [["x" * 99]]}, r"field predictions: expected a mapping .* got \['x{75}\.\.\.$"),
        ({"completion": "x", "id": [1]}, r"field id: expected a string, got \[1\]"),
        ({"completion": "x", "doc_id": True}, "field doc_id: expected a string, got True"),
    ],
)
def test_wrong_native_rows(row: Row, message: str) -> None:
    with pytest.raises(InputError, match=rf"^f, line 1: {message}"):
        read(row)


def test_ner_beside_a_completion_is_gold_and_alone_a_prediction() -> None:
    (found,) = read({"completion": "x", "ner": [], "rel": None, "id": 7, "doc_id": 8}, gold_elsewhere=False)
    assert (found.gold, found.id, found.doc_id) == ({"ner": [], "rel": None}, "7", "8")
    (found,) = read({"ner": []})
    assert found.gold is None
    with pytest.raises(InputError, match="a prediction without gold; say where gold is"):
        read({"ner": []}, gold_elsewhere=False)


def test_gold_by_its_name_comes_first() -> None:
    (found,) = read({"completion": "x", "ner": [], "gold": {"rel": []}})
    assert found.gold == {"rel": []}
    (found,) = read({"completion": "x", "ner": None})
    assert found.gold is None


# -- trainers, servers and harnesses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["advantage", "step", "sciie/id"])
def test_what_tells_a_trl_log(mark: str) -> None:
    assert recognise({"prompt": "p", "completion": "c", mark: 1}) == "trl"
    assert recognise({"prompt": "p", "completion": "c"}) == "native"


def test_a_trl_log_with_columns_of_the_users_own() -> None:
    row = {"step": 1, "prompt": "p", "completion": "c", "id": "x", "doc_id": "d", "sentence": "s", "gold": {"ner": []}}
    (found,) = read(row)
    assert (found.id, found.doc_id, found.sentence, found.gold) == ("x", "d", "s", {"ner": []})
    (found,) = read({**row, "sciie/id": "y", "sciie/gold": "{}"})
    assert (found.id, found.gold, found.is_part) == ("y", "{}", True)


def test_prompts_of_every_kind() -> None:
    def prompt(value: object) -> str | None:
        return read({"step": 1, "prompt": value, "completion": "c"})[0].prompt

    assert prompt("p") == "p"
    assert prompt([{"role": "system", "content": "a"}, {"role": "user", "content": [{"text": "b"}]}]) == "a\nb"
    assert prompt({"role": "user", "content": "a"}) == "a"
    assert prompt(["a", 1]) == "a\n"


def batch(body: object, **more: Any) -> Row:
    return {"custom_id": "x", "response": {"status_code": 200, "body": body}, "error": None, **more}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"custom_id": "x", "response": None, "error": {"code": "batch_expired"}}, [None]),
        ({"custom_id": "x", "error": "down"}, [None]),
        (batch(None), [None]),
        (batch({"error": {"message": "too long"}}), [None]),
        (batch({"choices": []}), [None]),
        (batch({"choices": [None]}), [None]),
        (batch({"choices": [{"message": {"content": None}}]}), [""]),
        (batch({"choices": [{"message": {"content": "a", "reasoning": "b"}}]}), ["<think>b</think>a"]),
        (batch({"choices": [{"text": "a"}, {"message": {"content": "b"}}]}), ["a", "b"]),
        (batch({"output": []}), [""]),
        (batch({"output": [{"type": "reasoning"}, {"content": [{"text": "a"}, {"text": "b"}]}]}), ["ab"]),
    ],
)
def test_batch_output(row: Row, expected: list[Any]) -> None:
    assert recognise(row) == "batch"
    assert samples(row) == expected


def test_a_failed_request_fails_for_every_sample(tmp_path: Path) -> None:
    rows = rows_of(FIXTURES / "openai_batch.jsonl")
    assert rows[3]["response"] is None
    assert counts(FIXTURES / "openai_batch.jsonl", sample=1) == ALL_RIGHT
    with pytest.raises(InputError, match="--sample -1 asks for a sample that is not there"):
        counts(FIXTURES / "openai_batch.jsonl", sample=-1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"resps": [["a", "b"]]}, ["a", "b"]),
        ({"resps": ["a", None]}, ["a", None]),
        ({"resps": [["a"]], "doc": "text"}, ["a"]),
    ],
)
def test_harness_responses(row: Row, expected: list[Any]) -> None:
    assert samples(row) == expected


@pytest.mark.parametrize("responses", [[], [[]], "a", None])
def test_wrong_harness_responses(responses: object) -> None:
    with pytest.raises(InputError, match="f, line 1: field resps: expected a list of lists of texts, got "):
        read({"resps": responses})


def test_harness_responses_that_are_no_texts() -> None:
    with pytest.raises(InputError, match=r"field resps: expected text or messages, got -3\.5"):
        read({"resps": [[-3.5, False]]})


def test_the_document_of_a_harness_sample_holds_gold() -> None:
    (found,) = read({"doc_id": 4, "doc": {"doc_id": "d", "sentence": "s", "rel": []}, "resps": [["a"]]})
    assert (found.id, found.doc_id, found.sentence, found.gold) == (None, "d", "s", {"rel": []})
    (found,) = read({"doc": {"id": "x", "gold": "{}", "rel": []}, "resps": [["a"]]})
    assert (found.id, found.gold) == ("x", "{}")


# -- token spans -----------------------------------------------------------------------------------------------------

DOCUMENT = {"doc_key": "d", "sentences": [["A", "b"]], "ner": [[[0, 0, "Method"]]], "relations": [[]]}


def test_a_document_without_predictions_is_one_where_gold_is_elsewhere() -> None:
    (found,) = read(DOCUMENT)
    (sample,) = found.samples
    assert isinstance(sample, Extraction)
    assert sample.entities[0].span == (0, 1)
    assert found.gold is None
    with pytest.raises(InputError, match="no predicted_ner and no predicted_relations in this token-span document"):
        read(DOCUMENT, gold_elsewhere=False)
    with pytest.raises(InputError, match="no predicted_ner"):
        read({"sentences": [["A"]]})


def test_a_document_gives_one_prediction_a_sentence() -> None:
    found = read(rows_of(FIXTURES / "pl_marker.jsonl")[0], gold_elsewhere=False)
    assert [(row.doc_id, row.sentence) for row in found] == [
        ("p1", "TinyTagger solves name tagging ."),
        ("p1", "It learns from LeafCorpus ."),
    ]
    assert all(isinstance(row.gold, Extraction) for row in found)


def test_json_strings_of_gold_are_what_trainers_pass() -> None:
    gold = json.loads(rows_of(FIXTURES / "trl_logged.jsonl")[0]["sciie/gold"])
    assert sorted(gold) == ["ner", "rel", "sentence"]


def test_columns_padded_with_null_say_nothing() -> None:
    row = {"id": "a", "completion": "x", "completions": None, "prediction": None}
    assert next(read_row(row, "here", gold_elsewhere=True)).samples == ["x"]
