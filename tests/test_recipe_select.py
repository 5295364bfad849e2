"""Selection: prompts whose samples the reward tells apart, least average first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from tiny_recipe import CARD, EXAMPLES, base, recipe, said, stage

from sciie_eval.exceptions import InputError
from sciie_rewards import r2_reward
from sciie_rewards.recipe import select
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.sections import Select
from sciie_rewards.recipe.select import chosen

NAME = "mimic-r2grpo"
SIX = EXAMPLES["train"][:6]
RIGHT = {example.id: target(CARD, "end2end", example, "grounded") for example in SIX}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_kept_are_those_told_apart_with_the_least_average_first() -> None:
    answers = {
        "train-0": ["", "", RIGHT["train-0"]],
        "train-1": [RIGHT["train-1"], RIGHT["train-1"], ""],
        "train-2": ["", "", ""],
        "train-3": ["", "", RIGHT["train-3"]],
        "train-4": [RIGHT["train-4"]] * 3,
        "train-5": ["", RIGHT["train-5"], ""],
    }
    found = chosen(SIX, answers, r2_reward, Select(size=10))
    assert [row["id"] for row in found] == ["train-0", "train-3", "train-5", "train-1"]
    assert found[0]["average"] == pytest.approx(1 / 3)
    assert found[0]["spread"] == pytest.approx((2 / 9) ** 0.5)
    assert chosen(SIX, answers, r2_reward, Select(size=2)) == found[:2]


def test_where_none_is_told_apart_candidates_are_taken_evenly() -> None:
    answers = {example.id: [RIGHT[example.id]] * 2 for example in SIX}
    found = chosen(SIX, answers, r2_reward, Select(size=3))
    assert [row["id"] for row in found] == ["train-0", "train-2", "train-4"]
    assert {(row["average"], row["spread"]) for row in found} == {(1.0, 0.0)}


def test_without_a_size_all_prompts_are_taken_and_nothing_is_sampled(tmp_path: Path) -> None:
    section = recipe(tmp_path).grpo.model_dump(mode="json")
    made = stage(recipe(tmp_path, grpo={**section, "select": {"size": None}}), NAME, "not looked at")
    select.select(made)
    assert [row["id"] for row in rows(made.folder / "selected.jsonl")] == [e.id for e in EXAMPLES["train"]]
    assert {row["average"] for row in rows(made.folder / "selected.jsonl")} == {None}


def test_candidates_are_sampled_with_the_model_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stage(recipe(tmp_path), NAME, base(tmp_path))
    select.select(made)
    samples = rows(made.folder / "select" / "samples.jsonl")
    assert [row["id"] for row in samples] == ["train-0", "train-2", "train-5", "train-8", "train-10", "train-13"]
    assert {len(row["completions"]) for row in samples} == {2}
    assert len(rows(made.folder / "selected.jsonl")) == 4
    assert "tells the samples of no prompt apart; 4 prompts are taken evenly" in said(made)
    monkeypatch.setattr(select, "open_sampler", None)
    select.select(made)


def test_what_was_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stage(recipe(tmp_path), NAME, base(tmp_path))
    answers = {example.id: ["", target(CARD, "end2end", example, "grounded")] for example in EXAMPLES["train"]}
    monkeypatch.setattr(select, "sample_into", lambda *arguments: answers)
    select.select(made)
    assert f"{NAME}: 4 of 6 prompts kept" in said(made)


def test_a_system_of_another_stage_or_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not trained by GRPO"):
        select.select(stage(recipe(tmp_path), "mimic", "x"))
    with pytest.raises(InputError, match="no model there"):
        select.select(stage(recipe(tmp_path), NAME, tmp_path / "nowhere"))
