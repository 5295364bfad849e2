"""Several processes: what they give together is what one gives, whatever is in the file."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sciie_eval import evaluate
from sciie_eval import workers as module
from sciie_eval.error_report import errors_of_file
from sciie_eval.evaluate import Gold, Reading, evaluate_file
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.exceptions import InputError, LostWorkerError, UsageError
from sciie_eval.jsonl import parts_of, read_jsonl
from sciie_eval.sampling import Sampling
from sciie_eval.settings import Settings
from sciie_eval.workers import Workers, spread

TEXTS = ["BERT", "NER", "SQuAD", "a long short - term memory", "GPT", "état"]
TYPES = ["Method", "Task", "Dataset", "Odd"]
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALLEST", 200)


def mapping(rng: random.Random) -> dict[str, Any]:
    ner = [[text, rng.choice(TYPES)] for text in rng.sample(TEXTS, rng.randint(0, 4))]
    rel = [[one[0], rng.choice(["Used-For", "Part-Of"]), two[0]] for one, two in pairwise(ner)]
    return {"ner": ner, "rel": rel}


def completion(rng: random.Random) -> str | None:
    kind = rng.random()
    if kind < 0.05:
        return None
    text = f"<think>so</think><answer>{json.dumps(mapping(rng))}</answer>"
    return text[: rng.randint(0, len(text))] if kind < 0.2 else text


def rows(number: int, seed: int = 1, samples: int = 3) -> list[Row]:
    rng = random.Random(seed)
    return [
        {
            "id": f"x-{n}",
            "doc_id": f"d{n % 7}",
            "sentence": " ".join(TEXTS),
            "gold": mapping(rng),
            "completions": [completion(rng) for _ in range(samples)],
        }
        for n in range(number)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(found: list[Row], extra: str = "", name: str = "preds.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in found) + extra, encoding="utf-8")
        return path

    return written


def gold_of(found: list[Row], path: Path) -> Gold:
    path.write_text("".join(json.dumps({**row, **row["gold"]}) + "\n" for row in found), encoding="utf-8")
    gold = Gold.from_options(path, None, None, Settings())
    assert gold is not None
    return gold


def everything(path: Path, settings: Settings, gold: Gold | None, reading: Reading) -> list[Any]:
    """What score, passk and errors say of a file, or what is wrong with it."""
    found: list[Any] = []
    for job in (
        lambda: evaluate_file(path, settings, gold, reading).score().to_dict(),
        lambda: evaluate_samples(path, settings, Sampling(), gold, reading).to_dict(),
        lambda: errors_of_file(path, settings, gold, reading).to_dict(),
    ):
        try:
            found.append(job())
        except InputError as error:
            found.append(str(error))
    return found


def assert_same(path: Path, settings: Settings, gold: Gold | None = None, **how: Any) -> list[Any]:
    alone = everything(path, settings, gold, Reading(**how))
    assert everything(path, settings, gold, Reading(**how, engine=Workers(2))) == alone
    return alone


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"match": "overlap", "normalize": "casefold"},
        {"duplicates": "multiset", "symmetric": "undirected", "cluster": "doc_id"},
        {"tasks": ("rel",), "parse": "strict"},
    ],
)
def test_the_same_to_the_last_bit(settings: dict[str, Any], write: Callable[..., Path]) -> None:
    score, curves, _ = assert_same(write(rows(60)), Settings(bootstrap=50, **settings))
    assert score["n_sentences"] == curves["n_sentences"] == 60


def test_partial_credit(write: Callable[..., Path]) -> None:
    settings = Settings(match="fuzzy", threshold=0.3, credit="partial", bootstrap=50)
    path = write(rows(60))
    alone = evaluate_file(path, settings).score().to_dict()
    assert evaluate_file(path, settings, reading=Reading(engine=Workers(3))).score().to_dict() == alone
    assert alone["tasks"]["ner"]["tp"] % 1


def test_gold_elsewhere_with_sentences_missing(write: Callable[..., Path], tmp_path: Path) -> None:
    found = rows(50)
    gold = gold_of(found, tmp_path / "gold.jsonl")
    score, *_ = assert_same(
        write([{k: row[k] for k in ("id", "completions")} for row in found[::-2]]), Settings(), gold
    )
    assert score["missing"] == 25


def test_rows_without_id_keep_their_numbers(write: Callable[..., Path]) -> None:
    found = [{key: row[key] for key in row if key != "id"} for row in rows(40)]
    *_, errors = assert_same(write(found), Settings())
    assert {sentence["id"] for sentence in errors["worst"]} <= {f"preds-{n}" for n in range(40)}


def test_matches_are_kept(write: Callable[..., Path]) -> None:
    path = write(rows(40))
    alone = evaluate_file(path, Settings(), keep=True)
    found = evaluate_file(path, Settings(), reading=Reading(engine=Workers(2)), keep=True)
    assert [example.id for example in found.examples] == [example.id for example in alone.examples]
    matched = [[match.found() for match in one.values()] for one in found.tally.matches]
    assert matched == [[match.found() for match in one.values()] for one in alone.tally.matches]


@pytest.mark.parametrize("extra", ['{"id": "x-3", "completion": "", "gold": {}}\n', "{", "[1]\n", '{"id": "z"}\n'])
def test_errors_are_those_of_one_process(extra: str, write: Callable[..., Path]) -> None:
    for said in assert_same(write(rows(40), extra), Settings()):
        assert "line 41" in said


def test_bad_lines_are_counted(write: Callable[..., Path]) -> None:
    score, *_ = assert_same(write(rows(40), "{\n" * 3), Settings(), skip_bad_lines=True)
    assert "3 malformed lines were skipped: 41, 42, 43" in score["warnings"]


def test_two_predictions_for_one_sentence(write: Callable[..., Path], tmp_path: Path) -> None:
    found = rows(40)
    gold = gold_of(found, tmp_path / "gold.jsonl")
    path = write([{"id": row["id"], "completion": "x" * 50} for row in [*found, found[0]]])
    assert "line 41: a second prediction for 'x-0'" in assert_same(path, Settings(), gold)[0]


def test_rows_that_depend_on_others_are_read_by_one(write: Callable[..., Path], tmp_path: Path) -> None:
    found = rows(30)
    gold = gold_of(found, tmp_path / "gold.jsonl")
    assert_same(write([{"completion": row["completions"][0]} for row in found]), Settings(), gold, join="order")
    logged = [
        {"step": 1, "prompt": row["sentence"], "completion": text, "sciie/id": row["id"]}
        for row in found
        for text in row["completions"]
    ]
    assert_same(write(logged), Settings(), gold)
    assert_same(write(rows(20, samples=2) + [{**row, "id": row["id"] + "b"} for row in rows(20)]), Settings())
    same = [{**row, "sentence": "again"} for row in found]
    twice = gold_of(same, tmp_path / "twice.jsonl")
    assert_same(write([{k: row[k] for k in ("doc_id", "sentence", "completions")} for row in same]), Settings(), twice)


def test_parts_hold_every_line_once(write: Callable[..., Path]) -> None:
    path = write(rows(23), "\n\n" + json.dumps({"id": "last"}))
    lines = list(read_jsonl(path))
    for number in (2, 3, 7, 1000):
        parts = list(parts_of(path, number))
        assert len(parts) > 1
        assert [line for part in parts for line in read_jsonl(path, part=part)] == lines


def test_nothing_to_share_out(write: Callable[..., Path], tmp_path: Path) -> None:
    assert not list(parts_of("-", 4))
    assert not list(parts_of(write([{"id": 1}]), 4))
    assert not list(parts_of(tmp_path, 4))
    assert not list(parts_of(write(rows(10), name="preds.jsonl.gz"), 4))
    assert evaluate_file(write(rows(3)), Settings(), reading=Reading(engine=Workers(4))).tally.n_sentences == 3
    with pytest.raises(InputError, match="No such file"):
        evaluate_file(tmp_path / "none.jsonl", Settings(), reading=Reading(engine=Workers(2)))
    with pytest.raises(UsageError, match="--workers: expected a number of processes from 1 up, got 0"):
        Workers(0)


def test_progress_reaches_the_end(write: Callable[..., Path]) -> None:
    path, seen = write(rows(50)), list[int]()
    evaluate_file(path, Settings(), reading=Reading(engine=Workers(2), on_bytes=seen.append))
    assert sum(seen) == path.stat().st_size


def _killed(item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_process_that_is_killed_is_an_error() -> None:
    with pytest.raises(LostWorkerError, match=r"a process was killed, .*; run again with fewer --workers"):
        list(spread(_killed, range(6), 2))


def _refused(item: int) -> int:
    raise InputError(f"item {item}")


def test_an_error_ends_the_other_processes() -> None:
    with pytest.raises(InputError, match="item 0"):
        list(spread(_refused, range(100), 2))
    assert list(spread(abs, [-1, 2], 1)) == [1, 2]


def test_large_gold_is_not_sent_around(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MAX_CHECKED", 30)
    monkeypatch.setattr(evaluate, "altered_gold", lambda examples: f"{len(examples)} looked at")
    for number in (30, 31):
        warnings = assert_same(write(rows(number)), Settings())[0]["warnings"]
        assert ("30 looked at" in warnings) == (number == 30)
        assert len(warnings) == 1 + (number == 30)
