"""Confusion matrices of the HTML report: gold labels against predicted ones.

A cell of two labels counts pairs with the right texts. What was paired in spite of other texts, or the other way round,
has a row and a column of its own, as has what was missed or spurious; so rows sum to n_gold and columns to n_pred.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sciie_eval.report.html_systems import Read
from sciie_eval.results import OTHER
from sciie_eval.rules import Task
from sciie_eval.settings import Settings

__all__ = ["matrices"]

TITLES: dict[Task, str] = {"ner": "Entity types", "rel": "Relations"}
SAME_TEXT = {"correct", "type", "wrong relation"}
ASIDE: dict[Task, tuple[str, ...]] = {
    "ner": ("boundary", "boundary+type"),
    "rel": ("reversed", "argument boundary"),
}


def matrices(systems: Sequence[Read], settings: Settings) -> list[dict[str, Any]]:
    """The matrices of entities and of relations, one a system."""
    names = {"ner": settings.schema.entity_names, "rel": settings.schema.relation_names}
    groups = []
    for task, title in TITLES.items():
        scored = [(number, read) for number, read in enumerate(systems) if read.system.score.tasks.get(task)]
        tables = [_matrix(task, number, read, list(names[task]), len(systems) > 1) for number, read in scored]
        if tables:
            groups.append({"title": title, "tables": tables, "narrow": task == "ner"})
    return groups


def _matrix(task: Task, number: int, read: Read, labels: list[str], several: bool) -> dict[str, Any]:
    counts, pairs = _cells(task, read.found.pairs, labels)
    used = {label for cell in counts for label in cell}
    labels = [*labels, *([OTHER] if OTHER in used else [])]
    aside = [kind for kind in ASIDE[task] if kind in used]
    columns, lines = [*labels, *aside, "missed"], [*labels, *aside, "spurious"]
    most = max((counts[line, column] for line in labels for column in labels), default=0)
    rows = []
    for line in lines:
        cells = []
        for column in columns:
            n = counts[line, column]
            cells.append(
                {
                    "number": n,
                    "heat": _heat(n, most),
                    "diagonal": line == column and line in labels,
                    "margin": column in ("missed", *aside) or line in ("spurious", *aside),
                    "empty": line not in labels and column not in labels,
                    "pair": "\n".join(sorted(pairs.get((line, column), ()))),
                    "label": f"gold {line}, predicted {column}",
                }
            )
        rows.append({"label": line, "cells": cells})
    name = read.system.name if several else ""
    label = f"{TITLES[task]} {name}".strip()
    return {"name": name, "system": number, "label": label, "columns": columns, "rows": rows}


def _heat(number: int, most: int) -> int:
    """One of five shades, by square root so that rare confusions are seen."""
    return 0 if not number or not most else min(4, 1 + int(3.999 * (number / most) ** 0.5))


def _cells(
    task: Task, found: Counter[str], labels: Sequence[str]
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], set[str]]]:
    """Counts by row and column, and which pairs each cell is made of."""
    counts: Counter[tuple[str, str]] = Counter()
    pairs: dict[tuple[str, str], set[str]] = {}
    for pair, number in found.items():
        of, *said, kind = json.loads(pair)
        if of != task:
            continue
        gold, predicted = (label if not label or label in labels else OTHER for label in said)
        if kind in SAME_TEXT:
            places = [(gold, predicted)]
        elif kind in ("missed", "spurious"):
            places = [(gold or "spurious", predicted or "missed")]
        else:
            places = [(gold, kind), (kind, predicted)]
        for place in places:
            counts[place] += number
            pairs.setdefault(place, set()).add(pair)
    return counts, pairs
