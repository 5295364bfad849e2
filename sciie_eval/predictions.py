"""Prediction files joined with gold, sentence by sentence, nothing dropped silently."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sciie_eval.corpus import gold_of, split_name
from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_eval.forms import Form, RawPrediction, Sample, read_row, recognise
from sciie_eval.jsonl import BadLine, Line, read_jsonl
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import Example, Extraction

__all__ = ["Joined", "PredictionFile"]

Join = Literal["auto", "order"]


class Joined(NamedTuple):
    """One sentence with its samples; none for a gold sentence that the file does not have."""

    example: Example
    samples: list[Sample]
    where: str


@dataclass
class PredictionFile:
    """A file of predictions; iterate over it once, then read what was noticed.

    Attributes:
        path: JSON Lines, optionally .gz or .zst, a .parquet file, or ``-`` for standard input.
        schema: for gold that stands in the rows.
        gold: the gold sentences; None when every row holds its own.
        join: ``auto`` joins by id or by (doc_id, sentence); ``order`` takes the n-th row for the n-th gold sentence.
        skip_bad_lines: collect malformed lines in ``bad_lines`` and go on.
        on_bytes: called with the bytes of each line, for progress.
        gold_needed: without it, rows that have no gold get an empty one and are counted in ``without_gold``.
        bad_lines: malformed lines that were skipped.
        in_file_order: rows that share (doc_id, sentence) with others and were matched in file order.
        without_gold: rows without gold where none is needed.
        forms: how many rows there are of each form.

    Raises:
        InputError: on iteration: what is wrong, in which file and line, and what to do.
    """

    path: str | Path
    schema: LabelSchema
    gold: list[Example] | None = None
    join: Join = "auto"
    skip_bad_lines: bool = False
    on_bytes: Callable[[int], None] | None = None
    gold_needed: bool = True
    bad_lines: list[BadLine] = field(default_factory=list)
    in_file_order: int = 0
    without_gold: int = 0
    forms: defaultdict[Form, int] = field(default_factory=lambda: defaultdict(int))

    def __iter__(self) -> Iterator[Joined]:
        """Yield every sentence once: those of the file first, then the gold sentences it does not have."""
        return self._with_own_gold() if self.gold is None else self._with_gold(self.gold)

    @property
    def placed(self) -> bool:
        """Whether the rows read so far are token-span documents, whose items have offsets."""
        return bool(self.forms) and set(self.forms) == {"spans"}

    # -- rows --------------------------------------------------------------------------------------------------------

    def _rows(self) -> Iterator[RawPrediction]:
        lines = _parquet(self.path) if str(self.path).endswith(".parquet") else self._jsonl()
        found = False
        gold_elsewhere = self.gold is not None or not self.gold_needed
        for source, number, row in lines:
            where = f"{source}, line {number}"
            form = recognise(row)
            try:
                self._check_mixture(form, where)
                read = list(read_row(row, where, gold_elsewhere=gold_elsewhere))
                if self.gold is None:
                    read = [replace(raw, gold=self._own_gold(raw)) for raw in read]
            except InputError as error:
                if not self.skip_bad_lines:
                    raise
                self.bad_lines.append(BadLine(number, str(error)))
                continue
            self.forms[form] += 1
            found = found or bool(read)
            yield from read
        if not found:
            raise InputError(f"{self.path}: no predictions in this file; expected one JSON object a line")

    def _check_mixture(self, form: Form, where: str) -> None:
        """Token-span documents are joined by their order and may compare by offsets, so they stand alone."""
        if self.forms and (form == "spans") != self.placed:
            raise InputError(f"{where}: token-span documents and other rows in one file; put them into two files")

    def _jsonl(self) -> Iterator[Line]:
        return read_jsonl(self.path, bad_lines=self.bad_lines if self.skip_bad_lines else None, on_bytes=self.on_bytes)

    def _whole(self) -> Iterator[RawPrediction]:
        """Rows in file order; those that are parts of one sentence's samples are put together first."""
        parts: dict[object, RawPrediction] = {}
        for row in self._rows():
            if not row.is_part:
                yield row
                continue
            key = row.id or (row.prompt, row.gold)
            if key in parts:
                parts[key].samples.extend(row.samples)
            else:
                parts[key] = row
        yield from parts.values()

    # -- gold in the rows --------------------------------------------------------------------------------------------

    def _with_own_gold(self) -> Iterator[Joined]:
        prefix = split_name(self.path)
        seen: dict[str, str] = {}
        for number, row in enumerate(self._whole()):
            if row.gold is None and self.gold_needed:
                raise InputError(f"{row.where}: no gold; add a field gold, or give --gold, or --dataset and --split")
            self.without_gold += row.gold is None
            if row.id is not None:
                _once(seen, row.id, row.where)
            name = row.id or f"{prefix}-{number}"
            yield Joined(
                Example(id=name, doc_id=row.doc_id or "", sentence=row.sentence or "", gold=row.gold or _NO_GOLD),
                row.samples,
                row.where,
            )

    def _own_gold(self, row: RawPrediction) -> Extraction | None:
        if row.gold is None or isinstance(row.gold, Extraction):
            return row.gold
        return gold_of(row.gold, self.schema, row.where)

    # -- gold elsewhere ----------------------------------------------------------------------------------------------

    def _with_gold(self, gold: list[Example]) -> Iterator[Joined]:
        index = _GoldIndex(gold)
        seen: dict[int, str] = {}
        for number, row in enumerate(self._whole()):
            by_order = self.join == "order" or self.placed
            if by_order and self.bad_lines:
                raise InputError(
                    f"{row.where}: rows are joined by their order, and line {self.bad_lines[0].number} was skipped; "
                    "mend that line"
                )
            place = index.by_order(number, row) if by_order else index.find(row, seen)
            if place in seen:
                raise InputError(
                    f"{row.where}: a second prediction for {gold[place].id!r}, the first is at {seen[place]}; "
                    "put K samples of a sentence into one row, as completions or predictions"
                )
            seen[place] = row.where
            self.in_file_order += not by_order and row.id is None and index.is_repeated(gold[place])
            yield Joined(gold[place], row.samples, row.where)
        for place, example in enumerate(gold):
            if place not in seen:
                yield Joined(example, [], "")


