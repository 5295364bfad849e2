"""What is in a prediction file, without scoring it: forms, parse status, issues, labels, joins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciie_eval.evaluate import Gold, Reading
from sciie_eval.parsing import ISSUES, STATUSES
from sciie_eval.report.tables import Cell, Table
from sciie_eval.scoring import read_prediction
from sciie_eval.settings import Settings

__all__ = ["Validation", "validate_file"]


@dataclass
class Validation:
    """What a prediction file holds.

    Attributes:
        rows: rows by form (native, trl, batch, lm-eval, spans).
        sentences: sentences with at least one sample.
        samples: number of samples; ``fewest`` and ``most`` for one sentence.
        parse: samples by parse status.
        issues: samples by issue code.
        unknown_labels: labels outside the schema, by how often they were predicted.
        missing: gold sentences without a prediction; None where no gold was given to compare with.
        without_gold: sentences whose row has no gold, where none was given.
        in_file_order: rows matched with repeated sentences in file order.
        bad_lines: malformed lines: (line number, what is wrong).
    """

    rows: dict[str, int] = field(default_factory=dict)
    sentences: int = 0
    samples: int = 0
    fewest: int = 0
    most: int = 0
    parse: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    unknown_labels: Counter[str] = field(default_factory=Counter)
    missing: int | None = None
    without_gold: int = 0
    in_file_order: int = 0
    bad_lines: list[tuple[int, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "rows": self.rows,
            "sentences": self.sentences,
            "samples": self.samples,
            "samples_per_sentence": [self.fewest, self.most],
            "parse": {status: self.parse[status] for status in STATUSES if self.parse[status]},
            "issues": dict(self.issues.most_common()),
            "unknown_labels": dict(self.unknown_labels.most_common()),
            "missing": self.missing,
            "without_gold": self.without_gold,
            "in_file_order": self.in_file_order,
            "bad_lines": [{"line": number, "message": message} for number, message in self.bad_lines],
        }

    def table(self, name: str) -> Table:
        """The same as one table: what, how many, what it means."""
        rows: list[tuple[Cell, ...]] = [(f"{form} rows", number, "") for form, number in self.rows.items()]
        per_sentence = str(self.fewest) if self.fewest == self.most else f"{self.fewest} to {self.most}"
        rows.append(("samples", self.samples, f"of {self.sentences} sentences, {per_sentence} each"))
        rows += [(f"parse: {status}", self.parse[status], "") for status in STATUSES if self.parse[status]]
        rows += [(f"issue: {code}", number, ISSUES.get(code, "")) for code, number in self.issues.most_common()]
        rows += [
            (f"label: {label}", number, "outside the schema; wrong unless gold has it, too")
            for label, number in self.unknown_labels.most_common(20)
        ]
        if self.missing is not None:
            rows.append(("missing", self.missing, "gold sentences without a prediction; they count as empty"))
        if self.without_gold:
            rows.append(
                ("without gold", self.without_gold, "scoring needs --gold or --dataset; joins were not checked")
            )
        if self.in_file_order:
            rows.append(("in file order", self.in_file_order, "rows of repeated sentences, matched by their order"))
        rows += [(f"bad line {number}", 1, message) for number, message in self.bad_lines]
        return Table(name, ("what", "meaning", "n"), tuple((what, meaning, n) for what, n, meaning in rows), n_labels=2)


def validate_file(path: str | Path, settings: Settings, gold: Gold | None, reading: Reading) -> Validation:
    """Read a whole prediction file and say what is in it.

    Raises:
        InputError: what makes the file unreadable: where, and what to do.
    """
    file = reading.open(path, settings, gold, gold_needed=False)
    found = Validation(missing=None if gold is None else 0)
    for row in file:
        if not row.samples and found.missing is not None:
            found.missing += 1
            continue
        found.sentences += 1
        found.samples += len(row.samples)
        found.fewest = min(found.fewest or len(row.samples), len(row.samples))
        found.most = max(found.most, len(row.samples))
        for sample in row.samples:
            _look_at(found, sample, settings)
    found.rows = dict(file.forms.items())
    found.in_file_order = file.in_file_order
    found.without_gold = file.without_gold
    found.bad_lines = [(line.number, line.message) for line in file.bad_lines]
    return found


def _look_at(found: Validation, sample: Any, settings: Settings) -> None:
    parsed = read_prediction(sample, settings)
    found.parse[parsed.status] += 1
    found.issues.update(parsed.issues)
    schema = settings.schema
    found.unknown_labels.update(kind for _, kind in parsed.items.entities if kind not in schema.entity_name_set)
    found.unknown_labels.update(kind for _, kind, _ in parsed.items.relations if kind not in schema.relation_name_set)
