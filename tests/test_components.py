"""Every component on completions made by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sciie_rewards import R2Reward, r2_reward

SENTENCE = "BERT and a deep CNN are trained on Big Corpus for name tagging ."
NER = [["BERT", "Method"], ["deep CNN", "Method"], ["Big Corpus", "Dataset"], ["name tagging", "Task"]]
REL = [["BERT", "Trained-With", "Big Corpus"], ["deep CNN", "Used-For", "name tagging"]]
GOLD = {"sentence": SENTENCE, "ner": NER, "rel": REL}
NOTHING = {"sentence": "See below .", "ner": [], "rel": []}
ENTITIES_ONLY = {"sentence": SENTENCE, "ner": NER, "rel": []}
STEPS = 'The "BERT" is Trained-With "Big Corpus".\nThe "deep CNN" is used for "name tagging".'


def said(ner: Any = NER, rel: Any = REL, think: str = STEPS) -> str:
    return f"<think>{think}</think><answer>{json.dumps({'ner': ner, 'rel': rel})}</answer>"


def value(name: str, text: Any, gold: Any = GOLD, reward: R2Reward = r2_reward, prompt: object = None) -> float:
    return reward.score_one(text, gold, prompt).components[name]


def test_the_right_answer_with_natural_reasoning_earns_everything() -> None:
    result = r2_reward.score_one(said(), GOLD)
    assert result == (1.0, dict.fromkeys(r2_reward.weights, 1.0), "ok", ())


# -- FORMAT ----------------------------------------------------------------------------------------------------------


ANSWER = json.dumps({"ner": NER, "rel": REL})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<think>x</think><answer>{ANSWER}</answer>", 1),
        (f"<think></think>\n\n<answer>\n{ANSWER}\n</answer>\n", 1),
        (f"x</think><answer>{ANSWER}</answer>", 1),  # the template may have opened the reasoning
        (f"<think>x</think><answer>```json\n{ANSWER}\n```</answer>", 0.5),
        (f"<think>x</think><answer>{ANSWER[:-1]},}}</answer>", 0.5),
        (f"<answer>{ANSWER}</answer>", 0),
        (f"<answer>{ANSWER}</answer><think>x</think>", 0),
        (f"<think>x</think><think>x</think><answer>{ANSWER}</answer>", 0),
        (f"<think>x</think><answer>{ANSWER}</answer><answer>{ANSWER}</answer>", 0),
        (f"<think>x</think><answer>{ANSWER}", 0),
        (f"<think>x</think><answer>{ANSWER[:-20]}", 0),
        (f"<think>x</think>{ANSWER}", 0),
        (f"<think><answer>{ANSWER}</answer></think>", 0),
        (ANSWER, 0),
    ],
)
def test_format(text: str, expected: float) -> None:
    assert value("FORMAT", text) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (None, 1),
        ("Extract.\n<think>\n", 1),
        ("Extract, as <think>…</think><answer>…</answer>.\n<Think>", 1),
        ("Extract.", 0),
        ("Extract, as <think>…</think><answer>…</answer>.", 0),
        ([{"role": "user", "content": "Extract."}], 1),
    ],
)
def test_who_opened_the_reasoning(prompt: object, expected: float) -> None:
    text = said().removeprefix("<think>")
    assert value("FORMAT", text, prompt=prompt) == expected
    assert value("FORMAT", said(), prompt=prompt) == 1
    assert r2_reward([text], [prompt], gold=[json.dumps(GOLD)])[0] == pytest.approx(0.9 + 0.1 * expected)


def test_reasoning_that_stands_beside_the_content() -> None:
    content = f"<answer>{ANSWER}</answer>"
    message = {"role": "assistant", "content": content, "reasoning_content": STEPS}
    assert r2_reward.score_one([{"role": "user", "content": "Extract."}, message], GOLD).score == 1
    assert value("FORMAT", {**message, "reasoning_content": None}) == 0


# -- NER, REL, SPAN --------------------------------------------------------------------------------------------------


def test_ner_and_rel_are_the_evaluators_sentence_f1() -> None:
    text = said([["BERT", "Method"], ["CNN", "Method"]], [REL[0], ["BERT", "Used-For", "CNN"], REL[0]])
    assert value("NER", text) == pytest.approx(2 * 1 / (2 + 4))
    assert value("REL", text) == pytest.approx(2 * 1 / (2 + 2))


def test_rel_plus_asks_for_types() -> None:
    strict = R2Reward(relations="rel+")
    wrong = [["BERT", "Task"], *NER[1:]]
    assert value("REL", said(), reward=strict) == 1
    assert value("REL", said(wrong), reward=strict) == 0.5
    assert value("REL", said(wrong)) == 1


def test_span_pairs_what_is_near_and_of_the_same_type() -> None:
    assert value("SPAN", said([["a deep CNN", "Method"]])) == pytest.approx(2 * (2 / 3) / 5)
    assert value("SPAN", said([["a deep CNN", "Task"]])) == 0
    assert value("SPAN", said([["deep CNN", "Method"], ["a deep CNN", "Method"]])) == pytest.approx(2 / 6)
    assert value("SPAN", said([["deep-CNN", "Method"]])) == pytest.approx(2 * (2 / 3) / 5)
    assert value("SPAN", said([["x" * 2000 + " deep CNN", "Method"]])) == 0


def test_what_is_beyond_all_measure_is_not_looked_at() -> None:
    listing = [[f"CNN {number}", "Method"] for number in range(1001)]
    assert value("SPAN", said([*NER[:1], *listing])) == pytest.approx(2 * 1 / 1006)
    assert value("RULE", said(think="x" * 200_000 + "\n" + STEPS)) == 0


def test_span_makes_the_total_largest_not_the_number_of_pairs() -> None:
    gold = {"sentence": "a b c d e f", "ner": [["a b c d", "Task"], ["d x y z u v", "Task"]], "rel": []}
    text = said([["a b c", "Task"], ["d", "Task"]], [])
    assert value("SPAN", text, gold) == pytest.approx(2 * (3 / 4 + 1 / 6) / 4)
    greedy = said([["a b c d e", "Task"], ["b c", "Task"]], [])
    other = {"sentence": "a b c d e f", "ner": [["a b c d", "Task"], ["e f g h i j k", "Task"]], "rel": []}
    assert value("SPAN", greedy, other) == pytest.approx(2 * (4 / 5) / 4)


# -- RELEVANCE -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("think", "expected"),
    [
        ('"BERT" and "Big Corpus"', 1 / 2),
        ("“BERT” and “Big Corpus”", 1 / 2),
        ('"BERT and a deep CNN are trained on Big Corpus"', 0),  # more than 60 % of the sentence
        ('"trained on Big Corpus" and "BERT and"', 1 / 2),
        ('"BERT"\n"Big Corpus"', 0),  # two lines are two steps
        ('"BERT" it says. "Big Corpus" it goes on.', 0),
        ('"BERT" and "Big Corpus", "made up"', 1 / 2 * 2 / 3),
        ('"BERT" and "Big Corpus", "made up"\n"made up", "BERT"', 1 / 2 * 2 / 3),
        ('"BERT" and “Big Corpus” “made up”', 1 / 2 * 2 / 3),
        ('"BERT" and "Big Corpus, "made up"', 0),  # marks out of step
        ('"BERT" and "Big Corpus" "open', 1 / 2),
        ("BERT and Big Corpus", 0),
        ('"deep CNN" and "name tagging". "BERT" and "Big Corpus".', 1),
        ('"ERT" "Big Corpus"', 0),
        ("", 0),
    ],
)
def test_relevance(think: str, expected: float) -> None:
    assert value("RELEVANCE", said(think=think)) == pytest.approx(expected)


def test_only_right_relations_are_evidenced() -> None:
    wrong = [["Big Corpus", "Trained-With", "BERT"], ["deep CNN", "Part-Of", "name tagging"]]
    assert value("RELEVANCE", said(rel=wrong)) == 0
    assert value("RELEVANCE", said(rel=[REL[0], wrong[1]])) == pytest.approx(2 / 4)


def test_the_two_arguments_are_never_too_much() -> None:
    gold = {"sentence": "LeafNet solves leaf counting", "ner": [], "rel": [["LeafNet", "Used-For", "leaf counting"]]}
    assert value("RELEVANCE", said([], gold["rel"], '"LeafNet" and "leaf counting"'), gold) == 1
    assert value("RELEVANCE", said([], gold["rel"], '"LeafNet solves" and "leaf counting"'), gold) == 0


# -- RULE ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ner", "rel", "think", "expected"),
    [
        (NER, REL, STEPS, 1),
        (NER, REL, STEPS.upper(), 1),
        (NER, REL, "BERT is trained with Big Corpus; deep CNN is used for name tagging", 1),
        (NER, REL, "BERT is trained with it. Big Corpus it is. deep CNN used-for name tagging", 1 / 2),
        (NER, REL, "BERTs trained with Big Corpus", 0),  # words, not parts of words
        (NER, REL, "I am sure", 0),
        (NER[1:], REL, STEPS, 1 / 2),  # an argument is no entity
        ([["BERT", "Task"], *NER[1:]], REL, STEPS, 1 / 2),  # Task, Trained-With, Dataset is no signature
        ([["BERT", "Task"], *NER], REL, STEPS, 1),  # some choice of types is one
        (NER, [*REL, ["Big Corpus", "Trained-With", "BERT"]], STEPS, 2 * 1 / 5),  # both directions
        (NER, [REL[0], ["deep CNN", "Part-Of", "BERT"]], STEPS, 2 * 1 / 4),
    ],
)
def test_rule(ner: Any, rel: Any, think: str, expected: float) -> None:
    assert value("RULE", said(ner, rel, think)) == pytest.approx(expected)


def test_symmetric_relations_have_no_opposite_and_open_ones_any_type() -> None:
    rel = [["BERT", "Compare-With", "deep CNN"]]
    gold = {**GOLD, "rel": rel}
    both = [*rel, ["deep CNN", "Compare-With", "BERT"]]
    assert value("RULE", said(rel=both, think="BERT compare-with deep CNN"), gold) == pytest.approx(2 / 3)
    schema = {"name": "toy", "entity_types": ["Method"], "relation_types": ["Trained-With"]}
    toy = R2Reward(schema=schema)  # type: ignore[arg-type]
    only = {**GOLD, "rel": REL[:1]}
    assert value("RULE", said(rel=REL[:1]), only, toy) == 1
    assert value("RULE", said(NER[1:], REL[:1]), only, toy) == 0
    unknown = [["BERT", "Odd-Rel", "deep CNN"]]
    assert value("RULE", said(rel=unknown, think="BERT Odd-Rel deep CNN"), {**GOLD, "rel": unknown}) == 0


# -- together --------------------------------------------------------------------------------------------------------


def test_vacuous_components_are_left_out_beside_something_right() -> None:
    result = r2_reward.score_one(said(NER[:2], [], "I see."), ENTITIES_ONLY)
    assert result.vacuous == ("REL", "RELEVANCE", "RULE")
    assert result.score == pytest.approx((0.1 + 0.25 * 4 / 6 + 0.1 * 4 / 6) / 0.45)
    assert all(result.components[name] == result.score for name in result.vacuous)


def test_a_rightly_empty_answer_earns_1_and_any_other_empty_answer_format_alone() -> None:
    assert r2_reward.score_one(said([], [], "None."), NOTHING).score == 1
    assert r2_reward.score_one(said([], []), GOLD).score == pytest.approx(0.1)
    assert r2_reward.score_one(said([], []), ENTITIES_ONLY).score == pytest.approx(0.1)
    assert R2Reward(weights={"FORMAT": 0}).score_one(said([], []), NOTHING).score == 1


def test_where_nothing_is_right_nothing_is_scaled_up() -> None:
    """Else good borders without a right entity would beat an honest answer that has one relation too many."""
    near = r2_reward.score_one(said([[f"the {text}", kind] for text, kind in NER], []), ENTITIES_ONLY)
    assert near.score == pytest.approx(0.1 + 0.1 * near.components["SPAN"])
    assert [near.components[name] for name in near.vacuous] == [0, 0, 0]
    honest = r2_reward.score_one(said([*NER[:2], ["on", "Task"]], REL[:1]), ENTITIES_ONLY)
    assert near.score < honest.score


@pytest.mark.parametrize("text", ["", "no idea", "<think>x", "<answer>nothing</answer>", None, [], {}, 7, [{"x": 1}]])
@pytest.mark.parametrize("gold", [GOLD, NOTHING], ids=["gold", "nothing"])
def test_without_an_answer_nothing_is_earned(text: Any, gold: Any) -> None:
    result = r2_reward.score_one(text, gold)
    assert (result.score, set(result.components.values())) == (0, {0.0})
    assert result.status in ("no_answer", "invalid")


def test_what_was_repaired_or_cut_off_keeps_what_is_right() -> None:
    cut = r2_reward.score_one(said()[:-40], GOLD)
    assert cut.status == "truncated"
    assert cut.components["FORMAT"] == 0
    assert cut.components["NER"] == 1
    assert 0.5 < cut.score < 0.8


def test_reading_in_another_spelling() -> None:
    gold = {
        "sentence": "state - of - the - art BERT is used for name - tagging .",
        "ner": [["state - of - the - art BERT", "Method"], ["name - tagging", "Task"]],
        "rel": [["state - of - the - art BERT", "Used-For", "name - tagging"]],
    }
    text = said(
        [["state-of-the-art BERT", "Method"], ["name-tagging", "Task"]],
        [["state-of-the-art BERT", "Used-For", "name-tagging"]],
        'It says so. The "state-of-the-art BERT" is used for "name-tagging". Good.',
    )
    assert r2_reward.score_one(text, gold).score == pytest.approx(0.2)
    for normalize in ("spacing", "casefold"):
        assert R2Reward(normalize=normalize).score_one(text, gold).score == 1
    loud = text.replace("BERT", "Bert")
    cased = R2Reward(normalize="casefold").score_one(loud, gold)
    assert cased.components["NER"] == cased.components["RELEVANCE"] == cased.components["RULE"] == 1
    assert cased.components["SPAN"] == pytest.approx(2 * (7 / 9 + 1) / 4)  # borders are compared as they are written
    assert R2Reward(match="fuzzy").score_one(text, gold).components["REL"] == 1


def test_symmetric_relations_either_way() -> None:
    gold = {**GOLD, "rel": [["deep CNN", "Compare-With", "BERT"]]}
    text = said(rel=[["BERT", "Compare-With", "deep CNN"]], think='"BERT" compare-with "deep CNN"')
    assert r2_reward.score_one(text, gold).components["REL"] == 0
    assert R2Reward(symmetric="undirected").score_one(text, gold).score == 1
