"""Generation: K completions of every sentence in the order of the split, the same after an interruption."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from tiny_recipe import EXAMPLES, base, recipe, stage

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe import generate
from sciie_rewards.recipe.plan import samples_path
from sciie_rewards.recipe.sampling import TransformersSampler
from sciie_rewards.recipe.stage import Stage


def ready(folder: Path) -> Stage:
    """A system whose model is the base model."""
    start = base(folder)
    shutil.copytree(start, folder / "mimic" / "model")
    section = recipe(folder).generate.model_dump(mode="json")
    return stage(recipe(folder, generate={**section, "temperatures": [0.9, 0.5]}), "mimic", start)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_sentence_has_k_completions_at_every_temperature(tmp_path: Path) -> None:
    made = ready(tmp_path)
    generate.generate(made, "test")
    paths = [samples_path(made.folder, "test", temperature) for temperature in (0.9, 0.5)]
    assert [path.name for path in paths] == ["test.t0.9.jsonl", "test.t0.5.jsonl"]
    assert sorted(path.name for path in (made.folder / "generate").iterdir()) == sorted(path.name for path in paths)
    for path in paths:
        assert [row["id"] for row in rows(path)] == [example.id for example in EXAMPLES["test"]]
        assert {len(row["completions"]) for row in rows(path)} == {2}
    assert rows(paths[0]) != rows(paths[1])


@pytest.mark.parametrize("batches", [1, 3])
def test_interrupted_it_goes_on_behind_what_is_done(
    batches: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate.generate(ready(tmp_path / "one"), "test")
    made, draw, asked = ready(tmp_path / "two"), TransformersSampler.draw, []

    def some(self: Any, prompts: Any, how: Any) -> Iterator[Any]:
        for number, found in enumerate(draw(self, prompts, how)):
            if number == batches:
                raise KeyboardInterrupt
            yield found

    def noted(self: Any, prompts: Any, how: Any) -> Iterator[Any]:
        asked.append(len(prompts))
        yield from draw(self, prompts, how)

    monkeypatch.setattr(TransformersSampler, "draw", some)
    with pytest.raises(KeyboardInterrupt):
        generate.generate(made, "test")
    part = made.folder / "generate" / "test.t0.9.jsonl.part"
    with part.open("a") as stream:
        stream.write('{"id": "test-4", "comple')  # killed in the middle of a line
    monkeypatch.setattr(TransformersSampler, "draw", noted)
    generate.generate(made, "test")
    assert asked == [5 - batches, 5]
    for name in ("test.t0.9.jsonl", "test.t0.5.jsonl"):
        one, two = (tmp_path / run / "mimic" / "generate" / name for run in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    assert not part.exists()


def test_what_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(tmp_path)
    generate.generate(made, "test")
    monkeypatch.setattr(generate, "open_sampler", None)
    generate.generate(made, "test")


def test_an_untrained_system_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mimic/model: no model there; train mimic first"):
        generate.generate(stage(recipe(tmp_path), "mimic", "x"), "test")
