"""The release's rewards: its own outputs, a plain transliteration of the definitions, and what made it crash."""

from __future__ import annotations

import json
import pickle
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import rows_of

from sciie_eval import Example, InputError
from sciie_rewards import R2Reward
from sciie_rewards.released import (
    RELEASED,
    format_reward,
    ner_reward,
    reasoning_reward,
    rel_reward,
    released_format,
    released_ner,
    released_rel,
    released_rewards,
    released_scores,
)

GOLDEN = Path(__file__).resolve().parent / "golden"
sys.path.insert(0, str(GOLDEN))
from hostile import hostile  # noqa: E402

SENTENCE = "We use BERT large for named entity recognition ( NER ) ."
NER = [["BERT large", "Method"], ["NER", "Task"]]
REL = [["BERT large", "Used-For", "NER"], ["NER", "Synonym-Of", "named entity recognition"]]


def example(sentence: str = SENTENCE, ner: Any = NER, rel: Any = REL) -> Example:
    return Example.from_row({"sentence": sentence, "ner": ner, "rel": rel}, id="a")


def answer(ner: Any = (), rel: Any = ()) -> str:
    return f"<answer>{json.dumps({'ner': ner, 'rel': rel})}</answer>"


def reasoned(text: str, **gold: Any) -> float:
    """What a think block earns, before the scale."""
    gold = {"rel": [["a", "b", "-unheard-of-"]]} | gold
    return 6 * reasoning_reward(f"<think>{text}</think>", example(**gold))


def test_the_release_agrees(golden_dir: Path) -> None:
    rows = rows_of(golden_dir / "released_rewards.jsonl")
    assert len(rows) == 280
    for row in rows:
        for name, reward in RELEASED.items():
            found = reward(row["completion"], Example.from_row(row, id=row["id"]))
            assert found == pytest.approx(row["released"][name], abs=1e-9), (row["id"], name)


# ner


@pytest.mark.parametrize(
    ("predicted", "f1", "overlap"),
    [
        (NER, 1, 1),
        (NER[::-1] * 2, 1, 1),  # sets
        ([["NER", "Task"]], 2 / 3, 1 / 2),
        ([["BERT large", "Task"], ["NER", "Method"]], 0, 1),  # types ignored in the overlap
        ([["bert large", "Method"]], 0, 1 / 2 * 1 / 3),  # case-sensitive, "large" is one of three words
        ([["BERT  large NER", "Method"]], 0, (2 / 3 + 1 / 3) / 2),  # the best for each gold text
        ([["", "Method"]], 0, 0),
        ([], 0, 0),
        ([["BERT large", "Method", 1], ["NER", "Task"]], 1 / 2, 1),  # one pair is none, its text is still a text
        ([["BERT large"], [], [None, "Task"], [1, 2]], 0, 1 / 2),
        ([["BERT large", ["Method"]], {"text": "NER"}, "NER", None, ["NER", "Task"]], 1 / 2, 1 / 2),
    ],
)
def test_ner(predicted: Any, f1: float, overlap: float) -> None:
    assert ner_reward(answer(predicted), example()) == pytest.approx(0.7 * f1 + 0.3 * overlap)


def test_ner_counts_repeated_gold_once_for_f1_and_twice_for_the_overlap() -> None:
    gold = example(ner=[["NER", "Task"], ["NER", "Task"], ["BERT", "Method"]])
    assert ner_reward(answer([["NER", "Task"]]), gold) == pytest.approx(0.7 * 2 / 3 + 0.3 * 2 / 3)


def test_ner_without_gold_or_with_blank_gold_is_0() -> None:
    assert ner_reward(answer(NER), example(ner=[])) == 0
    assert ner_reward(answer(), example(ner=[])) == 0
    assert ner_reward(answer([["x", "Task"], ["", ""]]), example(ner=[[" ", "Task"]])) == 0


# rel


