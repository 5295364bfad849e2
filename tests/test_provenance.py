"""Altered copies of a known split are noticed and described; parts of one and other gold are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from toy import Row, rows_of, written

from sciie_eval import load_split, provenance
from sciie_eval.cards import Card, SplitFile
from sciie_eval.corpus import read_gold
from sciie_eval.exceptions import CorpusError
from sciie_eval.labels import LabelSchema
from sciie_eval.provenance import altered_gold
from sciie_eval.schema import Example
from sciie_eval.signature import GoldHash

ROWS: list[Row] = [
    {"doc_id": "a", "sentence": "One .", "ner": [["X", "Method"]], "rel": []},
    {"doc_id": "a", "sentence": "Two .", "ner": [["X", "Method"], ["Y", "Task"]], "rel": [["X", "Used-For", "Y"]]},
    {"doc_id": "b", "sentence": "Three .", "ner": [], "rel": []},
]


def examples(rows: Sequence[Row]) -> list[Example]:
    return [Example.from_row(row, id=f"mine-{number}") for number, row in enumerate(rows)]


def a_split(rows: Sequence[Row], form: str = "string", **changes: Any) -> SplitFile:
    docs = tuple(dict.fromkeys(row["doc_id"] for row in rows))
    known = {"docs": docs, "gold_sha256": GoldHash(examples(rows)).hexdigest(), **changes}
    return SplitFile(path="x", sha256="0" * 64, rows=len(rows), form=form, local="x", **known)  # type: ignore[arg-type]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Row]]:
    """A made-up card is the only one; the splits whose rows are given here are on the disk, the others are not."""
    other = [{"doc_id": "c", "sentence": "Four .", "ner": [], "rel": []}]
    splits = {
        "small": a_split([{**ROWS[2], "sentence": "Else ."}]),
        "test": a_split(ROWS),
        "spans": a_split(ROWS + other, form="spans"),
        "unhashed": a_split(other, gold_sha256=""),
    }
    card = Card(name="toy", title="A toy", schema=LabelSchema(name="toy"), splits=splits)
    there = {"test": ROWS, "unhashed": other}

    def load(card: Card, split: str) -> list[Example]:
        if split not in there:
            raise CorpusError(split)
        return examples(there[split])

    monkeypatch.setattr(provenance, "list_cards", lambda: ["toy"])
    monkeypatch.setattr(provenance, "load_card", lambda name: card)
    monkeypatch.setattr(provenance, "load_split", load)
    return there


def changed(number: int, **fields: Any) -> list[Row]:
    """The rows with one of them changed."""
    return [{**row, **fields} if place == number else row for place, row in enumerate(ROWS)]


def test_the_split_itself_in_any_order(known: dict[str, list[Row]]) -> None:
    assert altered_gold(examples(ROWS)) is None
    assert altered_gold(examples(ROWS[::-1])) is None


def test_a_part_of_it(known: dict[str, list[Row]]) -> None:
    assert altered_gold(examples(ROWS[1:])) is None
    assert altered_gold(examples(ROWS[:1])) is None


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"doc_id": "z", "sentence": "One .", "ner": []}],
        [{"doc_id": "", "sentence": "One .", "ner": []}],
        [{"doc_id": "c", "sentence": "No hash to compare with .", "ner": []}],
    ],
)
def test_gold_of_which_nothing_is_known(known: dict[str, list[Row]], rows: list[Row]) -> None:
    assert altered_gold(examples(rows)) is None


def test_other_annotation(known: dict[str, list[Row]]) -> None:
    ner = [["X2", "Method"], ["Y", "Task"], ["Z", "Task"]]
    assert altered_gold(examples(changed(1, ner=ner, rel=[]))) == (
        "gold is an altered copy of toy/test: 1 of 3 rows differ: "
        "1 with other annotation (2 entities, 1 relations differ); the first is mine-1. "
        "Scores are not comparable with those on toy/test"
    )


def test_a_repeated_item_counts(known: dict[str, list[Row]]) -> None:
    message = altered_gold(examples(changed(0, ner=[["X", "Method"]] * 2)))
    assert "1 with other annotation (1 entities, 0 relations differ); the first is mine-0." in str(message)


def test_rows_that_the_split_does_not_have(known: dict[str, list[Row]]) -> None:
    rows = [*changed(2, ner=[["T", "Task"]]), {"doc_id": "AUG1", "sentence": "New .", "ner": []}]
    assert (
        "2 of 4 rows differ: 1 with other annotation (1 entities, 0 relations differ), 1 that toy/test does not have; "
        "the first is mine-2."
    ) in str(altered_gold(examples(rows)))
    assert "1 of 3 rows differ: 1 that toy/test does not have; the first is mine-1" in str(
        altered_gold(examples(changed(1, sentence="Two.")))
    )


def test_gold_of_several_splits_together(known: dict[str, list[Row]]) -> None:
    joined = [*ROWS, {"doc_id": "c", "sentence": "Four .", "ner": [], "rel": []}]
    assert altered_gold(examples(joined)) is None
    joined = [*changed(0, ner=[]), joined[-1]]
    assert "1 of 3 rows differ" in str(altered_gold(examples(joined)))


@pytest.mark.parametrize("field", ["ner", "rel"])
def test_gold_of_one_task_only(known: dict[str, list[Row]], field: str) -> None:
    rows = [{name: value for name, value in row.items() if name != field} for row in ROWS]
    assert altered_gold(examples(rows)) is None
    rows[1] = {**rows[1], "rel" if field == "ner" else "ner": []}
    assert "1 of 3 rows differ" in str(altered_gold(examples(rows)))


def test_where_the_split_is_not_on_the_disk(known: dict[str, list[Row]]) -> None:
    del known["test"]
    expected, found = (GoldHash(examples(rows)).hexdigest()[:12] for rows in (ROWS, changed(0, ner=[])))
    assert altered_gold(examples(changed(0, ner=[]))) == (
        f"gold looks like toy/test but is not the same (hash {found}, expected {expected}); scores are not comparable. "
        "To see where it differs: sciie-eval datasets fetch toy --split test"
    )
    assert altered_gold(examples(ROWS)) is None
    assert altered_gold(examples(changed(0, ner=[])[:2])) is None  # perhaps a part


# -- the corpus ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["train", "dev", "test", "test_ood"])
def test_scier_as_it_is(data_dir: Path, split: str) -> None:
    gold = load_split("scier", split)
    assert altered_gold(gold) is None
    assert altered_gold(gold[10:50]) is None


def test_the_token_spans_of_scier_are_no_alteration(data_dir: Path) -> None:
    assert altered_gold(read_gold(data_dir / "scier" / "plm_test.jsonl")) is None


def test_an_altered_copy_of_scier(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(data_dir / "scier" / "test.jsonl")
    with_entities = [number for number, row in enumerate(rows) if row["ner"] and not row["rel"]][:3]
    for number in with_entities:
        text, kind = rows[number]["ner"][0]
        rows[number]["ner"][0] = [f"{text} )", kind]
    rows.append({"doc_id": "AUG-0", "sentence": "Ours .", "ner": [], "rel": [], "rel_plus": []})
    gold = read_gold(written(tmp_path / "test.jsonl", rows))
    message = str(altered_gold(gold))
    assert message.startswith(
        "gold is an altered copy of scier/test: 4 of 855 rows differ: "
        "3 with other annotation (3 entities, 0 relations differ), 1 that scier/test does not have; "
        f"the first is test-{with_entities[0]}. "
    )
    monkeypatch.setenv("SCIIE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path))
    assert "gold looks like scier/test but is not the same" in str(altered_gold(gold))
    assert altered_gold(gold[:500]) is None


def test_rows_without_their_text_tell_nothing(known: dict[str, list[Row]]) -> None:
    rows = [{**row, "sentence": "", "ner": [["Z", "Method"]]} for row in ROWS]
    assert altered_gold(examples(rows)) is None
