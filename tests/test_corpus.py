"""Gold: splits of the cards and files of the user."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sciie_eval.cards import load_card, load_schema
from sciie_eval.corpus import gold_of, load_split, read_gold, split_name
from sciie_eval.exceptions import CorpusError, InputError
from sciie_eval.schema import Entity, Extraction

ROW = {"doc_id": "d", "sentence": "BERT", "ner": [["BERT", "Method"]], "rel": []}
SPANS = {"doc_key": "d", "sentences": [["a"], ["b"]], "ner": [[[0, 0, "Task"]], []]}
COUNTS = {  # DATA.md: sentences, documents, entities, relations, without relations, entities and relations as sets
    "train": (5575, 80, 18041, 8743, 1608, 17142, 8682),
    "dev": (713, 10, 2234, 1132, 191, 2133, 1121),
    "test": (854, 10, 2948, 1626, 195, 2770, 1583),
    "test_ood": (580, 6, 1295, 582, 315, 1258, 579),
}


def write(tmp_path: Path, *rows: object, name: str = "mine.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("split", COUNTS)
def test_counts_of_scier(data_dir: Path, split: str) -> None:
    examples = load_split("scier", split, data_dir=data_dir)
    golds = [example.gold for example in examples]
    assert (
        len(examples),
        len({example.doc_id for example in examples}),
        sum(len(gold.entities) for gold in golds),
        sum(len(gold.relations) for gold in golds),
        sum(not gold.relations for gold in golds),
        sum(len(set(gold.entities)) for gold in golds),
        sum(len({(r.subject, r.type, r.object) for r in gold.relations}) for gold in golds),
    ) == COUNTS[split]
    assert [example.id for example in examples] == [f"{split}-{number}" for number in range(len(examples))]


def test_load_split_by_card_and_environment(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIIE_DATA_DIR", str(data_dir))
    assert load_split(load_card("scier"), "dev") == load_split("scier", "dev", data_dir=str(data_dir))


def test_load_split_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCIIE_DATA_DIR", raising=False)
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path))
    with pytest.raises(CorpusError, match="dev"):
        load_split("scier", "dev")
    with pytest.raises(InputError, match="no split 'development'"):
        load_split("scier", "development")
    with pytest.raises(InputError, match="no dataset card is called 'sciir'"):
        load_split("sciir", "dev")


def test_read_gold(tmp_path: Path) -> None:
    first, second = read_gold(write(tmp_path, ROW, {**ROW, "id": "x"}))
    assert (first.id, first.doc_id, first.sentence, second.id) == ("mine-0", "d", "BERT", "x")
    assert first.gold.to_scier() == {"ner": [["BERT", "Method"]], "rel": []}


def test_read_gold_of_token_spans_beside_strings(tmp_path: Path) -> None:
    examples = read_gold(write(tmp_path, ROW, SPANS, ROW))
    assert [example.id for example in examples] == [f"mine-{number}" for number in range(4)]
    assert examples[1].gold == Extraction(
        entities=(Entity(text="a", type="Task", span=(0, 1)),), sections=frozenset({"ner"})
    )


def test_read_gold_compressed_and_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(ROW).encode()
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(data))
    assert read_gold(path)[0].id == "a-0"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read_gold("-")[0].id == "stdin-0"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows; expected SciER's form, one JSON object a line"),
        ([ROW, {**ROW, "ner": [["a"]]}], r"mine.jsonl, line 2: row mine-1: field ner\[0\]: expected \[text, type\]"),
        ([{"ner": []}], "line 1: row mine-0: field sentence: expected a string"),
        ([{**ROW, "id": "a"}, {**ROW, "id": "a"}], "the id 'a' stands in two rows; ids must be unique"),
        ([{"sentences": [["a"]]}], "line 1: expected gold fields ner and/or relations in a token-span row"),
        ([{**SPANS, "ner": [[[0, 5, "T"]], []]}], r"line 1: field ner\[0\]: tokens 0-5 are outside sentence 0"),
    ],
)
def test_wrong_gold(tmp_path: Path, rows: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_gold(write(tmp_path, *rows))
    assert str(tmp_path / "mine.jsonl") in str(caught.value)


def test_the_schema_knows_the_types(tmp_path: Path) -> None:
    path = write(tmp_path, {"sentence": "s", "rel_plus": [["a:Material", "Used-For", "b:Method"]]})
    assert read_gold(path)[0].gold.relations[0].subject_type is None
    assert read_gold(path, "scierc")[0].gold.relations[0].subject_type == "Material"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/test.jsonl", "test"),
        ("test.jsonl.gz", "test"),
        (Path("x") / "y.z.zst", "y"),
        ("-", "stdin"),
        ("plain", "plain"),
    ],
)
def test_split_name(path: str | Path, name: str) -> None:
    assert split_name(path) == name


def test_gold_of() -> None:
    schema = load_schema()
    expected = Extraction.from_scier({"ner": [["a", "Task"]]})
    assert gold_of({"ner": [["a", "Task"]], "rel": None}, schema, "f") == expected
    assert gold_of('{"ner": [["a", "Task"]], "sentence": "a"}', schema, "f") == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "f, line 3: field gold: not JSON: "),
        ("[" * 100_000, "f, line 3: field gold: not JSON: "),
        ("[]", "f, line 3: field gold: expected a mapping"),
        (5, "f, line 3: field gold: expected a mapping"),
        ({"ner": 5}, "f, line 3: gold: field ner: expected a list"),
        ({}, "f, line 3: gold: expected at least one of the keys"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_wrong_gold_in_a_row(value: object, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        gold_of(value, load_schema(), "f, line 3")
