"""Standard streams that are closed, full, or go away: no traceback, and what cannot be said is an exit code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs import SAMPLE, WITH_GOLD, run, start

PREDS = SAMPLE / "predictions.jsonl"
SCORE = ("score", PREDS, *WITH_GOLD, "--bootstrap", "20")
WRITERS = {
    "score": SCORE,
    "passk": ("passk", PREDS, *WITH_GOLD, "--bootstrap", "20", "--format", "json"),
    "errors": ("errors", PREDS, *WITH_GOLD, "--format", "csv"),
    "compare": ("compare", PREDS, SAMPLE / "../sample/predictions.jsonl", *WITH_GOLD, "--bootstrap", "20"),
    "report": ("report", PREDS, *WITH_GOLD, "--bootstrap", "20"),
    "list": ("datasets", "list"),
    "help": ("score", "--help"),
}
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to stand for a full disk")


@pytest.mark.parametrize("name", WRITERS)
def test_a_reader_that_takes_one_line(name: str) -> None:
    """``sciie-eval … | head -1``: a line, and then nobody is there."""
    reading, writing = os.pipe()
    with start(*WRITERS[name], stdout=writing) as running:
        os.close(writing)
        assert os.read(reading, 1)
        os.close(reading)
        assert running.stderr is not None
        assert running.stderr.read() == b""
        assert running.wait(120) in (0, 1)


@pytest.mark.parametrize("name", WRITERS)
def test_a_reader_that_was_never_there(name: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with start(*WRITERS[name], stdout=writing) as running:
        os.close(writing)
        assert running.stderr is not None
        assert running.stderr.read() == b""
        assert running.wait(120) == 1


@pytest.mark.parametrize("name", WRITERS)
def test_standard_output_that_is_closed(name: str) -> None:
    """``>&-``: a result that goes nowhere is lost, which is said."""
    found = run(*WRITERS[name], stdout=None, preexec_fn=lambda: os.close(1))
    assert found.code == 1
    assert found.err == "sciie-eval: standard output: Bad file descriptor; check it and run again\n"


def test_a_result_in_a_file_needs_no_standard_streams(tmp_path: Path) -> None:
    def close() -> None:
        for handle in range(3):
            os.close(handle)

    found = run(*SCORE, "-o", tmp_path / "out", stdin=None, stdout=None, stderr=None, preexec_fn=close)
    assert found.code == 0
    assert "ner" in (tmp_path / "out").read_text()


def test_standard_input_that_is_closed() -> None:
    found = run("score", "-", *WITH_GOLD, stdin=None, preexec_fn=lambda: os.close(0))
    assert (found.code, found.out) == (1, b"")
    assert found.err == "sciie-eval: -: no predictions in this file; expected one JSON object a line\n"


def test_standard_error_that_is_closed() -> None:
    found = run("score", "none.jsonl", *WITH_GOLD, stderr=None, preexec_fn=lambda: os.close(2))
    assert (found.code, found.out) == (1, b"")


@full
def test_everything_is_full() -> None:
    with Path("/dev/full").open("wb") as disk:
        assert run("score", "none.jsonl", stdout=disk, stderr=disk).code == 1
        assert run(*SCORE, "--split", "test", stdout=disk, stderr=disk).code == 2
        assert run(*SCORE, stdout=disk, stderr=disk).code == 1
