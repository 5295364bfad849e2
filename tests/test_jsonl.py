"""JSON Lines from every kind of file, and where exactly a wrong one is wrong."""

from __future__ import annotations

import gzip
import io
import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sciie_eval import jsonl
from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_eval.jsonl import BadLine, read_jsonl

ROWS = [{"i": i, "x": f"y{i * 7919 % 1000}"} for i in range(2000)]
TEXT = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def read(tmp_path: Path, data: bytes, name: str = "f.jsonl", **options: Any) -> list[dict[str, Any]]:
    path = tmp_path / name
    path.write_bytes(data)
    return [line.row for line in read_jsonl(path, **options)]


def error(tmp_path: Path, data: bytes, name: str = "f.jsonl", **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, data, name, **options)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / name}")
    assert "\n" not in message
    return message.removeprefix(str(tmp_path / name)).removeprefix(", ")


def test_lines_know_their_place(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"a": 1}\n\n  \r\n{"a": 2}\r\n{"a": 3}')
    assert [(line.source, line.number, line.row["a"]) for line in read_jsonl(path)] == [
        (str(path), 1, 1),
        (str(path), 4, 2),
        (str(path), 5, 3),
    ]
    assert [line.row["a"] for line in read_jsonl(str(path))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("f.jsonl", TEXT),
        ("f.jsonl.gz", gzip.compress(TEXT, mtime=0)),
        ("f.jsonl.gz", gzip.compress(TEXT[:1000], mtime=0) + gzip.compress(TEXT[1000:], mtime=0)),
        ("f.jsonl.zst", zstandard.compress(TEXT)),
        ("f.jsonl.zst", zstandard.compress(TEXT[:1000]) + zstandard.compress(TEXT[1000:])),
    ],
)
def test_compressed_files(tmp_path: Path, name: str, data: bytes) -> None:
    assert read(tmp_path, data, name) == ROWS


@pytest.mark.parametrize(
    ("name", "data"),
    [("f", b""), ("f.gz", b""), ("f.gz", gzip.compress(b"", mtime=0)), ("f.zst", zstandard.compress(b""))],
)
def test_empty_files(tmp_path: Path, name: str, data: bytes) -> None:
    assert read(tmp_path, data, name) == []


@pytest.mark.parametrize(
    ("name", "data"), [("f.gz", gzip.compress(TEXT, mtime=0)), ("f.zst", zstandard.compress(TEXT))]
)
@pytest.mark.parametrize("cut", [1, 9, 100, 1000])
def test_truncated_files(tmp_path: Path, name: str, data: bytes, cut: int) -> None:
    assert "the file breaks off or is damaged" in error(tmp_path, data[:-cut], name)
    assert "the file breaks off or is damaged" in error(tmp_path, data[:-cut], name, bad_lines=[])


def test_a_zst_file_that_breaks_off_between_two_lines(tmp_path: Path) -> None:
    writer = zstandard.ZstdCompressor().compressobj()
    data = writer.compress(b'{"a": 1}\n') + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    assert error(tmp_path, data, "f.zst").startswith("line 2: the file breaks off")


@pytest.mark.parametrize("name", ["f.gz", "f.zst"])
def test_files_of_another_kind(tmp_path: Path, name: str) -> None:
    assert "line 1: the file breaks off or is damaged" in error(tmp_path, b'{"a": 1}\n', name)


