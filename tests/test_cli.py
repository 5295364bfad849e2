"""``sciie-eval`` as people and programs meet it: commands, formats, exit codes, and one line for every mistake."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from toy import FIXTURES, GOLD, ROOT, answer, command, environment, jsonl, rows_of, written
from typer.testing import CliRunner

from sciie_eval import cli, cli_options
from sciie_eval.cli import app, main
from sciie_eval.signature import package_version

PREDS = FIXTURES / "native_completion.jsonl"
OTHER = FIXTURES / "native_completions.jsonl"
WITH_GOLD = ("--gold", str(GOLD))
FAST = ("--bootstrap", "50")


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the command line in this process, from `main` on."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def command_line(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["sciie-eval", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return Ran(0 if code is None else int(code), said.out, said.err)

    return command_line


@pytest.fixture
def score(run: Callable[..., Ran]) -> Callable[..., dict[str, Any]]:
    """Scores files against the toy gold and returns the JSON."""

    def scored(*arguments: str | Path) -> dict[str, Any]:
        found = run("score", *arguments, *WITH_GOLD, *FAST, "--format", "json")
        assert (found.code, found.err) == (0, "")
        value: dict[str, Any] = json.loads(found.out)
        return value

    return scored


def commands() -> Iterator[tuple[str, ...]]:
    """Every command there is, those of groups with the group's name."""
    for info in app.registered_commands:
        yield (str(info.name),)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from ((str(group.name), str(info.name)) for info in group.typer_instance.registered_commands)


