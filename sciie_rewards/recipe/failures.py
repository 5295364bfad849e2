"""What can fail for want of a package, a device, memory or room on the disk: one line that says what to change."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_rewards.recipe.quiet import quiet

__all__ = ["REMEDIES", "check_training_packages", "check_vllm", "explained"]

TRAINING = ("torch", "transformers", "datasets", "peft", "trl")
"""The packages of the extra ``train``, as they are imported."""

REMEDIES: dict[str, str] = {
    "sft": "lower sft.trainer.per_device_train_batch_size (and raise gradient_accumulation_steps as much), set "
    "sft.trainer.gradient_checkpointing=true, or train an adapter (sft.lora)",
    "grpo": "lower grpo.trainer.per_device_train_batch_size (and raise gradient_accumulation_steps as much) or "
    "grpo.trainer.max_completion_length, set grpo.trainer.gradient_checkpointing=true, or train an adapter (grpo.lora)",
    "generate": "lower generate.batch_size or generate.max_new_tokens",
}
"""What to change when a stage has too little memory."""

_NO_ROOM = {errno.EACCES, errno.ENOTDIR, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}

_FULL = ("No space left on device", "iostream error", "failed writing file")
"""What safetensors and torch say when a file cannot be written to its end."""


def check_training_packages() -> None:
    """Whether the packages that training needs are installed.

    Raises:
        MissingExtraError: one is not; the message holds the line that installs it.
    """
    for name in TRAINING:
        if find_spec(name) is None:
            raise MissingExtraError("the recipe", name, "train")


def check_vllm(setting: str) -> None:
    """Whether vLLM is installed, which ``setting`` asks for.

    Raises:
        InputError: it is not.
    """
    if find_spec("vllm") is None:
        raise InputError(f"{setting}: vLLM is not installed; run: pip install vllm, or change {setting}")


@contextmanager
def explained(stage: str, folder: Path) -> Iterator[None]:
    """Say in one line that memory is out or that a folder cannot be written; every other exception passes.

    The libraries under the stage are quiet.

    Args:
        stage: a key of `REMEDIES`.
        folder: where the stage writes.

    Raises:
        InputError: in place of the exception of torch or the system.
    """
    try:
        with quiet():
            yield
    except InputError:
        raise
    except Exception as error:
        if _is_out_of_memory(error):
            raise InputError(
                f"{stage}: out of memory; {REMEDIES[stage]}; the same command then goes on where it stopped"
            ) from error
        if (said := _unwritable(error, folder)) is not None:
            raise InputError(f"{said}; free space or choose another output_dir") from error
        raise


def _unwritable(error: BaseException | None, folder: Path) -> str | None:
    """What could not be written and why; None where it is something else.

    torch and safetensors have errors of their own for a full disk, and torch does not say that it is full.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return f"{error.filename or folder}: cannot be written: {error.strerror}"
        if any(words in str(error) for words in _FULL):
            return f"{folder}: cannot be written: {os.strerror(errno.ENOSPC)}"
        error = error.__cause__ or error.__context__
    return None


def _is_out_of_memory(error: Exception) -> bool:
    """Of any device: torch has no common class for them."""
    if not isinstance(error, MemoryError | RuntimeError):
        return False
    text = str(error).lower()
    named = type(error).__name__ in ("MemoryError", "OutOfMemoryError", "AcceleratorError")
    return (
        isinstance(error, MemoryError)
        or (named and "memory" in text)
        or any(words in text for words in ("out of memory", "can't allocate memory", "not enough memory"))
    )
