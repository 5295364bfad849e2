"""Checkpoints that are whole: a trainer that is killed while it writes one leaves a folder that must not be resumed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["Callback", "WholeMark", "last_whole", "write_folder"]

MARK = "whole"
"""A file in every checkpoint that was written to its end."""


class Callback:
    """A callback of a trainer, which is asked for every event by its name; events without a method are let pass.

    It stands in for `transformers.TrainerCallback`, which cannot be a base class here: importing it loads torch.
    """

    def __getattr__(self, name: str) -> Callable[..., None]:
        """An event that nothing is done at."""
        if not name.startswith("on_"):
            raise AttributeError(name)
        return _nothing


def _nothing(*args: object, **named: object) -> None:
    del args, named


class WholeMark(Callback):
    """Marks every checkpoint once all of it is written."""

    def on_save(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """The trainer has written a checkpoint."""
        del control, named
        if state.is_world_process_zero:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / MARK).touch()


def last_whole(folder: Path) -> Path | None:
    """The last checkpoint that is whole; those that are not are removed. None where there is none."""
    found = {int(match[1]): path for path in folder.glob("checkpoint-*") if (match := re.search(r"-(\d+)$", path.name))}
    for path in found.values():
        if not (path / MARK).exists():
            shutil.rmtree(path)
    whole = [number for number, path in found.items() if path.exists()]
    return found[max(whole)] if whole else None


def write_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Write a folder beside its place and put it there when all of it is written; one that is there is replaced."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write(part)
    if folder.exists():
        shutil.rmtree(folder)
    part.rename(folder)
