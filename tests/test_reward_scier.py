"""The robust reward on SciER test: what right answers earn, and that no exploit pays."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from statistics import mean
from typing import Any

import pytest

from sciie_eval.schema import Example
from sciie_rewards import R2Reward, RewardResult, r2_reward

Row = dict[str, list[list[str]]]
LABELS = ("Part-Of", "SubClass-Of", "SubTask-Of", "Benchmark-For", "Trained-With", "Evaluated-With", "Used-For")
TYPES = ("Method", "Task", "Dataset")
PLAIN = "I read the sentence and list what it names."


@pytest.fixture(scope="module")
def examples(gold: dict[str, list[Example]]) -> list[Example]:
    return gold["test"]


def said(answer: Row, think: str) -> str:
    return f"<think>\n{think}\n</think>\n<answer>\n{json.dumps(answer, ensure_ascii=False)}\n</answer>"


def gold_of(example: Example) -> Row:
    row = example.gold.to_scier()
    return {"ner": row["ner"], "rel": row["rel"]}


def natural(answer: Row) -> str:
    """Reasoning that goes through the answer item by item."""
    lines = [f"The phrase “{text}” names a {kind.lower()}." for text, kind in answer["ner"]]
    return "\n".join(lines + [f"The words “{s}” and “{o}” stand for {kind}." for s, kind, o in answer["rel"]])


def noisy(example: Example, rate: float, rng: random.Random) -> Row:
    """Gold with about this share of its items spoilt: left out, or a border, type, label or direction wrong."""
    words, answer = example.sentence.split(), gold_of(example)
    ner, rel = [], []
    for text, kind in answer["ner"]:
        how = rng.choice(("border", "type", "gone", "more")) if rng.random() < rate else ""
        place = rng.randrange(len(words))
        ner += {
            "border": [[f"{text} {words[place]}", kind]],
            "type": [[text, rng.choice([other for other in TYPES if other != kind])]],
            "gone": [],
            "more": [[words[place], kind]],
        }.get(how, [[text, kind]])
    for subject, label, object_ in answer["rel"]:
        how = rng.choice(("label", "direction", "gone")) if rng.random() < rate else ""
        rel += {
            "label": [[subject, rng.choice([other for other in LABELS if other != label]), object_]],
            "direction": [[object_, label, subject]],
            "gone": [],
        }.get(how, [[subject, label, object_]])
    if len(ner) > 1 and rng.random() < rate / 3:
        rel.append([ner[0][0], rng.choice(LABELS), ner[-1][0]])
    return {"ner": ner, "rel": rel}


def exploits(example: Example) -> Iterator[tuple[str, str]]:
    """Completions that try to earn without a right item."""
    words, answer = example.sentence.split(), gold_of(example)
    empty: Row = {"ner": [], "rel": []}
    spam = "Step 1. Because the rule implies the pattern, therefore Used-For. No relation."
    quotes = " ".join(f'"{word}"' for word in words)
    value = json.dumps(answer, ensure_ascii=False)
    near: Row = {"ner": [[f"the {text}", kind] for text, kind in answer["ner"]], "rel": []}
    backwards = [[object_, kind, subject] for subject, kind, object_ in answer["rel"]]
    yield "empty", said(empty, PLAIN)
    yield "keywords", said(empty, "\n".join([spam] * 20))
    yield "bullets", said(empty, "\n".join(f"- step {number}" for number in range(50)))
    yield "quotes", said(empty, quotes)
    yield "echo", said(empty, f'"{example.sentence}"')
    yield "words", said({"ner": [[word, "Method"] for word in words], "rel": []}, spam)
    for size in (2, 3):
        grams = [" ".join(words[place : place + size]) for place in range(len(words))]
        yield f"{size} words", said({"ner": [[gram, kind] for gram in grams for kind in TYPES], "rel": []}, spam)
    yield "near", said(near, quotes)
    yield "near, relations backwards", said({**near, "rel": backwards}, natural(answer))
    yield "types", said({"ner": [[t, TYPES[TYPES.index(k) - 1]] for t, k in answer["ner"]], "rel": []}, natural(answer))
    triples = [[f"the {s}", kind, f"the {o}"] for s, _, o in answer["rel"] for kind in LABELS]
    yield "every triple", said({**near, "rel": triples}, natural({**near, "rel": triples}))
    alike = str.maketrans("aeo", "аео")
    yield "look-alikes", said({"ner": [[t.translate(alike), k] for t, k in answer["ner"]], "rel": []}, quotes)
    yield "spacing", said({"ner": [["  ".join(t.split()), k] for t, k in answer["ner"]], "rel": []}, quotes)
    yield "broken", f"<think>{quotes}</think><answer>{value[: len(value) // 8]}</answer>"
    yield "no answer", f"<think>{natural(answer)}"
    yield "enormous", said({"ner": [[f"e{number}", "Method"] for number in range(300)], "rel": []}, spam)


def right_items(result: RewardResult) -> bool:
    return any(result.components[name] > 0 for name in ("NER", "REL") if name not in result.vacuous)


def test_right_answers_earn_nearly_everything(examples: list[Example]) -> None:
    full = [r2_reward.score_one(said(gold_of(e), natural(gold_of(e))), e) for e in examples]
    assert mean(result.score for result in full) >= 0.97
    assert mean(r2_reward.score_one(said(gold_of(e), PLAIN), e).score for e in examples) >= 0.85
    for name in ("RULE", "RELEVANCE"):
        assert mean(result.components[name] for result in full) >= 0.99
        assert mean(result.components[name] for result in full if name not in result.vacuous) >= 0.99


def test_no_exploit_pays(examples: list[Example]) -> None:
    """Nothing without a right item earns as much as an honest answer of mean F1 0.3, on any sentence."""
    rng = random.Random(5)
    earned: dict[str, list[float]] = defaultdict(list)
    honest_mean = []
    for example in examples:
        honest = []
        for rate in (0.2, 0.5, 0.8, 0.8, 0.8):
            answer = noisy(example, rate, rng)
            for think in (PLAIN, natural(answer)):
                result = r2_reward.score_one(said(answer, think), example)
                f1 = [result.components[name] for name in ("NER", "REL") if name not in result.vacuous]
                if mean(f1) >= 0.3:
                    honest.append(result.score)
            if rate == 0.8:
                honest_mean.append(result.score)
        for name, text in exploits(example):
            result = r2_reward.score_one(text, example)
            if not right_items(result):
                earned[name].append(result.score)
                assert result.score < min(honest, default=1), name
    assert len(earned) >= 15
    for name, scores in earned.items():
        assert mean(scores) < mean(honest_mean), name


def test_the_bound_holds_for_any_answer() -> None:
    """Without a right item only layout and borders earn, which is less than the least honest answer does."""
    weights = r2_reward.weights
    most = weights["FORMAT"] + weights["SPAN"]
    # gold without relations, one relation too many; and gold with relations, the F1 where it weighs least
    assert most < weights["FORMAT"] + 0.6 * (weights["NER"] + weights["SPAN"])
    assert most < weights["FORMAT"] + 0.6 * min(weights["REL"], weights["NER"] + weights["SPAN"])


def test_good_neighbours_do_not_change(golden_dir: Any, examples: list[Example]) -> None:
    """Malformed completions in one batch with good ones: no exception, and the good ones earn what they earn alone."""
    lines = (golden_dir / "malformed.jsonl").read_text(encoding="utf-8").splitlines()
    bad = [json.loads(line)["completion"] for line in lines]
    good = said(gold_of(examples[0]), natural(gold_of(examples[0])))
    batch = [text for malformed in bad for text in (malformed, good)]
    found = r2_reward(batch, gold=[json.dumps(examples[0].to_row())] * len(batch))
    assert all(score is not None and 0 <= score <= 1 for score in found)
    assert set(found[1::2]) == {r2_reward.score_one(good, examples[0]).score}


def test_the_general_way_is_the_short_way(examples: list[Example]) -> None:
    """Texts that need no preparation are compared by equality; the evaluator's matcher says the same."""
    rng, general = random.Random(7), R2Reward()
    general._scorer.judge._plain = False  # type: ignore[union-attr]
    for example in examples[:300]:
        text = said(answer := noisy(example, 0.4, rng), natural(answer))
        assert general.score_one(text, example) == r2_reward.score_one(text, example)
