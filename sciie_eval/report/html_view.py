"""What the template of the HTML report shows above the sentences: tables of cells that need no further thought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sciie_eval.audits import AUDITS
from sciie_eval.comparison import SystemComparison
from sciie_eval.parsing import ISSUES, STATUSES
from sciie_eval.report.curves import curve_tables
from sciie_eval.report.html_charts import curve_panels, stack
from sciie_eval.report.html_data import OUTSIDE
from sciie_eval.report.html_matrix import matrices
from sciie_eval.report.html_systems import Read
from sciie_eval.report.tables import interval, level, percent, signed
from sciie_eval.results import OTHER, TaskScore
from sciie_eval.rules import Task
from sciie_eval.settings import Settings
from sciie_eval.signature import package_version
from sciie_eval.taxonomy import KINDS

__all__ = ["view_of"]

TITLES: dict[Task, str] = {"ner": "Entities (ner)", "rel": "Relations (rel)", "rel+": "Relations with types (rel+)"}
SWATCHES = {
    "correct": 0,
    "type": 1,
    "argument type": 1,
    "boundary": 2,
    "argument boundary": 2,
    "boundary+type": 3,
    "wrong relation": 3,
    "missed": 4,
    "spurious": 5,
    OUTSIDE: 6,
    "reversed": 7,
}
MOST_WARNING = 600


def view_of(
    title: str, systems: Sequence[Read], comparisons: Sequence[SystemComparison], settings: Settings
) -> dict[str, Any]:
    """The view of a report.

    Args:
        title: of the page.
        systems: the files, the first one being the baseline of the comparisons.
        comparisons: of all others with it.
        settings: how everything was scored.
    """
    scores = [read.system.score for read in systems]
    names = [read.system.name for read in systems]
    curves = [(read.system.name, read.curves) for read in systems if read.curves is not None]
    drawn = [(name, score) for name, score in curves if score is not None]
    view = {
        "title": title,
        "subtitle": f"{scores[0].n_sentences:,} sentences · {_gold_of(scores[0].signature)} · "
        f"sciie-eval {package_version()}",
        "names": names,
        "level": level(scores[0].signature),
        "summary": list(_summary(systems, settings)),
        "warnings": list(_warnings(systems)),
        "signatures": [(read.system.name, read.system.score.signature) for read in systems],
        "baseline": names[0],
        "comparisons": list(_comparisons(comparisons)),
        "correction": "as they are: one system was tested" if len(systems) < 3 else "corrected after Holm",
        "types": [table for task in settings.tasks if (table := _types(systems, task)) is not None],
        "errors": list(_errors(systems, settings)),
        "confusion": matrices(systems, settings),
        "parse": list(_parse(systems)),
        "curves": curve_panels(drawn) if drawn else [],
        "curve_table": curve_tables(drawn)[-2 if len(drawn) == 1 else 1] if drawn else None,
        "kinds": list(_kinds(systems, settings)),
        "labels": _labels(settings),
    }
    return {**view, "sections": list(_sections(view))}


def _gold_of(signature: str) -> str:
    fields = dict(field.partition(":")[::2] for field in signature.split("|"))
    return f"gold {fields.get('gold', '')}"


def _sections(view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "summary", "Summary"
    if view["comparisons"]:
        yield "tests", "Paired tests"
    yield from (("types", "Types"), ("errors", "Errors"), ("confusion", "Confusion"), ("parse", "Parse"))
    if view["curves"]:
        yield "curves", "K samples"
    yield "sentences", "Sentences"


def _warnings(systems: Sequence[Read]) -> Iterator[str]:
    for read in systems:
        for warning in (*read.system.score.warnings, *read.notes):
            text = warning if len(warning) <= MOST_WARNING else f"{warning[:MOST_WARNING]}…"
            yield f"{read.system.name}: {text}" if len(systems) > 1 else text


def _summary(systems: Sequence[Read], settings: Settings) -> Iterator[dict[str, Any]]:
    for task in settings.tasks:
        scores = [read.system.score.tasks.get(task) for read in systems]
        best = max((score.f1 for score in scores if score is not None and score.f1 is not None), default=None)
        for number, (read, score) in enumerate(zip(systems, scores, strict=True)):
            row: dict[str, Any] = {"system": number, "name": read.system.name, "task": task}
            if score is None:
                yield row | {"f1": None}
            else:
                yield row | _score_cells(score) | {"best": len(systems) > 1 and score.f1 == best}


def _score_cells(score: TaskScore) -> dict[str, Any]:
    return {
        "precision": percent(score.precision),
        "recall": percent(score.recall),
        "f1": percent(score.f1),
        "share": score.f1,
        "interval": score.ci,
        "ci": interval(score.ci),
        "macro": percent(score.macro_f1),
        "tp": f"{score.tp:g}",
        "n_pred": score.n_pred,
        "n_gold": score.n_gold,
    }


def _comparisons(comparisons: Sequence[SystemComparison]) -> Iterator[dict[str, Any]]:
    for number, system in enumerate(comparisons, start=1):
        for task, found in system.tasks.items():
            if found is None:
                continue
            holm = found.p_holm or {}
            yield {
                "system": number,
                "name": system.name,
                "task": task,
                "delta": signed(found.test.delta) if found.test is not None else "–",
                "ci": "–" if found.test is None else f"{signed(found.test.ci[0])} to {signed(found.test.ci[1])}",
                "bootstrap": _p(holm.get("bootstrap")),
                "randomization": _p(holm.get("randomization")),
                "won": len(found.won),
                "lost": len(found.lost),
            }


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _types(systems: Sequence[Read], task: Task) -> dict[str, Any] | None:
    """A table of one task: a row a type and system."""
    scores = [read.system.score.tasks.get(task) for read in systems]
    labels = dict.fromkeys(label for score in scores if score is not None for label in score.by_type)
    rows = []
    for label in labels:
        cells = []
        for number, (read, score) in enumerate(zip(systems, scores, strict=True)):
            counts = None if score is None else score.by_type.get(label)
            shares = (None, None, None) if counts is None else (counts.precision, counts.recall, counts.f1)
            shown = dict(zip(("precision", "recall", "f1"), map(percent, shares), strict=True))
            cells.append({"system": number, "name": read.system.name, "share": shares[2], **shown})
        n_gold = max((s.by_type[label].n_gold for s in scores if s is not None and label in s.by_type), default=0)
        rows.append({"type": label, "n_gold": n_gold, "cells": cells, "known": label != OTHER})
    return {"task": TITLES[task], "several": len(systems) > 1, "rows": rows} if rows else None


def _errors(systems: Sequence[Read], settings: Settings) -> Iterator[dict[str, Any]]:
    """Kinds of every task, then the audits."""
    for task in settings.tasks:
        if all(read.system.score.tasks.get(task) is None for read in systems):
            continue
        kinds = [*KINDS[task], OUTSIDE]
        counts = [{kind: read.found.kinds.get(task, Counter())[kind] for kind in kinds} for read in systems]
        rows = [
            {
                "code": f"{task}:{kind}",
                "label": kind,
                "swatch": SWATCHES[kind],
                "cells": [_cell(count[kind], sum(count.values())) for count in counts],
            }
            for kind in kinds
        ]
        yield {"title": TITLES[task], "bars": list(_bars(systems, counts, TITLES[task])), "rows": rows}
    rows = [
        {
            "code": f"audit:{code}",
            "label": code.replace("_", " "),
            "swatch": None,
            "cells": [_cell(read.found.audits[code], 0) for read in systems],
        }
        for code in AUDITS
        if any(read.found.audits[code] for read in systems)
    ]
    if rows:
        yield {"title": "Audits", "bars": [], "rows": rows}


def _cell(number: int, total: int) -> dict[str, Any]:
    return {"number": number, "share": f"{100 * number / total:.1f} %" if total else ""}


def _bars(systems: Sequence[Read], counts: Sequence[Mapping[str, int]], title: str) -> Iterator[dict[str, Any]]:
    for number, (read, count) in enumerate(zip(systems, counts, strict=True)):
        parts = [part | {"swatch": SWATCHES[part["kind"]], "label": part["kind"]} for part in stack(count)]
        shares = ", ".join(f"{part['label']} {100 * part['share']:.0f} %" for part in parts)
        name = read.system.name if len(systems) > 1 else ""
        yield {"system": number, "name": name, "parts": parts, "label": f"{title} {name}: {shares}"}


def _parse(systems: Sequence[Read]) -> Iterator[dict[str, Any]]:
    """A row a status, then one an issue."""
    scores = [read.system.score for read in systems]
    if any(score.missing for score in scores):
        missing = [score.missing for score in scores]
        yield {"label": "missing", "meaning": "no prediction", "code": "parse:missing", "numbers": missing}
    for status in STATUSES:
        numbers = [score.parse.get(status, 0) for score in scores]
        if any(numbers):
            yield {"label": status.replace("_", " "), "meaning": "", "code": f"parse:{status}", "numbers": numbers}
    for code, meaning in ISSUES.items():
        numbers = [score.issues.get(code, 0) for score in scores]
        if any(numbers):
            shown = code.replace("_", " ")
            yield {"label": shown, "meaning": meaning, "code": f"issue:{code}", "numbers": numbers}


def _kinds(systems: Sequence[Read], settings: Settings) -> Iterator[dict[str, Any]]:
    """What sentences can be filtered by: everything that occurs in some sample is offered, whether or not scored."""
    for task in settings.tasks:
        kinds = [(f"{task}:{kind}", kind) for kind in (*KINDS[task], OUTSIDE)]
        yield {"title": TITLES[task], "kinds": kinds}
    yield {"title": "Audits", "kinds": [(f"audit:{code}", code.replace("_", " ")) for code in AUDITS]}
    statuses = [(f"parse:{status}", status.replace("_", " ")) for status in (*STATUSES, "missing")]
    yield {"title": "Parse status", "kinds": statuses}
    said = {code for read in systems for code in read.system.score.issues}
    if said:
        issues = [(f"issue:{code}", code.replace("_", " ")) for code in ISSUES if code in said]
        yield {"title": "Parse issues", "kinds": issues}


def _labels(settings: Settings) -> list[dict[str, Any]]:
    schema = settings.schema
    return [
        {"title": "Entities", "labels": list(schema.entity_names)},
        {"title": "Relations", "labels": list(schema.relation_names)},
    ]
