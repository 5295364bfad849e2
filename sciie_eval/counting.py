"""Counts of one sentence, and the ratios made of counts: the one place where empty and undefined are decided."""

from __future__ import annotations

from typing import Any, NamedTuple

from sciie_eval.items import Items
from sciie_eval.matching import Match, Pairer
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Side, sides

__all__ = ["Counts", "GoldSentence", "SentenceScorer", "counts_of", "sentence_f1"]


class Counts(NamedTuple):
    """Matched, predicted and gold items of a task; ``tp`` is whole unless partial credit is given.

    >>> Counts(1, 2, 3).f1
    0.4
    >>> Counts(0, 0, 0).f1 is None
    True
    """

    tp: float
    n_pred: int
    n_gold: int

    @property
    def precision(self) -> float | None:
        """Tp / n_pred in [0, 1]; None (undefined) without predictions."""
        return self.tp / self.n_pred if self.n_pred else None

    @property
    def recall(self) -> float | None:
        """Tp / n_gold in [0, 1]; None (undefined) without gold."""
        return self.tp / self.n_gold if self.n_gold else None

    @property
    def f1(self) -> float | None:
        """2 tp / (n_pred + n_gold) in [0, 1]; None (undefined) when both are 0."""
        total = self.n_pred + self.n_gold
        return 2 * self.tp / total if total else None


def sentence_f1(counts: Counts, well_formed: bool = True) -> float:
    """F1 of one sentence, as Best-F1@K, Avg@K and the rewards use it.

    Both sides empty gives 1, one side empty 0. A completion without a well-formed answer (status no_answer or invalid)
    earns 0 also where gold is empty: garbage is not a correct "nothing here".

    >>> sentence_f1(Counts(0, 0, 0)), sentence_f1(Counts(0, 0, 0), well_formed=False), sentence_f1(Counts(0, 0, 2))
    (1.0, 0.0, 0.0)
    """
    if not well_formed:
        return 0.0
    f1 = counts.f1
    return 1.0 if f1 is None else f1


def counts_of(match: Match, partial: bool = False) -> Counts:
    """The counts of a matching; ``partial`` counts a pair by its similarity."""
    return Counts(match.credit if partial else match.n, match.predicted.n, match.gold.n)


class GoldSentence:
    """The gold of one sentence, prepared once for any number of predictions.

    Attributes:
        items: the gold.
        plain: what `lane` prepared of it; None before.
    """

    __slots__ = ("_made_for", "_sides", "items", "plain")

    def __init__(self, items: Items) -> None:
        self.items = items
        self._sides: dict[Task, Side] = {}
        self._made_for: tuple[MatchRule, tuple[Task, ...], bool] | None = None
        self.plain: Any = None

    def sides(self, rule: MatchRule, tasks: tuple[Task, ...], spans: bool) -> dict[Task, Side]:
        """The prepared sides, made anew only when something else is asked for than the last time."""
        made_for = self._made_for
        if made_for is None or made_for[0] is not rule or made_for[1] is not tasks or made_for[2] != spans:
            self._sides = sides(self.items, rule, tasks, spans)
            self._made_for = rule, tasks, spans
        return self._sides


class SentenceScorer:
    """Matches predictions with gold, sentence by sentence, under one rule. Stateless, thread-safe, picklable.

    Args:
        rule: how items compare.
        tasks: which tasks to score.
        spans: compare offsets in place of texts; every gold and predicted item must then have them.

    >>> scorer = SentenceScorer(MatchRule(), ("ner",))
    >>> gold = GoldSentence(Items(entities=[("BERT", "Method"), ("NER", "Task")]))
    >>> counts_of(scorer.matches(gold, Items(entities=[("BERT", "Method")]))["ner"])
    Counts(tp=1, n_pred=1, n_gold=2)
    """

    def __init__(self, rule: MatchRule, tasks: tuple[Task, ...], spans: bool = False) -> None:
        self.rule, self.tasks, self.spans = rule, tasks, spans
        self._pairers = {task: Pairer((rule,), task, spans) for task in tasks}

    def matches(self, gold: GoldSentence, predicted: Items) -> dict[Task, Match]:
        """Match every task."""
        gold_sides = gold.sides(self.rule, self.tasks, self.spans)
        predicted_sides = sides(predicted, self.rule, self.tasks, self.spans)
        return {
            task: pairer.matches(gold_sides[task], predicted_sides[task])[0] for task, pairer in self._pairers.items()
        }
