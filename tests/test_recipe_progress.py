"""Bars and figures: on a terminal, and nowhere else."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from sciie_rewards.recipe.progress import StepBar, bar


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=150, color_system=None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_over_sentences_is_for_terminals(terminal: bool) -> None:
    shown = console(terminal)
    with bar(shown, "mimic: test", 8) as tick:
        for _ in range(4):
            tick(2)
    assert ("mimic: test" in written(shown)) == terminal
    assert ("8/8" in written(shown)) == terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_over_steps_shows_the_last_figures(terminal: bool) -> None:
    shown = console(terminal)
    with StepBar(shown, "mimic: ner") as steps:
        steps.on_train_begin(None, SimpleNamespace(max_steps=9, global_step=3), None)
        steps.on_step_end(None, SimpleNamespace(global_step=4), None)
        steps.on_log(None, None, None, logs={"loss": 0.25, "unknown": 1.0})
        steps.on_log(None, None, None, logs={"dev/rel_f1": 0.5})
        steps.on_log(None, None, None)
    assert ("loss 0.250  dev rel 0.500" in written(shown)) == terminal
    assert ("4/9" in written(shown)) == terminal
