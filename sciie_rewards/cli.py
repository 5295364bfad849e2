"""``sciie-rewards``: explain what a completion earned, and train with the reward (`sciie_rewards.recipe.cli`).

Exit codes: 0 done, 1 wrong input (one line on standard error), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sciie_eval.cards import load_schema
from sciie_eval.evaluate import Gold, Reading
from sciie_eval.exceptions import InputError
from sciie_eval.process import ended
from sciie_eval.settings import Settings
from sciie_eval.signature import package_version
from sciie_rewards.recipe.cli import add_commands

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Rewards for reinforcement learning, made of the evaluator's own scores.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sciie-rewards {package_version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Rewards for reinforcement learning, made of the evaluator's own scores."""


@app.command("explain", epilog="Example: sciie-rewards explain preds.jsonl --row 3 --dataset scier --split test")
def explain_command(
    preds: Annotated[Path, typer.Argument(metavar="PREDS", help="Predictions (.jsonl, .gz, .zst, .parquet; -).")],
    row: Annotated[int, typer.Option("--row", min=0, help="Which sentence of the file, from 0.")],
    sample: Annotated[int, typer.Option("--sample", min=0, help="Which of its completions, from 0.")] = 0,
    gold: Annotated[Path | None, typer.Option("--gold", help="File in SciER's or in token-span form.")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="A dataset card, such as scier.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="A split of that dataset, such as test.")] = None,
    schema: Annotated[str | None, typer.Option("--schema", help="Card whose labels and signatures count.")] = None,
    profile: Annotated[
        Literal["robust", "released"] | None, typer.Option("--profile", help="Which rewards; robust by default.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings of the reward, a .toml or .yaml file.")
    ] = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="For people or programs.")] = "text",
) -> None:
    """What a completion earned, component by component, and why."""
    from sciie_rewards.composite import R2Reward
    from sciie_rewards.settings import read_mapping

    settings: dict[str, Any] = read_mapping(config) if config is not None else {}
    given = {"profile": profile, "schema": schema or (None if "schema" in settings else dataset)}
    reward = R2Reward.from_settings({**settings, **{name: value for name, value in given.items() if value is not None}})
    scoring = Settings(schema=load_schema(reward.settings.label_schema))
    source = Gold.from_options(gold, dataset, split, scoring)
    found = next(islice(Reading().open(preds, scoring, source), row, None), None)
    if found is None:
        raise InputError(f"{preds}: no row {row}; rows are counted from 0")
    if sample >= len(found.samples):
        raise InputError(f"{preds}: row {row} has {len(found.samples)} samples; --sample counts from 0")
    value = found.samples[sample]
    if not isinstance(value, str):
        raise InputError(
            f"{found.where or preds}: expected a completion, got {type(value).__name__}; the reward reads what a model "
            "wrote, reasoning and answer"
        )
    explanation = reward.explain(value, found.example)
    if format == "json":
        text = json.dumps({"id": found.example.id, **explanation.to_dict()}, indent=2, ensure_ascii=False) + "\n"
    else:
        from rich.console import Console

        text = explanation.to_text(Console())
    sys.stdout.write(text.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding))
    sys.stdout.flush()  # while a failure can still be said


add_commands(app)


def main() -> None:
    """Run the command line; whatever ends it becomes an exit code and at most one line.

    Signals are left as they are: the recipe has words of its own for an interrupt, launchers end training by others.
    """
    with ended("sciie-rewards", []):
        app()


if __name__ == "__main__":
    main()
