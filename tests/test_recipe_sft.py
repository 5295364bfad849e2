"""SFT: phases one after the other, with TRL's trainer; an interruption changes nothing of the result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

pytest.importorskip("trl")

from tiny_recipe import base, log, recipe, said, same_weights, stage, weights

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe import sft, training
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.monitor import JsonLog

KILLED = """
import os, signal, sys
from pathlib import Path
from tiny_recipe import base, recipe, stage
from sciie_rewards.recipe import sft
from sciie_rewards.recipe.monitor import JsonLog

folder, last = Path(sys.argv[1]), int(sys.argv[2])
told = JsonLog.on_log

def on_log(self, args, state, control, **named):
    told(self, args, state, control, **named)
    if self._offset + state.global_step == last:
        os.kill(os.getpid(), signal.SIGKILL)

JsonLog.on_log = on_log
sft.train(stage(recipe(folder), "mimic", base(folder)))
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without interruption."""
    folder = tmp_path_factory.mktemp("run")
    sft.train(stage(recipe(folder), "mimic", base(folder)))
    return folder / "mimic"


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Stop a run with an exception when it logs a step."""
    told = JsonLog.on_log

    def on_log(self: JsonLog, args: Any, state: Any, control: Any, **named: Any) -> None:
        told(self, args, state, control, **named)
        if self._offset + state.global_step == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(JsonLog, "on_log", on_log)


def test_two_phases_leave_a_model_a_log_and_the_best(done: Path) -> None:
    rows = log(done)
    steps = [(row["step"], row["phase"]) for row in rows if "loss" in row]
    assert steps == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2), (8, 2)]
    assert [row["step"] for row in rows if "dev/rel_f1" in row] == [6, 8]
    assert [row["epoch"] for row in rows if row["step"] in (5, 8)] == [1.0] * 3
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[4] < losses[0]
    best = json.loads((done / "best" / "best.json").read_text())
    assert best["step"] == 8  # of equals the last
    assert same_weights(done / "best" / best["folder"], done / "model")
    assert not same_weights(done / "model", done / "checkpoints" / "phase-1" / "model")
    assert not same_weights(done.parent / "base", done / "checkpoints" / "phase-1" / "model")


def test_what_is_done_is_not_done_again(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sft, "train_to_end", None)
    sft.train(stage(recipe(done.parent), "mimic", "not looked at"))


@pytest.mark.parametrize("step", [1, 4, 5, 7, 8])
def test_interrupted_at_any_step_it_ends_with_the_same_model_and_log(
    step: int, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, start = recipe(tmp_path), base(tmp_path)
    with monkeypatch.context() as patch:
        interrupt_at(patch, step)
        with pytest.raises(KeyboardInterrupt):
            sft.train(stage(settings, "mimic", start))
    assert not (tmp_path / "mimic" / "model").exists()
    again = stage(settings, "mimic", start)
    sft.train(again)
    assert same_weights(tmp_path / "mimic" / "model", done / "model")
    assert log(tmp_path / "mimic") == log(done)
    assert ("goes on from checkpoint-" in said(again)) == (step in (4, 5, 8))


def test_killed_while_it_runs_it_ends_with_the_same_model_and_log(done: Path, tmp_path: Path) -> None:
    here = Path(__file__).resolve().parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])}
    command = [sys.executable, "-c", KILLED, str(tmp_path), "8"]
    assert subprocess.run(command, env=environment, capture_output=True).returncode == -signal.SIGKILL
    half = tmp_path / "mimic" / "checkpoints" / "phase-2" / "checkpoint-3"
    half.mkdir()  # as if it had been killed in the middle of writing it
    (half / "trainer_state.json").write_text("{")
    sft.train(stage(recipe(tmp_path), "mimic", tmp_path / "base"))
    assert same_weights(tmp_path / "mimic" / "model", done / "model")
    assert log(tmp_path / "mimic") == log(done)


def with_sft(folder: Path, **changes: Any) -> Recipe:
    """The tiny settings, something changed in the section sft."""
    section = recipe(folder).sft.model_dump(mode="json")
    trainer = {**section["trainer"], **changes.pop("trainer", {})}
    return recipe(folder, sft={**section, **changes, "trainer": trainer})


def test_monitoring_does_not_change_the_training(done: Path, tmp_path: Path) -> None:
    settings = recipe(tmp_path, monitor={"every": 0})
    sft.train(stage(settings, "mimic", base(tmp_path)))
    assert same_weights(tmp_path / "mimic" / "model", done / "model")  # the last step is the best there
    assert not (tmp_path / "mimic" / "best").exists()


def test_an_adapter_is_trained_interrupted_and_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, models = base(tmp_path), []
    for name in ("one", "two"):
        lora = {"lora": {"r": 2, "alpha": 4, "dropout": 0.1}, "trainer": {"max_steps": 2, "save_steps": 1}}
        settings = with_sft(tmp_path / name, **lora)
        if name == "two":
            with monkeypatch.context() as patch:
                interrupt_at(patch, 4)
                with pytest.raises(KeyboardInterrupt):
                    sft.train(stage(settings, "mimic", start))
        sft.train(stage(settings, "mimic", start))
        models.append(tmp_path / name / "mimic" / "model")
    assert same_weights(*models)
    assert weights(models[0]).keys() == weights(start).keys()
    assert not same_weights(models[0], start)


def test_rows_that_are_too_long_are_said_before_training(tmp_path: Path) -> None:
    settings = with_sft(tmp_path, trainer={"max_length": 75, "max_steps": 1}, phases=[{"tasks": ["end2end"]}])
    one = stage(settings, "mimic", base(tmp_path))
    sft.train(one)
    assert "left out of training: sft.trainer.max_length: " in said(one)


def test_tensorboard_is_said_to_be_absent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None)
    one = stage(recipe(tmp_path), "mimic", base(tmp_path))
    sft.train(one)
    assert said(one).count("TensorBoard is not installed") == 1


class Writer:
    """TensorBoard's, which keeps what it is told."""

    told: ClassVar[dict[str, list[tuple[str, int]]]] = {}

    def __init__(self, log_dir: str) -> None:
        self._told = self.told.setdefault(log_dir, [])

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self._told.append((name, step))

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: None


def test_figures_go_to_tensorboard_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr("transformers.integrations.integration_utils.is_tensorboard_available", lambda: True)
    monkeypatch.setattr(training, "find_spec", lambda name: object())
    sft.train(stage(recipe(tmp_path), "mimic", base(tmp_path)))
    first, second = (Writer.told[str(tmp_path / "mimic" / "tensorboard" / f"phase-{n}")] for n in (1, 2))
    assert ("train/loss", 5) in first
    assert {("train/loss", 3), ("train/dev/rel_f1", 3)} <= set(second)


def test_a_wrong_argument_and_a_missing_model_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sft\.trainer\.learning_rat: .*did you mean learning_rate\?"):
        sft.train(stage(with_sft(tmp_path, trainer={"learning_rat": 1}), "mimic", base(tmp_path)))
    with pytest.raises(InputError, match="no model there"):
        sft.train(stage(recipe(tmp_path), "mimic", tmp_path / "nowhere"))
    with pytest.raises(TypeError, match="not trained by SFT"):
        sft.train(stage(recipe(tmp_path), "mimic-r2grpo", tmp_path / "base"))


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    start = base(tmp_path)
    (tmp_path / "mimic").touch()
    with pytest.raises(InputError, match=r"mimic.*cannot be written"):
        sft.train(stage(recipe(tmp_path), "mimic", start))
