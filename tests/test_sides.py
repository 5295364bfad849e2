"""Items in the form that is compared: normalised, typed, oriented, each once."""

from __future__ import annotations

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SYMMETRIC, rules

from sciie_eval.items import Items
from sciie_eval.rules import TASKS, MatchRule
from sciie_eval.sides import Side, normalizer, sides

UNTYPED = (None, None)


def side(task: str, items: Items, spans: bool = False, **rule: object) -> Side:
    return sides(items, MatchRule(**rule), TASKS, spans)[task]  # type: ignore[arg-type, index]


def relation(subject: str, kind: str, object_: str, *types: str | None) -> Items:
    return Items(relations=[(subject, kind, object_)], types=[(types[0], types[1]) if types else UNTYPED])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("none", " a  b\t", "a  b"),
        ("none", "e\u0301 ", "\u00e9"),
        ("none", "\u00a0x\u2003", "x"),
        ("spacing", " state - of\u00a0- the - art", "state-of-the-art"),
        ("spacing", "Ab", "Ab"),
        ("casefold", "Stra\u00dfe 3 D", "strasse3d"),
        ("casefold", "\u0130", "i\u0307"),
        ("none", " \n", ""),
    ],
)
def test_normalizer(name: str, text: str, expected: str) -> None:
    assert normalizer(name)(text) == expected  # type: ignore[arg-type]


@given(st.text(), st.sampled_from(("none", "spacing", "casefold")))
def test_normalizer_agrees_with_the_definition(text: str, name: str) -> None:
    found = normalizer(name)(text)  # type: ignore[arg-type]
    assert found == reference.normal(text, name)
    assert found == found.strip()
    assert name == "none" or not any(char.isspace() for char in found)


def test_sets_and_multisets() -> None:
    items = Items(entities=[("a", "Task"), (" a", "Task"), ("a", "Method")])
    assert side("ner", items).keys == {("a", "Task"), ("a", "Method")}
    assert side("ner", items, duplicates="multiset").keys == {("a", "Task", 0), ("a", "Task", 1), ("a", "Method", 0)}
    assert sorted(side("ner", items, duplicates="multiset").labels()) == ["Method", "Task", "Task"]


@pytest.mark.parametrize(("duplicates", "number"), [("set", 1), ("multiset", 2)])
def test_blank_entities_count_and_match_nothing(duplicates: str, number: int) -> None:
    found = side("ner", Items(entities=[("", "Task"), (" ", "Task")]), duplicates=duplicates)
    assert (found.keys, [item[1] for item in found.dead], found.n) == (set(), ["Task"] * number, number)
    assert list(found.labels()) == ["Task"] * number


@pytest.mark.parametrize("task", ["rel", "rel+"])
@pytest.mark.parametrize("texts", [("", "b"), ("a", " "), ("", "")])
def test_blank_arguments_match_nothing(task: str, texts: tuple[str, str]) -> None:
    found = side(task, relation(texts[0], "Used-For", texts[1], "Task", "Task"))
    ends = tuple(text.strip() for text in texts)
    item = (ends[0], "Used-For", ends[1]) + (("Task", "Task") if task == "rel+" else ())
    assert (found.keys, found.open, found.dead) == (set(), [], [item])


def test_types_are_the_relations_own_else_the_entities() -> None:
    items = Items(
        entities=[("a", "Method"), ("b", "Task")],
        relations=[("a", "Used-For", "b"), ("a", "Part-Of", "b"), ("a", "Part-Of", "c")],
        types=[UNTYPED, ("Dataset", None), UNTYPED],
    )
    found = side("rel+", items)
    assert found.keys == {("a", "Used-For", "b", "Method", "Task"), ("a", "Part-Of", "b", "Dataset", "Task")}
    assert found.dead == [("a", "Part-Of", "c", "Method", None)]
    assert sorted(found.labels()) == ["Part-Of", "Part-Of", "Used-For"]


