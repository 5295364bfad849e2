"""Items out of decoded JSON, however its author arranged them."""

from __future__ import annotations

from typing import Any

import pytest

from sciie_eval import shapes
from sciie_eval.cards import load_schema
from sciie_eval.items import Items
from sciie_eval.shapes import merge_values, plain_key, read_items

SCHEMA = load_schema("scier")
A, B = ["BERT", "Method"], ["NER", "Task"]
R = ["BERT", "Used-For", "NER"]
ENTITIES = [("BERT", "Method"), ("NER", "Task")]
RELATIONS = [("BERT", "Used-For", "NER")]
NER, REL = [A, B], [R]


def read(value: object) -> tuple[Items | None, list[str]]:
    issues: set[str] = set()
    return read_items(value, SCHEMA, issues), sorted(issues)


def entity(text: str, kind: str) -> dict[str, str]:
    return {"text": text, "type": kind}


@pytest.mark.parametrize(
    ("value", "issues"),
    [
        ({"ner": NER, "rel": REL}, []),
        ({"ner": NER, "rel_plus": [["BERT:Method", "Used-For", "NER:Task"]]}, []),
        ({"ner": NER, "rel": REL, "rel_plus": [["BERT:Method", "Used-For", "NER:Task"]]}, []),
        ({"NER": NER, "Rel": REL}, ["other_keys"]),
        ({"entities": NER, "relations": REL}, ["other_keys"]),
        ({"named entities": NER, "Triples": REL}, ["other_keys"]),
        ({"ner": NER, "rel": REL, "confidence": 1}, ["extra_keys"]),
        ({"answer": {"ner": NER, "rel": REL}}, ["other_keys"]),
        ({"name": "extract", "arguments": {"ner": NER, "rel": REL}}, ["other_keys"]),
        (
            {
                "type": "function",
                "name": "f",
                "arguments": '{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}',
            },
            ["double_encoded", "other_keys"],
        ),
        ([{"ner": NER}, {"rel": REL}], ["list_of_sections"]),
        ([{"ner": NER, "rel": REL}], ["list_of_sections"]),
        ([NER, REL], ["items_without_section", "list_of_sections"]),
        ([A, B, R], ["items_without_section"]),
        (
            [
                *map(dict, [entity("BERT", "Method"), entity("NER", "Task")]),
                {"head": "BERT", "type": "Used-For", "tail": "NER"},
            ],
            ["items_without_section", "mapping_items"],
        ),
        ({"ner": '[["BERT", "Method"], ["NER", "Task"]]', "rel": REL}, ["double_encoded"]),
        ({"entities": [entity("BERT", "Method"), entity("NER", "Task")], "rel": REL}, ["mapping_items", "other_keys"]),
        (
            {"ner": [{"Entity": "BERT", "Label": "Method"}, {"entity text": "NER", "Entity-Type": "Task"}], "rel": REL},
            ["mapping_items"],
        ),
        ({"ner": {"BERT": "Method", "NER": "Task"}, "rel": REL}, ["mapping_items"]),
        ({"ner": {"Method": ["BERT"], "Task": "NER"}, "rel": REL}, ["mapping_items"]),
        ({"ner": {"BERT": ["Method"], "NER": ["Task"]}, "rel": REL}, ["mapping_items"]),
        ({"ner": {"Method": [{"text": "BERT"}], "Task": [["NER", "Task"]]}, "rel": REL}, ["mapping_items"]),
        ({"ner": {"BERT": {"type": "Method"}, "NER": {"type": "Task"}}, "rel": REL}, ["mapping_items"]),
        ({"ner": ["BERT:Method", "NER: Task"], "rel": REL}, ["inline_types"]),
        ({"ner": [["BERT", "Method", 0, 4], B], "rel": [[*R, 0.9]]}, ["extra_fields"]),
        ({"ner": [[["BERT"], "Method"], B], "rel": [["BERT", "Used-For", ["NER"]]]}, ["coerced_items"]),
        (
            {"ner": [None, A, [], ["x"], 5, [True, "Task"], B], "rel": [None, R, ["BERT", "Used-For"]]},
            ["dropped_items"],
        ),
        ({"ner": NER, "rel": [{"subject": "BERT", "relation": "Used-For", "object": "NER"}]}, ["mapping_items"]),
        ({"ner": NER, "rel": {"subject": "BERT", "relation": "Used-For", "object": "NER"}}, ["mapping_items"]),
        ({"ner": NER, "rel": {"Used-For": [["BERT", "NER"]]}}, ["mapping_items"]),
        ({"ner": NER, "rel": {"Used-For": ["BERT", "NER"]}}, ["dropped_items", "mapping_items"]),
        ({"ner": NER, "rel": {"Used-For": [{"subject": "BERT", "object": "NER"}]}}, ["mapping_items"]),
        ({"ner": NER, "rel": {"all": [R]}}, ["mapping_items"]),
        ({"ner": NER, "rel": [["BERT:Method", "Used-For", "NER:Task"]]}, ["inline_types"]),
    ],
)
def test_shapes(value: object, issues: list[str]) -> None:
    items, found = read(value)
    assert items is not None
    assert found == issues
    assert items.entities == ENTITIES
    assert items.relations == ([] if "Used-For': ['" in str(value) else RELATIONS)
    assert len(items.types) == len(items.relations)