@pytest.mark.parametrize(
    ("name", "data"), [("f.gz", gzip.compress(TEXT, mtime=0)), ("f.zst", zstandard.compress(TEXT))]
)
def test_damaged_files_never_raise_anything_else(tmp_path: Path, name: str, data: bytes) -> None:
    draw = random.Random(0)
    damaged = 0
    for _ in range(40):
        wrong = bytearray(data)
        wrong[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        try:
            damaged += read(tmp_path, bytes(wrong), name) != ROWS
        except InputError:
            damaged += 1
    assert damaged > 20


def test_zst_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sciie-eval\[io\]'"):
        read(tmp_path, b"", "f.zst")


@pytest.mark.parametrize("data", [b'\xef\xbb\xbf{"a": 1}\n', b'\xef\xbb\xbf\n{"a": 1}', b'\xef\xbb\xbf  {"a": 1}'])
def test_byte_order_mark(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) == [{"a": 1}]


def test_byte_order_mark_elsewhere_is_an_error(tmp_path: Path) -> None:
    assert error(tmp_path, b'{"a": 1}\n\xef\xbb\xbf{"a": 1}').startswith("line 2, column 1: not JSON")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a" 1}', "line 1, column 6: not JSON: Expecting ':' delimiter"),
        (b'\n   {"a" 1}', "line 2, column 9: not JSON: Expecting ':' delimiter"),
        ('{"é": x}'.encode(), "line 1, column 7: not JSON: Expecting value"),
        (b'{"a": 1}{"b": 2}', "line 1, column 9: not JSON: Extra data"),
        (b'{"a": "\xff"}', "line 1, column 8: not UTF-8 (invalid start byte); save the file as UTF-8"),
        ('{"a": "é"}'.encode("utf-16-le"), "line 1, column 15: not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "line 1, column 2: not JSON"),
        (b'[{"a": 1}]', "line 1, column 1: expected a JSON object, got list; write one object per line, not one array"),
        (b"[\n", "line 1, column 2: not JSON: Expecting value; write one JSON object per line (JSON Lines)"),
        (b"{\n", "line 1, column 2: not JSON: Expecting property name"),
        (b'"text"', "line 1, column 1: expected a JSON object, got str"),
        (b"null", "line 1, column 1: expected a JSON object, got NoneType"),
        (b"\x00", "line 1, column 1: not JSON"),
        (b"[" * 100_000, "line 1, column 1: not readable as JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "line 1, column 1: not readable as JSON"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_malformed_lines(tmp_path: Path, data: bytes, message: str) -> None:
    assert error(tmp_path, data).startswith(message)


def test_what_other_writers_write(tmp_path: Path) -> None:
    (row,) = read(tmp_path, b'{"a": NaN, "b": -Infinity, "c": "\\ud800x", "d": "\\ud83d\\ude00"}')
    assert math.isnan(row["a"])
    assert (row["b"], row["c"], row["d"]) == (-math.inf, "\ud800x", "\U0001f600")
    assert read(tmp_path, '{"a": "\u2028\u0085"}\n'.encode()) == [{"a": "\u2028\u0085"}]  # no line ends here


def test_bad_lines_are_collected(tmp_path: Path) -> None:
    bad: list[BadLine] = []
    rows = read(tmp_path, b'{"a": 1}\n{"a": \n\n[]\n{"a": "\xff"}\n{"a": 2}\n', bad_lines=bad)
    assert rows == [{"a": 1}, {"a": 2}]
    assert [line.number for line in bad] == [2, 4, 5]
    assert "f.jsonl, line 2, column" in bad[0].message


def test_progress_is_in_decompressed_bytes(tmp_path: Path) -> None:
    seen: list[int] = []
    read(tmp_path, gzip.compress(TEXT, mtime=0), "f.gz", on_bytes=seen.append)
    assert (sum(seen), len(seen)) == (len(TEXT), len(ROWS))


def test_very_long_lines_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 1 << 20)
    assert read(tmp_path, b'{"a": "' + b"x" * 1000 + b'"}') == [{"a": "x" * 1000}]
    assert error(tmp_path, b"{}\n" + b"x" * (1 << 20)) == "line 2: longer than 1 MiB; is this JSON Lines?"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}\nx\n')))
    lines = read_jsonl("-")
    assert next(lines) == ("<stdin>", 1, {"a": 1})
    with pytest.raises(InputError, match=r"^<stdin>, line 2, column 1: not JSON"):
        next(lines)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: No such file or directory; check the path"):
        list(read_jsonl(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="check the path"):
        list(read_jsonl(tmp_path))


def test_other_errors_are_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.BufferedReader):
        def readline(self, size: int | None = -1, /) -> bytes:
            raise KeyError("a bug")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Broken(io.BytesIO(b"x"))))
    with pytest.raises(KeyError):
        list(read_jsonl("-"))


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(), max_size=3)))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = tmp_path_factory.getbasetemp() / "round.jsonl.zst"
    path.write_bytes(zstandard.compress(data))
    assert [line.row for line in read_jsonl(path)] == rows
