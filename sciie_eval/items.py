"""The tuple form of an extraction: what parsing produces and scoring counts.

Validated objects are for people; a reward that runs a hundred thousand times a minute builds tuples. `Items` holds the
same information as `schema.Extraction`, and each is made from the other without loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sciie_eval.schema import SECTIONS, Entity, Extraction, Relation, Section, Span

__all__ = ["EMPTY", "Items", "items_of", "to_extraction"]

ArgumentTypes = tuple[str | None, str | None]


@dataclass(slots=True)
class Items:
    """Entities and relations as plain tuples, in the order they were written, repetitions included.

    Attributes:
        entities: (text, type) pairs.
        relations: (subject, relation, object) triples.
        types: the types a relation itself gives its two arguments, aligned with ``relations``.
        sections: which of SciER's keys were there.
        entity_spans: character offsets aligned with ``entities``; None when not every entity has them.
        relation_spans: offsets of both arguments aligned with ``relations``; None when not every argument has them.
        plain: no text is blank or changed by the normalisation ``none``, and ``types`` gives none.
    """

    entities: list[tuple[str, str]] = field(default_factory=list)
    relations: list[tuple[str, str, str]] = field(default_factory=list)
    types: list[ArgumentTypes] = field(default_factory=list)
    sections: frozenset[Section] = frozenset()
    entity_spans: list[Span] | None = None
    relation_spans: list[tuple[Span, Span]] | None = None
    plain: bool = field(default=False, compare=False)

    @property
    def has_spans(self) -> bool:
        """Whether every entity and every argument is placed in the sentence (trivially so where there is none)."""
        entities = self.entity_spans is not None or not self.entities
        return entities and (self.relation_spans is not None or not self.relations)


EMPTY = Items()
"""No item and no section: a completion without a usable answer. Never mutated."""


def items_of(extraction: Extraction) -> Items:
    """The tuple form of a validated extraction."""
    entities, relations = extraction.entities, extraction.relations
    spans = [e.span for e in entities if e.span is not None]
    pairs = [(r.subject_span, r.object_span) for r in relations if r.subject_span and r.object_span]
    return Items(
        entities=[(e.text, e.type) for e in entities],
        relations=[(r.subject, r.type, r.object) for r in relations],
        types=[(r.subject_type, r.object_type) for r in relations],
        sections=extraction.sections,
        entity_spans=spans if len(spans) == len(entities) else None,
        relation_spans=pairs if len(pairs) == len(relations) else None,
    )


def to_extraction(items: Items) -> Extraction:
    """The validated form; an extraction without any section speaks of all of them and is empty."""
    spans: Sequence[Span | None] = items.entity_spans or [None] * len(items.entities)
    pairs: Sequence[tuple[Span | None, Span | None]] = items.relation_spans or [(None, None)] * len(items.relations)
    return Extraction(
        entities=tuple(
            Entity(text=text, type=kind, span=span) for (text, kind), span in zip(items.entities, spans, strict=True)
        ),
        relations=tuple(
            Relation(
                subject=subject,
                type=kind,
                object=object_,
                subject_type=types[0],
                object_type=types[1],
                subject_span=pair[0],
                object_span=pair[1],
            )
            for (subject, kind, object_), types, pair in zip(items.relations, items.types, pairs, strict=True)
        ),
        sections=items.sections or SECTIONS,
    )