@pytest.mark.parametrize(
    ("value", "entities", "issues"),
    [
        ({"ner": entity("BERT", "Method")}, [("BERT", "Method")], ["mapping_items"]),
        ({"ner": {"entity": "BERT", "type": "Odd"}}, [("BERT", "Odd")], ["mapping_items"]),
        (entity("BERT", "Method"), [("BERT", "Method")], ["items_without_section", "mapping_items"]),
        ([A, ["x", "Odd"]], [("BERT", "Method"), ("x", "Odd")], ["items_without_section"]),
        ([A, "x", 5], [("BERT", "Method")], ["dropped_items", "items_without_section"]),
        # half an entity under a section is a mapping of fields, not of texts to types
        ({"ner": {"text": "BERT"}}, [], ["dropped_items", "mapping_items"]),
        ({"ner": {"text": "Method"}}, [("text", "Method")], ["mapping_items"]),
        ({"ner": {"Odd": ["BERT", None]}}, [("BERT", "Odd")], ["dropped_items", "mapping_items"]),
        ({"ner": {"BERT": "Odd"}}, [("BERT", "Odd")], ["mapping_items"]),
        ({"ner": [[42, "Task"], [1.5, "Task"]]}, [("42", "Task"), ("1.5", "Task")], ["coerced_items"]),
        ({"ner": [[float("nan"), "Task"], [float("inf"), "Task"], [10**400, "Task"]]}, [], ["dropped_items"]),
        ({"ner": ["no type"]}, [], ["dropped_items", "inline_types"]),
        ({"ner": [["", ""], ["a", "a"], ["a", "a"]]}, [("", ""), ("a", "a"), ("a", "a")], []),
        ({"ner": [{f"k{number}": 1 for number in range(99)}]}, [], ["dropped_items", "mapping_items"]),
        ({"ner": None}, [], ["null_section"]),
        ({"ner": {}}, [], []),
        ({"ner": []}, [], []),
    ],
)
def test_entities(value: object, entities: list[Any], issues: list[str]) -> None:
    items, found = read(value)
    assert items is not None
    assert (items.entities, found) == (entities, issues)


@pytest.mark.parametrize(
    ("value", "relations", "types"),
    [
        # types of the arguments, wherever they stand
        ({"rel": [["a:Method", "r", "b"]]}, [("a", "r", "b")], [("Method", None)]),
        ({"rel": [["a : b:Method", "r", "b:c"]]}, [("a : b", "r", "b:c")], [("Method", None)]),
        ({"ner": [["a:Method", "Task"]], "rel": [["a:Method", "r", "b"]]}, [("a:Method", "r", "b")], [(None, None)]),
        (
            {
                "rel": [
                    {"subject": "a", "subject_type": "Method", "relation": "r", "object": {"text": "b", "type": "Task"}}
                ]
            },
            [("a", "r", "b")],
            [("Method", "Task")],
        ),
        (
            {"rel": [{"head": "a", "type": "r", "tail": {"name": "b"}, "tail_type": "Task"}]},
            [("a", "r", "b")],
            [(None, "Task")],
        ),
        ({"rel": [{"subject": {"type": "Task"}, "relation": "r", "object": "b"}]}, [], []),
        # rel_plus: known types, types that ner uses, and with rel beside it any type at all
        ({"rel_plus": [["a:Method", "r", "b:Odd"]]}, [("a", "r", "b:Odd")], [("Method", None)]),
        ({"ner": [["b", "Odd"]], "rel_plus": [["a:Method", "r", "b:Odd"]]}, [("a", "r", "b")], [("Method", "Odd")]),
        ({"rel": [["a", "r", "b"]], "rel_plus": [["a:Odd", "r", "b:Queer"]]}, [("a", "r", "b")], [("Odd", "Queer")]),
        ({"rel": [["a", "r", "b"]], "rel_plus": [["a", "r", "b:Task"]]}, [("a", "r", "b")], [(None, "Task")]),
        ({"rel_plus": {"r": [["a:Task", "b:Task"]]}}, [("a", "r", "b")], [("Task", "Task")]),
        # a rel_plus that breaks off is aligned as far as it goes
        (
            {"rel": [["a", "r", "b"], ["c", "r", "d"]], "rel_plus": [["a:Odd", "r", "b:Odd"]]},
            [("a", "r", "b"), ("c", "r", "d")],
            [("Odd", "Odd"), (None, None)],
        ),
    ],
)
def test_types_of_arguments(value: object, relations: list[Any], types: list[Any]) -> None:
    items, _ = read(value)
    assert items is not None
    assert (items.relations, items.types) == (relations, types)


