"""A split as the file that a trainer reads: prompt, gold as one JSON string, and who the row is.

Gold is one string since mappings of mixed keys are padded with None by columnar stores, and since most trainers hand
one value to a reward. No column has a name that a trainer keeps for itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sciie_eval import corpus
from sciie_eval.cards import Card, load_card
from sciie_eval.exceptions import MissingExtraError, UsageError
from sciie_eval.files import put_whole, write_whole
from sciie_eval.prompts import messages, prompt
from sciie_eval.schema import Example

__all__ = ["TRAINERS", "gold_json", "rows", "write_rows"]

Row = dict[str, Any]


def gold_json(example: Example) -> str:
    """Sentence and gold of an example as one JSON string, which every reward reads.

    >>> from sciie_eval import Extraction
    >>> gold_json(Example(id="a", sentence="NER .", gold=Extraction.from_scier({"ner": [["NER", "Task"]], "rel": []})))
    '{"sentence": "NER .", "ner": [["NER", "Task"]], "rel": []}'
    """
    return json.dumps({"sentence": example.sentence, **example.gold.to_scier()}, ensure_ascii=False)


def rows(
    name: str | Path, split: str | None = None, trainer: str | None = None, *, gold: str | Path | None = None
) -> Iterator[Row]:
    """The rows of a split, or of a file of the user's: in SciER's form, or as a trainer reads them.

    Args:
        name: a card's name or path.
        split: such as ``train``.
        trainer: a key of `TRAINERS`; None for id, doc_id, sentence, ner, rel and rel_plus.
        gold: a file in SciER's or in token-span form in place of the split; the card gives labels and prompts.

    Raises:
        CorpusError: the file is absent or not what the card says.
        InputError: no such dataset or split, or what is wrong with the user's file.
        UsageError: neither split nor file, or both.
    """
    if (split is None) == (gold is None):
        raise UsageError("export needs --split, or --gold FILE for a file of your own; give one of them")
    card = load_card(name) if trainer is not None or gold is not None else None
    if gold is not None and card is not None:
        split, examples = corpus.split_name(gold), corpus.read_gold(gold, card.schema)
    else:
        split, examples = str(split), corpus.load_split(card or name, str(split))
    for place, example in enumerate(examples):
        yield example.to_row() if trainer is None or card is None else TRAINERS[trainer](card, split, place, example)


def write_rows(path: Path, found: Iterator[Row]) -> None:
    """Write rows as parquet where the file's name ends so, else as JSON Lines; the file is replaced as a whole.

    Raises:
        MissingExtraError: parquet, and pyarrow is not installed.
        InputError: the file cannot be written.
    """
    if path.suffix != ".parquet":
        write_whole(path, (f"{json.dumps(row, ensure_ascii=False)}\n" for row in found))
        return
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(f"writing {path}", "pyarrow", "io") from None
    table = pyarrow.Table.from_pylist(list(found))
    put_whole(path, lambda part: parquet.write_table(table, part))


def _trl(card: Card, split: str, place: int, example: Example) -> Row:
    """A conversational prompt; the other columns reach the reward by their names."""
    del split, place
    return {
        "prompt": messages(card, example.sentence),
        "id": example.id,
        "doc_id": example.doc_id,
        "sentence": example.sentence,
        "gold": gold_json(example),
    }


def _verl(card: Card, split: str, place: int, example: Example) -> Row:
    return {
        "data_source": f"sciie/{card.name}",
        "prompt": messages(card, example.sentence),
        "ability": "information extraction",
        "reward_model": {"style": "rule", "ground_truth": gold_json(example)},
        "extra_info": {"split": split, "index": place, "id": example.id, "doc_id": example.doc_id},
    }


def _openrlhf(card: Card, split: str, place: int, example: Example) -> Row:
    del split, place
    return {
        "input": messages(card, example.sentence),
        "label": gold_json(example),
        "datasource": f"sciie/{card.name}",
        "id": example.id,
    }


def _ms_swift(card: Card, split: str, place: int, example: Example) -> Row:
    del split, place
    return {
        "messages": messages(card, example.sentence),
        "id": example.id,
        "sentence": example.sentence,
        "gold": gold_json(example),
    }


def _verifiers(card: Card, split: str, place: int, example: Example) -> Row:
    del split, place
    return {"id": example.id, "prompt": prompt(card, example.sentence), "answer": gold_json(example)}


TRAINERS: dict[str, Callable[[Card, str, int, Example], Row]] = {
    "trl": _trl,
    "verl": _verl,
    "openrlhf": _openrlhf,
    "ms-swift": _ms_swift,
    "verifiers": _verifiers,
}
"""How each trainer's row is made from card, split, place in the split and example."""
