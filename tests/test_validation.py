"""Looking at a prediction file without scoring it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toy import FIXTURES, GOLD, answer, rows_of, written

from sciie_eval.corpus import read_gold
from sciie_eval.evaluate import Gold, Reading
from sciie_eval.exceptions import InputError
from sciie_eval.settings import Settings
from sciie_eval.validation import Validation, validate_file


def looked_at(path: Path, *, gold: bool = True, settings: Settings | None = None, **reading: Any) -> Validation:
    source = Gold("gold", read_gold(GOLD)) if gold else None
    return validate_file(path, settings or Settings(), source, Reading(**reading))


def test_a_clean_file() -> None:
    found = looked_at(FIXTURES / "native_completions.jsonl")
    assert found.to_dict() == {
        "rows": {"native": 4},
        "sentences": 4,
        "samples": 8,
        "samples_per_sentence": [2, 2],
        "parse": {"ok": 8},
        "issues": {},
        "unknown_labels": {},
        "missing": 0,
        "without_gold": 0,
        "in_file_order": 0,
        "bad_lines": [],
    }
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def a_troubled_file(tmp_path: Path) -> Path:
    rows = [
        {"id": "gold-0", "completions": [answer(("A", "Odd")), '{"ner": [["A", "Odd"]], "rel": [["a", "R", "b"]]}']},
        "{oops",
        {"id": "gold-2", "completion": "I do not know."},
    ]
    return written(tmp_path / "preds.jsonl", rows)


def test_a_troubled_file(tmp_path: Path) -> None:
    found = looked_at(a_troubled_file(tmp_path), skip_bad_lines=True)
    assert (found.rows, found.sentences, found.samples) == ({"native": 2}, 2, 3)
    assert (found.fewest, found.most, found.missing) == (1, 2, 2)
    assert found.unknown_labels == {"Odd": 2, "R": 1}
    assert found.parse["no_answer"] == 1
    ((number, message),) = found.bad_lines
    assert number == 2
    assert "line 2, column 2: not JSON" in message


def test_the_table(tmp_path: Path) -> None:
    table = looked_at(a_troubled_file(tmp_path), skip_bad_lines=True).table("preds")
    assert (table.title, table.columns, table.n_labels) == ("preds", ("what", "meaning", "n"), 2)
    cells = {row[0]: row[1:] for row in table.rows}
    assert cells["native rows"] == ("", 2)
    assert cells["samples"] == ("of 2 sentences, 1 to 2 each", 3)
    assert cells["parse: no_answer"] == ("", 1)
    assert cells["label: Odd"] == ("outside the schema; wrong unless gold has it, too", 2)
    assert cells["missing"] == ("gold sentences without a prediction; they count as empty", 2)
    assert cells["bad line 2"][1] == 1
    assert "in file order" not in cells
    assert "without gold" not in cells


def test_issues_are_explained(tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", [{"id": "gold-0", "completion": f"```json\n{answer(('A', 'Task'))}\n```"}])
    cells = {row[0]: row[1:] for row in looked_at(path).table("p").rows}
    assert cells["issue: fenced"] == ("the JSON stands in a code fence", 1)


def test_the_settings_count(tmp_path: Path) -> None:
    path = written(tmp_path / "p.jsonl", [{"id": "gold-0", "completion": answer(("A", "Task")) + " Done."}])
    assert looked_at(path, settings=Settings(parse="strict")).parse == {"invalid": 1}


def test_repeated_sentences(tmp_path: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"doc_id": "d", "sentence": "s", "ner": []}] * 2)
    rows = [{"doc_id": "d", "sentence": "s", "completion": answer()}] * 2
    found = validate_file(written(tmp_path / "p.jsonl", rows), Settings(), Gold("gold", read_gold(gold)), Reading())
    assert found.in_file_order == 2
    assert ("in file order", "rows of repeated sentences, matched by their order", 2) in found.table("p").rows


@pytest.mark.parametrize("name", [path.stem for path in sorted(FIXTURES.glob("*.jsonl")) if path != GOLD])
def test_no_gold_is_needed(name: str) -> None:
    path = FIXTURES / f"{name}.jsonl"
    found = looked_at(path, gold=False)
    assert found.samples >= 4
    assert found.missing is None
    assert sum(found.rows.values()) == len(rows_of(path))
    shown = [row for row in found.table(name).rows if row[0] == "without gold"]
    assert shown == (
        [("without gold", "scoring needs --gold or --dataset; joins were not checked", found.without_gold)]
        if found.without_gold
        else []
    )


def test_wrong_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no predictions in this file"):
        looked_at(written(tmp_path / "p.jsonl", []))
    with pytest.raises(InputError, match="no gold sentence has the id 'x'"):
        looked_at(written(tmp_path / "p.jsonl", [{"id": "x", "completion": "c"}]))


def test_progress() -> None:
    sizes: list[int] = []
    looked_at(GOLD, on_bytes=sizes.append)
    assert sum(sizes) == GOLD.stat().st_size
