"""JSON value -> items: every common way in which models write entities and relations.

The asked shape, ``{"ner": [[text, type]], "rel": [[subject, relation, object]]}``, is read in one pass. Everything
else (mappings with text/type or subject/relation/object, other key names, lists of sections, grouping by type, types
inside the arguments) is read too, and every deviation leaves its issue code.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from functools import cached_property
from typing import Any

from pydantic_core import from_json

from sciie_eval.items import Items
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import SECTIONS, Section, split_typed, type_after

__all__ = ["merge_values", "read_items"]

SECTION_KEYS: dict[str, Section] = {
    **dict.fromkeys(("ner", "entities", "entity", "named_entities", "named entities", "mentions"), "ner"),
    **dict.fromkeys(("rel", "relations", "relation", "relationships", "triples", "triplets", "rels"), "rel"),
    **dict.fromkeys(("rel_plus", "rel+", "relplus", "relations_plus", "typed_relations"), "rel_plus"),
}
WRAPPERS = ("answer", "final_answer", "output", "result", "extraction", "prediction", "response")
TEXT_KEYS = ("text", "entity", "name", "span", "mention", "word", "entity_text", "value")
TYPE_KEYS = ("type", "label", "entity_type", "category", "class", "tag")
SUBJECT_KEYS = ("subject", "head", "source", "subj", "arg1", "from", "entity1", "e1", "subject_text", "head_entity")
OBJECT_KEYS = ("object", "tail", "target", "obj", "arg2", "to", "entity2", "e2", "object_text", "tail_entity")
RELATION_KEYS = ("relation", "type", "predicate", "label", "relation_type", "rel", "name")
SUBJECT_TYPE_KEYS = ("subject_type", "head_type", "source_type", "subj_type", "arg1_type")
OBJECT_TYPE_KEYS = ("object_type", "tail_type", "target_type", "obj_type", "arg2_type")


def read_items(value: object, schema: LabelSchema, issues: set[str]) -> Items | None:
    """Read one decoded answer; None when nothing in it looks like a section.

    Args:
        value: what the JSON decoder returned.
        schema: knows the entity types (last-colon rule, grouping by type) and relation names.
        issues: codes of every deviation are added here.
    """
    if not isinstance(value, dict) or not value or not value.keys() <= SECTIONS:
        value = merge_values([value], schema, issues)
        if value is None:
            return None
    value = _without_wrong_kinds(value, issues)
    items = Items(sections=frozenset(value))
    reader = _Reader(schema, issues, items)
    if "ner" in value:
        reader.entities(value["ner"])
    if "rel" in value or "rel_plus" in value:
        reader.relations(value.get("rel", []), value.get("rel_plus"))
    return items if value else None


def _without_wrong_kinds(value: dict[str, Any], issues: set[str]) -> dict[Section, Any]:
    """Sections hold a list, a mapping or null; anything else says nothing."""
    sections: dict[Section, Any] = {}
    for name, content in value.items():
        if isinstance(content, str):
            content = _undoubled(content, issues)
        if content is None:
            issues.add("null_section")
        elif not isinstance(content, list | dict):
            issues.add("section_of_wrong_kind")
            continue
        sections[SECTION_KEYS[name]] = content or []
    return sections


def merge_values(values: list[Any], schema: LabelSchema, issues: set[str]) -> dict[str, Any] | None:
    """Bring decoded values to one mapping of sections; a repeated key's last value wins."""
    sections: dict[str, Any] = {}
    if len(values) > 1 and all(_loose_kind(value, schema) for value in values):
        values = [values]
    for value in values:
        _collect(value, schema, sections, issues, depth=0)
    return sections or None


def _collect(value: object, schema: LabelSchema, sections: dict[str, Any], issues: set[str], depth: int) -> None:
    if isinstance(value, list):
        _collect_list(value, schema, sections, issues, depth)
    if not isinstance(value, dict):
        return
    found = False
    for key, content in value.items():
        section = SECTION_KEYS.get(key.strip().lower())
        content = _undoubled(content, issues) if section else content
        # "relation" and "entity" are section names only when they hold many things, else they are fields of one item
        if section is None or (key not in ("ner", "rel", "rel_plus") and not isinstance(content, list | dict)):
            continue
        found = True
        if key != section:
            issues.add("other_keys")
        sections[section] = content
    if not found and depth < 3:
        for key, content in value.items():
            if key.strip().lower() in WRAPPERS and isinstance(content, list | dict | str):
                issues.add("other_keys")
                _collect(_undoubled(content, issues), schema, sections, issues, depth + 1)


