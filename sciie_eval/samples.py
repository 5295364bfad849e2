"""All samples of one sentence: parsed, matched, and told apart, each different text and each different answer once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciie_eval.counting import GoldSentence, SentenceScorer
from sciie_eval.items import EMPTY, Items
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.passk import Floats
from sciie_eval.rules import Task
from sciie_eval.schema import Section
from sciie_eval.scoring import Prediction, read_prediction
from sciie_eval.settings import Settings
from sciie_eval.sides import Item, Side
from sciie_eval.tally import NOT_WELL_FORMED

__all__ = ["EMPTY_SAMPLE", "SampleHealth", "SampleReader", "Samples"]

EMPTY_SAMPLE = ParsedCompletion(EMPTY, "ok")
"""What a sentence that the file does not have is taken to have said."""

_TAG = re.compile(r"</?(?:answer|think|thinking|reasoning)\s*>", re.IGNORECASE | re.ASCII)


@dataclass
class SampleHealth:
    """What is known of all samples beside their scores.

    Attributes:
        statuses: samples by parse status.
        issues: samples by issue code.
        texts: samples that were texts, so that they have lengths.
        answer_words: words of these, without the reasoning and without tags.
        reasoning_words: words of their reasoning.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    texts: int = 0
    answer_words: int = 0
    reasoning_words: int = 0

    def merge(self, other: SampleHealth) -> None:
        """Add what is known of other samples."""
        self.statuses.update(other.statuses)
        self.issues.update(other.issues)
        self.texts += other.texts
        self.answer_words += other.answer_words
        self.reasoning_words += other.reasoning_words

    def parsed(self) -> float | None:
        """Share of the samples with a well-formed answer; None without samples."""
        number = self.statuses.total()
        return 1 - sum(self.statuses[status] for status in NOT_WELL_FORMED) / number if number else None

    def mean_words(self) -> tuple[float | None, float | None]:
        """Mean number of words of answers and of reasonings; None where no sample was a text."""
        if not self.texts:
            return None, None
        return self.answer_words / self.texts, self.reasoning_words / self.texts


@dataclass
class Samples:
    """The samples of one sentence.

    Attributes:
        answers: the sides of every different answer, by task.
        sizes: how many samples have each of them.
        counts: (n, tasks, 3) tp, n_pred, n_gold of every sample.
        well_formed: (n,) whether the sample has a well-formed answer.
        first: the first sample, with the sections of all.
    """

    answers: list[dict[Task, Side]]
    sizes: list[int]
    counts: Floats
    well_formed: NDArray[np.bool_]
    first: ParsedCompletion


class _Read(NamedTuple):
    """A sample: what it says, which answer that is, and how long it was."""

    parsed: ParsedCompletion
    answer: int
    words: tuple[int, int] | None


class SampleReader:
    """Reads the samples of one sentence after another.

    Args:
        settings: how to parse and match.
        scorer: the matcher.
        health: where to note what the samples were like.
    """

    def __init__(self, settings: Settings, scorer: SentenceScorer, health: SampleHealth) -> None:
        self._settings, self._scorer, self._health = settings, scorer, health
        self._partial = settings.credit == "partial"

    def read(self, gold: GoldSentence, samples: Sequence[Prediction], name: str) -> Samples:
        """Parse and match all samples of a sentence; ``name`` says whose they are."""
        answers = _Answers(self._scorer, gold, self._partial)
        texts: dict[str, _Read] = {}
        read = []
        for sample in samples:
            one = texts.get(sample) if isinstance(sample, str) else None
            if one is None:
                one = self._one(sample, answers, name)
                if isinstance(sample, str):
                    texts[sample] = one
            read.append(one)
        self._note(read)
        return answers.samples([one.answer for one in read], [one.parsed for one in read])

    def empty(self, gold: GoldSentence, parsed: ParsedCompletion = EMPTY_SAMPLE) -> Samples:
        """One sample that says nothing, which stands for any number of them."""
        answers = _Answers(self._scorer, gold, self._partial)
        return answers.samples([answers.number(parsed.items)], [parsed])

    def _one(self, sample: Prediction, answers: _Answers, name: str) -> _Read:
        parsed = read_prediction(sample, self._settings, name)
        return _Read(parsed, answers.number(parsed.items), _words(sample, parsed) if isinstance(sample, str) else None)

    def _note(self, read: list[_Read]) -> None:
        health = self._health
        health.statuses.update([one.parsed.status for one in read])
        for one in read:
            if one.parsed.issues:
                health.issues.update(one.parsed.issues)
        words = [one.words for one in read if one.words is not None]
        health.texts += len(words)
        health.answer_words += sum(answer for answer, _ in words)
        health.reasoning_words += sum(reasoning for _, reasoning in words)


