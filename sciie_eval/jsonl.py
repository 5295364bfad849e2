"""JSON Lines from plain, gzip or zstandard files and standard input, one row at a time, with exact error places."""

from __future__ import annotations

import gzip
import io
import json
import math
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from pydantic_core import from_json

from sciie_eval.exceptions import InputError, MissingExtraError

__all__ = ["BadLine", "Chunk", "Line", "Part", "decode_line", "parts_of", "read_chunk", "read_jsonl", "read_lines"]

MAX_LINE_BYTES = 1 << 28
"""A longer line is refused: no row of this kind is 256 MiB, but a file that is not JSON Lines may be."""
_BLOCK = 1 << 20
_Text = tuple[int, bytes, bool]
"""A line: its number, its text without its end, and whether it has one."""


class Line(NamedTuple):
    """One row: its file, its line number (from 1) and its decoded mapping."""

    source: str
    number: int
    row: dict[str, Any]

    @property
    def where(self) -> str:
        """File and line, for errors."""
        return f"{self.source}, line {self.number}"


class Part(NamedTuple):
    """Lines of a plain file: the bytes from ``start`` to ``end``, and the number of lines in front of them."""

    start: int
    end: int
    lines: int


class Chunk(NamedTuple):
    """The same for lines that were read: the bytes, the file they are of, and the number of lines in front of them."""

    source: str
    lines: int
    data: bytes


class BadLine(NamedTuple):
    """A line that could not be read, and why, in one line of text."""

    number: int
    message: str


def read_jsonl(
    path: str | Path,
    *,
    bad_lines: list[BadLine] | None = None,
    on_bytes: Callable[[int], None] | None = None,
    part: Part | None = None,
) -> Iterator[Line]:
    """Yield the rows of a JSON Lines file without holding more than one.

    Args:
        path: a file, optionally ``.gz`` or ``.zst``; ``-`` is standard input.
        bad_lines: where given, malformed lines are collected there and skipped; else the first one is an error.
        on_bytes: called with the number of decompressed bytes of every line, for progress.
        part: only these lines, as `parts_of` gives them.

    Raises:
        InputError: names file, line and column.
    """
    source = _name(path)
    with _opened(path) as stream:
        if part is not None:
            stream.seek(part.start)
        yield from _decoded(_texts(stream, source, part, on_bytes), source, bad_lines)


def read_chunk(chunk: Chunk, bad_lines: list[BadLine] | None = None) -> Iterator[Line]:
    """The rows of lines that were read, as `read_jsonl` gives them."""
    part = Part(0, len(chunk.data), chunk.lines)
    yield from _decoded(_texts(io.BytesIO(chunk.data), chunk.source, part, None), chunk.source, bad_lines)


def read_lines(path: str | Path, *, on_bytes: Callable[[int], None] | None = None) -> Iterator[tuple[str, int, bytes]]:
    """Yield file, line number (from 1) and text of every line that is not blank, without its end; any text file.

    Args:
        path: as `read_jsonl` has it.
        on_bytes: likewise.

    Raises:
        InputError: the file cannot be read, or a line is longer than `MAX_LINE_BYTES`.
    """
    source = _name(path)
    with _opened(path) as stream:
        for number, text, _ in _texts(stream, source, None, on_bytes):
            yield source, number, text


def _name(path: str | Path) -> str:
    return "<stdin>" if str(path) == "-" else str(path)


def _texts(stream: BinaryIO, source: str, part: Part | None, on_bytes: Callable[[int], None] | None) -> Iterator[_Text]:
    """The lines that are not blank, of the part or to the end."""
    number, left = (0, math.inf) if part is None else (part.lines, part.end - part.start)
    while left > 0 and (raw := _next_line(stream, source, number + 1)):
        number += 1
        left -= len(raw)
        if on_bytes is not None:
            on_bytes(len(raw))
        text = raw.rstrip()  # blanks in front stay: columns are counted from the beginning of the line
        if number == 1:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text:
            yield number, text, raw.endswith(b"\n")


def _decoded(texts: Iterable[_Text], source: str, bad_lines: list[BadLine] | None) -> Iterator[Line]:
    for number, text, whole in texts:
        try:
            yield Line(source, number, decode_line(text, f"{source}, line {number}", whole))
        except InputError as error:
            if bad_lines is None:
                raise
            bad_lines.append(BadLine(number, str(error)))


