"""The three ways in which SemEval-2010 Task 8's scorer averages, from how often each pair of labels occurs.

Every number is a function of the pairs' counts, so order never matters, and the bootstrap over sentences is a
multinomial over the distinct pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from sciie_eval.counting import Counts
from sciie_eval.label_parsing import LabelReader, relation_of
from sciie_eval.settings import Settings
from sciie_eval.stats import Floats, statistic_intervals

__all__ = ["OTHER", "VARIANTS", "Averages", "Pair", "Variant", "VariantScore", "score_variants"]

OTHER = "Other"
"""The label that is no relation: it has no part in averages, but what is confused with it counts."""

Variant = Literal["official", "directed", "undirected"]
VARIANTS: dict[Variant, str] = {
    "official": "relations, direction counts",
    "directed": "labels",
    "undirected": "relations, direction ignored",
}
"""What is averaged over. The scorer calls them (9+1)-way, (2*9+1)-way, and (9+1)-way with directionality ignored."""

Pair = tuple[str, str | None]
"""A gold and a predicted label; None where there is none."""
Interval = tuple[float, float] | None


class Averages(NamedTuple):
    """Precision, recall and F1 over the classes that gold has, Other excepted, and the bootstrap interval of the F1."""

    precision: float | None
    recall: float | None
    f1: float | None
    ci: Interval


class VariantScore(NamedTuple):
    """The numbers of one variant, ratios in [0, 1], None where undefined.

    Attributes:
        correct: sentences whose label (relation, where direction is ignored) is right, Other included.
        accuracy: those over all gold sentences; without a label a sentence is wrong.
        accuracy_ci: its bootstrap interval.
        macro: means over the classes that gold has, Other excepted; a class's 0/0 counts as 0, as in the scorer. Under
            ``official`` its F1 is the official score of the task.
        micro: Σtp / Σn_pred, Σtp / Σn_gold and 2 Σtp / (Σn_pred + Σn_gold) over the same classes.
        by_class: counts of every class in the card's order, Other last.
    """

    correct: int
    accuracy: float | None
    accuracy_ci: Interval
    macro: Averages
    micro: Averages
    by_class: dict[str, Counts]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form without the classes, ratios unrounded."""
        return {
            "correct": self.correct,
            "accuracy": self.accuracy,
            "accuracy_ci": self.accuracy_ci and list(self.accuracy_ci),
            "macro": {**self.macro._asdict(), "ci": self.macro.ci and list(self.macro.ci)},
            "micro": {**self.micro._asdict(), "ci": self.micro.ci and list(self.micro.ci)},
        }


def score_variants(pairs: Mapping[Pair, int], reader: LabelReader, settings: Settings) -> dict[Variant, VariantScore]:
    """The numbers of every variant, their intervals from one resampling for all.

    Args:
        pairs: how often each pair occurs, in an order that does not depend on that of the sentences.
        reader: whose labels are the classes.
        settings: level, number of resamples and seed.

    >>> from sciie_eval.label_parsing import label_reader
    >>> from sciie_eval.label_scoring import label_settings
    >>> how = label_settings()
    >>> pairs = {("Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"): 1, ("Other", "Other"): 1}
    >>> found = score_variants(pairs, label_reader(how.schema), how)
    >>> [(score.accuracy, score.macro.f1) for score in found.values()]
    [(0.5, 0.0), (0.5, 0.0), (1.0, 1.0)]
    """
    blocks = {variant: _Block(variant, reader) for variant in VARIANTS}
    rows = np.hstack([block.rows(pairs) for block in blocks.values()])
    numbers = np.array(list(pairs.values()), dtype=np.intp)
    ends = np.cumsum([block.width for block in blocks.values()])[:-1]

    def statistics(totals: Floats) -> Floats:
        parts = np.split(totals, ends, axis=1)
        return np.hstack([block.averages(part) for block, part in zip(blocks.values(), parts, strict=True)])

    totals = (numbers @ rows)[None, :]
    values = [None if np.isnan(value) else float(value) for value in statistics(totals)[0]]
    bounds: list[Interval] = [None] * len(values)
    if pairs:
        level, resamples, seed = settings.ci, settings.bootstrap, settings.seed
        bounds = statistic_intervals(rows, numbers, statistics, level=level, resamples=resamples, seed=seed)
    size = len(values) // len(blocks)
    return {
        variant: block.score(part[0], values[at : at + size], bounds[at : at + size])
        for at, (variant, block), part in zip(
            range(0, len(values), size), blocks.items(), np.split(totals, ends, axis=1), strict=True
        )
    }


class _Block:
    """The columns of one variant: tp, n_pred and n_gold of every class, correct sentences, sentences."""

    def __init__(self, variant: Variant, reader: LabelReader) -> None:
        self._variant = variant
        names = reader.labels if variant == "directed" else reader.relations
        self.classes = [name for name in names if name != OTHER] + [name for name in names if name == OTHER]
        self._averaged = len(self.classes) - self.classes.count(OTHER)
        self.width = 3 * len(self.classes) + 2

    def _class(self, label: str) -> str:
        return label if self._variant == "directed" else relation_of(label)

    def rows(self, pairs: Mapping[Pair, int]) -> Floats:
        """One row a pair: what one sentence of that kind counts."""
        place = {name: 3 * number for number, name in enumerate(self.classes)}
        rows = np.zeros((len(pairs), self.width))
        rows[:, -1] = 1
        for row, (gold, predicted) in zip(rows, pairs, strict=True):
            own = self._class(gold)
            row[place[own] + 2] = 1
            if predicted is None:
                continue
            said = self._class(predicted)
            row[place[said] + 1] = 1
            right = own == said if self._variant == "undirected" else gold == predicted
            row[place[own]] = row[-2] = right
        return rows

    def averages(self, totals: Floats) -> Floats:
        """(n, width) totals to accuracy, macro P, R, F1 and micro P, R, F1: (n, 7), NaN where undefined."""
        counts = totals[:, :-2].reshape(len(totals), -1, 3)[:, : self._averaged]
        counts = counts * (counts[..., 2:] > 0)  # a class that gold lacks is none, whatever is predicted
        number = np.count_nonzero(counts[..., 2], axis=1)
        macro = [_ratio(ratios.sum(axis=1), number) for ratios in map(np.nan_to_num, _ratios(counts))]
        return np.stack([_ratio(totals[:, -2], totals[:, -1]), *macro, *_ratios(counts.sum(axis=1))], axis=1)

    def score(self, totals: Floats, values: list[float | None], bounds: list[Interval]) -> VariantScore:
        """The numbers as people handle them."""
        counts = totals[:-2].reshape(-1, 3).astype(int).tolist()
        by_class = {name: Counts(*row) for name, row in zip(self.classes, counts, strict=True)}
        macro = Averages(values[1], values[2], values[3], bounds[3])
        micro = Averages(values[4], values[5], values[6], bounds[6])
        return VariantScore(int(totals[-2]), values[0], bounds[0], macro, micro, by_class)


def _ratios(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """P, R and F1 along the last axis (tp, n_pred, n_gold), NaN where undefined."""
    tp, n_pred, n_gold = np.moveaxis(counts, -1, 0)
    return _ratio(tp, n_pred), _ratio(tp, n_gold), _ratio(2 * tp, n_pred + n_gold)


def _ratio(above: Floats, below: Floats) -> Floats:
    out: Floats = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out
