"""Sentence by sentence, from matches to the sums of a corpus."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from sciie_eval.counting import Counts, GoldSentence, SentenceScorer, TaskMatch, sentence_f1
from sciie_eval.items import EMPTY
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section
from sciie_eval.settings import Settings
from sciie_eval.stats import Floats

__all__ = ["Tally", "TypeCounts"]

TypeCounts = defaultdict[str, list[float]]
"""[tp, n_pred, n_gold] of every label."""
_MISSING = ParsedCompletion(EMPTY, "ok")
"""A sentence without a prediction counts as an empty one."""


class Tally:
    """Adds up counts, per sentence and per type, and everything a report says beside them.

    Args:
        settings: how to score.
        spans: compare offsets in place of texts.
    """

    def __init__(self, settings: Settings, spans: bool = False) -> None:
        self.settings = settings
        self.scorer = SentenceScorer(settings.rule, settings.tasks, spans)
        self.partial = settings.credit == "partial"
        self.by_type: dict[Task, TypeCounts] = {task: defaultdict(lambda: [0.0, 0, 0]) for task in settings.tasks}
        self.statuses: Counter[str] = Counter()
        self.issues: Counter[str] = Counter()
        self.missing = 0
        self.documents: list[str] = []
        self.spaced_out = 0
        """Unmatched predicted entities that would match if blanks were ignored."""
        self.unmatched = 0
        """Unmatched predicted entities."""
        self._cells: list[float] = []
        self._sentence_f1: dict[Task, list[float]] = {task: [] for task in settings.tasks}
        self._gold_sections: set[Section] = set()
        self._said_sections: set[Section] = set()
        by_equality = settings.match in ("strict", "boundaries")
        self._watches_spacing = by_equality and settings.normalize == "none" and not spans

    @property
    def n_sentences(self) -> int:
        """Sentences added so far."""
        return len(self.documents)

    def add(self, gold: GoldSentence, parsed: ParsedCompletion | None, document: str = "") -> dict[Task, TaskMatch]:
        """Count one sentence; None stands for a prediction that is missing. Returns the matches for closer looks."""
        self.documents.append(document)
        self._gold_sections |= gold.items.sections
        if parsed is None:
            self.missing += 1
            parsed = _MISSING
        else:
            self.statuses[parsed.status] += 1
            self.issues.update(parsed.issues)
            self._said_sections |= parsed.items.sections
        well_formed = parsed.status not in ("no_answer", "invalid")
        matches = self.scorer.matches(gold, parsed.items)
        for task, matched in matches.items():
            counts = matched.counts(self.partial)
            if self.settings.compat and counts.tp == 0:
                counts = Counts(0, 0, counts.n_gold)  # the released evaluator keeps no prediction of F1 = 0
            else:
                self._count_predicted(task, matched)
            for label in matched.gold.labels():
                self.by_type[task][label][2] += 1
            self._cells += counts
            self._sentence_f1[task].append(sentence_f1(counts, well_formed))
            if task == "ner" and self._watches_spacing:
                self._watch_spacing(matched)
        return matches

    def _count_predicted(self, task: Task, matched: TaskMatch) -> None:
        """File matched predictions under their gold item's type, others under their own."""
        rows = self.by_type[task]
        for label in matched.predicted.labels():
            rows[label][1] += 1
        for item in matched.match.exact:
            rows[item[1]][0] += 1
        for pair in matched.match.pairs:
            rows[pair.gold[1]][0] += pair.similarity if self.partial else 1
            rows[pair.predicted[1]][1] -= 1
            rows[pair.gold[1]][1] += 1

    def _watch_spacing(self, matched: TaskMatch) -> None:
        left = matched.predicted.keys - matched.match.exact
        self.unmatched += len(left)
        golds = matched.gold.keys - matched.match.exact if left else None
        if golds:
            squeezed = {("".join(item[0].split()), item[1]) for item in golds}
            self.spaced_out += sum(("".join(item[0].split()), item[1]) in squeezed for item in left)

    def counts(self) -> dict[Task, Floats]:
        """Per task the (n_sentences, 3) matrix of tp, n_pred, n_gold, in the order in which sentences were added."""
        tasks = self.settings.tasks
        cells = np.array(self._cells, dtype=np.float64).reshape(-1, len(tasks), 3)
        return {task: cells[:, index] for index, task in enumerate(tasks)}

    def sentence_f1(self, task: Task) -> Floats:
        """F1 of every sentence, in [0, 1]."""
        return np.array(self._sentence_f1[task], dtype=np.float64)

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
