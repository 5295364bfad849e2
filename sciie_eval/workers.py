"""Reading one file in several processes, each of them some of its lines, with the result of reading it in one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, tee
from pathlib import Path
from typing import Any, TypeVar

from sciie_eval.evaluate import Gold, Pass, Reading
from sciie_eval.exceptions import InputError, LostWorkerError, UsageError
from sciie_eval.jsonl import Part, parts_of

__all__ = ["PARTS", "Workers", "spread", "together"]

P = TypeVar("P", bound=Pass)

T = TypeVar("T")
R = TypeVar("R")

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
        if (first := next(parts, None)) is None:
            return None
        alone = replace(reading, engine=None, on_bytes=None)
        try:
            return together(self._passes(pass_over, alone, chain((first,), parts), reading.on_bytes), gold)
        except LostWorkerError:
            raise
        except InputError:
            return None

    def _parts(self, path: str | Path) -> Iterator[Part]:
        if self.number == 1 or not Path(path).is_file():
            return iter(())
        return parts_of(path, min(PARTS * self.number, os.path.getsize(path) // SMALLEST))

    def _passes(
        self,
        pass_over: Callable[[Reading], P],
        reading: Reading,
        parts: Iterator[Part],
        on_bytes: Callable[[int], None] | None,
    ) -> Iterator[P]:
        """What every part gives, in their order."""
        shared, named = tee(parts)
        for part, found in zip(
            named, spread(partial(_over_part, pass_over, reading), shared, self.number), strict=True
        ):
            if on_bytes is not None:
                on_bytes(part.end - part.start)
            yield found


def _over_part(pass_over: Callable[[Reading], P], reading: Reading, part: Part) -> P:
    return pass_over(replace(reading, some=part))


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


def spread(function: Callable[[T], R], items: Iterable[T], number: int) -> Iterator[R]:
    """The function of every item, in their order, computed in several processes.

    Args:
        function: knows everything else; of the processes every one gets a copy, not every item.
        items: what to share out, as soon as it comes; each picklable, as are the results.
        number: of processes; 1 computes here.

    Raises:
        InputError: a process was killed.
    """
    if number == 1:
        yield from map(function, items)
        return
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    # a forked process has everything at once; where there is no forking, it starts afresh
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    before = set(multiprocessing.active_children())
    with ProcessPoolExecutor(number, context, _set_up, (function,)) as pool:
        futures: list[Future[R]] = []
        try:
            futures.extend(pool.submit(_run, item) for item in items)
            for future in futures:
                yield future.result()
        except BrokenProcessPool:
            raise LostWorkerError(
                "a process was killed, perhaps for want of memory; nothing was written; run again with fewer --workers"
            ) from None
        finally:  # where it ends early, what still runs has no use
            if not all(future.done() for future in futures):
                for process in set(multiprocessing.active_children()) - before:
                    process.terminate()
                wait(futures)


_function: list[Callable[[Any], Any]] = []
"""In a process of the pool: what to do with each item."""


def _set_up(function: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that shared the work out ends it
    _function[:] = (function,)


def _run(item: Any) -> Any:
    return _function[0](item)
