"""Packages, memory and folders that are wanting: one line that says what to change."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("trl")

from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_rewards.recipe import failures
from sciie_rewards.recipe.failures import check_training_packages, check_vllm, explained


def test_a_missing_training_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    check_training_packages()
    monkeypatch.setattr(failures, "find_spec", lambda name: None if name == "peft" else object())
    with pytest.raises(MissingExtraError, match=r"peft.*pip install 'sciie-eval\[train\]'"):
        check_training_packages()


def test_missing_vllm_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"generate\.engine: vLLM is not installed; run: pip install vllm"):
        check_vllm("generate.engine")


class OutOfMemoryError(RuntimeError):
    """What torch calls it on a GPU."""


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
@pytest.mark.parametrize(("stage", "setting"), [("sft", "sft.trainer"), ("grpo", "grpo"), ("generate", "generate.b")])
def test_out_of_memory_says_what_to_lower(error: Exception, stage: str, setting: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught, explained(stage, tmp_path):
        raise error
    assert str(caught.value).startswith(f"{stage}: out of memory; lower {setting}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS, errno.ENOTDIR])
def test_a_folder_that_cannot_be_written_is_named(number: int, tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"cannot be written: .*another output_dir") as caught,
        explained("sft", tmp_path),
    ):
        raise OSError(number, "No way")
    assert str(caught.value).startswith(str(tmp_path))


class SafetensorError(Exception):
    """What safetensors calls every error."""


def full_disk_as_torch_says_it() -> None:
    try:
        raise RuntimeError("basic_ios::clear: iostream error")
    finally:
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 6400 vs 6292")


def full_disk_as_safetensors_says_it() -> None:
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("save", [full_disk_as_torch_says_it, full_disk_as_safetensors_says_it])
def test_a_disk_that_is_full_in_the_middle_of_a_checkpoint_is_one_line(
    save: Callable[[], None], tmp_path: Path
) -> None:
    with (
        pytest.raises(InputError, match=r"cannot be written: No space left on device; free space or"),
        explained("sft", tmp_path),
    ):
        save()


def test_a_real_path_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/run: cannot be written"), explained("sft", tmp_path):
        (tmp_path / "file" / "run").mkdir()


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), OSError(errno.ENOENT, "gone"), InputError("mine")])
def test_every_other_exception_passes(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as caught, explained("sft", tmp_path):
        raise error
    assert caught.value is error
