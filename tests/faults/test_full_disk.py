"""Nowhere to write: full disks, limits on files, read-only folders, and results that would replace what is read."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import SAMPLE, WITH_GOLD, leftovers, run
from test_moments import COMMANDS, filled
from test_moments import card as card  # a fixture

PREDS = SAMPLE / "predictions.jsonl"
ADVICE = {True: "make room there, or choose another folder with --cache-dir or SCIIE_CACHE_DIR\n"}


def tiny_files() -> None:
    """No file of this process may grow beyond 16 bytes, as with ``ulimit -f``; the signal of that is ignored."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_may_not_grow(name: str, old: bytes | None, tmp_path: Path, card: Path) -> None:
    arguments, target, changes = filled(name, tmp_path, card)
    if old is not None and name != "fetch":
        target.write_bytes(old)
    changes["PYTHONDONTWRITEBYTECODE"] = "1"
    found = run(*arguments, environment=changes, preexec_fn=tiny_files)
    assert (found.code, found.out) == (1, b"")
    part = f"{target}.part" if name == "fetch" else str(target)
    advice = ADVICE.get(name == "fetch", "check folder and free space\n")
    assert found.err.startswith(f"sciie-eval: {part}: cannot be written: ")
    assert found.err.endswith(f"File too large; {advice}")
    assert found.err.count("\n") == 1
    assert (target.read_bytes() if target.exists() else None) == (old if name != "fetch" else None)
    assert leftovers(tmp_path) == (["dev.jsonl.part"] if name == "fetch" else [])
    again = run(*arguments, environment=changes)  # a download goes on behind the 16 bytes that it has
    assert (again.code, leftovers(tmp_path)) == (0, [])
    assert target.stat().st_size > 16


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB, where this user may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_file_system(small_disk: Path) -> None:
    target = small_disk / "report.html"
    target.write_text("old")
    found = run("report", PREDS, *WITH_GOLD, "-o", target)
    assert (found.code, found.out) == (1, b"")
    assert found.err == (
        f"sciie-eval: {target}: cannot be written: No space left on device; check folder and free space\n"
    )
    assert target.read_text() == "old"
    assert leftovers(small_disk) == []


def test_a_read_only_file_system(small_disk: Path, card: Path) -> None:
    shutil.copytree(card.parent, small_disk / "cache" / "toy")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    found = run("score", PREDS, *WITH_GOLD, "-o", small_disk / "out")
    assert (
        found.err == f"sciie-eval: {small_disk / 'out'}: cannot be written: Permission denied; choose another folder\n"
    )
    there = run("datasets", "fetch", card, "--cache-dir", small_disk / "cache")
    assert (there.code, there.out) == (0, f"ok  {small_disk / 'cache/toy/dev.jsonl'}\n".encode())
    found = run("datasets", "fetch", card, "--cache-dir", small_disk / "cache", "--force")
    assert (found.code, found.out) == (1, b"")
    folder = small_disk / "cache" / "toy"
    assert found.err == f"sciie-eval: {folder}: cannot be written: Read-only file system; {ADVICE[True]}"


def test_a_read_only_folder(tmp_path: Path, card: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("root may write into read-only folders")
        found = run("datasets", "fetch", card, "--cache-dir", tmp_path)
        assert found.err == f"sciie-eval: {tmp_path / 'toy'}: cannot be written: Permission denied; {ADVICE[True]}"
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize("name", ["score", "passk", "errors", "compare", "report", "validate"])
def test_a_result_never_replaces_what_is_read(name: str, tmp_path: Path) -> None:
    preds, other, gold = (tmp_path / file for file in ("preds.jsonl", "other.jsonl", "gold.jsonl"))
    for path, source in ((preds, "predictions"), (other, "predictions"), (gold, "gold")):
        shutil.copy(SAMPLE / f"{source}.jsonl", path)
    (tmp_path / "link").symlink_to(preds)
    before = {path: path.read_bytes() for path in (preds, other, gold)}
    read = [preds, other] if name == "compare" else [preds]
    for target, own in ((preds, preds), (tmp_path / "link", preds), (gold, gold)):
        found = run(name, *read, "--gold", gold, "-o", target)
        assert (found.code, found.out) == (2, b"")
        assert found.err == f"sciie-eval: {target} would replace {own}, which is read; give the result another name\n"
    assert {path: path.read_bytes() for path in before} == before
