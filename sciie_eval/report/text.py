"""Reports for the terminal, at most 100 columns wide, coloured only where a person looks."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from sciie_eval.comparison import SystemComparison
from sciie_eval.report.tables import Cell, NamedScore, Signed, Table, comparison_tables, score_tables
from sciie_eval.results import CorpusScore

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

    from sciie_eval.classification import Classified
    from sciie_eval.error_report import ErrorReport
    from sciie_eval.label_scoring import LabelScore
    from sciie_eval.report.curves import NamedCurves
    from sciie_eval.rules import Task

__all__ = ["WIDTH", "comparison_text", "curve_text", "error_text", "health", "label_text", "score_text", "tables_text"]

WIDTH = 100
LABEL_WIDTH = 14
"""Columns that a label, or a word over a number, can count on where room is scarce."""
GAP = 3
"""Between two columns."""
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
"""Control characters are shown as what they are: labels come from models, and a terminal would obey them."""
_REORDERING = (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
"""Marks that turn the direction of a line, break it, or are not seen at all; likewise."""
_CONTROL |= {code: f"\\u{code:04x}" for code in _REORDERING}
_CONTROL_BUT_NEWLINE = {code: shown for code, shown in _CONTROL.items() if chr(code) != "\n"}


def score_text(scores: Sequence[NamedScore], *, console: Console | None = None) -> str:
    """A score report as text.

    Args:
        scores: the systems, by name.
        console: of the terminal it will be shown on, for colour and width; None gives plain text.
    """
    out = _recorder(console)
    several = len(scores) > 1
    for table in score_tables(scores):
        _print_table(out, table)
    for name, score in scores:
        prefix = f"{name}: " if several else ""
        _say(out, prefix + health(score))
        _print_notes(out, score, prefix)
    _print_signatures(out, scores)
    return _text(out)


def comparison_text(
    scores: Sequence[NamedScore], found: Sequence[SystemComparison], show: int, *, console: Console | None = None
) -> str:
    """A comparison as text: tests, differences per type, and up to ``show`` items won and lost per task."""
    out = _recorder(console)
    for table in comparison_tables(scores[0][0], found):
        _print_table(out, table)
    for system in found:
        for task, comparison in system.tasks.items():
            if comparison is None:
                continue
            for word, style, changes in (("won", "green", comparison.won), ("lost", "red", comparison.lost)):
                for change in changes[:show]:
                    line = f"{system.name} {word:<4} {task:<4} {change.id}: {' · '.join(change.item)}"
                    _say(out, line, style)
                if show and len(changes) > show:
                    line = f"{system.name} {word:<4} {task:<4} … and {len(changes) - show} more (--show {len(changes)})"
                    _say(out, line, "dim")
    for name, score in scores:
        _print_notes(out, score, f"{name}: ")
    _print_signatures(out, scores)
    return _text(out)


def curve_text(scores: Sequence[NamedCurves], *, console: Console | None = None) -> str:
    """A report on K samples as text."""
    from sciie_eval.report.curves import curve_tables

    out = _recorder(console)
    for table in curve_tables(scores):
        _print_table(out, table)
    for name, score in scores:
        prefix = f"{name}: " if len(scores) > 1 else ""
        parsed = _parsed(score.parse, score.missing)
        _say(out, f"{prefix}{score.n_sentences} sentences · {parsed} · samples a sentence {score.per_sentence}")
        _print_notes(out, score, prefix)
    _print_signatures(out, scores)
    return _text(out)


def error_text(report: ErrorReport, *, console: Console | None = None) -> str:
    """An error report as text: its tables, then the sentences with most errors, marked."""
    from sciie_eval.report.errors import error_tables

    out = _recorder(console)
    for table in error_tables(report):
        _print_table(out, table)
    for sentence in report.worst:
        _print_sentence(out, sentence, list(report.spoken))
    _say(out, health(report.score))
    _print_notes(out, report, "")
    _print_signatures(out, [("", report)])
    return _text(out)


def label_text(scores: Sequence[tuple[str, LabelScore]], *, console: Console | None = None) -> str:
    """A report on one label a sentence as text."""
    from sciie_eval.report.label_tables import label_tables

    out = _recorder(console)
    for table in label_tables(scores):
        _print_table(out, table)
    for name, score in scores:
        prefix = f"{name}: " if len(scores) > 1 else ""
        _say(out, prefix + health(score))
        _print_notes(out, score, prefix)
    _print_signatures(out, scores)
    return _text(out)


def _print_sentence(out: Console, sentence: Classified, tasks: Sequence[Task]) -> None:
    """A line that names it, then what it says and what became of its items."""
    from rich.table import Table as RichTable
    from rich.text import Text

    from sciie_eval.report.sentences import sentence_rows

    number = f"{sentence.errors} error{'' if sentence.errors == 1 else 's'}"
    head = " · ".join(filter(None, (sentence.id, sentence.doc_id, number, sentence.status)))
    _say(out, _shown(head), "bold")
    grid = RichTable.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for word, pieces in sentence_rows(sentence, tasks):
        line = Text()
        for piece, style in pieces:
            line.append(_shown(piece), style)
        grid.add_row(f"  {word}", line)
    out.print(grid, "")


def tables_text(tables: Sequence[Table], *, console: Console | None = None) -> str:
    """Tables as text, one under the other."""
    out = _recorder(console)
    for table in tables:
        _print_table(out, table)
    return _text(out)


def health(score: CorpusScore | LabelScore) -> str:
    """One line on the predictions: how many there are and how they parsed."""
    line = f"{score.n_sentences} sentences · {_parsed(score.parse, score.missing)}"
    sample = next((field for field in score.signature.split("|") if field.startswith("sample:")), None)
    if sample is not None:
        line += f" · of several samples number {sample.removeprefix('sample:')} (--sample)"
    top = [f"{code} {number}" for code, number in list(score.issues.items())[:4]]
    return line + (f"\nissues: {', '.join(top)}{', …' if len(score.issues) > 4 else ''}" if top else "")


def _parsed(parse: dict[str, int], missing: int) -> str:
    statuses = " · ".join(f"{status} {number}" for status, number in parse.items()) or "none"
    return f"{sum(parse.values())} predictions: {statuses} · missing {missing}"


def _print_notes(out: Console, score: Signed, prefix: str) -> None:
    for warning in score.warnings:
        _say(out, f"note: {prefix}{warning}", "yellow")


def _print_signatures(out: Console, scores: Sequence[tuple[str, Signed]]) -> None:
    """Every signature once, with the systems that have it, broken between its fields where a line is too short."""
    by_signature: dict[str, list[str]] = {}
    for name, score in scores:
        by_signature.setdefault(score.signature, []).append(name)
    for signature, names in by_signature.items():
        lines = [f"{', '.join(names)}: signature  " if len(by_signature) > 1 else "signature  "]
        for field in signature.split("|"):
            if len(lines[-1]) + len(field) >= out.width:
                lines.append("  ")
            lines[-1] += f"{field}|"
        lines[-1] = lines[-1].removesuffix("|")
        _say(out, "\n".join(lines), "dim")


def _recorder(console: Console | None) -> Console:
    from rich.console import Console

    # written to a buffer either way: output goes to a terminal or a file whole, or not at all
    if console is None or not console.is_terminal:
        return Console(file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False, emoji=False)
    return Console(
        file=io.StringIO(),
        width=min(console.width, WIDTH),
        color_system=console.color_system,  # type: ignore[arg-type]
        force_terminal=True,
        no_color=console.no_color,
        emoji=False,
    )


def _say(out: Console, text: str, style: str | None = None) -> None:
    out.print(text.translate(_CONTROL_BUT_NEWLINE), style=style, markup=False, highlight=False)


def _print_table(out: Console, table: Table) -> None:
    if table.title:
        _say(out, table.title, "italic")
    for part in _fitting(table, out.width):
        out.print(_rich(part, out.width), "")


def _fitting(table: Table, width: int) -> Iterator[Table]:
    """The table, or where its numbers do not fit side by side, pieces of it to show one under another."""
    labels = list(range(table.n_labels))
    room = width + GAP - sum(min(_longest(table, column), LABEL_WIDTH) + GAP for column in labels)
    piece, used = [*labels], 0
    for column in range(table.n_labels, len(table.columns)):
        used += _least(table, column) + GAP
        if used > room and len(piece) > len(labels):
            yield _cut(table, piece)
            piece, used = [*labels], _least(table, column) + GAP
        piece.append(column)
    yield _cut(table, piece)


def _cut(table: Table, columns: list[int]) -> Table:
    names, *rows = (tuple(row[column] for column in columns) for row in (table.columns, *table.rows))
    return Table(table.title, cast(tuple[str, ...], names), tuple(rows), table.n_labels)


def _shown(cell: Cell) -> str:
    return "" if cell is None else str(cell).translate(_CONTROL)


def _longest(table: Table, column: int) -> int:
    return max(len(_shown(row[column])) for row in (table.columns, *table.rows))


def _least(table: Table, column: int) -> int:
    """The width a number column must have: no number is broken, no short word of its name either."""
    words = max(map(len, table.columns[column].split()), default=0)
    return max([min(words, LABEL_WIDTH), *(len(_shown(row[column])) for row in table.rows)])


def _text(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def _rich(table: Table, width: int) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    columns = range(len(table.columns))
    tight = sum(_longest(table, column) + GAP for column in columns) > width + GAP
    for index, name in enumerate(table.columns):
        words = index < table.n_labels
        shown.add_column(
            Text(_shown(name)),
            justify="left" if words else "right",
            style="bold" if name == "F1" else None,
            overflow="fold",
            width=_least(table, index) if tight and not words else None,
        )
    for row in table.rows:
        shown.add_row(*(Text(_shown(cell)) for cell in row))
    return shown
