"""The items of one sentence in the form that is compared: normalised, typed, oriented, each key once.

Items are tuples whose second field is their label: ``(text, type)`` for ner, ``(subject, relation, object)`` for rel,
and ``(subject, relation, object, subject type, object type)`` for rel+. In place of a text stands the pair of offsets
when both sides are placed in the sentence; in place of a type stands a sorted tuple of types when a text has several.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

from sciie_eval.items import Items
from sciie_eval.rules import MatchRule, Normalization, Task

__all__ = ["Item", "Side", "differ_in_blanks", "normalizer", "sides"]

Item = tuple[Any, ...]
_TEXT, _LABEL, _OBJECT = itemgetter(0), itemgetter(1), itemgetter(2)


@dataclass(slots=True)
class Side:
    """The items of one task in one sentence, gold or predicted.

    Attributes:
        keys: items that equality can decide, each once; with multisets their last field numbers the repetitions.
        open: rel+ items with several possible types for an argument, which equality cannot decide.
        dead: items that match nothing: a blank text, or for rel+ an argument without any type.
        texts: gives what stands behind each normalised text or pair of offsets; nothing where texts stand as written.
    """

    keys: set[Item]
    open: list[Item]
    dead: list[Item]
    texts: Callable[[], Mapping[Any, str]] = dict

    @property
    def n(self) -> int:
        """Number of items, matchable or not."""
        return len(self.keys) + len(self.open) + len(self.dead)

    def labels(self) -> Iterator[str]:
        """The label of every item, in no particular order."""
        labels = map(_LABEL, self.keys)
        return chain(labels, map(_LABEL, self.open), map(_LABEL, self.dead)) if self.open or self.dead else labels


def differ_in_blanks(predicted: set[Item], gold: set[Item]) -> int:
    """How many of the predicted entities would equal a gold one if blanks were ignored."""
    if not predicted or not gold:
        return 0
    squeezed = {(_unspaced(item[0]), item[1]) for item in gold}
    return sum([(_unspaced(item[0]), item[1]) in squeezed for item in predicted])


def _composed(text: str) -> str:
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


def _unspaced(text: str) -> str:
    return "".join(_composed(text).split())


def _casefolded(text: str) -> str:
    return unicodedata.normalize("NFC", _unspaced(text).casefold())


_NORMALIZERS: dict[Normalization, Callable[[str], str]] = {
    "none": _composed,
    "spacing": _unspaced,
    "casefold": _casefolded,
}


def normalizer(name: Normalization) -> Callable[[str], str]:
    """The function that texts go through before they are compared.

    ``none``: Unicode NFC, outer blanks removed. ``spacing``: also every inner blank. ``casefold``: also the case.

    >>> normalizer("spacing")("state - of - the - art")
    'state-of-the-art'
    """
    return _NORMALIZERS[name]


def sides(items: Items, rule: MatchRule, tasks: tuple[Task, ...], spans: bool = False) -> dict[Task, Side]:
    """Bring one side of a sentence to the form that is compared.

    Args:
        items: what is gold, or what was predicted.
        rule: the rule both sides are compared by.
        tasks: which tasks to prepare.
        spans: compare offsets in place of texts; both sides must have them (``items.has_spans``).
    """
    texts: Callable[[], Mapping[Any, str]] = dict
    entities: Sequence[Item] = items.entities
    relations: Sequence[Item] = items.relations
    if spans:
        entities, relations = _placed(items)
        texts = _Texts(items, rule.normalize, spans)
    elif rule.normalize != "none":
        entities, relations = _spelled(items, _NORMALIZERS[rule.normalize])
        texts = _Texts(items, rule.normalize, spans)
    elif not items.plain:
        entities, relations = _spelled(items, _composed)
    out: dict[Task, Side] = {}
    for task in tasks:
        if task == "ner":
            out[task] = _side(entities, rule, texts)
        elif task == "rel":
            out[task] = _side(_oriented(relations, rule), rule, texts, _OBJECT)
        else:
            out[task] = _typed_side(entities, relations, items, rule, texts)
    return out


def _spelled(items: Items, norm: Callable[[str], str]) -> tuple[list[Item], list[Item]]:
    """Entities and relations with their normalised texts."""
    return (
        [(norm(text), kind) for text, kind in items.entities],
        [(norm(subject), kind, norm(object_)) for subject, kind, object_ in items.relations],
    )


def _placed(items: Items) -> tuple[list[Item], list[Item]]:
    """Entities and relations with their offsets."""
    spans, pairs = items.entity_spans or [], items.relation_spans or []
    return (
        [(span, kind) for span, (_, kind) in zip(spans, items.entities, strict=True)],
        [(pair[0], kind, pair[1]) for pair, (_, kind, _) in zip(pairs, items.relations, strict=True)],
    )


class _Texts:
    """What stands behind normalised texts (the text as written) or offsets (the normalised text), read when asked for.

    Of several spellings the smallest is kept, so that the order of the items does not matter.
    """

    __slots__ = ("_found", "_items", "_normalize", "_spans")

    def __init__(self, items: Items, normalize: Normalization, spans: bool) -> None:
        self._items, self._normalize, self._spans = items, normalize, spans
        self._found: dict[Any, str] | None = None

    def __call__(self) -> Mapping[Any, str]:
        if self._found is None:
            self._found = self._read()
        return self._found

    def _read(self) -> dict[Any, str]:
        items, norm = self._items, _NORMALIZERS[self._normalize]
        texts = list(_all_texts(items))
        if self._spans:
            spans = [*(items.entity_spans or []), *(span for pair in items.relation_spans or [] for span in pair)]
            keys: Iterable[Any] = spans
            spellings = map(norm, texts)
        else:
            keys, spellings = map(norm, texts), map(_composed, texts)
        found: dict[Any, str] = {}
        for key, text in zip(keys, spellings, strict=True):
            found[key] = min(text, found.get(key, text))
        return found


def _all_texts(items: Items) -> Iterator[str]:
    yield from (text for text, _ in items.entities)
    for subject, _, object_ in items.relations:
        yield subject
        yield object_


def _side(
    items: Sequence[Item], rule: MatchRule, texts: Callable[[], Mapping[Any, str]], last: Callable[[Item], Any] = _TEXT
) -> Side:
    """Items that equality decides; those with a blank first or ``last`` text match nothing."""
    keys = set(items) if rule.duplicates == "set" else _numbered(items)
    if all(map(_TEXT, items)) and (last is _TEXT or all(map(last, items))):
        return Side(keys, [], [], texts)
    dead = [key for key in keys if not _TEXT(key) or not last(key)]
    keys.difference_update(dead)
    return Side(keys, [], dead, texts)


def _numbered(items: Iterable[Item]) -> set[Item]:
    """Every item with the number of its repetition, so that set operations count multisets."""
    seen: dict[Item, int] = {}
    out = set()
    for item in items:
        number = seen.get(item, 0)
        seen[item] = number + 1
        out.add((*item, number))
    return out


def _oriented(relations: Sequence[Item], rule: MatchRule) -> Sequence[Item]:
    """Undirected relations with their smaller argument first."""
    if not rule.undirected:
        return relations
    return [
        (item[2], item[1], item[0]) if item[1] in rule.undirected and item[2] < item[0] else item for item in relations
    ]


def _typed_side(
    entities: Sequence[Item],
    relations: Sequence[Item],
    items: Items,
    rule: MatchRule,
    texts: Callable[[], Mapping[Any, str]],
) -> Side:
    """Relations with the types of their arguments: those they give themselves, else those of the entities."""
    types_of: dict[Any, Any] = dict(entities) if relations else {}
    if len(types_of) != len(entities) and relations:
        types_of = {}
        for text, kind in entities:
            before = types_of.get(text, kind)
            types_of[text] = kind if before == kind else tuple(sorted({kind, *_types(before)}))
    typed: list[Item] = []
    by_equality = True
    for (subject, kind, object_), (given_subject, given_object) in zip(relations, items.types, strict=True):
        subject_types = types_of.get(subject) if given_subject is None else given_subject
        object_types = types_of.get(object_) if given_object is None else given_object
        if kind in rule.undirected and (object_, _types(object_types)) < (subject, _types(subject_types)):
            subject, object_, subject_types, object_types = object_, subject, object_types, subject_types
        if not (type(subject_types) is str and type(object_types) is str and subject and object_):
            by_equality = False
        typed.append((subject, kind, object_, subject_types, object_types))
    keys = set(typed) if rule.duplicates == "set" else _numbered(typed)
    if by_equality:
        return Side(keys, [], [], texts)
    dead = [key for key in keys if not key[0] or not key[2] or key[3] is None or key[4] is None]
    keys.difference_update(dead)
    open_ = [key for key in keys if type(key[3]) is tuple or type(key[4]) is tuple]
    keys.difference_update(open_)
    return Side(keys, open_, dead, texts)


def _types(types: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """One type, several or none, as a tuple."""
    return types if isinstance(types, tuple) else () if types is None else (types,)
