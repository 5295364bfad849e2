"""The fast lane of counting: text to counts without decoding, as nearly every completion of a trained model allows.

What `parsing` and `matching` do with objects that explain themselves, this does with bare sets of pieces of JSON, and
for the same result (a test says so): strict, sets, directed, answers of exactly the asked shape. Whatever is not of
this kind is declined and takes the general way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

from sciie_eval.counting import GoldSentence
from sciie_eval.plain import ENTITIES, RELATIONS, cut_plain, piece_of
from sciie_eval.rules import TASKS, MatchRule, Task
from sciie_eval.schema import Section
from sciie_eval.settings import Settings
from sciie_eval.sides import Item, Side, differ_in_blanks

__all__ = ["FastLane", "Row"]

Row = tuple[int, int, int, int, int, int, int, int, int]
"""(tp, n_pred, n_gold) of ner, rel and rel+."""
_AS_WRITTEN = MatchRule()
_CHUNK = 1 << 12
"""Completions whose labels are counted at once."""


class PlainGold:
    """Gold of one sentence as pieces.

    Attributes:
        ner: pieces of the entities that a plain answer can have; likewise ``rel``.
        label: of every piece in ``ner`` and ``rel``.
        needed: per piece of a relation, the pieces of its two typed arguments: with these it is right for rel+.
        n_ner: number of entities, plain or not; likewise ``n_rel`` and ``n_typed``.
        labels: per task the label of every item.
    """

    __slots__ = (
        "entities",
        "label",
        "labels",
        "n_ner",
        "n_rel",
        "n_typed",
        "needed",
        "ner",
        "rel",
        "sections",
        "squeezed",
    )

    def __init__(self, sides: dict[Task, Side], sections: frozenset[Section]) -> None:
        ner, rel, typed = (sides[task].keys for task in TASKS)
        self.label = {piece_of(item): item[1] for item in chain(ner, rel)}
        # a text that is not plain, with a quote for example, could pass for another item
        self.ner = {piece for item in ner if _says(ENTITIES, piece := piece_of(item), item)}
        self.rel = {piece for item in rel if _says(RELATIONS, piece := piece_of(item), item)}
        # of (subject, relation, object, subject type, object type): the triple, and both arguments with their types
        self.needed = {piece_of(item[:3]): {piece_of(item[0::3]), piece_of(item[2::2])} for item in typed}
        self.n_ner, self.n_rel, self.n_typed = len(ner), len(rel), len(typed)
        self.labels = [[item[1] for item in items] for items in (ner, rel, typed)]
        self.sections = sections
        self.entities = ner
        self.squeezed = {"".join(piece_of(item).split()) for item in ner}

    def differ_in_blanks(self, wrong: Collection[str], exact: set[str]) -> int:
        """How many of the wrong entities would equal an unmatched gold one if blanks were ignored."""
        if self.squeezed.isdisjoint([piece.replace(" ", "") for piece in wrong]):
            return 0
        said = {ENTITIES[piece] for piece in wrong}
        return differ_in_blanks(said, {entity for entity in self.entities if piece_of(entity) not in exact})


def _plain_gold(gold: GoldSentence) -> PlainGold | None:
    """Gold as pieces; None when equality cannot decide all of it, or it types one relation in two ways."""
    sides = gold.sides(_AS_WRITTEN, TASKS, False)
    if any(side.open or side.dead for side in sides.values()) or sides["rel+"].n != sides["rel"].n:
        return None
    return PlainGold(sides, gold.items.sections)


class FastLane:
    """Counts what it can; what is needed for label counts is kept for a while and then counted in bulk.

    Attributes:
        spacing: unmatched predicted entities that would match if blanks were ignored, and all unmatched ones.
    """

    def __init__(self) -> None:
        self.spacing = [0, 0]
        self._n = 0
        self._gold_sections: set[Section] = set()
        self._labels: dict[Task, tuple[Counter[str], Counter[str], Counter[str]]] = {
            task: (Counter(), Counter(), Counter()) for task in TASKS
        }
        self._start()

    def _start(self) -> None:
        """Forget what was counted."""
        self._golds: list[PlainGold] = []
        self._right_ner: list[str] = []
        self._right_rel: list[str] = []
        self._right_typed: list[str] = []
        self._wrong_ner: list[str] = []
        self._wrong_rel: list[str] = []

    @staticmethod
    def fits(settings: Settings, spans: bool, keep: bool) -> bool:
        """Whether these settings are of the kind this lane counts."""
        usual = settings.rule.as_written and settings.match == "strict" and settings.tasks == TASKS
        return usual and not settings.compat and not spans and not keep

    def add(self, sentence: GoldSentence, text: str) -> Row | None:
        """Count one completion; None when it needs the general way."""
        if (gold := sentence.plain) is None:
            gold = sentence.plain = _plain_gold(sentence) or False
        cut = cut_plain(text) if gold else None
        if not gold or cut is None:
            return None
        ner, rel = set(cut[0]), set(cut[1])
        exact, exact_rel = ner & gold.ner, rel & gold.rel
        n, n_exact, n_rel, n_exact_rel, n_typed = len(ner), len(exact), len(rel), len(exact_rel), 0
        # what equals gold is an item; of the others it has to be shown
        try:
            wrong = ner - exact if n_exact < n else ()
            wrong_labels = [ENTITIES[piece][1] for piece in wrong]
            if n_exact_rel < n_rel:
                self._wrong_rel += [RELATIONS[piece][1] for piece in rel - exact_rel]
        except KeyError:
            return None
        label = gold.label
        self._right_ner += [label[piece] for piece in exact]
        if wrong:
            self._wrong_ner += wrong_labels
            self.spacing[1] += n - n_exact
            if n_exact < gold.n_ner:
                self.spacing[0] += gold.differ_in_blanks(wrong, exact)
        if exact_rel:
            needed = gold.needed
            typed = [label[piece] for piece in exact_rel if needed[piece] <= ner]
            n_typed = len(typed)
            self._right_typed += typed
            self._right_rel += [label[piece] for piece in exact_rel]
        self._golds.append(gold)
        if len(self._golds) >= _CHUNK:
            self._count_labels()
        return n_exact, n, gold.n_ner, n_exact_rel, n_rel, gold.n_rel, n_typed, n_rel, gold.n_typed

    def labels(self, task: Task) -> tuple[Counter[str], Counter[str], Counter[str]]:
        """How often each label was matched, predicted and gold."""
        self._count_labels()
        return self._labels[task]

    @property
    def n(self) -> int:
        """Completions counted."""
        return self._n + len(self._golds)

    @property
    def gold_sections(self) -> set[Section]:
        """What the gold of the sentences counted speaks of."""
        self._count_labels()
        return self._gold_sections

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: sums alone."""
        self._count_labels()
        return self.__dict__

    def merge(self, other: FastLane) -> None:
        """Add what another lane counted."""
        self._count_labels()
        other._count_labels()
        self.spacing = [one + two for one, two in zip(self.spacing, other.spacing, strict=True)]
        self._n += other._n
        self._gold_sections |= other._gold_sections
        for task, counters in self._labels.items():
            for counter, more in zip(counters, other._labels[task], strict=True):
                counter.update(more)

    def _count_labels(self) -> None:
        """Bring the label counts up to date."""
        golds = Counter(self._golds)
        right_ner, right_rel, right_typed = map(Counter, (self._right_ner, self._right_rel, self._right_typed))
        wrong_ner, wrong_rel = Counter(self._wrong_ner), Counter(self._wrong_rel)
        self._n += len(self._golds)
        self._start()
        # a typed relation was made of each relation, so both tasks predict the same labels
        matched = {"ner": right_ner, "rel": right_rel, "rel+": right_typed}
        predicted = {"ner": right_ner + wrong_ner, "rel": (relations := right_rel + wrong_rel), "rel+": relations}
        for number, task in enumerate(TASKS):
            counters = self._labels[task]
            counters[0].update(matched[task])
            counters[1].update(predicted[task])
            for gold, times in golds.items():
                for label in gold.labels[number]:
                    counters[2][label] += times
        self._gold_sections.update(*(gold.sections for gold in golds))


def _says(decoded: Mapping[str, Item], piece: str, item: Item) -> bool:
    """Whether a piece stands for the item, and for no other."""
    try:
        return decoded[piece] == item
    except KeyError:
        return False
