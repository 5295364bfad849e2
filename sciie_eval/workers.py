"""Reading one file in several processes, each of them some of its lines, with the result of reading it in one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sciie_eval.evaluate import Gold, Pass, Reading
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.jsonl import Part, parts_of

__all__ = ["Workers", "together"]

P = TypeVar("P", bound=Pass)

PARTS = 4
"""Parts a process: the more, the less one of them waits for the others; every part prepares gold anew."""
SMALLEST = 1 << 18
"""Bytes of a part: smaller ones are read faster than shared out."""


@dataclass(frozen=True)
class Workers:
    """Reads a plain JSON Lines file in ``number`` processes.

    Files that one process has to read from the beginning (compressed ones, standard input, parquet), and those whose
    rows depend on each other (token-span documents, logs of one completion a row, rows joined by their order or in
    file order), are read by one. So is a file with an error in it, which is then named as ever.

    Args:
        number: of processes, from 1.

    Raises:
        UsageError: a number below 1.
    """

    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise UsageError(f"--workers: expected a number of processes from 1 up, got {self.number}")

    def __call__(
        self, pass_over: Callable[[Reading], P], path: str | Path, reading: Reading, gold: Gold | None
    ) -> P | None:
        """The whole pass, put together from those over parts; None when one process is to read the file.

        Raises:
            InputError: a process was killed.
        """
        parts = self._parts(path)
        if not parts:
            return None
        alone = replace(reading, engine=None, on_bytes=None)
        try:
            return together(self._passes(pass_over, alone, parts, reading.on_bytes), gold)
        except BrokenProcessPool:
            raise InputError(
                f"{path}: a process that read it was killed, perhaps for want of memory; nothing was written; "
                "run again with fewer --workers"
            ) from None
        except InputError:
            return None

    def _parts(self, path: str | Path) -> list[Part]:
        if self.number == 1 or not Path(path).is_file():
            return []
        return parts_of(path, min(PARTS * self.number, os.path.getsize(path) // SMALLEST))

    def _passes(
        self,
        pass_over: Callable[[Reading], P],
        reading: Reading,
        parts: list[Part],
        on_bytes: Callable[[int], None] | None,
    ) -> Iterator[P]:
        """What every part gives, in their order."""
        with _pool(self.number, pass_over, reading) as pool:
            for part, found in zip(parts, pool.map(_pass_over_part, parts), strict=True):
                if on_bytes is not None:
                    on_bytes(part.end - part.start)
                yield found


def together(passes: Iterator[P], gold: Gold | None) -> P:
    """One pass from those over the parts of a file, in their order.

    Raises:
        InputError: two parts speak of one sentence.
    """
    whole = next(passes)
    for more in passes:
        whole.merge(more)
    whole.finish(gold)
    return whole


_task: list[Any] = []
"""In a process of the pool: what to do with each part, and how to read."""


@contextmanager
def _pool(number: int, pass_over: Callable[[Reading], Any], reading: Reading) -> Iterator[ProcessPoolExecutor]:
    """Processes that know what to do; none is left when the reading ends early."""
    # a forked process has everything at once; elsewhere, or beside threads, it starts afresh
    method = "fork" if sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(number, multiprocessing.get_context(method), _set_up, (pass_over, reading))
    before = set(multiprocessing.active_children())
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _set_up(pass_over: Callable[[Reading], Any], reading: Reading) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that shared the work out ends it
    _task[:] = pass_over, reading


def _pass_over_part(part: Part) -> Any:
    pass_over, reading = _task
    return pass_over(replace(reading, some=part))
