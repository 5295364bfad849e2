"""The folder of a run: marks, locks, and what is said where it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from recipe_light import light_recipe

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe.rundir import Mark, RunDir, digest_of


@pytest.fixture
def mark(tmp_path: Path) -> Mark:
    return Mark(tmp_path / "a" / "train.json", tmp_path / "a" / "model", (tmp_path / "a" / "checkpoints",), tmp_path)


def test_a_stage_is_done_when_its_mark_says_so_and_its_product_is_there(mark: Mark) -> None:
    assert not mark.is_done("x", {"a": 1})
    mark.write({"a": 1}, done=False)
    mark.product.mkdir()
    assert not mark.is_done("x", {"a": 1})
    mark.write({"a": 1}, done=True)
    assert mark.is_done("x", {"a": 1})
    mark.product.rmdir()
    assert not mark.is_done("x", {"a": 2})


def test_a_product_without_a_mark_is_made_anew(mark: Mark) -> None:
    mark.product.mkdir(parents=True)
    assert not mark.is_done("x", {"a": 1})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b has changed since this stage was done, from 1 to 2; "),
        ({"a": 1}, {"a": 1, "b": 2}, "b has changed since this stage was done, from nothing to 2; "),
        ({"a": 1, "b": 2}, {"a": 1}, "b has changed since this stage was done, from 2 to nothing; "),
        ({"a": [1, 2]}, {"a": (1, 3)}, "a has changed since this stage was done, from [1, 2] to [1, 3]; "),
    ],
)
def test_what_changed_is_named_with_both_values(
    mark: Mark, old: dict[str, object], new: dict[str, object], message: str
) -> None:
    mark.write(old, done=True)
    mark.product.mkdir()
    with pytest.raises(InputError) as raised:
        mark.is_done("mimic: train", new)
    assert str(raised.value) == (
        f"mimic: train: {message}give another folder (output_dir=DIR), or delete {mark.delete} to make it anew"
    )


def test_tuples_and_lists_are_the_same_setting(mark: Mark) -> None:
    mark.write({"a": (1, 2)}, done=True)
    mark.product.mkdir()
    assert mark.is_done("x", {"a": [1, 2]})


@pytest.mark.parametrize("text", ["{", "\xff"])
def test_a_broken_mark_is_one_line(mark: Mark, text: str) -> None:
    mark.product.mkdir(parents=True)
    mark.path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"train\.json: cannot be read; delete .* to make this stage anew$"):
        mark.is_done("x", {})


def test_a_digest_does_not_depend_on_the_order_of_settings() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1, "b": 3})


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"run: cannot be written: .*; choose another folder with output_dir=DIR$"),
        RunDir(tmp_path / "file" / "run").opened(),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "run" / ".lock").mkdir(parents=True)  # opening it for writing fails, for root as well
    with pytest.raises(InputError, match="cannot be written: Is a directory"), RunDir(tmp_path / "run").opened():
        pass


def test_of_several_processes_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: Mark) -> None:
    monkeypatch.setenv("RANK", "1")
    run = RunDir(tmp_path / "run")
    with run.opened():
        run.write_config(light_recipe(tmp_path / "run"))
        run.write_manifest(light_recipe(tmp_path / "run"), {}, [])
        mark.write({}, done=True)
    assert not (tmp_path / "run").exists()
    assert not mark.path.exists()


def test_a_broken_manifest_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[")
    RunDir(tmp_path).write_manifest(light_recipe(tmp_path), {}, ["run"])
    assert '"command": "sciie-rewards run"' in (tmp_path / "manifest.json").read_text()


def test_an_empty_folder_of_checkpoints_is_nothing_to_mix_with(mark: Mark) -> None:
    (mark.begun[0] / "phase-1").mkdir(parents=True)
    mark.write({"a": 1}, done=False)
    assert not mark.is_done("x", {"a": 2})
    (mark.begun[0] / "phase-1" / "weights").write_text("")
    with pytest.raises(InputError, match="begun, from 1 to 2"):
        mark.is_done("x", {"a": 2})