@pytest.mark.parametrize(
    ("predicted", "f1"),
    [
        (REL, 1),
        (REL[:1] * 3, 2 / 3),
        ([REL[0], ["NER", "Used-For", "BERT large"]], 1 / 2),
        ([], 0),
        ([["BERT large", "Used-For"], REL[0], REL[1]], 4 / 5),
        ([{"subject": "NER"}, {"object": "NER"}, REL[0], REL[1]], 4 / 5),  # together one wrong item
    ],
)
def test_rel(predicted: Any, f1: float) -> None:
    assert rel_reward(answer((), predicted), example()) == pytest.approx(2 * f1)


@pytest.mark.parametrize("text", ["", answer(), "<answer>{</answer>", "<answer>[]</answer>", "<answer>{}", "none"])
def test_no_relations_where_gold_has_none_earn_all(text: str) -> None:
    assert rel_reward(text, example(rel=[])) == 2
    assert rel_reward(text, example()) == 0
    assert rel_reward(answer((), REL), example(rel=[])) == 0


# where the answer is


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f" x <ANSWER>\n{json.dumps({'ner': NER})}\u00a0</Answer> y", True),
        (f"<think><answer>{{}}</answer></think>{answer(NER)}", False),  # the first one
        (f"{answer(NER)}<answer>{{}}</answer>", True),
        (f"<answer><answer>{json.dumps({'ner': NER})}</answer>", False),
        (f"</answer>{answer(NER)}", True),
        (f"<answer>```json\n{json.dumps({'ner': NER})}\n```</answer>", False),
        (f"<answer>{json.dumps({'ner': NER})}", False),
        (f"<answer >{json.dumps({'ner': NER})}</answer>", False),
        (json.dumps({"ner": NER}), False),
        ('<answer>{"ner": [["BERT large", "Method"], ["NER", "Task"]], "n": NaN}</answer>', True),
        ('<answer>{"ner": [], "ner": [["BERT large", "Method"], ["NER", "Task"]]}</answer>', True),
        ("<answer>{'ner': []}</answer>", False),
        (
            '<answer>{"ner": [["BERT large", "Method"], ["NER", "Task"]], "n": ["\\ud83d", '
            + "[" * 500
            + "]" * 501
            + "}</answer>",
            True,
        ),
        ('<answer>{"ner": [["BERT large", "Method"], ["NER", "Task"]], "n": ' + "9" * 5_000 + "}</answer>", False),
    ],
)
def test_the_answer_is_plain_json_between_the_first_tags(text: str, read: bool) -> None:
    assert ner_reward(text, example()) == float(read)


@pytest.mark.parametrize(
    "value", ["[]", "null", "3", '"ner"', '{"ner": null, "rel": null}', '{"ner": {"a": "b"}, "rel": "x"}', "[[1]]"]
)
def test_json_of_another_shape_counts_as_empty(value: str) -> None:
    text = f"<answer>{value}</answer>"
    assert (ner_reward(text, example()), rel_reward(text, example())) == (0, 0)
    assert rel_reward(text, example(rel=[])) == 2


# reasoning


@pytest.mark.parametrize("text", ["", "<think></think>", "<think> \n </think>", "<think>rule", "rule</think>"])
def test_without_a_think_block_nothing(text: str) -> None:
    assert reasoning_reward(text, example(rel=[])) == 0


def test_the_think_block_is_the_first_one() -> None:
    assert reasoning_reward("<think></think><think>rule</think>", example()) == 0
    assert reasoning_reward("</think><THINK>thus</Think>", example()) == pytest.approx(0.5 / 6)
    assert reasoning_reward("<think>x<think>thus</think>", example()) == pytest.approx(0.5 / 6)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ('"BERT"', [4]),
        ("'bert'", [4]),
        ("\"BERT'", [4]),  # the marks need not agree
        ('" BERT "', [4]),
        ('"" " " \'\' "GPT"', []),  # blank ones, and what the sentence has not
        ('"BERT" "BERT"', [4, 4]),
        ("it's 'BERT'", [1]),  # the first two marks hold "s ", and BERT' has no opening one
        ('"BERT"large"NER"', [4, 3]),  # a mark closes one quote only
        ("“BERT”", []),
        (f'"{SENTENCE}"', []),
        (f'"{SENTENCE[:-1]}"', [len(SENTENCE) - 2]),
        ('"B\nE"', []),
        ('"BERT', []),
        ('"e" ' * 9, [1] * 9),
    ],
)
def test_quotes(text: str, lengths: list[int]) -> None:
    earned = sum(0.1 + 0.1 * (1 - length / len(SENTENCE)) for length in lengths)
    assert reasoned(text) == pytest.approx(min(earned, 0.6))


