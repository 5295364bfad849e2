"""The fast lane of counting: many completions at once, from text to counts without decoding them.

What `parsing` and `matching` do with objects that explain themselves, this does with pieces of JSON, numbered, in
arrays, and for the same result (a test says so): strict, sets, directed, answers of exactly the asked shape. Whatever
is not of this kind is declined and takes the general way.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sciie_eval.counting import GoldSentence
from sciie_eval.items import Items
from sciie_eval.plain import ITEMS, KINDS, cut_plain, pieces_of
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section, split_typed
from sciie_eval.settings import Settings
from sciie_eval.sides import differ_in_blanks
from sciie_eval.stats import Floats

__all__ = ["FastLane"]

Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]


class PlainGold:
    """Gold of one sentence as pieces.

    Attributes:
        pieces: of the entities and then of the relations, each once.
        arguments: of each relation, the pieces of its subject and of its object, each with its type.
        sizes: number of entities, relations and typed relations.
        sections: what the gold speaks of.
    """

    __slots__ = ("arguments", "pieces", "sections", "sizes")

    def __init__(self, pieces: list[str], arguments: list[str], sections: frozenset[Section]) -> None:
        n_relations = len(arguments) // 2
        self.pieces, self.arguments, self.sections = pieces, arguments, sections
        self.sizes = len(pieces) - n_relations, n_relations, n_relations

    @classmethod
    def of(cls, items: Items) -> PlainGold | None:
        """The pieces of gold; None when one of its items is not plain, or equality cannot decide about rel+."""
        types = dict(items.entities)
        entities = items.entities if len(types) == len(items.entities) else list(dict.fromkeys(items.entities))
        relations = dict(zip(items.relations, items.types, strict=True))
        if len(relations) < len(items.relations) and [relations[one] for one in items.relations] != items.types:
            return None  # a relation is typed in two ways
        arguments: list[tuple[str, ...]] = []
        for (subject, _, object_), (subject_type, object_type) in relations.items():
            if subject_type is None or object_type is None:
                if len(types) < len(entities):
                    return None  # a text has two types
                subject_type = subject_type or types.get(subject, "")
                object_type = object_type or types.get(object_, "")
            arguments += (subject, subject_type), (object_, object_type)
        pieces = pieces_of([*entities, *relations, *arguments])
        if pieces is None:
            return None
        n_items = len(entities) + len(relations)
        return cls(pieces[:n_items], pieces[n_items:], items.sections)


_OPEN = PlainGold([], [], frozenset())
"""Stands for gold whose sentences have to go the general way."""


def _plain(gold: GoldSentence) -> PlainGold:
    """The gold as pieces, made once."""
    found: PlainGold | None = gold.plain
    if found is None:
        found = gold.plain = PlainGold.of(gold.items) or _OPEN
    return found


class _Pieces:
    """Pieces, one behind the other; the number of a piece is the first place where it stands.

    Attributes:
        names: the pieces.
        numbers: of each.
        kinds: the kinds of pieces that there are (see `KINDS`), each with a number.
        kind: by the number of a piece, that of its kind.
        fields: by the number of a piece, how many strings it has: 2 for an entity, 3 for a relation, 4 for neither.
        shift: a key is a place, shifted by so many bits, and the number of a piece.
    """

    def __init__(self, names: list[str], known: Collection[str]) -> None:
        self.names = names
        different, self.numbers = _first_places(names)
        firsts = _array(different.values(), len(different))
        self.kinds, kind = _first_places(list(map(KINDS.__getitem__, different)))
        self.kind = np.zeros(len(names), dtype=np.intp)
        self.kind[firsts] = kind
        fields = np.zeros(len(different), dtype=np.intp)
        fields[list(self.kinds.values())] = [int(kind[0]) for kind in self.kinds]
        self.fields = fields[self.kind]
        for number in firsts[self.fields[firsts] == 5].tolist():
            subject, _, object_, *_ = ITEMS[names[number]]
            self.fields[number] = 3 if _untyped(subject, known) and _untyped(object_, known) else 4
        self.shift = len(names).bit_length()

    def keys(self, places: Integers, numbers: Integers) -> Integers:
        """One number for a place and a piece."""
        return places << self.shift | numbers


def _untyped(argument: str, known: Collection[str]) -> bool:
    """Whether no known type stands behind a colon."""
    return split_typed(argument, known)[1] is None


def _first_places(values: Sequence[str]) -> tuple[dict[str, int], Integers]:
    """The place where each value stands first: by value, and for every value."""
    places: dict[str, int] = {}
    return places, _array(map(places.setdefault, values, itertools.count()), len(values))


def _array(values: Iterable[int], size: int) -> Integers:
    return np.fromiter(values, np.intp, size)


def _once(keys: Integers) -> Integers:
    """Each once, in order (`numpy.unique` takes several times as long)."""
    keys = np.sort(keys)
    return keys[np.diff(keys, prepend=-1) > 0]


def _find(keys: Integers, wanted: Integers) -> tuple[Integers, Flags]:
    """Where the wanted stand among the sorted keys, and whether they do."""
    place = np.searchsorted(keys, wanted)
    return place, np.append(keys, -1)[place] == wanted


class FastLane:
    """Counts what it can, and declines the rest.

    Args:
        known: the entity types, which could stand inside the arguments of relations.

    Attributes:
        n: completions counted.
        spacing: unmatched predicted entities that would match if blanks were ignored, and all unmatched ones.
        gold_sections: what the gold of the sentences counted speaks of.
        labels: per task, how often each label was matched, predicted and gold.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self.n = 0
        self.spacing = [0, 0]
        self.gold_sections: set[Section] = set()
        self.labels: dict[Task, tuple[Counter[str], Counter[str], Counter[str]]] = {
            task: (Counter(), Counter(), Counter()) for task in TASKS
        }

    @staticmethod
    def fits(settings: Settings, spans: bool, keep: bool) -> bool:
        """Whether these settings are of the kind this lane counts."""
        usual = settings.rule.as_written and settings.match == "strict" and settings.tasks == TASKS
        return usual and not settings.compat and not spans and not keep

    def merge(self, other: FastLane) -> None:
        """Add what another lane counted."""
        self.n += other.n
        self.spacing = [one + two for one, two in zip(self.spacing, other.spacing, strict=True)]
        self.gold_sections |= other.gold_sections
        for task, counters in self.labels.items():
            for counter, more in zip(counters, other.labels[task], strict=True):
                counter.update(more)

    def count(self, golds: Sequence[GoldSentence], texts: Sequence[str]) -> tuple[Floats, list[int]]:
        """Count completions.

        Args:
            golds: the gold of each.
            texts: the completions.

        Returns:
            The counts, (n_texts, 9): tp, n_pred, n_gold of ner, rel and rel+; and the places of completions that were
            declined, whose rows mean nothing.
        """
        sentences = dict.fromkeys(golds)
        plains = [_plain(gold) for gold in sentences]
        places = dict(zip(sentences, range(len(plains)), strict=True))
        sentence = _array(map(places.__getitem__, golds), len(golds))
        asked = list(chain.from_iterable([gold.pieces for gold in plains]))
        arguments = list(chain.from_iterable([gold.arguments for gold in plains]))
        said, lengths = cut_plain(texts)
        pieces = _Pieces(asked + arguments + said, self._known)
        asked_number, argument, number = np.split(pieces.numbers, [len(asked), len(asked) + len(arguments)])

        # gold: sorted keys of sentence and piece, and of relations the numbers of both arguments
        asked_place = np.repeat(np.arange(len(plains)), [len(gold.pieces) for gold in plains])
        pairs = np.zeros((len(asked), 2), dtype=np.intp)
        pairs[pieces.fields[asked_number] == 3] = argument.reshape(-1, 2)
        gold_keys = pieces.keys(asked_place, asked_number)
        order = np.argsort(gold_keys)

        # predictions: sorted keys of completion and piece, each once
        section = np.repeat(np.arange(len(lengths)), lengths)
        row = section >> 1
        declined = np.array([gold is _OPEN for gold in plains], dtype=bool)[sentence]
        declined[row[pieces.fields[number] != 2 + (section & 1)]] = True
        keys = _once(pieces.keys(row, number)[~declined[row]])
        row, number = keys >> pieces.shift, keys & ((1 << pieces.shift) - 1)
        relation = pieces.fields[number] == 3

        place, right = _find(gold_keys[order], pieces.keys(sentence[row], number))
        found = np.flatnonzero(relation & right)
        _, there = _find(keys, pieces.keys(row[found, None], pairs[order][place[found]]))
        typed = found[there.all(axis=1)]

        times = np.bincount(sentence[~declined], minlength=len(plains))
        self.n += int(times.sum())
        self.gold_sections.update(*[gold.sections for gold, counted in zip(plains, times, strict=True) if counted])
        self._count_labels(pieces, number[right], number[typed], number, np.repeat(asked_number, times[asked_place]))
        wrong = ~(relation | right)
        self.spacing[0] += _differ_in_blanks(pieces, plains, sentence, row, number, wrong, right)
        self.spacing[1] += int(np.count_nonzero(wrong))

        n = len(texts)
        kinds = np.bincount(4 * row + 2 * relation + right, minlength=4 * n).reshape(n, 2, 2)
        table = np.empty((n, 3, 3))
        table[:, :2, 0] = kinds[:, :, 1]
        table[:, :2, 1] = kinds[:, :, 0] + kinds[:, :, 1]
        table[:, 2, 0] = np.bincount(row[typed], minlength=n)
        table[:, 2, 1] = table[:, 1, 1]  # a typed relation is made of each relation
        table[:, :, 2] = np.array([gold.sizes for gold in plains])[sentence]
        return table.reshape(n, 9), np.flatnonzero(declined).tolist()

    def _count_labels(
        self, pieces: _Pieces, right: Integers, typed: Integers, predicted: Integers, gold: Integers
    ) -> None:
        """Add the labels of pieces that were right, right with the types of both arguments, predicted and gold."""
        size = len(pieces.names)
        counts = [np.bincount(pieces.kind[some], minlength=size) for some in (right, typed, predicted, gold)]
        for kind, number in pieces.kinds.items():
            n_right, n_typed, n_predicted, n_gold = [int(numbers[number]) for numbers in counts]
            # as many typed relations are predicted as relations, and with the same labels
            tps: dict[Task, int] = {"ner": n_right} if kind[0] == "2" else {"rel": n_right, "rel+": n_typed}
            for task, tp in tps.items():
                for counter, count in zip(self.labels[task], (tp, n_predicted, n_gold), strict=True):
                    if count:
                        counter[kind[1:]] += count


