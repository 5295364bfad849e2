"""What is measured during training, what is logged, and which model is kept."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_recipe import CARD, EXAMPLES

from sciie_eval import parse_completion, score
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.monitor import REL, Best, JsonLog, dev_figures, read_log

DEV = EXAMPLES["dev"]
RIGHT = {example.id: target(CARD, "end2end", example, "none") for example in DEV}
EMPTY = '<answer>{"ner": [], "rel": []}</answer>'


def at(step: int, first: bool = True) -> Any:
    """A trainer's state."""
    return SimpleNamespace(global_step=step, is_world_process_zero=first)


def test_figures_are_means_over_samples_and_best_of_k() -> None:
    said = {example.id: [RIGHT[example.id], EMPTY, "no answer"] for example in DEV}
    found = dev_figures(DEV, said, CARD)
    assert found["dev/best_ner_f1"] == found["dev/best_rel_f1"] == 1.0
    assert found["dev/ok"] == pytest.approx(2 / 3)
    texts = [text for some in said.values() for text in some]
    assert found["dev/words"] == sum(len(text.split()) for text in texts) / len(texts)
    counts = [score(DEV, [parse_completion(said[e.id][k]).extraction for e in DEV]) for k in range(3)]
    tp = sum(one.rel.tp for one in counts if one.rel)
    both = sum(one.rel.n_pred + one.rel.n_gold for one in counts if one.rel)
    assert found["dev/rel_f1"] == pytest.approx(2 * tp / both)


def test_figures_are_nought_where_nothing_can_be_read() -> None:
    found = dev_figures(DEV, {example.id: ["", ""] for example in DEV}, CARD)
    assert {name: value for name, value in found.items() if value} == {}


def test_the_best_model_is_kept_and_of_equals_the_last(tmp_path: Path) -> None:
    best, told = Best(tmp_path), []
    assert best.known() is None
    assert best.model() is None
    for step, value in ((1, 0.2), (2, 0.4), (3, 0.3), (4, 0.4), (5, 0.1)):
        told.append(best.offer(step, value, lambda place, step=step: (place / "weights").write_text(str(step))))
    assert told == [True, True, False, True, False]
    model = best.model()
    assert model is not None
    assert (model / "weights").read_text() == "4"
    known = json.loads((tmp_path / "best.json").read_text())
    assert (known["step"], known[REL]) == (4, 0.4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.json", model.name]


def test_a_model_that_was_not_written_whole_is_never_the_best(tmp_path: Path) -> None:
    best = Best(tmp_path)
    best.offer(1, 0.2, lambda place: (place / "weights").touch())

    def fail(place: Path) -> None:
        (place / "weights").touch()
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        best.offer(2, 0.9, fail)
    known = best.known()
    assert known is not None
    assert known["step"] == 1
    best.offer(3, 0.3, lambda place: (place / "weights").touch())
    assert len(list(tmp_path.glob("step-*"))) == 1


def test_a_log_goes_on_from_the_checkpoint_without_what_came_after(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = JsonLog(path, more={"phase": 1})
    log.on_train_begin(None, at(0), None)
    for step in (1, 2, 3):
        log.on_log(None, at(step), None, {"loss": step / 2, "epoch": 0.5, "total_flos": 9.0})
    log.on_log(None, at(3), None, {"train_runtime": 1.0})
    with path.open("a") as stream:
        stream.write('{"step": 4, "los')
    assert [row["step"] for row in read_log(path)] == [1, 2, 3]
    JsonLog(path).on_train_begin(None, at(2), None)
    assert read_log(path) == [{"step": n, "phase": 1, "loss": n / 2, "epoch": 0.5} for n in (1, 2)]


def test_a_later_phase_keeps_the_rows_of_the_one_before_and_a_new_start_keeps_none(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(f'{{"step": {step}}}\n' for step in (0, 1, 2, 3)))
    later = JsonLog(path, offset=2, epochs=3.0)
    later.on_train_begin(None, at(0), None)
    later.on_log(None, at(1), None, {"loss": math.nan, "epoch": 0.5})
    assert read_log(path) == [{"step": n} for n in (0, 1, 2)] + [{"step": 3, "loss": None, "epoch": 1.5}]
    JsonLog(path).on_train_begin(None, at(0), None)
    assert read_log(path) == []


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    log = JsonLog(tmp_path / "log.jsonl")
    log.on_train_begin(None, at(0, first=False), None)
    log.on_log(None, at(1, first=False), None, {"loss": 1.0})
    assert not (tmp_path / "log.jsonl").exists()
