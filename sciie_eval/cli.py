"""``sciie-eval``: every command is one call into the modules beside this one.

Exit codes are those of `process`: 0 done, 1 wrong input, 2 wrong usage, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from sciie_eval.cards import data_root
from sciie_eval.cli_datasets import app as datasets_app
from sciie_eval.cli_options import Options, with_options
from sciie_eval.corpus import split_name
from sciie_eval.exceptions import UsageError
from sciie_eval.files import check_target
from sciie_eval.process import ended
from sciie_eval.sampling import Oracle, Sampling
from sciie_eval.signature import package_version

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="How good is an extraction of entities and relations from a scientific sentence?",
)
app.add_typer(datasets_app, name="datasets")

Files = Annotated[
    list[str], typer.Argument(metavar="PREDS…", help="Prediction files (.jsonl, .gz, .zst, .parquet; - is stdin).")
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sciie-eval {package_version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """How good is an extraction of entities and relations from a scientific sentence?"""


@app.command("score", epilog="Example: sciie-eval score preds.jsonl --dataset scier --split test")
@with_options
def score_command(
    preds: Files,
    options: Options,
    task: Annotated[
        Literal["extraction", "classification"],
        typer.Option("--task", help="Entities and relations, or one label a sentence (SemEval-2010 Task 8)."),
    ] = "extraction",
) -> None:
    """Precision, recall and F1 for ner, rel and rel+, with intervals, per type, and the health of the parse."""
    if task == "classification":
        from sciie_eval.cli_labels import score_label_files

        return score_label_files(_named(preds, options), options)
    from sciie_eval.cli_output import write_scores
    from sciie_eval.evaluate import evaluate_file

    settings, gold = options.settings, options.gold_source()
    scores = []
    for name, path in _named(preds, options):
        with options.reading(path) as reading:
            scores.append((name, evaluate_file(path, settings, gold, reading).score()))
    write_scores(scores, options)


@app.command("passk", epilog="Example: sciie-eval passk preds.jsonl --dataset scier --split test --k 1,2,4,8")
@with_options
def passk_command(
    preds: Files,
    options: Options,
    k: Annotated[
        str | None, typer.Option("--k", metavar="K,…", help="Numbers of samples; powers of two by default.")
    ] = None,
    oracle: Annotated[
        Oracle, typer.Option("--oracle", help="The best sample of each task, or one sample for all tasks.")
    ] = "per-task",
    theta: Annotated[
        float, typer.Option("--theta", help="Share of the K samples that consensus asks for, above 0 to 1.")
    ] = 0.5,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw the curves (.png, .svg, .pdf), with their data as .csv beside.")
    ] = None,
) -> None:
    """Best-F1@K, Avg@K and Consensus@K: what the best of K samples, one sample and a vote give."""
    from sciie_eval.cli_output import write_curves
    from sciie_eval.evaluate_samples import evaluate_samples
    from sciie_eval.report.plot import check_plot, write_plot

    if options.sample:
        raise UsageError("passk takes all samples; leave --sample out")
    sampling = Sampling(_numbers(k), oracle, theta)
    if plot is not None and check_plot(plot) == options.target:
        raise UsageError(f"--plot {plot} writes its data to {options.target}, too; give -o another name")
    settings, gold = options.settings, options.gold_source()
    scores = []
    for name, path in _named(preds, options):
        with options.reading(path) as reading:
            scores.append((name, evaluate_samples(path, settings, sampling, gold, reading)))
    if plot is not None:
        write_plot(scores, plot)
    write_curves(scores, options)


def _numbers(text: str | None) -> tuple[int, ...] | None:
    """The numbers of samples that were asked for."""
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--k: expected numbers of samples such as 1,2,4,8, got {text!r}") from None


@app.command("compare", epilog="Example: sciie-eval compare sft.jsonl grpo.jsonl --dataset scier --split test")
@with_options
def compare_command(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="Predictions of the baseline.")],
    others: Annotated[list[str], typer.Argument(metavar="OTHER…", help="Predictions to compare with it.")],
    options: Options,
    show: Annotated[int, typer.Option("--show", min=0, help="Items won and lost to show per task.")] = 5,
) -> None:
    """Paired tests against a baseline, differences per type, and what was won and lost."""
    from sciie_eval.cli_output import write_comparison
    from sciie_eval.comparison import System, compare_systems, signature_of_tests
    from sciie_eval.evaluate import Gold, evaluate_file

    settings, gold = options.settings, options.gold_source()
    systems = []
    for name, path in _named([baseline, *others], options):
        with options.reading(path) as reading:
            found = evaluate_file(path, settings, gold, reading, keep=True)
        if gold is None:  # the baseline's rows hold gold: the others are joined with it
            gold = Gold("rows", found.examples)
        systems.append(System(name, found.score(signature_of_tests(settings)), found.tally.matches, found.examples))
    write_comparison(systems, compare_systems(systems[0], systems[1:], settings), show, options)


@app.command("errors", epilog="Example: sciie-eval errors preds.jsonl --dataset scier --split test --show 10")
@with_options
def errors_command(
    preds: Annotated[
        str, typer.Argument(metavar="PREDS", help="Prediction file (.jsonl, .gz, .zst, .parquet; - is stdin).")
    ],
    options: Options,
    show: Annotated[int, typer.Option("--show", min=0, help="How many of the worst sentences to show.")] = 3,
) -> None:
    """What became of every item: kinds of error per type, confusions, audits, and the worst sentences, marked."""
    from sciie_eval.cli_output import write_errors
    from sciie_eval.error_report import errors_of_file

    _named([preds], options)
    settings, gold = options.settings, options.gold_source()
    with options.reading(preds) as reading:
        report = errors_of_file(preds, settings, gold, reading, show=show)
    write_errors(report, options)


@app.command(
    "report", epilog="Example: sciie-eval report sft.jsonl grpo.jsonl --dataset scier --split test -o report.html"
)
@with_options
def report_command(preds: Files, options: Options) -> None:
    """One self-contained HTML page: scores, tests, errors, confusions, curves, and every sentence to look at."""
    from sciie_eval.classification import error_settings
    from sciie_eval.cli_output import write_page
    from sciie_eval.evaluate import Gold
    from sciie_eval.report.html_report import report_page
    from sciie_eval.report.html_systems import read_system

    if options.format != "text":
        raise UsageError("report writes HTML; leave --format out")
    settings, gold = error_settings(options.settings), options.gold_source()
    options.only_here("report")
    systems = []
    for name, path in _named(preds, options):
        with options.reading(path) as reading:
            systems.append(read_system(name, path, settings, gold, reading))
        if gold is None:  # the first file's rows hold gold: the others are joined with it
            gold = Gold("rows", systems[0].system.examples)  # type: ignore[arg-type]
    write_page(report_page(systems, settings, workers=options.workers), options)


@app.command("validate", epilog="Example: sciie-eval validate preds.jsonl --dataset scier --split test")
@with_options
def validate_command(preds: Files, options: Options) -> None:
    """Check prediction files without scoring: form, joins, parse status, issues, labels."""
    from sciie_eval.cli_output import write_validation
    from sciie_eval.validation import validate_file

    settings, gold = options.settings, options.gold_source()
    options.only_here("validate")
    found = []
    for name, path in _named(preds, options):
        with options.reading(path) as reading:
            found.append((name, validate_file(path, settings, gold, reading)))
    write_validation(found, options)


@app.command("demo", epilog="Example: sciie-eval demo")
def demo_command() -> None:
    """Score the bundled sample: works offline, right after install."""
    from sciie_eval.cli_output import write_scores
    from sciie_eval.evaluate import Gold, evaluate_file

    sample = data_root() / "sample"
    options = Options(gold=sample / "gold.jsonl")
    gold = Gold.from_options(options.gold, None, None, options.settings)
    path = sample / "predictions.jsonl"
    number = len(gold.examples) if gold is not None else 0
    typer.echo(f"{number} sentences of our own, several completions each, of which the first is scored; this is")
    typer.echo(f"  {_typed(path)}\n")
    write_scores([("sample", evaluate_file(path, options.settings, gold).score())], options)


def _typed(path: Path) -> str:
    """The command that does the same."""
    shown = os.path.relpath(path)
    shown = shown if len(shown) < len(str(path)) else str(path)
    gold = os.path.join(os.path.dirname(shown), "gold.jsonl")
    return f"sciie-eval score {shlex.quote(shown)} --gold {shlex.quote(gold)}"


def _named(paths: list[str], options: Options) -> list[tuple[str, str]]:
    """Paths with the shortest names that tell them apart: file names, else the paths as they were typed.

    Raises:
        UsageError: a path is given twice, or would be written to.
        InputError: the result cannot be written where it is to go.
    """
    if options.target is not None:
        inputs = [*map(Path, paths), *([options.gold] if options.gold is not None else [])]
        check_target(options.target, inputs)
    if len(set(paths)) != len(paths):
        raise UsageError("a prediction file is given twice")
    stems = [split_name(path) for path in paths]
    names = stems if len(set(stems)) == len(stems) else paths
    return list(zip(names, paths, strict=True))


def main() -> None:
    """Run the command line; whatever ends it becomes an exit code and at most one line."""
    with ended("sciie-eval"):
        app()


if __name__ == "__main__":
    main()
