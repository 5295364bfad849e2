"""What an error report shows, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from sciie_eval.audits import AUDITS
from sciie_eval.classification import Stated
from sciie_eval.error_report import ErrorReport, TaskErrors
from sciie_eval.report.tables import Cell, Table, percent
from sciie_eval.rules import Task
from sciie_eval.taxonomy import KINDS

__all__ = ["cut", "error_tables", "long_errors", "stated", "worst_table"]

ALL = "(all)"
LONGEST_ITEM = 160
"""Characters of an item that a report shows."""
_FOLDING = {"boundary+type": "boundary + type"}
"""Names of kinds that need room to be broken in the head of a column."""


def error_tables(report: ErrorReport) -> list[Table]:
    """The tables of an error report: the tasks, their kinds per type, confusions, audits."""
    spoken = report.spoken
    confused: list[Task] = [task for task in spoken if task != "rel+" or "rel" not in spoken]
    audits = [_audit_table(report)] if report.audits else []
    kinds = [_kind_table(found) for found in spoken.values()]
    return [_task_table(report), *kinds, *(_confusion_table(spoken[task]) for task in confused), *audits]


def _task_table(report: ErrorReport) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for task, found in report.tasks.items():
        score = report.score.tasks[task]
        if found is None or score is None:
            rows.append((task, *("–",) * 9))
            continue
        wrong = found.n_gold - found.tp - found.kinds["missed"]
        ratios = (percent(value) for value in (score.precision, score.recall, score.f1))
        counts = (found.n_gold, found.n_pred, found.tp, wrong, found.kinds["missed"], found.kinds["spurious"])
        rows.append((task, *ratios, *counts))
    columns = ("task", "P", "R", "F1", "gold", "predicted", "correct", "wrong pairs", "missed", "spurious")
    return Table("", columns, tuple(rows))


def _kind_table(found: TaskErrors) -> Table:
    """Gold items by kind, and the spurious predictions, per type."""
    kinds = [kind for kind in KINDS[found.task] if kind not in ("missed", "spurious")]
    places = found.task == "ner" and bool(found.spurious(True) or found.spurious(False))
    rows: list[tuple[Cell, ...]] = []
    for name in (ALL, *found.types):
        golds = found.kinds if name == ALL else found.by_type[name].gold
        spurious = [(met, n) for met, n in found.meetings.items() if met.gold is None and name in (ALL, met.predicted)]
        absent = sum(n for met, n in spurious if met.in_sentence is False)
        total = found.n_gold if name == ALL else found.by_type[name].n_gold
        cells: tuple[Cell, ...] = (
            total,
            *(golds[kind] for kind in kinds),
            golds["missed"],
            sum(n for _, n in spurious),
        )
        rows.append((name, *cells, *((absent,) if places else ())))
    columns = (found.task, "gold", *(_FOLDING.get(kind, kind) for kind in kinds), "missed", "spurious")
    title = f"{found.task}: what became of gold, per type, and what is spurious"
    return Table(title, (*columns, *(("not in sentence",) if places else ())), tuple(rows))


def _confusion_table(found: TaskErrors) -> Table:
    """Gold in rows, predictions in columns; long names of columns stand for themselves in the rows alone."""
    short = len(found.types) > 5
    numbers = {name: str(number) for number, name in enumerate(found.types, 1)}
    rows: list[tuple[Cell, ...]] = []
    for one in (*found.types, None):
        label = "(spurious)" if one is None else f"{numbers[one]} {one}" if short else one
        cells: list[Cell] = [found.confusion.get((one, two), "·") for two in found.types]
        missed: Cell = "" if one is None else found.confusion.get((one, None), "·")
        rows.append((label, *cells, missed))
    columns = (f"{found.task} gold", *(numbers[name] if short else name for name in found.types), "missed")
    return Table(f"{found.task}: gold types in rows, predicted in columns, of pairs of any kind", columns, tuple(rows))


def _audit_table(report: ErrorReport) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for code, found in report.audits.items():
        name, item = found.examples[0]
        shown = " · ".join(filter(None, (name, *item)))
        rows.append((AUDITS[code], cut(shown), found.n, found.sentences))
    return Table("audits of the predictions", ("audit", "first example", "n", "sentences"), tuple(rows), n_labels=2)


def worst_table(report: ErrorReport) -> list[Table]:
    """The errors of the worst sentences, one a row; no table where none is to be shown."""
    rows = [
        (sentence.id, finding.task, finding.kind, stated(finding.gold), stated(finding.predicted))
        for sentence in report.worst
        for finding in sentence.findings
        if finding.kind != "correct" and finding.task in report.spoken
    ]
    columns = ("id", "task", "kind", "gold", "predicted")
    return [Table("sentences with most errors", columns, tuple(rows), n_labels=5)] if rows else []


def stated(item: Stated | None) -> str:
    """An item as a line of text, a very long one cut; nothing where there is none.

    >>> stated(Stated("Used-For", ("BERT", "NER"), ("Method", "Task"), ((), ())))
    'BERT (Method) → Used-For → NER (Task)'
    """
    if item is None:
        return ""
    if len(item.texts) == 1:
        return cut(f"{item.texts[0]}: {item.label}")
    types = [f" ({kind or 'no type'})" for kind in item.types] or ["", ""]
    return cut(f"{item.texts[0]}{types[0]} → {item.label} → {item.texts[1]}{types[1]}")


def cut(text: str, longest: int = LONGEST_ITEM) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def long_errors(report: ErrorReport) -> Table:
    """Everything that is counted in long form: what met how often, and the audits; what CSV holds."""
    columns = ("part", "task", "gold", "predicted", "kind", "in_sentence", "n", "sentences", "signature")
    rows = [(*row, report.signature) for row in _long(report)]
    return Table("", columns, tuple(rows), n_labels=6)


def _long(report: ErrorReport) -> Iterator[tuple[Cell, ...]]:
    for task, found in report.spoken.items():
        order = {kind: number for number, kind in enumerate(KINDS[task])}
        for met, n in sorted(found.meetings.items(), key=lambda row: (order[row[0].kind], str(row[0]))):
            place = None if met.in_sentence is None else str(met.in_sentence).lower()
            yield "items", task, met.gold, met.predicted, met.kind, place, n, None
    for code, audit in report.audits.items():
        yield "audit", None, None, None, code, None, audit.n, audit.sentences
