"""The fast lane of counting gives what the general way gives."""

import random

import pytest

from sciie_eval import score
from sciie_eval.items import Items
from sciie_eval.lane import FastLane
from sciie_eval.parsing import ParsedCompletion

TEXTS = ["a", "b", "c d", "e f", "ef"]


def items(rng):
    entities = [(rng.choice(TEXTS), rng.choice(["Method", "Task", "Odd"])) for _ in range(rng.randrange(5))]
    relations = [
        (rng.choice(TEXTS), rng.choice(["Used-For", "Part-Of", "Odd"]), rng.choice(TEXTS))
        for _ in range(rng.randrange(4))
    ]
    return Items(entities, relations, [(None, None)] * len(relations), frozenset({"ner", "rel"}), plain=True)


def gold(rng):
    found = items(rng)
    known = [text for text, _ in found.entities]
    inside = [r for r in found.relations if r[0] in known and r[2] in known]
    return {"ner": [list(e) for e in found.entities], "rel": [list(r) for r in inside]}


@pytest.mark.parametrize("seed", range(40))
def test_both_ways_agree(seed, monkeypatch):
    rng = random.Random(seed)
    golds = [gold(rng) for _ in range(rng.choice([1, 5, 150]))]
    said = [ParsedCompletion(items(rng), "ok") for _ in golds]
    fast = score(golds, said, bootstrap=20).to_dict()
    monkeypatch.setattr(FastLane, "fits", lambda *_: False)
    assert score(golds, said, bootstrap=20).to_dict() == fast
