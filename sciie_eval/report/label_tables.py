"""Scores of one label a sentence as tables of plain cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sciie_eval.counting import Counts
from sciie_eval.label_scoring import LabelScore
from sciie_eval.label_variants import VARIANTS, VariantScore
from sciie_eval.report.tables import Cell, Table, interval, level, percent

__all__ = ["NamedLabels", "label_tables", "long_labels"]

NamedLabels = tuple[str, LabelScore]
NOTHING = Counts(0, 0, 0)


def label_tables(scores: Sequence[NamedLabels]) -> list[Table]:
    """The three variants, then the relations under the official one; with several systems F1 per relation."""
    return [_variants(scores), _relations(scores)]


def _variants(scores: Sequence[NamedLabels]) -> Table:
    several = len(scores) > 1
    rows = []
    for name, score in scores:
        for variant, found in score.variants.items():
            rows.append(((name, variant) if several else (variant,)) + _cells(found))
    ci = level(scores[0][1].signature)
    labels = ("system", "evaluation") if several else ("evaluation",)
    columns = (*labels, "accuracy", ci, "macro-P", "macro-R", "macro-F1", ci, "micro-F1")
    title = "; ".join(f"{variant}: {meaning}" for variant, meaning in VARIANTS.items())
    return Table(title, columns, tuple(rows), n_labels=len(labels))


def _cells(found: VariantScore) -> tuple[Cell, ...]:
    macro, micro = found.macro, found.micro
    accuracy = (percent(found.accuracy), interval(found.accuracy_ci))
    means = (percent(macro.precision), percent(macro.recall), percent(macro.f1), interval(macro.ci))
    return (*accuracy, *means, percent(micro.f1))


def _relations(scores: Sequence[NamedLabels]) -> Table:
    """One system: everything per relation. Several: the F1 of each."""
    by_system = [(name, score.variants["official"].by_class) for name, score in scores]
    names = list(dict.fromkeys(label for _, rows in by_system for label in rows))
    if len(scores) > 1:
        rows = tuple((label, *(percent(own.get(label, NOTHING).f1) for _, own in by_system)) for label in names)
        return Table("official: F1 per relation", ("relation", *(name for name, _ in by_system)), rows)
    own, turned = by_system[0][1], scores[0][1].wrong_direction
    rows = tuple(
        (
            label,
            *(percent(ratio) for ratio in (own[label].precision, own[label].recall, own[label].f1)),
            *(str(number) for number in (*own[label], turned.get(label, 0))),
        )
        for label in names
    )
    columns = ("relation", "P", "R", "F1", "correct", "predicted", "gold", "wrong direction")
    return Table("official, per relation", columns, rows)


def long_labels(scores: Sequence[NamedLabels]) -> Table:
    """Everything in long form, one row a system, variant and class, ratios unrounded: what CSV holds."""
    columns = ("system", "evaluation", "class", "precision", "recall", "f1", "tp", "n_pred", "n_gold")
    rows = tuple((name, *row, score.signature) for name, score in scores for row in _long(score))
    return Table("", (*columns, "accuracy", "ci_low", "ci_high", "signature"), rows, n_labels=3)


def _long(score: LabelScore) -> Iterator[tuple[Cell, ...]]:
    for variant, found in score.variants.items():
        bounds = found.accuracy_ci or (None, None)
        yield (variant, "(accuracy)", None, None, None, found.correct, None, score.n_sentences, found.accuracy, *bounds)
        for name, averages in (("(macro)", found.macro), ("(micro)", found.micro)):
            *ratios, ci = averages
            yield (variant, name, *ratios, None, None, None, None, *(ci or (None, None)))
        for label, counts in found.by_class.items():
            ratios_of = (counts.precision, counts.recall, counts.f1)
            yield (variant, label, *ratios_of, *counts, None, None, None)
