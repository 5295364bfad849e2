"""The fast lane of counting: strict, sets, directed, plain texts, as nearly every completion of a trained model is.

What `matching` does with objects that explain themselves, this does with bare sets, and for the same result (a test
says so). Whatever is not of this kind is declined and takes the general way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from operator import itemgetter

from sciie_eval.counting import GoldSentence
from sciie_eval.items import Items
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section
from sciie_eval.settings import Settings
from sciie_eval.sides import Item, differ_in_blanks

__all__ = ["FastLane", "Row"]

Row = tuple[float, int, int, float, int, int, float, int, int]
"""(tp, n_pred, n_gold) of ner, rel and rel+."""
_LABEL = itemgetter(1)
_CHUNK = 64
"""Sentences whose labels are counted at once: few enough that the garbage collector leaves them alone."""


class FastLane:
    """Counts what it can; labels are kept as sets of items for a while and then counted in bulk.

    Attributes:
        labels: per task how often each label was matched, predicted and gold.
        gold_sections: what the gold of the sentences counted speaks of.
        spacing: unmatched predicted entities that would match if blanks were ignored, and all unmatched ones.
    """

    def __init__(self) -> None:
        self.labels: dict[Task, tuple[Counter[str], Counter[str], Counter[str]]] = {
            task: (Counter(), Counter(), Counter()) for task in TASKS
        }
        self.spacing = [0, 0]
        self.gold_sections: set[Section] = set()
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
        self.gold_sections |= gold.items.sections
        ner, rel = set(items.entities), set(items.relations)
        types_of = dict(items.entities)
        if len(types_of) < len(ner):
            return None  # a text with several types
        gold_ner, gold_rel, gold_typed = keys
        exact, exact_rel = ner & gold_ner, rel & gold_rel
        # every relation is one typed item, and only one whose texts are right can be right; an argument that is no
        # entity has no type (None), which gold never has
        find = types_of.get
        exact_typed = {(s, kind, o, find(s), find(o)) for s, kind, o in exact_rel} & gold_typed
        n, n_rel, n_exact = len(ner), len(rel), len(exact)
        if n_exact < n:
            self.spacing[1] += n - n_exact
            self.spacing[0] += differ_in_blanks(ner - exact, gold_ner - exact)
        self._found.append((ner, rel, exact, exact_rel, exact_typed, gold_ner, gold_rel, gold_typed))
        if len(self._found) >= _CHUNK:
            self.count_labels()
        n_gold, n_gold_rel = len(gold_ner), len(gold_rel)
        return n_exact, n, n_gold, len(exact_rel), n_rel, n_gold_rel, len(exact_typed), n_rel, len(gold_typed)

    def count_labels(self) -> None:
        """Bring the label counts up to date."""
        if not self._found:
            return
        ner, rel, exact, exact_rel, exact_typed, *golds = zip(*self._found, strict=True)
        self._found = []
        # a typed relation was made of each relation, so both tasks predict the same labels
        predicted = {"ner": _counted(ner), "rel": (relations := _counted(rel)), "rel+": relations}
        for task, matched, gold in zip(TASKS, (exact, exact_rel, exact_typed), golds, strict=True):
            self.labels[task][0].update(_counted(matched))
            self.labels[task][1].update(predicted[task])
            self.labels[task][2].update(_counted(gold))


def _counted(collections: Iterable[Iterable[Item]]) -> Counter[str]:
    return Counter(map(_LABEL, chain.from_iterable(collections)))
