"""JSON value -> items: every common way in which models write entities and relations.

The asked shape, ``{"ner": [[text, type]], "rel": [[subject, relation, object]]}``, is read in one pass. Everything
else (mappings with text/type or subject/relation/object, other key names, lists of sections, grouping by type, types
inside the arguments) is read too, and every deviation leaves its issue code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any

from pydantic_core import from_json

from sciie_eval.items import Items
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import SECTIONS, Section, split_typed, type_after

__all__ = ["SECTION_KEYS", "WRAPPERS", "merge_values", "plain_key", "read_items"]

MAX_OTHER = 5_000  # items of a section that are read when not of the asked shape, at some five microseconds each
MAX_FIELDS = 50  # keys of one item that are looked at
MAX_NESTED = 6  # wrappers and lists around the sections that are opened

SECTION_KEYS: dict[str, Section] = {
    **dict.fromkeys(("ner", "entities", "entity", "named_entities", "mentions"), "ner"),
    **dict.fromkeys(("rel", "relations", "relation", "relationships", "triples", "triplets", "rels"), "rel"),
    **dict.fromkeys(("rel_plus", "rel+", "relplus", "relations_plus", "typed_relations"), "rel_plus"),
}
_ANSWERS = ("answer", "final_answer", "output", "result", "results", "prediction", "predictions", "response", "content")
_CALLS = ("tool_calls", "function", "arguments", "parameters", "input", "data", "json", "extraction", "extractions")
WRAPPERS = frozenset(_ANSWERS + _CALLS)
TEXT_KEYS = ("text", "entity", "name", "span", "mention", "word", "entity_text", "value")
TYPE_KEYS = ("type", "label", "entity_type", "category", "class", "tag")
SUBJECT_KEYS = ("subject", "head", "source", "subj", "arg1", "from", "entity1", "e1", "subject_text", "head_entity")
OBJECT_KEYS = ("object", "tail", "target", "obj", "arg2", "to", "entity2", "e2", "object_text", "tail_entity")
RELATION_KEYS = ("relation", "type", "predicate", "label", "relation_type", "rel", "name")
SUBJECT_TYPE_KEYS = tuple(f"{key}_type" for key in SUBJECT_KEYS)
OBJECT_TYPE_KEYS = tuple(f"{key}_type" for key in OBJECT_KEYS)


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
        content = _undoubled(content, issues) if isinstance(content, str) else content
        if content is None:
            issues.add("null_section")
        elif not isinstance(content, list | dict):
            issues.add("section_of_wrong_kind")
            continue
        sections[SECTION_KEYS[name]] = content or []
    return sections


def merge_values(values: list[Any], schema: LabelSchema, issues: set[str]) -> dict[str, Any] | None:
    """Bring decoded values to one mapping of sections: a key's last value wins, items without a key fill gaps only."""
    found = _Sections(schema, issues)
    found.take(values, depth=0)
    return {**found.unkeyed, **found.keyed} or None


class _Sections:
    """Sections found so far: under their keys, and lists of items without a key."""

    def __init__(self, schema: LabelSchema, issues: set[str]) -> None:
        self.schema, self.issues = schema, issues
        self.keyed: dict[str, Any] = {}
        self.unkeyed: dict[str, Any] = {}

    def take(self, elements: list[Any], depth: int) -> None:
        """Take the single items in a list, each for the section it belongs to, and look into everything else."""
        elements = _first_ones(elements, self.issues)
        kinds = [_loose_kind(element, self.schema) for element in elements]
        known = any(kinds)
        if known:  # beside items with known labels, others are items too
            self.issues.add("items_without_section")
            kinds = [kind or _loose_kind(element, None) for kind, element in zip(kinds, elements, strict=True)]
        for found in {kind for kind in kinds if kind}:
            self.unkeyed[found] = [element for element, kind in zip(elements, kinds, strict=True) if kind == found]
        for element, kind in zip(elements, kinds, strict=True):
            if kind is None and isinstance(element, dict | list):
                self.issues.update(["list_of_sections"] if depth else ())
                self.collect(element, depth)
            elif kind is None and known:
                self.issues.add("dropped_items")

    def collect(self, value: object, depth: int) -> None:
        """Find the sections in ``value``: a mapping with them, or wrappers and lists around it."""
        if depth > MAX_NESTED:
            self.issues.add("dropped_items")
        elif isinstance(value, list):
            self.take(value, depth + 1)
        elif isinstance(value, dict) and not self.has_keys(value):
            for key in islice(value, MAX_OTHER):
                if plain_key(key) in WRAPPERS:
                    self.issues.add("other_keys")
                    self.collect(_undoubled(value[key], self.issues), depth + 1)

    def has_keys(self, value: dict[str, Any]) -> bool:
        """Take the sections that stand under their own keys; False when there are none."""
        found = 0
        for key in islice(value, MAX_OTHER):
            section = SECTION_KEYS.get(plain_key(key))
            content = _undoubled(value[key], self.issues) if section else None
            # "relation" and "entity" are sections only when they hold many things, else they are fields of one item
            if section is None or (key not in SECTIONS and not isinstance(content, list | dict)):
                continue
            found += 1
            self.keyed[section] = content
            if key != section:
                self.issues.add("other_keys")
        if 0 < found < len(value):
            self.issues.add("extra_keys")
        return found > 0


