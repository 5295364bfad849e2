"""``sciie-eval datasets``: list and show the cards, fetch and verify the files, export a split."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciie_eval.cards import Card, list_cards, load_card
from sciie_eval.exceptions import InputError
from sciie_eval.store import Progress, fetch, split_path, verify

if TYPE_CHECKING:
    from sciie_eval.labels import LabelSchema

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Dataset cards: list, show, fetch, verify and export.")

WIDTH = 100


class Format(StrEnum):
    """How a command writes its answer."""

    text = "text"
    json = "json"


class Trainer(StrEnum):
    """Whose rows ``export`` writes; the keys of `sciie_eval.export.TRAINERS`."""

    trl = "trl"
    verl = "verl"
    openrlhf = "openrlhf"
    ms_swift = "ms-swift"
    verifiers = "verifiers"


Name = Annotated[str, typer.Argument(metavar="NAME", help="A card's name (see `list`), or the path of a card (.toml).")]
AsFormat = Annotated[Format, typer.Option("--format", help="For people or for programs.")]


@app.command("list", epilog="Example: sciie-eval datasets list --format json")
def list_command(format_: AsFormat = Format.text) -> None:
    """List the dataset cards of this package."""
    cards = [load_card(name) for name in list_cards()]
    if format_ is Format.json:
        _print_json([_summary(card) for card in cards])
        return
    width = max(len(card.name) for card in cards)
    for card in cards:
        splits = ", ".join(f"{split} ({file.rows})" for split, file in card.splits.items())
        typer.echo(f"{card.name:<{width}}  {card.title}")
        typer.echo(f"{'':<{width}}  splits: {splits or 'none; labels only'}")


@app.command("show", epilog="Example: sciie-eval datasets show scier")
def show_command(name: Name, format_: AsFormat = Format.text) -> None:
    """Show a card: labels with definitions, splits and where they are, licence, citation."""
    card = load_card(name)
    if format_ is Format.json:
        _print_json(_details(card))
        return
    for line in _shown(card):
        typer.echo(line)


@app.command("fetch", epilog="Example: sciie-eval datasets fetch scier --split dev --split test")
def fetch_command(
    name: Name,
    split: Annotated[list[str] | None, typer.Option("--split", help="Only this split; may be repeated.")] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="A mirror that keeps the upstream paths (http, https or file).")
    ] = None,
    cache_dir: Annotated[
        Path | None, typer.Option("--cache-dir", help="Where to put the files, instead of the user's cache.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Download what is there already, and replace a file that differs.")
    ] = False,
) -> None:
    """Download the files of a dataset and check them against the card's sha256."""
    with _progress_bars() as progress:
        card = load_card(name)
        paths = fetch(card, split or None, base_url=base_url, cache_dir=cache_dir, force=force, progress=progress)
    for path in paths:
        typer.echo(f"ok  {path}")
    if cache_dir is not None:
        typer.echo(f"To read the files from there: export SCIIE_DATA_DIR={cache_dir.absolute()}", err=True)


@app.command("verify", epilog="Example: sciie-eval datasets verify scier")
def verify_command(name: Name) -> None:
    """Check the files that are there against the card's sha256; fails when one is altered or none is there."""
    card = load_card(name)
    rows = verify(card)
    for split, path, status in rows:
        typer.echo(f"{status:<8}{split:<14}{path}")
    if not rows:
        raise InputError(f"dataset {card.name}: its card lists no files, so there is nothing to verify")
    first = {status: split for split, _, status in reversed(rows)}
    if "altered" in first or "ok" not in first:
        split_path(card, first.get("altered") or first["absent"])  # raises, and says what to do


@app.command("export", epilog="Example: sciie-eval datasets export scier --split dev -o dev.jsonl --to trl")
def export_command(
    name: Name,
    split: Annotated[str | None, typer.Option("--split", help="Which split.")] = None,
    gold: Annotated[
        Path | None,
        typer.Option("--gold", help="Your own file in place of a split, in SciER's or token-span form."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write (.jsonl, .parquet); else standard output.")
    ] = None,
    to: Annotated[
        Trainer | None, typer.Option("--to", help="Rows as this trainer reads them, prompts included.")
    ] = None,
) -> None:
    """Write a split or your own file: id, doc_id, sentence, ner, rel, rel_plus; with --to, what a trainer reads."""
    from sciie_eval.export import rows, write_rows

    found = rows(name, split, to, gold=gold)
    if output is not None:
        write_rows(output, found)
        return
    for row in found:
        typer.echo(json.dumps(row, ensure_ascii=False))


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _summary(card: Card) -> dict[str, Any]:
    rows = {split: file.rows for split, file in card.splits.items()}
    return {"name": card.name, "title": card.title, "licence": card.licence, "splits": rows}


def _details(card: Card) -> dict[str, Any]:
    details = card.model_dump(mode="json", by_alias=True)
    for split, path, status in verify(card):
        details["splits"][split] |= {"status": status, "found": None if status == "absent" else str(path)}
    return details


def _shown(card: Card) -> Iterator[str]:
    yield f"{card.name}: {card.title}"
    yield from _wrapped(card.description, "")
    yield ""
    yield f"homepage  {card.homepage or 'not stated'}"
    yield f"licence   {card.licence or 'not stated; see the homepage'}"
    yield f"files     {card.base_url or 'not downloadable by this tool'}"
    yield from _labels(card.schema)
    yield from _splits(card)
    if card.notes:
        yield "\nAnnotation notes"
    for note in card.notes:
        yield from _wrapped(f"- {note}", "  ")
    if card.citation:
        yield "\nCitation"
        yield card.citation.strip()


def _labels(schema: LabelSchema) -> Iterator[str]:
    if schema.entity_types:
        yield "\nEntity types"
    for entity in schema.entity_types:
        yield f"  {entity.name}"
        yield from _wrapped(entity.definition, "      ")
    if schema.relation_types:
        yield "\nRelation types"
    for relation in schema.relation_types:
        yield f"  {relation.name}{' (symmetric)' if relation.symmetric else ''}"
        yield from _wrapped(relation.definition, "      ")
        pairs = ", ".join(f"{subject} -> {object_}" for subject, object_ in relation.signatures)
        yield from _wrapped(f"types: {pairs}" if pairs else "", "      ")


def _splits(card: Card) -> Iterator[str]:
    yield "\nSplits"
    if not card.splits:
        yield "  none; this card gives labels only"
    for split, path, status in verify(card):
        file = card.splits[split]
        unit = "sentences" if file.form == "string" else "documents, token spans"
        yield f"  {split}: {file.rows} {unit}"
        yield f"      sha256 {file.sha256}"
        yield f"      {'not fetched' if status == 'absent' else f'{status}: {path}'}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text.strip(), WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


@contextmanager
def _progress_bars() -> Iterator[Progress | None]:
    """Bars on standard error, only on a terminal: logs stay clean."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    with Bars(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield advance
