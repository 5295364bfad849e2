"""From a file of predictions to counts: reading, joining, parsing and counting in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from sciie_eval.corpus import load_split, read_gold
from sciie_eval.counting import GoldSentence
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.forms import Sample
from sciie_eval.items import items_of
from sciie_eval.jsonl import Chunk, Part
from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.predictions import MAX_GOLDS, Join, Joined, PredictionFile
from sciie_eval.provenance import altered_gold
from sciie_eval.results import CorpusScore, corpus_score
from sciie_eval.schema import Example, Extraction
from sciie_eval.scoring import ABSENT, add_prediction
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash
from sciie_eval.tally import Tally

__all__ = ["Engine", "Evaluation", "Gold", "Pass", "Reading", "Watcher", "evaluate_file"]

MAX_CHECKED = 10_000
"""Larger gold is none of the known splits, so it is neither kept nor compared with them."""
_ELSEWHERE = Part(0, 0, 0)


class Watcher(Protocol):
    """Looks on while sentences are counted."""

    def add(self, tally: Tally, example: Example, parsed: ParsedCompletion | None) -> None:
        """See `scoring.Watch`."""

    def merge(self, other: Any) -> None:
        """Add what another of its kind saw of the sentences behind these."""


@dataclass(frozen=True)
class Gold:
    """Gold from a file or a dataset.

    Attributes:
        name: what the signature calls it.
        examples: the sentences, in order.
    """

    name: str
    examples: list[Example]

    @classmethod
    def from_options(
        cls, path: str | Path | None, dataset: str | None, split: str | None, settings: Settings
    ) -> Gold | None:
        """Read gold where it was said to be; None when the prediction rows hold it."""
        if path is not None and dataset is not None:
            raise UsageError("--gold and --dataset both say where gold is; give one of them")
        if split is not None and dataset is None:
            raise UsageError(f"--split {split} needs --dataset, such as --dataset scier")
        if path is not None:
            return cls(Path(path).name, read_gold(path, settings.schema))
        if dataset is None:
            return None
        if split is None:
            raise UsageError(f"--dataset {dataset} needs --split, such as --split test")
        return cls(f"{Path(dataset).stem}/{split}", load_split(dataset, split))

    @cached_property
    def placed(self) -> bool:
        """Whether every item has offsets."""
        return all(items_of(example.gold).has_spans for example in self.examples)


class _Ready(NamedTuple):
    """Gold, prepared and hashed for one sentence."""

    example: Example
    gold: GoldSentence
    hash: int


@dataclass
class Known:
    """Gold that stood in rows, read and prepared once for all rows that share it, also of several parts of a file.

    Attributes:
        schema: the labels that it was read with.
        golds: see `PredictionFile`.
        ready: prepared, by the identity of the extraction (which the entry keeps alive).
    """

    schema: LabelSchema | None = None
    golds: dict[str, tuple[Any, Extraction]] = field(default_factory=dict)
    ready: dict[int, _Ready] = field(default_factory=dict)

    def under(self, schema: LabelSchema) -> Known:
        """This, when it was read with the same labels; else with nothing in it."""
        if self.schema is not schema:
            self.schema, self.golds, self.ready = schema, {}, {}
        return self


@dataclass(frozen=True)
class Reading:
    """How to read prediction files: the options that decide nothing about a number but its sample.

    Attributes:
        join: ``auto`` or ``order``.
        skip_bad_lines: collect malformed lines and go on.
        sample: which of K samples is scored, from 0.
        on_bytes: called with the bytes of each line, for progress.
        some: only these lines (see `PredictionFile`).
        engine: shares the lines out to several processes; None reads them one after the other.
        known: gold of rows that was read before.
    """

    join: Join = "auto"
    skip_bad_lines: bool = False
    sample: int = 0
    on_bytes: Callable[[int], None] | None = None
    some: Part | Chunk | None = None
    engine: Engine | None = None
    known: Known = field(default_factory=Known)

    def open(
        self, path: str | Path, settings: Settings, gold: Gold | None, *, gold_needed: bool = True
    ) -> PredictionFile:
        """The file, to be read this way."""
        return PredictionFile(
            path,
            settings.schema,
            gold.examples if gold is not None else None,
            self.join,
            self.skip_bad_lines,
            self.on_bytes,
            gold_needed=gold_needed,
            some=self.some,
            golds=self.known.under(settings.schema).golds,
        )

    def count(self, pass_over: Callable[[Reading], P], path: str | Path, gold: Gold | None) -> P:
        """Go over a file: in parts that are put together, where there is an engine that can, else line by line."""
        found = None if self.engine is None else self.engine(pass_over, path, self, gold)
        return pass_over(self) if found is None else found


class Pass(Protocol):
    """What going over some lines of a file gives."""

    def merge(self, other: Any) -> None:
        """Add what the lines behind these gave."""

    def finish(self, gold: Gold | None) -> None:
        """Once all lines were read: count the sentences that none of them spoke of."""


P = TypeVar("P", bound=Pass)


class Engine(Protocol):
    """Reads the lines of a file elsewhere."""

    def __call__(
        self, pass_over: Callable[[Reading], P], path: str | Path, reading: Reading, gold: Gold | None
    ) -> P | None:
        """The whole pass, put together from those over parts; None when this file is to be read line by line."""


@dataclass
class Evaluation:
    """One file, counted.

    Attributes:
        file: what was read, with what was noticed on the way.
        tally: the sums.
        hash: of the gold.
        keep: keep the matches of every sentence.
        watch: looks on.
        sample: which of K samples was scored, where there were several.
        examples: the sentences, in the order in which they were counted (kept up to 10,000, or where matches are).
        ready: gold that was prepared.
    """

    file: PredictionFile
    settings: Settings
    gold: Gold | None
    tally: Tally
    hash: GoldHash = field(default_factory=GoldHash)
    keep: bool = False
    watch: Watcher | None = None
    sample: int | None = None
    examples: list[Example] = field(default_factory=list)
    ready: dict[int, _Ready] = field(default_factory=dict)
    _complete: bool = True
    """Whether ``examples`` are those of all sentences."""

    def add(self, row: Joined, sample: int) -> None:
        """Count one sentence; ``sample`` is the prediction that is scored."""
        example = row.example
        gold = self.note(example)
        watch = None if self.watch is None else self.watch.add
        add_prediction(self.tally, gold, _chosen(row, sample) if row.samples else ABSENT, example, watch)
        if len(row.samples) > 1:
            self.sample = sample

    def note(self, example: Example) -> GoldSentence:
        """Remember that this gold was counted, and prepare it, once for all rows that share it."""
        ready = self.ready.get(id(example.gold))
        if ready is None or ready.example.doc_id != example.doc_id or ready.example.sentence != example.sentence:
            if len(self.ready) >= MAX_GOLDS:
                self.ready.clear()
            ready = _Ready(example, GoldSentence(items_of(example.gold)), GoldHash.of(example))
            self.ready[id(example.gold)] = ready
        self.hash.add_hash(ready.hash)
        if self._complete:
            self.examples.append(example)
            self._limit()
        return ready.gold

    def _limit(self) -> None:
        """Keep no examples of what is known to be large."""
        before = 0 if self.file.some is None else self.file.some.lines
        if not self.keep and (not self._complete or before + len(self.examples) > MAX_CHECKED):
            self._complete = False
            self.examples.clear()

    def merge(self, other: Evaluation) -> None:
        """Add the sentences of the lines behind these.

        Raises:
            InputError: both have a prediction for the same sentence.
        """
        self.file.merge(other.file)
        self.tally.merge(other.tally)
        self.hash.merge(other.hash)
        if self.watch is not None:
            self.watch.merge(other.watch)
        self.sample = self.sample if other.sample is None else other.sample
        self.examples += other.examples
        self._complete = self._complete and other._complete
        self._limit()

    def finish(self, gold: Gold | None) -> None:
        """Count the gold sentences that no line spoke of."""
        for row in self.rest(gold):
            self.add(row, 0)

    def rest(self, gold: Gold | None) -> Iterator[Joined]:
        """The gold sentences that no line spoke of, once the parts are put together."""
        self.gold, self.file.gold = gold, gold.examples if gold is not None else None
        return self.file.rest()

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: gold is there already."""
        file = replace(self.file, gold=None, on_bytes=None, some=_ELSEWHERE, golds={})
        return self.__dict__ | {"file": file, "gold": None, "ready": {}}

    def gold_name(self) -> str:
        """Name and hash of the gold, for the signature."""
        name = self.gold.name if self.gold is not None else "rows"
        return f"{name}@{self.hash.hexdigest()[:12]}"

    def score(self, extra: str = "") -> CorpusScore:
        """The scores, with all warnings; ``extra`` adds fields to the signature."""
        return corpus_score(self.tally, self.gold_name, warnings=self.warnings(), sample=self.sample, extra=extra)

    def warnings(self) -> list[str]:
        """What to know about the file and its gold."""
        file = self.file
        found = []
        if file.in_file_order:
            found.append(
                f"{file.in_file_order} rows have no id and share document and sentence with others; "
                "they were matched in file order"
            )
        if file.bad_lines:
            shown = ", ".join(str(line.number) for line in file.bad_lines[:10])
            more = ", …" if len(file.bad_lines) > 10 else ""
            found.append(f"{len(file.bad_lines)} malformed lines were skipped: {shown}{more}")
        if self._complete and (altered := altered_gold(self.examples)) is not None:
            found.append(altered)
        return found


