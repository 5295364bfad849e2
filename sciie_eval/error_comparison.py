"""Which kinds of error a system mends and which it makes anew, beside a baseline on the same sentences.

Kinds are those of `taxonomy`. A gold item has one kind under either system, so that it can be followed from one to the
other: missed by the baseline and correct now, say. Spurious predictions have no gold item; they are there or not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sciie_eval.matching import Match
from sciie_eval.paired_tests import Sum, compare_sums, holm
from sciie_eval.places import Places
from sciie_eval.rules import Task
from sciie_eval.settings import Settings
from sciie_eval.sides import Item
from sciie_eval.stats import Floats
from sciie_eval.taxonomy import KINDS, Judge, Judged, Kind

__all__ = ["ErrorChanges", "KindChange", "Kinds", "compare_kinds", "kinds_of"]

Kinds = Mapping[Task, Sequence[Sequence[Judged]]]
"""The items of every sentence with their kinds, by task."""


@dataclass(frozen=True)
class KindChange:
    """How often one kind of error occurs.

    Attributes:
        baseline: in the baseline.
        other: in the system.
        test: of the difference, over sentences or documents; None where neither side has any, or there are fewer than
            two documents.
        p_holm: its p-value after Holm's correction over the kinds of the task and the systems compared.
        mended: gold items of this kind in the baseline that the system has right; spurious ones that are gone.
        broken: gold items of this kind in the system that the baseline has right; spurious ones that are new.
    """

    baseline: int
    other: int
    test: Sum | None
    p_holm: float | None
    mended: int
    broken: int

    @property
    def delta(self) -> int:
        """How many more there are in the system."""
        return self.other - self.baseline

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "baseline": self.baseline,
            "n": self.other,
            "delta": self.delta,
            "ci": None if self.test is None else list(self.test.ci),
            "p_randomization": None if self.test is None else self.test.p_randomization,
            "p_holm": self.p_holm,
            "mended": self.mended,
            "broken": self.broken,
        }


@dataclass(frozen=True)
class ErrorChanges:
    """The errors of one task of a system beside those of the baseline.

    Attributes:
        kinds: every kind but ``correct``, in the order of `KINDS`.
        moves: how many gold items have the one kind in the baseline and the other in the system.
    """

    kinds: dict[Kind, KindChange]
    moves: dict[tuple[Kind, Kind], int]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "kinds": {kind: change.to_dict() for kind, change in self.kinds.items()},
            "moves": [{"from": one, "to": two, "n": n} for (one, two), n in self.moves.items()],
        }


def kinds_of(
    matches: Sequence[Mapping[Task, Match]], sentences: Sequence[str], settings: Settings, spans: bool
) -> Kinds | None:
    """What became of every item of a system, by task and sentence.

    Args:
        matches: of every sentence.
        sentences: their texts.
        settings: they were matched under.
        spans: whether items hold offsets in place of texts.

    Returns:
        None where there are no whole items to tell the kinds of: under ``compat``, and with partial credit.
    """
    if settings.compat is not None or settings.credit != "count":
        return None
    judge = Judge(settings.rule, spans)
    found: defaultdict[Task, list[list[Judged]]] = defaultdict(list)
    for sentence, tasks in zip(sentences, matches, strict=True):
        places = Places(sentence)
        for task, match in tasks.items():
            found[task].append(judge.judge(task, match, places))
    return found


def compare_kinds(
    task: Task,
    baselines: Sequence[Sequence[Sequence[Judged]]],
    others: Sequence[Sequence[Sequence[Judged]]],
    documents: Sequence[Sequence[str]],
    settings: Settings,
) -> list[ErrorChanges]:
    """Compare the kinds of error of systems with those of a baseline.

    Args:
        task: of all of them.
        baselines: the baseline's items of every sentence, for every system in that system's order of sentences.
        others: the systems' items.
        documents: the document of every sentence, likewise; resampled where the settings say so.
        settings: confidence level, resamples, seed and what is resampled.

    >>> gold, other = ("net", "Method"), ("a net", "Method")
    >>> before, after = [[Judged("boundary", gold, other)]], [[Judged("correct", gold, gold)]]
    >>> found = compare_kinds("ner", [before], [after], [[""]], Settings())[0]
    >>> found.kinds["boundary"].delta, found.kinds["boundary"].mended, found.moves
    (-1, 1, {('boundary', 'correct'): 1})
    """
    tests = [_tests(task, *system, settings) for system in zip(baselines, others, documents, strict=True)]
    corrected = iter(holm([test.p_randomization for row in tests for test in row.values() if test is not None]))
    return [
        _changes(task, one, two, row, {kind: next(corrected) for kind, test in row.items() if test is not None})
        for one, two, row in zip(baselines, others, tests, strict=True)
    ]


def _tests(
    task: Task,
    baseline: Sequence[Sequence[Judged]],
    other: Sequence[Sequence[Judged]],
    documents: Sequence[str],
    settings: Settings,
) -> dict[Kind, Sum | None]:
    """The test of every kind; None where neither side has any, so that it is none of the tests to correct for."""
    wrong = KINDS[task][1:]
    one, two = _counts(baseline, wrong), _counts(other, wrong)
    tests = compare_sums(
        two - one,
        clusters=list(documents) if settings.cluster == "doc_id" else None,
        level=settings.ci,
        resamples=settings.bootstrap,
        seed=settings.seed,
    )
    there = (one + two).sum(axis=0)
    return {kind: test if some else None for kind, test, some in zip(wrong, tests, there, strict=True)}


def _counts(sentences: Sequence[Sequence[Judged]], kinds: Sequence[Kind]) -> Floats:
    """(n_sentences, n_kinds) numbers of items."""
    found = np.zeros((len(sentences), len(kinds)))
    columns = {kind: column for column, kind in enumerate(kinds)}
    for row, sentence in enumerate(sentences):
        for judged in sentence:
            if judged.kind in columns:
                found[row, columns[judged.kind]] += 1
    return found


def _changes(
    task: Task,
    baseline: Sequence[Sequence[Judged]],
    other: Sequence[Sequence[Judged]],
    tests: Mapping[Kind, Sum | None],
    p_holm: Mapping[Kind, float],
) -> ErrorChanges:
    moves: Counter[tuple[Kind, Kind]] = Counter()
    gone = new = 0
    for before, after in zip(baseline, other, strict=True):
        moves.update(_moves(before, after))
        gone += (_spurious(before) - _spurious(after)).total()
        new += (_spurious(after) - _spurious(before)).total()
    sizes = [Counter(judged.kind for sentence in side for judged in sentence) for side in (baseline, other)]
    kinds = {}
    for kind, test in tests.items():
        mended, broken = (gone, new) if kind == "spurious" else (moves[kind, "correct"], moves["correct", kind])
        kinds[kind] = KindChange(sizes[0][kind], sizes[1][kind], test, p_holm.get(kind), mended, broken)
    order = KINDS[task]
    return ErrorChanges(kinds, {(a, b): moves[a, b] for a in order for b in order if moves[a, b]})


def _moves(before: Sequence[Judged], after: Sequence[Judged]) -> list[tuple[Kind, Kind]]:
    """The kinds of every gold item of a sentence under both systems."""
    one, two = _by_gold(before), _by_gold(after)
    return [pair for item, kinds in one.items() for pair in zip(kinds, two[item], strict=True)]


def _by_gold(sentence: Sequence[Judged]) -> defaultdict[Item, list[Kind]]:
    """Kinds by gold item; items that are told apart by nothing have several, in the order of kinds."""
    found: defaultdict[Item, list[Kind]] = defaultdict(list)
    for judged in sentence:
        if judged.gold is not None:
            found[judged.gold].append(judged.kind)
    return found


def _spurious(sentence: Sequence[Judged]) -> Counter[Item | None]:
    return Counter(judged.predicted for judged in sentence if judged.kind == "spurious")