def test_rel_and_rel_plus_that_disagree_both_count() -> None:
    rel = [["a", "r", "b"], ["c", "r", "d"], ["c", "r", "d"]]
    items, issues = read({"rel": rel, "rel_plus": [["x:Task", "r", "y:Task"], ["c:Task", "r", "d:Task"], 5]})
    assert items is not None
    assert items.relations == [("x", "r", "y"), ("c", "r", "d"), ("a", "r", "b"), ("c", "r", "d")]
    assert items.types == [("Task", "Task"), ("Task", "Task"), (None, None), (None, None)]
    assert issues == ["dropped_items", "rel_plus_disagrees"]


def test_sections_that_say_nothing() -> None:
    assert read({"ner": True, "rel": 5}) == (None, ["section_of_wrong_kind"])
    items, issues = read({"ner": "none", "rel": None})
    assert items is not None
    assert (items.sections, issues) == ({"rel"}, ["null_section", "section_of_wrong_kind"])
    assert read({"ner": "[broken"})[1] == ["section_of_wrong_kind"]


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [[]], [1, "a"], {"a": 1}, {"answer": "none"}, ["a", "b"]])
def test_no_sections(value: object) -> None:
    assert read(value)[0] is None


def test_a_field_is_no_section() -> None:
    # "relation" and "entity" name a section only where they hold many things
    items, _ = read({"relation": [R], "entity": NER})
    assert items is not None
    assert (items.entities, items.relations) == (ENTITIES, RELATIONS)
    items, issues = read([{"entity": "BERT", "type": "Method"}, {"subject": "a", "relation": "r", "object": "b"}])
    assert items is not None
    assert (items.entities, items.relations) == ([("BERT", "Method")], [("a", "r", "b")])
    assert issues == ["items_without_section", "mapping_items"]


def test_merging() -> None:
    issues: set[str] = set()
    assert merge_values([{"ner": [A], "rel": []}, {"ner": [B]}], SCHEMA, issues) == {"ner": [B], "rel": []}
    assert merge_values([A, B, R], SCHEMA, issues) == {"ner": [A, B], "rel": [R]}
    assert issues == {"items_without_section"}
    # what stands under a key wins over what stands alone, before or after it
    assert merge_values([A, {"ner": [B]}, R], SCHEMA, issues) == {"ner": [B], "rel": [R]}
    assert merge_values([1, None, "x"], SCHEMA, issues) is None


def test_wrappers_are_opened_only_so_deep() -> None:
    for depth, found in ((shapes.MAX_NESTED, True), (shapes.MAX_NESTED + 1, False)):
        value: object = {"ner": [A]}
        for _ in range(depth):
            value = {"answer": value}
        items, issues = read(value)
        assert (items is not None) is found
        assert ("dropped_items" in issues) is not found


def test_other_shapes_are_read_only_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MAX_OTHER", 2)
    for ner in ([A, *[entity("x", "Task")] * 3, B], {"a": "Task", "b": "Task", "c": "Task"}):
        items, issues = read({"ner": ner, "rel": [R]})
        assert items is not None
        assert "too_many_items" in issues
        assert len(items.entities) == (4 if isinstance(ner, list) else 2)  # those of the asked shape all count
    issues_: set[str] = set()
    assert merge_values([[A, B, ["x", "Task"]]], SCHEMA, issues_) == {"ner": [A, B]}
    assert "too_many_items" in issues_
    items, issues = read({"rel": [["a:Task", "r", "b"], ["a", "r", "b"]] * 3})
    assert items is not None
    assert (len(items.relations), issues) == (5, ["inline_types", "too_many_items"])
    items, issues = read({"rel_plus": [["a:Task", "r", "b"]] * 3})
    assert items is not None
    assert (len(items.relations), issues) == (2, ["too_many_items"])


def test_keys_as_the_tables_spell_them() -> None:
    assert plain_key(" Entity-Type x ") == "entity_type_x"
