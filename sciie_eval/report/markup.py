"""Tables as Markdown, LaTeX and CSV. Labels may come from a model's output, so each markup escapes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from sciie_eval.report.tables import Cell, Table

__all__ = ["to_csv", "to_latex", "to_markdown"]

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",  # behind \\ or \midrule a bare bracket opens an argument, and a bare star belongs to them
        "*": "{*}",
        "–": "--",
        "…": r"\ldots{}",
        "Δ": r"$\Delta$",
        "\n": " ",
        "\r": " ",
    }
)
_MARKDOWN = str.maketrans(
    {**{char: f"\\{char}" for char in "\\|`*_~[]"}, "<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " "}
)


def to_markdown(tables: list[Table], notes: list[str]) -> str:
    """GitHub-flavoured Markdown; notes become a list under the tables."""
    lines: list[str] = []
    for table in tables:
        if table.title:
            lines += [f"**{_cell(table.title, _MARKDOWN)}**", ""]
        lines.append(_row(table.columns, lambda cell: _cell(cell, _MARKDOWN)))
        numbers = len(table.columns) - table.n_labels
        lines.append(_row(("---",) * table.n_labels + ("---:",) * numbers, str))
        lines += [_row(row, lambda cell: _cell(cell, _MARKDOWN)) for row in table.rows]
        lines.append("")
    lines += [f"- {_cell(note, _MARKDOWN)}" for note in notes]
    return "\n".join(lines).rstrip("\n") + "\n"


def to_latex(tables: list[Table], notes: list[str]) -> str:
    """LaTeX tabulars with booktabs rules; notes become comments."""
    lines: list[str] = []
    for table in tables:
        if table.title:
            lines.append(f"% {_one_line(table.title)}")
        columns = "l" * table.n_labels + "r" * (len(table.columns) - table.n_labels)
        lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", _latex_row(table.columns), r"\midrule"]
        lines += [_latex_row(row) for row in table.rows]
        lines += [r"\bottomrule", r"\end{tabular}", ""]
    lines += [f"% {_one_line(note)}" for note in notes]
    return "\n".join(lines) + "\n"


def to_csv(table: Table) -> str:
    """RFC 4180 CSV with a header; undefined cells are empty, numbers unrounded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_guarded(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def _guarded(cell: Cell) -> Cell:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _cell(cell: Cell, escapes: dict[int, str]) -> str:
    return "" if cell is None else str(cell).translate(escapes)


def _row(cells: tuple[Cell, ...], show: Callable[[Cell], str]) -> str:
    return "| " + " | ".join(map(show, cells)) + " |"


def _latex_row(cells: tuple[Cell, ...]) -> str:
    return " & ".join(_cell(cell, _LATEX) for cell in cells) + r" \\"


def _one_line(text: str) -> str:
    return " ".join(text.split())
