"""Hostile completions: no exception, and work that grows with the length of the text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

from hostile import hostile

from sciie_rewards import R2Reward, r2_reward
from sciie_rewards.evidence import Reasoning, quotes_in, stands_in, steps_in

GOLD = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]]}
GOLD["rel"] = [["BERT", "Used-For", "NER"]]
ANSWER = '<answer>{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}</answer>'
GOOD = f'<think>"BERT" is used for "NER".</think>{ANSWER}'
CASES = hostile()


@pytest.mark.parametrize("name", CASES)
def test_hostile_completions_harm_nobody(name: str) -> None:
    scores = r2_reward([GOOD, CASES[name], GOOD], gold=[GOLD] * 3)
    assert scores[0] == scores[2] == 1
    assert scores[1] is not None
    assert 0 <= scores[1] <= 1


THOUGHTS: dict[str, Callable[[int], str]] = {
    "quotes": lambda n: '"BERT" "x" ' * n,
    "distinct quotes": lambda n: " ".join(f'"x{i}"' for i in range(n)),
    "open quotes": lambda n: '"BERT NER used for. ' * n,
    "curly": lambda n: "“" * n + "BERT NER used for. ",
    "closing curly": lambda n: "“BERT” ”” NER. “" * n,
    "words inside words": lambda n: "xBERTx xNERx used-for. " * n,
    "lines": lambda n: "BERT used for\nNER is it\n" * n,
    "stops": lambda n: "BERT NER" + ". " * n,
    "marks": lambda n: "BERT NER used for " + "?!. " * n,
}


@pytest.mark.parametrize("name", THOUGHTS)
@pytest.mark.parametrize("normalize", ["none", "casefold"])
def test_hostile_reasoning(name: str, normalize: str) -> None:
    reward = R2Reward(normalize=normalize)  # type: ignore[arg-type]
    result = reward.score_one(f"<think>{THOUGHTS[name](3000)}</think>{ANSWER}", GOLD)
    assert 0 <= result.score <= 1


def test_steps_and_quotes() -> None:
    assert steps_in('It is "a. b" so. And. ') == ['It is "a. b" so.', "And.", ""]
    assert steps_in("i . e . nothing") == ["i . e . nothing"]
    assert quotes_in('"" " " "a"') == ["a"]
    assert quotes_in("“a” é “b") == ["a"]
    assert not stands_in("a", "")
    assert Reasoning('One. "b c" two!\nThree', "spacing").lines() == ["One.", '"bc"two!', "Three"]
    assert Reasoning("", "none").fabricated("x") == 0
