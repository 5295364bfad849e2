"""Entities, relations and examples: SciER's form in, SciER's form out, and what is said about a malformed row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError
from strategies import scier_rows

from sciie_eval.exceptions import InputError
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import Entity, Example, Extraction, Relation, split_typed, type_after

TASK = LabelSchema(name="tasks", entity_types=("Task",))


@pytest.mark.parametrize("split", ["train", "dev", "test", "test_ood"])
def test_round_trip_of_scier(scier: dict[str, list[dict[str, Any]]], split: str) -> None:
    for number, row in enumerate(scier[split]):
        example = Example.from_row(row, id=f"{split}-{number}")
        assert example.to_row() == {"id": f"{split}-{number}", **row}
        plus = {"rel_plus": row["rel_plus"]}
        alone = Extraction.from_scier(plus)
        assert alone.to_scier() == plus
        assert alone.relations == example.gold.relations  # types are found without ner: the last colon decides


def test_entity_texts_with_colons(scier: dict[str, list[dict[str, Any]]]) -> None:
    relations = Example.from_row(scier["train"][4568], id="x").gold.relations
    assert any(":" in text for relation in relations for text in (relation.subject, relation.object))
    assert all(relation.subject_type and relation.object_type for relation in relations)


@given(scier_rows(inline=True))
def test_round_trip(row: dict[str, Any]) -> None:
    for sections in (("ner", "rel", "rel_plus"), ("ner", "rel"), ("rel",), ("ner",), ("rel", "rel_plus")):
        part = {key: row[key] for key in sections}
        found = Extraction.from_scier(part)
        assert found.to_scier() == part
        assert found.sections == set(sections)


def test_rel_plus_alone() -> None:
    row = {"rel_plus": [["Task : NER:Task", "Part-Of", "x:Odd"]]}
    found = Extraction.from_scier(row)
    assert found.relations == (Relation(subject="Task : NER", type="Part-Of", object="x:Odd", subject_type="Task"),)
    assert found.to_scier() == row
    known = Extraction.from_scier({**row, "ner": [["x", "Odd"]]})  # a type that ner uses is known
    assert known.relations[0].object_type == "Odd"


def test_two_types_for_one_text() -> None:
    row = {
        "ner": [["x", "Method"], ["x", "Task"]],
        "rel": [["x", "Part-Of", "x"]],
        "rel_plus": [["x:Method", "Part-Of", "x:Task"]],
    }
    found = Extraction.from_scier(row)
    assert (found.relations[0].subject_type, found.relations[0].object_type) == ("Method", "Task")
    assert found.to_scier() == row


def test_types_that_no_schema_knows_survive_beside_rel() -> None:
    row = {"rel": [["a:b", "R", "c"]], "rel_plus": [["a:b:Weird:Type", "R", "c:"]]}
    with pytest.raises(InputError, match=r"rel_plus\[0\]"):
        Extraction.from_scier(row)
    row["rel_plus"] = [["a:b:Weird:Type", "R", "c:X"]]
    assert Extraction.from_scier(row).to_scier() == row


def test_untyped_relations_are_written_as_rel() -> None:
    found = Extraction(relations=(Relation(subject="a", type="R", object="b"),))
    assert found.to_scier() == {"ner": [], "rel": [["a", "R", "b"]]}


def test_other_keys_are_ignored_and_none_is_absent() -> None:
    found = Extraction.from_scier({"ner": [], "rel": None, "sentence": "x"})
    assert found.sections == {"ner"}
    assert found.to_scier() == {"ner": []}


def test_tuples_are_read_like_lists() -> None:
    assert Extraction.from_scier({"ner": (("a", "Task"),)}).entities == (Entity(text="a", type="Task"),)


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ([], ["row 7", "expected a mapping", "got []"]),
        ({}, ["row 7", "at least one of the keys ner, rel, rel_plus", "got []"]),
        ({"ner": None, "x": 1}, ["row 7", "got ['ner', 'x']"]),
        ({"ner": "BERT"}, ["row 7", "field ner:", "a list of [text, type]", "'BERT'"]),
        ({"ner": [["a", "Task"], ["b"]]}, ["row 7", "field ner[1]:", "[text, type], all strings", "['b']"]),
        ({"ner": [["a", 3]]}, ["field ner[0]:", "all strings"]),
        ({"ner": ["ab"]}, ["field ner[0]:"]),
        ({"rel": {"a": 1}}, ["field rel:", "[subject, relation, object]"]),
        ({"rel": [["a", "R"]]}, ["field rel[0]:", "[subject, relation, object]"]),
        ({"rel_plus": [["a", "R"]]}, ["field rel_plus[0]:", '["text:Type", relation, "text:Type"]']),
        ({"rel": [], "rel_plus": [["a:Task", "R", "b:Task"]]}, ["field rel_plus:", "as many items as rel (0), got 1"]),
        (
            {"rel": [["a", "R", "b"]], "rel_plus": [["a:Task", "S", "b:Task"]]},
            ["field rel_plus[0]:", "the same relation as rel[0]", "a:Type"],
        ),
        ({"rel": [["a", "R", "b"]], "rel_plus": [["a:Task", "R", "c:Task"]]}, ["field rel_plus[0]:"]),
        ({"ner": [["x" * 500]]}, ["field ner[0]:", "..."]),
    ],
)
def test_errors_name_row_field_and_expectation(row: Any, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Extraction.from_scier(row, where="row 7")
    assert all(part in str(caught.value) for part in parts), caught.value
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("span", [(2, 2), (-1, 2), (3, 1)])
def test_spans_are_ranges(span: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match="span: expected 0 <= start < end"):
        Entity(text="a", type="Task", span=span)
    with pytest.raises(ValidationError, match="object_span: expected"):
        Relation(subject="a", type="R", object="b", object_span=span)


def test_values() -> None:
    entity = Entity(text="a", type="Task", span=(0, 1))
    assert entity == Entity(text="a", type="Task", span=(0, 1))
    assert len({entity, Entity(text="a", type="Task")}) == 2
    with pytest.raises(ValidationError):
        entity.text = "b"
    with pytest.raises(ValidationError):
        Entity(text="a", type="Task", colour="red")  # type: ignore[call-arg]
    assert hash(Example(id="1", sentence="a", gold=Extraction(entities=(entity,))))


def test_examples() -> None:
    example = Example.from_row({"id": 5, "doc_id": 12, "sentence": "s", "ner": []}, id="dev-0")
    assert (example.id, example.doc_id) == ("5", "12")
    assert example.to_row() == {"id": "5", "doc_id": "12", "sentence": "s", "ner": []}
    padded = Example.from_row({"id": None, "doc_id": None, "sentence": "s", "ner": []}, id="dev-0")
    assert (padded.id, padded.doc_id) == ("dev-0", "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"ner": []}, "row dev-3: field sentence: expected a string, got None"),
        ({"id": "x", "sentence": 5, "ner": []}, "row x: field sentence: expected a string, got 5"),
        ({"sentence": "s"}, "row dev-3: expected at least one of the keys"),
        ({"sentence": "s", "rel": [[]]}, r"row dev-3: field rel\[0\]"),
    ],
)
def test_wrong_examples(row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Example.from_row(row, id="dev-3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:Task", ("a", "Task")),
        ("a : Task", ("a", "Task")),
        ("a:b:Task", ("a:b", "Task")),
        ("a :Task", ("a ", "Task")),
        ("a:Odd", ("a:Odd", None)),
        ("Task", ("Task", None)),
        (":Task", ("", "Task")),
        ("", ("", None)),
    ],
)
def test_split_typed(text: str, expected: tuple[str, str | None]) -> None:
    assert split_typed(text, TASK.entity_name_set) == expected


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [("a", "a", None), ("a", "a:Task", "Task"), ("a", "b:Task", ""), ("a", "ab", ""), ("a:b", "a:b:X:Y", "X:Y")],
)
def test_type_after(text: str, whole: str, expected: str | None) -> None:
    assert type_after(text, whole) == expected
