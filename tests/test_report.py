"""Reports in every format, for one system and several, with labels from hell."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, Literal

import pytest
from rich.console import Console

from sciie_eval import CorpusScore, score
from sciie_eval.comparison import System, SystemComparison, compare_systems
from sciie_eval.report import render_json, render_tables
from sciie_eval.report.markup import to_csv, to_latex, to_markdown
from sciie_eval.report.tables import (
    Table,
    comparison_tables,
    long_comparison,
    long_table,
    percent,
    score_tables,
    signed,
)
from sciie_eval.report.text import WIDTH, comparison_text, health, score_text, tables_text
from sciie_eval.scoring import tally_predictions
from sciie_eval.settings import Settings

Row = dict[str, Any]
HOSTILE = "a|b\\|c & 100% $x_1$ #{~^} <b>*z*</b> `q` [l](u) \x1b[31mred\x07\r\nend"
GOLD: list[Row] = [
    {
        "ner": [["A", "Method"], ["B", "Task"]],
        "rel": [["A", "Used-For", "B"]],
        "rel_plus": [["A:Method", "Used-For", "B:Task"]],
    },
    {"ner": [["C", HOSTILE]], "rel": [], "rel_plus": []},
]
PREDICTIONS: dict[str, list[Any]] = {
    "base": [{"ner": [["A", "Method"]], "rel": []}, {"ner": [], "rel": []}],
    "better": [{"ner": GOLD[0]["ner"], "rel": GOLD[0]["rel"]}, {"ner": [["C", HOSTILE]], "rel": []}],
    "ner only": [{"ner": []}, {"ner": [["C", "Method"]]}],
    HOSTILE: [{"ner": GOLD[0]["ner"], "rel": []}, '<answer>{"ner": [["C",</answer>'],
}
SETTINGS = Settings(bootstrap=50)


def system(name: str) -> System:
    tallied = tally_predictions(GOLD, PREDICTIONS[name], SETTINGS, keep=True)
    return System(name, tallied.score(), tallied.tally.matches, tallied.examples)


SYSTEMS = [system(name) for name in PREDICTIONS]
SCORES = [(found.name, found.score) for found in SYSTEMS]
COMPARED = compare_systems(SYSTEMS[0], SYSTEMS[1:], SETTINGS)


def terminal(width: int = WIDTH, colour: Literal["truecolor"] | None = None) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, color_system=colour)


def texts(console: Console | None = None) -> dict[str, str]:
    """Every report there is in text form."""
    return {
        "one": score_text(SCORES[:1], console=console),
        "several": score_text(SCORES, console=console),
        "comparison": comparison_text(SCORES, COMPARED, 5, console=console),
        "tables": tables_text([Table(HOSTILE, ("what", HOSTILE), ((HOSTILE, 1), (None, None)))], console=console),
    }


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers() -> None:
    assert (percent(0.12345), percent(1.0), percent(None)) == ("12.3", "100.0", "–")
    assert (signed(0.0125), signed(-0.5), signed(0.0), signed(None)) == ("+1.2", "-50.0", "+0.0", "–")


# -- text ------------------------------------------------------------------------------------------------------------


def test_text_of_one_system() -> None:
    lines = texts()["one"].splitlines()
    assert re.split("  +", lines[0].strip()) == (
        ["task", "P", "R", "F1", "95 % CI", "macro-F1", "correct", "predicted", "gold"]
    )
    assert lines[2].split()[:4] == ["ner", "100.0", "33.3", "50.0"]
    assert lines[2].split()[-3:] == ["1", "1", "3"]
    assert lines[3].split() == ["rel", "–", "0.0", "0.0", "0.0–0.0", "0.0", "0", "0", "1"]
    assert "ner per type" in lines
    assert any(line.split()[0:1] == ["(other)"] for line in lines)
    assert "2 sentences · 2 predictions: ok 2 · missing 0" in lines
    assert "note: gold has ner labels that schema scier lacks" in texts()["one"].replace("\n", " ")


def test_text_of_several_systems() -> None:
    text = texts()["several"]
    assert "ner: F1 per type" in text
    assert "base: 2 sentences · 2 predictions: ok 2 · missing 0" in text
    unspoken = next(line for line in text.splitlines() if line.startswith("ner only") and " rel " in line)
    assert unspoken.split()[2:] == ["rel", *("–",) * 8]


def test_the_signature_is_whole() -> None:
    text = texts()["one"]
    assert SCORES[0][1].signature in re.sub(r"\n +", "", text)


def test_health() -> None:
    gold = [{"ner": []}] * 6
    rows = ['Sure: {"ner": [1], "rel": {}, "x": 1}', '```\n{"entities": []}\n```', None, "", '{"ner": [', '"{}"']
    lines = health(score(gold, rows)).splitlines()
    assert re.fullmatch(r"6 sentences · 6 predictions: (\w+ \d · )+missing 0", lines[0])
    assert re.fullmatch(r"issues: (\w+ \d, ){4}…", lines[1])
    assert health(score(gold, {})) == "6 sentences · 0 predictions: none · missing 6"
    fenced = '```json\n{"ner": [], "rel": []}\n```'
    assert health(score(gold[:1], [fenced])).splitlines()[1:] == ["issues: fenced 1, no_answer_tags 1"]


def test_text_of_a_comparison() -> None:
    text = comparison_text(SCORES[:2], COMPARED[:1], 1)
    assert text.startswith("against base (")
    assert text.splitlines()[3].split()[:5] == ["better", "ner", "50.0", "100.0", "+50.0"]
    assert "better won  ner  0: B · Task" in text
    assert "better won  ner  … and 1 more (--show 2)" in text
    assert "ner: ΔF1 per type" in text
    assert "more (--show" not in comparison_text(SCORES[:2], COMPARED[:1], 2)
    assert " won  ner " not in comparison_text(SCORES[:2], COMPARED[:1], 0)


def test_a_comparison_without_a_task_on_either_side() -> None:
    found = compare_systems(SYSTEMS[2], [SYSTEMS[2]], SETTINGS)
    tables = comparison_tables("ner only", found)
    assert [row[1:3] for row in tables[0].rows][1:] == [("rel", "–"), ("rel+", "–")]
    assert [table.title for table in tables] == [
        "against ner only (p-values are Holm-corrected)",
        "ner: ΔF1 per type",
        "ner: kinds of error (p is Holm-corrected)",
    ]
    assert [row[1] for row in long_comparison(found).rows if row[2] == "(all)"] == ["ner"]


@pytest.mark.parametrize("name", ["one", "several", "comparison", "tables"])
def test_plain_text_is_narrow_and_plain(name: str) -> None:
    for console in (None, Console(file=io.StringIO(), width=200)):
        text = texts(console)[name]
        assert max(map(len, text.splitlines())) <= WIDTH
        assert not [char for char in text if char < " " and char != "\n"]


@pytest.mark.parametrize("name", ["one", "several", "comparison", "tables"])
def test_colour_on_a_terminal(name: str) -> None:
    coloured = texts(terminal(colour="truecolor"))[name]
    assert "\x1b[" in coloured
    codes = re.compile(r"\x1b\[[0-9;]*m")
    assert codes.sub("", coloured) == texts()[name]
    assert "[31m" not in "".join(codes.findall(coloured)) or name == "comparison"  # what is lost is red
    assert not [char for char in codes.sub("", coloured) if char < " " and char != "\n"]


def test_hostile_labels_are_shown_as_what_they_are() -> None:
    text = texts()["tables"].replace("\n", " ")
    for part in ("a|b\\|c", "\\x1b[31mred\\x07\\x0d", "`q`", "[l](u)", "<b>*z*</b>"):
        assert part in text


@pytest.mark.parametrize("width", [20, 40, 60, 79, 100, 200])
@pytest.mark.parametrize("number", [1, 3, 12])
def test_no_number_is_ever_cut(width: int, number: int) -> None:
    """Where columns do not fit side by side, they stand under one another, each piece with its labels."""
    scores: list[tuple[str, CorpusScore]] = [(f"grpo_r2_with_a_long_name_{n}", SCORES[1][1]) for n in range(number)]
    text = score_text(scores, console=terminal(width))
    assert max(map(len, text.splitlines())) <= min(width, WIDTH)
    shown = [str(cell) for table in score_tables(scores) for row in table.rows for cell in row[table.n_labels :]]
    assert text.count("100.0") >= sum(cell == "100.0" for cell in shown)
    if width == WIDTH and number == 12:
        assert text.count("Evaluated-With") > 2


def test_a_table_that_fits_is_in_one_piece() -> None:
    table = Table("t", ("label", "n"), (("x", 1),))
    assert tables_text([table]).splitlines()[0:2] == ["t", "label   n"]
    assert tables_text([Table("", ("label",), (("x",),))]).splitlines()[0] == "label"


# -- JSON ------------------------------------------------------------------------------------------------------------


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_is_strict_and_equals_to_dict() -> None:
    for _, found in SCORES:
        assert strict(render_json(found.to_dict())) == found.to_dict()
    for compared in COMPARED:
        assert strict(render_json(compared.to_dict())) == compared.to_dict()
    assert strict(render_json(SCORES[0][1].to_dict()))["tasks"]["rel"]["precision"] is None
    assert strict(render_json(SCORES[2][1].to_dict()))["tasks"]["rel"] is None


def test_json_never_holds_what_json_cannot() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_json(float("nan"))


def test_json_in_ascii() -> None:
    value = {"é😀": "\ud800"}
    assert render_json(value, ascii_only=True).isascii()
    assert json.loads(render_json(value, ascii_only=True)) == value
    assert "é" in render_json({"é": 1})


# -- markup ----------------------------------------------------------------------------------------------------------

TABLE = Table(HOSTILE, ("what", "n"), ((HOSTILE, 1.5), ("[x]", None), ("*y*", "–")))


def test_markdown() -> None:
    lines = to_markdown([TABLE, Table("", ("a",), ())], ["sig|nature"]).splitlines()
    cells = r"a\|b\\\|c &amp; 100% $x\_1$ #{\~^} &lt;b&gt;\*z\*&lt;/b&gt; \`q\` \[l\](u) "
    assert lines[0].startswith(f"**{cells}")
    assert lines[2:4] == ["| what | n |", "| --- | ---: |"]
    assert lines[4].startswith(f"| {cells}")
    assert lines[4].endswith("  end | 1.5 |")
    assert lines[5:7] == [r"| \[x\] |  |", r"| \*y\* | – |"]
    assert lines[-1] == r"- sig\|nature"
    assert len(lines) == 12


def test_rows_of_markdown_have_as_many_cells_as_columns() -> None:
    for text in (
        render_tables(score_tables(SCORES), "markdown", []),
        render_tables(comparison_tables("base", COMPARED), "markdown", []),
    ):
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            widths = {len(re.findall(r"(?:\\.|[^|\\])*\|", line)) for line in block.splitlines()}
            assert len(widths) == 1


def test_latex() -> None:
    text = to_latex([TABLE], ["one\nline"])
    lines = text.splitlines()
    assert lines[0] == "% " + " ".join(HOSTILE.split())
    assert lines[1:4] == [r"\begin{tabular}{lr}", r"\toprule", r"what & n \\"]
    assert lines[5].startswith(
        r"a\textbar{}b\textbackslash{}\textbar{}c \& 100\% \$x\_1\$ \#\{\textasciitilde{}\textasciicircum{}\} "
        r"\textless{}b\textgreater{}{*}z{*}\textless{}/b\textgreater{} `q` {[}l](u) "
    )
    assert lines[6:8] == [r"{[}x] &  \\", r"{*}y{*} & -- \\"]
    assert lines[-1] == "% one line"
    assert r"$\Delta$" in to_latex(comparison_tables("base", COMPARED), [])


def test_rows_of_latex_have_as_many_cells_as_columns() -> None:
    for tables in (score_tables(SCORES), comparison_tables("base", COMPARED)):
        for table in tables:
            for line in to_latex([table], []).splitlines():
                if line.endswith(r"\\"):
                    assert len(re.findall(r"(?<!\\)&", line)) == len(table.columns) - 1
                    assert not line.startswith(("[", "*"))


@pytest.mark.parametrize("first", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_csv_never_starts_a_formula(first: str) -> None:
    assert to_csv(Table("", ("a",), ((first,), (-1.5,), (None,)))) == f'a\n\'{first}\n-1.5\n""\n'


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_of_scores() -> None:
    rows = read_csv(render_tables([long_table(SCORES)], "csv", ["left out"]))
    assert list(rows[0]) == [
        *("system", "task", "type", "precision", "recall", "f1", "tp", "n_pred", "n_gold"),
        *("ci_low", "ci_high", "macro_f1", "signature"),
    ]
    assert {row["system"] for row in rows} == set(PREDICTIONS)
    for name, found in SCORES:
        for task, one in found.tasks.items():
            chosen = [row for row in rows if (row["system"], row["task"]) == (name, task)]
            if one is None:
                assert chosen == []
                continue
            assert [row["type"] for row in chosen] == ["(all)", *one.by_type]
            assert chosen[0]["f1"] == ("" if one.f1 is None else repr(one.f1))
            assert chosen[0]["ci_low"] == ("" if one.ci is None else repr(one.ci[0]))
            assert chosen[1]["signature"] == found.signature


def test_csv_of_comparisons() -> None:
    rows = read_csv(render_tables([long_comparison(COMPARED)], "csv", []))
    chosen = {(row["system"], row["task"], row["type"]): row for row in rows}
    task = COMPARED[0].tasks["ner"]
    assert task is not None
    assert task.test is not None
    row = chosen["better", "ner", "(all)"]
    assert (row["delta"], row["ci_low"], row["won"]) == (repr(task.test.delta), repr(task.test.ci[0]), "2")
    assert row["p_randomization"] == repr(task.test.p_randomization)
    assert float(row["p_bootstrap_holm"]) >= float(row["p_bootstrap"])
    assert chosen["better", "ner", "Task"]["delta"] == "1.0"
    assert ("ner only", "rel", "(all)") not in chosen
    assert task.errors is not None
    kinds = {row["kind"]: row for row in rows if (row["system"], row["task"]) == ("better", "ner") and row["kind"]}
    assert list(kinds) == list(task.errors.kinds)
    for kind, change in task.errors.kinds.items():
        shown = {"baseline_n": change.baseline, "n": change.other, "mended": change.mended, "broken": change.broken}
        assert {name: int(kinds[kind][name]) for name in shown} == shown
        assert kinds[kind]["type"] == "(errors)"
        assert kinds[kind]["p_kind"] == ("" if change.test is None else repr(change.test.p_randomization))


def test_a_comparison_that_cannot_be_tested() -> None:
    nothing = [{"ner": []}]
    tallied = tally_predictions(nothing, nothing, SETTINGS, keep=True)
    empty = System("empty", tallied.score(), tallied.tally.matches, tallied.examples)
    found: list[SystemComparison] = compare_systems(empty, [empty], SETTINGS)
    (row,) = [row for row in long_comparison(found).rows if row[2] == "(all)"]
    assert row == ("empty", "ner", "(all)", *(None,) * 9, 0, 0, *(None,) * 10)
    assert comparison_tables("empty", found)[0].rows[0] == ("empty", "ner", *("–",) * 8)


def test_the_interval_has_the_level_of_the_settings() -> None:
    found = score(GOLD, GOLD, ci=99.5, bootstrap=50)
    assert "99.5 % CI" in score_tables([("x", found)])[0].columns
    partial = score([{"ner": [["a b", "Task"]]}], [{"ner": [["a", "Task"]]}], match="overlap", credit="partial")
    assert score_tables([("x", partial)])[0].rows[0][6:] == ("0.50", "1", "1")
