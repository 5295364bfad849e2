"""Gold: splits of the dataset cards and files of the user, as lists of examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sciie_eval.cards import Card, load_card, load_schema
from sciie_eval.exceptions import InputError
from sciie_eval.jsonl import read_jsonl
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import Example, Extraction
from sciie_eval.spans import is_span_row, read_document
from sciie_eval.store import split_path

__all__ = ["gold_of", "load_split", "read_gold", "split_name"]


def load_split(name: str | Path | Card, split: str, *, data_dir: str | Path | None = None) -> list[Example]:
    """Load a split of a dataset, verified against the checksum in its card.

    Args:
        name: name of a card (``scier``), path of a user's card, or a loaded card.
        split: such as ``test``; the card lists them.
        data_dir: where the files are, in a folder with the dataset's name; by default ``$SCIIE_DATA_DIR``, else the
            cache that ``sciie-eval datasets fetch`` fills.

    Returns:
        One example a sentence, in file order, with ids ``<split>-<row>``, rows counted from 0.

    Raises:
        CorpusError: the file is absent or not what the card says.
        InputError: no such dataset or split.
    """
    card = name if isinstance(name, Card) else load_card(name)
    path = split_path(card, split, Path(data_dir) if data_dir is not None else None)
    return list(_examples(path, split, card.schema))


def read_gold(path: str | Path, schema: LabelSchema | str | None = None) -> list[Example]:
    """Read gold from a file in string or token-span form, optionally .gz or .zst; ids are ``<file name>-<row>``.

    Raises:
        InputError: names file, line, field and what was expected.
    """
    examples = list(_examples(path, split_name(path), load_schema(schema)))
    if not examples:
        raise InputError(f"{path}: no rows; expected SciER's form, one JSON object a line")
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise InputError(f"{path}: the id {example.id!r} stands in two rows; ids must be unique")
        seen.add(example.id)
    return examples


def split_name(path: str | Path) -> str:
    """The name that ids begin with: the file's name without its endings.

    >>> split_name("data/test.jsonl.gz")
    'test'
    """
    return "stdin" if str(path) == "-" else Path(path).name.split(".")[0]


def gold_of(value: object, schema: LabelSchema, where: str) -> Extraction:
    """Read gold that stands in a prediction row: a mapping in SciER's form, or the JSON string of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where}: field gold: not JSON: {error}") from None
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: field gold: expected a mapping with ner, rel and/or rel_plus, or its JSON string")
    # columnar stores pad mappings of mixed keys with None
    return Extraction.from_scier({k: v for k, v in value.items() if v is not None}, schema, where=f"{where}: gold")


def _examples(path: str | Path, prefix: str, schema: LabelSchema) -> Iterator[Example]:
    number = 0
    for source, line, row in read_jsonl(path):
        for example in _row_examples(row, prefix, number, schema, f"{source}, line {line}"):
            yield example
            number += 1


def _row_examples(row: dict[str, Any], prefix: str, number: int, schema: LabelSchema, where: str) -> Iterator[Example]:
    if not is_span_row(row):
        try:
            yield Example.from_row(row, id=f"{prefix}-{number}", schema=schema)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        return
    for offset, placed in enumerate(read_document(row, where)):
        if placed.gold is None:
            raise InputError(f"{where}: expected gold fields ner and/or relations in a token-span row")
        yield Example(
            id=f"{prefix}-{number + offset}", doc_id=placed.doc_id, sentence=placed.sentence, gold=placed.gold
        )