def test_quotes_need_not_fit_on_a_line() -> None:
    assert reasoned('"B\nE"', sentence="aB\nEc") == pytest.approx(0.1 + 0.1 * (1 - 3 / 5))
    assert reasoned('"BERT"', sentence="") == 0


WORDS = ("implies", "suggests", "because", "indicates", "pattern", "rule", "therefore", "hence", "thus", "maps to")


@pytest.mark.parametrize("text", WORDS)
def test_a_word_of_reasoning(text: str) -> None:
    for think in (text, text.upper(), f"a{text}b", f"{text} {text}"):
        assert reasoned(think) == pytest.approx(0.5)


@pytest.mark.parametrize("text", ["consequently", "leads to", "enthusiasm", "Pattern", "dispatterned"])
def test_more_words_of_reasoning(text: str) -> None:
    assert reasoned(text) == pytest.approx(0.5)


@pytest.mark.parametrize("text", ["maps\nto", "leads  to", "so", "imply", "means", "defines"])
def test_no_word_of_reasoning(text: str) -> None:
    assert reasoned(text) == 0


RULES = [
    ("rule implies", True),
    ("RULEIMPLIES", True),
    ("patterns: it defines", True),
    ("pattern and rule means", True),
    ("rule\n\n \timplies", True),
    ("rule\n x indicates", True),
    ("rule x\n indicates", False),
    ("rule\nx\nmeans", False),
    ("rule x pattern\n means", True),
    ("rule pattern\n\n x rule y\n means", False),
    ("rule\u2028x\x85\rmeans", True),  # no line break for a regular expression
    ("means a rule", False),
    ("rule rule rule because", False),
    ("pattern suggest", False),
    ("rulemeansx", True),
    ("ruled means", True),
    ("rule\n", False),
]


@pytest.mark.parametrize(("text", "found"), RULES, ids=[repr(text) for text, _ in RULES])
def test_a_rule_with_a_verb(text: str, found: bool) -> None:
    assert reasoned(text) == pytest.approx(0.8 if found else 0.5)


RELATIONS = [
    ("relation due to", True),
    ("Relationship as", True),
    ("relations assumed", True),  # no word boundary
    ("relationship\n as", True),
    ("relation\nas", False),  # a space is needed
    ("relation\tas", False),
    ("relation \tx as", True),
    ("relationas", False),
    ("relation x\n as", False),
    ("relation\n\n x as", True),
    ("relation x relationship\n due to", True),
    ("relation x relation\nx\n due to", False),
    (" as a relation", False),
    ("due to the relation", False),
]


@pytest.mark.parametrize(("text", "found"), RELATIONS, ids=[repr(text) for text, _ in RELATIONS])
def test_a_relation_with_a_reason(text: str, found: bool) -> None:
    assert reasoned(text) == pytest.approx(0.4 if found else 0)


def test_because_is_a_word_and_a_reason() -> None:
    assert reasoned("relation because") == pytest.approx(0.9)


STEPS = [
    ("step 1", True),
    ("footstep \n12", True),
    ("3.", True),
    ("v3.5", True),
    ("(a)", True),
    ("Done)", True),
    ("- x", True),
    ("state - of", True),
    ("x•\u00a0y", True),
    ("-", False),
    ("-x", False),
    ("•x", False),
    ("step1", False),
    ("step one", False),
    ("1)", False),
    ("a )", False),
    ("1 .", False),
]


@pytest.mark.parametrize(("text", "found"), STEPS, ids=[repr(text) for text, _ in STEPS])
def test_a_step_mark(text: str, found: bool) -> None:
    assert reasoned(text) == pytest.approx(0.3 if found else 0)


