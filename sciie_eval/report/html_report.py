"""``sciie-eval report``: prediction files in, one self-contained HTML page out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sciie_eval.audits import AUDITS
from sciie_eval.comparison import compare_systems
from sciie_eval.parsing import ISSUES
from sciie_eval.report.html import page
from sciie_eval.report.html_systems import Read, explain
from sciie_eval.report.html_view import view_of
from sciie_eval.settings import Settings

__all__ = ["report_page"]


def report_page(systems: Sequence[Read], settings: Settings, title: str = "", workers: int = 1) -> str:
    """The page.

    Args:
        systems: the files (`html_systems.read_system`); the first is the baseline that the others are compared with.
        settings: how they were scored.
        title: of the page; the names of the systems by default.
        workers: number of processes that explain the samples.

    Raises:
        InputError: the systems were not scored on the same sentences.
    """
    names = [read.system.name for read in systems]
    comparisons = compare_systems(systems[0].system, [read.system for read in systems[1:]], settings)
    sentences = explain(systems, settings, workers)
    view = view_of(title or f"Extraction report: {', '.join(names)}", systems, comparisons, settings)
    meta: dict[str, Any] = {
        "systems": names,
        "sample": systems[0].sample,
        "entityTypes": list(settings.schema.entity_names),
        "issues": ISSUES,
        "audits": AUDITS,
    }
    return page(view, meta, sentences)