def plain_key(key: str) -> str:
    """A key as the tables of this module spell it."""
    return key.strip().lower().replace(" ", "_").replace("-", "_")


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


def _first_ones(items: Iterable[Any], issues: set[str]) -> list[Any]:
    """As many items as are read where their shape is not the asked one."""
    first = list(islice(items, MAX_OTHER + 1))
    issues.update(["too_many_items"] if len(first) > MAX_OTHER else ())
    return first[:MAX_OTHER]


def _loose_kind(element: object, schema: LabelSchema | None) -> str | None:
    """The section to which a single item belongs; None for anything else. Without a schema any label will do."""
    if isinstance(element, dict):
        if _first(element, SUBJECT_KEYS) is not None and _first(element, OBJECT_KEYS) is not None:
            return "rel"
        if not element.keys().isdisjoint(WRAPPERS):
            return None
        text, kind = _first(element, TEXT_KEYS), _first(element, TYPE_KEYS)
        return "ner" if isinstance(text, str) and isinstance(kind, str) else None
    if isinstance(element, list) and all(isinstance(part, str) for part in element):
        if len(element) == 3 and (schema is None or element[1] in schema.relation_name_set):
            return "rel"
        if len(element) == 2 and (schema is None or element[1] in schema.entity_name_set):
            return "ner"
    return None


