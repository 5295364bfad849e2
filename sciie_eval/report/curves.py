"""What a report on K samples shows, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sciie_eval.curve_results import Curve, SampleScores, Statistic
from sciie_eval.report.tables import Cell, Table, interval, level, percent
from sciie_eval.rules import Task

__all__ = ["NamedCurves", "curve_tables", "long_curves"]

NamedCurves = tuple[str, SampleScores]
_SHORT: dict[Statistic, str] = {"best": "Best", "avg": "Avg", "consensus": "Cons."}


def curve_tables(scores: Sequence[NamedCurves]) -> list[Table]:
    """The tables of a report: one row a system where there are several, the curves, and what the samples were like."""
    overview = [_overview(scores)] if len(scores) > 1 else []
    macro = [_macro_table(scores)] if any(curve.macro for _, score in scores for _, _, curve in score.curves()) else []
    return [*overview, _micro_table(scores), *macro, _sample_table(scores)]


def _overview(scores: Sequence[NamedCurves]) -> Table:
    """One row a system, everything at its largest K."""
    tasks = list(dict.fromkeys(task for _, score in scores for task, _, _ in score.curves()))
    columns = [f"{task} {short}" for task in tasks for short in _SHORT.values()]
    rows = []
    for name, score in scores:
        curves = [score.of(statistic)[task] for task in tasks for statistic in _SHORT]
        rows.append((name, str(score.k[-1]), *("–" if curve is None else percent(curve.micro[-1]) for curve in curves)))
    return Table("micro-F1 at the largest K", ("system", "K", *columns), tuple(rows))


def _by_k(scores: Sequence[NamedCurves]) -> Iterator[tuple[tuple[str, ...], SampleScores, Task, int]]:
    """The labels of every row of a table over K, and what they stand for."""
    for name, score in scores:
        for task, best in score.best.items():
            for place, k in enumerate(score.k if best is not None else ()):
                labels = (task, str(k)) if len(scores) == 1 else (name, task, str(k))
                yield labels, score, task, place


def _labels(scores: Sequence[NamedCurves]) -> tuple[str, ...]:
    return ("task", "K") if len(scores) == 1 else ("system", "task", "K")


def _micro_table(scores: Sequence[NamedCurves]) -> Table:
    rows = []
    for labels, score, task, place in _by_k(scores):
        cells: list[Cell] = []
        for statistic in _SHORT:
            curve = score.of(statistic)[task]
            cells += ["–", "–"] if curve is None else [percent(curve.micro[place]), interval(curve.micro_ci[place])]
        rows.append((*labels, *cells))
    names, ci = _labels(scores), level(scores[0][1].signature)
    columns = (*names, *(column for short in ("Best", "Avg", "Consensus") for column in (short, ci)))
    return Table("micro-F1 of the expected counts", columns, tuple(rows), n_labels=len(names))


def _macro_table(scores: Sequence[NamedCurves]) -> Table:
    rows = []
    for labels, score, task, place in _by_k(scores):
        curves = score.best[task], score.avg[task]
        cells: list[Cell] = []
        for curve in curves:
            shown = curve is not None and curve.macro
            cells += [percent(curve.macro[place]), interval(curve.macro_ci[place])] if curve and shown else ["–", "–"]
        cells += [percent(curve.macro_with_gold[place]) if curve and curve.macro else "–" for curve in curves]
        rows.append((*labels, *cells))
    names, ci = _labels(scores), level(scores[0][1].signature)
    columns = (*names, "Best", ci, "Avg", ci, "Best, with gold", "Avg, with gold")
    return Table("macro: mean F1 of sentences", columns, tuple(rows), n_labels=len(names))


def _sample_table(scores: Sequence[NamedCurves]) -> Table:
    """One row a system: how many samples, how they parsed, how long and how different they are."""
    ks = sorted({k for _, score in scores for k in score.k})
    rows = []
    for name, score in scores:
        distinct = dict(zip(score.k, score.distinct, strict=True))
        words = (_decimal(score.answer_words), _decimal(score.reasoning_words))
        shown = (_decimal(distinct.get(k), 2) for k in ks)
        rows.append((name, score.per_sentence, percent(score.parsed), *words, *shown))
    columns = ("system", "samples", "parsed", "answer words", "reasoning words", *(f"distinct @{k}" for k in ks))
    return Table("samples of a sentence", columns, tuple(rows))


def _decimal(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def long_curves(scores: Sequence[NamedCurves]) -> Table:
    """Everything in long form, one row a system, task, statistic, average and K, unrounded: what CSV holds."""
    rows = [(name, *row, score.signature) for name, score in scores for row in _long(score)]
    columns = ("system", "task", "statistic", "average", "k", "value", "ci_low", "ci_high", "tp", "n_pred", "n_gold")
    return Table("", (*columns, "signature"), tuple(rows), n_labels=4)


def _long(score: SampleScores) -> Iterator[tuple[Cell, ...]]:
    for task, statistic, curve in score.curves():
        for place, k in enumerate(score.k):
            for average, value, bounds in _averages(curve, place):
                counts = (curve.tp[place], curve.n_pred[place], curve.n_gold) if average == "micro" else (None,) * 3
                yield task, statistic, average, k, value, *(bounds or (None, None)), *counts
    for place, k in enumerate(score.k):
        yield "", "distinct", "", k, score.distinct[place], *(None,) * 5
    for name in ("parsed", "answer_words", "reasoning_words"):
        yield "", name, "", None, getattr(score, name), *(None,) * 5


def _averages(curve: Curve, place: int) -> Iterator[tuple[str, float | None, tuple[float, float] | None]]:
    yield "micro", curve.micro[place], curve.micro_ci[place]
    if curve.macro:
        yield "macro", curve.macro[place], curve.macro_ci[place]
        yield "macro_with_gold", curve.macro_with_gold[place], None
