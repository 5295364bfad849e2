"""From a file of predictions to counts: reading, joining, parsing and counting in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from sciie_eval.corpus import load_split, read_gold
from sciie_eval.counting import GoldSentence
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.forms import Sample
from sciie_eval.items import items_of
from sciie_eval.predictions import Join, Joined, PredictionFile
from sciie_eval.provenance import altered_gold
from sciie_eval.results import CorpusScore, corpus_score
from sciie_eval.schema import Example
from sciie_eval.scoring import ABSENT, Watch, add_prediction
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash
from sciie_eval.tally import Tally

__all__ = ["Evaluation", "Gold", "Reading", "evaluate_file"]

MAX_CHECKED = 20_000
"""Larger gold is none of the known splits, so it is neither kept nor compared with them."""


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


@dataclass(frozen=True)
class Reading:
    """How to read prediction files: the options that decide nothing about a number but its sample.

    Attributes:
        join: ``auto`` or ``order``.
        skip_bad_lines: collect malformed lines and go on.
        sample: which of K samples is scored, from 0.
        on_bytes: called with the bytes of each line, for progress.
    """

    join: Join = "auto"
    skip_bad_lines: bool = False
    sample: int = 0
    on_bytes: Callable[[int], None] | None = None

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
        )


@dataclass
class Evaluation:
    """One file, counted.

    Attributes:
        file: what was read, with what was noticed on the way.
        tally: the sums.
        ids: of the sentences, in the order in which they were counted.
        examples: of the sentences, likewise (not kept for gold beyond 20,000 sentences).
    """

    file: PredictionFile
    settings: Settings
    gold: Gold | None
    sample: int | None
    tally: Tally
    hash: GoldHash
    ids: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

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
        if self.tally.n_sentences <= MAX_CHECKED and (altered := altered_gold(self.examples)) is not None:
            found.append(altered)
        return found


def evaluate_file(
    path: str | Path,
    settings: Settings,
    gold: Gold | None = None,
    reading: Reading | None = None,
    *,
    keep: bool = False,
    watch: Watch | None = None,
) -> Evaluation:
    """Read a prediction file and count it.

    Args:
        path: the file (see `predictions.PredictionFile`).
        settings: how to score.
        gold: where gold is; None when every row holds its own.
        reading: how to read.
        keep: keep the matches of every sentence.
        watch: called after each sentence.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
    """
    reading = reading or Reading()
    file = reading.open(path, settings, gold)
    rows = iter(file)
    first = next(rows)
    spans = file.placed and (gold is None or gold.placed)
    result = Evaluation(file, settings, gold, None, Tally(settings, spans, keep or watch is not None), GoldHash())
    for row in chain((first,), rows):
        _count(result, row, reading.sample, keep, watch)
    return result


def _count(result: Evaluation, row: Joined, sample: int, keep: bool, watch: Watch | None) -> None:
    example = row.example
    gold = GoldSentence(items_of(example.gold))
    add_prediction(result.tally, gold, _chosen(row, sample) if row.samples else ABSENT, example, watch)
    if len(row.samples) > 1:
        result.sample = sample
    result.hash.add(example)
    result.ids.append(example.id)
    if len(result.examples) < MAX_CHECKED or keep:
        result.examples.append(example)


def _chosen(row: Joined, sample: int) -> Sample:
    if row.samples == [None] and sample >= 0:
        return None  # the request for all samples failed
    if not 0 <= sample < len(row.samples):
        raise InputError(
            f"{row.where}: --sample {sample} asks for a sample that is not there; the row has {len(row.samples)}, "
            "counted from 0"
        )
    return row.samples[sample]
