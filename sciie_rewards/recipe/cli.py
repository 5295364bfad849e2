"""The commands of the recipe: one a stage, ``run`` for all of them, ``tables`` for runs that are there.

Each prints its resolved settings, resumes after an interruption, and does what it needs first.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sciie_eval.exceptions import UsageError
from sciie_rewards.recipe.plan import Kind

if TYPE_CHECKING:
    from rich.console import Console

    from sciie_rewards.recipe.config import Recipe

__all__ = ["add_commands"]

PANEL = "Training recipe"
Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings: a YAML file, or the name of a bundled one: smoke.yaml."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]…", help="Settings over those of the file: output_dir=DIR, section.key=value."),
]
Names = Annotated[
    list[str] | None,
    typer.Option("--system", metavar="NAME", help="Only this system and what it starts from; may be repeated."),
]


def add_commands(app: typer.Typer) -> None:
    """Add the recipe's commands to a command line."""
    for name, (command, example) in COMMANDS.items():
        app.command(name, epilog=f"Example: sciie-rewards {example}", rich_help_panel=PANEL)(command)


def nano_command(overrides: Overrides = None, config: Config = None) -> None:
    """Make a small model and its tokenizer from the training split, without any download."""
    _stages(config, overrides, ["nano"], ())


def sft_command(overrides: Overrides = None, config: Config = None, system: Names = None) -> None:
    """Supervised fine-tuning: all systems whose stage it is, after what they need."""
    _stages(config, overrides, ["train"], system or (), only="sft")


def select_command(overrides: Overrides = None, config: Config = None, system: Names = None) -> None:
    """Choose prompts for GRPO by samples of the model that it starts from."""
    _stages(config, overrides, ["select"], system or (), only="grpo")


def grpo_command(overrides: Overrides = None, config: Config = None, system: Names = None) -> None:
    """Reinforcement learning: all systems whose stage it is, after what they need."""
    _stages(config, overrides, ["train"], system or (), only="grpo")


def generate_command(
    overrides: Overrides = None,
    config: Config = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            "--system",
            "--model",
            metavar="NAME",
            help="Only this system; dictionary, the baseline that is not trained, is known to every configuration.",
        ),
    ] = None,
) -> None:
    """Sample completions of the test splits."""
    recipe, _, _ = _stages(config, overrides, ["generate"], system or ())
    typer.echo(f"next: sciie-rewards tables {shlex.quote(str(recipe.output_dir))}", err=True)


def tables_command(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN_DIR]…", help="Folders of runs; several are seeds to join.")
    ] = None,
    config: Config = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where tables go; by default into the run, of several runs beside them."),
    ] = None,
) -> None:
    """Tables and pictures of what runs have generated; of several runs mean and range."""
    from sciie_rewards.recipe.config import load_recipe
    from sciie_rewards.recipe.scores import load_run, score_run
    from sciie_rewards.recipe.summary import write_results

    given = list(runs or ())
    overrides = [text for text in given if "=" in text and not Path(text).is_dir()]
    folders = [Path(text) for text in given if text not in overrides]
    if bool(folders) == (config is not None):
        raise UsageError("tables: expected folders of runs, or --config FILE of one, such as: tables runs/nano")
    if twice := next((one for one in folders if sum(one.resolve() == other.resolve() for other in folders) > 1), None):
        raise UsageError(f"tables: {twice} is given twice; a mean and range need runs of other seeds")
    if overrides and config is None:
        raise UsageError(f"{overrides[0]!r}: settings go with --config FILE; a run's folder has its own")
    recipes = [load_recipe(config, overrides)] if config is not None else [load_run(folder) for folder in folders]
    console, out = _consoles()
    _show_settings(recipes[0], console)
    beside = recipes[0].output_dir if len(recipes) == 1 else recipes[0].output_dir.resolve().parent
    write_results([score_run(recipe) for recipe in recipes], output or beside / "tables", out, console)


def run_command(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="A YAML file, or a bundled one: smoke.yaml.")],
    overrides: Overrides = None,
    system: Names = None,
) -> None:
    """All stages, then tables and pictures; what is done is not done again."""
    from sciie_rewards.recipe.run import KINDS
    from sciie_rewards.recipe.scores import score_run
    from sciie_rewards.recipe.summary import write_results

    recipe, console, out = _stages(config, overrides, KINDS, system or ())
    write_results([score_run(recipe)], recipe.output_dir / "tables", out, console)


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "run": (run_command, "run smoke.yaml output_dir=runs/try seed=2"),
    "nano": (nano_command, "nano --config nano.yaml output_dir=runs/nano"),
    "sft": (sft_command, "sft --config nano.yaml --system mimic sft.trainer.learning_rate=1e-3"),
    "select": (select_command, "select --config nano.yaml grpo.select.size=500"),
    "grpo": (grpo_command, "grpo --config nano.yaml --system mimic-r2grpo"),
    "generate": (generate_command, "generate --system dictionary output_dir=runs/floor"),
    "tables": (tables_command, "tables runs/nano runs/nano-seed2 -o tables"),
}


def _stages(
    config: str | None, overrides: Sequence[str] | None, kinds: Collection[Kind], names: Sequence[str], only: str = ""
) -> tuple[Recipe, Console, Console]:
    """Load the settings, show them, and do the stages; ``only`` keeps the systems of one stage."""
    from sciie_rewards.recipe.config import load_recipe
    from sciie_rewards.recipe.run import run_recipe

    recipe = load_recipe(config, overrides or ())
    names = _of_stage(recipe, names, only) if only else list(names)
    console, out = _consoles()
    _show_settings(recipe, console)
    try:
        return run_recipe(recipe, console, systems=names, kinds=kinds), console, out
    except KeyboardInterrupt:
        typer.echo(f"interrupted; to go on: {shlex.join(['sciie-rewards', *sys.argv[1:]])}", err=True)
        raise typer.Exit(130) from None


def _of_stage(recipe: Recipe, names: Sequence[str], stage: str) -> list[str]:
    chosen = [recipe.system(name) for name in names] or list(recipe.systems)
    found = [system.name for system in chosen if system.stage == stage]
    if not found:
        raise UsageError(f"no system of stage {stage} among {', '.join(system.name for system in chosen)}")
    return found


def _consoles() -> tuple[Console, Console]:
    """Standard error for what happens, standard output for results."""
    from rich.console import Console

    return Console(stderr=True), Console()


def _show_settings(recipe: Recipe, console: Console) -> None:
    from sciie_rewards.recipe.rundir import as_yaml

    console.print(as_yaml(recipe), style="dim", markup=False, highlight=False, soft_wrap=True)