def evaluate_file(
    path: str | Path,
    settings: Settings,
    gold: Gold | None = None,
    reading: Reading | None = None,
    *,
    keep: bool = False,
    watch: Callable[[], Watcher] | None = None,
) -> Evaluation:
    """Read a prediction file and count it.

    Args:
        path: the file (see `predictions.PredictionFile`).
        settings: how to score.
        gold: where gold is; None when every row holds its own.
        reading: how to read.
        keep: keep the matches of every sentence.
        watch: makes what looks on at each sentence; the result has it.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
    """
    return (reading or Reading()).count(partial(_evaluated, path, settings, gold, keep, watch), path, gold)


def _evaluated(
    path: str | Path,
    settings: Settings,
    gold: Gold | None,
    keep: bool,
    watch: Callable[[], Watcher] | None,
    reading: Reading,
) -> Evaluation:
    file = reading.open(path, settings, gold)
    rows = iter(file)
    first = next(rows, None)  # tells whether there are offsets
    spans = file.placed and (gold is None or gold.placed)
    tally = Tally(settings, spans, keep or watch is not None)
    watching = None if watch is None else watch()
    result = Evaluation(file, settings, gold, tally, keep=keep, watch=watching, ready=reading.known.ready)
    for row in chain(() if first is None else (first,), rows):
        result.add(row, reading.sample)
    return result


def _chosen(row: Joined, sample: int) -> Sample:
    if row.samples == [None] and sample >= 0:
        return None  # the request for all samples failed
    if not 0 <= sample < len(row.samples):
        raise InputError(
            f"{row.where}: --sample {sample} asks for a sample that is not there; the row has {len(row.samples)}, "
            "counted from 0"
        )
    return row.samples[sample]