def _undoubled(content: object, issues: set[str]) -> object:
    """A list or mapping that was encoded as a JSON string; everything else as it is."""
    if not isinstance(content, str) or not content.lstrip().startswith(("[", "{")):
        return content
    try:
        value = from_json(content, allow_inf_nan=False)
    except ValueError:
        return content
    issues.add("double_encoded")
    return value


def _collect_list(
    value: list[Any], schema: LabelSchema, sections: dict[str, Any], issues: set[str], depth: int
) -> None:
    """A list holds sections, or items without their sections; which, the items themselves tell."""
    loose: dict[str, list[Any]] = {"ner": [], "rel": []}
    for element in value:
        kind = _loose_kind(element, schema)
        if kind is not None:
            loose[kind].append(element)
        elif isinstance(element, dict) and depth < 3:
            issues.add("list_of_sections")
            _collect(element, schema, sections, issues, depth + 1)
    for name, elements in loose.items():
        if elements:
            issues.add("items_without_section")
            sections[name] = elements


def _loose_kind(element: object, schema: LabelSchema) -> str | None:
    if isinstance(element, dict):
        if _first(element, SUBJECT_KEYS) is not None and _first(element, OBJECT_KEYS) is not None:
            return "rel"
        text, kind = _first(element, TEXT_KEYS), _first(element, TYPE_KEYS)
        return "ner" if isinstance(text, str) and isinstance(kind, str) else None
    if isinstance(element, list) and all(isinstance(part, str) for part in element):
        if len(element) == 3 and element[1] in schema.relation_name_set:
            return "rel"
        if len(element) == 2 and element[1] in schema.entity_name_set:
            return "ner"
    return None


