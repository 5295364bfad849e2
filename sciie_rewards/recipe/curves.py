"""Pictures of a run: reward, response length and dev scores against steps, and scores against temperature.

The colours and markers are those of `sciie_eval.report.plot`: colour-blind readers tell them apart, and in black and
white the markers do. Several runs give their mean as a line and their range as a band.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sciie_eval.exceptions import MissingExtraError
from sciie_eval.files import write_whole
from sciie_eval.report.markup import to_csv
from sciie_eval.report.plot import COLOURS, MARKERS
from sciie_eval.report.tables import Table
from sciie_rewards.recipe.monitor import read_log
from sciie_rewards.recipe.scores import Measure, RunScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panel", "draw", "temperature_panels", "training_panels", "write_pictures"]

LOGGED = {
    "reward": "mean reward",
    "completions/mean_length": "response length (tokens)",
    "loss": "loss",
    "dev/rel_f1": "dev rel F1, Avg (%)",
    "dev/best_rel_f1": "dev rel F1, Best@K (%)",
    "dev/ner_f1": "dev ner F1, Avg (%)",
}
"""What is drawn of a stage's ``log.jsonl``, and what the axis says."""
Points = dict[float, list[float]]


@dataclass
class Panel:
    """A picture of its own: for every system the values at every x, one a run.

    Attributes:
        title: over it.
        x: what the horizontal axis says.
        y: what the vertical axis says.
        lines: by system, then by x.
    """

    title: str
    x: str
    y: str
    lines: dict[str, Points] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, system: str, x: float, value: float) -> None:
        """Add a run's value."""
        self.lines[system][x].append(value)


def training_panels(runs: Sequence[RunScores], stage: Literal["sft", "grpo"]) -> list[Panel]:
    """What the systems of a stage logged, against the trainer's steps; quantities that none logged are left out."""
    panels = {name: Panel("", "step", label) for name, label in LOGGED.items()}
    for run in runs:
        for system in (one for one in run.recipe.systems if one.stage == stage):
            for row in _logged(run.recipe.output_dir / system.name / "log.jsonl"):
                for name, panel in panels.items():
                    value = row.get(name)
                    if isinstance(value, int | float) and isinstance(row.get("step"), int | float):
                        panel.add(system.name, row["step"], 100 * value if name.startswith("dev/") else value)
    return [panel for panel in panels.values() if panel.lines]


def temperature_panels(runs: Sequence[RunScores]) -> list[Panel]:
    """Relation F1 against temperature, a panel a split and statistic; none where there is one temperature."""
    k = runs[0].recipe.tables.k
    if len({one.temperature for run in runs for one in run.scored}) < 2:
        return []
    panels = []
    for split in runs[0].recipe.data.tests:
        measures: dict[Measure, str] = {("avg", "rel"): "rel F1, Avg (%)", ("best", "rel"): f"rel F1, Best@{k} (%)"}
        for measure, label in measures.items():
            panel = Panel(runs[0].gold[split], "temperature", label)
            for one in (one for run in runs for one in run.scored if one.split == split):
                value = one.value(measure).value
                if value is not None:
                    panel.add(one.system, one.temperature, 100 * value)
            panels.append(panel)
    return [panel for panel in panels if panel.lines]


def write_pictures(runs: Sequence[RunScores], folder: Path) -> list[Path]:
    """Draw ``sft.png``, ``grpo.png`` and ``temperature.png``, with their data as CSV beside; returns the pictures.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError: the folder cannot be written.
    """
    written = []
    pictures = {
        "sft": training_panels(runs, "sft"),
        "grpo": training_panels(runs, "grpo"),
        "temperature": temperature_panels(runs),
    }
    for name, panels in pictures.items():
        if panels:
            figure, buffer = draw(panels), io.BytesIO()
            figure.savefig(buffer, format="png", dpi=150)
            write_whole(folder / f"{name}.png", buffer.getvalue())
            write_whole(folder / f"{name}.csv", [to_csv(_data(panels))])
            written.append(folder / f"{name}.png")
    return written


def draw(panels: Sequence[Panel]) -> Figure:
    """The panels, three a row, with one legend.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("drawing curves", "matplotlib", "report") from None
    systems = list(dict.fromkeys(system for panel in panels for system in panel.lines))
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.6 * columns + 0.4, 2.6 * rows + 0.9), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for axis, panel in zip(axes, panels, strict=False):
        _draw_panel(axis, panel, systems)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    handles, labels = _legend(systems)
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(systems), 4), frameon=False)
    return figure


def _draw_panel(axis: Axes, panel: Panel, systems: Sequence[str]) -> None:
    for system, points in panel.lines.items():
        look = _look(systems.index(system))
        xs = sorted(points)
        means = [sum(points[x]) / len(points[x]) for x in xs]
        marks = max(1, len(xs) // 8)
        axis.plot(xs, means, linewidth=1.4, markersize=4, markevery=marks, **look)
        if any(len(points[x]) > 1 for x in xs):
            lows, highs = [min(points[x]) for x in xs], [max(points[x]) for x in xs]
            axis.fill_between(xs, lows, highs, color=look["color"], alpha=0.13, linewidth=0)
    axis.set_title(panel.title, fontsize="medium")
    axis.set_xlabel(panel.x)
    axis.set_ylabel(panel.y)
    axis.grid(color="0.9", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)


def _look(number: int) -> dict[str, Any]:
    """Colour and marker of a system."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
    }


def _legend(systems: Sequence[str]) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], linewidth=1.4, markersize=4, **_look(number)) for number in range(len(systems))]
    return lines, [system.replace("$", r"\$") for system in systems]


def _data(panels: Sequence[Panel]) -> Table:
    rows = tuple(
        (panel.title, panel.y, system, panel.x, x, value)
        for panel in panels
        for system, points in panel.lines.items()
        for x in sorted(points)
        for value in points[x]
    )
    return Table("", ("panel", "quantity", "system", "against", "x", "value"), rows, n_labels=4)


def _logged(path: Path) -> list[dict[str, Any]]:
    """The rows of a log; none of one that cannot be read."""
    try:
        return read_log(path)
    except OSError:
        return []