def parts_of(path: str | Path, number: int) -> Iterator[Part]:
    """Cut a plain file into parts of about the same size, each beginning with a line, while others are at work on them.

    Args:
        path: the file.
        number: how many parts to make of it, at most.

    Yields:
        At least two parts; none for standard input, a compressed or special file, or one of fewer lines.

    Raises:
        InputError: the file cannot be read.
    """
    if str(path) == "-" or not Path(path).is_file() or str(path).endswith((".gz", ".zst", ".parquet")):
        return
    size = Path(path).stat().st_size
    with _opened(path) as stream:
        if not isinstance(stream, io.BufferedReader) or stream.raw.__class__ is not io.FileIO:
            return
        start = lines = 0
        for place in range(1, number):
            more = _lines_up_to(stream, max(start, size * place // number))
            if (end := stream.tell()) == size:
                break
            if start < end:
                yield Part(start, end, lines)
            start, lines = end, lines + more
    if start:
        yield Part(start, size, lines)


def _lines_up_to(stream: BinaryIO, place: int) -> int:
    """Read on to the end of the line that ``place`` is in; the number of lines read."""
    found = 0
    while (left := place - stream.tell()) > 0:
        block = stream.read(min(left, _BLOCK))
        if not block:
            return found
        found += block.count(b"\n")
    return found + bool(stream.readline(MAX_LINE_BYTES))


def decode_line(text: bytes, where: str, whole: bool = True) -> dict[str, Any]:
    """The JSON object of a line.

    Args:
        text: of the line.
        where: it stands.
        whole: the line has an end; where it has none, the file may have been cut off.

    Raises:
        InputError: it is none; names place, column and what was expected.
    """
    try:
        value = from_json(text)
    except ValueError:
        value = _decoded_with_place(text, where, whole)
    if not isinstance(value, dict):
        hint = "; write one object per line, not one array for the whole file" if text.startswith(b"[") else ""
        raise InputError(f"{where}, column 1: expected a JSON object, got {type(value).__name__}{hint}")
    return cast(dict[str, Any], value)


def _decoded_with_place(text: bytes, where: str, whole: bool) -> object:
    """Decode by the standard library: it reads lone surrogates, or says where it fails."""
    cut = "" if whole else "; the file ends in this line: was it cut off?"
    try:
        return json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        place = f"{where}, column {error.start + 1}"
        raise InputError(f"{place}: not UTF-8 ({error.reason}); save the file as UTF-8{cut}") from None
    except json.JSONDecodeError as error:
        hint = cut or ("; write one JSON object per line (JSON Lines)" if text in (b"[", b"{") else "")
        raise InputError(f"{where}, column {error.colno}: not JSON: {error.msg}{hint}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{where}, column 1: not readable as JSON: {error}") from None


def _next_line(stream: BinaryIO, source: str, number: int) -> bytes:
    try:
        raw = stream.readline(MAX_LINE_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{source}, line {number}: the file breaks off or is damaged: {error}") from None
    except Exception as error:  # zstandard raises its own type, which is not importable without it
        if type(error).__module__.split(".")[0] != "zstandard":
            raise
        raise InputError(f"{source}, line {number}: the file breaks off or is damaged: {error}") from None
    if len(raw) >= MAX_LINE_BYTES:
        raise InputError(f"{source}, line {number}: longer than {MAX_LINE_BYTES >> 20} MiB; is this JSON Lines?")
    return raw


@contextmanager
def _opened(path: str | Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield _decompressed(sys.stdin.buffer)
        return
    path = Path(path)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; check the path") from None
    with raw:
        try:
            stream = _decompressed(raw, path.suffix)
        except OSError as error:  # the first bytes show how the file is compressed
            raise InputError(f"{path}: cannot be read: {error.strerror or error}; check the file") from None
        yield stream


def _decompressed(raw: BinaryIO, suffix: str = "") -> BinaryIO:
    """The text of a stream; compressed ones are known by their name or by bytes that no JSON begins with."""
    stream = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw))
    start = stream.peek(4)[:4]
    if suffix == ".gz" or start[:2] == b"\x1f\x8b":
        return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=stream)))
    return _zstandard(stream) if suffix == ".zst" or start == b"\x28\xb5\x2f\xfd" else stream


def _zstandard(raw: BinaryIO) -> BinaryIO:
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError("reading .zst files", "zstandard", "io") from None
    return cast(BinaryIO, io.BufferedReader(_Frames(raw, zstandard.ZstdDecompressor())))


class _Frames(io.RawIOBase):
    """The text of a zstandard file, frame after frame.

    The library's own reader takes a file that breaks off for one that ends there; this one raises `EOFError`.
    """

    CHUNK = 1 << 10
    """Compressed bytes read at a time: a block of a few bytes may grow to 128 KiB, so this bounds memory to 32 MiB."""

    def __init__(self, raw: BinaryIO, decompressor: Any) -> None:
        self._raw, self._decompressor = raw, decompressor
        self._frame: Any = None
        self._rest = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._rest or self._raw.read(self.CHUNK)
            if not data:
                if self._frame is not None:
                    raise EOFError("the compressed file ended before its last frame did")
                return 0
            self._frame = self._frame or self._decompressor.decompressobj()
            self._ready = memoryview(self._frame.decompress(data))
            self._rest = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size
