"""Chunks of whole lines from files of any length, as Ray Data reads them.

Ray's own reader of text takes every file as a whole and ends lines also at characters that JSON allows within strings
(U+2028, say); this one holds two chunks at most and says how many lines stand in front of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow
from ray.data.datasource import FileBasedDatasource

__all__ = ["JsonLinesSource"]

CHUNK_BYTES = 4 << 20
"""Text of one chunk, a task's work."""


class JsonLinesSource(FileBasedDatasource):  # type: ignore[misc]  # Ray has no annotations
    """JSON Lines files, also .gz and .zst: one row a chunk, with ``source``, ``lines`` in front of it, and ``data``.

    Args:
        paths: of the files, on ``filesystem``.
        filesystem: of fsspec.
        chunk_bytes: about how many bytes of text a chunk has; 4 MiB by default.
    """

    def __init__(self, paths: list[str], filesystem: Any, chunk_bytes: int | None = None) -> None:
        super().__init__(paths, filesystem=filesystem)
        self._chunk_bytes = chunk_bytes or CHUNK_BYTES

    def _read_stream(self, f: Any, path: str) -> Iterator[pyarrow.Table]:
        lines, rest = 0, b""
        while data := f.read(self._chunk_bytes):
            data = rest + data
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if end:
                yield _row(path, lines, data[:end])
                lines += data.count(b"\n", 0, end)
        if rest:
            yield _row(path, lines, rest)


def _row(source: str, lines: int, data: bytes) -> pyarrow.Table:
    return pyarrow.table({"source": [source], "lines": [lines], "data": pyarrow.array([data], pyarrow.large_binary())})
