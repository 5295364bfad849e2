"""The tables of a run, or of several runs of several seeds: ours with intervals, published numbers beside them.

Launch: ``sciie-rewards tables runs/1 runs/2``; a run makes its own when it ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from sciie_eval.exceptions import InputError
from sciie_eval.files import write_whole
from sciie_eval.report import render_json, render_tables
from sciie_eval.report.tables import Cell, Table, percent
from sciie_eval.report.text import tables_text
from sciie_rewards.recipe.published import Published, published_results
from sciie_rewards.recipe.rundir import as_mapping
from sciie_rewards.recipe.scores import MEASURES, Measure, RunScores, Scored, Value, joined

__all__ = ["FORMATS", "main_tables", "notes", "write_tables"]

FORMATS = {"text": "txt", "markdown": "md", "latex": "tex", "csv": "csv", "json": "json"}
SHOWN: tuple[Measure, ...] = tuple(measure for measure in MEASURES if measure != ("released best", "ner"))
MARK = "†"


def write_tables(runs: Sequence[RunScores], folder: Path) -> dict[str, Path]:
    """Write ``tables.*`` in every format; returns the files by format.

    Args:
        runs: one, or several of the same systems with other seeds.
        folder: where; it is made.

    Raises:
        InputError: the runs cannot stand in one table, or the folder cannot be written.
    """
    _check_comparable(runs)
    tables, said = main_tables(runs), notes(runs)
    lines = "".join(f"note: {note}\n" for note in said)
    content = {
        "text": tables_text(main_tables(runs, apart=True)) + lines,
        "markdown": render_tables(tables, "markdown", said),
        "latex": render_tables(tables, "latex", said),
        "csv": render_tables([_long(runs)], "csv", []),
        "json": render_json(_as_json(runs, said)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}; choose another folder") from None
    files = {name: folder / f"tables.{suffix}" for name, suffix in FORMATS.items()}
    for name, path in files.items():
        write_whole(path, [content[name]])
    return files


def main_tables(runs: Sequence[RunScores], *, apart: bool = False) -> list[Table]:
    """A table a split, then what the samples were like, then the temperatures where there are several.

    Args:
        runs: whose scores.
        apart: gives published numbers tables of their own, which are narrower: for terminals.
    """
    by_split = [table for split in runs[0].recipe.data.tests for table in _split_tables(runs, split, apart)]
    hot = [_temperature_table(runs)] if len({one.temperature for one in _all(runs)}) > 1 else []
    return [*by_split, _sample_table(runs), *hot]


def notes(runs: Sequence[RunScores]) -> list[str]:
    """What the reader of the tables has to know: definitions, marks, what is absent, warnings and signatures."""
    k = runs[0].recipe.tables.k
    inside = "its 95 % interval over sentences" if len(runs) == 1 else f"the range over {len(runs)} runs"
    found = [
        f"ner, rel, rel+: micro-F1 of one sample in percent, estimated as the mean over all samples of a sentence "
        f"(Avg@{k}, which is the same for every K); in parentheses {inside}",
        f"Best@{k}: micro-F1 of the best of {k} samples, for each task its own",
        f"released: the same samples under the evaluator of the R2GRPO release, which forgets the predictions of "
        f"sentences with F1 = 0, so that precision is too high: F1 of the first sample, and Best@{k}",
    ]
    if _published(runs):
        found += [
            f"published numbers have their grade (how we know them) in the last column; {MARK}: that evaluator drops "
            "false positives, or perhaps does; compare those with released only",
            *(f"{one.system}: {one.note}" for one in _published(runs) if one.note),
        ]
    found += [f"{run.name}: not done yet: {', '.join(run.absent)}" for run in runs if run.absent]
    found += [f"runs differ in {name}: {values}" for name, values in _differences(runs).items()]
    warnings = {f"{one.system}, {one.split}: {text}": None for one in _all(runs) for text in one.scores.warnings}
    return found + list(warnings) + _signatures(runs)


# -- tables ----------------------------------------------------------------------------------------------------------


def _split_tables(runs: Sequence[RunScores], split: str, apart: bool) -> Iterator[Table]:
    """One row a system, ours first; nothing where nothing of the split is done."""
    temperature, k = runs[0].recipe.generate.temperatures[0], runs[0].recipe.tables.k
    own = [one for one in _all(runs) if one.split == split and one.temperature == temperature]
    if not own:
        return
    rows: list[tuple[Cell, ...]] = []
    for system in dict.fromkeys(one.system for one in own):
        values = (joined(runs, (system, split, temperature), measure) for measure in SHOWN)
        number = sum(one.system == system for one in own)
        rows.append((system, *map(_cell, values), "ours" if len(runs) == 1 else f"ours, {number} runs"))
    published = [_published_row(one, split, k) for one in _published(runs) if one.on(split) and _is_scier(runs, split)]
    title = f"{runs[0].gold[split]}, {own[0].scores.n_sentences} sentences, temperature {temperature:g}"
    columns = ("system", *(_heading(measure, k) for measure in SHOWN), "grade")
    if apart and published:
        yield Table(title, columns[:-1], tuple(row[:-1] for row in rows))
        kept = [place for place in range(len(columns)) if any(row[place] for row in published)]
        names, *cut = (tuple(row[place] for place in kept) for row in (columns, *published))
        yield Table(f"published, {runs[0].gold[split]}", cast(tuple[str, ...], names), tuple(cut))
    else:
        yield Table(title, columns, tuple(rows + published))


def _published_row(one: Published, split: str, k: int) -> tuple[Cell, ...]:
    mark = "" if one.drops_false_positives == "no" else f" {MARK}"
    names = {("avg", task): task for _, task in MEASURES} | {("best", task): f"best@{k} {task}" for _, task in MEASURES}
    numbers = one.on(split)
    cells = (numbers.get(names.get(measure, "")) for measure in SHOWN)
    shown = ("" if number is None else f"{number:.1f}{mark}" for number in cells)
    return (one.system, *shown, one.grade)


def _heading(measure: Measure, k: int) -> str:
    name, task = measure
    return {"avg": task, "best": f"{task} Best@{k}", "released": f"released {task}"}.get(
        name, f"released {task} Best@{k}"
    )


def _cell(value: Value) -> str:
    if value.low is None or value.high is None:
        return percent(value.value)
    return f"{percent(value.value)} ({100 * value.low:.1f}–{100 * value.high:.1f})"


def _sample_table(runs: Sequence[RunScores]) -> Table:
    """One row a run, system and split: how the samples parsed, how long and how different they are."""
    first = runs[0].recipe.generate.temperatures[0]
    rows: list[tuple[Cell, ...]] = []
    for run in runs:
        for one in run.scored:
            if one.temperature == first:
                scores = one.scores
                words = (_decimal(scores.answer_words), _decimal(scores.reasoning_words))
                seed = (run.recipe.seed,) if len(runs) > 1 else ()
                health = (scores.per_sentence, percent(scores.parsed), *words, _decimal(scores.distinct[-1], 2))
                rows.append((one.system, one.split, *seed, *health))
    seed_column = ("seed",) if len(runs) > 1 else ()
    health_columns = ("samples", "parsed", "answer words", "reasoning words", f"distinct @{runs[0].recipe.tables.k}")
    return Table("samples of a sentence", ("system", "split", *seed_column, *health_columns), tuple(rows), n_labels=2)


def _temperature_table(runs: Sequence[RunScores]) -> Table:
    measures: tuple[Measure, ...] = (("avg", "ner"), ("avg", "rel"), ("best", "ner"), ("best", "rel"))
    rows = []
    for key in dict.fromkeys(one.key for one in _all(runs)):
        system, split, temperature = key
        rows.append((system, split, f"{temperature:g}", *(_cell(joined(runs, key, measure)) for measure in measures)))
    k = runs[0].recipe.tables.k
    columns = ("system", "split", "temperature", *(_heading(measure, k) for measure in measures))
    return Table("by temperature", columns, tuple(rows), n_labels=3)


def _decimal(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


# -- for machines ----------------------------------------------------------------------------------------------------


def _long(runs: Sequence[RunScores]) -> Table:
    """Everything in long form, ratios unrounded; several runs are followed by their mean and range."""
    rows: list[tuple[Cell, ...]] = []
    for run in runs:
        for one in run.scored:
            for measure in MEASURES:
                value = one.value(measure)
                signature = (one.released if measure[0].startswith("released") else one.scores).signature
                bounds = (value.value, value.low, value.high)
                rows.append((run.recipe.output_dir.name, run.recipe.seed, *one.key, *measure, *bounds, signature))
    if len(runs) > 1:
        for key in dict.fromkeys(one.key for one in _all(runs)):
            for measure in MEASURES:
                value = joined(runs, key, measure)
                rows.append(("mean and range", None, *key, *measure, value.value, value.low, value.high, None))
    columns = ("run", "seed", "system", "split", "temperature", "measure", "task", "f1", "low", "high", "signature")
    return Table("", columns, tuple(rows), n_labels=1)


def _as_json(runs: Sequence[RunScores], said: Sequence[str]) -> dict[str, Any]:
    return {
        "k": runs[0].recipe.tables.k,
        "runs": [
            {
                "run": run.recipe.output_dir.name,
                "seed": run.recipe.seed,
                "absent": run.absent,
                "systems": [
                    {
                        **dict(zip(("system", "split", "temperature"), one.key, strict=True)),
                        **one.scores.to_dict(),
                        "released": {**one.released.to_dict(), "compat": "r2grpo"},
                    }
                    for one in run.scored
                ],
            }
            for run in runs
        ],
        "summary": [
            {
                **dict(zip(("system", "split", "temperature"), key, strict=True)),
                "runs": sum(one.key == key for one in _all(runs)),
                **{" ".join(measure): vars(joined(runs, key, measure)) for measure in MEASURES},
            }
            for key in dict.fromkeys(one.key for one in _all(runs))
        ],
        "published": [vars(one) for one in _published(runs)],
        "notes": list(said),
    }


# -- what stands in one table ----------------------------------------------------------------------------------------


def _all(runs: Sequence[RunScores]) -> Iterator[Scored]:
    return (one for run in runs for one in run.scored)


def _published(runs: Sequence[RunScores]) -> list[Published]:
    """The literature, beside runs on SciER."""
    scier = any(_is_scier(runs, split) for split in runs[0].gold)
    return published_results() if scier and runs[0].recipe.tables.published else []


def _is_scier(runs: Sequence[RunScores], split: str) -> bool:
    return runs[0].gold[split].startswith("scier/")


def _check_comparable(runs: Sequence[RunScores]) -> None:
    """Runs of one table have scored the same sentences in the same way."""
    signatures: dict[tuple[str, float], tuple[str, str]] = {}
    for run in runs:
        for one in run.scored:
            signature = one.scores.signature
            name, first = signatures.setdefault((one.split, one.temperature), (run.name, signature))
            if first != signature:
                pairs = zip(first.split("|"), signature.split("|"), strict=False)
                old, new = next((pair for pair in pairs if pair[0] != pair[1]), (first, signature))
                raise InputError(
                    f"{one.split}: {name} and {run.name} cannot stand in one table: {old} is not {new}; give runs on "
                    "the same sentences with the same tables.k and generate.samples"
                )


def _differences(runs: Sequence[RunScores]) -> dict[str, str]:
    """The settings in which runs differ, seed and folder apart, with the values."""
    flat = [dict(_flat(as_mapping(run.recipe))) for run in runs]
    names = dict.fromkeys(name for one in flat for name in one)
    found = {}
    for name in names:
        values = [json.dumps(one.get(name)) for one in flat]
        if name not in ("seed", "output_dir") and len(set(values)) > 1:
            found[name] = ", ".join(values)
    return found


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _signatures(runs: Sequence[RunScores]) -> list[str]:
    """Each signature once."""
    return list(dict.fromkeys(f"signature {one.scores.signature}" for one in _all(runs)))
