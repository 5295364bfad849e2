"""Prediction files joined with gold, sentence by sentence, nothing dropped silently."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from sciie_eval.corpus import gold_of, split_name
from sciie_eval.exceptions import InputError, MissingExtraError
from sciie_eval.forms import Form, RawPrediction, Sample, read_row, recognise
from sciie_eval.gold_index import GoldIndex
from sciie_eval.jsonl import BadLine, Chunk, Line, Part, read_chunk, read_jsonl
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import Example, Extraction

__all__ = ["MAX_GOLDS", "Joined", "PredictionFile", "read_parquet"]

Join = Literal["auto", "order"]
MAX_GOLDS = 1 << 11
"""Gold sentences of rows that are kept ready."""


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
        some: only these lines: others are read elsewhere, and `merge` and `rest` put everything together.
        golds: the gold last read for a sentence, and what stood in the row; the rows of a sentence share it.
        bad_lines: malformed lines that were skipped.
        in_file_order: rows that share (doc_id, sentence) with others and were matched in file order.
        without_gold: rows without gold where none is needed.
        forms: how many rows there are of each form.
        places: where the prediction of a gold sentence stands, by the sentence's place in gold.

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
    some: Part | Chunk | None = None
    golds: dict[str, tuple[Any, Extraction]] = field(default_factory=dict)
    bad_lines: list[BadLine] = field(default_factory=list)
    in_file_order: int = 0
    without_gold: int = 0
    forms: defaultdict[Form, int] = field(default_factory=lambda: defaultdict(int))
    places: dict[int, str] = field(default_factory=dict)
    _ids: array[int] = field(default_factory=lambda: array("Q"))
    """64 bits of each id in rows that hold gold: enough to see that one repeats, whatever the length of the file."""

    def __iter__(self) -> Iterator[Joined]:
        """Yield every sentence once: those of the file first, then the gold sentences it does not have."""
        yield from self._with_own_gold() if self.gold is None else self._with_gold(self.gold)
        if self.some is None:
            yield from self.rest()

    def rest(self) -> Iterator[Joined]:
        """What is left when all lines were read: gold sentences without a prediction.

        Raises:
            InputError: an id stands in two rows.
        """
        self._check_ids()
        for place, example in enumerate(self.gold or ()):
            if place not in self.places:
                yield Joined(example, [], "")

    def merge(self, other: PredictionFile) -> None:
        """Add what was noticed in the lines behind these.

        Raises:
            InputError: both have a prediction for the same gold sentence.
        """
        for place in self.places.keys() & other.places.keys():
            raise self._second(place, other.places[place])
        self.places |= other.places
        self.bad_lines += other.bad_lines
        self.in_file_order += other.in_file_order
        self.without_gold += other.without_gold
        self._ids.extend(other._ids)
        for form, number in other.forms.items():
            self.forms[form] += number

    @property
    def placed(self) -> bool:
        """Whether the rows read so far are token-span documents, whose items have offsets."""
        return bool(self.forms) and set(self.forms) == {"spans"}

    # -- rows --------------------------------------------------------------------------------------------------------

    def _rows(self) -> Iterator[RawPrediction]:
        found = self.some is not None
        gold_elsewhere = self.gold is not None or not self.gold_needed
        for line in self._lines():
            where = line.where
            form = recognise(line.row)
            try:
                self._check_mixture(form, where)
                read = list(read_row(line.row, where, gold_elsewhere=gold_elsewhere))
                if self.gold is None:
                    # one row a line: its number is that of the line, also where lines before it are read elsewhere
                    number = None if form == "spans" else line.number - 1
                    read = [raw._replace(gold=self._own_gold(raw), number=number) for raw in read]
            except InputError as error:
                if not self.skip_bad_lines:
                    raise
                self.bad_lines.append(BadLine(line.number, str(error)))
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

    def _lines(self) -> Iterator[Line]:
        if str(self.path).endswith(".parquet"):
            return read_parquet(self.path)
        bad_lines = self.bad_lines if self.skip_bad_lines else None
        if isinstance(self.some, Chunk):
            return read_chunk(self.some, bad_lines)
        return read_jsonl(self.path, bad_lines=bad_lines, on_bytes=self.on_bytes, part=self.some)

    def _whole(self) -> Iterator[RawPrediction]:
        """Rows in file order; those that are parts of one sentence's samples are put together first."""
        parts: dict[object, RawPrediction] = {}
        for row in self._rows():
            if self.some is not None and (row.is_part or self.placed or self.join == "order"):
                raise InputError(f"{row.where}: what this row is depends on other rows; read the file in one process")
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
        prefix = split_name(self.some.source if isinstance(self.some, Chunk) else self.path)
        for number, row in enumerate(self._whole()):
            if row.gold is None and self.gold_needed:
                raise InputError(f"{row.where}: no gold; add a field gold, or give --gold, or --dataset and --split")
            self.without_gold += row.gold is None
            if row.id is not None:
                self._ids.append(_digest(row.id))
            name = row.id or f"{prefix}-{number if row.number is None else row.number}"
            yield Joined(
                Example(id=name, doc_id=row.doc_id or "", sentence=row.sentence or "", gold=row.gold or _NO_GOLD),
                row.samples,
                row.where,
            )

    def _check_ids(self) -> None:
        """No id stands in two rows; where two look alike, the file is read again to see which these are."""
        ids = np.sort(np.frombuffer(self._ids, dtype=np.uint64))
        repeated = set(ids[1:][ids[1:] == ids[:-1]].tolist())
        if not repeated:
            return
        if str(self.path) == "-" or self.some is not None:
            raise InputError(f"{self.path}: {len(repeated)} ids stand in more than one row; {_TOGETHER}")
        again = PredictionFile(self.path, self.schema, None, self.join, self.skip_bad_lines, gold_needed=False)
        seen: dict[str, str] = {}
        for row in again._whole():
            if row.id is not None and _digest(row.id) in repeated:
                if row.id in seen:
                    raise InputError(
                        f"{row.where}: a second row with id {row.id!r}, the first is at {seen[row.id]}; {_TOGETHER}"
                    )
                seen[row.id] = row.where

    def _own_gold(self, row: RawPrediction) -> Extraction | None:
        if row.gold is None or isinstance(row.gold, Extraction):
            return row.gold
        key = repr(row.gold) if row.sentence is None else row.sentence
        known = self.golds.get(key)
        if known is not None and known[0] == row.gold:
            return known[1]
        gold = gold_of(row.gold, self.schema, row.where)
        if len(self.golds) >= MAX_GOLDS:
            self.golds.clear()
        self.golds[key] = row.gold, gold
        return gold

    # -- gold elsewhere ----------------------------------------------------------------------------------------------

    def _with_gold(self, gold: list[Example]) -> Iterator[Joined]:
        index, seen = GoldIndex(gold), self.places
        for number, row in enumerate(self._whole()):
            by_order = self.join == "order" or self.placed
            if by_order and self.bad_lines:
                raise InputError(
                    f"{row.where}: rows are joined by their order, and line {self.bad_lines[0].number} was skipped; "
                    "mend that line"
                )
            place = index.by_order(number, row) if by_order else index.find(row, seen)
            if place in seen:
                raise self._second(place, row.where)
            in_file_order = not by_order and row.id is None and index.is_repeated(gold[place])
            if in_file_order and self.some is not None:
                raise InputError(f"{row.where}: gold has this sentence more than once; give the rows their id")
            seen[place] = row.where
            self.in_file_order += in_file_order
            yield Joined(gold[place], row.samples, row.where)

    def _second(self, place: int, where: str) -> InputError:
        name = self.gold[place].id if self.gold is not None else place
        return InputError(
            f"{where}: a second prediction for {name!r}, the first is at {self.places[place]}; {_TOGETHER}"
        )


_NO_GOLD = Extraction(sections=frozenset())


_TOGETHER = "put K samples of a sentence into one row, as completions or predictions"


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def read_parquet(path: str | Path) -> Iterator[Line]:
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
