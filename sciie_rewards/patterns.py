"""`ReasoningPatternReward`: words of reasoning earn, whatever the answer is; said twice at length, they cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sciie_eval.exceptions import UsageError, brief
from sciie_eval.parsing import ParseStatus, message_text, parse_completion
from sciie_rewards.columns import as_list, listed_completions
from sciie_rewards.evidence import LONGEST, stands_in

__all__ = ["PHRASES", "PatternResult", "ReasoningPatternReward", "reasoning_pattern_reward", "repetition"]

PHRASES = (
    *("to begin with", "in the first place", "i read", "i look for", "let me look", "step by step", "next come"),
    *("the sentence says", "the sentence names", "the phrase", "the wording", "is the name of", "stands for"),
    *("refers to", "is described as", "in other words", "this means", "this shows", "suggests", "because"),
    *("it follows", "therefore", "for that reason", "which is why", "given that", "unless", "however"),
    *("on the other hand", "rather than", "could also be", "i doubt", "i am not sure", "i check", "once more"),
    *("to make sure", "does not say", "there is no sign", "i leave out", "i conclude", "all in all"),
)
"""The phrases by default, forty: how one looks, infers, doubts, checks and concludes when reading a sentence."""


class PatternResult(NamedTuple):
    """What a completion's reasoning earned.

    Attributes:
        score: the reward, in [0, 1].
        found: the listed phrases that it has, in the order of the list.
        repetition: distinct repeated n-grams / n-grams, in [0, 0.5].
        status: how the completion was parsed.
    """

    score: float
    found: tuple[str, ...]
    repetition: float
    status: ParseStatus


class ReasoningPatternReward:
    r"""Pays for phrases of reasoning and looks at nothing else: for studies of noise, and to calibrate other rewards.

    Formula: max(0, min(1, r · distinct listed phrases in the reasoning) - repetition), where repetition is the number
    of distinct word 20-grams of the reasoning that occur more than once / the number of its 20-grams; 0 without a
    well-formed answer (parse status no_answer or invalid). Phrases count as whole words, in any letter case, over line
    breaks. Range: [0, 1]. Source: the Reasoning Pattern Reward of "The Climb Carves Wisdom Deeper Than the Summit"
    (arXiv:2505.22653), r = 1/40, and its repository, r = 1/20, which also stops at 0; the list is our own. Stateless,
    thread-safe, picklable; time and memory are linear in the length of the completion, of whose reasoning 200,000
    characters are read.

    Args:
        phrases: what earns; two that differ in letter case or blanks only are one.
        r: what each earns, above 0.
        ngram: words of an n-gram.
        name: what trainers' logs call it.

    Raises:
        UsageError: a wrong setting; the message names it.

    >>> reward = ReasoningPatternReward(["because", "i check"], r=0.5)
    >>> reward(['<think>I\ncheck.</think><answer>{"ner": []}</answer>', "<think>I check, because.</think>"])
    [0.5, 0.0]
    """

    def __init__(
        self,
        phrases: Sequence[str] = PHRASES,
        *,
        r: float = 1 / 40,
        ngram: int = 20,
        name: str = "reasoning_pattern_reward",
    ) -> None:
        self.phrases, self.r, self.ngram, self.__name__ = _listed(phrases), r, ngram, name
        if isinstance(r, bool) or not isinstance(r, int | float) or not 0 < r < math.inf:
            raise UsageError(f"r: expected a number above 0, got {brief(r)}")
        if isinstance(ngram, bool) or not isinstance(ngram, int) or ngram < 1:
            raise UsageError(f"ngram: expected a whole number from 1 on, got {brief(ngram)}")

    def __repr__(self) -> str:
        return f"ReasoningPatternReward({len(self.phrases)} phrases, r={self.r:g}, ngram={self.ngram})"

    def score_one(self, completion: object) -> PatternResult:
        """Score one completion: a text, a message or a list of messages. Nothing that a model writes is an error."""
        parsed = parse_completion(message_text(completion))
        text = _plain(parsed.reasoning[:LONGEST])
        found = tuple(phrase for phrase in self.phrases if stands_in(text, phrase))
        repeated = repetition(text, self.ngram)
        well_formed = parsed.status not in ("no_answer", "invalid")
        score = max(0.0, min(1.0, self.r * len(found)) - repeated) if well_formed else 0.0
        return PatternResult(score, found, repeated, parsed.status)

    def __call__(self, completions: Sequence[object], prompts: object = None, **columns: Any) -> list[float]:
        """Score a batch as trainers call it; prompts and columns are not looked at.

        Raises:
            InputError: the completions are no list.
        """
        del prompts, columns
        said = listed_completions(completions)
        return [self.score_one(completion).score for completion in said]


def repetition(text: str, ngram: int = 20) -> float:
    """Distinct word n-grams that occur more than once / number of n-grams; 0 in a text of fewer words.

    Range: [0, 0.5], most where everything is said just twice: said a hundred times, it is one distinct n-gram in a
    hundred. n-grams are numbered by doubling (those of 2, 4, 8, … words as pairs of numbers), so the work is linear in
    the length of the text times log n, and no two n-grams are ever confused.

    >>> repetition("a b c d"), repetition("a b a b", 2), repetition("a b " * 50, 2)
    (0.0, 0.3333333333333333, 0.020202020202020204)
    """
    words = text.split()
    number = len(words) - ngram + 1
    if number < 1:
        return 0.0
    grams, width = _numbered(words), 1
    while 2 * width <= ngram:
        grams, width = _numbered(list(zip(grams, grams[width:], strict=False))), 2 * width
    whole = zip(grams, grams[ngram - width :], strict=False)  # the two halves of an n-gram may overlap
    return sum(count > 1 for count in Counter(whole).values()) / number


def _numbered(values: Sequence[object]) -> list[int]:
    """Each value as the number of its first occurrence among the distinct ones."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]


def _plain(text: str) -> str:
    """In lower case, with single blanks and straight apostrophes."""
    return " ".join(text.lower().replace("’", "'").split())


def _listed(phrases: Sequence[str]) -> tuple[str, ...]:
    """The phrases as the reasoning is read, each once."""
    listed = as_list(phrases)
    if not listed or not all(isinstance(phrase, str) and phrase.strip() for phrase in listed):
        raise UsageError(f"phrases: expected a list of phrases, none of them blank, got {brief(phrases)}")
    return tuple(dict.fromkeys(map(_plain, listed)))


reasoning_pattern_reward = ReasoningPatternReward()
"""The reward with its default settings."""
