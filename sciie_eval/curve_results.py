"""Best-F1@K, Avg@K and Consensus@K of a corpus: the curves with their intervals, and what was noticed beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from sciie_eval.curves import CurveTally, Expectations
from sciie_eval.exceptions import InputError
from sciie_eval.parsing import STATUSES
from sciie_eval.passk import Floats
from sciie_eval.results import content_warnings, corpus_warnings
from sciie_eval.rules import Task
from sciie_eval.signature import signature
from sciie_eval.stats import micro_f1, ratio_intervals

__all__ = ["STATISTICS", "Curve", "SampleScores", "Statistic", "sample_scores"]

Statistic = Literal["best", "avg", "consensus"]
STATISTICS: tuple[Statistic, ...] = ("best", "avg", "consensus")

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Curve:
    """One statistic of one task, a value for every K; ratios in [0, 1], None where undefined or not defined at all.

    Attributes:
        micro: micro-F1 of the expected counts.
        micro_ci: its intervals.
        precision: Σ tp / Σ n_pred of the expected counts.
        recall: Σ tp / Σ n_gold.
        tp: expected matched items.
        n_pred: expected predicted items.
        n_gold: gold items, the same for every K.
        macro: mean of the expected sentence F1s; empty where there is none (consensus, compat).
        macro_ci: its intervals.
        macro_with_gold: the same mean over sentences with gold items.
    """

    micro: tuple[float | None, ...]
    micro_ci: tuple[Interval, ...]
    precision: tuple[float | None, ...]
    recall: tuple[float | None, ...]
    tp: tuple[float, ...]
    n_pred: tuple[float, ...]
    n_gold: int
    macro: tuple[float | None, ...] = ()
    macro_ci: tuple[Interval, ...] = ()
    macro_with_gold: tuple[float | None, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: a list for every K under each name."""
        names = ("macro", "micro", "macro_ci", "micro_ci", "macro_with_gold", "precision", "recall", "tp", "n_pred")
        values: dict[str, tuple[Any, ...]] = {name: getattr(self, name) for name in names if getattr(self, name)}
        lists = {name: [list(v) if isinstance(v, tuple) else v for v in value] for name, value in values.items()}
        return {**lists, "n_gold": self.n_gold}


