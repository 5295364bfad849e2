"""The tuple form of an extraction and the validated form are made from each other without loss."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from reference import Plain
from strategies import items, pairs_of_sides, scier_rows

from sciie_eval.items import EMPTY, Items, items_of, to_extraction
from sciie_eval.schema import Entity, Extraction, Relation


@given(scier_rows(inline=True))
def test_round_trip_of_texts(row: dict[str, list[list[str]]]) -> None:
    extraction = Extraction.from_scier(row)
    assert to_extraction(items_of(extraction)) == extraction


@given(pairs_of_sides(placed=True), st.booleans())
def test_round_trip_of_tuples(both: tuple[Plain, Plain], placed: bool) -> None:
    found = items(both[0], placed)
    back = items_of(to_extraction(found))
    assert (back.entities, back.relations, back.types) == (found.entities, found.relations, found.types)
    if placed:
        assert (back.entity_spans, back.relation_spans) == (found.entity_spans, found.relation_spans)
    assert back.has_spans == (placed or not (found.entities or found.relations))


def test_spans_are_all_or_none() -> None:
    placed, unplaced = Entity(text="a", type="Task", span=(0, 1)), Entity(text="b", type="Task")
    half = Relation(subject="a", type="R", object="b", subject_span=(0, 1))
    found = items_of(Extraction(entities=(placed, unplaced), relations=(half,)))
    assert (found.entity_spans, found.relation_spans, found.has_spans) == (None, None, False)
    whole = Relation(subject="a", type="R", object="b", subject_span=(0, 1), object_span=(2, 3))
    found = items_of(Extraction(entities=(placed,), relations=(whole,)))
    assert (found.entity_spans, found.relation_spans, found.has_spans) == ([(0, 1)], [((0, 1), (2, 3))], True)
    assert not items_of(Extraction(entities=(placed,), relations=(half,))).has_spans


def test_empty() -> None:
    assert EMPTY.has_spans
    assert EMPTY.sections == frozenset()
    assert to_extraction(EMPTY) == Extraction()
    assert Items() == EMPTY
