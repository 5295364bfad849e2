"""``sciie-eval passk`` as people and programs meet it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_cli import FAST, OTHER, PREDS, WITH_GOLD, Ran, Terminal, run
from toy import FIXTURES, GOLD, answer, rows_of, written

__all__ = ["run"]

Run = Callable[..., Ran]
YES = answer(("TinyTagger", "Method"))


def scored(run: Run, *arguments: str | Path) -> dict[str, Any]:
    found = run("passk", *arguments, *WITH_GOLD, *FAST, "--format", "json")
    assert (found.code, found.err) == (0, "")
    value: dict[str, Any] = json.loads(found.out)
    return value


def samples(path: Path, *numbers: int) -> Path:
    """So many samples for each of the toy sentences."""
    return written(path, [{"id": f"gold-{i}", "completions": [YES] * number} for i, number in enumerate(numbers)])


# -- what it gives ---------------------------------------------------------------------------------------------------


def test_json_of_one_system(run: Run) -> None:
    value = scored(run, OTHER)
    assert {"signature", "n_sentences", "n_samples", "k", "best", "avg", "consensus"} <= set(value)
    assert (value["n_sentences"], value["n_samples"], value["k"]) == (4, 2, [1, 2])
    for statistic in ("best", "avg", "consensus"):
        assert list(value[statistic]) == ["ner", "rel", "rel+"]
        for curve in value[statistic].values():
            assert len(curve["micro"]) == len(curve["micro_ci"]) == 2
            assert ("macro" in curve) == (statistic != "consensus")
    assert value["best"]["rel"]["macro"] == [0.875, 1.0]
    assert value["avg"]["rel"]["macro"] == [0.875, 0.875]
    assert value["samples"]["parsed"] == 1.0
    assert "|k:1,2|n:2|oracle:per-task|theta:0.5|estimator:exact-subsets|" in value["signature"]


def test_json_of_several_systems(run: Run) -> None:
    value = scored(run, OTHER, PREDS)
    assert [system["name"] for system in value["systems"]] == ["native_completions", "native_completion"]
    assert [system["k"] for system in value["systems"]] == [[1, 2], [1]]


def test_options_reach_the_numbers_and_the_signature(run: Run) -> None:
    value = scored(run, OTHER, "--k", "2", "--oracle", "joint", "--theta", "0.75", "--tasks", "ner", "--seed", "7")
    assert (value["k"], list(value["best"])) == ([2], ["ner"])
    assert "|k:2|n:2|oracle:joint|theta:0.75|" in value["signature"]
    assert ".seed7|" in value["signature"]
    assert "|ci:95%.doc_id.student-t|" in scored(run, OTHER, "--cluster", "doc_id")["signature"]
    compat = scored(run, OTHER, "--compat", "r2grpo")
    assert compat["best"]["rel+"] is None
    assert set(compat["avg"].values()) == set(compat["consensus"].values()) == {None}


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "latex", "csv"])
@pytest.mark.parametrize("number", [1, 2])
def test_every_format_on_standard_output_and_in_a_file(run: Run, tmp_path: Path, format_: str, number: int) -> None:
    arguments = ["passk", *[OTHER, PREDS][:number], *WITH_GOLD, *FAST, "--format", format_]
    shown = run(*arguments)
    assert (shown.code, shown.err) == (0, "")
    path = tmp_path / "report"
    assert run(*arguments, "-o", path) == (0, "", "")
    assert path.read_text(encoding="utf-8") == shown.out
    if format_ == "text":
        assert max(map(len, shown.out.splitlines())) <= 100
    if format_ != "json":
        assert ("micro" in shown.out) == ("estimator:exact-subsets" in shown.out) == True  # noqa: E712


def test_the_text(run: Run) -> None:
    text = run("passk", OTHER, *WITH_GOLD, *FAST).out
    assert re.search(r"^task +K +Best +95 % CI +Avg +95 % CI +Consensus +95 % CI$", text, re.MULTILINE)
    assert re.search(r"^rel +2 +100\.0 +100\.0–100\.0 ", text, re.MULTILINE)
    assert "macro: mean F1 of sentences" in text
    assert re.search(r"^native_completions +2 +100\.0 +", text, re.MULTILINE)
    assert "4 sentences · 8 predictions: ok 8 · missing 0 · samples a sentence 2" in text
    both = run("passk", OTHER, PREDS, *WITH_GOLD, *FAST).out
    assert both.startswith("micro-F1 at the largest K\n")
    assert re.search(r"^native_completion +1( +\d+\.\d){9}$", both, re.MULTILINE)


def test_many_k_fit_a_terminal(run: Run, tmp_path: Path) -> None:
    path = samples(tmp_path / "a_rather_long_name_of_a_system.jsonl", *[64] * 4)
    text = run("passk", path, OTHER, *WITH_GOLD, *FAST).out
    assert max(map(len, text.splitlines())) <= 100
    assert "@64" in text


def test_compat_and_other_matchers_in_text(run: Run) -> None:
    text = run("passk", OTHER, *WITH_GOLD, *FAST, "--compat", "r2grpo").out
    assert "macro" not in text.partition("signature")[0]
    assert re.search(r"^ner +2 +\S+ +\S+ +– +– +– +–$", text, re.MULTILINE)
    assert "note: compat=r2grpo imitates" in text
    mixed = run("passk", OTHER, *WITH_GOLD, *FAST, "--match", "overlap").out
    assert "note: no Consensus@K: match=overlap" in mixed


def test_warnings_of_csv_go_elsewhere(run: Run) -> None:
    found = run("passk", OTHER, *WITH_GOLD, *FAST, "--match", "fuzzy", "--format", "csv")
    assert found.err.startswith("note: no Consensus@K")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert {row["statistic"] for row in rows} == {
        "best",
        "avg",
        "distinct",
        "parsed",
        "answer_words",
        "reasoning_words",
    }


def test_missing_sentences_are_named(run: Run, tmp_path: Path) -> None:
    found = run("passk", samples(tmp_path / "p.jsonl", 2), *WITH_GOLD, *FAST)
    assert "note: 3 of 4 sentences have no prediction and count as empty" in found.out


def test_a_progress_bar_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run("passk", OTHER, *WITH_GOLD, *FAST).code == 0
    assert OTHER.name in terminal.getvalue()


# -- the picture -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_the_picture_and_its_data(run: Run, tmp_path: Path, suffix: str, begins: bytes) -> None:
    picture = tmp_path / f"curves.{suffix}"
    arguments = ("passk", OTHER, PREDS, *WITH_GOLD, *FAST, "--plot", picture)
    assert run(*arguments).code == 0
    drawn = picture.read_bytes()
    assert drawn.startswith(begins)
    data = (tmp_path / "curves.csv").read_text(encoding="utf-8")
    assert data == run(*arguments, "--format", "csv").out
    assert picture.read_bytes() == drawn
    assert sorted(os.listdir(tmp_path)) == sorted(["curves.csv", f"curves.{suffix}"])


def test_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    found = run("passk", OTHER, *WITH_GOLD, "--plot", tmp_path / "c.png")
    line = "drawing curves needs the package matplotlib, which is not installed; run: pip install 'sciie-eval[report]'"
    assert found == (1, "", f"sciie-eval: {line}\n")
    assert os.listdir(tmp_path) == []
    assert run("passk", OTHER, *WITH_GOLD, *FAST).code == 0


def test_a_picture_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "none"
    found = run("passk", "read.jsonl", *WITH_GOLD, "--plot", folder / "c.png")  # said before anything is read
    line = f"{folder / 'c.png'}: cannot be written: there is no folder {folder}; make it first"
    assert found == (1, "", f"sciie-eval: {line}\n")
    (tmp_path / "c.png").mkdir()
    found = run("passk", OTHER, *WITH_GOLD, *FAST, "--plot", tmp_path / "c.png")
    assert (found.code, found.out) == (1, "")
    assert "c.png: cannot be written: Is a directory" in found.err


# -- one line for every mistake --------------------------------------------------------------------------------------


def made(folder: Path) -> None:
    """Files that are wrong."""
    samples(folder / "short.jsonl", 4, 2, 4)
    written(folder / "mixed.jsonl", [{"id": "gold-0", "completions": [YES] * 4}, {"id": "gold-1", "completion": YES}])
    written(folder / "bare.jsonl", [{"id": "gold-0", "completions": [YES] * 4}, {"id": "gold-1"}])
    written(folder / "none.jsonl", [{"id": "gold-0", "completions": []}])
    written(folder / "null.jsonl", [{"id": "gold-0", "completions": None}])
    written(folder / "empty.jsonl", [])
    written(folder / "blank.jsonl", ["", " "])


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (
            ["short.jsonl", "--k", "1,4"],
            "short.jsonl, line 2: K = 4 asks for more than its 2 samples; give a smaller",
            1,
        ),
        (
            ["mixed.jsonl"],
            "mixed.jsonl, line 2: one prediction, where mixed.jsonl, line 1 has 4 samples; give every",
            1,
        ),
        (["mixed.jsonl", "--k", "4"], "mixed.jsonl, line 2: K = 4 asks for more than its 1 sample;", 1),
        (["bare.jsonl"], "bare.jsonl, line 2: no prediction; expected one of the fields completion, completions,", 1),
        (["none.jsonl"], "none.jsonl, line 1: field completions: expected a list with at least one sample, got []", 1),
        (
            ["null.jsonl"],
            "null.jsonl, line 1: field completions: expected a list with at least one sample, got",
            1,
        ),
        (["empty.jsonl"], "empty.jsonl: no predictions in this file; expected one JSON object a line", 1),
        (["blank.jsonl"], "blank.jsonl: no predictions in this file; expected one JSON object a line", 1),
        (["absent.jsonl"], "absent.jsonl: No such file or directory; check the path", 1),
        (["short.jsonl", "--k", "0"], "k: expected whole numbers from 1 up, got (0,)", 2),
        (["short.jsonl", "--k", "1,x"], "--k: expected numbers of samples such as 1,2,4,8, got '1,x'", 2),
        (["short.jsonl", "--k", ""], "--k: expected numbers of samples such as 1,2,4,8, got ''", 2),
        (["short.jsonl", "--theta", "0"], "theta: expected a share above 0 and at most 1, got 0.0", 2),
        (["short.jsonl", "--sample", "1"], "passk takes all samples; leave --sample out", 2),
        (["short.jsonl", "--compat", "r2grpo", "--oracle", "joint"], "compat=r2grpo fixes oracle=per-task; leave", 2),
        (["short.jsonl", "--plot", "c.jpg"], "--plot c.jpg: expected a file name that ends in .png, .svg, .pdf", 2),
        (["short.jsonl", "--plot", "c.png", "-o", "c.csv"], "--plot c.png writes its data to c.csv, too; give -o", 2),
    ],
)
def test_mistakes(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], message: str, code: int
) -> None:
    made(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir())
    found = run("passk", *arguments, *WITH_GOLD)
    assert (found.code, found.out) == (code, "")
    assert found.err.startswith("sciie-eval: ")
    assert found.err.count("\n") == 1
    assert message in found.err
    assert sorted(os.listdir()) == before


def test_wrong_usage(run: Run) -> None:
    for arguments in ([], [str(OTHER), "--oracle", "both"], [str(OTHER), "--theta", "x"]):
        assert run("passk", *arguments).code == 2


# -- real samples ----------------------------------------------------------------------------------------------------


def test_every_form_with_several_samples(run: Run) -> None:
    for name in ("native_completions", "native_predictions", "trl_logged", "openai_batch", "vllm_batch"):
        value = scored(run, FIXTURES / f"{name}.jsonl")
        assert value["n_sentences"] == len(rows_of(GOLD))


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "latex", "csv"])
def test_a_file_that_speaks_of_no_task(run: Run, tmp_path: Path, format_: str) -> None:
    rows = [{"predictions": [{"rel": []}] * 2, "gold": {"ner": [["BERT", "Method"]]}}]
    path, picture = written(tmp_path / "p.jsonl", rows), tmp_path / "c.png"
    found = run("passk", path, *FAST, "--format", format_, "--plot", picture)
    assert found.code == 0
    assert picture.exists()
