"""Interrupted at any moment: no half file, no traceback, the right exit code; and run again, all is well."""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from programs import AT_A_MOMENT, SAMPLE, WITH_GOLD, counted, leftovers, run

from sciie_eval import download, files, store

MOMENTS = int(os.environ.get("SCIIE_FAULT_MOMENTS", "1"))
"""How many moments of each command are tried with each signal."""
PREDS = SAMPLE / "predictions.jsonl"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
SAID = {signal.SIGINT: ["sciie-eval: interrupted\n"], signal.SIGTERM: ["sciie-eval: terminated\n", ""]}
"""Before the command runs and after it the system ends the process by SIGTERM itself, and nothing is said."""

CARD = """
name = "toy"
title = "A toy"
base_url = "file://{folder}/"
[[schema.entity_types]]
name = "Method"
[splits.dev]
path = "dev.jsonl"
sha256 = "{sha256}"
rows = 1
form = "string"
local = "dev.jsonl"
"""
ROW = b'{"sentence": "BERT .", "ner": [["BERT", "Method"]], "rel": [], "rel_plus": []}\n'


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card whose one file is on this disk."""
    import hashlib

    folder = tmp_path_factory.mktemp("upstream")
    (folder / "dev.jsonl").write_bytes(ROW)
    (folder / "toy.toml").write_text(CARD.format(folder=folder, sha256=hashlib.sha256(ROW).hexdigest()))
    return folder / "toy.toml"


COMMANDS = {
    "score": ("score", PREDS, *WITH_GOLD, "--bootstrap", "20", "-o", "{out}"),
    "passk": ("passk", PREDS, *WITH_GOLD, "--bootstrap", "20", "-o", "{out}"),
    "errors": ("errors", PREDS, *WITH_GOLD, "-o", "{out}"),
    "compare": ("compare", PREDS, "{other}", *WITH_GOLD, "--bootstrap", "20", "-o", "{out}"),
    "report": ("report", PREDS, *WITH_GOLD, "--bootstrap", "20", "-o", "{out}"),
    "fetch": ("datasets", "fetch", "{card}", "--cache-dir", "{folder}"),
    "export": ("datasets", "export", "{card}", "--split", "dev", "-o", "{out}"),
    "export parquet": ("datasets", "export", "{card}", "--split", "dev", "-o", "{out}.parquet"),
}
_known: dict[str, tuple[int, bytes]] = {}


def filled(name: str, folder: Path, card: Path) -> tuple[list[str], Path, dict[str, str]]:
    """The command in a folder, what it writes, and its environment."""
    shutil.copy(PREDS, folder / "other.jsonl")
    (folder / "data" / "toy").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "toy" / "dev.jsonl").write_bytes(ROW)
    places = {"out": folder / "out", "other": folder / "other.jsonl", "folder": folder / "cache", "card": card}
    arguments = [str(part).format(**places) for part in COMMANDS[name]]
    target = {"fetch": folder / "cache/toy/dev.jsonl", "export parquet": folder / "out.parquet"}.get(
        name, places["out"]
    )
    data = {} if name == "fetch" else {"SCIIE_DATA_DIR": str(folder / "data")}
    return arguments, target, {**data, "PYTHONHASHSEED": "0"}


@pytest.mark.parametrize("number", CODES, ids=["interrupted", "terminated"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_ended(name: str, number: signal.Signals, tmp_path: Path, card: Path) -> None:
    arguments, target, changes = filled(name, tmp_path, card)
    if name not in _known:
        moments = counted(*arguments, environment=changes)
        _known[name] = moments, target.read_bytes()
        target.unlink()
    moments, whole = _known[name]
    rng = random.Random(f"{name} {number}")
    for _ in range(MOMENTS):
        moment = rng.randint(1, moments)
        found = run(moment, int(number), *arguments, code=AT_A_MOMENT, environment=changes)
        assert (found.code, found.out) in ((CODES[number], b""), (CODES[number], f"ok  {target}\n".encode())), moment
        assert (
            found.err.replace(f"To read the files from there: export SCIIE_DATA_DIR={tmp_path / 'cache'}\n", "")
            in (SAID[number])
        ), moment
        assert not target.exists() or sizes_agree(name, target.read_bytes(), whole), moment
        if name != "fetch":
            assert leftovers(tmp_path) == [], moment
        target.unlink(missing_ok=True)
    again = run(*arguments, environment=changes)
    assert (again.code, leftovers(tmp_path)) == (0, [])
    assert sizes_agree(name, target.read_bytes(), whole)


def sizes_agree(name: str, found: bytes, whole: bytes) -> bool:
    """The whole file; a comparison names its systems by the paths of this test."""
    return found == whole if name != "compare" else len(found) == len(whole)


# -- every line of the modules that write ----------------------------------------------------------------------------


@contextmanager
def interrupted_at(moment: int, *modules: Any) -> Iterator[list[int]]:
    """Raise KeyboardInterrupt at the so manieth line that these modules run, as a signal would; counts the lines."""
    names, seen = {module.__file__ for module in modules}, [0]

    def heed(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in names:
            return None
        if event == "line":
            seen[0] += 1
            if seen[0] == moment:
                sys.settrace(None)
                raise KeyboardInterrupt
        return heed

    before = sys.gettrace()
    sys.settrace(heed)
    try:
        yield seen
    finally:
        sys.settrace(before)


def lines_of(work: Callable[[], object], *modules: Any) -> int:
    with interrupted_at(-1, *modules) as seen:
        work()
    return seen[0]


unclosed = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Between opening a file and being responsible for it, an interrupt leaves closing it to the end of the process."""


@unclosed
@pytest.mark.parametrize("old", [None, "old"])
def test_writing_interrupted_at_every_line(tmp_path: Path, old: str | None) -> None:
    path = tmp_path / "out"

    def work() -> None:
        files.write_whole(path, ["new ", "text"])

    left = []
    for moment in range(1, lines_of(work, files) + 1):
        path.unlink(missing_ok=True)
        if old is not None:
            path.write_text(old)
        with pytest.raises(KeyboardInterrupt), interrupted_at(moment, files):
            work()
        assert (path.read_text() if path.exists() else None) in (old, "new text"), moment
        left += leftovers(tmp_path)
    gc.collect()
    assert moment > 10
    assert left == []


@unclosed
def test_fetching_interrupted_at_every_line(tmp_path: Path, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sciie_eval.cards import load_card

    monkeypatch.setattr(download, "CHUNK", 16)
    toy, target = load_card(card), tmp_path / "toy" / "dev.jsonl"

    def work() -> None:
        store.fetch(toy, cache_dir=tmp_path)

    for moment in range(1, lines_of(work, store, download) + 1):
        target.unlink(missing_ok=True)
        with pytest.raises(KeyboardInterrupt), interrupted_at(moment, store, download):
            work()
        assert not target.exists() or target.read_bytes() == ROW, moment
        work()
        assert target.read_bytes() == ROW
        assert leftovers(tmp_path) == []
    gc.collect()
    assert moment > 50
