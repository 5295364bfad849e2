"""From a file of labels, or of completions that hold one, to scores: reading, joining with gold by id, counting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sciie_eval.evaluate import Reading
from sciie_eval.exceptions import InputError
from sciie_eval.jsonl import BadLine
from sciie_eval.label_files import LabelRow, label_rows, read_labels
from sciie_eval.label_parsing import ParsedLabel
from sciie_eval.label_scoring import LabelScore, LabelTally, label_score
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash

__all__ = ["LabelGold", "evaluate_labels"]


class LabelGold:
    """Gold labels from a file.

    Args:
        path: the file (see `label_files.read_labels`).
        settings: whose schema gold must be of.

    Raises:
        InputError: what is wrong with the file, where, and what to do.

    Attributes:
        name: what the signature calls it.
        labels: by id.
    """

    def __init__(self, path: str | Path, settings: Settings) -> None:
        self.name = Path(path).name
        self.labels: dict[str, str] = {}
        for example in read_labels(path, settings.schema):
            if example.label is None:
                raise InputError(f"{path}: the sentence {example.id!r} has no label, so this file is no gold")
            self.labels[example.id] = example.label


def evaluate_labels(
    path: str | Path, settings: Settings, gold: LabelGold | None = None, reading: Reading | None = None
) -> LabelScore:
    """Read a file of predictions and score it.

    Args:
        path: JSON Lines with ``completion``, ``completions``, ``prediction`` or ``predictions``, or with ``label``
            alone, where gold is elsewhere; TRL's, vLLM's, OpenAI's and lm-evaluation-harness's files; or the official
            scorer's answers, ``id<tab>label``.
        settings: schema, parse, ci, bootstrap and seed.
        gold: where gold is, joined by id; None when every row holds its own as ``label``.
        reading: sample and skip_bad_lines.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
    """
    return _Evaluation(settings, gold, reading or Reading()).score(path)


class _Evaluation:
    def __init__(self, settings: Settings, gold: LabelGold | None, reading: Reading) -> None:
        self.gold, self.reading = gold, reading
        self.tally, self.hash = LabelTally(settings), GoldHash()
        self.seen: dict[str, str] = {}
        self.sample: int | None = None

    def score(self, path: str | Path) -> LabelScore:
        """Read, count and score."""
        bad = list[BadLine]() if self.reading.skip_bad_lines else None
        found = False
        for row in _whole(label_rows(path, bad_lines=bad, on_bytes=self.reading.on_bytes)):
            found = True
            self._count(row)
        if not found:
            raise InputError(
                f"{path}: no predictions in this file; expected a JSON object, or id, tab and label, a line"
            )
        for name, label in (self.gold.labels if self.gold else {}).items():
            if name not in self.seen:
                self._add(name, "", label, None)
        warnings = []
        if bad:
            shown = ", ".join(str(line.number) for line in bad[:10])
            warnings = [f"{len(bad)} malformed lines were skipped: {shown}{', …' if len(bad) > 10 else ''}"]
        name = self.gold.name if self.gold else "rows"
        return label_score(
            self.tally, lambda: f"{name}@{self.hash.hexdigest()[:12]}", warnings=warnings, sample=self.sample
        )

    def _count(self, row: LabelRow) -> None:
        label = self._gold(row)
        if row.id is not None:
            if row.id in self.seen:
                raise InputError(
                    f"{row.where}: a second prediction for {row.id!r}, the first is at {self.seen[row.id]}; "
                    "put K samples of a sentence into one row, as completions or predictions"
                )
            self.seen[row.id] = row.where
        self._add(row.id or "", row.sentence, label, self._read(row))

    def _gold(self, row: LabelRow) -> str:
        reader = self.tally.reader
        if self.gold is None:
            if row.label is None or row.samples is None:
                what = "no gold label" if row.label is None else "this row holds a label and no prediction"
                raise InputError(f"{row.where}: {what}; give --gold FILE, or rows with label beside their completion")
            return reader.check(row.label, f"{row.where}: gold label")
        if row.id is None:
            raise InputError(f"{row.where}: the row does not say which sentence it is for; expected id")
        if row.id not in self.gold.labels:
            like = next(iter(self.gold.labels))
            raise InputError(f"{row.where}: no gold label has the id {row.id!r}; ids look like {like!r}")
        label = self.gold.labels[row.id]
        if row.samples is not None and row.label is not None and row.label != label:
            raise InputError(
                f"{row.where}: its own label {row.label!r:.80} is not that of gold, {label!r}; "
                "is this the right gold file?"
            )
        return label

    def _read(self, row: LabelRow) -> ParsedLabel:
        settings, reader = self.tally.settings, self.tally.reader
        samples = row.samples
        if samples is None:  # an answer file, or rows that hold labels alone
            if not isinstance(row.label, str):
                raise InputError(f"{row.where}: no prediction; expected a label, got {row.label!r:.80}")
            samples = [row.label]
        if len(samples) > 1:
            self.sample = self.reading.sample
        failed = samples == [None]  # the request for all samples failed
        if not failed and not 0 <= self.reading.sample < len(samples):
            raise InputError(
                f"{row.where}: --sample {self.reading.sample} asks for a sample that is not there; the row has "
                f"{len(samples)}, counted from 0"
            )
        text = None if failed else samples[self.reading.sample]
        if text is None or row.given or row.samples is None:
            return reader.given(text, settings.parse)
        return reader.completion(text, settings.parse)

    def _add(self, name: str, sentence: str, label: str, parsed: ParsedLabel | None) -> None:
        self.tally.add(label, parsed)
        self.hash.add_row([name, "" if name else sentence, label])


def _whole(rows: Iterator[LabelRow]) -> Iterator[LabelRow]:
    """The rows, those that are parts of one sentence's samples put together."""
    parts: dict[object, LabelRow] = {}
    for row in rows:
        if row.part is None or row.samples is None:
            yield row
        elif (first := parts.get(row.part)) is None:
            parts[row.part] = row._replace(samples=list(row.samples))
        elif first.samples is not None:
            first.samples.extend(row.samples)
    yield from parts.values()