@dataclass(frozen=True, repr=False)
class SampleScores:
    """All that `score_samples` found; `to_dict` is what ``sciie-eval passk --format json`` prints.

    Attributes:
        k: the numbers of samples reported.
        best: Best-F1@K of every task; None for a task that no prediction (or no gold) speaks of.
        avg: Avg@K, the same for every K; None also under compat.
        consensus: Consensus@K; None also under compat and for matchers other than strict.
        n_sentences: gold sentences, with or without samples.
        n_samples: samples a sentence, the most of any.
        fewest: samples of the sentence that has fewest.
        missing: sentences without samples; they count as empty predictions.
        parse: number of samples by parse status.
        issues: number of samples by issue code.
        parsed: share of the samples with a well-formed answer.
        answer_words: mean number of words of a completion without its reasoning and tags; None without texts.
        reasoning_words: mean number of words of its reasoning, likewise.
        distinct: expected number of different answers among K samples, the mean over sentences with samples.
        warnings: what the reader of the numbers has to know.
    """

    k: tuple[int, ...]
    best: dict[Task, Curve | None]
    avg: dict[Task, Curve | None]
    consensus: dict[Task, Curve | None]
    n_sentences: int
    n_samples: int
    fewest: int
    missing: int
    parse: dict[str, int]
    issues: dict[str, int]
    parsed: float | None
    answer_words: float | None
    reasoning_words: float | None
    distinct: tuple[float, ...]
    warnings: tuple[str, ...]
    _signature: Callable[[], str] = field(repr=False, compare=False)

    def __repr__(self) -> str:
        shown = (
            f"{task} {'–' if curve is None or curve.micro[-1] is None else f'{curve.micro[-1]:.4f}'}"
            for task, curve in self.best.items()
        )
        return f"SampleScores(Best-F1@{self.k[-1]}: {', '.join(shown)}; {self.n_sentences} sentences)"

    @cached_property
    def signature(self) -> str:
        """The line under which the numbers can be compared, made when first asked for, since it hashes the gold."""
        return self._signature()

    @property
    def per_sentence(self) -> str:
        """How many samples a sentence has, such as ``4`` or ``2-4``."""
        return _range(self.fewest, self.n_samples)

    def curves(self) -> Iterator[tuple[Task, Statistic, Curve]]:
        """Every curve there is, task by task."""
        for task in self.best:
            for statistic in STATISTICS:
                curve = self.of(statistic)[task]
                if curve is not None:
                    yield task, statistic, curve

    def of(self, statistic: Statistic) -> dict[Task, Curve | None]:
        """The curves of one statistic, by task."""
        return {"best": self.best, "avg": self.avg, "consensus": self.consensus}[statistic]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, ratios in [0, 1] and unrounded, undefined ones null."""
        return {
            "signature": self.signature,
            "n_sentences": self.n_sentences,
            "n_samples": self.n_samples,
            "samples_per_sentence": [self.fewest, self.n_samples],
            "missing": self.missing,
            "parse": dict(self.parse),
            "issues": dict(self.issues),
            "warnings": list(self.warnings),
            "k": list(self.k),
            **{
                name: {task: None if curve is None else curve.to_dict() for task, curve in self.of(name).items()}
                for name in STATISTICS
            },
            "samples": {
                "parsed": self.parsed,
                "answer_words": self.answer_words,
                "reasoning_words": self.reasoning_words,
                "distinct": list(self.distinct),
            },
        }


def sample_scores(tally: CurveTally, gold_name: Callable[[], str], warnings: Iterable[str] = ()) -> SampleScores:
    """Turn the expectations of sentences into curves.

    Args:
        tally: all sentences.
        gold_name: gives name and hash of the gold; asked once.
        warnings: what the reader of the file has to say.

    Raises:
        InputError: there is no sentence, or none with samples.
    """
    if not tally.health.statuses:
        raise InputError("no samples: no sentence has a prediction")
    settings, health = tally.settings, tally.health
    found = tally.expectations()
    curves = _curves(tally, found)
    answer_words, reasoning_words = health.mean_words()
    fewest, most = max(tally.fewest, 1), max(tally.most, 1)  # 0 where all requests failed
    items = "offsets" if tally.first.scorer.spans else "text"
    extra = tally.sampling.signature(found.ks, _range(fewest, most), settings.compat, tally.votes)
    return SampleScores(
        k=found.ks,
        best=curves["best"],
        avg=curves["avg"],
        consensus=curves["consensus"],
        n_sentences=tally.first.n_sentences,
        n_samples=most,
        fewest=fewest,
        missing=tally.first.missing,
        parse={status: health.statuses[status] for status in STATUSES if health.statuses[status]},
        issues=dict(health.issues.most_common()),
        parsed=health.parsed(),
        answer_words=answer_words,
        reasoning_words=reasoning_words,
        distinct=tuple(_means(found.distinct)),
        warnings=(*warnings, *_warnings(tally)),
        _signature=lambda: signature(
            settings, gold=gold_name(), items=items, agg="micro" if settings.compat else "micro,macro", extra=extra
        ),
    )


def _range(fewest: int, most: int) -> str:
    return str(most) if fewest == most else f"{fewest}-{most}"


class _Ratios:
    """Columns of numerators and denominators, one pair a ratio, whose intervals come from one resampling."""

    def __init__(self) -> None:
        self._above: list[Floats] = []
        self._below: list[Floats] = []

    def add(self, above: Floats, below: Floats | float = 1.0) -> slice:
        """Add columns, (n_sentences, number); returns where their intervals will stand."""
        start = len(self._above)
        self._above += list(above.T)
        self._below += list(np.broadcast_to(below, above.shape).T)
        return slice(start, len(self._above))

    def intervals(self, tally: CurveTally) -> list[Interval]:
        """The intervals of all columns."""
        if not self._above:
            return []
        settings = tally.settings
        return ratio_intervals(
            np.stack(self._above, axis=1),
            np.stack(self._below, axis=1),
            clusters=tally.first.sentences.documents() if settings.cluster == "doc_id" else None,
            level=settings.ci,
            resamples=settings.bootstrap,
            seed=settings.seed,
        )


def _curves(tally: CurveTally, found: Expectations) -> dict[Statistic, dict[Task, Curve | None]]:
    settings, spoken = tally.settings, tally.spoken_tasks()
    ratios = _Ratios()
    made: dict[tuple[Statistic, Task], Callable[[list[Interval]], Curve]] = {}
    places = [(place, task) for place, task in enumerate(settings.tasks) if task in spoken]
    if not settings.compat:
        for place, task in places:  # first: sentences are resampled in an order that does not depend on K or oracle
            values = found.average[:, place, None]
            made["avg", task] = _curve(ratios, values, found.n_gold[:, place], len(found.ks), True)
    for place, task in places:
        gold, number = found.n_gold[:, place], len(found.ks)
        made["best", task] = _curve(ratios, found.best[:, place], gold, number, not settings.compat)
        if tally.votes:
            counts = found.consensus[:, place]
            values = np.concatenate([np.zeros((*counts.shape[:-1], 1)), counts], axis=-1)
            made["consensus", task] = _curve(ratios, values, gold, number, False)
    intervals = ratios.intervals(tally)
    return {
        name: {task: made[name, task](intervals) if (name, task) in made else None for task in settings.tasks}
        for name in STATISTICS
    }


def _curve(
    ratios: _Ratios, values: Floats, gold: Floats, number: int, with_macro: bool
) -> Callable[[list[Interval]], Curve]:
    """A curve that waits for its intervals; ``values`` is (n_sentences, 1 or ks, 3): sentence F1, tp, n_pred."""
    scores, tp, n_pred = np.moveaxis(values, -1, 0)
    micro = ratios.add(2 * tp, n_pred + gold[:, None])
    macro = ratios.add(scores) if with_macro else slice(0, 0)
    totals = np.array([[math.fsum(column) for column in part.T] for part in (tp, n_pred)])
    n_gold = int(gold.sum())
    repeats = number // len(totals[0])

    def full(column: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(column) * repeats

    def curve(intervals: list[Interval]) -> Curve:
        f1 = micro_f1(np.stack([*totals, np.full_like(totals[0], n_gold)], axis=-1))
        return Curve(
            micro=full(_defined(f1)),
            micro_ci=full(intervals[micro]),
            precision=full(_defined(np.where(totals[1] > 0, totals[0] / np.maximum(totals[1], 1e-300), np.nan))),
            recall=full((totals[0] / n_gold).tolist() if n_gold else [None] * len(totals[0])),
            tp=full(totals[0].tolist()),
            n_pred=full(totals[1].tolist()),
            n_gold=n_gold,
            macro=full(_means(scores)) if with_macro else (),
            macro_ci=full(intervals[macro]) if with_macro else (),
            macro_with_gold=full(_means(scores[gold > 0], len(scores.T))) if with_macro else (),
        )

    return curve


def _defined(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _means(table: Floats, columns: int = 0) -> list[Any]:
    """The mean of every column, summed exactly so that the order of sentences does not matter."""
    return [math.fsum(column) / len(column) if len(column) else None for column in table.T] or [None] * columns


def _warnings(tally: CurveTally) -> list[str]:
    found = corpus_warnings(tally.first)
    if tally.settings.match != "strict":
        found.append(f"no Consensus@K: match={tally.settings.match} does not say which items are the same; use strict")
    if tally.settings.compat:
        found.append("compat=r2grpo takes the first K samples in their order, so its Best@K depends on that order")
    if tally.inexact:
        found.append(
            f"in {tally.inexact} sentences too many rel+ items compete for the same gold: their Consensus@K is a lower "
            "bound"
        )
    return found + [f"of the first samples, {text}" for text in content_warnings(tally.first)]