_NO_GOLD = Extraction(sections=frozenset())


def _once(seen: dict[str, str], name: str, where: str) -> None:
    if name in seen:
        raise InputError(
            f"{where}: a second row with id {name!r}, the first is at {seen[name]}; "
            "put K samples of a sentence into one row, as completions or predictions"
        )
    seen[name] = where


class _GoldIndex:
    """Finds the gold sentence that a row speaks of."""

    def __init__(self, gold: list[Example]) -> None:
        self.gold = gold
        self.ids = {example.id: place for place, example in enumerate(gold)}
        self.sentences: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for place, example in enumerate(gold):
            self.sentences[example.doc_id, example.sentence].append(place)

    def is_repeated(self, example: Example) -> bool:
        """Whether its document has the same sentence more than once."""
        return len(self.sentences[example.doc_id, example.sentence]) > 1

    def by_order(self, number: int, row: RawPrediction) -> int:
        """The n-th gold sentence; where the row has a sentence, it must be the same."""
        if number >= len(self.gold):
            raise InputError(f"{row.where}: more predictions than the {len(self.gold)} gold sentences")
        if self.ids.get(row.id or "", number) != number:
            raise InputError(
                f"{row.where}: its id {row.id!r} is that of another gold row than row {number} "
                f"({self.gold[number].id!r}); the two files are not in the same order"
            )
        if row.sentence is not None and row.sentence != (self.gold[number].sentence or row.sentence):
            raise InputError(
                f"{row.where}: its sentence is not that of gold row {number} ({self.gold[number].id!r}); "
                "the two files are not in the same order"
            )
        return number

    def find(self, row: RawPrediction, seen: dict[int, str]) -> int:
        """By id, else by document and sentence (rows of a repeated sentence in file order), else by the prompt."""
        if row.id is not None:
            if row.id not in self.ids:
                raise InputError(f"{row.where}: no gold sentence has the id {row.id!r}{self._similar(row.id)}")
            place = self.ids[row.id]
            ours, theirs = _squeezed(self.gold[place].sentence), _squeezed(row.sentence or "")
            if ours and theirs and ours != theirs:
                raise InputError(
                    f"{row.where}: gold has another sentence under the id {row.id!r}; is this the right split?"
                )
            return place
        if row.sentence is not None and row.doc_id is not None:
            places = self.sentences.get((row.doc_id, row.sentence))
            if not places:
                raise InputError(f"{row.where}: {self._unknown(row.doc_id, row.sentence)}")
            return next((place for place in places if place not in seen), places[-1])
        if row.prompt is not None:
            return self._in_prompt(row.prompt, row.where)
        raise InputError(
            f"{row.where}: the row does not say which sentence it is for; "
            "expected id, or doc_id and sentence, or --join order when rows stand in the order of gold"
        )

    def _similar(self, name: str) -> str:
        close = difflib.get_close_matches(name, list(self.ids)[:5000], n=1)
        return f"; did you mean {close[0]!r}?" if close else f"; ids look like {next(iter(self.ids), '')!r}"

    def _unknown(self, doc_id: str, sentence: str) -> str:
        start = repr(sentence if len(sentence) <= 60 else sentence[:57] + "...")
        squeezed = _squeezed(sentence)
        for document, text in self.sentences:
            if text == sentence:
                return f"gold has the sentence {start} in document {document!r}, not in {doc_id!r}"
            if _squeezed(text) == squeezed:
                return f"gold has the sentence {start} with other spacing; keep the sentence as it stands in gold"
        return f"gold has no sentence {start} in document {doc_id!r}; is this the right split?"

    @staticmethod
    def _end_in(prompt: str, sentence: str, place: int) -> tuple[int, int, int]:
        return prompt.rfind(sentence) + len(sentence), len(sentence), -place

    def _in_prompt(self, prompt: str, where: str) -> int:
        """The gold sentence that ends last in the prompt (examples stand before it), the longest of those."""
        found = max(
            (place for place, example in enumerate(self.gold) if example.sentence and example.sentence in prompt),
            key=lambda place: self._end_in(prompt, self.gold[place].sentence, place),
            default=None,
        )
        if found is None:
            raise InputError(f"{where}: no gold sentence stands in the prompt; log sciie/id, or check the split")
        if self.is_repeated(self.gold[found]):
            raise InputError(
                f"{where}: the sentence in the prompt stands in gold more than once "
                f"(first as {self.gold[found].id!r}), so the prompt does not tell which one it is; log sciie/id"
            )
        return found


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _parquet(path: str | Path) -> Iterator[Line]:
    """Rows of a parquet file, a batch at a time."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise MissingExtraError("reading parquet files", "pyarrow", "io") from None
    if not Path(path).is_file():
        raise InputError(f"{path}: No such file; check the path")
    number = 0
    try:
        batches: Any = parquet.ParquetFile(path).iter_batches(batch_size=256)
        for batch in batches:
            for row in batch.to_pylist():
                number += 1
                yield Line(str(path), number, row)
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable parquet file: {' '.join(str(error).split())}") from None
