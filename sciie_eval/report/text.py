"""Reports for the terminal, at most 100 columns wide, coloured only where a person looks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sciie_eval.comparison import SystemComparison
from sciie_eval.report.tables import NamedScore, Table, comparison_tables, score_tables
from sciie_eval.results import CorpusScore

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

__all__ = ["WIDTH", "comparison_text", "health", "score_text", "tables_text"]

WIDTH = 100


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
        out.print(prefix + health(score), markup=False, highlight=False, soft_wrap=False)
        _print_notes(out, score, prefix)
    for name, score in scores:
        prefix = f"{name}: " if several else ""
        _print_signature(out, prefix, score)
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
                    out.print(line, style=style, markup=False, highlight=False)
                if show and len(changes) > show:
                    line = f"{system.name} {word:<4} {task:<4} … and {len(changes) - show} more (--show {len(changes)})"
                    out.print(line, style="dim", markup=False, highlight=False)
    for name, score in scores:
        _print_notes(out, score, f"{name}: ")
    for name, score in scores:
        _print_signature(out, f"{name}: ", score)
    return _text(out)


def tables_text(tables: Sequence[Table], *, console: Console | None = None) -> str:
    """Tables as text, one under the other."""
    out = _recorder(console)
    for table in tables:
        _print_table(out, table)
    return _text(out)


def health(score: CorpusScore) -> str:
    """One line on the predictions: how many there are and how they parsed."""
    parsed = sum(score.parse.values())
    statuses = " · ".join(f"{status} {number}" for status, number in score.parse.items()) or "none"
    line = f"{score.n_sentences} sentences · {parsed} predictions: {statuses} · missing {score.missing}"
    top = [f"{code} {number}" for code, number in list(score.issues.items())[:4]]
    return line + (f"\nissues: {', '.join(top)}{', …' if len(score.issues) > 4 else ''}" if top else "")


def _print_notes(out: Console, score: CorpusScore, prefix: str) -> None:
    for warning in score.warnings:
        out.print(f"note: {prefix}{warning}", style="yellow", markup=False, highlight=False)


def _print_signature(out: Console, prefix: str, score: CorpusScore) -> None:
    """The signature, broken between its fields where it is longer than a line."""
    lines = [f"{prefix}signature  "]
    for field in score.signature.split("|"):
        if len(lines[-1]) + len(field) >= out.width:
            lines.append("  ")
        lines[-1] += f"{field}|"
    lines[-1] = lines[-1].removesuffix("|")
    out.print("\n".join(lines), style="dim", markup=False, highlight=False)


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


def _print_table(out: Console, table: Table) -> None:
    if table.title:
        out.print(table.title, style="italic", markup=False, highlight=False)
    out.print(_rich(table), "")


def _text(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def _rich(table: Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1),
    )
    for index, name in enumerate(table.columns):
        words = index < table.n_labels
        style = "bold" if name == "F1" else None
        shown.add_column(
            Text(name), justify="left" if words else "right", style=style, overflow="fold", no_wrap=not words
        )
    for row in table.rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return shown
