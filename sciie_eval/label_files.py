"""Files of one label a sentence: JSON Lines of every form, the official answer files, and SemEval-2010's sentences.

What a file is, its first line tells: a JSON object; ``8001<tab>Message-Topic(e1,e2)``, an answer or a key as the
official scorer reads it; or ``1<tab>"The <e1>fire</e1> …"``, followed by label and comment, as the task's files are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sciie_eval.cards import load_schema
from sciie_eval.corpus import split_name
from sciie_eval.exceptions import InputError, brief
from sciie_eval.forms import read_row, recognise
from sciie_eval.jsonl import BadLine, decode_line, read_lines
from sciie_eval.label_parsing import LABEL_CARD, label_reader
from sciie_eval.labels import LabelSchema
from sciie_eval.predictions import read_parquet

__all__ = ["LabelExample", "LabelRow", "label_rows", "read_labels"]

OnBytes = Callable[[int], None]


class LabelExample(NamedTuple):
    """One sentence with its gold label.

    Attributes:
        id: as the file has it, else ``<file name>-<row>``.
        sentence: with its marks ``<e1>…</e1>`` and ``<e2>…</e2>``; "" where the file has no sentences.
        label: None in a file of sentences without labels.
    """

    id: str
    sentence: str
    label: str | None


class LabelRow(NamedTuple):
    """One row of a file, before anything is looked up or parsed.

    Attributes:
        where: file and line, for errors.
        id: of the sentence, if the row gives one.
        sentence: its text, if the row gives it.
        label: the row's own label: gold, or in answer files the prediction.
        samples: completions or predicted labels; None where the row has only a label.
        given: the samples are labels, not completions.
        part: what rows have in common that hold samples of one sentence; None where a row is whole.
    """

    where: str
    id: str | None
    sentence: str
    label: object
    samples: list[str | None] | None = None
    given: bool = False
    part: object = None


def read_labels(path: str | Path, schema: LabelSchema | str | None = None) -> list[LabelExample]:
    """Read sentences with their labels, or labels alone, from a file of any form this module reads.

    Args:
        path: SemEval-2010's TRAIN_FILE.TXT, TEST_FILE_FULL.TXT or TEST_FILE.TXT (no labels), an answer key
            (``id<tab>label``), or JSON Lines with ``label``, and ``id`` and ``sentence`` where there are any.
        schema: whose labels gold must be of; SemEval's by default.

    Raises:
        InputError: names file, line and what was expected there.
    """
    reader = label_reader(load_schema(LABEL_CARD if schema is None else schema))
    prefix, examples, seen = split_name(path), list[LabelExample](), set[str]()
    for number, row in enumerate(label_rows(path)):
        name = row.id or f"{prefix}-{number}"
        if name in seen:
            raise InputError(f"{row.where}: the id {name!r} stands in two rows; ids must be unique")
        seen.add(name)
        label = None if row.label is None and row.samples is None else reader.check(row.label, row.where)
        examples.append(LabelExample(name, row.sentence, label))
    if not examples:
        raise InputError(f"{path}: no rows; expected id, tab and label, JSON Lines with label, or SemEval-2010's files")
    return examples


def label_rows(
    path: str | Path, *, bad_lines: list[BadLine] | None = None, on_bytes: OnBytes | None = None
) -> Iterator[LabelRow]:
    """Yield the rows of a file of any form.

    Args:
        path: a file, optionally .gz or .zst, a .parquet file, or ``-`` for standard input.
        bad_lines: where given, malformed lines are collected there and skipped; else the first one is an error.
        on_bytes: called with the bytes of each line, for progress.

    Raises:
        InputError: names file, line and what was expected there.
    """
    if str(path).endswith(".parquet"):
        for line in read_parquet(path):
            yield _json_row(line.row, f"{line.source}, line {line.number}")
        return
    lines = read_lines(path, on_bytes=on_bytes)
    first = next(lines, None)
    if first is None:
        return
    every = chain((first,), lines)
    if first[2].lstrip().startswith(b"{"):
        yield from _each(every, lambda text, where: _json_row(decode_line(text, where), where), bad_lines)
    elif b'\t"' in first[2]:
        yield from _sentences(every)
    else:
        yield from _each(every, _answer, bad_lines)


def _each(
    lines: Iterator[tuple[str, int, bytes]],
    read: Callable[[bytes, str], LabelRow],
    bad_lines: list[BadLine] | None,
) -> Iterator[LabelRow]:
    for source, number, text in lines:
        try:
            yield read(text, f"{source}, line {number}")
        except InputError as error:
            if bad_lines is None:
                raise
            bad_lines.append(BadLine(number, str(error)))


def _answer(line: bytes, where: str) -> LabelRow:
    """A line of an answer file or key."""
    name, tab, label = _text(line, where).partition("\t")
    if not tab or not name.strip() or not label.strip() or "\t" in label.strip():
        raise InputError(
            f"{where}: expected id, tab and label, such as 8001<tab>Message-Topic(e1,e2), got {brief(line)}"
        )
    return LabelRow(where, name.strip(), "", label.strip())


def _sentences(lines: Iterator[tuple[str, int, bytes]]) -> Iterator[LabelRow]:
    """The task's files: a line with the sentence in quotes, then its label, a comment and a blank line, if any."""
    row: LabelRow | None = None
    in_comment = False
    for source, number, line in lines:
        where, text = f"{source}, line {number}", _text(line, f"{source}, line {number}")
        name, tab, said = text.partition("\t")
        if tab and said.startswith('"') and said.endswith('"') and len(said) > 1:
            if row is not None:
                yield row
            row, in_comment = LabelRow(where, name.strip(), said[1:-1].strip(), None), False
        elif row is not None and text.startswith("Comment"):
            in_comment = True
        elif row is not None and row.label is None and not tab and not in_comment:
            row = row._replace(label=text.strip())
        elif not in_comment:
            raise InputError(
                f'{where}: expected id, tab and a sentence in quotes, its label or "Comment: …", got {brief(text)}'
            )
    if row is not None:
        yield row