def test_mentions() -> None:
    two = f"{REL[0][0].lower()} {REL[0][1].upper()} {REL[0][2]}"
    assert reasoned(two, rel=REL) == pytest.approx(0.35)
    assert reasoned(two, rel=[REL[0]] * 2 + [REL[1]]) == pytest.approx(0.7 * 2 / 3)  # a repeated triple counts twice
    assert reasoned("NOT NO RELATIONS", rel=[]) == pytest.approx(0.35)
    assert reasoned("no\nrelation", rel=[]) == 0
    assert reasoned("no relation") == 0


def test_everything_together_stays_below_the_cap() -> None:
    everything = '"e" ' * 6 + "rule means; relation because; - x BERT large Used-For NER"
    assert reasoned(everything, rel=REL[:1]) == pytest.approx(2.8)
    assert reasoning_reward(f"<think>{everything}</think>", example(rel=REL[:1])) <= 0.5


# format


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<think>a</think><answer>b</answer>", True),
        ("x<think>\n</think>\n \u00a0<answer>\n</answer>y", True),
        ("<think></think>so<answer></answer>", False),
        ("<think></think>so<answer></think> <answer></answer>", True),  # both blocks may hold anything
        ("<think><think></think></think><answer><answer></answer>", True),
        ("<answer></answer><think></think>", False),
        ("</think><answer><think></think><answer></answer>", True),
        ("</think><answer></answer><think>", False),
        ("<think></think><answer>", False),
        ("<think></think></answer><answer>", False),
        ("<THINK></THINK><ANSWER></ANSWER>", False),
        ("<think ></think><answer></answer>", False),
        ("<think><answer></answer>", False),
        ("", False),
    ],
)
def test_format(text: str, found: bool) -> None:
    assert format_reward(text, example()) == 0.5 * found


# against the plain way to write it


def block(text: str, tag: str) -> str | None:
    found = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL | re.IGNORECASE)
    return found[1].strip() if found else None


def sections(text: str) -> dict[str, set[Any]]:
    try:
        value = json.loads(block(text, "answer") or "")
    except ValueError:
        value = {}
    return {name: {tuple(item) for item in value.get(name, [])} for name in ("ner", "rel")}


def f1(predicted: set[Any], gold: set[Any]) -> float:
    return 2 * len(predicted & gold) / (len(predicted) + len(gold)) if predicted and gold else 0


def plain(text: str, gold: dict[str, Any]) -> dict[str, float]:
    """REWARDS, clause by clause, with what may be slow and nothing that may be clever."""
    read = sections(text)
    ner, rel = {tuple(item) for item in gold["ner"]}, {tuple(item) for item in gold["rel"]}
    words = [set(item[0].split()) for item in gold["ner"]]
    best = [max((len(w & set(t.split())) / len(w | set(t.split())) for t, *_ in read["ner"]), default=0) for w in words]
    return {
        "ner": 0.7 * f1(read["ner"], ner) + 0.3 * (sum(best) / len(best) if best else 0),
        "rel": 2 * f1(read["rel"], rel) if read["rel"] or rel else 2,
        "reasoning": plain_reasoning((block(text, "think") or "").lower(), gold),
        "format": 0.5 * bool(re.search(r"<think>.*?</think>\s*<answer>.*?</answer>", text, re.DOTALL)),
    }


def plain_reasoning(think: str, gold: dict[str, Any]) -> float:
    if not think:
        return 0
    sentence = gold["sentence"].lower()
    quotes = [quote.strip() for quote in re.findall("""['"]([^'"]+)['"]""", think)]
    kept = [quote for quote in quotes if quote and quote in sentence and quote != sentence]
    total = min(sum(0.1 + 0.1 * (1 - len(quote) / len(sentence)) for quote in kept), 0.6)
    words = "implies|suggests|because|maps to|indicates|pattern|rule|therefore|hence|thus|consequently|leads to"
    total += 0.5 * bool(re.search(words, think))
    total += 0.3 * bool(re.search(r"(pattern|rule)\s*.*(implies|suggests|indicates|means|defines)", think))
    total += 0.4 * bool(re.search(r"(relation|relationship)\s*.* (because|due to|as)", think))
    total += 0.3 * bool(re.search(r"step\s+\d|\d\.|[a-z]\)|[-•]\s", think))
    triples = [[part.lower() for part in triple] for triple in gold["rel"]]
    if triples:
        total += 0.7 * sum(all(part in think for part in triple) for triple in triples) / len(triples)
    elif "no relation" in think:
        total += 0.35
    return min(total / 6, 0.5)