def plain(text: str) -> str:
    """Help in one line, without colours and frames."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


# -- help ------------------------------------------------------------------------------------------------------------


def test_the_commands() -> None:
    names = set(commands())
    assert {("score",), ("compare",), ("validate",), ("demo",)} <= names
    assert {("datasets", name) for name in ("list", "show", "fetch", "verify", "export")} <= names


@pytest.mark.parametrize("names", list(commands()), ids=" ".join)
def test_help_shows_an_example_that_fits(names: tuple[str, ...]) -> None:
    found = CliRunner().invoke(app, [*names, "--help"])
    text = plain(found.stdout)
    assert found.exit_code == 0
    example = text.partition("Example: ")[2]
    assert example.startswith(" ".join(("sciie-eval", *names)))
    assert [option for option in re.findall(r"--?[a-z][a-z-]*", example) if option not in text] == []


def test_help_of_the_whole() -> None:
    found = CliRunner().invoke(app, ["--help"])
    assert found.exit_code == 0
    assert all(names[0] in found.stdout for names in commands())
    assert CliRunner().invoke(app, ["datasets", "--help"]).exit_code == 0
    assert CliRunner().invoke(app, []).exit_code == 2


def test_every_option_is_explained() -> None:
    text = plain(CliRunner().invoke(app, ["score", "--help"], env={"COLUMNS": "200"}).stdout)
    for field in cli_options.fields(cli_options.Options):
        assert f"--{field.name.replace('_', '-')} " in text


def test_version(run: Callable[..., Ran]) -> None:
    assert run("--version") == (0, f"sciie-eval {package_version()}\n", "")


# -- score -----------------------------------------------------------------------------------------------------------

RATIOS = {"precision", "recall", "f1", "macro_f1", "tp", "n_pred", "n_gold", "ci"}


def check_keys(value: dict[str, Any]) -> None:
    """What INTERFACES.md promises to programs; more is allowed."""
    assert {"signature", "n_sentences", "missing", "parse", "tasks", "by_type"} <= set(value)
    assert list(value["tasks"]) == ["ner", "rel", "rel+"]
    for name, task in value["tasks"].items():
        if task is None:
            assert name not in value["by_type"]
            continue
        assert set(task) >= RATIOS
        assert task["ci"] is None or len(task["ci"]) == 2
        for row in value["by_type"][name].values():
            assert set(row) >= {"precision", "recall", "f1", "tp", "n_pred", "n_gold"}


def test_json_of_one_system(score: Callable[..., dict[str, Any]]) -> None:
    value = score(PREDS)
    check_keys(value)
    assert (value["n_sentences"], value["missing"], value["parse"]) == (4, 0, {"ok": 4})
    assert value["tasks"]["ner"]["f1"] == 0.8
    assert value["by_type"]["ner"]["Dataset"]["precision"] is None
    assert value["signature"].endswith(f"sciie-eval:{package_version()}")


def test_json_of_several_systems(score: Callable[..., dict[str, Any]]) -> None:
    value = score(PREDS, OTHER)
    assert list(value) == ["systems"]
    assert [system["name"] for system in value["systems"]] == ["native_completion", "native_completions"]
    for system in value["systems"]:
        check_keys(system)
        assert {**system, "name": None, "signature": None} == {
            **score(FIXTURES / f"{system['name']}.jsonl"),
            "name": None,
            "signature": None,
        }


def test_a_task_that_no_prediction_speaks_of_is_null(score: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    rows = [{"id": f"gold-{n}", "prediction": {"ner": row["ner"]}} for n, row in enumerate(rows_of(GOLD))]
    value = score(written(tmp_path / "p.jsonl", rows))
    check_keys(value)
    assert value["tasks"]["rel"] is None
    assert value["tasks"]["rel+"] is None
    assert value["tasks"]["ner"]["f1"] == 1.0


def test_undefined_is_null_not_zero(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", [{"prediction": {"ner": []}, "gold": {"ner": []}}])
    task = json.loads(run("score", path, "--format", "json").out)["tasks"]["ner"]
    assert {task[name] for name in ("precision", "recall", "f1", "macro_f1", "ci")} == {None}
    assert re.search(r"^ner +– +– +– +– +– +0 +0 +0$", run("score", path).out, re.MULTILINE)


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "latex", "csv"])
@pytest.mark.parametrize("number", [1, 2])
def test_every_format_on_standard_output_and_in_a_file(
    run: Callable[..., Ran], tmp_path: Path, format_: str, number: int
) -> None:
    arguments = ["score", *[PREDS, OTHER][:number], *WITH_GOLD, *FAST, "--format", format_]
    shown = run(*arguments)
    assert (shown.code, shown.err) == (0, "")
    path = tmp_path / "report"
    assert run(*arguments, "-o", path) == (0, "", "")
    assert path.read_text(encoding="utf-8") == shown.out
    begins = {"text": "task ", "json": "{", "markdown": "| task", "latex": r"\begin{tabular}{lrrrr", "csv": "system,"}
    expected = begins[format_] if number == 1 else begins[format_].replace("task", "system")
    assert shown.out.startswith(expected.replace("{lrrrr", "{llrrrr") if number == 2 else expected)


def test_text_is_plain_unless_colour_is_forced(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("score", PREDS, *WITH_GOLD, *FAST)
    text = run(*arguments).out
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = run(*arguments).out
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "latex", "csv"])
def test_standard_output_that_knows_ascii_only(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format_: str
) -> None:
    path = written(tmp_path / "é😀.jsonl", rows_of(PREDS))
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert run("score", path, PREDS, *WITH_GOLD, *FAST, "--format", format_).code == 0
    stream.seek(0)
    text = stream.read()
    if format_ == "json":
        assert json.loads(text)["systems"][0]["name"] == "é😀"
    else:
        assert re.search(r"(\\|textbackslash\{\})xe9(\\|textbackslash\{\})U0001f600", text)


def test_warnings_and_signature_stand_in_every_format(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", rows_of(PREDS)[:3])
    arguments = ("score", path, *WITH_GOLD, *FAST, "--format")
    warning = "1 of 4 sentences have no prediction and count as empty"
    assert f"note: {warning}" in run(*arguments, "text").out
    assert json.loads(run(*arguments, "json").out)["warnings"] == [warning]
    assert f"\n- {warning}\n- tasks:" in run(*arguments, "markdown").out
    assert f"\n% {warning}\n% tasks:" in run(*arguments, "latex").out
    for more in ((), ("-o", tmp_path / "out.csv")):
        found = run(*arguments, "csv", *more)
        assert found.err == f"note: {warning}\n"
        assert found.code == 0
    two = run("score", path, PREDS, *WITH_GOLD, *FAST, "--format", "csv")
    assert two.err == f"note: p: {warning}\n"
    assert f"- p: {warning}" in run("score", path, PREDS, *WITH_GOLD, *FAST, "--format", "markdown").out


def test_settings_reach_the_signature(score: Callable[..., dict[str, Any]]) -> None:
    how = ["--match", "overlap", "--threshold", "0.4", "--normalize", "casefold", "--duplicates", "multiset"]
    more = ["--symmetric", "undirected", "--credit", "partial", "--tasks", " rel, ner ", "--parse", "strict"]
    rest = ["--ci", "90", "--cluster", "doc_id", "--seed", "7", "--schema", "scierc"]
    value = score(PREDS, *how, *more, *rest)
    assert value["signature"].startswith(
        "tasks:ner,rel|match:overlap>=0.4|items:text|norm:casefold|dup:multiset|sym:undirected|"
        "empty:both1-one0-unparsed0|credit:partial|parse:strict|agg:micro|ci:90%.doc_id.student-t|schema:scierc@"
    )
    assert list(value["tasks"]) == ["ner", "rel"]
    assert "|compat:r2grpo|" in score(PREDS, "--compat", "r2grpo", "--tasks", "ner,rel,rel+")["signature"]


def test_a_card_of_ones_own(run: Callable[..., Ran], tmp_path: Path) -> None:
    card = tmp_path / "mine.toml"
    card.write_text('name = "mine"\ntitle = "Mine"\n[schema]\nentity_types = [{ name = "Tool" }]\n', encoding="utf-8")
    found = run("score", PREDS, *WITH_GOLD, *FAST, "--schema", card, "--format", "json")
    assert list(json.loads(found.out)["by_type"]["ner"]) == ["Tool", "(other)"]
    assert "|schema:mine@" in found.out


def test_sample(score: Callable[..., dict[str, Any]]) -> None:
    assert score(OTHER)["tasks"]["ner"]["f1"] == 0.8
    assert score(OTHER, "--sample", "1")["tasks"]["ner"]["f1"] == 1.0
    assert "|sample:1|" in score(OTHER, "--sample", "1")["signature"]


def test_skip_bad_lines(score: Callable[..., dict[str, Any]], run: Callable[..., Ran], tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", ["{oops", *rows_of(PREDS)])
    assert score(path, "--skip-bad-lines")["warnings"] == ["1 malformed lines were skipped: 1"]
    found = run("score", path, *WITH_GOLD)
    assert (found.code, found.out) == (1, "")
    assert re.fullmatch(r"sciie-eval: .*p\.jsonl, line 1, column 2: not JSON: [^\n]*\n", found.err)


def test_join_by_order(score: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    rows = [{"completion": row["completion"]} for row in rows_of(PREDS)]
    assert score(written(tmp_path / "p.jsonl", rows), "--join", "order")["tasks"]["ner"]["f1"] == 0.8


def test_standard_input() -> None:
    found = CliRunner().invoke(app, ["score", "-", *WITH_GOLD, *FAST, "--format", "json"], input=PREDS.read_text())
    assert json.loads(found.stdout)["tasks"]["ner"]["f1"] == 0.8
    both = CliRunner().invoke(app, ["score", "-", str(OTHER), *WITH_GOLD, *FAST], input=PREDS.read_text())
    assert re.search(r"^stdin +ner ", both.stdout, re.MULTILINE)


def test_names_of_systems(run: Callable[..., Ran], tmp_path: Path) -> None:
    paths = [tmp_path / name / "preds.jsonl" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(PREDS.read_bytes())
    found = run("score", *paths, *WITH_GOLD, *FAST, "--format", "json")
    assert [system["name"] for system in json.loads(found.out)["systems"]] == [str(path) for path in paths]
    names = cli._named([Path("x.jsonl.gz"), Path("-")], cli_options.Options())
    assert names == [("x", Path("x.jsonl.gz")), ("stdin", Path("-"))]


# -- compare, validate, demo -----------------------------------------------------------------------------------------


def test_compare(run: Callable[..., Ran]) -> None:
    arguments = ("compare", PREDS, OTHER, FIXTURES / "native_bare.jsonl", *WITH_GOLD, *FAST)
    value = json.loads(run(*arguments, "--format", "json").out)
    check_keys(value["baseline"])
    assert value["baseline"]["name"] == "native_completion"
    assert [system["name"] for system in value["systems"]] == ["native_completions", "native_bare"]
    for system in value["systems"]:
        assert system["tasks"]["ner"]["delta"] == 0.0
        assert set(system["tasks"]["ner"]["p_holm"]) == {"bootstrap", "randomization"}
        assert "|sample:0|" in system["signature"] or system["name"] == "native_bare"
    text = run(*arguments).out
    assert text.startswith("against native_completion (p-values are Holm-corrected)\n")
    assert "ner: ΔF1 per type" in text
    assert run(*arguments, "--format", "csv").out.startswith("system,task,type,baseline_f1,f1,delta,")
    assert run(*arguments, "--format", "markdown").out.startswith("**against native\\_completion (")
    assert r"$\Delta$" in run(*arguments, "--format", "latex").out


def test_compare_shows_what_was_won(run: Callable[..., Ran], tmp_path: Path) -> None:
    better = written(tmp_path / "better.jsonl", [{"id": "gold-1", "completion": answer(("LeafCorpus", "Dataset"))}])
    base = written(tmp_path / "base.jsonl", [{"id": "gold-0", "completion": answer(("TinyTagger", "Method"))}])
    text = run("compare", base, better, *WITH_GOLD, *FAST).out
    assert "better won  ner  gold-1: LeafCorpus · Dataset" in text
    assert "better lost ner  gold-0: TinyTagger · Method" in text
    assert " won " not in run("compare", base, better, *WITH_GOLD, *FAST, "--show", "0").out.partition("ner: Δ")[2]


def test_compare_with_gold_in_the_rows_of_the_baseline(run: Callable[..., Ran], tmp_path: Path) -> None:
    ids = {row["id"]: row for row in rows_of(FIXTURES / "native_gold_mapping.jsonl")}
    others = written(tmp_path / "other.jsonl", [{"id": name, "prediction": ids[name]["gold"]} for name in [*ids][::-1]])
    found = run("compare", FIXTURES / "native_gold_mapping.jsonl", others, *FAST, "--format", "json")
    task = json.loads(found.out)["systems"][0]["tasks"]["ner"]
    assert (task["baseline_f1"], task["f1"]) == (0.8, 1.0)
    assert task["won"] == [{"id": "gold-1", "item": ["LeafCorpus", "Dataset"]}]
    stranger = written(tmp_path / "stranger.jsonl", [{"id": "x", "completion": answer()}])
    found = run("compare", FIXTURES / "native_gold_mapping.jsonl", stranger)
    assert found.code == 1
    assert "no gold sentence has the id 'x'" in found.err


def test_validate(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", [*rows_of(PREDS)[:3], {"id": "gold-3", "completion": answer(("x", "=1+1"))}])
    value = json.loads(run("validate", path, OTHER, *WITH_GOLD, "--format", "json").out)
    assert [file["name"] for file in value["files"]] == ["p", "native_completions"]
    assert value["files"][0]["unknown_labels"] == {"=1+1": 1}
    text = run("validate", path, *WITH_GOLD).out
    assert text.startswith("p\n")
    assert re.search(r"label: =1\+1 +outside the schema; wrong unless gold has it, too +1$", text, re.MULTILINE)
    rows = list(csv.DictReader(io.StringIO(run("validate", path, OTHER, *WITH_GOLD, "--format", "csv").out)))
    assert {row["file"] for row in rows} == {"p", "native_completions"}
    assert [row["n"] for row in rows if row["what"] == "samples"] == ["4", "8"]
    assert run("validate", path, *WITH_GOLD, "--format", "markdown").out.startswith("**p**\n")
    assert "without gold" in run("validate", path).out


def test_demo(run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("demo")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("60 sentences of our own, ")
    assert "predictions: ok " in found.out
    monkeypatch.chdir(ROOT)
    typed = shlex.split(run("demo").out.splitlines()[1])
    assert typed == ["sciie-eval", "score", "datasets/sample/predictions.jsonl", "--gold", "datasets/sample/gold.jsonl"]
    said = run(*typed[1:]).out
    assert said in found.out


def test_the_command_that_demo_shows_survives_odd_folders() -> None:
    path = Path("/my predictions/sample/predictions.jsonl")
    words = shlex.split(cli._typed(path))
    assert words == ["sciie-eval", "score", str(path), "--gold", "/my predictions/sample/gold.jsonl"]


# -- one line for every mistake --------------------------------------------------------------------------------------

NO_DATA = {"SCIIE_DATA_DIR": "", "SCIIE_CACHE_DIR": "none", "XDG_CACHE_HOME": ""}
WRONG = [
    (["score", "none.jsonl"], "none.jsonl: No such file or directory; check the path"),
    (["score", "."], ".: Is a directory; check the path"),
    (["score", "none.parquet"], "none.parquet: No such file; check the path"),
    (["score", str(PREDS)], "native_completion.jsonl, line 1: no gold; add a field gold, or give --gold, or --dataset"),
    (["score", str(PREDS), "--gold", "none.jsonl"], "none.jsonl: No such file or directory; check the path"),
    (["score", str(PREDS), "--gold", str(PREDS)], "line 1: row gold-0: field sentence: expected a string"),
    (["score", str(FIXTURES / "native_bare.jsonl")], "is a prediction without gold; say where gold is: --gold FILE"),
    (["score", str(PREDS), "--dataset", "x", "--split", "y"], "no dataset card is called 'x'; known cards: scier, "),
    (["score", str(PREDS), "--dataset", "scier", "--split", "x"], "no split 'x'"),
    (["score", str(PREDS), "--dataset", "scier", "--split", "test"], "run: sciie-eval datasets fetch scier"),
    (["score", str(PREDS), *WITH_GOLD, "--schema", "none.toml"], "none.toml: No such file or directory; known cards: "),
    (["score", str(OTHER), *WITH_GOLD, "--sample", "2"], "--sample 2 asks for a sample that is not there; the row has"),
    (
        ["score", str(GOLD), "--gold", str(FIXTURES / "pure.jsonl"), "-o", "none/x"],
        "none/x: cannot be written: there is no folder",
    ),
    (["compare", "none.jsonl", str(PREDS)], "none.jsonl: No such file or directory; check the path"),
    (["validate", "none.jsonl"], "none.jsonl: No such file or directory; check the path"),
    (["datasets", "show", "x"], "no dataset card is called 'x'"),
]
USAGE = [
    (["score", str(PREDS), *WITH_GOLD, "--dataset", "scier"], "--gold and --dataset both say where gold is"),
    (["score", str(PREDS), "--dataset", "scier"], "--dataset scier needs --split, such as --split test"),
    (["score", str(PREDS), "--split", "test"], "--split test needs --dataset"),
    (["score", str(PREDS), "--tasks", "ner,x"], "--tasks: expected a comma-separated list of ner, rel, rel+, got"),
    (["score", str(PREDS), "--tasks", ","], "--tasks: expected a comma-separated list of ner, rel, rel+, got ','"),
    (["score", str(PREDS), "--threshold", "0.5"], "threshold: match=strict has none; it belongs to overlap and fuzzy"),
    (["score", str(PREDS), "--match", "fuzzy", "--threshold", "2"], "threshold: expected a number above 0 and at most"),
    (["score", str(PREDS), "--ci", "100"], "ci: expected a percentage from 1 up to below 100"),
    (["score", str(PREDS), "--bootstrap", "0"], "bootstrap: expected at least 1 resample, got 0"),
    (["score", str(PREDS), "--seed", "-1"], "seed: expected a number from 0 up, got -1"),
    (["score", str(PREDS), "--compat", "r2grpo", "--match", "overlap"], "compat=r2grpo fixes match=strict"),
    (["score", str(PREDS), str(PREDS), *WITH_GOLD], "a prediction file is given twice"),
    (["compare", str(PREDS), str(PREDS), *WITH_GOLD], "a prediction file is given twice"),
]


@pytest.mark.parametrize(
    ("arguments", "message", "code"), [*((*row, 1) for row in WRONG), *((*row, 2) for row in USAGE)]
)
def test_our_own_errors_are_one_line(
    run: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    code: int,
) -> None:
    for name, value in NO_DATA.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    found = run(*arguments)
    assert (found.code, found.out) == (code, "")
    assert found.err.startswith("sciie-eval: ")
    assert found.err.count("\n") == 1
    assert message in found.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["compare", str(PREDS)],
        ["nonsense"],
        ["score", str(PREDS), "--nonsense"],
        ["score", str(PREDS), "--match", "nonsense"],
        ["score", str(PREDS), "--format", "xml"],
        ["score", str(PREDS), "--join", "sentence"],
        ["score", str(PREDS), "--ci", "x"],
        ["score", str(PREDS), "--cluster", "x"],
        ["compare", str(PREDS), str(OTHER), "--show", "-1"],
        ["demo", "x"],
        ["datasets"],
        ["datasets", "export"],
    ],
)
def test_wrong_usage(run: Callable[..., Ran], arguments: list[str]) -> None:
    found = run(*arguments)
    assert found.code == 2
    assert "Traceback" not in found.err
    assert "Usage: " in plain(found.err) + plain(found.out)


@pytest.mark.parametrize(("name", "package"), [("p.parquet", "pyarrow"), ("p.jsonl.zst", "zstandard")])
def test_missing_extras(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, package: str
) -> None:
    (tmp_path / name).write_bytes(b"x")
    monkeypatch.setitem(sys.modules, package, None)
    found = run("score", tmp_path / name, *WITH_GOLD)
    assert (found.code, found.out) == (1, "")
    assert f"needs the package {package}, which is not installed; run: pip install 'sciie-eval[io]'\n" in found.err


def test_whatever_is_written_to_may_fail(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "app", refuse)
    line = "sciie-eval: standard output: No space left on device; check it and run again\n"
    assert run("demo") == (1, "", line)


# -- on a terminal ---------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", ["native_completion.jsonl", "-"])
def test_progress_bars_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    options = cli_options.Options(sample=3, join="order", skip_bad_lines=True)
    path = FIXTURES / name if name != "-" else Path(name)
    with options.reading(path) as reading:
        assert reading.on_bytes is None
    monkeypatch.setattr(sys, "stderr", Terminal())
    with options.reading(path) as reading:
        assert (reading.sample, reading.join, reading.skip_bad_lines) == (3, "order", True)
        assert reading.on_bytes is not None
        reading.on_bytes(10)
    assert isinstance(sys.stderr, Terminal)
    assert path.name in sys.stderr.getvalue()


# -- as processes ----------------------------------------------------------------------------------------------------


def test_a_process_that_does_its_work(tmp_path: Path) -> None:
    found = command("score", PREDS, *WITH_GOLD, *FAST, "--format", "json", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    check_keys(json.loads(found.stdout))


def test_a_process_that_reads_standard_input() -> None:
    found = command("score", "-", *WITH_GOLD, *FAST, "--format", "json", stdin=PREDS.read_text())
    assert json.loads(found.stdout)["tasks"]["ner"]["f1"] == 0.8
    found = command("score", "-", *WITH_GOLD)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == "sciie-eval: -: no predictions in this file; expected one JSON object a line\n"


def test_processes_that_fail() -> None:
    wrong = command("score", "none.jsonl")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "sciie-eval: none.jsonl: No such file or directory; check the path\n"
    usage = command("score", PREDS, "--split", "test")
    assert (usage.returncode, usage.stdout, usage.stderr.count("\n")) == (2, "", 1)
    assert command("score", "--nonsense").returncode == 2


def process(*arguments: str | Path, **pipes: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "sciie_eval.cli", *map(str, arguments)], env=environment(), cwd=ROOT, **pipes
    )


def test_an_interrupt_ends_with_130() -> None:
    """More rows than a pipe holds: once they are written, the process is reading, and waits for more."""
    rows = [{"id": str(number), "completion": answer(), "gold": {"ner": []}} for number in range(10_000)]
    pipe = subprocess.PIPE
    # a shell's background jobs ignore interrupts, and their children inherit that
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with process("score", "-", stdin=pipe, stdout=pipe, stderr=pipe, **heeding) as running:
        assert running.stdin is not None
        running.stdin.write(jsonl(rows).encode())
        running.stdin.flush()
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
        assert running.stdout is not None
        assert running.stdout.read() == b""
        assert running.stderr is not None
        assert b"Traceback" not in running.stderr.read()


def test_a_reader_that_goes_away() -> None:
    """``sciie-eval … | head -1`` must not end in a traceback."""
    with process("datasets", "show", "scier", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b""
        assert running.wait(60) in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to stand for a full disk")
@pytest.mark.parametrize(
    "arguments", [("demo",), ("score", PREDS, *WITH_GOLD, "--format", "json"), ("datasets", "list")]
)
def test_a_full_disk_behind_standard_output(arguments: tuple[str | Path, ...]) -> None:
    with Path("/dev/full").open("wb") as full, process(*arguments, stdout=full, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert (
            running.stderr.read() == b"sciie-eval: standard output: No space left on device; check it and run again\n"
        )
        assert running.wait(60) == 1


def test_a_process_whose_standard_output_knows_ascii_only(tmp_path: Path) -> None:
    path = written(tmp_path / "é😀.jsonl", rows_of(PREDS))
    arguments = ("score", path, PREDS, *WITH_GOLD, *FAST, "--format", "json")
    value = json.loads(command(*arguments, PYTHONIOENCODING="ascii").stdout)
    assert value["systems"][0]["name"] == "é😀"


# -- the corpus and the golden samples -------------------------------------------------------------------------------


def scored(run: Callable[..., Ran], *arguments: str | Path) -> dict[str, Any]:
    found = run("score", *arguments, *FAST, "--format", "json")
    assert (found.code, found.err) == (0, "")
    value: dict[str, Any] = json.loads(found.out)
    return value


@pytest.mark.parametrize(
    ("name", "split"),
    [("dev", "dev"), ("test", "test"), ("test_ood", "test_ood"), ("plm_dev", "dev"), ("plm_test", "test")],
)
def test_scier_against_itself_is_exactly_one(run: Callable[..., Ran], data_dir: Path, name: str, split: str) -> None:
    value = scored(run, data_dir / "scier" / f"{name}.jsonl", "--dataset", "scier", "--split", split)
    assert [task["f1"] for task in value["tasks"].values()] == [1.0, 1.0, 1.0]
    assert value["missing"] == 0


@pytest.mark.parametrize("name", ["plm_dev", "plm_test"])
def test_token_spans_against_themselves(run: Callable[..., Ran], data_dir: Path, name: str) -> None:
    path = data_dir / "scier" / f"{name}.jsonl"
    value = scored(run, path, "--gold", path)
    assert [task["f1"] for task in value["tasks"].values()] == [1.0, 1.0, 1.0]
    assert "|items:offsets|" in value["signature"]


def test_the_golden_samples(run: Callable[..., Ran], data_dir: Path, golden_dir: Path) -> None:
    released = json.loads((golden_dir / "dev_samples.released_evaluator.json").read_text(encoding="utf-8"))["1"]
    arguments = (golden_dir / "dev_samples.jsonl", "--dataset", "scier", "--split", "dev")
    ours, theirs = scored(run, *arguments), scored(run, *arguments, "--compat", "r2grpo")
    for name in ("ner", "rel"):
        task = theirs["tasks"][name]
        assert [task["precision"], task["recall"], task["f1"]] == pytest.approx(released[name], abs=1e-12)
        assert ours["tasks"][name]["recall"] == task["recall"]
        assert ours["tasks"][name]["precision"] < task["precision"]
    assert theirs["tasks"]["rel+"] is None
    assert ours["tasks"]["rel+"] is not None
    assert ours["tasks"]["ner"]["n_pred"] == 1969
    assert "compat=r2grpo imitates an evaluator" in theirs["warnings"][0]


def test_predictions_for_another_split(run: Callable[..., Ran], data_dir: Path) -> None:
    found = run("score", data_dir / "scier" / "dev.jsonl", "--dataset", "scier", "--split", "test")
    assert found.code == 1
    assert re.search(r"dev\.jsonl, line 1: gold has no sentence .*; is this the right split\?\n$", found.err)