def _text(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}, column {error.start + 1}: not UTF-8 ({error.reason}); save the file as UTF-8"
        ) from None


def _json_row(row: Mapping[str, Any], where: str) -> LabelRow:
    """A JSON row: completions in every form that `forms` knows, or labels."""
    form = recognise(row)
    label = next((row[name] for name in ("label", "sciie/label") if row.get(name) is not None), None)
    if form == "spans":
        raise InputError(
            f"{where}: a token-span document has no label; --task classification scores one label a sentence"
        )
    said = [name for name in ("completion", "completions") if name in row]
    given = [name for name in ("prediction", "predictions") if row.get(name) is not None]
    if form == "native" and (given or not said):
        return _given(row, given, label, where)
    raw = next(read_row(row, where, gold_elsewhere=True))
    document = row.get("doc")
    if label is None and form == "lm-eval" and isinstance(document, Mapping):
        label = document.get("label")
    samples = [sample if isinstance(sample, str) else None for sample in raw.samples]
    part = (raw.id or raw.prompt) if raw.is_part else None
    return LabelRow(where, raw.id, raw.sentence or "", label, samples, part=part)


def _given(row: Mapping[str, Any], given: list[str], label: object, where: str) -> LabelRow:
    """A native row that holds labels, as prediction(s) or alone."""
    name, sentence = row.get("id"), row.get("sentence")
    if not (name is None or (isinstance(name, str | int) and not isinstance(name, bool))):
        raise InputError(f"{where}: field id: expected a string, got {brief(name, 80)}")
    if not given and "prediction" not in row and "predictions" not in row and label is None:
        raise InputError(
            f"{where}: expected one of the fields completion, completions, prediction, predictions, label, "
            f"got {sorted(row)}"
        )
    if len(given) > 1 or (given and any(row.get(other) is not None for other in ("completion", "completions"))):
        raise InputError(f"{where}: expected one of completion, completions, prediction, predictions; got several")
    samples: Any = None
    if given or "prediction" in row or "predictions" in row:
        value = row[given[0]] if given else None
        samples = value if given == ["predictions"] else [value]
        if not isinstance(samples, list) or not samples or any(not isinstance(one, str | None) for one in samples):
            raise InputError(
                f"{where}: field {given[0]}: expected a label, or a list of labels, got {brief(value, 80)}"
            )
    own = None if name is None else str(name)
    return LabelRow(where, own, sentence if isinstance(sentence, str) else "", label, samples, given=True)
