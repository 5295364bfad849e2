"""Pictures of a run: what is drawn, and that the data lie beside them."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from recipe_light import LightStages, light_recipe, quiet, sample_only

from sciie_eval.exceptions import MissingExtraError
from sciie_rewards.recipe.curves import draw, temperature_panels, training_panels, write_pictures
from sciie_rewards.recipe.run import run_recipe
from sciie_rewards.recipe.scores import RunScores, score_run


@pytest.fixture(autouse=True)
def no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_only(tmp_path, monkeypatch)


def done(folder: Path, **changes: object) -> RunScores:
    recipe = light_recipe(folder, **changes)
    run_recipe(recipe, quiet()[0], stages=LightStages())
    return score_run(recipe)


def test_what_was_logged_is_drawn_against_steps_and_nothing_else(tmp_path: Path) -> None:
    panels = {panel.y: panel for panel in training_panels([done(tmp_path / "run")], "grpo")}
    assert set(panels) == {"mean reward", "dev rel F1, Avg (%)"}
    assert panels["mean reward"].lines["r2"] == {1: [0.1], 2: [0.2], 3: [pytest.approx(0.3)]}
    assert panels["dev rel F1, Avg (%)"].lines["r2"][2] == [10.0]
    assert set(panels["mean reward"].lines) == {"r2"}


def test_runs_stand_in_one_line_with_a_band(tmp_path: Path) -> None:
    runs = [done(tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    panels = training_panels(runs, "grpo")
    assert panels[0].lines["r2"][1] == [0.1, 0.1]
    axis = draw(panels).axes[0]
    assert len(axis.lines) == 1
    assert len(axis.collections) == 1


def test_half_a_line_at_the_end_of_a_log_is_passed_over(tmp_path: Path) -> None:
    run = done(tmp_path / "run")
    log = tmp_path / "run" / "r2" / "log.jsonl"
    log.write_text(json.dumps({"step": 1, "reward": 1.0}) + '\n[1]\n{"step": 2, "rew')
    assert training_panels([run], "grpo")[0].lines["r2"] == {1: [1.0]}


def test_scores_stand_against_temperature_where_there_are_several(tmp_path: Path) -> None:
    run = done(tmp_path / "1")
    panels = temperature_panels([run])
    assert [(panel.title, panel.y) for panel in panels] == [
        (f"sample/{split}", f"rel F1, {name} (%)") for split in ("test", "test_ood") for name in ("Avg", "Best@2")
    ]
    assert set(panels[0].lines["r2"]) == {0.5, 0.9}
    assert temperature_panels([done(tmp_path / "2", generate={"samples": 3})]) == []


def test_pictures_are_written_with_their_data_beside(tmp_path: Path) -> None:
    run = done(tmp_path / "run")
    (tmp_path / "out").mkdir()
    assert [path.name for path in write_pictures([run], tmp_path / "out")] == ["sft.png", "grpo.png", "temperature.png"]
    assert (tmp_path / "out" / "grpo.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "out" / "grpo.csv").read_text().splitlines()))
    assert {"quantity": "mean reward", "system": "r2", "against": "step", "x": "1", "value": "0.1"}.items() <= rows[
        0
    ].items()


def test_systems_differ_in_colour_and_marker(tmp_path: Path) -> None:
    panels = temperature_panels([done(tmp_path / "run")])
    looks = [(line.get_color(), line.get_marker()) for line in draw(panels).axes[0].lines]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == 3


def test_without_matplotlib_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panels = training_panels([done(tmp_path / "run")], "sft")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"sciie-eval\[report\]"):
        draw(panels)
