"""The fast lane of counting gives what the general way gives."""

import json
import random

import pytest

from sciie_eval import score
from sciie_eval.counting import GoldSentence
from sciie_eval.items import Items
from sciie_eval.lane import FastLane

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


def gold(rng, texts):
    entities, relations = answer(rng, texts)
    entities = [entity for entity in entities if entity[0].strip()]
    known = [text for text, _ in entities]
    inside = [r for r in relations if r[0] in known and r[2] in known]
    return {"ner": [list(e) for e in entities], "rel": [list(r) for r in inside]}


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
    said = {str(number): completion(rng, texts) for number in range(len(golds)) if rng.random() < 0.95}
    monkeypatch.setattr("sciie_eval.tally._MANY", 20)
    fast = score(golds, said, bootstrap=20).to_dict()
    monkeypatch.setattr(FastLane, "fits", lambda *_: False)
    assert score(golds, said, bootstrap=20).to_dict() == fast


def test_counts_of_one_completion():
    sentence = GoldSentence(
        Items(
            [("a", "Method"), ("b", "Method"), ("c", "Task")],
            [("a", "Used-For", "b"), ("a", "Used-For", "c")],
            [(None, None)] * 2,
            frozenset({"ner", "rel"}),
        )
    )
    lane = FastLane({"Method", "Task"})
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
    ],
    ids=["text of two types", "argument without a type", "blank text", "relation typed in two ways"],
)
def test_gold_that_equality_cannot_decide_is_declined(items):
    lane = FastLane({"Method", "Task"})
    assert lane.count([GoldSentence(items)], [GOOD])[1] == [0]
    assert (lane.n, lane.gold_sections, lane.labels["ner"]) == (0, set(), ({}, {}, {}))


def test_an_item_that_is_none_is_declined_also_where_all_gold_is_found():
    text = GOOD.replace('["b", "Task"]', '["b"]')
    assert FastLane({"Method", "Task"}).count([GoldSentence(Items([("a", "Method")]))], [text])[1] == [0]


@pytest.mark.parametrize(("argument", "declined"), [("b : x", []), (":", []), ("b: Task", [0]), ("Task:Odd", [])])
def test_a_colon_in_an_argument_matters_only_before_a_known_type(argument, declined):
    text = GOOD.replace('"Used-For", "b"', f'"Used-For", "{argument}"')
    lane = FastLane({"Method", "Task"})
    assert lane.count([GoldSentence(Items([("a", "Method")]))], [text])[1] == declined
    assert lane.labels["rel"][1] == ({} if declined else {"Used-For": 1})
