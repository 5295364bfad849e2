"""The options that every scoring command shares, declared once.

`with_options` expands a parameter annotated with `Options` into one command-line option per field, so that a command
takes the object and typer sees the options.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_type_hints

import typer

from sciie_eval.cards import load_schema
from sciie_eval.evaluate import Engine, Gold, Reading
from sciie_eval.exceptions import UsageError
from sciie_eval.parsing import ParseMode
from sciie_eval.predictions import Join
from sciie_eval.report import Format
from sciie_eval.rules import TASKS, Duplicates, Matcher, Normalization, Task
from sciie_eval.settings import Cluster, Compat, Credit, Settings, Symmetric
from sciie_eval.workers import Workers

__all__ = ["Options", "with_options"]

EngineName = Literal["local", "ray"]
GOLD, HOW, WHAT, OUT = "Where gold is", "How items compare", "What is scored", "Output"


def _option(*names: str, panel: str, help: str, metavar: str | None = None, min: int | None = None) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar, min=min)


@dataclass(frozen=True)
class Options:
    """Everything a scoring command can be told."""

    gold: Annotated[Path | None, _option("--gold", panel=GOLD, help="File in SciER's or in token-span form.")] = None
    dataset: Annotated[str | None, _option("--dataset", panel=GOLD, help="A dataset card, such as scier.")] = None
    split: Annotated[str | None, _option("--split", panel=GOLD, help="A split of that dataset, such as test.")] = None
    join: Annotated[
        Join, _option("--join", panel=GOLD, help="By id or (doc_id, sentence), or by the order of the rows.")
    ] = "auto"
    match: Annotated[Matcher, _option("--match", panel=HOW, help="How two texts are equal.")] = "strict"
    threshold: Annotated[
        float | None, _option("--threshold", panel=HOW, help="Least similarity: overlap .5, fuzzy .8 by default.")
    ] = None
    normalize: Annotated[
        Normalization, _option("--normalize", panel=HOW, help="Ignore blanks (spacing), or blanks and case.")
    ] = "none"
    duplicates: Annotated[
        Duplicates, _option("--duplicates", panel=HOW, help="Count a repeated item once, or every time.")
    ] = "set"
    symmetric: Annotated[
        Symmetric, _option("--symmetric", panel=HOW, help="Whether symmetric relations have a direction.")
    ] = "directed"
    credit: Annotated[Credit, _option("--credit", panel=HOW, help="A matched pair counts 1, or its similarity.")] = (
        "count"
    )
    tasks: Annotated[str, _option("--tasks", panel=WHAT, help="Comma-separated: ner, rel, rel+.", metavar="TASKS")] = (
        ",".join(TASKS)
    )
    schema: Annotated[
        str | None, _option("--schema", panel=WHAT, help="Card whose labels count; the dataset's by default.")
    ] = None
    parse: Annotated[
        ParseMode, _option("--parse", panel=WHAT, help="Read anything (lenient), or only the asked shape.")
    ] = "lenient"
    sample: Annotated[int, _option("--sample", panel=WHAT, help="Which of K samples is scored, from 0.", min=0)] = 0
    compat: Annotated[
        Compat | None, _option("--compat", panel=WHAT, help="Imitate a released evaluator, for comparison.")
    ] = None
    ci: Annotated[float, _option("--ci", panel=WHAT, help="Confidence level in percent.")] = 95.0
    bootstrap: Annotated[int, _option("--bootstrap", panel=WHAT, help="Number of resamples.")] = 1000
    cluster: Annotated[
        Cluster, _option("--cluster", panel=WHAT, help="What intervals resample: sentences or documents.")
    ] = "sentence"
    seed: Annotated[int, _option("--seed", panel=WHAT, help="Of the resampling.")] = 12345
    skip_bad_lines: Annotated[
        bool, _option("--skip-bad-lines", panel=GOLD, help="Count and list malformed lines instead of stopping.")
    ] = False
    workers: Annotated[
        int, _option("--workers", panel=GOLD, help="Processes that share out a plain .jsonl file.", min=1)
    ] = 1
    engine: Annotated[
        EngineName, _option("--engine", panel=GOLD, help="What reads the files: this machine, or Ray (globs, urls).")
    ] = "local"
    format: Annotated[Format, _option("--format", panel=OUT, help="For people, programs or papers.")] = "text"
    output: Annotated[
        Path | None, _option("-o", "--output", panel=OUT, help="File to write; else standard output.")
    ] = None

    @property
    def target(self) -> Path | None:
        """The file to write; None for standard output, also when it was asked for as ``-``."""
        return None if self.output is None or str(self.output) == "-" else self.output

    @functools.cached_property
    def settings(self) -> Settings:
        """The scoring settings."""
        return Settings(
            tasks=_tasks(self.tasks),
            match=self.match,
            threshold=self.threshold,
            normalize=self.normalize,
            duplicates=self.duplicates,
            symmetric=self.symmetric,
            credit=self.credit,
            parse=self.parse,
            schema=load_schema(self.schema or self.dataset),
            compat=self.compat,
            ci=self.ci,
            bootstrap=self.bootstrap,
            cluster=self.cluster,
            seed=self.seed,
        )

    def gold_source(self) -> Gold | None:
        """The gold that was pointed at; None when the rows hold it."""
        return Gold.from_options(self.gold, self.dataset, self.split, self.settings)

    def only_here(self, command: str) -> None:
        """Refuse an engine that the command has no use for.

        Raises:
            UsageError: it was asked for.
        """
        if self.engine != "local":
            raise UsageError(f"{command} keeps whole files, so it reads them on this machine; leave --engine out")

    def _engine(self) -> Engine | None:
        if self.engine == "local":
            return Workers(self.workers) if self.workers > 1 else None
        if self.workers > 1:
            raise UsageError("--workers is for this machine; Ray takes the processors that its cluster has")
        from sciie_eval.ray_engine import RayEngine

        return RayEngine()

    @contextmanager
    def reading(self, path: str | Path) -> Iterator[Reading]:
        """How to read a file, with a progress bar on standard error when that is a terminal."""
        reading = Reading(self.join, self.skip_bad_lines, self.sample, engine=self._engine())
        if not sys.stderr.isatty():
            yield reading
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        path = Path(path)
        size = path.stat().st_size if path.suffix not in (".gz", ".zst") and path.is_file() else None
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(path.name, total=size)
            advance = functools.partial(bars.advance, bar)
            yield replace(reading, on_bytes=advance)


def _tasks(text: str) -> tuple[Task, ...]:
    names = tuple(name.strip().replace("rel_plus", "rel+") for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in TASKS]
    if unknown or not names:
        raise UsageError(f"--tasks: expected a comma-separated list of {', '.join(TASKS)}, got {text!r}")
    return cast(tuple[Task, ...], names)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter ``options`` of a command by one keyword parameter per field of `Options`."""
    hints = get_type_hints(Options, include_extras=True)
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "options"]
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default if field.default is not MISSING else inspect.Parameter.empty,
            annotation=hints[field.name],
        )
        for field in fields(Options)
    ]

    @functools.wraps(command)
    def expanded(**values: Any) -> None:
        names = {parameter.name for parameter in shared}
        options = Options(**{name: value for name, value in values.items() if name in names})
        command(options=options, **{name: value for name, value in values.items() if name not in names})

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + shared
    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {p.name: p.annotation for p in parameters}
    return expanded
