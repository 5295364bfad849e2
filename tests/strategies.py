"""What hypothesis draws: small sentences in which texts collide, overlap, repeat and disagree about their types."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from reference import Plain

from sciie_eval.items import Items
from sciie_eval.rules import MATCHERS, NORMALIZATIONS, Matcher, MatchRule

FAMILIES = (
    ("a", "a b", "a b c", "a b c d", "b c d", "c d", "d"),  # tokens in common
    ("abcde", "abcdf", "abcde f", "abc", "bcde", "abxyz"),  # edits apart
    ("a", "A", " a ", "a b", "ab", "a-b", "a - b", "A b"),  # spelled in several ways
    ("", "  ", "a", "\u00e9", "e\u0301", "\u00c9", "stra\u00dfe", "STRASSE"),  # blank or composed
)
TYPES = ("Method", "Task", "Dataset", "Odd")
RELATIONS = ("Used-For", "Compare-With", "Synonym-Of", "Odd-Rel")
SYMMETRIC = frozenset({"Compare-With", "Synonym-Of"})
SENTENCE = "abcabdabe ab"
PLACES = ((0, 3), (3, 6), (6, 9), (0, 2), (0, 6), (2, 7), (3, 9), (10, 12), (0, 12))


def rules(**fixed: Any) -> st.SearchStrategy[MatchRule]:
    """Any rule; fields given by name are fixed."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "match": st.sampled_from(MATCHERS),
        "threshold": st.sampled_from((None, None, 0.1, 0.25, 0.34, 0.6, 1.0)),
        "normalize": st.sampled_from(NORMALIZATIONS),
        "duplicates": st.sampled_from(("set", "multiset")),
        "undirected": st.sampled_from((frozenset(), SYMMETRIC)),
    }
    fields |= {name: st.just(value) for name, value in fixed.items()}

    def rule(match: Matcher, threshold: float | None, **rest: Any) -> MatchRule:
        return MatchRule(match, threshold if match in ("overlap", "fuzzy") else None, **rest)

    return st.builds(rule, **fields)


@st.composite
def pairs_of_sides(
    draw: st.DrawFn, *, placed: bool = False, most: int = 4, least: int = 0, label: str | None = None
) -> tuple[Plain, Plain]:
    """Gold and prediction of one sentence over a few related texts (or places) and labels, so that much collides."""
    family = PLACES if placed else draw(st.sampled_from(FAMILIES))
    pool = draw(st.lists(st.sampled_from(family), min_size=1, max_size=5, unique=True))
    texts, ends = st.sampled_from(pool), st.sampled_from(pool[:3])
    kinds = st.sampled_from(draw(st.sampled_from((TYPES[:1], TYPES[:2], TYPES[1:4]))))
    labels = (
        st.just(label)
        if label
        else st.sampled_from(draw(st.sampled_from((RELATIONS[:1], RELATIONS[1:2], RELATIONS[:2], RELATIONS[1:4]))))
    )
    given_types = st.none() | kinds

    def some(strategy: st.SearchStrategy[Any]) -> list[Any]:
        number = draw(st.integers(least, most))
        return draw(st.lists(strategy, min_size=number, max_size=number))

    def one() -> Plain:
        entities = some(st.tuples(texts, kinds))
        relations = some(st.tuples(ends, labels, ends, given_types, given_types))
        if placed:
            return Plain(
                [(SENTENCE[slice(*span)], kind, span) for span, kind in entities],
                [
                    (SENTENCE[slice(*one)], label, SENTENCE[slice(*two)], first, second, (one, two))
                    for one, label, two, first, second in relations
                ],
            )
        nowhere = (0, 1)
        return Plain(
            [(text, kind, nowhere) for text, kind in entities],
            [(one, label, two, first, second, (nowhere, nowhere)) for one, label, two, first, second in relations],
        )

    return one(), one()


def items(side: Plain, placed: bool = False) -> Items:
    """The package's form of one side."""
    return Items(
        entities=[entity[:2] for entity in side.entities],
        relations=[relation[:3] for relation in side.relations],
        types=[relation[3:5] for relation in side.relations],
        sections=frozenset({"ner", "rel", "rel_plus"}),
        entity_spans=[entity[2] for entity in side.entities] if placed else None,
        relation_spans=[relation[5] for relation in side.relations] if placed else None,
    )


@st.composite
def scier_rows(draw: st.DrawFn, *, most: int = 4, inline: bool = False) -> dict[str, Any]:
    """A row in SciER's form over a few texts without blanks at the ends; ``inline``: with rel_plus."""
    texts = st.sampled_from(("a", "a b", "b a", "a b c", "ab", "A", "abcde", "abcdf", "x : y"))
    kinds, labels = st.sampled_from(TYPES), st.sampled_from(RELATIONS)
    ner = draw(st.lists(st.tuples(texts, kinds).map(list), max_size=most))
    rel = draw(st.lists(st.tuples(texts, labels, texts).map(list), max_size=most))
    row: dict[str, Any] = {"ner": ner, "rel": rel}
    if inline:
        types = draw(st.lists(st.tuples(kinds, kinds), min_size=len(rel), max_size=len(rel)))
        row["rel_plus"] = [
            [f"{one}:{first}", label, f"{two}:{second}"]
            for (one, label, two), (first, second) in zip(rel, types, strict=True)
        ]
    return row