TEXTS = ("BERT", "BERT large", "bert", "NER", "named entity recognition", "a b", "s")
PIECES = (
    *("'", '"', "' ", ' "', "“", " ", "  ", "\n", "\t", "\u00a0", "\u2028", ".", ")", ";", "x", "-", "- ", "•"),
    *("rule", "pattern", "relation", "relationship", "Relation", "RULE", "no relation", "implies", "suggests"),
    *("indicates", "means", "defines", "because", "due to", "as", " as", "thus", "maps to", "leads to", "hence"),
    *("step", "step 1", "3.", "b)", "1", "Used-For", "Part-Of", SENTENCE, SENTENCE.lower(), SENTENCE[3:12]),
    *TEXTS,
)
TAGS = (
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "<THINK>",
    "</Think>",
    "<Answer>",
    "</ANSWER>",
    "\n",
    " so ",
    "rule",
)
PAIRS = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(("Method", "Task"))).map(list), max_size=4)
TRIPLES = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(("Used-For", "Part-Of")), st.sampled_from(TEXTS)).map(list),
    max_size=4,
)
ROWS = st.fixed_dictionaries(
    {"sentence": st.sampled_from((SENTENCE, "BERT", "a b", "s", "", " s ")), "ner": PAIRS, "rel": TRIPLES}
)
ANSWERS = (
    st.fixed_dictionaries({}, optional={"ner": PAIRS, "rel": TRIPLES, "more": PAIRS}).map(json.dumps)
    | st.builds(lambda text, cut: text[:cut], st.just(json.dumps({"ner": NER, "rel": REL})), st.integers(0, 200))
    | st.lists(st.sampled_from(TAGS)).map("".join)
)
THOUGHTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
COMPLETIONS = (
    st.builds("<think>{}</think>{}<answer>{}</answer>".format, THOUGHTS, st.sampled_from(("", "\n", "so")), ANSWERS)
    | st.builds(lambda parts: "".join(parts), st.lists(st.sampled_from(TAGS) | THOUGHTS | ANSWERS, max_size=12))
    | st.builds(
        lambda tags, text, more: tags[0] + text + tags[1] + more,
        st.tuples(*2 * (st.sampled_from(TAGS),)),
        THOUGHTS,
        ANSWERS,
    )
)


@settings(max_examples=4000)
@given(ROWS, COMPLETIONS)
def test_the_plain_way_agrees(row: dict[str, Any], text: str) -> None:
    gold = Example.from_row(row, id="a")
    found = {name: reward(text, gold) for name, reward in RELEASED.items()}
    assert found == released_scores(text, gold)
    assert found == pytest.approx(plain(text, row), abs=1e-9)


@settings(max_examples=2000)
@given(THOUGHTS)
def test_the_plain_way_agrees_on_reasoning(text: str) -> None:
    row = {"sentence": SENTENCE, "ner": NER, "rel": REL}
    found = reasoning_reward(f"<think>{text}</think>", Example.from_row(row, id="a"))
    assert found == pytest.approx(plain_reasoning(text.strip().lower(), row), abs=1e-9)


# whatever a model writes


def completions_from_hell() -> dict[str, str]:
    rows = rows_of(GOLDEN / "malformed.jsonl")
    return {row["id"]: row["completion"] for row in rows} | hostile() | {"surrogate": "<think>'\ud83d'</think>"}


@pytest.mark.parametrize("reward", released_rewards(), ids=lambda reward: reward.__name__)
def test_nothing_is_an_exception_and_neighbours_are_left_alone(reward: Any) -> None:
    good = f"<think>The rule implies 'BERT'.</think>\n{answer(NER, REL)}"
    texts = completions_from_hell()
    columns = {
        "sentence": [SENTENCE] * (len(texts) + 2),
        "ner": [NER] * (len(texts) + 2),
        "rel": [REL] * (len(texts) + 2),
    }
    found = reward(completions=[good, *texts.values(), good], **columns)
    alone = reward(completions=[good], sentence=[SENTENCE], ner=[NER], rel=[REL])
    assert [found[0]] == [found[-1]] == alone
    assert alone[0] > 0
    assert all(type(value) is float and 0 <= value <= 2 for value in found)


