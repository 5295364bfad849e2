"""The fast lane of counting gives what the general way gives."""

import json
import pickle
import random

import pytest

from sciie_eval import Example, score
from sciie_eval.counting import GoldSentence
from sciie_eval.items import Items
from sciie_eval.lane import FastLane
from sciie_eval.parsing import parse_completion
from sciie_eval.plain import MAX_TEXT
from sciie_eval.settings import Settings
from sciie_eval.shapes import MAX_OTHER
from sciie_eval.tally import Tally

USUAL = ["a", "b", "c d", "e f", "ef"]
ODD = ["k : l", ":", ": Task", '"q"', "x:Method", 'a", "Method', "e\u0301", "\u00e9", "c\u00a0d", " ", "\\", "<b>", "]"]
GOOD = '<think>so</think><answer>{"ner": [["a", "Method"], ["b", "Task"]], "rel": [["a", "Used-For", "b"]]}</answer>'


def answer(rng, texts):
    entities = [(rng.choice(texts), rng.choice(["Method", "Task", "Odd"])) for _ in range(rng.randrange(5))]
    relations = [
        (rng.choice(texts), rng.choice(["Used-For", "Part-Of", "Odd"]), rng.choice(texts))
        for _ in range(rng.randrange(4))
    ]
    return entities, relations


def typed(relation, entities, rng):
    """A relation with types of its own, which may be others than those of the entities."""
    kinds = [rng.choice([kind for text, kind in entities if text == relation[place]] + ["Odd"]) for place in (0, 2)]
    return [f"{relation[0]}:{kinds[0]}", relation[1], f"{relation[2]}:{kinds[1]}"]


def gold(rng, texts):
    entities, relations = answer(rng, texts)
    entities = [entity for entity in entities if entity[0].strip()]
    known = [text for text, _ in entities]
    inside = [r for r in relations if r[0] in known and r[2] in known]
    rows = {"ner": [list(e) for e in entities], "rel": [list(r) for r in inside]}
    return {**rows, "rel_plus": [typed(r, entities, rng) for r in inside]} if rng.random() < 0.3 else rows


def completion(rng, texts):
    entities, relations = answer(rng, texts)
    value = {"ner": entities, "rel": relations}
    if rng.random() < 0.1:
        value = rng.choice([{"ner": entities}, {"ner": [], "rel": []}, {"ner": "a", "rel": 3}, [entities]])
    spaced = rng.choice([None, None, None, (",", ":")])
    think = rng.choice(["<think>so</think>", "so</think>\n", "<think>\u2192</think>\n", "<think>a<b</think>", ""])
    end = rng.choice(["</answer>", "</answer>", "\n</answer>\n", ""])
    return f"{think}<answer>{json.dumps(value, ensure_ascii=rng.random() < 0.1, separators=spaced)}{end}"


@pytest.mark.parametrize("seed", range(60))
def test_both_ways_agree(seed, monkeypatch):
    rng = random.Random(seed)
    texts = USUAL if seed % 2 else USUAL + ODD
    golds = [gold(rng, texts) for _ in range(rng.choice([1, 5, 150]))]
    examples = [Example.from_row({"sentence": "", **row}, id=str(place)) for place, row in enumerate(golds)]
    examples = [example for example in examples for _ in range(rng.choice([1, 3]))]  # as samples of one sentence
    said = [completion(rng, texts) if rng.random() < 0.95 else None for _ in examples]
    monkeypatch.setattr("sciie_eval.tally._MANY", 20)
    fast = score(examples, said, bootstrap=20).to_dict()
    monkeypatch.setattr(FastLane, "fits", lambda *_: False)
    monkeypatch.setattr("sciie_eval.parsing.read_plain", lambda _: None)
    assert score(examples, said, bootstrap=20).to_dict() == fast