class _Reader:
    """Reads the two sections of one answer into `Items`, noting issues."""

    def __init__(self, schema: LabelSchema, issues: set[str], items: Items) -> None:
        self.schema, self.issues, self.items = schema, issues, items
        self.others = 0

    def entities(self, value: list[Any] | dict[str, Any]) -> None:
        append = self.items.entities.append
        for item in value if isinstance(value, list) else _first_ones(self._entity_mapping(value), self.issues):
            if type(item) is list and len(item) == 2 and type(item[0]) is type(item[1]) is str:
                append((item[0].strip(), item[1].strip()))
            elif self._another():
                self._other_entity(item)

    def _another(self) -> bool:
        """Whether one more item of another shape is read."""
        self.others += 1
        self.issues.update(["too_many_items"] if self.others > MAX_OTHER else ())
        return self.others <= MAX_OTHER

    def _entity_mapping(self, value: dict[str, Any]) -> Iterator[Any]:
        """``{text: type}``, ``{type: [texts]}``, or a single entity without its list."""
        self.issues.add("mapping_items")
        names = self.schema.entity_name_set
        single = _loose_kind(value, self.schema) == "ner"
        for key, content in {"": value}.items() if single else value.items():
            grouped = isinstance(content, list) or key in names
            for part in content if isinstance(content, list) else [content]:
                if isinstance(part, dict):
                    yield part if single else {"type" if key in names else "text": key, **part}
                elif isinstance(part, list) or part is None:
                    yield part
                elif part in names and key not in names:
                    yield [key, part]
                elif grouped:
                    yield [part, key]
                else:  # a field of half an entity is no entity
                    yield None if key in TEXT_KEYS + TYPE_KEYS else [key, part]

    def _other_entity(self, item: object) -> None:
        pair: tuple[object, object] = (None, None)
        if isinstance(item, dict):
            self.issues.add("mapping_items")
            pair = _first(item, TEXT_KEYS), _first(item, TYPE_KEYS)
        elif isinstance(item, str):
            self.issues.add("inline_types")
            pair = split_typed(item, self.schema.entity_name_set)
        elif isinstance(item, list) and len(item) >= 2:
            self.issues.update(["extra_fields"] if len(item) > 2 else ())
            pair = item[0], item[1]
        text, kind = self._text(pair[0]), self._text(pair[1])
        if text is None or kind is None:
            self.issues.add("dropped_items")
        else:
            self.items.entities.append((text, kind))

    def relations(self, rel: list[Any] | dict[str, Any], plus: list[Any] | dict[str, Any] | None) -> None:
        items = self.items
        self.others = 0
        for item in rel if isinstance(rel, list) else _first_ones(self._relation_mapping(rel), self.issues):
            three = type(item) is list and len(item) == 3
            if three and type(item[0]) is type(item[1]) is type(item[2]) is str and ":" not in item[0] + item[2]:
                items.relations.append((item[0].strip(), item[1].strip(), item[2].strip()))
                items.types.append((None, None))
            elif self._another():
                self._other_relation(item, self.schema.entity_name_set, self._entity_texts)
        if plus is not None:
            self._typed_relations(plus)

    @cached_property
    def _entity_texts(self) -> frozenset[str]:
        return frozenset(text for text, _ in self.items.entities)

    def _relation_mapping(self, value: dict[str, Any]) -> Iterator[Any]:
        """``{relation: [[subject, object]]}``, or a single relation without its list."""
        self.issues.add("mapping_items")
        single = _loose_kind(value, self.schema) == "rel"
        for key, content in {"": value}.items() if single else value.items():
            for pair in content if isinstance(content, list) else [content]:
                if isinstance(pair, list):
                    yield [pair[0], key, pair[1]] if len(pair) == 2 else pair
                else:
                    yield {"relation": key, **pair} if isinstance(pair, dict) and not single else pair

    def _other_relation(self, item: object, known: frozenset[str], plain: Collection[str]) -> None:
        if isinstance(item, dict):
            self.issues.add("mapping_items")
            fields = [_first(item, SUBJECT_KEYS), _first(item, RELATION_KEYS), _first(item, OBJECT_KEYS)]
            types = [self._text(_first(item, SUBJECT_TYPE_KEYS)), self._text(_first(item, OBJECT_TYPE_KEYS))]
        elif isinstance(item, list) and len(item) >= 3:
            self.issues.update(["extra_fields"] if len(item) > 3 else ())
            fields, types = item[:3], [None, None]
        else:
            fields, types = [None] * 3, [None] * 2
        subject, object_ = (self._argument(fields[at], types[at // 2], known, plain) for at in (0, 2))
        relation = self._text(fields[1])
        if subject is None or object_ is None or relation is None:
            self.issues.add("dropped_items")
        else:
            self.items.relations.append((subject[0], relation, object_[0]))
            self.items.types.append((subject[1], object_[1]))

    def _argument(
        self, value: object, given: str | None, known: frozenset[str], plain: Collection[str]
    ) -> tuple[str, str | None] | None:
        """Text and type of one argument: a string, ``text:Type``, or a mapping with text and type."""
        if isinstance(value, dict):
            kind, text = self._text(_first(value, TYPE_KEYS)), self._text(_first(value, TEXT_KEYS))
            return None if text is None else (text, kind or given)
        text = self._text(value)
        kind = None
        if text is not None and ":" in text and text not in plain:
            text, kind = split_typed(text, known)
            self.issues.update(["inline_types"] if kind else ())
        return None if text is None else (text.strip(), kind or given)

    def _typed_relations(self, plus: list[Any] | dict[str, Any]) -> None:
        """Join rel_plus with rel: both state the same relations, and one that only one of them states still counts."""
        stated = Items()
        reader = _Reader(self.schema, set(), stated)
        known = self.schema.entity_name_set.union(kind for _, kind in self.items.entities)
        items = self.items
        typed = _first_ones(plus if isinstance(plus, list) else reader._relation_mapping(plus), self.issues)
        for item, triple in zip_longest(typed, items.relations[: len(typed)]):
            if not reader._aligned_relation(item, triple):
                reader._other_relation(item, known, ())
        self.issues |= reader.issues - {"inline_types"}
        if "rel" not in items.sections or stated.relations == items.relations:
            items.relations, items.types = stated.relations, stated.types
            return
        self.issues.add("rel_plus_disagrees")
        only_rel = list((Counter(items.relations) - Counter(stated.relations)).elements())
        items.relations = stated.relations + only_rel
        items.types = stated.types + [(None, None)] * len(only_rel)

    def _aligned_relation(self, item: object, triple: tuple[str, str, str] | None) -> bool:
        """Where rel says how the text ends, the rest of ``text:Type`` is the type, known or not."""
        if triple is None or not isinstance(item, list) or [type(part) for part in item] != [str, str, str]:
            return False
        types = type_after(triple[0], item[0]), type_after(triple[2], item[2])
        if item[1] != triple[1] or "" in types:
            return False
        self.items.relations.append(triple)
        self.items.types.append(types)
        return True

    def _text(self, value: object) -> str | None:
        """A string without outer blanks; a number or a list of one string as the string it stands for; else None."""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            value = value[0]
        elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
            return None  # NaN is not less than anything
        self.issues.add("coerced_items")
        return str(value).strip()


def _first(mapping: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the first of these names that the mapping has, however it spells them; None without any."""
    for name in names:
        if name in mapping:
            return mapping[name]
    spelled = {plain_key(key): content for key, content in islice(mapping.items(), MAX_FIELDS)}
    return next((spelled[name] for name in names if name in spelled), None)
