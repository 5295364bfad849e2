"""Sentence by sentence, from samples to the expectations that the curves over K are sums of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sciie_eval.consensus import Ballot, expected_consensus
from sciie_eval.counting import GoldSentence
from sciie_eval.exceptions import InputError
from sciie_eval.oracles import expected_kept, first_kept, sentence_scores, worst_first
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.passk import Floats, kept_table
from sciie_eval.rules import Task
from sciie_eval.samples import EMPTY_SAMPLE, SampleHealth, SampleReader, Samples
from sciie_eval.sampling import Sampling
from sciie_eval.scoring import Prediction
from sciie_eval.settings import Settings
from sciie_eval.tally import Tally

__all__ = ["CurveTally", "Expectations"]


@dataclass(frozen=True)
class Expectations:
    """Expectations of every sentence, in the order in which they were added.

    Attributes:
        ks: the K reported.
        best: (n_sentences, tasks, ks, 3) of the kept sample: sentence F1, tp, n_pred.
        average: (n_sentences, tasks, 3) of any sample, likewise.
        consensus: (n_sentences, tasks, ks, 2) of the items kept by vote: tp, n_pred.
        n_gold: (n_sentences, tasks).
        distinct: (n_sentences with samples, ks) different answers.
    """

    ks: tuple[int, ...]
    best: Floats
    average: Floats
    consensus: Floats
    n_gold: Floats
    distinct: Floats


class CurveTally:
    """Adds up sentences with several samples each; of a sentence only its expectations are kept.

    Args:
        settings: how to score.
        sampling: which K, oracle and threshold.
        spans: compare offsets in place of texts.

    Attributes:
        first: the first sample of every sentence, for everything that a score says beside its numbers.
        health: what is known of all samples.
        fewest: the smallest number of samples of a sentence; 0 without samples.
        most: the largest.
        inexact: sentences whose Consensus@K is a lower bound (`consensus.expected_consensus`).
    """

    def __init__(self, settings: Settings, sampling: Sampling, spans: bool = False) -> None:
        self.settings, self.sampling = settings, sampling
        self.first = Tally(settings, spans)
        self.health = SampleHealth()
        self.fewest = self.most = self.inexact = 0
        self._reader = SampleReader(settings, self.first.scorer, self.health)
        self._ks: tuple[int, ...] | None = None
        self._longest = self._single = ""
        self._rows: list[tuple[Floats, Floats, Floats, Floats]] = []
        self._distinct: list[Floats] = []

    @property
    def votes(self) -> bool:
        """Whether there is a consensus: items vote as what is identical."""
        return self.settings.match == "strict" and self.settings.compat is None

    def add(
        self, gold: GoldSentence, samples: Sequence[Prediction] | None, document: str = "", where: str = ""
    ) -> None:
        """Count one sentence.

        Args:
            gold: what is right.
            samples: its samples; None where there are none, and [None] where all of them failed.
            document: of the sentence.
            where: says whose samples they are, in errors.

        Raises:
            InputError: fewer samples than a K that was asked for, or one prediction where others have samples.
        """
        if samples is None or list(samples) == [None]:
            self._add_constant(gold, samples is None, document)
            return
        ks = self._checked(len(samples), where)
        read = self._reader.read(gold, samples, where)
        self.first.add(gold, read.first, document)
        self._rows.append(self._reduced(gold, read, len(samples), ks))
        sizes = np.array(read.sizes)
        self._distinct.append(np.array([table[sizes].sum() for table in _seen_tables(len(samples), ks)]))

    def merge(self, other: CurveTally) -> None:
        """Add the sentences of another with the same settings, behind these; ``first`` is the caller's to merge.

        Raises:
            InputError: their sentences have other numbers of samples, so that both were reduced to other K.
        """
        if self.sampling.k is None and len({*self._numbers(), *other._numbers()}) > 1:
            raise InputError("rows with different numbers of samples: say which K to report with --k")
        self.health.merge(other.health)
        self._ks = self._ks or other._ks
        self.fewest = min(filter(None, (self.fewest, other.fewest)), default=0)
        self.most = max(self.most, other.most)
        self.inexact += other.inexact
        self._longest, self._single = self._longest or other._longest, self._single or other._single
        self._rows += other._rows
        self._distinct += other._distinct

    def _numbers(self) -> set[int]:
        """The smallest and the largest number of samples, where there are any."""
        return {self.fewest, self.most} - {0}

    def _add_constant(self, gold: GoldSentence, missing: bool, document: str) -> None:
        """A sentence all of whose samples are the same and empty, whatever their number."""
        parsed = EMPTY_SAMPLE
        if not missing:
            parsed = ParsedCompletion(EMPTY_SAMPLE.items, "no_answer")
            self.health.statuses["no_answer"] += 1
        self.first.add(gold, None if missing else parsed, document)
        self._rows.append(self._reduced(gold, self._reader.empty(gold, parsed), 1, (1,)))
        if not missing:
            self._distinct.append(np.ones(1))

    def _checked(self, n: int, where: str) -> tuple[int, ...]:
        """The K to reduce these samples to; by default those that all sentences so far have samples for."""
        if n == 0:
            raise InputError(f"{where}: no samples; expected a list with at least one prediction")
        ks = self.sampling.allowed(n, where)
        self._longest = where if n > self.most else self._longest
        self._single = self._single or (where if n == 1 else "")
        self.fewest, self.most = min(n, self.fewest or n), max(n, self.most)
        if self._single and self.most > 1 and self.sampling.k is None:
            raise InputError(
                f"{self._single}: one prediction, where {self._longest} has {self.most} samples; "
                "give every row its samples (completions or predictions), or ask for --k 1"
            )
        self._ks = ks if self._ks is None else tuple(k for k in self._ks if k in ks)
        return self._ks

    def _reduced(
        self, gold: GoldSentence, read: Samples, n: int, ks: tuple[int, ...]
    ) -> tuple[Floats, Floats, Floats, Floats]:
        counts, tasks = read.counts, self.settings.tasks
        scores = sentence_scores(counts, read.well_formed)[..., None]
        values = np.concatenate([scores, counts[..., :2]], axis=-1)
        if self.settings.compat:
            kept = first_kept(counts, ks)
            best = np.concatenate([np.zeros((*kept.shape[:-1], 1)), kept], axis=-1)
        else:
            best = expected_kept(worst_first(counts, read.well_formed, tasks, self.sampling.oracle), values, ks)
        consensus = self._consensus(gold, read, n, ks) if self.votes else np.zeros((len(tasks), len(ks), 2))
        return best, values.mean(axis=0), consensus, counts[0, :, 2]

    def _consensus(self, gold: GoldSentence, read: Samples, n: int, ks: tuple[int, ...]) -> Floats:
        scorer = self.first.scorer
        exact = True
        found = []
        for task, side in gold.sides(scorer.rule, scorer.tasks, scorer.spans).items():
            voted = [(answer[task], size) for answer, size in zip(read.answers, read.sizes, strict=True)]
            expected, settled = expected_consensus(
                Ballot(side, scorer.rule, task, scorer.spans, voted), n, ks, self.sampling.theta
            )
            found.append(expected)
            exact = exact and settled
        self.inexact += not exact
        return np.stack(found)

    def expectations(self) -> Expectations:
        """Everything so far; a single K of a sentence stands for all of them."""
        ks = self._ks if self._ks is not None else self.sampling.allowed(1, "the sentences")
        best, average, consensus, n_gold = zip(*self._rows, strict=True)
        return Expectations(
            ks=ks,
            best=_stacked(best, len(ks)),
            average=np.stack(average),
            consensus=_stacked(consensus, len(ks)),
            n_gold=np.stack(n_gold),
            distinct=np.stack([_widened(row, len(ks), 0) for row in self._distinct] or [np.zeros(len(ks))]),
        )

    def spoken_tasks(self) -> tuple[Task, ...]:
        """The tasks that get numbers."""
        return self.first.spoken_tasks()


def _stacked(rows: Sequence[Floats], number: int) -> Floats:
    return np.stack([_widened(row, number, 1) for row in rows])


def _widened(row: Floats, number: int, axis: int) -> Floats:
    """The first K of a row; where the row has one for all of them, that one again and again."""
    if row.shape[axis] == 1:
        return np.repeat(row, number, axis=axis)
    return row[:number] if axis == 0 else row[:, :number]


@lru_cache(maxsize=4)
def _seen_tables(n: int, ks: tuple[int, ...]) -> tuple[Floats, ...]:
    """The probability that a sample of a class is drawn, by the size of the class."""
    return tuple(kept_table(n, k, 1) for k in ks)
