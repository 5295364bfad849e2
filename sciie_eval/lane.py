"""The fast lane of counting: many completions at once, from text to counts without decoding them.

What `parsing` and `matching` do with objects that explain themselves, this does with pieces of JSON, numbered, in
arrays, and for the same result (a test says so): strict, sets, directed, answers of exactly the asked shape. Whatever
is not of this kind is declined and takes the general way.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciie_eval.counting import GoldSentence
from sciie_eval.items import Items
from sciie_eval.plain import ITEMS, KINDS, cut_plain, pieces_of
from sciie_eval.rules import TASKS, Task
from sciie_eval.schema import Section, split_typed
from sciie_eval.settings import Settings
from sciie_eval.stats import Floats

__all__ = ["FastLane"]

Integers = NDArray[np.intp]
Keys = NDArray[np.int64]
Flags = NDArray[np.bool_]
_WITH_COLON = 5
"""Strings that `ITEMS` has for a relation with a colon in an argument."""


class PlainGold:
    """Gold of one sentence as pieces.

    Attributes:
        pieces: of the entities and then of the relations, each once.
        arguments: of each relation, the pieces of its subject and of its object, each with its type.
        sizes: number of entities, relations and typed relations.
        sections: what the gold speaks of.
        general: whether the sentence has to go the general way; then there are no pieces.
    """

    __slots__ = ("arguments", "general", "pieces", "sections", "sizes")

    def __init__(
        self, pieces: list[str], arguments: list[str], sections: frozenset[Section], general: bool = False
    ) -> None:
        n_relations = len(arguments) // 2
        self.pieces, self.arguments, self.sections, self.general = pieces, arguments, sections, general
        self.sizes = len(pieces) - n_relations, n_relations, n_relations

    @classmethod
    def of(cls, items: Items) -> PlainGold | None:
        """The pieces of gold.

        None when an item is not plain, an argument has a colon, a relation is typed in two ways, or an argument's text
        has several types or none.
        """
        types = dict(items.entities)
        entities = items.entities if len(types) == len(items.entities) else list(dict.fromkeys(items.entities))
        relations = dict(zip(items.relations, items.types, strict=True))
        if len(relations) < len(items.relations) and [relations[one] for one in items.relations] != items.types:
            return None
        arguments: list[tuple[str, ...]] = []
        for (subject, _, object_), (subject_type, object_type) in relations.items():
            if subject_type is None or object_type is None:
                if len(types) < len(entities):
                    return None
                subject_type = types.get(subject, "") if subject_type is None else subject_type
                object_type = types.get(object_, "") if object_type is None else object_type
            arguments += (subject, subject_type), (object_, object_type)
        pieces = pieces_of([*entities, *relations, *arguments])
        if pieces is None:
            return None
        n_items = len(entities) + len(relations)
        return cls(pieces[:n_items], pieces[n_items:], items.sections)


def _plain(gold: GoldSentence) -> PlainGold:
    """The gold as pieces, made once."""
    found: PlainGold | None = gold.plain
    if found is None:
        found = gold.plain = PlainGold.of(gold.items) or PlainGold([], [], frozenset(), general=True)
    return found


class _Pieces:
    """Pieces, one behind the other; the number of a piece is the first place where it stands.

    Attributes:
        names: the pieces.
        numbers: of each.
        kinds: the kinds of pieces that there are (see `KINDS`), each with a number.
        kind: by the number of a piece, that of its kind.
        fields: by the number of a piece, how many strings it has: 2 for an entity, 3 for a relation, 0 for neither.
    """

    def __init__(self, names: list[str], known: frozenset[str]) -> None:
        self.names = names
        different, self.numbers = _first_places(names)
        firsts = _array(different.values(), len(different))
        self.kinds, kind = _first_places(list(map(KINDS.__getitem__, different)))
        self.kind = np.zeros(len(names), dtype=np.intp)
        self.kind[firsts] = kind
        fields = np.zeros(len(different), dtype=np.intp)
        fields[list(self.kinds.values())] = [int(kind[0]) for kind in self.kinds]
        self.fields = fields[self.kind]
        for number in firsts[self.fields[firsts] == _WITH_COLON].tolist():
            subject, _, object_, *_ = ITEMS[names[number]]
            self.fields[number] = 3 if _untyped(subject, known) and _untyped(object_, known) else 0
        self._shift = len(names).bit_length()

    def keys(self, places: Integers, numbers: Integers) -> Keys:
        """One number for a place and a piece, ordered by place."""
        return places.astype(np.int64) << self._shift | numbers

    def squeezed(self, numbers: Integers) -> list[str]:
        """Entities without the blanks in their texts."""
        names = [self.names[number] for number in numbers.tolist()]
        if any(" " in kind for kind in self.kinds):  # a label has blanks, which stay
            return [name.replace(" ", "", name.count(" ") - ITEMS[name][1].count(" ") - 1) for name in names]
        return "\n".join(names).replace(" ", "").split("\n") if names else []  # they have no line breaks

    def split(self, keys: Keys) -> tuple[Integers, Integers]:
        """Places and numbers of keys."""
        return (keys >> self._shift).astype(np.intp), (keys & ((1 << self._shift) - 1)).astype(np.intp)


def _untyped(argument: str, known: frozenset[str]) -> bool:
    """Whether no known type stands behind a colon."""
    return split_typed(argument, known)[1] is None


def _first_places(values: Sequence[str]) -> tuple[dict[str, int], Integers]:
    """The place where each value stands first: by value, and for every value."""
    places: dict[str, int] = {}
    return places, _array(map(places.setdefault, values, itertools.count()), len(values))


def _array(values: Iterable[int], size: int) -> Integers:
    return np.fromiter(values, np.intp, size)


def _once(keys: Keys) -> Keys:
    """Each once, in order (`numpy.unique` takes several times as long)."""
    keys = np.sort(keys)
    return keys[np.diff(keys, prepend=-1) > 0]


def _find(keys: Keys, wanted: Keys) -> tuple[Integers, Flags]:
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

    def __init__(self, known: frozenset[str]) -> None:
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
        """Count completions, here and in the sums that this lane keeps.

        Args:
            golds: the gold of each.
            texts: the completions.

        Returns:
            The counts, (n_texts, 9): tp, n_pred, n_gold of ner, rel and rel+; and the places of completions that were
            declined, whose rows mean nothing.
        """
        places = {gold: place for place, gold in enumerate(dict.fromkeys(golds))}
        plains = [_plain(gold) for gold in places]
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
        declined = np.array([gold.general for gold in plains], dtype=bool)[sentence]
        declined[row[pieces.fields[number] != 2 + (section & 1)]] = True
        keys = _once(pieces.keys(row, number)[~declined[row]])
        row, number = pieces.split(keys)
        relation = pieces.fields[number] == 3

        place, right = _find(gold_keys[order], pieces.keys(sentence[row], number))
        found = np.flatnonzero(relation & right)
        _, there = _find(keys, pieces.keys(row[found, None], pairs[order][place[found]]))
        typed = found[there.all(axis=1)]

        times = np.bincount(sentence[~declined], minlength=len(plains))
        self.n += int(times.sum())
        self.gold_sections.update(*[gold.sections for gold, counted in zip(plains, times, strict=True) if counted])
        size = len(pieces.names)
        kinds = [np.bincount(pieces.kind[some], minlength=size) for some in (number[right], number[typed], number)]
        gold_kinds = np.bincount(pieces.kind[asked_number], weights=times[asked_place], minlength=size)
        self._count_labels(pieces.kinds, [*kinds, gold_kinds])
        wrong = ~(relation | right)
        entity = pieces.fields[asked_number] == 2
        self.spacing[0] += _differ_in_blanks(
            pieces,
            gold=(asked_place[entity], asked_number[entity]),
            sentence=sentence,
            wrong=(row[wrong], number[wrong]),
            right=(row[right], number[right]),
        )
        self.spacing[1] += int(np.count_nonzero(wrong))

        n = len(texts)
        cells = np.bincount(4 * row + 2 * relation + right, minlength=4 * n).reshape(n, 2, 2)
        table = np.empty((n, 3, 3))
        table[:, :2, 0] = cells[:, :, 1]
        table[:, :2, 1] = cells[:, :, 0] + cells[:, :, 1]
        table[:, 2, 0] = np.bincount(row[typed], minlength=n)
        table[:, 2, 1] = table[:, 1, 1]  # a typed relation is made of each relation
        table[:, :, 2] = np.array([gold.sizes for gold in plains], dtype=np.intp).reshape(-1, 3)[sentence]
        return table.reshape(n, 9), np.flatnonzero(declined).tolist()

    def _count_labels(self, kinds: Mapping[str, int], counts: Sequence[NDArray[Any]]) -> None:
        """Add how often each kind was right, right with the types of both arguments, predicted and gold."""
        for kind, number in kinds.items():
            n_right, n_typed, n_predicted, n_gold = [int(numbers[number]) for numbers in counts]
            # as many typed relations are predicted as relations, and with the same labels
            tps: dict[Task, int] = {"ner": n_right} if kind[0] == "2" else {"rel": n_right, "rel+": n_typed}
            for task, tp in tps.items():
                for counter, count in zip(self.labels[task], (tp, n_predicted, n_gold), strict=True):
                    if count:
                        counter[kind[1:]] += count


def _differ_in_blanks(
    pieces: _Pieces,
    gold: tuple[Integers, Integers],
    sentence: Integers,
    wrong: tuple[Integers, Integers],
    right: tuple[Integers, Integers],
) -> int:
    """How many of the wrong entities would equal an unmatched gold one if blanks were ignored.

    Args:
        pieces: the pieces.
        gold: sentence and number of every gold entity.
        sentence: of every completion.
        wrong: completion and number of every wrong entity.
        right: completion and number of every right item.
    """
    different = np.flatnonzero(np.bincount(wrong[1]))
    known, gold_name = _first_places(pieces.squeezed(gold[1]))
    name = np.full(len(pieces.names), -1)  # by the number of a piece; the same for pieces that differ in blanks only
    name[different] = [known.get(squeezed, -1) for squeezed in pieces.squeezed(different)]
    name[gold[1]] = gold_name

    def keys(places: Integers, numbers: Integers) -> Keys:
        return pieces.keys(places, name[numbers])

    alike = name[wrong[1]] >= 0
    place, number = wrong[0][alike], wrong[1][alike]
    there = name[right[1]] >= 0
    matched = _times(keys(right[0][there], right[1][there]), keys(place, number))
    return int(np.count_nonzero(_times(keys(*gold), keys(sentence[place], number)) > matched))


def _times(keys: Keys, wanted: Keys) -> Integers:
    """How often each of the wanted stands among the keys."""
    keys = np.sort(keys)
    return np.searchsorted(keys, wanted, side="right") - np.searchsorted(keys, wanted, side="left")
