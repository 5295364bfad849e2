"""What a report shows, as tables of plain cells; how they look is up to the modules beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sciie_eval.comparison import SystemComparison, difference
from sciie_eval.counting import Counts
from sciie_eval.error_comparison import KindChange
from sciie_eval.results import CorpusScore, TaskScore

__all__ = [
    "Cell",
    "NamedScore",
    "Signed",
    "Table",
    "comparison_tables",
    "interval",
    "level",
    "long_comparison",
    "long_table",
    "percent",
    "score_tables",
    "signed",
]

Cell = str | float | int | None
NamedScore = tuple[str, CorpusScore]


class Signed(Protocol):
    """What every result has for its reader beside its numbers."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader of the numbers has to know."""

    @property
    def signature(self) -> str:
        """The line under which the numbers can be compared."""


@dataclass(frozen=True)
class Table:
    """A table: title, column names, rows; the first ``n_labels`` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_labels: int = 1


def percent(value: float | None) -> str:
    """A ratio in percent with one decimal; an undefined one is a dash."""
    return "–" if value is None else f"{100 * value:.1f}"


def signed(value: float | None) -> str:
    """A difference of ratios in points, with its sign."""
    return "–" if value is None else f"{100 * value:+.1f}"


def interval(bounds: tuple[float, float] | None) -> str:
    """An interval of a ratio in percent; a dash where there is none."""
    return "–" if bounds is None else f"{100 * bounds[0]:.1f}–{100 * bounds[1]:.1f}"


def _number(value: float) -> str:
    return f"{value:g}" if float(value).is_integer() else f"{value:.2f}"


def _ratio_cells(counts: Counts) -> tuple[str, str, str]:
    return percent(counts.precision), percent(counts.recall), percent(counts.f1)


def _count_cells(counts: Counts) -> tuple[str, str, str]:
    return _number(counts.tp), _number(counts.n_pred), _number(counts.n_gold)


def level(signature: str) -> str:
    """The confidence level, as the signature has it."""
    field = next(part for part in signature.split("|") if part.startswith("ci:"))
    return field.removeprefix("ci:").split("%", maxsplit=1)[0] + " % CI"


def score_tables(scores: Sequence[NamedScore]) -> list[Table]:
    """The tables of a score report: the tasks, then the types of each task; with several systems F1 per type."""
    return [_task_table(scores), *(_type_table(task, scores) for task in _scored_tasks(scores))]


def _scored_tasks(scores: Sequence[NamedScore]) -> list[str]:
    return list(dict.fromkeys(task for _, score in scores for task, found in score.tasks.items() if found is not None))


def _task_table(scores: Sequence[NamedScore]) -> Table:
    several = len(scores) > 1
    rows = []
    for name, score in scores:
        for task, found in score.tasks.items():
            label = (name, task) if several else (task,)
            rows.append(label + _task_cells(found))
    labels = ("system", "task") if several else ("task",)
    columns = (*labels, "P", "R", "F1", level(scores[0][1].signature), "macro-F1", "correct", "predicted", "gold")
    return Table("", columns, tuple(rows), n_labels=len(labels))


def _task_cells(found: TaskScore | None) -> tuple[Cell, ...]:
    if found is None:
        return ("–",) * 8
    return (*_ratio_cells(found.counts), interval(found.ci), percent(found.macro_f1), *_count_cells(found.counts))


def _type_table(task: str, scores: Sequence[NamedScore]) -> Table:
    """One system: everything per type. Several: the F1 of each."""
    by_system = [(name, found.by_type) for name, score in scores if (found := _task(score, task)) is not None]
    types = list(dict.fromkeys(label for _, rows in by_system for label in rows))
    nothing = Counts(0, 0, 0)
    if len(scores) > 1:
        rows = tuple((label, *(percent(types_.get(label, nothing).f1) for _, types_ in by_system)) for label in types)
        return Table(f"{task}: F1 per type", (task, *(name for name, _ in by_system)), rows)
    own = by_system[0][1]
    rows = tuple((label, *_ratio_cells(own[label]), *_count_cells(own[label])) for label in types)
    return Table(f"{task} per type", (task, "P", "R", "F1", "correct", "predicted", "gold"), rows)


def _task(score: CorpusScore, task: str) -> TaskScore | None:
    return next((found for name, found in score.tasks.items() if name == task), None)


def long_table(scores: Sequence[NamedScore]) -> Table:
    """Everything in long form, one row a system, task and type, ratios unrounded: what CSV holds."""
    rows: list[tuple[Cell, ...]] = []
    for name, score in scores:
        for task, found in score.tasks.items():
            if found is None:
                continue
            bounds = found.ci or (None, None)
            rows.append((name, task, "(all)", *_raw(found.counts), *bounds, found.macro_f1, score.signature))
            rows += [
                (name, task, label, *_raw(counts), None, None, None, score.signature)
                for label, counts in found.by_type.items()
            ]
    columns = ("system", "task", "type", "precision", "recall", "f1", "tp", "n_pred", "n_gold")
    return Table("", (*columns, "ci_low", "ci_high", "macro_f1", "signature"), tuple(rows), n_labels=3)


def _raw(counts: Counts) -> tuple[Cell, ...]:
    return counts.precision, counts.recall, counts.f1, counts.tp, counts.n_pred, counts.n_gold


def comparison_tables(baseline: str, found: Sequence[SystemComparison]) -> list[Table]:
    """The tables of a comparison: the tests, the difference per type, and the kinds of error."""
    tests = []
    for system in found:
        for task, comparison in system.tasks.items():
            if comparison is None or comparison.test is None or comparison.p_holm is None:
                tests.append((system.name, task, *("–",) * 8))
                continue
            test, holm = comparison.test, comparison.p_holm
            tests.append(
                (
                    system.name,
                    task,
                    percent(comparison.baseline.f1),
                    percent(comparison.other.f1),
                    signed(test.delta),
                    f"{100 * test.ci[0]:+.1f} … {100 * test.ci[1]:+.1f}",
                    f"{holm['bootstrap']:.4f}",
                    f"{holm['randomization']:.4f}",
                    str(len(comparison.won)),
                    str(len(comparison.lost)),
                )
            )
    columns = ("system", "task", "base F1", "F1", "Δ", "CI of Δ", "p boot", "p rand", "won", "lost")
    title = f"against {baseline} (p-values are Holm-corrected)"
    return [Table(title, columns, tuple(tests), n_labels=2), *_delta_tables(found), *_change_tables(found)]


def _delta_tables(found: Sequence[SystemComparison]) -> list[Table]:
    tables = []
    for task in found[0].tasks:
        scored = [(system.name, comparison) for system in found if (comparison := system.tasks[task]) is not None]
        if not scored:
            continue
        labels = list(dict.fromkeys(label for _, comparison in scored for label in comparison.by_type))
        nothing = (Counts(0, 0, 0), Counts(0, 0, 0))
        rows = tuple(
            (label, *(signed(difference(*comparison.by_type.get(label, nothing))) for _, comparison in scored))
            for label in labels
        )
        tables.append(Table(f"{task}: ΔF1 per type", (task, *(name for name, _ in scored)), rows))
    return tables


def _change_tables(found: Sequence[SystemComparison]) -> list[Table]:
    """The kinds of error of every task, those that occur."""
    columns = ("system", "kind", "base", "now", "Δ", "CI of Δ", "p", "mended", "broken")
    tables = []
    for task in found[0].tasks:
        rows = [
            (system.name, kind, *_change_cells(change))
            for system in found
            if (compared := system.tasks[task]) is not None and compared.errors is not None
            for kind, change in compared.errors.kinds.items()
            if change.baseline or change.other
        ]
        if rows:
            tables.append(Table(f"{task}: kinds of error (p is Holm-corrected)", columns, tuple(rows), n_labels=2))
    return tables


def _change_cells(change: KindChange) -> tuple[Cell, ...]:
    bounds = "–" if change.test is None else f"{change.test.ci[0]:+.0f} … {change.test.ci[1]:+.0f}"
    p = "–" if change.p_holm is None else f"{change.p_holm:.4f}"
    return change.baseline, change.other, f"{change.delta:+d}", bounds, p, change.mended, change.broken


def long_comparison(found: Sequence[SystemComparison]) -> Table:
    """A comparison in long form, unrounded: what CSV holds."""
    rows: list[tuple[Cell, ...]] = []
    for system in found:
        for task, comparison in system.tasks.items():
            if comparison is None:
                continue
            test = comparison.test
            tested: tuple[Cell, ...] = (None,) * 5
            if test is not None:
                tested = (test.delta, *test.ci, test.p_bootstrap, test.p_randomization)
            holm = comparison.p_holm or {}
            corrected = holm.get("bootstrap"), holm.get("randomization")
            wins = len(comparison.won), len(comparison.lost)
            f1s = comparison.baseline.f1, comparison.other.f1
            nothing: tuple[Cell, ...] = (None,) * 10
            rows.append((system.name, task, "(all)", *f1s, *tested, *corrected, *wins, *nothing))
            rows += [
                (system.name, task, label, one.f1, two.f1, difference(one, two), *(None,) * 8, *nothing)
                for label, (one, two) in comparison.by_type.items()
            ]
            if comparison.errors is not None:
                rows += [
                    (system.name, task, "(errors)", *(None,) * 11, kind, *_raw_change(change))
                    for kind, change in comparison.errors.kinds.items()
                ]
    columns = ("system", "task", "type", "baseline_f1", "f1", "delta", "ci_low", "ci_high", "p_bootstrap")
    more = ("p_randomization", "p_bootstrap_holm", "p_randomization_holm", "won", "lost")
    return Table("", (*columns, *more, *_KIND_COLUMNS), tuple(rows), n_labels=3)


_KIND_COLUMNS = (
    *("kind", "baseline_n", "n", "delta_n", "delta_n_low", "delta_n_high", "p_kind", "p_kind_holm"),
    *("mended", "broken"),
)


def _raw_change(change: KindChange) -> tuple[Cell, ...]:
    tested = (None,) * 3 if change.test is None else (*change.test.ci, change.test.p_randomization)
    return change.baseline, change.other, change.delta, *tested, change.p_holm, change.mended, change.broken