REPEATED = (
    *(
        "rule",
        "rule ",
        "rule\n",
        "pattern\n\n",
        "relation ",
        "relation\nas",
        "relation as\n",
        " because",
        "rule as",
        "step ",
    ),
    *(
        '"',
        "'e' ",
        "'zz' ",
        "a)",
        "1 .",
        "- ",
        "<think>",
        "</think> ",
        "<answer>",
        "</answer>",
        "\n",
        " ",
        "m",
        "p",
        "a b ",
    ),
)


@pytest.mark.parametrize("piece", REPEATED, ids=map(repr, REPEATED))
def test_work_grows_with_the_length(piece: str) -> None:
    """Eight times the text is about eight times the work, where trying every pair of places makes it sixty-four."""

    def seconds(number: int) -> float:
        times = []
        texts = [
            f"{head}{piece * number}{tail}" for head in HEADS for tail in ("</think>", "</think> <answer>{}</answer>")
        ]
        for _ in range(3):
            start = time.process_time()
            for text in texts:
                for reward in RELEASED.values():
                    reward(text, gold)
            times.append(time.process_time() - start)
        return min(times)

    gold = example()
    assert seconds(8 * 8_000) < 24 * seconds(8_000) + 0.02


HEADS = ("<think>", "<think>rule", "<think>relation ", "<think>'", "</think>")


# as trainers call it


def test_every_form_of_completions_and_gold() -> None:
    text = answer(NER, REL)
    forms = [text, [{"role": "assistant", "content": text}], {"content": text}]
    gold = {"ner": NER, "rel": REL}
    for columns in (
        {"gold": [json.dumps(gold)] * 3},
        {"gold": [gold] * 3},
        {"ner": [NER] * 3, "rel": [REL] * 3},
    ):
        assert released_ner(completions=forms, prompts=["p"] * 3, sentence=[SENTENCE] * 3, **columns) == [1, 1, 1]
        assert released_rel(completions=forms, prompts=["p"] * 3, sentence=[SENTENCE] * 3, **columns) == [2, 2, 2]


def test_reasoning_content_is_the_think_block() -> None:
    message = {"role": "assistant", "content": answer(), "reasoning_content": "so"}
    assert released_format([message], sentence=["x"], ner=[[]], rel=[[]]) == [0.5]


def test_each_row_has_its_own_gold() -> None:
    found = released_rel([answer((), REL)] * 2, sentence=[SENTENCE] * 2, ner=[NER] * 2, rel=[REL, []])
    assert found == [2, 0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "column gold: missing from row 0 on"),
        ({"sentence": ["x"], "ner": [[]]}, "column rel: missing"),
        ({"gold": ['{"ner": [], "rel": []}']}, "column sentence, row 0: expected a string"),
        ({"sentence": ["x"], "gold": ["{"]}, "column gold, row 0: expected a mapping .* or its JSON string"),
        ({"sentence": ["x"], "ner": [["a"]], "rel": [[]]}, r"columns ner, rel, row 0: field ner\[0\]: expected"),
    ],
)
def test_wrong_columns_are_named(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        released_ner(["x"], **columns)


def test_rows_of_other_tasks_are_not_judged() -> None:
    found = released_rel(["x", "x"], sentence=["s", "s"], ner=[[], None], rel=[[], None])
    assert found == [2, None]


def test_the_profile_adds_the_four_up() -> None:
    text = f"<think>The rule implies 'BERT'.</think>{answer(NER, REL[:1])}"
    result = R2Reward(profile="released").score_one(text, example())
    assert result.components == {name.upper(): reward(text, example()) for name, reward in RELEASED.items()}
    assert result.score == pytest.approx(sum(result.components.values()))


def test_the_four_can_be_sent_to_other_processes() -> None:
    rewards = released_rewards()
    assert pickle.loads(pickle.dumps(rewards)) == rewards
    assert rewards is not released_rewards()
    assert len({reward.__name__ for reward in rewards}) == 4