def test_several_types_of_one_text() -> None:
    items = Items(
        entities=[("a", "Task"), ("a", "Method"), ("a", "Task"), ("b", "Task"), ("b", "Task")],
        relations=[("a", "Used-For", "b")] * 2,
        types=[UNTYPED] * 2,
    )
    found = side("rel+", items)
    assert (found.keys, found.open) == (set(), [("a", "Used-For", "b", ("Method", "Task"), "Task")])
    assert side("rel+", items, duplicates="multiset").n == 2
    assert list(found.labels()) == ["Used-For"]


def test_undirected_relations_are_oriented() -> None:
    items = Items(
        relations=[("b", "Compare-With", "a"), ("a", "Compare-With", "b"), ("b", "Used-For", "a")],
        types=[("Task", "Method"), ("Method", "Task"), ("Task", "Method")],
    )
    assert side("rel", items, undirected=SYMMETRIC).keys == {("a", "Compare-With", "b"), ("b", "Used-For", "a")}
    assert side("rel+", items, undirected=SYMMETRIC).n == 2
    assert side("rel", items).n == 3
    multiset = side("rel", items, undirected=SYMMETRIC, duplicates="multiset")
    assert multiset.keys == {("a", "Compare-With", "b", 0), ("a", "Compare-With", "b", 1), ("b", "Used-For", "a", 0)}


def test_undirected_self_relation_is_oriented_by_its_types() -> None:
    one = side("rel+", relation("a", "Synonym-Of", "a", "Task", "Method"), undirected=SYMMETRIC)
    two = side("rel+", relation("a", "Synonym-Of", "a", "Method", "Task"), undirected=SYMMETRIC)
    assert one.keys == two.keys == {("a", "Synonym-Of", "a", "Method", "Task")}


def test_offsets_stand_in_place_of_texts() -> None:
    items = Items(
        entities=[("a", "Task"), ("a", "Task")],
        relations=[("a", "Used-For", "a")],
        types=[UNTYPED],
        entity_spans=[(0, 1), (4, 5)],
        relation_spans=[((4, 5), (0, 1))],
    )
    assert side("ner", items, spans=True).keys == {((0, 1), "Task"), ((4, 5), "Task")}
    assert side("rel", items, spans=True).keys == {((4, 5), "Used-For", (0, 1))}
    assert side("rel+", items, spans=True).keys == {((4, 5), "Used-For", (0, 1), "Task", "Task")}
    assert side("ner", items, spans=True).texts() == {(0, 1): "a", (4, 5): "a"}
    assert side("ner", Items(), spans=True).n == 0


def test_texts_are_the_smallest_spellings() -> None:
    items = Items(entities=[("a b", "Task"), ("ab", "Task")], relations=[("c d", "Used-For", "cd")], types=[UNTYPED])
    turned = Items(entities=[("ab", "Task"), ("a b", "Task")], relations=[("cd", "Used-For", "c d")], types=[UNTYPED])
    for found in (side("ner", items, normalize="spacing"), side("rel+", turned, normalize="spacing")):
        assert found.texts() == {"ab": "a b", "cd": "c d"}
        assert found.texts() is found.texts()
    assert side("ner", items).texts() == {}


PLAIN = st.sampled_from(("a", "a b", "b", "A", "a-b"))
KINDS = st.sampled_from(("Method", "Task"))
LABELS = st.sampled_from(("Used-For", "Compare-With"))


@settings(max_examples=150)
@given(st.lists(st.tuples(PLAIN, KINDS), max_size=4), st.lists(st.tuples(PLAIN, LABELS, PLAIN), max_size=4), rules())
def test_plain_items_are_prepared_like_all_others(
    entities: list[tuple[str, str]], relations: list[tuple[str, str, str]], rule: MatchRule
) -> None:
    types: list[tuple[None, None]] = [UNTYPED] * len(relations)
    found, expected = (
        sides(Items(list(entities), list(relations), types, plain=plain), rule, TASKS) for plain in (True, False)
    )
    for task in TASKS:
        one, two = found[task], expected[task]
        assert (one.keys, sorted(one.open, key=repr), sorted(one.dead, key=repr), one.texts()) == (
            two.keys,
            sorted(two.open, key=repr),
            sorted(two.dead, key=repr),
            two.texts(),
        )


def test_only_the_tasks_asked_for() -> None:
    assert list(sides(Items(), MatchRule(), ("rel",))) == ["rel"]
