"""Files of one label a sentence in every form, and what is wrong with them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from toy import FIXTURES, rows_of, written

from sciie_eval import InputError, read_labels
from sciie_eval.jsonl import BadLine
from sciie_eval.label_files import label_rows

CAUSE, CAUSED = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"
TRAIN = (
    '1\t"The <e1>fire</e1> made <e2>smoke</e2>, "so to speak"."\r\nCause-Effect(e1,e2)\r\nComment: by fire\r\n'
    'and by wood\r\n\r\n2\t"A <e1>leaf</e1> met a <e2>cloud</e2>."\r\nOther\r\nComment:\r\n\r\n'
)


def saved(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_the_files_of_the_task(tmp_path: Path) -> None:
    first, second = read_labels(saved(tmp_path / "TRAIN_FILE.TXT", TRAIN))
    assert first == ("1", 'The <e1>fire</e1> made <e2>smoke</e2>, "so to speak".', CAUSE)
    assert second == ("2", "A <e1>leaf</e1> met a <e2>cloud</e2>.", "Other")
    unlabelled = saved(tmp_path / "TEST_FILE.TXT", '8001\t"A <e1>b</e1> c <e2>d</e2>."\n8002\t"Two."\n')
    assert [(row.id, row.label) for row in read_labels(unlabelled)] == [("8001", None), ("8002", None)]


def test_keys_and_json_lines(tmp_path: Path) -> None:
    key = saved(tmp_path / "key.txt", f"\ufeff8001\t{CAUSE}\r\n\r\n8002\tOther\n")
    assert read_labels(key) == [("8001", "", CAUSE), ("8002", "", "Other")]
    packed = saved(tmp_path / "key.txt.gz", gzip.compress(key.read_bytes()))
    assert read_labels(packed) == read_labels(key)
    rows = [{"id": 8001, "label": CAUSE, "sentence": "S ."}, {"label": "Other"}]
    assert read_labels(written(tmp_path / "gold.jsonl", rows)) == [("8001", "S .", CAUSE), ("gold-1", "", "Other")]
    mine = written(tmp_path / "mine.jsonl", [{"label": "Used-For"}])
    assert read_labels(mine, "scier")[0].label == "Used-For"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows; expected id, tab and label"),
        ("Cause-Effect(e1,e2)\n", "line 1: expected id, tab and label"),
        (f"1\t{CAUSE}\n2\n", "line 2: expected id, tab and label"),
        (f"1\t{CAUSE}\tmore\n", "line 1: expected id, tab and label"),
        ("1\tcause-effect(e1,e2)\n", r"line 1: .*did you mean Cause-Effect\(e1,e2\)"),
        (f"1\t{CAUSE}\n1\tOther\n", "line 2: the id '1' stands in two rows"),
        ('1\t"A."\nOther\nOther\n', "line 3: expected id, tab and a sentence in quotes"),
        ('1\t"A."\nUsed-For\n', "line 1: 'Used-For' is no label"),
        ('1\t"A."\n2\tno quotes\n', "line 2: expected id, tab and a sentence in quotes"),
        ('{"id": "1"}\n', "line 1: expected one of the fields completion.*got"),
        ('{"id": true, "label": "Other"}\n', "line 1: field id: expected a string"),
        ('{"label": 7}\n', "line 1: 7 is no label"),
        ('{"label": "Other"\n', "line 1, column"),
        (b"1\tOth\xffr\n", "line 1, column 6: not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(saved(tmp_path / "gold.txt", text))


def test_predictions_of_every_kind(tmp_path: Path) -> None:
    def row(**fields: Any) -> Any:
        found = next(label_rows(written(tmp_path / "one.jsonl", [{"id": "a", **fields}])))
        return found.samples, found.given, found.label

    assert row(completion="x", label=CAUSE) == (["x"], False, CAUSE)
    assert row(completions=["x", None]) == (["x", None], False, None)
    assert row(completion=[{"role": "assistant", "content": "x"}]) == (["x"], False, None)
    assert row(completion=None) == ([None], False, None)
    assert row(prediction=CAUSE, label="Other") == ([CAUSE], True, "Other")
    assert row(prediction=None) == ([None], True, None)
    assert row(predictions=[CAUSE, None], completion=None) == ([CAUSE, None], True, None)
    assert row(label=CAUSE) == (None, True, CAUSE)
    for fields, message in (
        ({"prediction": CAUSE, "predictions": [CAUSE]}, "got several"),
        ({"prediction": CAUSE, "completion": "x"}, "got several"),
        ({"completion": "x", "completions": ["x"]}, "expected one of completion"),
        ({"prediction": {"ner": []}}, "field prediction: expected a label"),
        ({"predictions": CAUSE}, "field predictions: expected a label, or a list"),
        ({"predictions": []}, "field predictions: expected a label, or a list"),
        ({"predictions": [7]}, "field predictions: expected a label, or a list"),
        ({"completion": 7}, "field completion: expected text or messages"),
    ):
        with pytest.raises(InputError, match=message):
            row(**fields)


def test_files_of_other_programs(tmp_path: Path) -> None:
    for name in ("openai_batch.jsonl", "openai_responses.jsonl", "vllm_batch.jsonl", "trl_logged.jsonl"):
        for found in label_rows(FIXTURES / name):
            assert found.samples
            assert not found.given
    samples = [{**row, "doc": {"id": "a", "label": CAUSE}} for row in rows_of(FIXTURES / "lm_eval_samples.jsonl")]
    assert {found.label for found in label_rows(written(tmp_path / "s.jsonl", samples))} == {CAUSE}
    with pytest.raises(InputError, match="token-span document"):
        list(label_rows(FIXTURES / "pure.jsonl"))


def test_bad_lines_can_be_collected(tmp_path: Path) -> None:
    bad: list[BadLine] = []
    path = written(tmp_path / "p.jsonl", [{"prediction": CAUSE}, "{", {"id": "x"}, {"prediction": CAUSED}])
    assert [row.samples for row in label_rows(path, bad_lines=bad)] == [[CAUSE], [CAUSED]]
    assert [line.number for line in bad] == [2, 3]
    text = saved(tmp_path / "a.txt", f"1\t{CAUSE}\nnothing\n")
    assert len(list(label_rows(text, bad_lines=bad))) == 1
    assert bad[-1].number == 2
    counted: list[int] = []
    assert list(label_rows(text, bad_lines=[], on_bytes=counted.append))
    assert sum(counted) == text.stat().st_size


def test_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    pd.DataFrame([{"id": "a", "completion": "x", "label": CAUSE}]).to_parquet(tmp_path / "p.parquet")
    (found,) = label_rows(tmp_path / "p.parquet")
    assert (found.id, found.samples, found.label) == ("a", ["x"], CAUSE)
