"""Where the results of a command go: standard output or a file, in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sciie_eval.comparison import System, SystemComparison
from sciie_eval.exceptions import UsageError
from sciie_eval.files import write_whole
from sciie_eval.report import render_json, render_tables
from sciie_eval.report.tables import (
    NamedScore,
    Signed,
    Table,
    comparison_tables,
    long_comparison,
    long_table,
    score_tables,
)
from sciie_eval.report.text import comparison_text, curve_text, error_text, label_text, score_text, tables_text

if TYPE_CHECKING:
    from rich.console import Console

    from sciie_eval.cli_options import Options
    from sciie_eval.error_report import ErrorReport
    from sciie_eval.label_scoring import LabelScore
    from sciie_eval.report.curves import NamedCurves
    from sciie_eval.validation import Validation

__all__ = [
    "write_comparison",
    "write_curves",
    "write_errors",
    "write_labels",
    "write_page",
    "write_scores",
    "write_validation",
]


def write_scores(scores: Sequence[NamedScore], options: Options) -> None:
    """Write a score report."""
    _write_systems(scores, options, score_text, score_tables, long_table)


def write_curves(scores: Sequence[NamedCurves], options: Options) -> None:
    """Write a report on K samples."""
    from sciie_eval.report.curves import curve_tables, long_curves

    _write_systems(scores, options, curve_text, curve_tables, long_curves)


def write_labels(scores: Sequence[tuple[str, LabelScore]], options: Options) -> None:
    """Write a report on one label a sentence."""
    from sciie_eval.report.label_tables import label_tables, long_labels

    _write_systems(scores, options, label_text, label_tables, long_labels)


def _write_systems(
    scores: Sequence[tuple[str, Any]],
    options: Options,
    text: Callable[..., Any],
    tables: Callable[[Any], list[Table]],
    long: Callable[[Any], Table],
) -> None:
    """Write a report on one or several systems, for people, programs or papers."""
    _write(
        options,
        lambda: _systems([(name, score.to_dict()) for name, score in scores]),
        lambda console: text(scores, console=console),
        lambda: [long(scores)] if options.format == "csv" else tables(scores),
        scores,
    )


def _systems(values: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The JSON form of one system, or of several."""
    return values[0][1] if len(values) == 1 else {"systems": [{"name": name, **value} for name, value in values]}


def write_comparison(systems: Sequence[System], found: Sequence[SystemComparison], show: int, options: Options) -> None:
    """Write a comparison of systems with the first of them."""
    scores = [(system.name, system.score) for system in systems]
    _write(
        options,
        lambda: {
            "baseline": {"name": scores[0][0], **scores[0][1].to_dict()},
            "systems": [
                {**comparison.to_dict(), "signature": score.signature}
                for comparison, (_, score) in zip(found, scores[1:], strict=True)
            ],
        },
        lambda console: comparison_text(scores, found, show, console=console),
        lambda: [long_comparison(found)] if options.format == "csv" else comparison_tables(scores[0][0], found),
        scores,
    )


def write_errors(report: ErrorReport, options: Options) -> None:
    """Write an error report."""
    from sciie_eval.report.errors import error_tables, long_errors, worst_table

    _write(
        options,
        report.to_dict,
        lambda console: error_text(report, console=console),
        lambda: [long_errors(report)] if options.format == "csv" else [*error_tables(report), *worst_table(report)],
        [("", report)],
    )


def write_validation(found: Sequence[tuple[str, Validation]], options: Options) -> None:
    """Write what was found in prediction files."""
    tables = [validation.table(name) for name, validation in found]
    _write(
        options,
        lambda: {"files": [{"name": name, **validation.to_dict()} for name, validation in found]},
        lambda console: tables_text(tables, console=console),
        lambda: [_stacked(tables)] if options.format == "csv" else tables,
        [],
    )


def write_page(page: str, options: Options) -> None:
    """Write an HTML page, which is UTF-8 wherever it goes.

    Raises:
        UsageError: it would go to a terminal.
    """
    if options.target:
        write_whole(options.target, [page])
    elif sys.stdout.isatty():
        raise UsageError("report writes a page; say where with -o report.html")
    else:
        sys.stdout.buffer.write(page.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def _stacked(tables: Sequence[Table]) -> Table:
    """Several tables of the same columns as one, the title in front of each row."""
    rows = tuple((table.title, *row) for table in tables for row in table.rows)
    return Table("", ("file", *tables[0].columns), rows, n_labels=1 + tables[0].n_labels)


def _notes(scores: Sequence[tuple[str, Signed]], signed: bool) -> list[str]:
    """Warnings and, where asked for, signatures."""
    notes = []
    for name, score in scores:
        prefix = f"{name}: " if len(scores) > 1 else ""
        notes += [f"{prefix}{text}" for text in (*score.warnings, *([score.signature] if signed else []))]
    return notes


def _write(
    options: Options,
    as_json: Callable[[], Any],
    as_text: Callable[[Console | None], str],
    as_tables: Callable[[], list[Table]],
    scores: Sequence[tuple[str, Signed]],
) -> None:
    if options.format == "json":
        text = render_json(as_json())
    elif options.format == "text":
        text = as_text(None if options.target else _terminal())
    else:
        text = render_tables(as_tables(), options.format, _notes(scores, signed=True))
        if options.format == "csv":  # has no place for warnings; its rows hold the signature
            sys.stderr.writelines(f"note: {note}\n" for note in _notes(scores, signed=False))
    if options.target:
        write_whole(options.target, [text])
        return
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        plain = render_json(as_json(), ascii_only=True) if options.format == "json" else text
        sys.stdout.write(plain.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _terminal() -> Console:
    """Standard output as rich sees it: whether it is a terminal, how wide, and what NO_COLOR and FORCE_COLOR say."""
    from rich.console import Console

    return Console()
