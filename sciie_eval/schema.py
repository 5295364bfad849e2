"""Entities, relations and examples as people handle them: validated, frozen, hashable.

SciER writes an extraction as a mapping with three keys: ``ner`` [[text, type]], ``rel`` [[subject, relation, object]]
and ``rel_plus`` [["text:Type", relation, "text:Type"]]. `Extraction` reads and writes that form without loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import InputError, brief
from sciie_eval.labels import LabelSchema

__all__ = ["Entity", "Example", "Extraction", "Relation", "Section", "split_typed", "type_after"]

Section = Literal["ner", "rel", "rel_plus"]
"""A key of SciER's form; an extraction remembers which of them it was given."""

SECTIONS: frozenset[Section] = frozenset({"ner", "rel", "rel_plus"})
Span = tuple[int, int]
"""Character offsets (start, end) into the sentence, 0-based, end exclusive."""


class Entity(BaseModel):
    """One entity mention: its text, its type and, where known, its character offsets.

    >>> Entity(text="BERT", type="Method", span=(4, 8))
    Entity(text='BERT', type='Method', span=(4, 8))
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    type: str
    span: Span | None = None

    @model_validator(mode="after")
    def _span_is_a_range(self) -> Entity:
        _check_span("span", self.span)
        return self


class Relation(BaseModel):
    """One relation between two texts; the types of the arguments and their offsets are optional.

    >>> Relation(subject="BERT", type="Used-For", object="NER").subject_type is None
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    type: str
    object: str
    subject_type: str | None = None
    object_type: str | None = None
    subject_span: Span | None = None
    object_span: Span | None = None

    @model_validator(mode="after")
    def _spans_are_ranges(self) -> Relation:
        _check_span("subject_span", self.subject_span)
        _check_span("object_span", self.object_span)
        return self


class Extraction(BaseModel):
    """What was extracted from one sentence, in order, repetitions included.

    Attributes:
        entities: the mentions.
        relations: the relations.
        sections: which of SciER's keys this extraction speaks of. A task that no prediction speaks of is not scored.

    >>> row = {"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}
    >>> Extraction.from_scier(row).to_scier() == row
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    sections: frozenset[Section] = SECTIONS

    @model_validator(mode="after")
    def _sections_are_what_is_there(self) -> Extraction:
        """An extraction made by hand without any type of an argument has nothing to say in rel_plus."""
        untyped = self.relations and not any(r.subject_type or r.object_type for r in self.relations)
        if untyped and "sections" not in self.model_fields_set:
            object.__setattr__(self, "sections", SECTIONS - {"rel_plus"})
        return self

    @classmethod
    def from_scier(
        cls, mapping: Mapping[str, Any], schema: LabelSchema | str | None = None, *, where: str = "row"
    ) -> Extraction:
        """Read SciER's form; anything malformed is an error, nothing is repaired.

        ``rel_plus`` is split at the LAST colon whose right side is a known entity type: one of the schema's or one
        that ``ner`` uses. Where ``rel`` stands beside it, both must say the same in the same order.

        Args:
            mapping: a mapping with ``ner``, ``rel`` and/or ``rel_plus``; other keys are ignored.
            schema: label schema or card name that knows the entity types; SciER's by default.
            where: how to call this row in an error message.

        Raises:
            InputError: names the row, the field and what was expected there.
        """
        if not isinstance(mapping, Mapping):
            raise InputError(f"{where}: expected a mapping with ner, rel and/or rel_plus, got {brief(mapping)}")
        sections = frozenset(name for name in SECTIONS if mapping.get(name) is not None)
        if not sections:
            raise InputError(f"{where}: expected at least one of the keys ner, rel, rel_plus, got {sorted(mapping)}")
        ner = _rows(mapping, "ner", 2, "[text, type]", where)
        rel = _rows(mapping, "rel", 3, "[subject, relation, object]", where)
        plus = _rows(mapping, "rel_plus", 3, '["text:Type", relation, "text:Type"]', where)
        known = load_schema(schema).entity_name_set.union(kind for _, kind in ner)
        if "rel" not in sections:
            relations = [_typed_relation(subject, kind, object_, known) for subject, kind, object_ in plus]
        elif "rel_plus" not in sections:
            relations = [Relation(subject=s, type=kind, object=o) for s, kind, o in rel]
        else:
            relations = _aligned(rel, plus, where)
        return cls(
            entities=tuple(Entity(text=text, type=kind) for text, kind in ner),
            relations=tuple(relations),
            sections=sections,
        )

    def to_scier(self) -> dict[str, list[list[str]]]:
        """Write SciER's form: the sections this extraction speaks of, in the order ner, rel, rel_plus."""
        out: dict[str, list[list[str]]] = {}
        if "ner" in self.sections:
            out["ner"] = [[entity.text, entity.type] for entity in self.entities]
        if "rel" in self.sections:
            out["rel"] = [[relation.subject, relation.type, relation.object] for relation in self.relations]
        if "rel_plus" in self.sections:
            out["rel_plus"] = [
                [_joined(r.subject, r.subject_type), r.type, _joined(r.object, r.object_type)] for r in self.relations
            ]
        return out


