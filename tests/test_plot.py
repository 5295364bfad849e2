"""The picture: what is drawn, told apart, and left out."""

from __future__ import annotations

from typing import Any

import pytest

from sciie_eval import SampleScores, score_samples

pytest.importorskip("matplotlib", reason="needs the extra report")

from sciie_eval.report.plot import COLOURS, MARKERS, _look, draw_curves

GOLD = [{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}] * 6


def scores(n: int = 4, **how: Any) -> SampleScores:
    right, half = GOLD[0], {"ner": [["BERT", "Method"]], "rel": []}
    return score_samples(GOLD, [[right, *[half] * (n - 1)] for _ in GOLD], bootstrap=20, **how)


def lines(panel: Any) -> list[Any]:
    return [line for line in panel.get_lines() if len(line.get_xdata())]


def test_a_panel_for_every_task_and_average() -> None:
    figure = draw_curves([("one", scores())])
    panels = figure.axes
    assert [panel.get_title() for panel in panels] == ["ner", "rel", "rel+", "", "", ""]
    assert [panel.get_ylabel() for panel in panels[::3]] == ["micro-F1 (%)", "macro-F1 (%)"]
    assert [len(lines(panel)) for panel in panels] == [3, 3, 3, 2, 2, 2]
    assert all(panel.get_xscale() == "log" for panel in panels)
    assert all(len(panel.collections) == len(lines(panel)) for panel in panels)  # a band for every line
    best = lines(panels[0])[0]
    assert list(best.get_xdata()) == [1, 2, 4]
    curve = scores().best["ner"]
    assert curve is not None
    assert list(best.get_ydata()) == pytest.approx([100 * (value or 0) for value in curve.micro])


def test_statistics_differ_in_style_and_systems_in_colour_and_marker() -> None:
    figure = draw_curves([("one", scores()), ("two $x_1$", scores(8))])
    drawn = lines(figure.axes[0])
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in drawn[:3]}) == 3
    assert [line.get_color() for line in drawn] == [COLOURS[0]] * 3 + [COLOURS[1]] * 3
    assert [line.get_marker() for line in drawn] == [MARKERS[0]] * 3 + [MARKERS[1]] * 3
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["Best-F1@K", "Avg@K", "Consensus@K", "one", r"two \$x_1\$"]


def test_many_systems_look_different() -> None:
    assert len({(look["color"], look["marker"]) for look in map(_look, range(49))}) == 49


def test_without_macro_and_consensus() -> None:
    figure = draw_curves([("one", scores(compat="r2grpo"))])
    assert [panel.get_title() for panel in figure.axes] == ["ner", "rel"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Best-F1@K"]


def test_ticks_of_many_k_do_not_run_into_each_other() -> None:
    figure = draw_curves([("one", scores(40, k=range(1, 41)))])
    assert list(figure.axes[0].get_xticks()) == [1, 4, 16]


def test_undefined_points_are_left_out() -> None:
    nothing = score_samples([{"ner": []}], [[{"ner": []}] * 2], tasks=("ner",), bootstrap=5)
    figure = draw_curves([("one", nothing)])
    assert lines(figure.axes[0]) == []
    assert len(lines(figure.axes[1])) == 2
