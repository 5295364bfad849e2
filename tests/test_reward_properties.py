"""What must hold of the robust reward for every completion."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sciie_rewards import R2Reward, r2_components, r2_reward, r2_weights

SENTENCE = "we use a deep neural net ( DNN ) for image parsing and parsing on Big Corpus with the GPU of CNN"
PHRASES = ("deep neural net", "neural net", "deep", "DNN", "image parsing", "parsing", "Big Corpus", "Corpus", "GPU")
APART = ("we use", "with the", "nothing here", "of")
TYPES = ("Method", "Task", "Dataset", "Odd")
LABELS = ("Used-For", "Part-Of", "Compare-With", "Odd-Rel")
Row = dict[str, Any]

texts = st.sampled_from(PHRASES)
anything = st.sampled_from(PHRASES + APART + ("  ", "Deep neural net", "dеep"))
entities = st.tuples(texts, st.sampled_from(TYPES)).map(list)
relations = st.tuples(texts, st.sampled_from(LABELS), texts).map(list)
golds = st.fixed_dictionaries(
    {"sentence": st.just(SENTENCE), "ner": st.lists(entities, max_size=4), "rel": st.lists(relations, max_size=3)}
)
answers = st.fixed_dictionaries(
    {
        "ner": st.lists(entities | st.tuples(anything, st.sampled_from(TYPES)).map(list), max_size=5),
        "rel": st.lists(relations | st.tuples(anything, st.sampled_from(LABELS), anything).map(list), max_size=4),
    }
)
lines = st.one_of(
    st.builds('"{}" stands for {} of "{}". So there.'.format, texts, st.sampled_from(LABELS), texts),
    st.builds("The {0} is {1} in the sense of {2}!".format, texts, st.sampled_from(("used for", "Part-Of")), texts),
    st.builds('“{}” and "{}"'.format, texts, texts),
    st.sampled_from(
        ('"made up" it is', f'"{SENTENCE}"', '"open', "Step 1. because the rule implies", "", "- «x» 'y' \u201c")
    ),
)
thoughts = st.lists(lines, max_size=5).map("\n".join)


def completion(answer: Row, thought: str = "I see.") -> str:
    return f"<think>\n{thought}\n</think>\n<answer>{json.dumps(answer)}</answer>"


def reward(text: str, gold: Row) -> float:
    return r2_reward.score_one(text, gold).score


def own(components: dict[str, float], vacuous: tuple[str, ...]) -> dict[str, float]:
    """The components that neither the layout nor the others decide."""
    return {name: value for name, value in components.items() if name != "FORMAT" and name not in vacuous}


@given(
    st.text()
    | st.lists(st.sampled_from(("<think>", "</think>", "<answer>", "</answer>", '{"ner": [', "]", "}", '"', "x"))).map(
        "".join
    )
    | st.builds(completion, answers, thoughts),
    golds,
)
def test_every_reward_is_a_number_from_0_to_1(text: str, gold: Row) -> None:
    result = r2_reward.score_one(text, gold)
    assert type(result.score) is float
    assert 0 <= result.score <= 1
    assert all(math.isfinite(value) and 0 <= value <= 1 for value in result.components.values())
    total = sum(weight * value for weight, value in zip(r2_weights(), result.components.values(), strict=True))
    assert math.isclose(total, result.score, abs_tol=1e-12)


@given(answers, thoughts, golds, st.data())
def test_a_right_item_more_always_raises(answer: Row, thought: str, gold: Row, data: st.DataObject) -> None:
    missing = [(section, item) for section in ("ner", "rel") for item in gold[section] if item not in answer[section]]
    assume(missing)
    section, item = data.draw(st.sampled_from(missing))
    more = {**answer, section: [*answer[section], item]}
    assert reward(completion(more, thought), gold) > reward(completion(answer, thought), gold)


@given(st.lists(st.integers(1, 8), min_size=1, max_size=6), st.integers(0, 5))
def test_a_right_entity_more_raises_where_many_are_near(lengths: list[int], which: int) -> None:
    """Long runs of words, each found but for one border, compete for what the right one leaves."""
    words = [[f"w{number}x{place}" for place in range(length + 1)] for number, length in enumerate(lengths)]
    chain = [" ".join([*one, *other[:1]]) for one, other in zip(words, [*words[1:], words[0]], strict=True)]
    gold = {"sentence": " ".join(map(" ".join, words)), "ner": [[" ".join(one), "Task"] for one in words], "rel": []}
    answer = {"ner": [[text, "Task"] for text in chain], "rel": []}
    more = {"ner": [*answer["ner"], gold["ner"][which % len(words)]], "rel": []}
    assert reward(completion(more), gold) > reward(completion(answer), gold)


@given(answers, thoughts, golds, st.data())
def test_a_wrong_item_less_never_lowers(answer: Row, thought: str, gold: Row, data: st.DataObject) -> None:
    words = {word for text, _ in gold["ner"] for word in text.split()}
    words |= {word for subject, _, object_ in gold["rel"] for text in (subject, object_) for word in text.split()}
    wrong = [("ner", item) for item in answer["ner"] if words.isdisjoint(item[0].split())]
    wrong += [("rel", item) for item in answer["rel"] if item not in gold["rel"]]
    assume(wrong)
    section, item = data.draw(st.sampled_from(wrong))
    less = {**answer, section: [other for other in answer[section] if other != item]}
    assert reward(completion(less, thought), gold) >= reward(completion(answer, thought), gold) - 1e-12


@given(answers, thoughts, golds, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(answer: Row, thought: str, gold: Row, random: Any) -> None:
    first = r2_reward.score_one(completion(answer, thought), gold)
    again = {section: [*items, *items] for section, items in answer.items()}
    for items in again.values():
        random.shuffle(items)
    twice = "\n".join([thought, thought, *[line for line in thought.split("\n") for _ in range(2)]])
    assert r2_reward.score_one(completion(again, twice), gold) == first


@given(st.lists(st.tuples(answers, thoughts, golds), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_rows_of_a_batch_do_not_know_each_other(batch: list[tuple[Row, str, Row]], random: Any) -> None:
    alone = [reward(completion(answer, thought), gold) for answer, thought, gold in batch]
    order = list(range(len(batch)))
    random.shuffle(order)
    texts = [completion(batch[place][0], batch[place][1]) for place in order]
    columns = {key: [batch[place][2][key] for place in order] for key in ("sentence", "ner", "rel")}
    assert r2_reward(texts, **columns) == [alone[place] for place in order]
    golds = [json.dumps(batch[place][2]) for place in order]
    assert r2_reward(completions=texts, gold=golds, other=order, sentence=columns["sentence"]) == [
        alone[place] for place in order
    ]
    weighted = [
        sum(weight * value for weight, value in zip(r2_weights(), values, strict=True))
        for values in zip(*[part(texts, **columns) for part in r2_components()], strict=True)
    ]
    assert all(math.isclose(*pair, abs_tol=1e-12) for pair in zip(weighted, [alone[p] for p in order], strict=True))


@given(answers, thoughts, golds, st.sampled_from(("case", "fence", "blanks", "indent", "prose", "no think", "tags")))
def test_layout_changes_format_only(answer: Row, thought: str, gold: Row, how: str) -> None:
    first = r2_reward.score_one(completion(answer, thought), gold)
    think, value = f"<think>\n{thought}\n</think>", json.dumps(answer)
    other = {
        "case": f"<THINK>\n{thought}\n</Think><Answer>{value}</ANSWER>",
        "fence": f"{think}<answer>\n```json\n{value}\n```\n</answer>",
        "blanks": f"  {think}\n\n\n <answer>\n  {value} \n</answer> \n",
        "indent": f"{think}<answer>{json.dumps(answer, indent=3)}</answer>",
        "prose": f"{think}<answer>Here you are: {value} I hope it helps.</answer>",
        "no think": f"{think}\n{value}",
        "tags": f"<think >\n{thought}\n</think ><answer >{value}</answer >",
    }[how]
    second = r2_reward.score_one(other, gold)
    assert own(second.components, second.vacuous) == own(first.components, first.vacuous)
    assert second.vacuous == first.vacuous
    expected = {"fence": 0.5, "prose": 0.5, "no think": 0.0}.get(how, 1.0)
    assert second.components["FORMAT"] == expected


@given(answers, thoughts, golds)
def test_other_rules_keep_to_the_same_bounds(answer: Row, thought: str, gold: Row) -> None:
    for reward in RULES:
        result = reward.score_one(completion(answer, thought), gold)
        assert 0 <= result.score <= 1
        assert all(0 <= value <= 1 + 1e-12 for value in result.components.values())


RULES = [
    R2Reward(match="overlap"),
    R2Reward(match="fuzzy", threshold=0.5, relations="rel+"),
    R2Reward(match="boundaries", normalize="casefold"),
    R2Reward(normalize="spacing", symmetric="undirected"),
    R2Reward(relations="rel+", weights={"format": 0, "SPAN": 1}),
]
