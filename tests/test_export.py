"""A split as trainers read it, through the readers that they use."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sciie_eval import corpus
from sciie_eval.cards import load_card
from sciie_eval.cli_datasets import Trainer
from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_eval.export import TRAINERS, gold_json, rows, write_rows
from sciie_eval.prompts import messages
from sciie_eval.schema import Example, Extraction
from sciie_rewards import r2_reward

EXAMPLES = [
    Example(
        id=f"train-{place}",
        doc_id="d",
        sentence=sentence,
        gold=Extraction.from_scier(
            {"ner": ner, "rel": rel, "rel_plus": [[f"{s}:Method", r, f"{o}:Task"] for s, r, o in rel]}
        ),
    )
    for place, (sentence, ner, rel, plus) in enumerate(
        [
            (
                "BERT solves NER .",
                [["BERT", "Method"], ["NER", "Task"]],
                [["BERT", "Used-For", "NER"]],
                [["BERT:Method", "Used-For", "NER:Task"]],
            ),
            ("Nothing “here” – or so .", [], [], []),
            ("Café is a method .", [["Café", "Method"]], [], []),
        ]
    )
]
RESERVED = {"prompts", "completions", "completion", "completion_ids", "trainer_state", "log_extra", "log_metric"}
GOLD_OF = {
    "trl": lambda row: row["gold"],
    "verl": lambda row: row["reward_model"]["ground_truth"],
    "openrlhf": lambda row: row["label"],
    "ms-swift": lambda row: row["gold"],
    "verifiers": lambda row: row["answer"],
}


@pytest.fixture(autouse=True)
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "load_split", lambda card, split: EXAMPLES)


def test_the_command_line_offers_every_trainer() -> None:
    assert [trainer.value for trainer in Trainer] == list(TRAINERS) == list(GOLD_OF)


def test_without_a_trainer_rows_are_sciers() -> None:
    assert list(rows("scier", "train")) == [example.to_row() for example in EXAMPLES]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_gold_is_one_string_and_earns_everything(trainer: str) -> None:
    for row, example in zip(rows("scier", "train", trainer), EXAMPLES, strict=True):
        gold = GOLD_OF[trainer](row)
        assert json.loads(gold) == {"sentence": example.sentence, **example.gold.to_scier()}
        answer = json.dumps({key: value for key, value in json.loads(gold).items() if key in ("ner", "rel")})
        result = r2_reward.score_one(f"<think>\n</think><answer>{answer}</answer>", gold)
        assert result.components["NER"] == 1.0
        assert not RESERVED & set(row)
        assert example.sentence in json.dumps(row, ensure_ascii=False)


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_the_real_reader_gives_the_rows_back(trainer: str, ending: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    path = tmp_path / f"train.{ending}"
    write_rows(path, rows("scier", "train", trainer))
    kind = "json" if ending == "jsonl" else "parquet"
    read = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert read.to_list() == list(rows("scier", "train", trainer))
    assert [entry.name for entry in tmp_path.glob("train*")] == [path.name]


def test_what_each_trainer_looks_for() -> None:
    asked = messages(load_card("scier"), EXAMPLES[0].sentence)
    first: dict[str, Any] = {trainer: next(rows("scier", "train", trainer)) for trainer in TRAINERS}
    assert first["trl"]["prompt"] == first["verl"]["prompt"] == first["openrlhf"]["input"] == asked
    assert first["ms-swift"]["messages"] == asked
    assert first["verifiers"]["prompt"] == asked[0]["content"]
    assert first["verl"]["data_source"] == first["openrlhf"]["datasource"] == "sciie/scier"
    assert first["verl"]["extra_info"] == {"split": "train", "index": 0, "id": "train-0", "doc_id": "d"}
    assert first["verl"]["reward_model"] == {"style": "rule", "ground_truth": gold_json(EXAMPLES[0])}


def test_parquet_needs_an_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"needs the package pyarrow, .*; run: pip install 'sciie-eval\[io\]'"):
        write_rows(tmp_path / "train.parquet", rows("scier", "train", "verl"))
    write_rows(tmp_path / "train.jsonl", rows("scier", "train", "verl"))
    assert (tmp_path / "train.jsonl").read_text(encoding="utf-8").count("\n") == 3


def test_parquet_in_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="check folder and free space"):
        write_rows(tmp_path / "none" / "train.parquet", rows("scier", "train", "verl"))


def test_all_of_scier(scier: dict[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for split, raw in scier.items():
        found = list(rows("scier", split, "trl"))
        assert [json.loads(row["gold"])["rel"] for row in found] == [row["rel"] for row in raw]
        assert [row["sentence"] for row in found] == [row["sentence"] for row in raw]
