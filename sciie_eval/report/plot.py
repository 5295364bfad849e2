"""Best, Avg and Consensus against K as a picture: one panel a task, one colour and marker a system.

Colours are those of Okabe & Ito 2008, which colour-blind readers tell apart; line styles tell the statistics apart and
markers the systems, so nothing is lost in black and white.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sciie_eval.curve_results import STATISTICS, Curve, Statistic
from sciie_eval.exceptions import InputError, MissingExtraError, UsageError
from sciie_eval.files import write_whole
from sciie_eval.report.curves import NamedCurves, long_curves
from sciie_eval.report.markup import to_csv
from sciie_eval.sampling import powers_of_two

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["SUFFIXES", "check_plot", "draw_curves", "write_plot"]

SUFFIXES = (".png", ".svg", ".pdf")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^Dv*P"
STYLES: dict[Statistic, Any] = {"best": "-", "avg": (0, (5, 2)), "consensus": (0, (1, 1.5))}
NAMES: dict[Statistic, str] = {"best": "Best-F1@K", "avg": "Avg@K", "consensus": "Consensus@K"}


def check_plot(path: Path) -> Path:
    """See, before anything is computed, that the plot can be drawn; returns where its data will go.

    Raises:
        UsageError: a file name that says no format we draw.
        MissingExtraError: matplotlib is not installed.
        InputError: there is no folder to write it to.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--plot {path}: expected a file name that ends in {', '.join(SUFFIXES)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("drawing curves", "matplotlib", "report") from None
    if not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written: there is no folder {path.parent}; make it first")
    return path.with_suffix(".csv")


def write_plot(scores: Sequence[NamedCurves], path: Path) -> None:
    """Draw the curves and write their data as CSV beside the picture."""
    data = check_plot(path)
    from matplotlib import rc_context

    kind = path.suffix.lower().removeprefix(".")
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)  # the same curves give the same file
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "sciie-eval", "pdf.fonttype": 42}):
        draw_curves(scores).savefig(buffer, format=kind, dpi=200, metadata=undated)
    write_whole(path, buffer.getvalue())
    write_whole(data, [to_csv(long_curves(scores))])


def draw_curves(scores: Sequence[NamedCurves]) -> Figure:
    """The figure: a column a task, micro-F1 above and, where there is one, macro below."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullLocator

    curves = [(task, curve) for _, score in scores for task, _, curve in score.curves()]
    tasks = list(dict.fromkeys(task for task, _ in curves))
    averages: list[Literal["micro", "macro"]] = ["micro"]
    if any(curve.macro for _, curve in curves):
        averages.append("macro")
    ks = sorted({k for _, score in scores for k in score.k})
    ticks = ks if len(ks) <= 8 else powers_of_two(ks[-1])[::2]
    figure = Figure(figsize=(3.2 * max(1, len(tasks)) + 0.4, 2.5 * len(averages) + 0.9), layout="constrained")
    panels = figure.subplots(len(averages), max(1, len(tasks)), sharex=True, squeeze=False)
    for row, average in zip(panels, averages, strict=True):
        for panel, task in zip(row, tasks, strict=False):
            panel.set_xscale("log", base=2)
            panel.set_xticks(ticks)
            panel.xaxis.set_major_formatter(FuncFormatter(lambda k, _: f"{k:g}"))
            panel.xaxis.set_minor_locator(NullLocator())
            panel.grid(color="0.9", linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
            for number, (_, score) in enumerate(scores):
                for statistic in STATISTICS:
                    curve = score.of(statistic)[task]
                    if curve is not None and (average == "micro" or curve.macro):
                        _draw(panel, score.k, curve, average, statistic, number)
        row[0].set_ylabel(f"{average}-F1 (%)")
    for panel, task in zip(panels[0], tasks, strict=False):
        panel.set_title(task)
    for panel in panels[-1]:
        panel.set_xlabel("K samples")
    drawn = {name for _, score in scores for _, name, _ in score.curves()}
    _legend(figure, scores, [name for name in STATISTICS if name in drawn])
    return figure


def _draw(
    panel: Axes, ks: Sequence[int], curve: Curve, average: Literal["micro", "macro"], statistic: Statistic, number: int
) -> None:
    """One line with its band; points that are undefined are left out."""
    values = curve.micro if average == "micro" else curve.macro
    bounds = curve.micro_ci if average == "micro" else curve.macro_ci
    look = _look(number)
    points = [(k, 100 * value) for k, value in zip(ks, values, strict=False) if value is not None]
    panel.plot(
        [k for k, _ in points],
        [value for _, value in points],
        linestyle=STYLES[statistic],
        linewidth=1.6,
        markersize=4.5,
        color=look["color"],
        marker=look["marker"],
    )
    bands = [(k, *bound) for k, bound in zip(ks, bounds, strict=False) if bound is not None]
    lows, highs = [100 * low for _, low, _ in bands], [100 * high for _, _, high in bands]
    panel.fill_between([k for k, _, _ in bands], lows, highs, color=look["color"], alpha=0.13, linewidth=0)


def _look(number: int) -> dict[str, str]:
    """Colour and marker of a system; the two run out at different times, so that 49 systems differ."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
    }


def _legend(figure: Figure, scores: Sequence[NamedCurves], statistics: Sequence[Statistic]) -> None:
    """What the line styles mean, and where there are several systems which marker and colour is whose."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color="0.2", linestyle=STYLES[name], linewidth=1.6) for name in statistics]
    labels = [NAMES[name] for name in statistics]
    if len(scores) > 1:
        lines += [Line2D([], [], linestyle="none", **_look(number)) for number in range(len(scores))]  # type: ignore[arg-type]
        labels += [name.replace("$", r"\$") for name, _ in scores]
    figure.legend(lines, labels, loc="outside lower center", ncols=min(len(lines), 5), frameon=False)
