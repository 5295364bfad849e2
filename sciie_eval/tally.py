"""Sentence by sentence, from matches to the sums of a corpus."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter

import numpy as np

from sciie_eval.counting import Counts, GoldSentence, SentenceScorer
from sciie_eval.items import EMPTY
from sciie_eval.matching import Match
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section
from sciie_eval.settings import Settings
from sciie_eval.sides import Item, Side
from sciie_eval.stats import Floats, micro_f1

__all__ = ["Tally"]

_LABEL = itemgetter(1)
"""The label of an item."""
NOT_WELL_FORMED = ("no_answer", "invalid")
"""Statuses of completions that earn nothing, also where gold is empty."""
NOTHING = Side(set(), [], [], {})
CHUNK = 64
"""Sentences that are collected before they are added up: few enough that the garbage collector leaves them alone."""


@dataclass(slots=True)
class _Sums:
    """The sums of one task: a row of counts a sentence, and how often each label was matched, predicted and gold."""

    cells: list[tuple[float, int, int]] = field(default_factory=list)
    tp: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    predicted: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    gold: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    partial: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Similarities of pairs, each kept: added up exactly at the end, they do not depend on the order of sentences."""

    def add(self, matches: list[Match], partial: bool) -> None:
        """File matched predictions under their gold item's type, others under their own."""
        _count_labels(self.gold, [match.gold for match in matches])
        _count_labels(self.predicted, [match.predicted for match in matches])
        _count(self.tp, [match.exact for match in matches])
        self.cells += [(len(match.exact), match.predicted.n, match.gold.n) for match in matches]
        first = len(self.cells) - len(matches)
        for number, match in enumerate(matches):
            if not match.pairs:
                continue
            tp = match.credit if partial else match.n
            self.cells[first + number] = (tp, match.predicted.n, match.gold.n)
            for pair in match.pairs:
                label = pair.gold[1]
                if partial:
                    self.partial[label].append(pair.similarity)
                else:
                    self.tp[label] += 1
                self.predicted[pair.predicted[1]] -= 1
                self.predicted[label] += 1


def _count_labels(sums: defaultdict[str, int], sides: list[Side]) -> None:
    """Count every item of every side, whether it can match or not."""
    _count(sums, [side.keys for side in sides])
    for side in sides:
        if side.open or side.dead:
            _count(sums, [side.open])
            for label in side.dead:
                sums[label] += 1


def _count(sums: defaultdict[str, int], collections: Sequence[Iterable[Item]]) -> None:
    for label, number in Counter(map(_LABEL, chain.from_iterable(collections))).items():
        sums[label] += number


