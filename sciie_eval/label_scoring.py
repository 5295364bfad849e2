"""One label a sentence, scored: gold and predicted labels in, accuracy and the F1 of SemEval-2010 Task 8 out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sciie_eval.counting import Counts
from sciie_eval.exceptions import InputError, brief
from sciie_eval.label_parsing import LABEL_CARD, LabelReader, ParsedLabel, label_reader, relation_of
from sciie_eval.label_variants import Pair, Variant, VariantScore, score_variants
from sciie_eval.parsing import STATUSES
from sciie_eval.rules import one_of
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash, label_signature

__all__ = ["LabelScore", "LabelTally", "label_score", "label_settings", "score_labels"]

SETTINGS = ("schema", "parse", "ci", "bootstrap", "seed")


@dataclass
class LabelTally:
    """Pairs of gold and predicted labels, counted.

    Attributes:
        settings: of which schema, parse, ci, bootstrap and seed apply.
        pairs: how often each (gold, predicted) occurs; predicted None: there is no label.
        statuses: predictions by parse status.
        issues: predictions by issue.
        missing: gold sentences without a prediction.
    """

    settings: Settings
    pairs: Counter[Pair] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    missing: int = 0

    @property
    def reader(self) -> LabelReader:
        """Reads the labels of the schema."""
        return label_reader(self.settings.schema)

    def add(self, gold: str, parsed: ParsedLabel | None) -> None:
        """Count one sentence; None where it has no prediction."""
        self.pairs[gold, None if parsed is None else parsed.label] += 1
        if parsed is None:
            self.missing += 1
        else:
            self.statuses[parsed.status] += 1
            self.issues.update(parsed.issues)


@dataclass(frozen=True, repr=False)
class LabelScore:
    """All that `score_labels` found; `to_dict` is what ``sciie-eval score --task classification --format json`` prints.

    Attributes:
        pairs: how often each (gold, predicted) label occurs, sorted; predicted None: there is no label.
        n_sentences: gold sentences, with or without a prediction.
        missing: sentences without a prediction; they count as wrong.
        parse: number of predictions by parse status.
        issues: number of predictions by issue code (`label_parsing.LABEL_ISSUES`).
        warnings: what the reader of the numbers has to know.
        settings: how it was scored.
    """

    pairs: dict[Pair, int]
    n_sentences: int
    missing: int
    parse: dict[str, int]
    issues: dict[str, int]
    warnings: tuple[str, ...]
    settings: Settings = field(repr=False)
    _signature: Callable[[], str] = field(repr=False, compare=False)

    def __repr__(self) -> str:
        shown = ("–" if value is None else f"{value:.4f}" for value in (self.accuracy, self.macro_f1))
        return "LabelScore(accuracy: {}, macro-F1: {}; {} sentences)".format(*shown, self.n_sentences)

    @cached_property
    def signature(self) -> str:
        """The line under which the numbers can be compared."""
        return self._signature()

    @property
    def accuracy(self) -> float | None:
        """Share of the gold sentences whose label is right, direction included."""
        return self.variants["official"].accuracy

    @property
    def macro_f1(self) -> float | None:
        """The official score of SemEval-2010 Task 8: macro-F1 of the nine relations, whose direction must be right."""
        return self.variants["official"].macro.f1

    @cached_property
    def variants(self) -> dict[Variant, VariantScore]:
        """The numbers of every variant, computed when first asked for."""
        return score_variants(self.pairs, label_reader(self.settings.schema), self.settings)

    @property
    def wrong_direction(self) -> dict[str, int]:
        """Per relation, the sentences whose relation is right and whose direction is not (the scorer's xDIRx)."""
        found: Counter[str] = Counter()
        for (gold, predicted), number in self.pairs.items():
            if predicted is not None and gold != predicted and relation_of(gold) == relation_of(predicted):
                found[relation_of(gold)] += number
        return dict(found)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, ratios in [0, 1] and unrounded, undefined ones null."""
        confusion: dict[str, dict[str, int]] = {}
        for (gold, predicted), number in self.pairs.items():
            confusion.setdefault(gold, {})["(none)" if predicted is None else predicted] = number
        return {
            "signature": self.signature,
            "n_sentences": self.n_sentences,
            "missing": self.missing,
            "parse": dict(self.parse),
            "issues": dict(self.issues),
            "warnings": list(self.warnings),
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "variants": {name: score.to_dict() for name, score in self.variants.items()},
            "by_class": {
                name: {label: _ratios(counts) for label, counts in score.by_class.items()}
                for name, score in self.variants.items()
            },
            "wrong_direction": self.wrong_direction,
            "confusion": confusion,
        }


def score_labels(gold: Sequence[str], predicted: Sequence[str | ParsedLabel | None], **settings: Any) -> LabelScore:
    """Score one label a sentence as the official scorer of SemEval-2010 Task 8 does (docs/classification.md).

    Formula, official: F1_r = 2 tp_r / (n_pred_r + n_gold_r) per relation r, tp where relation and direction are right;
    a right relation in the wrong direction is predicted and gold, and not tp. The score is the mean over the relations
    that gold has, without Other. Source: Hendrickx et al. 2010; semeval2010_task8_scorer-v1.2.pl, the third evaluation.

    Args:
        gold: the labels, each one of the schema's to the letter.
        predicted: one a sentence in the same order: a label, what `parse_label` read in a completion, or None for an
            answer that never came.
        **settings: schema (SemEval's labels by default), parse, ci, bootstrap and seed, as `Settings` has them.

    Raises:
        InputError: a gold label that the schema lacks, or lengths that differ.
        UsageError: a wrong setting.

    >>> found = score_labels(["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other"], ["Cause-Effect(e1,e2)"] * 3)
    >>> round(found.macro_f1, 3), round(found.variants["undirected"].macro.f1, 3)
    (0.4, 0.8)
    """
    how = label_settings(**settings)
    if isinstance(gold, str) or isinstance(predicted, str) or len(gold) != len(predicted):
        lengths = "" if isinstance(gold, str) or isinstance(predicted, str) else f": {len(gold)} and {len(predicted)}"
        raise InputError(f"gold and predicted: expected two lists of the same length, one label a sentence{lengths}")
    tally, hashed = LabelTally(how), GoldHash()
    for place, (label, value) in enumerate(zip(gold, predicted, strict=True)):
        tally.add(tally.reader.check(label, f"gold[{place}]"), _read(tally, value, f"predicted[{place}]"))
        hashed.add_row(["", "", label])
    return label_score(tally, lambda: f"given@{hashed.hexdigest()[:12]}")


def label_settings(**settings: Any) -> Settings:
    """Settings of which only those that apply to one label a sentence may be given.

    Raises:
        UsageError: another name, or a wrong value.
    """
    for name in settings:
        one_of("setting", name, SETTINGS)
    return Settings.of(
        **{"schema": LABEL_CARD, **{k: v for k, v in settings.items() if k != "schema" or v is not None}}
    )


def label_score(
    tally: LabelTally, gold_name: Callable[[], str], *, warnings: Iterable[str] = (), sample: int | None = None
) -> LabelScore:
    """Turn counted pairs into scores.

    Args:
        tally: all sentences.
        gold_name: gives name and hash of the gold; asked once.
        warnings: what the reader of the file has to say.
        sample: which of K samples was scored.
    """
    pairs = dict(sorted(tally.pairs.items(), key=lambda item: (item[0][0], item[0][1] or "")))
    return LabelScore(
        pairs=pairs,
        n_sentences=sum(pairs.values()),
        missing=tally.missing,
        parse={status: tally.statuses[status] for status in STATUSES if tally.statuses[status]},
        issues=dict(tally.issues.most_common()),
        warnings=(*warnings, *_warnings(tally)),
        settings=tally.settings,
        _signature=lambda: label_signature(tally.settings, gold=gold_name(), sample=sample),
    )


def _read(tally: LabelTally, value: object, where: str) -> ParsedLabel:
    if isinstance(value, ParsedLabel):
        return value
    if value is None or isinstance(value, str):
        return tally.reader.given(value, tally.settings.parse)
    raise InputError(f"{where}: expected a label, a ParsedLabel or None, got {brief(value, 80)}")


def _warnings(tally: LabelTally) -> list[str]:
    found = []
    total = sum(tally.pairs.values())
    if tally.missing and tally.missing >= 0.01 * total:
        found.append(f"{tally.missing} of {total} sentences have no prediction and count as wrong")
    there = {relation_of(gold) for gold, _ in tally.pairs}
    absent = Counter[str]()
    for (_, predicted), number in tally.pairs.items():
        if predicted is not None and relation_of(predicted) not in there:
            absent[relation_of(predicted)] += number
    if absent:
        shown = ", ".join(f"{name} {number}" for name, number in sorted(absent.items()))
        found.append(f"predicted, but never gold ({shown}): these classes have no part in averages, as in the scorer")
    return found


def _ratios(counts: Counts) -> dict[str, Any]:
    return {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1, **counts._asdict()}
