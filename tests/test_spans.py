"""The token-span form: texts, offsets and types from token numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sciie_eval.corpus import read_gold
from sciie_eval.exceptions import InputError
from sciie_eval.schema import Example, Extraction
from sciie_eval.scoring import score
from sciie_eval.spans import PlacedSentence, is_span_row, read_document

DOCUMENT = {
    "doc_key": "d1",
    "sentences": [["We", "use", "BERT", "."], [], ["BERT", "solves", "entity", "linking"]],
    "ner": [[[2, 2, "Method"]], [], [[4, 4, "Method", 0.9], [6, 7, "Task"]]],
    "relations": [[], [], [[4, 4, 6, 7, "Used-For", 0.8, "x"]]],
}


def read(**changes: Any) -> list[PlacedSentence]:
    return list(read_document({**DOCUMENT, **changes}, "f, line 1"))


def test_texts_and_offsets() -> None:
    first, empty, last = read()
    assert (first.doc_id, first.sentence, empty.sentence) == ("d1", "We use BERT .", "")
    assert last.predicted is None
    assert last.gold is not None
    assert last.gold.to_scier() == {
        "ner": [["BERT", "Method"], ["entity linking", "Task"]],
        "rel": [["BERT", "Used-For", "entity linking"]],
        "rel_plus": [["BERT:Method", "Used-For", "entity linking:Task"]],
    }
    relation = last.gold.relations[0]
    assert (relation.subject_span, relation.object_span) == ((0, 4), (12, 26))
    for sentence in (first, last):
        assert sentence.gold is not None
        for entity in sentence.gold.entities:
            assert entity.span is not None
            assert sentence.sentence[slice(*entity.span)] == entity.text


def test_predictions_beside_gold() -> None:
    found = read(predicted_ner=[[], [], [[6, 6, "Task"]]], predicted_relations=[[], [], [[4, 4, 6, 6, "Used-For"]]])
    assert found[0].predicted == Extraction()
    predicted = found[2].predicted
    assert predicted is not None
    assert (predicted.relations[0].subject_type, predicted.relations[0].object_type) == (None, "Task")


@pytest.mark.parametrize(
    ("fields", "sections"),
    [
        ({"ner"}, {"ner"}),
        ({"relations"}, {"rel"}),
        ({"ner", "relations"}, {"ner", "rel", "rel_plus"}),
        (set(), None),
    ],
)
def test_sections(fields: set[str], sections: set[str] | None) -> None:
    row = {key: value for key, value in DOCUMENT.items() if key in fields | {"sentences"}}
    found = next(read_document(row, "f"))
    assert found.doc_id == ""
    assert (None if found.gold is None else found.gold.sections) == sections


@pytest.mark.parametrize("order", [1, -1])
def test_a_range_with_two_types_leaves_the_type_open(order: int) -> None:
    entities = [[4, 4, "Method"], [4, 4, "Task"], [6, 7, "Task"]][::order]
    place = read(predicted_ner=[[], [], entities], predicted_relations=DOCUMENT["relations"])[2]
    assert place.gold is not None
    assert place.predicted is not None
    assert place.predicted.relations[0].subject_type is None
    found = score([place.gold], [place.predicted])
    assert found.rel_plus is not None
    assert found.rel_plus.f1 == 1


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (DOCUMENT, True),
        ({"sentences": []}, True),
        ({"sentences": ["a b"]}, False),
        ({"sentences": "a"}, False),
        ({"sentence": "a"}, False),
    ],
)
def test_is_span_row(row: dict[str, Any], expected: bool) -> None:
    assert is_span_row(row) is expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sentences": [["a", 1], [], []]}, r"f, line 1: field sentences\[0\]: expected a list of strings"),
        ({"ner": [[]]}, r"field ner: expected one list a sentence \(3\)"),
        ({"ner": "x"}, r"field ner: expected one list a sentence \(3\)"),
        ({"ner": [[], [], 5]}, r"field ner\[2\]: expected a list of items"),
        ({"ner": [[[2, 2]], [], []]}, r"field ner\[0\]: expected \[first token, last token, type\], got \[2, 2\]"),
        ({"ner": [[[2, 2, 3]], [], []]}, r"field ner\[0\]: expected"),
        ({"ner": [[["2", 2, "T"]], [], []]}, r"field ner\[0\]: expected token numbers, got '2', 2"),
        ({"ner": [[[2, 4, "T"]], [], []]}, r"field ner\[0\]: tokens 2-4 are outside sentence 0 \(tokens 0-3\)"),
        ({"ner": [[], [], [[3, 4, "T"]]]}, r"tokens 3-4 are outside sentence 2 \(tokens 4-7\)"),
        ({"ner": [[[2, 1, "T"]], [], []]}, r"tokens 2-1 are outside"),
        ({"relations": [[[0, 0, 1, 1]], [], []]}, r"field relations\[0\]: expected \[first, last, first, last token"),
        ({"relations": [[{}], [], []]}, r"field relations\[0\]: expected"),
        (
            {"sentences": [["a", ""], [], []], "ner": [[[1, 1, "T"]], [], []]},
            r"field ner\[0\]: token 1 is empty; an item needs a text",
        ),
    ],
)
def test_errors_name_place_and_expectation(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(**changes)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_string_files_are_the_projection(scier: dict[str, list[dict[str, Any]]], data_dir: Path, split: str) -> None:
    placed = read_gold(data_dir / "scier" / f"plm_{split}.jsonl")
    rows = [Example.from_row(row, id=f"plm_{split}-{number}").to_row() for number, row in enumerate(scier[split])]
    assert [example.to_row() for example in placed] == rows


@pytest.mark.parametrize("split", ["dev", "test"])
@pytest.mark.parametrize("match", ["strict", "overlap", "fuzzy"])
def test_span_files_against_themselves(data_dir: Path, split: str, match: str) -> None:
    gold = read_gold(data_dir / "scier" / f"plm_{split}.jsonl")
    found = score(gold, [example.gold for example in gold], match=match)
    for task in (found.ner, found.rel, found.rel_plus):
        assert task is not None
        assert (task.precision, task.recall, task.f1, task.macro_f1) == (1.0, 1.0, 1.0, 1.0)
    assert "|items:offsets|" in found.signature
