"""Folders that are whole, and callbacks that need no trainer to be defined."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from sciie_rewards.recipe.checkpoints import Callback, WholeMark, last_whole, write_folder


def test_the_last_whole_checkpoint_is_found_and_half_ones_are_removed(tmp_path: Path) -> None:
    for step in (2, 9, 10, 11):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if step != 11:
            state = SimpleNamespace(is_world_process_zero=True, global_step=step)
            WholeMark().on_save(SimpleNamespace(output_dir=tmp_path), state, None)
    assert last_whole(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-11").exists()


def test_without_a_whole_checkpoint_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-1").mkdir()
    assert last_whole(tmp_path) is None
    assert last_whole(tmp_path / "absent") is None


def test_only_the_first_process_marks(tmp_path: Path) -> None:
    state = SimpleNamespace(is_world_process_zero=False, global_step=1)
    WholeMark().on_save(SimpleNamespace(output_dir=tmp_path), state, None)
    assert not list(tmp_path.iterdir())


def test_a_callback_lets_every_event_of_a_trainer_pass() -> None:
    transformers = pytest.importorskip("transformers")
    events = [name for name in dir(transformers.TrainerCallback) if name.startswith("on_")]
    assert len(events) > 10
    assert {getattr(Callback(), name)(None, None, None, model=None) for name in events} == {None}
    with pytest.raises(AttributeError):
        _ = Callback().state


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "model"
    write_folder(folder, lambda part: (part / "old").touch())

    def fail(part: Path) -> None:
        (part / "new").touch()
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError):
        write_folder(folder, fail)
    assert [path.name for path in folder.iterdir()] == ["old"]
    write_folder(folder, lambda part: (part / "newer").touch())
    assert [path.name for path in folder.iterdir()] == ["newer"]
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
