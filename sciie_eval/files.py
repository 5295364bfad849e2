"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from sciie_eval.exceptions import InputError, UsageError

__all__ = ["check_target", "put_whole", "write_whole"]


def check_target(path: Path, inputs: Iterable[Path]) -> None:
    """See, before anything is computed, that a result has a place to go to, and takes no input's place.

    Args:
        path: the file that will be written.
        inputs: the files that are read.

    Raises:
        UsageError: it is one of those that are read.
        InputError: there is no folder to write it to, or nobody may write there.
    """
    folder = path.resolve().parent
    if not folder.is_dir():
        raise InputError(f"{path}: cannot be written: there is no folder {folder}; make it first")
    if not path.exists():
        if not os.access(folder, os.W_OK):
            raise InputError(f"{path}: cannot be written: Permission denied; choose another folder")
    elif path.is_file() and (own := next((one for one in inputs if one.exists() and one.samefile(path)), None)):
        raise UsageError(f"{path} would replace {own}, which is read; give the result another name")


def write_whole(path: str | Path, chunks: Iterable[str] | bytes) -> None:
    """Write beside the target and rename; devices and pipes (``/dev/stdout``) are written to as they are.

    Args:
        path: the file to write or replace; of a symbolic link, the file that it points to.
        chunks: its text, in pieces, or its bytes.

    Raises:
        InputError: the file cannot be written; the target is as it was.
    """
    put_whole(path, lambda part: _write(part, chunks))


def put_whole(path: str | Path, write: Callable[[Path], None]) -> None:
    """The same for anything that writes to a path of its own: it is given one beside the target.

    Raises:
        InputError: the file cannot be written; the target is as it was.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            write(target)
            return
        target = target.resolve()
        part = Path(f"{target}.{os.getpid()}.part")
        try:
            write(part)
            with part.open("r+b") as stream:  # some disks say only now that they are full
                os.fsync(stream.fileno())
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}; check folder and free space") from None


def _write(path: Path, chunks: Iterable[str] | bytes) -> None:
    if isinstance(chunks, bytes):
        path.write_bytes(chunks)
        return
    with path.open("w", encoding="utf-8", newline="\n", errors="backslashreplace") as stream:
        stream.writelines(chunks)