def test_counts_of_one_completion():
    sentence = GoldSentence(
        Items(
            [("a", "Method"), ("b", "Method"), ("c", "Task")],
            [("a", "Used-For", "b"), ("a", "Used-For", "c")],
            [(None, None)] * 2,
            frozenset({"ner", "rel"}),
        )
    )
    lane = FastLane(frozenset({"Method", "Task"}))
    table, declined = lane.count([sentence], [GOOD])
    assert (table.tolist(), declined) == ([[1, 2, 3, 1, 1, 2, 0, 1, 2]], [])
    assert lane.n == 1
    assert lane.labels["ner"] == ({"Method": 1}, {"Method": 1, "Task": 1}, {"Method": 2, "Task": 1})
    assert lane.labels["rel+"] == ({}, {"Used-For": 1}, {"Used-For": 2})


@pytest.mark.parametrize(
    "items",
    [
        Items([("a", "Method"), ("a", "Task"), ("b", "Task")], [("a", "Used-For", "b")], [(None, None)]),
        Items([("a", "Method")], [("a", "Used-For", "b")], [(None, None)]),
        Items([("", "Method")]),
        Items(
            [("a", "Method"), ("b", "Task")],
            [("a", "Used-For", "b")] * 2,
            [("Method", "Task"), ("Task", "Task")],
        ),
        Items([("a", "Method"), ("b", "Task")], [("a", "Used-For", "b")], [("", None)]),
        Items([("a", "Method"), ("b", "Task")], [("a", "Used-For", "b")], [(None, "")]),
    ],
    ids=[
        "text of two types",
        "argument without a type",
        "blank text",
        "relation typed in two ways",
        "blank type",
        "blank type of an object",
    ],
)
def test_gold_that_equality_cannot_decide_is_declined(items):
    lane, sentence = FastLane(frozenset({"Method", "Task"})), GoldSentence(items)
    assert lane.count([sentence], [GOOD])[1] == [0]
    assert lane.count([pickle.loads(pickle.dumps(sentence))], [GOOD])[1] == [0]
    assert (lane.n, lane.gold_sections, lane.labels["ner"]) == (0, set(), ({}, {}, {}))


def test_an_item_that_is_none_is_declined_also_where_all_gold_is_found():
    text = GOOD.replace('["b", "Task"]', '["b"]')
    assert FastLane(frozenset({"Method", "Task"})).count([GoldSentence(Items([("a", "Method")]))], [text])[1] == [0]


def test_nothing_to_count():
    table, declined = FastLane(frozenset()).count([], [])
    assert (table.shape, declined) == ((0, 9), [])


def test_longer_texts_are_declined():
    sentence = GoldSentence(Items([("a", "Method")]))
    longer = GOOD.replace("so", "s" * MAX_TEXT)
    assert FastLane(frozenset()).count([sentence] * 2, [longer, GOOD])[1] == [0]
    assert len(', ["", "", ":"]') * MAX_OTHER > MAX_TEXT  # no more odd items than the general way reads


@pytest.mark.parametrize("kinds", [("My Type", "MyType"), ("Method", "Task")])
def test_entities_that_differ_in_blanks(kinds):
    rng = random.Random(3)
    texts = ["a b", "ab", " a b".strip(), "a  b", "c"]
    golds, said = [], []
    for _ in range(200):
        rows = [[(rng.choice(texts), rng.choice(kinds)) for _ in range(rng.randrange(5))] for _ in range(2)]
        golds.append(Items(rows[0], [], []))
        said.append(f"<think>so</think><answer>{json.dumps({'ner': rows[1], 'rel': []})}</answer>")
    lane, tally = FastLane(frozenset()), Tally(Settings())
    assert lane.count([GoldSentence(items) for items in golds], said)[1] == []
    for items, text in zip(golds, said, strict=True):
        tally.add(GoldSentence(items), parse_completion(text))
    assert tuple(lane.spacing) == tally.spacing
    assert lane.spacing[0] > 10


@pytest.mark.parametrize(("argument", "declined"), [("b : x", []), (":", []), ("b: Task", [0]), ("Task:Odd", [])])
def test_a_colon_in_an_argument_matters_only_before_a_known_type(argument, declined):
    text = GOOD.replace('"Used-For", "b"', f'"Used-For", "{argument}"')
    lane = FastLane(frozenset({"Method", "Task"}))
    assert lane.count([GoldSentence(Items([("a", "Method")]))], [text])[1] == declined
    assert lane.labels["rel"][1] == ({} if declined else {"Used-For": 1})
