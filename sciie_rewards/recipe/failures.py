"""What can fail for want of a package, a device, memory or room on the disk: one line that says what to change."""

from __future__ import annotations

import errno
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
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise InputError(
            f"{stage}: out of memory; {REMEDIES[stage]}; the same command then goes on where it stopped"
        ) from error
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        path = error.filename or folder
        raise InputError(
            f"{path}: cannot be written: {error.strerror}; free space or choose another output_dir"
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    """Of any device: torch has no common class for them."""
    text = str(error).lower()
    named = type(error).__name__ in ("MemoryError", "OutOfMemoryError", "AcceleratorError")
    return (
        isinstance(error, MemoryError)
        or (named and "memory" in text)
        or any(words in text for words in ("out of memory", "can't allocate memory", "not enough memory"))
    )