def _differ_in_blanks(
    pieces: _Pieces,
    plains: list[PlainGold],
    sentence: Integers,
    row: Integers,
    number: Integers,
    wrong: Flags,
    right: Flags,
) -> int:
    """How many of the wrong entities would equal an unmatched gold one if blanks were ignored."""
    gold_place = np.repeat(np.arange(len(plains)), [gold.sizes[0] for gold in plains])
    different = np.flatnonzero(np.bincount(number[wrong]))
    if not len(gold_place) or not len(different):
        return 0
    known, gold_name = _first_places(_squeezed(chain.from_iterable([gold.pieces[: gold.sizes[0]] for gold in plains])))
    name = np.full(len(pieces.names), -1)
    name[different] = [known.get(squeezed, -1) for squeezed in _squeezed([pieces.names[i] for i in different.tolist()])]
    alike = np.flatnonzero(wrong & (name[number] >= 0))
    gold_keys = np.sort(pieces.keys(gold_place, gold_name))
    _, found = _find(gold_keys, pieces.keys(sentence[row[alike]], name[number[alike]]))
    total = 0
    for place in _once(row[alike[found]]).tolist():
        here = slice(*np.searchsorted(row, (place, place + 1)))
        gold = plains[sentence[place]]
        matched = {pieces.names[i] for i in number[here][right[here]]}
        left = {ITEMS[piece] for piece in gold.pieces[: gold.sizes[0]] if piece not in matched}
        total += differ_in_blanks({ITEMS[pieces.names[i]] for i in number[here][wrong[here]]}, left)
    return total


def _squeezed(pieces: Iterable[str]) -> list[str]:
    """The pieces without blanks (they have no line breaks)."""
    return "\n".join(pieces).replace(" ", "").split("\n")
