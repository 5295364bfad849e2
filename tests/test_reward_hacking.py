"""The bounds that the robust profile promises, and that the benchmark which checks them would notice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sciie_eval import Example, read_gold
from sciie_eval.cards import data_root

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
from exploits import EXPLOITS, phrases
from honest import HONEST, gold_answer, in_full
from reward_hacking import checked, judged, measured, seeded


@pytest.fixture(scope="module")
def sample() -> list[Example]:
    return list(read_gold(data_root() / "sample" / "gold.jsonl"))


@pytest.fixture(scope="module")
def found(sample: list[Example]) -> dict[str, Any]:
    return measured(sample, seeds=2)


def test_the_bounds_hold_on_the_bundled_sample(found: dict[str, Any]) -> None:
    bounds = checked(found["robust"])
    assert len(bounds) == 5
    assert not [(name, bound) for name, bound in bounds.items() if not bound["holds"]]


def test_the_bounds_hold_on_scier(gold: dict[str, list[Example]]) -> None:
    for examples in (gold["test"][::12], gold["test_ood"][::12]):
        bounds = checked(measured(examples, seeds=1)["robust"])
        assert not [(name, bound) for name, bound in bounds.items() if not bound["holds"]]


def test_the_release_keeps_none_of_them(found: dict[str, Any]) -> None:
    broken = checked(found["released"] | {"components of the correct answer": {"RELEVANCE": 1, "RULE": 1}})
    assert not next(iter(broken.values()))["holds"]
    nothing, honest = found["released"]["exploits"]["empty answer, all of these"]["mean"], found["released"]["honest"]
    assert nothing["without relations"] > honest["80 % noise"]["without relations"]


def test_honest_answers_are_as_good_as_they_say(found: dict[str, Any]) -> None:
    for profile in found.values():
        means = [
            profile["honest"][name]["all"]
            for name in ("correct", "20 % noise", "50 % noise", "80 % noise", "all wrong")
        ]
        assert means == sorted(means, reverse=True)


def test_only_what_is_made_of_the_answer_holds_it(sample: list[Example]) -> None:
    for example in sample:
        items = len({tuple(x) for x in gold_answer(example)["ner"]}) + len(
            {tuple(x) for x in gold_answer(example)["rel"]}
        )
        assert judged(in_full(gold_answer(example)), example)[1:] == (items, 1)
        assert judged(in_full(HONEST["all wrong"](example, seeded(example))), example).correct == 0
        for name, exploit in EXPLOITS.items():
            correct = judged(exploit(example, seeded(example)), example).correct
            if not example.gold.entities:
                assert correct == 0, name
            elif name.startswith("oracle"):
                assert (correct > 0) == name.startswith("oracle: correct"), name
            elif name.startswith(("empty", "broken", "JSON", "enormous")):
                assert correct == 0, name


def test_exploits_are_the_same_every_time(sample: list[Example]) -> None:
    for exploit in EXPLOITS.values():
        assert exploit(sample[0], seeded(sample[0])) == exploit(sample[0], seeded(sample[0]))


def test_phrases() -> None:
    assert phrases("The model , BERT , uses self - attention .") == ["model", "BERT", "uses self", "attention"]
    assert phrases("") == []
