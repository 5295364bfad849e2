"""What is odd about a prediction, whether or not its items are right: labels, signatures, repetitions, no answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from itertools import product
from typing import Any, NamedTuple

from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.places import Places
from sciie_eval.settings import Settings
from sciie_eval.sides import normalizer

__all__ = ["AUDITS", "Flag", "audit"]

AUDITS: dict[str, str] = {
    "prediction_missing": "sentence without a prediction",
    "answer_missing": "completion without an answer",
    "unparsable": "answer that nobody can read",
    "truncated": "answer that breaks off",
    "unknown_label": "label that the schema does not know",
    "violated_signature": "relation between types for which it is not defined",
    "argument_not_entity": "argument that is not among the predicted entities",
    "self_relation": "relation of a text with itself",
    "repeated_item": "item stated more than once",
    "several_types": "one text with several types",
    "text_not_in_sentence": "entity whose text is not in the sentence",
}
"""Every audit and what it finds: the first four find sentences, the others items (each counted once a sentence)."""

_OF_STATUS = {"no_answer": "answer_missing", "invalid": "unparsable", "truncated": "truncated"}

_Entity = tuple[Any, str, str]
"""What tells its text from others, the text, the type."""


class Flag(NamedTuple):
    """One finding of an audit: its code and the fields of the item; none where the whole answer is meant."""

    code: str
    item: tuple[str, ...] = ()


def audit(parsed: ParsedCompletion | None, places: Places, settings: Settings, spans: bool = False) -> list[Flag]:
    """Everything odd about one prediction, sorted.

    Args:
        parsed: the prediction; None where there is none.
        places: of texts in the sentence. Without a sentence none is said to be absent from it.
        settings: the schema, and how texts are normalised.
        spans: items are told apart by offsets in place of texts.

    >>> from sciie_eval.parsing import parse_completion
    >>> found = audit(parse_completion('{"ner": [["a", "Tool"]], "rel": []}'), Places("a"), Settings())
    >>> found
    [Flag(code='unknown_label', item=('a', 'Tool'))]
    """
    if parsed is None:
        return [Flag("prediction_missing")]
    answer = [Flag(_OF_STATUS[parsed.status])] if parsed.status in _OF_STATUS else []
    return answer + sorted({*_of_entities(parsed, places, settings, spans), *_of_relations(parsed, settings, spans)})


def _entities(parsed: ParsedCompletion, settings: Settings, spans: bool) -> list[_Entity]:
    items, norm = parsed.items, normalizer(settings.normalize)
    keys = (items.entity_spans or []) if spans else [norm(text) for text, _ in items.entities]
    return [(key, text, kind) for key, (text, kind) in zip(keys, items.entities, strict=True)]


def _of_entities(parsed: ParsedCompletion, places: Places, settings: Settings, spans: bool) -> Iterator[Flag]:
    known = settings.schema.entity_name_set
    types: defaultdict[Any, set[str]] = defaultdict(set)
    times: Counter[tuple[Any, str]] = Counter()
    for key, text, kind in _entities(parsed, settings, spans):
        types[key].add(kind)
        times[key, kind] += 1
        if kind not in known:
            yield Flag("unknown_label", (text, kind))
        if times[key, kind] == 2:
            yield Flag("repeated_item", (_of(key, text), kind))
        if len(types[key]) == 2 and times[key, kind] == 1:
            yield Flag("several_types", (_of(key, text), ""))
        if not spans and places.sentence and not places.find(normalizer("none")(text)):
            yield Flag("text_not_in_sentence", (text, kind))


def _of(key: Any, text: str) -> str:
    """The normalised text, which is the same whichever spelling comes first."""
    return key if isinstance(key, str) else text


def _of_relations(parsed: ParsedCompletion, settings: Settings, spans: bool) -> Iterator[Flag]:
    items, schema, norm = parsed.items, settings.schema, normalizer(settings.normalize)
    types: defaultdict[Any, set[str]] = defaultdict(set)
    for key, _, kind in _entities(parsed, settings, spans):
        types[key].add(kind)
    pairs = (items.relation_spans or []) if spans else [(norm(one), norm(two)) for one, _, two in items.relations]
    times: Counter[Any] = Counter()
    for (one, two), item, given in zip(pairs, items.relations, items.types, strict=True):
        label = item[1]
        times[one, label, two, given] += 1
        if times[one, label, two, given] == 2:
            yield Flag("repeated_item", (_of(one, item[0]), label, _of(two, item[2])))
        inline = {kind for kind in given if kind is not None}
        if label not in schema.relation_name_set or not inline <= schema.entity_name_set:
            yield Flag("unknown_label", item)
        if one == two:
            yield Flag("self_relation", item)
        if "ner" in items.sections and not (one in types and two in types):
            yield Flag("argument_not_entity", item)
        sides = [types.get(key, set()) if kind is None else {kind} for key, kind in zip((one, two), given, strict=True)]
        if _violates(schema, sides[0], label, sides[1], label in settings.rule.undirected):
            yield Flag("violated_signature", item)


def _violates(schema: LabelSchema, subjects: Set[str], label: str, objects: Set[str], undirected: bool) -> bool:
    """Whether the schema allows the relation for no choice of types that it knows; what it does not know is no case."""
    if label not in schema.relation_name_set:
        return False
    known = [(one, two) for one, two in product(subjects, objects) if {one, two} <= schema.entity_name_set]
    return bool(known) and not any(
        schema.allows(one, label, two) or (undirected and schema.allows(two, label, one)) for one, two in known
    )
