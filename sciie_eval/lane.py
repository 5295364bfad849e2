"""The fast lane of counting: strict, sets, directed, plain texts, as nearly every completion of a trained model is.

What `matching` does with objects that explain themselves, this does with bare sets, and for the same result (a test
says so). Whatever is not of this kind is declined and takes the general way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from operator import itemgetter

from sciie_eval.counting import GoldSentence
from sciie_eval.items import Items
from sciie_eval.rules import TASKS, Task
from sciie_eval.settings import Settings
from sciie_eval.sides import Item

__all__ = ["FastLane", "Row"]

Row = tuple[float, int, int, float, int, int, float, int, int]
"""(tp, n_pred, n_gold) of ner, rel and rel+."""
_LABEL = itemgetter(1)
_CHUNK = 64
"""Sentences whose labels are counted at once: few enough that the garbage collector leaves them alone."""


class FastLane:
    """Counts what it can; labels are kept as sets of items for a while and then counted in bulk.

    Attributes:
        labels: per task how often each label was matched and predicted.
        spacing: unmatched predicted entities that would match if blanks were ignored, and all unmatched ones.
    """

    def __init__(self) -> None:
        self.labels: dict[Task, tuple[Counter[str], Counter[str]]] = {task: (Counter(), Counter()) for task in TASKS}
        self.spacing = [0, 0]
        self._uses: defaultdict[GoldSentence, int] = defaultdict(int)
        self._found: list[tuple[Iterable[Item], ...]] = []

    @staticmethod
    def fits(settings: Settings, spans: bool, keep: bool) -> bool:
        """Whether these settings are of the kind this lane counts."""
        usual = settings.rule.as_written and settings.match == "strict" and settings.tasks == TASKS
        return usual and not settings.compat and not spans and not keep

    def add(self, gold: GoldSentence, items: Items) -> Row | None:
        """Count one sentence; None when it needs the general way."""
        keys = gold.plain_keys()
        if keys is None or not items.plain:
            return None
        ner, rel = set(items.entities), set(items.relations)
        types_of = dict(items.entities)
        if len(types_of) < len(ner):
            return None  # a text with several types
        try:
            typed = {(s, kind, o, types_of[s], types_of[o]) for s, kind, o in rel}
        except KeyError:
            # an argument that is no entity has no type: its relation matches nothing, and counts as predicted (n_rel)
            typed = {(s, kind, o, types_of[s], types_of[o]) for s, kind, o in rel if s in types_of and o in types_of}
        gold_ner, gold_rel, gold_typed = keys
        exact, exact_rel, exact_typed = ner & gold_ner, rel & gold_rel, typed & gold_typed
        n, n_rel, n_exact = len(ner), len(rel), len(exact)
        if n_exact < n:
            self._watch_spacing(ner - exact, gold_ner - exact)
        self._uses[gold] += 1
        self._found.append((ner, rel, exact, exact_rel, exact_typed))
        if len(self._found) >= _CHUNK:
            self.count_labels()
        n_gold, n_gold_rel = len(gold_ner), len(gold_rel)
        return n_exact, n, n_gold, len(exact_rel), n_rel, n_gold_rel, len(exact_typed), n_rel, len(gold_typed)

    def _watch_spacing(self, left: set[Item], golds: set[Item]) -> None:
        self.spacing[1] += len(left)
        if golds:
            squeezed = {("".join(text.split()), kind) for text, kind in golds}
            self.spacing[0] += sum([("".join(text.split()), kind) in squeezed for text, kind in left])

    def count_labels(self) -> None:
        """Bring the label counts up to date."""
        if not self._found:
            return
        ner, rel, exact, exact_rel, exact_typed = zip(*self._found, strict=True)
        self._found = []
        # a typed relation was made of each relation, so both tasks predict the same labels
        predicted = {"ner": _counted(ner), "rel": (relations := _counted(rel)), "rel+": relations}
        for task, matched in zip(TASKS, (exact, exact_rel, exact_typed), strict=True):
            self.labels[task][0].update(_counted(matched))
            self.labels[task][1].update(predicted[task])

    def gold_uses(self) -> dict[GoldSentence, int]:
        """How many predictions were counted for each gold sentence."""
        return self._uses


def _counted(collections: Iterable[Iterable[Item]]) -> Counter[str]:
    return Counter(map(_LABEL, chain.from_iterable(collections)))
