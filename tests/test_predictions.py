"""Joining predictions with gold: by every key, in every kind of file, one row at a time, nothing dropped silently."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from toy import FIXTURES, GOLD, Row, answer, jsonl, rows_of, written

from sciie_eval.cards import load_schema
from sciie_eval.corpus import read_gold
from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_eval.predictions import Joined, PredictionFile
from sciie_eval.schema import Example, Extraction

SCHEMA = load_schema()
EMPTY = Extraction()
TWICE = [
    Example(id=f"g-{index}", doc_id=document, sentence=sentence, gold=EMPTY)
    for index, (document, sentence) in enumerate([("d", "Same ."), ("d", "Other ."), ("d", "Same ."), ("e", "Same .")])
]


def a_file(path: str | Path, gold: list[Example] | None = None, **options: Any) -> PredictionFile:
    return PredictionFile(path, SCHEMA, gold, **options)


def joined(path: str | Path, gold: list[Example] | None = None, **options: Any) -> list[Joined]:
    return list(a_file(path, gold, **options))


def pairs(found: list[Joined]) -> list[tuple[str, list[Any]]]:
    return [(row.example.id, row.samples) for row in found]


@pytest.fixture
def preds(tmp_path: Path) -> Callable[..., Path]:
    """Writes a prediction file."""
    return lambda *rows: written(tmp_path / "preds.jsonl", rows)


def wrong(path: Path, gold: list[Example] | None = None, **options: Any) -> str:
    """What the error says behind the path."""
    with pytest.raises(InputError) as caught:
        joined(path, gold, **options)
    return str(caught.value).removeprefix(str(path)).lstrip(":, ")


# -- by id -----------------------------------------------------------------------------------------------------------


def test_by_id_in_any_order(preds: Callable[..., Path]) -> None:
    path = preds({"id": "g-3", "completion": "c"}, {"id": "g-0", "completion": "a"})
    file = a_file(path, TWICE)
    assert pairs(list(file)) == [("g-3", ["c"]), ("g-0", ["a"]), ("g-1", []), ("g-2", [])]
    assert file.in_file_order == 0
    assert file.forms == {"native": 2}


def test_the_custom_id_of_a_batch(preds: Callable[..., Path]) -> None:
    row = {"custom_id": "g-1", "response": {"body": {"choices": [{"text": "a"}]}}}
    assert pairs(joined(preds(row, {"custom_id": "g-0", "completion": "b"}), TWICE))[:2] == [
        ("g-1", ["a"]),
        ("g-0", ["b"]),
    ]


def test_an_unknown_id_gets_a_suggestion(preds: Callable[..., Path]) -> None:
    assert wrong(preds({"id": "g_2", "completion": "a"}), TWICE) == (
        "line 1: no gold sentence has the id 'g_2'; did you mean 'g-2'?"
    )
    assert wrong(preds({"id": "zzzzzzzz", "completion": "a"}), TWICE) == (
        "line 1: no gold sentence has the id 'zzzzzzzz'; ids look like 'g-0'"
    )


def test_the_sentence_must_be_that_of_the_id(preds: Callable[..., Path]) -> None:
    path = preds({"id": "g-0", "sentence": "Same.", "completion": "a"})
    assert pairs(joined(path, TWICE))[0] == ("g-0", ["a"])
    assert wrong(preds({"id": "g-0", "sentence": "Other .", "completion": "a"}), TWICE) == (
        "line 1: gold has another sentence under the id 'g-0'; is this the right split?"
    )


def test_gold_rows_need_no_sentence(preds: Callable[..., Path]) -> None:
    gold = [Example(id="g-0", sentence="", gold=EMPTY)]
    path = preds({"id": "g-0", "sentence": "s", "completion": "a"})
    for join in ("auto", "order"):
        assert pairs(joined(path, gold, join=join)) == [("g-0", ["a"])]


def test_two_rows_for_one_id(preds: Callable[..., Path]) -> None:
    path = preds({"id": "g-0", "completion": "a"}, {"id": "g-1", "completion": "a"}, {"id": "g-0", "completion": "a"})
    message = wrong(path, TWICE)
    assert message.startswith(f"line 3: a second prediction for 'g-0', the first is at {path}, line 1; ")
    assert message.endswith("put K samples of a sentence into one row, as completions or predictions")


# -- by document and sentence ----------------------------------------------------------------------------------------


def row(sentence: str, completion: str = "x", document: str = "d") -> Row:
    return {"doc_id": document, "sentence": sentence, "completion": completion}


def test_repeated_sentences_are_taken_in_file_order(preds: Callable[..., Path]) -> None:
    path = preds(row("Other .", "b"), row("Same .", "a"), row("Same .", "d", "e"), row("Same .", "c"))
    file = a_file(path, TWICE)
    assert pairs(list(file)) == [("g-1", ["b"]), ("g-0", ["a"]), ("g-3", ["d"]), ("g-2", ["c"])]
    assert file.in_file_order == 2


def test_more_rows_than_repetitions(preds: Callable[..., Path]) -> None:
    assert wrong(preds(*[row("Same .")] * 3), TWICE).startswith("line 3: a second prediction for 'g-2'")


@pytest.mark.parametrize(
    ("sentence", "document", "message"),
    [
        ("Other .", "e", "gold has the sentence 'Other .' in document 'd', not in 'e'"),
        ("Other.", "d", "gold has the sentence 'Other.' with other spacing; keep the sentence as it stands in gold"),
        ("None .", "d", "gold has no sentence 'None .' in document 'd'; is this the right split?"),
        ("x" * 61, "d", f"gold has no sentence '{'x' * 57}...' in document 'd'; is this the right split?"),
    ],
)
def test_a_sentence_that_gold_does_not_have(
    preds: Callable[..., Path], sentence: str, document: str, message: str
) -> None:
    assert wrong(preds(row(sentence, document=document)), TWICE) == f"line 1: {message}"


def test_rows_that_do_not_say_what_they_are_for(preds: Callable[..., Path]) -> None:
    for partial in ({}, {"sentence": "Other ."}, {"doc_id": "d"}):
        message = wrong(preds({"completion": "x", **partial}), TWICE)
        assert message.startswith("line 1: the row does not say which sentence it is for; expected id, or doc_id and")


# -- by order --------------------------------------------------------------------------------------------------------


def test_by_order(preds: Callable[..., Path]) -> None:
    path = preds({"completion": "a"}, {"completion": "b", "sentence": "Other ."}, {"completion": "c"})
    assert pairs(joined(path, TWICE, join="order")) == [("g-0", ["a"]), ("g-1", ["b"]), ("g-2", ["c"]), ("g-3", [])]


def test_by_order_with_rows_that_do_not_fit(preds: Callable[..., Path]) -> None:
    assert wrong(preds(*[{"completion": "a"}] * 5), TWICE, join="order") == (
        "line 5: more predictions than the 4 gold sentences"
    )
    assert wrong(preds(row("Other .")), TWICE, join="order") == (
        "line 1: its sentence is not that of gold row 0 ('g-0'); the two files are not in the same order"
    )


def test_a_skipped_line_would_shift_all_rows_behind_it(preds: Callable[..., Path]) -> None:
    path = preds({"completion": "a"}, "oops", {"completion": "c"})
    assert wrong(path, TWICE, join="order", skip_bad_lines=True) == (
        "line 3: rows are joined by their order, and line 2 was skipped; mend that line"
    )
    last = preds({"completion": "a"}, "oops")
    assert pairs(joined(last, TWICE, join="order", skip_bad_lines=True))[0] == ("g-0", ["a"])


def test_token_spans_are_joined_by_order_since_document_names_differ(tmp_path: Path) -> None:
    gold = read_gold(GOLD)
    rows = rows_of(FIXTURES / "pure.jsonl")
    renamed = written(tmp_path / "pure.jsonl", [{**rows[0], "doc_key": "elsewhere"}, rows[1]])
    file = a_file(renamed, gold)
    assert not file.placed
    assert [found.example.id for found in file] == ["gold-0", "gold-1", "gold-2", "gold-3"]
    assert file.placed
    swapped = written(tmp_path / "swapped.jsonl", rows[::-1])
    assert "its sentence is not that of gold row 0 ('gold-0')" in wrong(swapped, gold)


@pytest.mark.parametrize("spans_first", [True, False])
def test_token_spans_stand_alone(tmp_path: Path, spans_first: bool) -> None:
    rows = [rows_of(FIXTURES / "pure.jsonl")[0], rows_of(FIXTURES / "native_gold_mapping.jsonl")[0]]
    path = written(tmp_path / "mixed.jsonl", rows if spans_first else rows[::-1])
    assert wrong(path) == "line 2: token-span documents and other rows in one file; put them into two files"
    file = a_file(path, skip_bad_lines=True)
    assert len(list(file)) == (2 if spans_first else 1)
    assert [line.number for line in file.bad_lines] == [2]


# -- by the prompt ---------------------------------------------------------------------------------------------------


def logged(prompt: object, completion: str = "c", **more: Any) -> Row:
    return {"step": 1, "prompt": prompt, "completion": completion, "advantage": 0.0, **more}


def test_the_longest_sentence_in_the_prompt(preds: Callable[..., Path]) -> None:
    sentences = ["", "A b", "A b c", "c d", "zz"]
    gold = [Example(id=str(n), doc_id=str(n), sentence=text, gold=EMPTY) for n, text in enumerate(sentences)]
    path = preds(logged("Look: A b c!", "x"), logged("Read: A b c!", "y"), logged("Read: A b c!", "z"))
    assert wrong(path, gold).startswith("line 2: a second prediction for '2'")  # another prompt, the same sentence
    path = preds(logged("Read: A b c!", "y"), logged("Now: zz"), logged("Read: A b c!", "z"))
    assert pairs(joined(path, gold))[:2] == [("2", ["y", "z"]), ("4", ["c"])]


def test_prompts_that_do_not_tell_the_sentence(preds: Callable[..., Path]) -> None:
    assert wrong(preds(logged("Read: nothing")), TWICE) == (
        "line 1: no gold sentence stands in the prompt; log sciie/id, or check the split"
    )
    assert wrong(preds(logged("Read: Same .")), TWICE).startswith(
        "line 1: the sentence in the prompt stands in gold more than once (first as 'g-0')"
    )
    by_id = preds(logged("Read: Same .", **{"sciie/id": "g-2"}))
    assert pairs(joined(by_id, TWICE))[0] == ("g-2", ["c"])


# -- gold in the rows ------------------------------------------------------------------------------------------------


def test_own_gold(preds: Callable[..., Path]) -> None:
    path = preds(
        {"completion": "a", "gold": {"ner": [["A", "Method"]]}, "doc_id": "d", "sentence": "s"},
        {"completion": "b", "gold": '{"rel": []}', "id": "mine"},
    )
    first, second = joined(path)
    assert first.example.id == "preds-0"
    assert (first.example.doc_id, first.example.sentence) == ("d", "s")
    assert first.example.gold.entities[0].text == "A"
    assert (second.example.id, second.where) == ("mine", f"{path}, line 2")


def test_wrong_own_gold(preds: Callable[..., Path]) -> None:
    assert wrong(preds({"completion": "a"})) == (
        "line 1: no gold; add a field gold, or give --gold, or --dataset and --split"
    )
    assert "line 1: field gold: not JSON" in wrong(preds({"completion": "a", "gold": "{"}))
    rows = [{"id": "x", "completion": "a", "gold": {"ner": []}}] * 2
    assert wrong(preds(*rows)).startswith("line 2: a second row with id 'x', the first is at ")


def test_rows_without_gold_where_none_is_needed(preds: Callable[..., Path]) -> None:
    path = preds({"completion": "a"}, {"ner": []}, {"completion": "b", "gold": {"ner": []}})
    file = a_file(path, gold_needed=False)
    assert [found.samples for found in file] == [["a"], [{"ner": []}], ["b"]]
    assert file.without_gold == 2


# -- files -----------------------------------------------------------------------------------------------------------

ROWS = [{"id": example.id, "completion": answer((example.id, "Task"))} for example in TWICE]
TEXT = jsonl(ROWS).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [("p.jsonl", TEXT), ("p.jsonl.gz", gzip.compress(TEXT, mtime=0)), ("p.zst", zstandard.compress(TEXT))],
)
def test_kinds_of_files(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert pairs(joined(path, TWICE)) == [(row["id"], [row["completion"]]) for row in ROWS]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    found = joined(path, TWICE)
    assert pairs(found) == [(row["id"], [row["completion"]]) for row in ROWS]
    assert found[1].where == f"{path}, line 2"


def test_wrong_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.parquet"
    assert "No such file" in wrong(path)
    path.write_bytes(b"no parquet")
    assert "not a readable parquet file: " in wrong(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sciie-eval\[io\]'"):
        joined(path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    assert pairs(joined("-", TWICE))[0][0] == "g-0"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"completion": "a", "gold": {"ner": []}}')))
    (found,) = joined("-")
    assert (found.example.id, found.where) == ("stdin-0", "<stdin>, line 1")


@pytest.mark.parametrize("rows", [[], ["", "  "], [{"sentences": [], "predicted_ner": []}]])
@pytest.mark.parametrize("gold", [None, TWICE])
def test_files_without_predictions(preds: Callable[..., Path], rows: list[Any], gold: list[Example] | None) -> None:
    assert wrong(preds(*rows), gold) == "no predictions in this file; expected one JSON object a line"


def test_bad_lines(preds: Callable[..., Path]) -> None:
    path = preds(ROWS[0], "{oops", {"id": "g-1"}, ROWS[1], "[1]")
    assert wrong(path, TWICE).startswith("line 2, column 2: not JSON")
    file = a_file(path, TWICE, skip_bad_lines=True)
    assert [found.example.id for found in file if found.samples] == ["g-0", "g-1"]
    assert [line.number for line in file.bad_lines] == [2, 3, 5]
    assert "line 3: no prediction; expected one of the fields" in file.bad_lines[1].message
    assert file.forms == {"native": 2}
    assert "no predictions" in wrong(preds("{oops"), TWICE, skip_bad_lines=True)


# -- one row at a time -----------------------------------------------------------------------------------------------


def test_the_first_row_is_there_before_the_last_is_written(tmp_path: Path) -> None:
    """A writer that waits for its reader between two rows: whoever wants the whole file first waits forever."""
    path = tmp_path / "fifo.jsonl"
    os.mkfifo(path)
    came = threading.Event()
    waited = []

    def write() -> None:
        with path.open("wb", buffering=0) as stream:
            stream.write(jsonl(ROWS[:1]).encode())
            waited.append(came.wait(60))
            stream.write(jsonl(ROWS[1:]).encode())

    writer = threading.Thread(target=write)
    writer.start()
    rows = iter(a_file(path, TWICE))
    assert next(rows).example.id == "g-0"
    came.set()
    assert [found.example.id for found in rows] == ["g-1", "g-2", "g-3"]
    writer.join()
    assert waited == [True]


def test_no_line_is_read_ahead(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(TEXT)
    sizes: list[int] = []
    rows = iter(a_file(path, TWICE, on_bytes=sizes.append))
    assert sizes == []
    for number, line in enumerate(TEXT.splitlines(keepends=True), start=1):
        next(rows)
        assert len(sizes) == number
        assert sizes[-1] == len(line)


def test_only_logs_with_one_completion_a_row_are_held_back(preds: Callable[..., Path]) -> None:
    sizes: list[int] = []
    path = preds(*[logged("p", **{"sciie/id": "g-0"})] * 3, ROWS[1])
    rows = iter(a_file(path, TWICE, on_bytes=sizes.append))
    assert next(rows).example.id == "g-1"
    assert next(rows).samples == ["c", "c", "c"]
    assert len(sizes) == 4
