"""Geometry of the report's charts: plain numbers, which the template writes into inline SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sciie_eval.curve_results import STATISTICS, Curve
from sciie_eval.report.curves import NamedCurves

__all__ = ["curve_panels", "stack"]

WIDTH, HEIGHT = 520, 280
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 10, 30


def stack(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Counts as stretches of a bar 100 wide, in their order, empty ones left out."""
    total = sum(counts.values())
    found, start = [], 0.0
    for kind, number in counts.items():
        if number:
            width = 100 * number / total
            found.append({"kind": kind, "number": number, "share": number / total, "x": start, "width": width})
            start += width
    return found


def curve_panels(scores: Sequence[NamedCurves]) -> list[dict[str, Any]]:
    """Micro-F1 over K: a panel a task, a line a system and statistic."""
    tasks = list(dict.fromkeys(task for _, score in scores for task, _, _ in score.curves()))
    return [_panel(task, scores) for task in tasks]


def _panel(task: Any, scores: Sequence[NamedCurves]) -> dict[str, Any]:
    drawn = [
        (number, name, score, statistic, curve)
        for number, (name, score) in enumerate(scores)
        for statistic in STATISTICS
        if (curve := score.of(statistic)[task]) is not None
    ]
    values = [value for *_, curve in drawn for value in _extremes(curve)]
    low, high = _limits(values)
    most = max(score.k[-1] for _, score, *_ in ((name, score) for name, score in scores))

    def x(k: int) -> float:
        share = math.log2(k) / math.log2(most) if most > 1 else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    step = 0.1 if high - low > 0.35 else 0.05 if high - low > 0.12 else 0.02
    ticks = [round(low + number * step, 4) for number in range(round((high - low) / step) + 1)]
    ks = sorted({k for _, score in scores for k in score.k})
    lines = []
    for number, name, score, statistic, curve in drawn:
        points = [
            (x(k), y(value), k, value) for k, value in zip(score.k, curve.micro, strict=True) if value is not None
        ]
        bounds = [(x(k), ci) for k, ci in zip(score.k, curve.micro_ci, strict=True) if ci is not None]
        band = [(at, y(ci[0])) for at, ci in bounds] + [(at, y(ci[1])) for at, ci in reversed(bounds)]
        lines.append(
            {
                "system": number,
                "name": name,
                "statistic": statistic,
                "points": points,
                "path": " ".join(f"{at},{up}" for at, up, *_ in points),
                "band": " ".join(f"{at},{up}" for at, up in band),
            }
        )
    return {
        "task": task,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
        "lines": lines,
        "x_ticks": [(x(k), k) for k in ks],
        "y_ticks": [(y(value), f"{100 * value:.0f}") for value in ticks],
    }


def _extremes(curve: Curve) -> list[float]:
    bounds = [bound for ci in curve.micro_ci if ci is not None for bound in ci]
    return [value for value in curve.micro if value is not None] + bounds


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """A range of whole tenths (or whole twentieths) around the values, never outside 0 to 1."""
    if not values:
        return 0.0, 1.0
    low, high = math.floor(min(values) * 10) / 10, math.ceil(max(values) * 10) / 10
    return (max(0.0, low), min(1.0, high)) if high > low else (max(0.0, low - 0.1), min(1.0, low + 0.1))
