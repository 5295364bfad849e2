"""Sentence by sentence, from matches to the sums of a corpus."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sciie_eval.counting import Counts, GoldSentence, SentenceScorer, counts_of
from sciie_eval.items import EMPTY, Items
from sciie_eval.lane import FastLane
from sciie_eval.matching import Match
from sciie_eval.parsing import ParsedCompletion, ParseStatus, parse_completion
from sciie_eval.plain import PLAIN_SECTIONS
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section
from sciie_eval.sentence_counts import SentenceCounts
from sciie_eval.settings import Settings
from sciie_eval.sides import Side, differ_in_blanks

__all__ = ["Tally", "tasks_of"]

NOT_WELL_FORMED = ("no_answer", "invalid")
"""Statuses of completions that earn nothing, also where gold is empty."""
NOTHING = Side(set(), [], [])
_MANY = 1 << 11
"""Completions that are counted at once; fewer where they have more than `_MUCH` characters together."""
_MUCH = 1 << 22


@dataclass(slots=True)
class _Labels:
    """How often each label of one task was matched, predicted and gold."""

    tp: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)
    partial: defaultdict[str, Counter[float]] = field(default_factory=lambda: defaultdict(Counter))
    """How often each similarity occurred: added up exactly at the end, they do not depend on the order of sentences."""

    def add(self, match: Match, partial: bool) -> None:
        """File matched predictions under their gold item's type, others under their own."""
        self.gold.update(match.gold.labels())
        self.predicted.update(match.predicted.labels())
        self.tp.update([item[1] for item in match.exact])
        for pair in match.pairs:
            label = pair.gold[1]
            self.predicted[pair.predicted[1]] -= 1
            self.predicted[label] += 1
            if partial:
                self.partial[label][pair.similarity] += 1
            else:
                self.tp[label] += 1

    def merge(self, other: _Labels) -> None:
        """Add those of other sentences."""
        self.tp.update(other.tp)
        self.predicted.update(other.predicted)
        self.gold.update(other.gold)
        for label, similarities in other.partial.items():
            self.partial[label].update(similarities)


