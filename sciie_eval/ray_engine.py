"""Reading prediction files on a Ray cluster, or by Ray on this machine: Ray Data reads, shares out and retries.

What a worker makes of some lines is what one process makes of them, and the driver puts it together in their order.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sciie_eval.evaluate import Gold, Pass, Reading
from sciie_eval.exceptions import InputError, MissingExtraError, brief
from sciie_eval.jsonl import Chunk
from sciie_eval.workers import together

__all__ = ["RayEngine"]

P = TypeVar("P", bound=Pass)


class RayEngine:
    """Reads files on the Ray cluster that is there (``RAY_ADDRESS``), else in processes that Ray starts here.

    A path may be a file, a folder, a glob, or any of these in an object store whose address fsspec understands; several
    files are one system's, in the order of their names. The package has to be installed on the cluster's nodes. A
    worker that is lost costs a retry.
    """

    def __call__(self, pass_over: Callable[[Reading], P], path: str | Path, reading: Reading, gold: Gold | None) -> P:
        """The whole pass, put together from those over chunks of lines.

        Raises:
            InputError: what is wrong with which file and line; or rows that only together say what they are.
            MissingExtraError: Ray or fsspec is not installed.
        """
        try:
            import ray
            from fsspec.core import url_to_fs
            from ray.exceptions import RayError

            from sciie_eval.ray_source import JsonLinesSource
        except ImportError:
            raise MissingExtraError("--engine ray", "ray", "ray") from None
        files, filesystem = _files(str(path), url_to_fs)
        alone = Reading(reading.join, reading.skip_bad_lines, reading.sample)
        _connect(ray)
        try:
            chunks = ray.data.read_datasource(JsonLinesSource(files, filesystem))
            found = chunks.map(_Task(pass_over, alone), num_cpus=1)
            whole: P = together(_passes(found.iter_rows(), reading.on_bytes), gold)
            return whole
        except RayError as error:
            raise InputError(f"{path}: Ray gave up: {brief(str(error).splitlines()[-1], 300)}") from None


class _Task:
    """What a worker does with a chunk; pickled once, gold included."""

    def __init__(self, pass_over: Callable[[Reading], Any], reading: Reading) -> None:
        self._pass_over, self._reading = pass_over, reading

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        chunk = Chunk(row["source"], row["lines"], row["data"])
        try:
            found = self._pass_over(replace(self._reading, some=chunk))
        except InputError as error:
            return {"bytes": len(chunk.data), "error": str(error), "found": b""}
        return {"bytes": len(chunk.data), "error": "", "found": pickle.dumps(found)}


def _passes(rows: Iterator[dict[str, Any]], on_bytes: Callable[[int], None] | None) -> Iterator[Any]:
    for row in rows:
        if row["error"]:
            raise InputError(row["error"])
        if on_bytes is not None:
            on_bytes(row["bytes"])
        yield pickle.loads(row["found"])


def _files(path: str, url_to_fs: Callable[[str], tuple[Any, str]]) -> tuple[list[str], Any]:
    """The files that a path stands for, sorted, and the filesystem that they are on."""
    try:
        filesystem, place = url_to_fs(path)
        files = filesystem.find(place) if filesystem.isdir(place) else filesystem.glob(place)
    except (ImportError, OSError, ValueError) as error:
        raise InputError(f"{path}: {error}; check the path") from None
    if not files:
        raise InputError(f"{path}: No such file; check the path")
    return sorted(files), filesystem


def _connect(ray: Any) -> None:
    """Use the cluster that is there, or start one; results come in the order of the lines.

    Nothing is printed, and no use is reported to anybody unless the environment says so.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
