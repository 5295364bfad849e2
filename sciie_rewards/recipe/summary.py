"""What stands at the end of a run: its tables and pictures, where everything is, and what to type next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sciie_eval.exceptions import MissingExtraError
from sciie_eval.report.text import tables_text
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.curves import write_pictures
from sciie_rewards.recipe.plan import samples_path
from sciie_rewards.recipe.scores import RunScores
from sciie_rewards.recipe.tables import main_tables, write_tables

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["next_steps", "write_results"]


def write_results(runs: Sequence[RunScores], folder: Path, out: Console, console: Console) -> None:
    """Write the tables and pictures of runs, show the tables, and say where everything is.

    Args:
        runs: one, or several of other seeds.
        folder: where tables and pictures go.
        out: where the tables are shown (standard output).
        console: where the rest is said (standard error).

    Raises:
        InputError: the runs cannot stand in one table, or the folder cannot be written.
    """
    files = write_tables(runs, folder)
    out.file.write(tables_text(main_tables(runs, apart=True), console=out))
    said = [("tables", f"{folder}/tables.{{{','.join(path.suffix[1:] for path in files.values())}}}")]
    said.append(("definitions", f"the notes under the tables, in {files['text']}"))
    try:
        pictures = write_pictures(runs, folder)
    except MissingExtraError as error:
        console.print(f"note: no pictures: {error}", style="yellow", markup=False, highlight=False)
        pictures = []
    said += [("picture", str(path)) for path in pictures]
    for run in runs:
        said += _where(run.recipe)
    _say(console, "Where everything is", said)
    _say(console, "What to type next", next_steps(runs))


def next_steps(runs: Sequence[RunScores]) -> list[tuple[str, str]]:
    """Commands that make sense after these runs, each with what it is for."""
    recipe = runs[0].recipe
    folder = recipe.output_dir
    steps = []
    if len(runs) == 1:
        other = _sibling(folder, recipe.seed + 1)
        run = _typed("sciie-rewards", "run", folder / "config.yaml", f"seed={recipe.seed + 1}", f"output_dir={other}")
        steps = [("another seed", run), ("seeds together", _typed("sciie-rewards", "tables", folder, other))]
    names = [system.name for system in recipe.systems if (folder / system.name / "generate").is_dir()]
    split, temperature = recipe.data.tests[0], recipe.generate.temperatures[0]
    files = [samples_path(folder / name, split, temperature) for name in names]
    whole = runs[0].gold[split] == f"{recipe.data.card}/{split}" and split not in recipe.data.limit
    if whole and len(files) > 1:
        pair = (files[0], files[-1])
        steps.append(
            (
                "what is won and lost",
                _typed("sciie-eval", "compare", *pair, "--dataset", recipe.data.card, "--split", split),
            )
        )
    return steps


def _where(recipe: Recipe) -> list[tuple[str, str]]:
    """The parts of a run's folder that are there."""
    folder = recipe.output_dir
    names = [system.name for system in recipe.systems]
    found = [("run", f"{folder} (config.yaml, manifest.json)")]
    for label, part in (("models", "model"), ("logs", "log.jsonl"), ("TensorBoard", "tensorboard")):
        some = [name for name in names if (folder / name / part).exists()]
        if some:
            inside = some[0] if len(some) == 1 else f"{{{','.join(some)}}}"
            found.append((label, f"{folder}/{inside}/{part}"))
    return found


def _sibling(folder: Path, seed: int) -> Path:
    """A folder beside a run's for another seed."""
    return folder.with_name(f"{folder.name}-seed{seed}")


def _typed(*parts: str | Path) -> str:
    return shlex.join(os.fspath(part) for part in parts)


def _say(console: Console, title: str, lines: Sequence[tuple[str, str]]) -> None:
    if not lines:
        return
    console.print(f"\n{title}", style="bold", markup=False, highlight=False)
    width = max(len(label) for label, _ in lines) + 2
    for label, text in lines:
        console.print(f"  {label:<{width}}{text}", markup=False, highlight=False, soft_wrap=True)
