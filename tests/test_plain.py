"""The short way through the parser gives what the general way gives."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciie_eval import parsing
from sciie_eval.counting import GoldSentence, SentenceScorer, counts_of
from sciie_eval.items import Items
from sciie_eval.parsing import parse_completion
from sciie_eval.plain import read_plain
from sciie_eval.rules import TASKS, MatchRule

ANSWER = '{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}'
GOOD = f"<think>so</think><answer>{ANSWER}</answer>"

texts = st.text(st.sampled_from('ab :"\\<é\n,]'), max_size=4)
labels = st.sampled_from(["Method", "Task", "Used-For", "other", ""])
answers = st.fixed_dictionaries(
    {
        "ner": st.lists(st.one_of(st.tuples(texts, labels), st.tuples(texts), st.integers(), texts), max_size=4),
        "rel": st.lists(st.one_of(st.tuples(texts, labels, texts), st.none(), st.tuples(texts, labels)), max_size=3),
    }
)


def generally(text, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parsing, "read_plain", lambda _: None)
        return parse_completion(text)


def test_the_asked_shape_goes_the_short_way():
    items, reasoning = read_plain(GOOD)
    assert items.plain
    assert (items.entities, items.relations, reasoning) == (
        [("BERT", "Method"), ("NER", "Task")],
        [("BERT", "Used-For", "NER")],
        "so",
    )


@settings(max_examples=400)
@given(answer=answers, indent=st.sampled_from([None, 1]), think=texts)
def test_both_ways_agree(answer, indent, think):
    text = f"<think>{think}</think><answer>{json.dumps(answer, indent=indent)}</answer>"
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert parse_completion(text) == generally(text, monkeypatch)


def test_outer_blanks_are_no_part_of_a_text():
    items, _ = read_plain('<think>x</think><answer>{"ner":[["a "\n,"Task"]],"rel":[]}</answer>')
    assert items.entities == [("a", "Task")]


def test_both_ways_agree_on_mutated_answers(monkeypatch):
    rng = random.Random(7)
    for _ in range(3000):
        text = list(GOOD)
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(text))
            text[place : place + rng.randrange(3)] = rng.choice(['"', " ", ":", "<", "[", "]", "x", "", "null", "1"])
        mutated = "".join(text)
        assert parse_completion(mutated) == generally(mutated, monkeypatch), mutated


plain_texts = st.sampled_from(["a", "b", "c d"])
plain_items = st.builds(
    lambda entities, relations: Items(
        entities, relations, [(None, None)] * len(relations), frozenset({"ner", "rel"}), plain=True
    ),
    st.lists(st.tuples(plain_texts, st.sampled_from(["Method", "Task"])), max_size=4),
    st.lists(st.tuples(plain_texts, st.just("Used-For"), plain_texts), max_size=3),
)


@given(gold=plain_items, predicted=plain_items, match=st.sampled_from(["strict", "boundaries", "overlap", "fuzzy"]))
def test_plain_items_count_like_others(gold, predicted, match):
    scorer = SentenceScorer(MatchRule(match=match), TASKS)
    general = Items(predicted.entities, predicted.relations, predicted.types, predicted.sections)
    one, two = (scorer.matches(GoldSentence(gold), items) for items in (predicted, general))
    assert {task: counts_of(found) for task, found in one.items()} == {t: counts_of(found) for t, found in two.items()}
