"""The short way through the parser gives what the general way gives."""

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciie_eval import parsing, plain
from sciie_eval.parsing import parse_completion
from sciie_eval.plain import ITEMS, KINDS, cut_plain, pieces_of, read_plain

ANSWER = '{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}'
GOOD = f"<think>so</think><answer>{ANSWER}</answer>"

texts = st.text(st.sampled_from('ab :"\\<é\u0301\xa0\n,]'), max_size=4)
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
    items, reasoning, tags = read_plain(GOOD)
    assert items.plain
    assert (items.entities, items.relations, reasoning, tags) == (
        [("BERT", "Method"), ("NER", "Task")],
        [("BERT", "Used-For", "NER")],
        "so",
        "TtAa",
    )


@settings(max_examples=400)
@given(answer=answers, indent=st.sampled_from([None, 1]), think=texts, ascii=st.booleans())
def test_both_ways_agree(answer, indent, think, ascii):
    text = f"<think>{think}</think><answer>{json.dumps(answer, indent=indent, ensure_ascii=ascii)}</answer>"
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert parse_completion(text) == generally(text, monkeypatch)


def test_reasoning_that_the_prompt_opened_goes_the_short_way():
    assert read_plain(GOOD.removeprefix("<think>")) == (*read_plain(GOOD)[:2], "tAa")


@pytest.mark.parametrize("section", ["ner", "rel"])
def test_empty_sections_go_the_short_way(section):
    empty = json.dumps({**json.loads(ANSWER), section: []})
    items = read_plain(GOOD.replace(ANSWER, empty))[0]
    assert [len(items.entities), len(items.relations)] == {"ner": [0, 1], "rel": [2, 0]}[section]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BERT", "BE:RT"),
        ("BERT", "BERT "),
        ("BERT", " "),
        ("BERT", "\\u0041"),
        ("BERT", "\t"),
        ("BERT", "<b>"),
        ("BERT", "e\u0301"),
        ("BERT", "x" * 400),
        ("so", "so " * 20_000),
        ('"NER", "Task"', '"NER"'),
        ('"NER", "Task"', '"NER", "Task", "x"'),
        ('"NER", "Task"', '"NER","Task"'),
        ('"Used-For", "NER"', '"Used-For"'),
        ("so", "a < b"),
        ("so", "\ud800"),
        ("<think>", "<thing>"),
        ("<think>", "<think><think>"),
        ("]}", "]} so"),
        ('"rel"', '"rel_plus"'),
        ("[[", "["),
        ('"rel": [["', '"rel": [ ["'),
        ("]]}", "] ]}"),
    ],
)
def test_what_might_need_more_care_is_declined(old, new):
    assert old in GOOD
    assert read_plain(GOOD.replace(old, new)) is None


def test_odd_texts_elsewhere_do_not_matter():
    items, reasoning, _ = read_plain(GOOD.replace("so", "e\u0301 \u2192").replace("BERT", "\u00c9"))
    assert (items.entities[0], reasoning) == (("\u00c9", "Method"), "e\u0301 \u2192")


def test_quotes_and_colons_of_entities_go_the_short_way():
    ner = [['the "B" model', "Method"], ['"', "Task"], ["a:Task", "Task"]]
    rel = [['the "B" model', "Used-For", '"'], ["a", "Odd:Rel", "b"]]
    items = read_plain(GOOD.replace(ANSWER, json.dumps({"ner": ner, "rel": rel})))[0]
    assert ([*map(list, items.entities)], [*map(list, items.relations)]) == (ner, rel)


@given(items=st.lists(st.tuples(texts, labels) | st.tuples(texts, labels, texts), max_size=4))
def test_pieces_say_what_json_says(items):
    pieces = pieces_of(items)
    if pieces is not None:
        assert [tuple(json.loads(f'["{piece}"]')) for piece in pieces] == items
        assert [ITEMS[piece] for piece in pieces] == items
        assert [KINDS[piece] for piece in pieces] == [f"{len(item)}{item[1]}" for item in items]


@pytest.mark.parametrize(
    "tail", ["", "</answer>", "</think>", "<answer>", "<think>", f"x<answer>{ANSWER}</answer>", '"]]']
)
@pytest.mark.parametrize("rel", ["", '["NER", "Used-For", "BERT"]'])
@pytest.mark.parametrize("between", ['"]], "rel": [["', '], "rel": [', "]}\n", "]}\n</answer>"])
def test_what_follows_a_finished_answer_is_seen(tail, rel, between, monkeypatch):
    text = f'so</think>\n<answer>\n{{"ner": [["BERT", "Method"]], "rel": [{rel}]}}\n</answer>{between}{tail}'
    assert parse_completion(text) == generally(text, monkeypatch)


@pytest.mark.parametrize("text", ["BERT", 'the "B" model', "\u00c9", "a:b", "x, y", "[c]"])
def test_plain_items_have_pieces(text):
    assert len(pieces_of([(text, "Method"), ("b", "Used-For", "c")])) == 2


@pytest.mark.parametrize("text", ["", " ", " a", "a ", "a\\b", "<a>", "e\u0301", "a\tb", "x" * 400])
def test_odd_items_have_no_pieces(text):
    assert pieces_of([("b", "Method"), (text, "Method")]) is None


@settings(max_examples=400)
@given(piece=st.lists(st.text(st.sampled_from('ab :;"\\<=[]~\x7f\t!#9é'), max_size=4), max_size=4).map('", "'.join))
def test_what_is_sure_is_what_a_close_look_says(piece):
    quickly = plain._read(piece)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(plain, "_SURE", re.compile("(?!)"))
        assert plain._read(piece) == quickly


def test_what_pieces_say_is_forgotten_when_it_is_too_much(monkeypatch):
    monkeypatch.setattr("sciie_eval.plain.MAX_PIECES", 3)
    items = [(letter, "Method") for letter in "abcdefgh"]
    assert [KINDS[piece] for piece in pieces_of(items)] == ["2Method"] * 8
    assert len(ITEMS) <= 3
    assert len(KINDS) <= 3


def test_completions_of_several_frames():
    other = GOOD.replace("</think><answer>", "</think>\n<answer>").replace("</answer>", "\n</answer>")
    empty = GOOD.replace(ANSWER, '{"ner": [], "rel": []}')
    pieces, lengths = cut_plain([GOOD, other, "nothing", empty, other, GOOD])
    assert lengths == [2, 1, 2, 1, 1, 0, 0, 0, 2, 1, 2, 1]
    assert pieces[:3] == pieces_of([("BERT", "Method"), ("NER", "Task"), ("BERT", "Used-For", "NER")])
    assert ITEMS[pieces[6]] == ()


def test_both_ways_agree_on_mutated_answers(monkeypatch):
    rng = random.Random(7)
    for _ in range(3000):
        text = list(GOOD)
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(text))
            text[place : place + rng.randrange(3)] = rng.choice(['"', " ", ":", "<", "[", "]", "x", "", "null", "1"])
        mutated = "".join(text)
        assert parse_completion(mutated) == generally(mutated, monkeypatch), mutated
