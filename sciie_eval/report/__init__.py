"""Scores and comparisons as text, JSON, Markdown, LaTeX and CSV."""

from __future__ import annotations

import json
from typing import Any, Literal

from sciie_eval.report.markup import to_csv, to_latex, to_markdown
from sciie_eval.report.tables import Table

__all__ = ["Format", "Table", "render_json", "render_tables"]

Format = Literal["text", "json", "markdown", "latex", "csv"]


def render_json(value: Any, *, ascii_only: bool = False) -> str:
    """JSON for machines: unrounded, undefined as null."""
    return json.dumps(value, ensure_ascii=ascii_only, indent=2, allow_nan=False) + "\n"


def render_tables(tables: list[Table], format_: Literal["markdown", "latex", "csv"], notes: list[str]) -> str:
    """Tables as markup.

    Args:
        tables: what to show; csv writes the first only, which holds everything in long form.
        format_: which markup.
        notes: the signature and warnings, which stand under the tables (csv has none).
    """
    if format_ == "csv":
        return to_csv(tables[0])
    return to_markdown(tables, notes) if format_ == "markdown" else to_latex(tables, notes)