class Example(BaseModel):
    """One sentence with its gold extraction.

    Attributes:
        id: ``<split>-<row>``, rows counted from 0, or whatever id the file gives.
        doc_id: the document the sentence is from; sentences of one document are resampled together.
        sentence: the text, as it stands in the file.
        gold: what is right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    doc_id: str = ""
    sentence: str
    gold: Extraction

    @model_validator(mode="after")
    def _offsets_are_in_the_sentence(self) -> Example:
        spans = [e.span for e in self.gold.entities] + [
            s for r in self.gold.relations for s in (r.subject_span, r.object_span)
        ]
        if self.sentence and any(span is not None and span[1] > len(self.sentence) for span in spans):
            raise ValueError(f"gold: a span ends behind the sentence, which has {len(self.sentence)} characters")
        return self

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, id: str, schema: LabelSchema | str | None = None) -> Example:
        """Read one row of SciER's string form; ``id`` names the row in errors and serves where the row has none."""
        name = _text_or(row.get("id"), id)
        sentence = row.get("sentence")
        if not isinstance(sentence, str):
            raise InputError(f"row {name}: field sentence: expected a string, got {brief(sentence)}")
        gold = Extraction.from_scier(row, schema, where=f"row {name}")
        try:
            return cls(id=name, doc_id=_text_or(row.get("doc_id"), ""), sentence=sentence, gold=gold)
        except ValidationError as error:
            raise InputError(f"row {name}: {error.errors()[0]['msg']}") from error

    def to_row(self) -> dict[str, Any]:
        """Write SciER's form with the id in front."""
        return {"id": self.id, "doc_id": self.doc_id, "sentence": self.sentence, **self.gold.to_scier()}


def split_typed(text: str, known: frozenset[str]) -> tuple[str, str | None]:
    """Split ``"text:Type"`` at the last colon whose right side is a known type; without one, the type is None.

    >>> split_typed("Task : NER:Task", frozenset({"Task"}))
    ('Task : NER', 'Task')
    >>> split_typed("Note : a title", frozenset({"Task"}))
    ('Note : a title', None)
    """
    longest = _longest(known)
    place = text.rfind(":")
    while place >= 0:
        right = text[place + 1 :]
        kind = right.strip()
        if kind in known:
            return text[:place] if kind == right else text[:place].rstrip(), kind
        if len(kind) > longest:
            break
        place = text.rfind(":", 0, place)
    return text, None


@lru_cache(maxsize=32)
def _longest(known: frozenset[str]) -> int:
    return max(map(len, known), default=0)


def type_after(text: str, whole: str) -> str | None:
    """The type behind a known text: None where the text stands alone, "" where it is not that text."""
    if whole == text:
        return None
    return whole[len(text) + 1 :] if whole.startswith(f"{text}:") else ""


def _joined(text: str, kind: str | None) -> str:
    return text if kind is None else f"{text}:{kind}"


def _typed_relation(subject: str, kind: str, object_: str, known: frozenset[str]) -> Relation:
    subject_text, subject_type = split_typed(subject, known)
    object_text, object_type = split_typed(object_, known)
    return Relation(
        subject=subject_text, type=kind, object=object_text, subject_type=subject_type, object_type=object_type
    )


def _aligned(rel: Sequence[list[str]], plus: Sequence[list[str]], where: str) -> list[Relation]:
    """Join rel and rel_plus row by row: rel says where the text ends, so any type name survives."""
    if len(rel) != len(plus):
        raise InputError(f"{where}: field rel_plus: expected as many items as rel ({len(rel)}), got {len(plus)}")
    relations = []
    for index, ((subject, kind, object_), typed) in enumerate(zip(rel, plus, strict=True)):
        types = [type_after(text, whole) for text, whole in ((subject, typed[0]), (object_, typed[2]))]
        if typed[1] != kind or "" in types:
            raise InputError(
                f"{where}: field rel_plus[{index}]: expected the same relation as rel[{index}], "
                f"{brief([f'{subject}:Type', kind, f'{object_}:Type'])}, got {brief(typed)}"
            )
        relations.append(
            Relation(subject=subject, type=kind, object=object_, subject_type=types[0], object_type=types[1])
        )
    return relations


def _rows(mapping: Mapping[str, Any], field: str, width: int, form: str, where: str) -> list[list[str]]:
    value = mapping.get(field)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise InputError(f"{where}: field {field}: expected a list of {form}, got {brief(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, list | tuple) or len(item) != width or not all(isinstance(x, str) for x in item):
            raise InputError(f"{where}: field {field}[{index}]: expected {form}, all strings, got {brief(item)}")
    return [list(item) for item in value]


def _check_span(field: str, span: Span | None) -> None:
    if span is not None and not 0 <= span[0] < span[1]:
        raise ValueError(f"{field}: expected 0 <= start < end, got {span}")


def _text_or(value: object, default: str) -> str:
    """Columnar stores write None where a row has no such field."""
    return default if value is None else str(value)
