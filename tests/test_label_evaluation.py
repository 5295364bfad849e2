"""``sciie-eval score --task classification``: files joined with gold, nothing dropped, one line for every mistake."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from toy import jsonl, written

from sciie_eval.cli import main
from sciie_eval.cli_labels import APPLY
from sciie_eval.cli_options import Options

CAUSE, CAUSED, TOPIC = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Message-Topic(e1,e2)"
KEY = {"1": CAUSE, "2": CAUSED, "3": TOPIC, "4": "Other"}
SAID = {"1": CAUSE, "2": CAUSE, "3": "Other", "4": "Other"}
Run = Callable[..., tuple[int, str, str]]


def lines(labels: dict[str, str]) -> str:
    return "".join(f"{name}\t{label}\n" for name, label in labels.items())


def completion(label: str) -> str:
    return f"<think>x</think><answer>{label}</answer>"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(lines(KEY), encoding="utf-8")
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``sciie-eval score --task classification`` in this process."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        asked = ["sciie-eval", "score", "--task", "classification", "--bootstrap", "50", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", asked)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def scored(run: Run) -> Callable[..., dict[str, Any]]:
    """The JSON of a score that must succeed."""

    def found(*arguments: str | Path) -> dict[str, Any]:
        code, out, err = run(*arguments, "--format", "json")
        assert (code, err) == (0, "")
        return json.loads(out)  # type: ignore[no-any-return]

    return found


def test_every_form_gives_the_same_score(tmp_path: Path, gold: Path, scored: Callable[..., dict[str, Any]]) -> None:
    (tmp_path / "answers.txt").write_text(lines(SAID), encoding="utf-8")
    forms = {
        "completion": [{"id": k, "completion": completion(v)} for k, v in SAID.items()],
        "completions": [{"id": int(k), "completions": [completion(v), "no"]} for k, v in SAID.items()],
        "prediction": [{"id": k, "prediction": v} for k, v in SAID.items()],
        "label": [{"id": k, "label": v} for k, v in reversed(SAID.items())],
        "own_gold": [{"id": k, "completion": completion(v), "label": KEY[k]} for k, v in SAID.items()],
    }
    expected = scored(tmp_path / "answers.txt", "--gold", gold)
    assert (expected["accuracy"], expected["macro_f1"]) == (0.5, 0.25)  # (1/2 + 0) / 2: by hand
    assert expected["parse"] == {"ok": 4}
    for name, rows in forms.items():
        path = written(tmp_path / f"{name}.jsonl", rows)
        found = scored(path, "--gold", gold)
        sample = "|sample:0" if name == "completions" else ""
        assert found.pop("signature") == expected["signature"].replace("|ci:", f"{sample}|ci:")
        assert found == {key: value for key, value in expected.items() if key != "signature"}
    rows = scored(tmp_path / "own_gold.jsonl")
    assert rows["variants"] == expected["variants"]
    assert "|gold:rows@" in rows["signature"]
    mapped = written(tmp_path / "gold.jsonl", [{"id": k, "label": v, "sentence": "S ."} for k, v in KEY.items()])
    assert scored(tmp_path / "label.jsonl", "--gold", mapped)["variants"] == expected["variants"]


def test_samples(tmp_path: Path, gold: Path, run: Run, scored: Callable[..., dict[str, Any]]) -> None:
    rows = [{"id": k, "completions": [completion(v), "none"]} for k, v in KEY.items()]
    path = written(tmp_path / "p.jsonl", [*rows[:3], {"id": "4", "completion": None}])
    assert scored(path, "--gold", gold)["parse"] == {"ok": 3, "no_answer": 1}
    second = scored(path, "--gold", gold, "--sample", "1")
    assert second["parse"] == {"no_answer": 4}
    assert "|sample:1|" in second["signature"]
    code, _, err = run(path, "--gold", gold, "--sample", "2")
    assert code == 1
    assert "line 1: --sample 2 asks for a sample that is not there; the row has 2" in err


def test_what_trl_logged_is_scored_again(tmp_path: Path, scored: Callable[..., dict[str, Any]]) -> None:
    """Without ids, samples of one prompt are samples of one sentence."""
    rows = [
        {"step": 1, "prompt": f"Q {name}", "completion": completion(said), "advantage": 0.0, "sciie/label": KEY[name]}
        for name in KEY
        for said in (SAID[name], "Other")
    ]
    found = scored(written(tmp_path / "c.jsonl", rows))
    assert (found["n_sentences"], found["macro_f1"]) == (4, 0.25)
    assert scored(tmp_path / "c.jsonl", "--sample", "1")["accuracy"] == 0.25


def test_missing_and_unread_are_wrong_and_reported(tmp_path: Path, gold: Path, run: Run) -> None:
    path = written(tmp_path / "p.jsonl", [{"id": "1", "completion": completion(CAUSE)}, {"id": "2", "completion": "?"}])
    code, out, _ = run(path, "--gold", gold)
    assert code == 0
    assert "4 sentences · 2 predictions: ok 1 · no_answer 1 · missing 2" in out
    assert "note: 2 of 4 sentences have no prediction and count as wrong" in out
    assert next(line.split()[1] for line in out.splitlines() if line.startswith("official ")) == "25.0"  # of all gold
    assert "signature  task:classification|" in out


def test_strict_and_other_schemas(tmp_path: Path, scored: Callable[..., dict[str, Any]]) -> None:
    rows = [{"completion": "<answer>used for</answer>", "label": "Used-For"}]
    path = written(tmp_path / "p.jsonl", rows)
    assert scored(path, "--schema", "scier")["accuracy"] == 1
    strict = scored(path, "--schema", "scier", "--parse", "strict")
    assert (strict["accuracy"], strict["issues"]) == (0, {"loose_label": 1, "not_strict": 1})


def test_output_in_every_format(tmp_path: Path, gold: Path, run: Run) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(lines(SAID), encoding="utf-8")
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    _, text, _ = run(one, "--gold", gold)
    assert "official: relations, direction counts" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("Cause-Effect "))
    assert row == ["Cause-Effect", "50.0", "50.0", "50.0", "1", "2", "2", "1"]
    _, both, _ = run(one, two, "--gold", gold)
    assert "official: F1 per relation" in both
    assert "one: 4 sentences" in both
    _, markdown, _ = run(one, "--gold", gold, "--format", "markdown")
    assert "| Cause-Effect | 50.0 | 50.0 | 50.0 | 1 | 2 | 2 | 1 |" in markdown
    _, latex, _ = run(one, "--gold", gold, "--format", "latex")
    assert latex.count(r"\toprule") == 2
    target = tmp_path / "out.csv"
    assert run(one, two, "--gold", gold, "--format", "csv", "-o", target) == (0, "", "")
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    macro = next(
        row for row in rows if (row["system"], row["evaluation"], row["class"]) == ("two", "official", "(macro)")
    )
    assert float(macro["f1"]) == 0.25
    assert len(rows) == 2 * (2 * (3 + 10) + 3 + 19)
    systems = json.loads(run(one, two, "--gold", gold, "--format", "json")[1])["systems"]
    assert [system["name"] for system in systems] == ["one", "two"]


@pytest.mark.parametrize(
    ("rows", "with_gold", "message"),
    [
        ([{"id": "9", "prediction": CAUSE}], True, "line 1: no gold label has the id '9'; ids look like '1'"),
        ([{"prediction": CAUSE}], True, "line 1: the row does not say which sentence it is for; expected id"),
        ([{"id": "1", "label": CAUSE}] * 2, True, "line 2: a second prediction for '1', the first is at"),
        ([{"id": "1", "prediction": CAUSE, "label": "Other"}], True, "its own label 'Other' is not that of gold"),
        ([{"id": "1", "prediction": CAUSE}], False, "line 1: no gold label; give --gold FILE"),
        ([{"id": "1", "label": CAUSE}], False, "line 1: this row holds a label and no prediction; give --gold FILE"),
        ([{"completion": "x", "label": "other"}], False, "gold label: 'other' is no label of the schema; did you mean"),
        ([{"id": "1", "label": 7}], True, "line 1: no prediction; expected a label, got 7"),
        ([], True, "no predictions in this file"),
        ([{"id": "1"}], True, "line 1: expected one of the fields completion"),
    ],
)
def test_wrong_input_is_one_clear_line(
    tmp_path: Path, gold: Path, run: Run, rows: list[Any], with_gold: bool, message: str
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(jsonl(rows), encoding="utf-8")
    code, out, err = run(path, *(("--gold", gold) if with_gold else ()))
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_gold_must_have_labels(tmp_path: Path, gold: Path, run: Run) -> None:
    bare = tmp_path / "TEST_FILE.TXT"
    bare.write_text('1\t"A <e1>b</e1> <e2>c</e2>."\n', encoding="utf-8")
    code, _, err = run(gold, "--gold", bare)
    assert code == 1
    assert "the sentence '1' has no label, so this file is no gold" in err


def test_bad_lines_are_skipped_and_listed(tmp_path: Path, gold: Path, run: Run) -> None:
    path = written(tmp_path / "p.jsonl", ["{", *({"id": k, "prediction": v} for k, v in SAID.items())])
    assert run(path, "--gold", gold)[0] == 1
    code, out, _ = run(path, "--gold", gold, "--skip-bad-lines")
    assert code == 0
    assert "note: 1 malformed lines were skipped: 1" in out


def test_options_that_do_not_apply(tmp_path: Path, gold: Path, run: Run) -> None:
    values = {
        **{"dataset": "scier", "split": "test", "join": "order", "match": "fuzzy", "threshold": "0.5"},
        **{"normalize": "casefold", "duplicates": "multiset", "symmetric": "undirected", "credit": "partial"},
        **{"tasks": "ner", "compat": "r2grpo", "cluster": "doc_id"},
    }
    assert {field.name for field in fields(Options)} >= values.keys() | APPLY
    assert not values.keys() & APPLY
    for name, value in values.items():
        code, out, err = run(gold, "--gold", gold, f"--{name}", value)
        assert (code, out) == (2, ""), name
        assert err.startswith(f"sciie-eval: --{name} does not apply to --task classification; ")
    code, _, err = run(gold, "--gold", gold, "--ci", "0")
    assert (code, "ci: expected a percentage" in err) == (2, True)


def test_an_unknown_task_is_wrong_usage(gold: Path, run: Run) -> None:
    assert run(gold, "--task", "regression")[0] == 2
