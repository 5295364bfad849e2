"""Samples of a trained system for the tables: K completions of every sentence of a split.

Launch: ``sciie-rewards generate --config nano.yaml --system mimic``. Completions are added to a part file batch by
batch; a run that was interrupted goes on behind the last whole line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sciie_eval.cards import Card
from sciie_eval.exceptions import InputError
from sciie_eval.files import write_whole
from sciie_eval.schema import Example
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.failures import check_training_packages, explained
from sciie_rewards.recipe.plan import samples_path
from sciie_rewards.recipe.progress import bar
from sciie_rewards.recipe.sampling import Draw, Sampler, open_sampler
from sciie_rewards.recipe.stage import Stage
from sciie_rewards.recipe.tasks import messages

__all__ = ["generate", "sample_into"]


def generate(stage: Stage, split: str) -> None:
    """Sample a split with the system's model, at every temperature; what is done is not done again.

    Raises:
        InputError: the system is not trained yet, memory is out, or vLLM is asked for and not installed.
        MissingExtraError: the packages for training are not installed.
    """
    settings, model = stage.recipe.generate, stage.folder / "model"
    paths = {temperature: samples_path(stage.folder, split, temperature) for temperature in settings.temperatures}
    left = {temperature: path for temperature, path in paths.items() if not path.exists()}
    if not left:
        return
    check_training_packages()
    if not model.exists():
        raise InputError(f"{model}: no model there; train {stage.system.name} first")
    examples = stage.examples[split]
    with explained("generate", stage.folder), open_sampler(str(model), settings) as sampler:
        for temperature, path in left.items():
            how = Draw(settings.samples, temperature, stage.recipe.seed)
            with bar(stage.console, f"{stage.system.name}: {split} at {temperature:g}", len(examples)) as tick:
                sample_into(path, examples, sampler, how, stage.recipe, stage.card, tick)


def sample_into(
    path: Path,
    examples: Sequence[Example],
    sampler: Sampler,
    how: Draw,
    recipe: Recipe,
    card: Card,
    tick: Callable[[int], None],
) -> dict[str, list[str]]:
    """Sample sentences into a JSON Lines file of ``{"id", "completions"}`` in their order, and return what it holds.

    Args:
        path: the file; while it is not whole, its beginning is beside it under ``.part``.
        examples: the sentences.
        sampler: of the model.
        how: number, temperature and seed.
        recipe: the style of its prompts.
        card: prompts are built from it.
        tick: is told of how many sentences are done.
    """
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    done = _read(path if path.exists() else part)
    left = {
        example.id: messages(card, "end2end", example, recipe.model.prompts)
        for example in examples
        if example.id not in done
    }
    tick(len(examples) - len(left))
    write_whole(part, (_line(name, said) for name, said in done.items()))  # without a line that was cut off
    with part.open("a", encoding="utf-8") as stream:
        for name, said in sampler.draw(left, how):
            done[name] = said
            stream.write(_line(name, said))
            stream.flush()
            tick(1)
    found = {example.id: done[example.id] for example in examples}
    write_whole(path, (_line(name, said) for name, said in found.items()))
    part.unlink()
    return found


def _line(name: str, completions: Iterable[str]) -> str:
    return f"{json.dumps({'id': name, 'completions': list(completions)})}\n"


def _read(path: Path) -> dict[str, list[str]]:
    """The whole lines of a file that may have been cut off."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    rows = [json.loads(line) for line in lines if line.endswith("\n")]
    return {row["id"]: row["completions"] for row in rows}
