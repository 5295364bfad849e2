"""Sentence by sentence, from matches to the sums of a corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import itemgetter

import numpy as np

from sciie_eval.counting import Counts, GoldSentence, SentenceScorer, TaskMatch, sentence_f1
from sciie_eval.items import EMPTY
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section
from sciie_eval.settings import Settings
from sciie_eval.sides import Side
from sciie_eval.stats import Floats

__all__ = ["Tally"]

_LABEL = itemgetter(1)
"""The label of an item."""
_MISSING = ParsedCompletion(EMPTY, "ok")
"""A sentence without a prediction counts as an empty one."""


class _Labels:
    """Sums by label, of labels that come in one by one: they are collected and counted in bulk."""

    def __init__(self) -> None:
        self.sums: defaultdict[str, float] = defaultdict(int)
        self.pending: list[str] = []

    def add(self, side: Side) -> None:
        """Count every item of a side."""
        self.pending.extend(map(_LABEL, side.keys))
        if side.open or side.dead:
            self.pending.extend([*map(_LABEL, side.open), *side.dead])
        if len(self.pending) > 1 << 16:
            self.total()

    def total(self) -> defaultdict[str, float]:
        """The sums so far."""
        for label, number in Counter(self.pending).items():
            self.sums[label] += number
        self.pending.clear()
        return self.sums


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
        self.partial = settings.credit == "partial"
        self.statuses: Counter[str] = Counter()
        self.issues: Counter[str] = Counter()
        self.missing = 0
        self.documents: list[str] = []
        self.matches: list[dict[Task, TaskMatch]] = []
        self.spaced_out = 0
        """Unmatched predicted entities that would match if blanks were ignored."""
        self.unmatched = 0
        """Unmatched predicted entities."""
        self._keep = keep
        self._cells: list[float] = []
        self._well_formed: list[bool] = []
        self._labels = {task: (_Labels(), _Labels(), _Labels()) for task in settings.tasks}
        self._gold_sections: set[Section] = set()
        self._said_sections: set[Section] = set()
        by_equality = settings.match in ("strict", "boundaries")
        self._watches_spacing = by_equality and settings.normalize == "none" and not spans

    @property
    def n_sentences(self) -> int:
        """Sentences added so far."""
        return len(self.documents)

    def add(self, gold: GoldSentence, parsed: ParsedCompletion | None, document: str = "") -> None:
        """Count one sentence; None stands for a prediction that is missing."""
        self.documents.append(document)
        self._gold_sections |= gold.items.sections
        if parsed is None:
            self.missing += 1
            parsed = _MISSING
        else:
            self.statuses[parsed.status] += 1
            if parsed.issues:
                self.issues.update(parsed.issues)
            self._said_sections |= parsed.items.sections
        self._well_formed.append(parsed.status not in ("no_answer", "invalid"))
        matches = self.scorer.matches(gold, parsed.items)
        for task, matched in matches.items():
            self._count(task, matched)
        if self._watches_spacing and "ner" in matches:
            self._watch_spacing(matches["ner"])
        if self._keep:
            self.matches.append(matches)

    def _count(self, task: Task, matched: TaskMatch) -> None:
        """File matched predictions under their gold item's type, others under their own."""
        gold, predicted, exact, pairs = matched.gold, matched.predicted, matched.match.exact, matched.match.pairs
        tps, preds, golds = self._labels[task]
        golds.add(gold)
        if self.settings.compat and not exact and not pairs:
            self._cells += (0, 0, gold.n)  # the released evaluator keeps no prediction of F1 = 0
            return
        preds.add(predicted)
        tps.pending.extend(map(_LABEL, exact))
        for pair in pairs:
            label = pair.gold[1]
            tps.sums[label] += pair.similarity if self.partial else 1
            preds.sums[pair.predicted[1]] -= 1
            preds.sums[label] += 1
        self._cells += (matched.match.credit if self.partial else matched.match.n, predicted.n, gold.n)

    def _watch_spacing(self, matched: TaskMatch) -> None:
        exact = matched.match.exact
        left = matched.predicted.keys - exact
        self.unmatched += len(left)
        golds = matched.gold.keys - exact if left else None
        if golds:
            squeezed = {("".join(item[0].split()), item[1]) for item in golds}
            self.spaced_out += sum([("".join(item[0].split()), item[1]) in squeezed for item in left])

    def counts(self) -> dict[Task, Floats]:
        """Per task the (n_sentences, 3) matrix of tp, n_pred, n_gold, in the order in which sentences were added."""
        tasks = self.settings.tasks
        cells = np.array(self._cells, dtype=np.float64).reshape(-1, len(tasks), 3)
        return {task: cells[:, index] for index, task in enumerate(tasks)}

    def by_type(self, task: Task) -> dict[str, Counts]:
        """Counts of every label; they sum to the counts of the task."""
        tps, preds, golds = (labels.total() for labels in self._labels[task])
        return {label: Counts(tps[label], int(preds[label]), int(golds[label])) for label in {**golds, **preds, **tps}}

    def sentence_f1(self, task: Task) -> Floats:
        """F1 of every sentence, in [0, 1]; how empty and unreadable ones count is `counting.sentence_f1`'s to say."""
        rows = zip(self.counts()[task].tolist(), self._well_formed, strict=True)
        return np.array([sentence_f1(Counts(*row), well_formed) for row, well_formed in rows], dtype=np.float64)

    def spoken_tasks(self) -> tuple[Task, ...]:
        """Tasks that gold and predictions speak of; where no prediction could be read, all that gold speaks of."""
        said, gold = _tasks_of(self._said_sections), _tasks_of(self._gold_sections)
        return tuple(
            task for task in self.settings.scored_tasks if task in gold and (task in said or not self._said_sections)
        )


def _tasks_of(sections: set[Section]) -> set[Task]:
    relations = bool(sections & {"rel", "rel_plus"})
    typed = "rel_plus" in sections or (relations and "ner" in sections)
    spoken = zip(TASKS, ("ner" in sections, relations, typed), strict=True)
    return {task for task, yes in spoken if yes}
