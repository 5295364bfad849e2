"""``sciie-eval errors``: what people and programs see of it, whatever a model wrote."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from error_rows import SENT, TYPED, Row, ner, rel
from rich.console import Console
from toy import FIXTURES, GOLD, ROOT, command, written

from sciie_eval import classify, errors
from sciie_eval.report.errors import cut, error_tables, long_errors, stated, worst_table
from sciie_eval.report.sentences import LONGEST, MOST_ROWS, STYLES, Mark, marked, marks_of
from sciie_eval.report.text import WIDTH, error_text
from sciie_eval.taxonomy import KINDS

SAMPLE = ROOT / "datasets" / "sample"
ON_SAMPLE = (SAMPLE / "predictions.jsonl", "--gold", SAMPLE / "gold.jsonl")
CODES = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "[red]x[/red] \x1b[31m \x07 \u202eevil\u2066 <b> | `a` [link=http://x]y[/link] :smile: \r\n end"


def shown(sentence: Row, said: Any, *, colour: bool = False, width: int = WIDTH, **settings: Any) -> str:
    """The text of a report on one sentence."""
    console = (
        Console(file=io.StringIO(), force_terminal=True, width=width, color_system="truecolor") if colour else None
    )
    return error_text(errors([sentence], [said], **settings), console=console)


def line_of(text: str, word: str) -> str:
    """What stands behind a word under a sentence, put into one line."""
    rows = text[text.index("error") :].splitlines()
    first = next(number for number, row in enumerate(rows) if row.startswith(f"  {word} "))
    more = rows[first + 1 :]
    end = next((n for n, row in enumerate(more) if not row.startswith("      ")), len(more))
    return " ".join(" ".join([rows[first].removeprefix(f"  {word}"), *more[:end]]).split())


# -- the command -----------------------------------------------------------------------------------------------------


def test_the_counts_are_those_of_score_on_the_sample() -> None:
    found = json.loads(command("errors", *ON_SAMPLE, "--format", "json").stdout)
    scored = json.loads(command("score", *ON_SAMPLE, "--format", "json").stdout)
    for name in ("signature", "n_sentences", "missing", "parse", "issues", "warnings"):
        assert found[name] == scored[name]
    for task, row in found["tasks"].items():
        assert {name: row[name] for name in ("tp", "n_pred", "n_gold")} == {
            name: scored["tasks"][task][name] for name in ("tp", "n_pred", "n_gold")
        }
        assert list(row["kinds"]) == list(KINDS[task])
        for label, kinds in found["by_type"][task].items():
            assert sum(kinds["gold"].values()) == scored["by_type"][task][label]["n_gold"]
            assert sum(kinds["predicted"].values()) == scored["by_type"][task][label]["n_pred"]
    assert len(found["worst"]) == 3


def test_the_report_for_people_fits_and_is_plain() -> None:
    done = command("errors", *ON_SAMPLE, "--show", "60", COLUMNS="300")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    assert "\x1b" not in done.stdout
    for part in ("boundary + type", "not in sentence", "rel+", "audits of the predictions", "signature  tasks:"):
        assert part in done.stdout


def test_show_says_how_many_sentences() -> None:
    heads = [
        len(re.findall(r"(?m)^gold-\d+ · .* errors?", command("errors", *ON_SAMPLE, "--show", number).stdout))
        for number in ("0", "2")
    ]
    assert heads == [0, 2]
    assert command("errors", *ON_SAMPLE, "--show", "-1").returncode == 2


def test_sample_and_matcher_are_obeyed() -> None:
    strict, second, relaxed = (
        json.loads(command("errors", *ON_SAMPLE, "--format", "json", *more).stdout)
        for more in ((), ("--sample", "1"), ("--match", "overlap"))
    )
    assert "sample:1" in second["signature"]
    assert second["tasks"]["ner"] != strict["tasks"]["ner"]
    assert relaxed["tasks"]["ner"]["kinds"]["boundary"] < strict["tasks"]["ner"]["kinds"]["boundary"]
    assert relaxed["tasks"]["ner"]["tp"] > strict["tasks"]["ner"]["tp"]


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (("nowhere.jsonl",), 1, "nowhere.jsonl"),
        ((*ON_SAMPLE, "--compat", "r2grpo"), 2, "compat"),
        ((*ON_SAMPLE, "--credit", "partial"), 2, "credit"),
        ((*ON_SAMPLE, "--sample", "9"), 1, "--sample 9"),
        ((), 2, "PREDS"),
    ],
)
def test_mistakes_get_one_line(arguments: tuple[Any, ...], code: int, part: str) -> None:
    done = command("errors", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_csv_holds_what_all_counts_are_made_of() -> None:
    rows = list(csv.DictReader(io.StringIO(command("errors", *ON_SAMPLE, "--format", "csv").stdout)))
    found = json.loads(command("errors", *ON_SAMPLE, "--format", "json").stdout)
    for task, row in found["tasks"].items():
        for kind, number in row["kinds"].items():
            assert number == sum(
                int(line["n"])
                for line in rows
                if line["part"] == "items" and (line["task"], line["kind"]) == (task, kind)
            )
    assert {row["kind"] for row in rows if row["part"] == "audit"} == set(found["audits"])
    assert {row["signature"] for row in rows} == {found["signature"]}


@pytest.mark.parametrize("format_", ["markdown", "latex"])
def test_markup_has_the_tables_and_the_worst_sentences(format_: str, tmp_path: Path) -> None:
    out = tmp_path / "errors.txt"
    done = command("errors", *ON_SAMPLE, "--format", format_, "-o", out)
    assert (done.returncode, done.stdout) == (0, "")
    text = out.read_text(encoding="utf-8")
    assert all(part in text for part in ("argument boundary", "Evaluated-With", "sentences with most errors", "ci:95"))


def test_token_span_files_are_read() -> None:
    done = command("errors", FIXTURES / "pure.jsonl", "--format", "json")
    assert "items:offsets" in json.loads(done.stdout)["signature"]


def test_a_file_without_errors_says_so_by_its_numbers(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    preds = written(
        tmp_path / "p.jsonl", [{"prediction": row, "gold": row, "sentence": row["sentence"]} for row in rows]
    )
    done = command("errors", preds)
    assert done.returncode == 0
    assert "error" not in done.stdout.replace("sciie-eval", "")
    assert "audits" not in done.stdout


# -- sentences -------------------------------------------------------------------------------------------------------


def test_entities_are_marked_in_place_and_relations_are_lines() -> None:
    gold = {"sentence": SENT, **rel(("deep neural network", "Used-For", "NER"), ner=TYPED)}
    said = rel(
        ("NER", "Used-For", "deep neural network"),
        ("QA", "Part-Of", "NER"),
        ner=(("neural network", "Method"), ("NER", "Task"), ("QA", "Method"), ("GPT", "Task")),
    )
    text = shown(gold, said)
    marked_gold = "the [deep neural network: Method, boundary] beats a small net on [NER: Task] and [QA: Task, type] ."
    marked_said = (
        "the deep [neural network: Method, boundary] beats a small net on [NER: Task] and [QA: Method, type] ."
    )
    assert line_of(text, "gold") == marked_gold
    assert line_of(text, "predicted") == marked_said
    assert line_of(text, "predicted also") == "[GPT: Task, spurious, not in sentence]"
    assert line_of(text, "reversed") == (
        "NER → Used-For → deep neural network gold: deep neural network → Used-For → NER"
    )
    assert line_of(text, "spurious") == "QA → Part-Of → NER"
    assert "relation between types" in line_of(text, "audits")


def test_colour_changes_nothing_but_colour_and_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    gold, said = {"sentence": SENT, **ner(("NER", "Task"), ("QA", "Task"))}, ner(("NER", "Task"), ("beats", "Task"))
    coloured = shown(gold, said, colour=True)
    assert CODES.sub("", coloured) == shown(gold, said)
    assert all(code in coloured for code in ("\x1b[32m[", "\x1b[31m[", "\x1b[1;31m["))
    assert set(STYLES) == {kind for kinds in KINDS.values() for kind in kinds}
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[(1;)?3[0-9]m", shown(gold, said, colour=True))


def test_nested_entities_are_nested_and_crossing_ones_stand_below() -> None:
    gold = {"sentence": SENT, **ner()}
    said = ner(("deep neural network", "Method"), ("neural network", "Task"), ("network beats", "Task"))
    text = shown(gold, said)
    assert "[deep [neural network: Task, spurious]: Method, spurious]" in line_of(text, "predicted")
    assert line_of(text, "predicted also") == "[network beats: Task, spurious]"


def test_overlapping_occurrences_of_one_text_are_not_marked_across_each_other() -> None:
    found = classify({"sentence": "a a a", "ner": [], "rel": []}, ner(("a a", "Task"))).of("ner")
    marks, left = marks_of(found, "predicted")
    assert (marks, [item.texts for _, item in left]) == ([], [("a a",)])


def test_a_mark_inside_a_longer_one_of_the_same_side_is_left_where_it_also_stands_alone() -> None:
    found = classify({"sentence": "net and deep net", "ner": []}, {"ner": [["net", "Task"], ["deep net", "Method"]]})
    marks, _ = marks_of(found.of("ner"), "predicted")
    assert [(mark.start, mark.end) for mark in marks] == [(0, 3), (8, 16)]


def test_marks_leave_the_sentence_as_it_is() -> None:
    marks = [Mark(0, 9, "A", "missed"), Mark(0, 3, "B", "correct"), Mark(4, 9, "C", "type")]
    text = "".join(piece for piece, _ in marked("abc def g!", marks))
    assert text == "[[abc: B] [def g: C, type]: A, missed]!"


def test_without_a_sentence_the_items_are_listed() -> None:
    text = shown(ner(("NER", "Task")), ner(("GPT", "Task")))
    assert line_of(text, "gold also") == "[NER: Task, missed]"
    assert line_of(text, "predicted also") == "[GPT: Task, spurious]"


def test_hostile_text_is_shown_as_what_it_is() -> None:
    sentence = f"{HOSTILE} NER"
    gold = {"id": HOSTILE, "doc_id": HOSTILE, "sentence": sentence, **ner(("NER", "Task"))}
    said = rel((HOSTILE, HOSTILE, "NER"), ner=((HOSTILE, HOSTILE), ("NER", "Method")))
    for colour in (False, True):
        text = CODES.sub("", shown(gold, said, colour=colour))
        assert not [char for char in text if char != "\n" and (ord(char) < 32 or char in "\x7f\u202e\u2066\u2028")]
        joined = "".join(text.split())
        for part in ("[red]x[/red]", "\\x1b[31m", "\\u202eevil\\u2066", "[link=http://x]y[/link]", ":smile:"):
            assert part in joined
        assert max(map(len, text.splitlines())) <= WIDTH


def test_huge_answers_stay_short_and_are_soon_shown() -> None:
    words = [f"w{number}" for number in range(400)]
    gold = {"sentence": " ".join(words) * 100, **ner(("w1", "Task"))}
    many = ner(*((word, "T" * 5000) for word in words), ("y" * 1_000_000, "Task"))
    text = shown(gold, many)
    assert len(text) < 40_000
    assert text.count("\n  predicted also ") <= MOST_ROWS
    assert "more lines" in text
    assert f"({len(gold['sentence']) - LONGEST} more characters)" in " ".join(text.split())
    assert (cut("x" * 9, 5), cut("xxxxx", 5), stated(None)) == ("xxxx…", "xxxxx", "")


@pytest.mark.parametrize("width", [40, 72, 100])
def test_narrow_terminals_are_kept_to(width: int) -> None:
    gold = {"sentence": SENT, **rel(("deep neural network", "Used-For", "NER"), ner=TYPED)}
    text = CODES.sub("", shown(gold, rel(("QA", "Used-For", "NER"), ner=TYPED), colour=True, width=width))
    assert max(map(len, text.splitlines())) <= width


def test_tables_say_what_was_counted() -> None:
    gold = [{"sentence": SENT, **rel(("deep neural network", "Used-For", "NER"), ner=TYPED)}]
    said = [rel(("NER", "Used-For", "deep neural network"), ner=(("QA", "Dataset"), ("GPT", "Task")))]
    tables = {
        table.title.partition(":")[0] + str(len(table.columns)): table for table in error_tables(errors(gold, said))
    }
    overview = next(table for table in tables.values() if not table.title)
    assert overview.rows[0] == ("ner", "0.0", "0.0", "0.0", 3, 2, 0, 1, 2, 1)
    kinds = tables["ner9"]
    assert kinds.columns[-3:] == ("missed", "spurious", "not in sentence")
    assert kinds.rows[0] == ("(all)", 3, 0, 1, 0, 0, 2, 1, 1)
    assert ("Task", 2, 0, 1, 0, 0, 1, 1, 1) in kinds.rows
    confusion = tables["ner5"]
    assert ("Task", "·", "·", 1, 1) in confusion.rows
    assert ("(spurious)", "·", 1, "·", "") in confusion.rows


def test_a_task_that_nobody_speaks_of_is_dashes() -> None:
    found = errors([{"sentence": SENT, **rel(ner=TYPED)}], [{"ner": []}])
    tables = error_tables(found)
    assert tables[0].rows[1] == ("rel", *("–",) * 9)
    assert [table.title[:4] for table in tables[1:]] == ["ner:", "ner:"]


def test_the_long_table_and_the_worst_sentences_name_every_error() -> None:
    gold = [{"sentence": SENT, **rel(("deep neural network", "Used-For", "NER"), ner=TYPED)}]
    found = errors(gold, [rel(("NER", "Used-For", "deep neural network"), ner=(("GPT", "Task"), *TYPED[1:]))])
    rows = long_errors(found).rows
    assert ("items", "ner", None, "Task", "spurious", "false", 1, None, found.signature) in rows
    assert ("items", "rel", "Used-For", "Used-For", "reversed", None, 1, None, found.signature) in rows
    assert ("audit", None, None, None, "text_not_in_sentence", None, 1, 1, found.signature) in rows
    (table,) = worst_table(found)
    assert ("0", "ner", "spurious", "", "GPT: Task") in table.rows
    assert {row[2] for row in table.rows} == {"missed", "spurious", "reversed"}
    assert worst_table(errors(gold, gold)) == []
