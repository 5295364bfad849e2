"""What hypothesis draws: small sentences in which texts collide, overlap, repeat and disagree about their types."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from reference import Plain

from sciie_eval.items import Items
from sciie_eval.rules import MATCHERS, NORMALIZATIONS, MatchRule

TEXTS = ("a", "a b", "b a", "a b c", "a-b", "a - b", "ab", "A", "A b", "b", " a ", "abcde", "abcdf", "abcde f")
TEXTS += ("", "  ", "\u00e9", "e\u0301", "\u00c9", "stra\u00dfe", "STRASSE")
TYPES = ("Method", "Task", "Dataset", "Odd")
RELATIONS = ("Used-For", "Compare-With", "Synonym-Of", "Odd-Rel")
SYMMETRIC = frozenset({"Compare-With", "Synonym-Of"})
SENTENCE = "abcabdabe ab"
PLACES = ((0, 3), (3, 6), (6, 9), (0, 2), (0, 6), (2, 7), (3, 9), (10, 12), (0, 12))


def rules(**fixed: Any) -> st.SearchStrategy[MatchRule]:
    """Any rule; fields given by name are fixed."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "match": st.sampled_from(MATCHERS),
        "normalize": st.sampled_from(NORMALIZATIONS),
        "duplicates": st.sampled_from(("set", "multiset")),
        "undirected": st.sampled_from((frozenset(), SYMMETRIC)),
    }
    fields |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(MatchRule, **fields)


@st.composite
def pairs_of_sides(draw: st.DrawFn, *, placed: bool = False, most: int = 4) -> tuple[Plain, Plain]:
    """Gold and prediction of one sentence over a small pool of texts (or places), so that much collides."""
    pool = draw(st.lists(st.sampled_from(PLACES if placed else TEXTS), min_size=1, max_size=5, unique=True))
    labels = draw(st.lists(st.sampled_from(RELATIONS), min_size=1, max_size=2, unique=True))
    texts, kinds, labelled = st.sampled_from(pool), st.sampled_from(TYPES[:3]), st.sampled_from(labels)
    given_types = st.none() | kinds

    def one() -> Plain:
        entities = draw(st.lists(st.tuples(texts, kinds), max_size=most))
        relations = draw(st.lists(st.tuples(texts, labelled, texts, given_types, given_types), max_size=most))
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
