"""Whole files or none."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciie_eval.exceptions import InputError
from sciie_eval.files import write_whole


def test_writing_and_replacing(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    for text in ("é\n", "two\nlines\n"):
        write_whole(str(path), iter(text))
        assert path.read_bytes() == text.encode()
    assert os.listdir(tmp_path) == ["out.txt"]


def test_lone_surrogates_are_escaped(tmp_path: Path) -> None:
    write_whole(tmp_path / "out", ["\ud800"])
    assert (tmp_path / "out").read_text() == "\\ud800"


def test_nobody_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")

    def pieces() -> Iterator[str]:
        yield "new"
        assert path.read_text() == "old"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, pieces())
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to stand for a full disk")
def test_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    (tmp_path / f"out.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(InputError) as caught:
        write_whole(path, ["x" * 100_000])
    assert str(caught.value) == f"{path}: cannot be written: No space left on device; check folder and free space"
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("target", ["none/out", "file/out", "folder"])
def test_places_that_cannot_be_written(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder" / "x").mkdir(parents=True)
    with pytest.raises(InputError, match=f"{target}: cannot be written: "):
        write_whole(tmp_path / target, ["x"])
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("root may write into read-only folders")
        with pytest.raises(InputError, match="cannot be written: Permission denied"):
            write_whole(tmp_path / "out", ["x"])
    finally:
        tmp_path.chmod(0o755)


def test_an_error_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match="out: cannot be written: Permission denied; check folder"):
        write_whole(tmp_path / "out", ["x"])
    assert os.listdir(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_whole(tmp_path / "link", ["x"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "x"


def test_a_pipe_is_written_to_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=write_whole, args=(path, ["x", "y"]))
    writer.start()
    assert path.read_text() == "xy"
    writer.join()
    assert path.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    write_whole(path, b"\x89PNG\r\n")
    assert path.read_bytes() == b"\x89PNG\r\n"
    assert os.listdir(tmp_path) == ["picture"]