class _Reader:
    """Reads the two sections of one answer into `Items`, noting issues."""

    def __init__(self, schema: LabelSchema, issues: set[str], items: Items) -> None:
        self.schema, self.issues, self.items = schema, issues, items

    # -- entities ------------------------------------------------------------------------------------------------

    def entities(self, value: list[Any] | dict[str, Any]) -> None:
        out = self.items.entities
        for item in value if isinstance(value, list) else self._entity_mapping(value):
            if type(item) is list and len(item) == 2 and type(item[0]) is str and type(item[1]) is str:
                out.append((item[0], item[1]))
            else:
                self._other_entity(item)

    def _entity_mapping(self, value: dict[str, Any]) -> list[Any]:
        """``{text: type}``, ``{type: [texts]}``, or a single entity without its list."""
        self.issues.add("mapping_items")
        if _loose_kind(value, self.schema) == "ner":
            return [value]
        items: list[Any] = []
        for key, content in value.items():
            if isinstance(content, list):
                items.extend([part, key] if not isinstance(part, dict | list) else part for part in content)
            elif key in self.schema.entity_name_set and isinstance(content, str):
                items.append([content, key])
            else:
                items.append([key, content])
        return items

    def _other_entity(self, item: object) -> None:
        text: str | None
        kind: str | None
        if isinstance(item, dict):
            self.issues.add("mapping_items")
            text, kind = self._text(_first(item, TEXT_KEYS)), self._text(_first(item, TYPE_KEYS))
        elif isinstance(item, str):
            text, kind = split_typed(item, self.schema.entity_name_set)
            self.issues.add("inline_types")
        elif isinstance(item, list) and len(item) >= 2:
            if len(item) > 2:
                self.issues.add("extra_fields")
            text, kind = self._text(item[0]), self._text(item[1])
        else:
            text = kind = None
        if text is None or kind is None:
            self.issues.add("dropped_items")
        else:
            self.items.entities.append((text, kind))

    # -- relations -----------------------------------------------------------------------------------------------

    def relations(self, rel: list[Any] | dict[str, Any], plus: list[Any] | dict[str, Any] | None) -> None:
        items = self.items
        for item in rel if isinstance(rel, list) else self._relation_mapping(rel):
            if (
                type(item) is list
                and len(item) == 3
                and type(item[0]) is str
                and type(item[1]) is str
                and type(item[2]) is str
                and ":" not in item[0]
                and ":" not in item[2]
            ):
                items.relations.append((item[0], item[1], item[2]))
                items.types.append((None, None))
            else:
                self._other_relation(item, self.schema.entity_name_set, self._entity_texts)
        if plus is not None:
            self._typed_relations(plus)

    @cached_property
    def _entity_texts(self) -> frozenset[str]:
        return frozenset(text for text, _ in self.items.entities)

    def _relation_mapping(self, value: dict[str, Any]) -> list[Any]:
        """``{relation: [[subject, object]]}``, or a single relation without its list."""
        self.issues.add("mapping_items")
        if _loose_kind(value, self.schema) == "rel":
            return [value]
        items: list[Any] = []
        for key, content in value.items():
            for pair in content if isinstance(content, list) else [content]:
                both = isinstance(pair, list) and len(pair) == 2
                items.append([pair[0], key, pair[1]] if both else pair)
        return items

    def _other_relation(self, item: object, known: Collection[str], plain: Collection[str]) -> None:
        if isinstance(item, dict):
            self.issues.add("mapping_items")
            fields = [_first(item, SUBJECT_KEYS), _first(item, RELATION_KEYS), _first(item, OBJECT_KEYS)]
            types = [self._text(_first(item, SUBJECT_TYPE_KEYS)), self._text(_first(item, OBJECT_TYPE_KEYS))]
        elif isinstance(item, list) and len(item) >= 3:
            if len(item) > 3:
                self.issues.add("extra_fields")
            fields, types = item[:3], [None, None]
        else:
            self.issues.add("dropped_items")
            return
        subject = self._argument(fields[0], types[0], known, plain)
        object_ = self._argument(fields[2], types[1], known, plain)
        relation = self._text(fields[1])
        if subject is None or object_ is None or relation is None:
            self.issues.add("dropped_items")
            return
        self.items.relations.append((subject[0], relation, object_[0]))
        self.items.types.append((subject[1], object_[1]))

    def _argument(
        self, value: object, given: str | None, known: Collection[str], plain: Collection[str]
    ) -> tuple[str, str | None] | None:
        """Text and type of one argument: a string, ``text:Type``, or a mapping with text and type."""
        if isinstance(value, dict):
            kind = self._text(_first(value, TYPE_KEYS))
            text = self._text(_first(value, TEXT_KEYS))
            return None if text is None else (text, kind or given)
        text = self._text(value)
        if text is None:
            return None
        if ":" in text and text not in plain:
            text, kind = split_typed(text, known)
            if kind is not None:
                self.issues.add("inline_types")
                return text, kind
        return text, given

    def _typed_relations(self, plus: list[Any] | dict[str, Any]) -> None:
        """Join rel_plus with rel: both state the same relations, and one that only one of them states still counts."""
        stated = Items()
        reader = _Reader(self.schema, set(), stated)
        known = self.schema.entity_name_set.union(kind for _, kind in self.items.entities)
        typed = plus if isinstance(plus, list) else reader._relation_mapping(plus)
        items = self.items
        aligned = len(typed) == len(items.relations)
        for index, item in enumerate(typed):
            if not (aligned and reader._aligned_relation(item, items.relations[index])):
                reader._other_relation(item, known, ())
        self.issues |= reader.issues - {"inline_types"}
        if "rel" not in items.sections or stated.relations == items.relations:
            items.relations, items.types = stated.relations, stated.types
            return
        self.issues.add("rel_plus_disagrees")
        rest = Counter(items.relations)
        rest.subtract(stated.relations)
        only_rel = [triple for triple, number in rest.items() for _ in range(number)]
        items.relations = stated.relations + only_rel
        items.types = stated.types + [(None, None)] * len(only_rel)

    def _aligned_relation(self, item: object, triple: tuple[str, str, str]) -> bool:
        """Where rel says how the text ends, the rest of ``text:Type`` is the type, known or not."""
        if not (isinstance(item, list) and len(item) == 3 and all(isinstance(part, str) for part in item)):
            return False
        types = type_after(triple[0], item[0]), type_after(triple[2], item[2])
        if item[1] != triple[1] or "" in types:
            return False
        self.items.relations.append(triple)
        self.items.types.append(types)
        return True

    def _text(self, value: object) -> str | None:
        """A string as it is; a number or a list of one string as the string it stands for; else None."""
        if isinstance(value, str):
            return value
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            self.issues.add("coerced_items")
            return value[0]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if (isinstance(value, float) and not math.isfinite(value)) or abs(value) > 1e15:
            return None
        self.issues.add("coerced_items")
        return str(value)


def _first(mapping: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the first of these names that the mapping has, whatever its case; None without any."""
    for name in names:
        if name in mapping:
            return mapping[name]
    lowered = {key.strip().lower(): content for key, content in mapping.items()}
    return next((lowered[name] for name in names if name in lowered), None)
