"""Label inventories: types, symmetric relations and type signatures."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sciie_eval.cards import load_schema
from sciie_eval.labels import EntityType, LabelSchema, RelationType


def toy() -> LabelSchema:
    return LabelSchema(
        name="toy",
        entity_types=("Method", EntityType(name="Task", definition="what is to be done")),
        relation_types=(
            RelationType(name="Used-For", signatures=(("Method", "Task"),)),
            {"name": "Compare-With", "symmetric": True},
            "Part-Of",
        ),
    )


def test_names() -> None:
    schema = toy()
    assert schema.entity_names == ("Method", "Task")
    assert schema.relation_names == ("Used-For", "Compare-With", "Part-Of")
    assert schema.entity_name_set == {"Method", "Task"}
    assert schema.relation_name_set == set(schema.relation_names)
    assert schema.symmetric_relations == {"Compare-With"}
    assert schema.entity_types[1].definition == "what is to be done"


@pytest.mark.parametrize(
    ("subject", "relation", "object_", "allowed"),
    [
        ("Method", "Used-For", "Task", True),
        ("Task", "Used-For", "Method", False),
        ("Task", "Compare-With", "Odd", True),
        ("Method", "Unknown", "Task", False),
    ],
)
def test_type_signatures(subject: str, relation: str, object_: str, allowed: bool) -> None:
    assert toy().allows(subject, relation, object_) is allowed


def test_a_schema_is_a_value() -> None:
    assert LabelSchema.model_validate(toy()) == toy()
    assert LabelSchema.model_validate(toy().model_dump()) == toy()
    assert LabelSchema(name="none").entity_names == ()
    with pytest.raises(ValidationError):
        toy().name = "other"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"entity_types": ("A", "A")}, "entity_types: a label is listed twice"),
        ({"relation_types": ("R", "S", "R")}, "relation_types: a label is listed twice"),
        (
            {"entity_types": ("A",), "relation_types": ({"name": "R", "signatures": [("A", "B")]},)},
            r"signature of R names unknown entity types \['B'\]",
        ),
        ({"colour": "red"}, "Extra inputs"),
        ({"entity_types": ({"name": "A", "colour": "red"},)}, "Extra inputs"),
    ],
)
def test_wrong_schemas(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LabelSchema(name="x", **fields)  # type: ignore[arg-type]


def test_not_a_mapping() -> None:
    with pytest.raises(ValidationError):
        LabelSchema.model_validate(["Method"])


def test_scier() -> None:
    schema = load_schema("scier")
    assert schema.entity_names == ("Method", "Task", "Dataset")
    assert len(schema.relation_names) == 9
    assert schema.symmetric_relations == {"Compare-With", "Synonym-Of"}
    assert sum(len(relation.signatures) for relation in schema.relation_types) == 23