class Tally:
    """Adds up counts, per sentence and per type, and everything a report says beside them.

    Args:
        settings: how to score.
        spans: compare offsets in place of texts.
        keep: keep the matches of every sentence, in ``matches``.

    Attributes:
        sentences: the counts and the document of every sentence added.
        missing: sentences without a prediction.
        matches: the matches of every sentence, where they were to be kept.
    """

    def __init__(self, settings: Settings, spans: bool = False, keep: bool = False) -> None:
        self.settings = settings
        self.scorer = SentenceScorer(settings.rule, settings.tasks, spans)
        self._sentences = SentenceCounts(len(settings.tasks))
        self._issues: Counter[str] = Counter()
        self.missing = 0
        self.matches: list[dict[Task, Match]] = []
        self._keep = keep
        self._partial = settings.credit == "partial"
        fits = FastLane.fits(settings, spans, keep)
        self._lane = FastLane(settings.schema.entity_name_set) if fits else None
        self._waiting: list[tuple[GoldSentence, str, str]] = []
        self._waiting_size = 0
        self._counted_before: dict[int, tuple[tuple[float, ...], bool]] = {}
        self._statuses: Counter[ParseStatus] = Counter()
        self._labels = {task: _Labels() for task in settings.tasks}
        self._gold_sections: set[Section] = set()
        self._said_sections: set[Section] = set()
        self._spacing = [0, 0]
        by_equality = settings.match in ("strict", "boundaries") and "ner" in settings.tasks
        self._watches_spacing = by_equality and settings.normalize == "none" and not spans

    @property
    def sentences(self) -> SentenceCounts:
        """The counts of every sentence."""
        self._count_waiting()
        return self._sentences

    @property
    def n_sentences(self) -> int:
        """Sentences added so far."""
        return len(self._sentences) + len(self._waiting)

    @property
    def issues(self) -> Counter[str]:
        """Predictions by issue code."""
        self._count_waiting()
        return self._issues

    def add_texts(self, golds: Sequence[GoldSentence], texts: Sequence[str], documents: Sequence[str]) -> None:
        """Parse and count completions, many at once; none has to wait, as one of `add_text` has."""
        for start in range(0, len(texts), _MANY):
            some = slice(start, start + _MANY)
            if self._lane is not None and sum(map(len, texts[some])) <= _MUCH:
                self._count_waiting()
                self._count(self._lane, golds[some], texts[some], documents[some], {})
            else:
                for gold, text, document in zip(golds[some], texts[some], documents[some], strict=True):
                    self.add_text(gold, text, document)

    def add_text(self, gold: GoldSentence, text: str, document: str = "") -> None:
        """Parse and count one completion."""
        if self._lane is None:
            self.add(gold, self._parsed(text), document)
        else:
            self._wait(gold, text, document)

    def add(self, gold: GoldSentence, parsed: ParsedCompletion | None, document: str = "") -> None:
        """Count one sentence; None stands for a prediction that is missing."""
        row, well_formed = self._counted(gold, parsed)
        if self._waiting:  # for its place behind the others
            self._counted_before[len(self._waiting)] = row, well_formed
            self._wait(gold, "", document)
        else:
            self._sentences.add(row, document, well_formed)

    def _wait(self, gold: GoldSentence, text: str, document: str) -> None:
        """Keep a completion, to count many at once."""
        self._waiting.append((gold, text, document))
        self._waiting_size += len(text)
        if self._waiting_size > _MUCH or len(self._waiting) >= _MANY:
            self._count_waiting()

    def _count_waiting(self) -> None:
        """Count the completions that were kept."""
        if self._waiting and self._lane is not None:
            golds, texts, documents = zip(*self._waiting, strict=True)
            before = self._counted_before
            self._waiting, self._waiting_size, self._counted_before = [], 0, {}
            self._count(self._lane, golds, texts, documents, before)

    def _count(
        self,
        lane: FastLane,
        golds: Sequence[GoldSentence],
        texts: Sequence[str],
        documents: Sequence[str],
        before: Mapping[int, tuple[tuple[float, ...], bool]],
    ) -> None:
        """Count many completions: those of the asked shape in the fast lane, the others, unless before, one by one."""
        table, declined = lane.count(golds, texts)
        ill_formed = []
        for place in declined:
            found = before.get(place) or self._counted(golds[place], self._parsed(texts[place]))
            table[place], well_formed = found
            if not well_formed:
                ill_formed.append(place)
        self._sentences.extend(table, documents, ill_formed)

    def _parsed(self, text: str) -> ParsedCompletion:
        return parse_completion(text, self.settings.schema, mode=self.settings.parse)

    def _counted(self, gold: GoldSentence, parsed: ParsedCompletion | None) -> tuple[tuple[float, ...], bool]:
        """Count one prediction: its row, and whether its answer was well-formed; a missing one counts as empty."""
        if parsed is None:
            self.missing += 1
            return self._matched(gold, EMPTY), True
        self._statuses[parsed.status] += 1
        self._issues.update(parsed.issues)
        self._said_sections |= parsed.items.sections
        return self._matched(gold, parsed.items), parsed.status not in NOT_WELL_FORMED

    def _matched(self, gold: GoldSentence, items: Items) -> tuple[float, ...]:
        """Match and count one sentence: (tp, n_pred, n_gold) of every task."""
        self._gold_sections |= gold.items.sections
        matches = self.scorer.matches(gold, items)
        row: list[float] = []
        for task, match in list(matches.items()):
            if self.settings.compat and not match.n:
                # the released evaluator keeps no prediction of a sentence with F1 = 0
                match = matches[task] = Match(match.gold, NOTHING, set(), [])
            self._labels[task].add(match, self._partial)
            row += counts_of(match, self._partial)
            if task == "ner" and self._watches_spacing:
                self._watch_spacing(match)
        if self._keep:
            self.matches.append(matches)
        return tuple(row)

    def _watch_spacing(self, match: Match) -> None:
        """Count unmatched predicted entities, and those of them that would match if blanks were ignored."""
        left = match.predicted.keys - match.exact - {pair.predicted for pair in match.pairs}
        self._spacing[1] += len(left)
        self._spacing[0] += differ_in_blanks(left, match.gold.keys - match.found())

    @property
    def statuses(self) -> Counter[ParseStatus]:
        """Predictions by parse status."""
        self._count_waiting()
        fast: Counter[ParseStatus] = Counter({"ok": self._lane.n if self._lane is not None else 0})
        return self._statuses + fast

    @property
    def spacing(self) -> tuple[int, int]:
        """Unmatched predicted entities that would match if blanks were ignored, and all unmatched ones."""
        self._count_waiting()
        lane = self._lane.spacing if self._lane is not None else (0, 0)
        return self._spacing[0] + lane[0], self._spacing[1] + lane[1]

    def by_type(self, task: Task) -> dict[str, Counts]:
        """Counts of every label; they sum to the counts of the task."""
        self._count_waiting()
        labels = self._labels[task]
        tp, predicted, gold = labels.tp.copy(), labels.predicted.copy(), labels.gold.copy()
        if self._lane is not None:
            for counter, more in zip((tp, predicted, gold), self._lane.labels[task], strict=True):
                counter.update(more)
        return {
            label: Counts(math.fsum([tp[label], *labels.partial[label].elements()]), predicted[label], gold[label])
            for label in [*gold, *(label for label in predicted if label not in gold)]
        }

    def merge(self, other: Tally) -> None:
        """Add the sentences of another tally with the same settings, behind these."""
        self._count_waiting()
        self._sentences.merge(other.sentences)  # which counts what waits there, too
        self._issues.update(other.issues)
        self.missing += other.missing
        self.matches += other.matches
        self._statuses.update(other._statuses)
        for task, labels in self._labels.items():
            labels.merge(other._labels[task])
        self._gold_sections |= other._gold_sections
        self._said_sections |= other._said_sections
        self._spacing = [one + two for one, two in zip(self._spacing, other._spacing, strict=True)]
        if other._lane is not None:
            assert self._lane is not None, "tallies of other settings"
            self._lane.merge(other._lane)

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process."""
        self._count_waiting()
        return self.__dict__

    def spoken_tasks(self, by_gold_alone: bool = False) -> tuple[Task, ...]:
        """Tasks that gold and predictions speak of; where no prediction could be read, all that gold speaks of."""
        self._count_waiting()
        said, gold = set(self._said_sections), set(self._gold_sections)
        if self._lane is not None and self._lane.n:
            said |= PLAIN_SECTIONS
            gold |= self._lane.gold_sections
        gold_tasks = tasks_of(gold)
        said_tasks = gold_tasks if by_gold_alone or not said else tasks_of(said)
        return tuple(task for task in self.settings.scored_tasks if task in gold_tasks & said_tasks)


def tasks_of(sections: Collection[Section]) -> set[Task]:
    """The tasks that a prediction or gold with these sections speaks of."""
    relations = "rel" in sections or "rel_plus" in sections
    typed = "rel_plus" in sections or (relations and "ner" in sections)
    spoken = zip(TASKS, ("ner" in sections, relations, typed), strict=True)
    return {task for task, yes in spoken if yes}