def _words(text: str, parsed: ParsedCompletion) -> tuple[int, int]:
    """Words of the answer and of the reasoning; tags are none."""
    before, _, rest = text.partition("<think>")
    inside, _, behind = rest.partition("</think>")
    if parsed.tags == "TtAa" and inside.strip() == parsed.reasoning:  # as asked: no tags in it, and it may be long
        return len(_TAG.sub(" ", f"{before} {behind}").split()), len(inside.split())
    reasoning = len(_TAG.sub(" ", parsed.reasoning).split())
    return max(0, len(_TAG.sub(" ", text).split()) - reasoning), reasoning


class _Answers:
    """The different answers among the samples of one sentence, matched once each.

    Answers are the same when they have the same items under the rule, whatever their order.
    """

    def __init__(self, scorer: SentenceScorer, gold: GoldSentence, partial: bool) -> None:
        self._scorer, self._gold, self._partial = scorer, gold, partial
        self._as_written: dict[object, int] = {}
        self._numbers: dict[object, int] = {}
        self._sides: list[dict[Task, Side]] = []
        self._counts: list[float] = []
        self._sections: frozenset[Section] = frozenset()

    def number(self, items: Items) -> int:
        """The number of an answer, from 0 in the order in which they first occur."""
        spans = () if items.entity_spans is None and items.relation_spans is None else _spans_of(items)
        written = tuple(items.entities), tuple(items.relations), tuple(items.types), spans
        number = self._as_written.get(written)
        if number is None:
            number = self._as_written[written] = self._matched(items)
        if not items.sections <= self._sections:
            self._sections |= items.sections
        return number

    def _matched(self, items: Items) -> int:
        matches = self._scorer.matches(self._gold, items)
        sides = {task: match.predicted for task, match in matches.items()}
        number = self._numbers.setdefault(tuple([_all(side) for side in sides.values()]), len(self._sides))
        if number == len(self._sides):
            self._sides.append(sides)
            for match in matches.values():
                self._counts += match.credit if self._partial else match.n, match.predicted.n, match.gold.n
        return number

    def samples(self, numbers: list[int], parsed: list[ParsedCompletion]) -> Samples:
        """Everything together."""
        table = np.array(self._counts, dtype=np.float64).reshape(len(self._sides), -1, 3)
        first = parsed[0]
        return Samples(
            answers=self._sides,
            sizes=np.bincount(numbers, minlength=len(self._sides)).tolist(),
            counts=table[numbers],
            well_formed=np.array([one.status not in NOT_WELL_FORMED for one in parsed]),
            first=first._replace(items=_with_sections(first.items, self._sections)),
        )


def _all(side: Side) -> frozenset[Item]:
    return frozenset(side.keys.union(side.open, side.dead) if side.open or side.dead else side.keys)


def _spans_of(items: Items) -> tuple[object, ...]:
    return tuple(items.entity_spans or ()), tuple(items.relation_spans or ())


def _with_sections(items: Items, sections: frozenset[Section]) -> Items:
    if items.sections == sections:
        return items
    return replace(items, sections=sections)
