"""The reward for words of reasoning: what counts, what is repeated, and that its work grows with the text alone."""

from __future__ import annotations

import pickle
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))

from hostile import hostile

from sciie_eval.exceptions import InputError, UsageError
from sciie_rewards import ReasoningPatternReward, patterns, reasoning_pattern_reward
from sciie_rewards.patterns import PHRASES, repetition

ANSWER = '<answer>{"ner": [], "rel": []}</answer>'


def said(*thoughts: str) -> str:
    return f"<think>{' '.join(thoughts)}</think>{ANSWER}"


def one(text: str, reward: ReasoningPatternReward = reasoning_pattern_reward) -> float:
    (score,) = reward([text])
    assert score == reward.score_one(text).score
    return score


def by_counting(words: list[str], n: int) -> float:
    """The definition, word for word."""
    grams = Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))
    return sum(count > 1 for count in grams.values()) / grams.total() if grams else 0.0


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 21))
def test_repetition_is_counted_as_defined(words: list[str], n: int) -> None:
    found = repetition(" ".join(words), n)
    assert found == by_counting(words, n)
    assert 0 <= found <= 0.5


@given(st.lists(st.sampled_from((*PHRASES, "and", "BERT", "of")), max_size=60))
def test_a_phrase_earns_once_and_the_score_is_from_0_to_1(thoughts: list[str]) -> None:
    result = reasoning_pattern_reward.score_one(said(*thoughts))
    assert set(thoughts) & set(PHRASES) <= set(result.found)
    assert result.found == tuple(phrase for phrase in PHRASES if phrase in result.found)
    assert result.score == pytest.approx(max(0, min(1, len(result.found) / 40) - result.repetition), abs=1e-12)
    assert 0 <= result.score <= 1


def test_the_list() -> None:
    assert len(set(PHRASES)) == 40
    assert one(said(*PHRASES)) == 1
    assert one(said(*PHRASES), ReasoningPatternReward(r=1 / 20)) == 1
    assert one(said(*PHRASES[:3])) == pytest.approx(3 / 40)
    assert one(said(*PHRASES[:3]), ReasoningPatternReward(r=1 / 20)) == pytest.approx(3 / 20)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Because.", 1),
        ("BECAUSE it is", 1),
        ("becauseit is", 0),
        ("It\n  Follows", 1),
        ("it follow s", 0),
        ("that’s so", 1),
        ("", 0),
    ],
)
def test_phrases_are_whole_words_in_any_case(text: str, wanted: int) -> None:
    reward = ReasoningPatternReward(["because", "it follows", "that's", "It  follows"], r=0.5)
    assert reward.phrases == ("because", "it follows", "that's")
    assert one(said(text), reward) == wanted * 0.5


def test_only_the_reasoning_counts_and_only_with_an_answer() -> None:
    thought = " ".join(PHRASES)
    assert one(f"<think>{thought}</think>") == 0
    assert one(f"<think>{thought}</think><answer>no idea</answer>") == 0
    assert one(f"{thought}\n<think>none</think>{ANSWER}") == 0
    assert one(f"<think>{thought}</think><answer>{{'ner': []}}</answer>") == 1
    assert one(f'<think>{thought}</think><answer>{{"ner": [["BERT", "Method"], ["a') == 1  # it breaks off
    messages = [[{"role": "assistant", "reasoning_content": thought, "content": ANSWER}]]
    assert reasoning_pattern_reward(messages, prompts=["x"], gold=[None]) == [1]


def test_what_is_said_twice_costs_and_never_below_0() -> None:
    words = " ".join(f"word{number}" for number in range(60))
    phrases = " ".join(PHRASES[:20])
    assert one(said(phrases, words)) == 0.5
    twice = reasoning_pattern_reward.score_one(said(phrases, words, words))
    assert twice.repetition == pytest.approx(by_counting(f"{phrases} {words} {words}".lower().split(), 20))
    assert twice.score == pytest.approx(0.5 - twice.repetition)
    assert one(said(words, words)) == 0


@pytest.mark.parametrize("name", hostile())
def test_hostile_completions_harm_nobody(name: str) -> None:
    assert 0 <= one(hostile()[name]) <= 1


def test_the_work_grows_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbering n-grams is all the work there is; it looks at every word five times whatever the text."""
    seen: list[int] = []
    numbered = patterns._numbered
    monkeypatch.setattr(patterns, "_numbered", lambda values: seen.append(len(values)) or numbered(values))
    for text in ("a " * 1000, "a b " * 500, " ".join(map(str, range(1000)))):
        seen.clear()
        repetition(text)
        assert len(seen) == 5
        assert sum(seen) <= 5 * 1000


def test_a_reasoning_of_any_length_is_read_up_to_the_limit() -> None:
    long = "so " * 100_000
    assert one(said("because", long)) == pytest.approx(1 / 40 - 1 / (66_666 - 18), abs=1e-4)
    assert one(said(long, "because")) == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"phrases": []}, "phrases: expected a list of phrases, none of them blank, got []"),
        ({"phrases": "because"}, "phrases: expected a list"),
        ({"phrases": ["so", " "]}, "phrases: expected a list"),
        ({"r": 0}, "r: expected a number above 0, got 0"),
        ({"r": float("nan")}, "r: expected"),
        ({"r": "1"}, "r: expected"),
        ({"ngram": 0}, "ngram: expected a whole number from 1 on, got 0"),
        ({"ngram": 2.0}, "ngram: expected"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        ReasoningPatternReward(**settings)  # type: ignore[arg-type]
    assert str(error.value).startswith(message)


def test_what_is_no_list_is_an_error_and_it_survives_pickling() -> None:
    with pytest.raises(InputError, match="completions: expected a list"):
        reasoning_pattern_reward("because")
    again = pickle.loads(pickle.dumps(ReasoningPatternReward(["so"], r=0.25, name="words")))
    assert again.__name__ == "words"
    assert again([said("so")]) == [0.25]
    assert repr(again) == "ReasoningPatternReward(1 phrases, r=0.25, ngram=20)"
