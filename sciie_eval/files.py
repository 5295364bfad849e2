"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sciie_eval.exceptions import InputError

__all__ = ["write_whole"]


def write_whole(path: str | Path, chunks: Iterable[str]) -> None:
    """Write beside the target and rename.

    Args:
        path: the file to write or replace.
        chunks: its text, in pieces.

    Raises:
        InputError: the file cannot be written; the target is as it was.
    """
    part = Path(f"{path}.{os.getpid()}.part")
    try:
        try:
            with part.open("w", encoding="utf-8", newline="\n", errors="backslashreplace") as stream:
                stream.writelines(chunks)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}; check folder and free space") from None