class Tally:
    """Adds up counts, per sentence and per type, and everything a report says beside them.

    Args:
        settings: how to score.
        spans: compare offsets in place of texts.
        keep: keep the matches of every sentence, in ``matches``.
    """

    def __init__(self, settings: Settings, spans: bool = False, keep: bool = False) -> None:
        self.settings = settings
        self.scorer = SentenceScorer(settings.rule, settings.tasks, spans)
        self.documents: list[str] = []
        self._matches: list[dict[Task, Match]] = []
        self._keep = keep
        self._partial = settings.credit == "partial"
        self._chunk: list[tuple[GoldSentence, ParsedCompletion | None, dict[Task, Match]]] = []
        self._sums = {task: _Sums() for task in settings.tasks}
        self._well_formed: list[bool] = []
        self._statuses: Counter[str] = Counter()
        self._issues: Counter[str] = Counter()
        self._missing = 0
        self._gold_sections: set[Section] = set()
        self._said_sections: set[Section] = set()
        self._spacing = [0, 0]
        by_equality = settings.match in ("strict", "boundaries") and "ner" in settings.tasks
        self._watches_spacing = by_equality and settings.normalize == "none" and not spans

    @property
    def n_sentences(self) -> int:
        """Sentences added so far."""
        return len(self.documents)

    def add(self, gold: GoldSentence, parsed: ParsedCompletion | None, document: str = "") -> None:
        """Count one sentence; None stands for a prediction that is missing."""
        self.documents.append(document)
        matches = self.scorer.matches(gold, EMPTY if parsed is None else parsed.items)
        self._chunk.append((gold, parsed, matches))
        if len(self._chunk) >= CHUNK:
            self._add_up()

    def _add_up(self) -> None:
        """Add the collected sentences to the sums."""
        chunk = self._chunk
        self._gold_sections.update(*{gold.items.sections for gold, _, _ in chunk})
        found = [parsed for _, parsed, _ in chunk if parsed is not None]
        self._missing += len(chunk) - len(found)
        self._said_sections.update(*{parsed.items.sections for parsed in found})
        self._statuses.update([parsed.status for parsed in found])
        self._issues.update(chain.from_iterable([parsed.issues for parsed in found if parsed.issues]))
        self._well_formed += [parsed is None or parsed.status not in NOT_WELL_FORMED for _, parsed, _ in chunk]
        for task, sums in self._sums.items():
            matches = [by_task[task] for _, _, by_task in chunk]
            if self.settings.compat:
                # the released evaluator keeps no prediction of a sentence with F1 = 0
                matches = [match if match.n else Match(match.gold, NOTHING, set(), []) for match in matches]
            sums.add(matches, self._partial)
            if task == "ner" and self._watches_spacing:
                self._watch_spacing(matches)
        if self._keep:
            self._matches += [matches for _, _, matches in chunk]
        self._chunk = []

    def _watch_spacing(self, matches: list[Match]) -> None:
        """Count unmatched predicted entities, and those of them that would match if blanks were ignored."""
        for match in matches:
            left = match.predicted.keys - match.exact - {pair.predicted for pair in match.pairs}
            golds = match.gold.keys - match.found() if left else None
            self._spacing[1] += len(left)
            if golds:
                squeezed = {("".join(item[0].split()), item[1]) for item in golds}
                self._spacing[0] += sum([("".join(item[0].split()), item[1]) in squeezed for item in left])

    @property
    def matches(self) -> list[dict[Task, Match]]:
        """The matches of every sentence, where they were to be kept."""
        self._add_up()
        return self._matches

    @property
    def statuses(self) -> Counter[str]:
        """Predictions by parse status."""
        self._add_up()
        return self._statuses

    @property
    def issues(self) -> Counter[str]:
        """Predictions by issue code."""
        self._add_up()
        return self._issues

    @property
    def missing(self) -> int:
        """Sentences without a prediction."""
        self._add_up()
        return self._missing

    @property
    def spacing(self) -> tuple[int, int]:
        """Unmatched predicted entities that would match if blanks were ignored, and all unmatched ones."""
        self._add_up()
        return self._spacing[0], self._spacing[1]

    def counts(self) -> dict[Task, Floats]:
        """Per task the (n_sentences, 3) matrix of tp, n_pred, n_gold, in the order in which sentences were added."""
        self._add_up()
        return {task: np.array(sums.cells, dtype=np.float64).reshape(-1, 3) for task, sums in self._sums.items()}

    def by_type(self, task: Task) -> dict[str, Counts]:
        """Counts of every label; they sum to the counts of the task."""
        self._add_up()
        sums = self._sums[task]
        tp = {label: math.fsum([sums.tp[label], *sums.partial[label]]) for label in [*sums.gold, *sums.predicted]}
        return {label: Counts(number, sums.predicted[label], sums.gold[label]) for label, number in tp.items()}

    def sentence_f1(self, task: Task) -> Floats:
        """F1 of every sentence, in [0, 1] (see `counting.sentence_f1`)."""
        f1 = np.nan_to_num(micro_f1(self.counts()[task]), nan=1.0)
        return np.where(self._well_formed, f1, 0.0)

    def spoken_tasks(self) -> tuple[Task, ...]:
        """Tasks that gold and predictions speak of; where no prediction could be read, all that gold speaks of."""
        self._add_up()
        said, gold = _tasks_of(self._said_sections), _tasks_of(self._gold_sections)
        return tuple(
            task for task in self.settings.scored_tasks if task in gold and (task in said or not self._said_sections)
        )


def _tasks_of(sections: set[Section]) -> set[Task]:
    relations = bool(sections & {"rel", "rel_plus"})
    typed = "rel_plus" in sections or (relations and "ner" in sections)
    spoken = zip(TASKS, ("ner" in sections, relations, typed), strict=True)
    return {task for task, yes in spoken if yes}
