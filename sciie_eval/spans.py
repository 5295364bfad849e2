"""The token-span form of PURE, PL-Marker and HGERE: one document a line, entities as token ranges.

``sentences`` are lists of tokens; ``ner`` and ``predicted_ner`` hold, per sentence, [first token, last token, type, …];
``relations`` and ``predicted_relations`` [subject first, subject last, object first, object last, type, …]. Token
numbers run through the whole document. Further fields of an item (scores) are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from sciie_eval.exceptions import InputError
from sciie_eval.schema import Entity, Extraction, Relation, Section, Span

__all__ = ["PlacedSentence", "is_span_row", "read_document"]


class PlacedSentence(NamedTuple):
    """One sentence of a document: its text and its extractions with character offsets; None where there is none."""

    doc_id: str
    sentence: str
    gold: Extraction | None
    predicted: Extraction | None


def is_span_row(row: Mapping[str, Any]) -> bool:
    """Whether a row is a document in token-span form."""
    sentences = row.get("sentences")
    return isinstance(sentences, list) and all(isinstance(tokens, list) for tokens in sentences)


def read_document(row: Mapping[str, Any], where: str) -> Iterator[PlacedSentence]:
    """Yield the sentences of a document, in order.

    Args:
        row: the decoded line.
        where: how to call it in errors.

    Raises:
        InputError: names the field and what was expected.
    """
    document = str(row.get("doc_id", row.get("doc_key", "")))
    first = 0
    for number, tokens in enumerate(row["sentences"]):
        if not all(isinstance(token, str) for token in tokens):
            raise InputError(f"{where}: field sentences[{number}]: expected a list of strings")
        place = _Sentence(tokens, first, number, where)
        yield PlacedSentence(
            document,
            " ".join(tokens),
            place.extraction(row, "ner", "relations"),
            place.extraction(row, "predicted_ner", "predicted_relations"),
        )
        first += len(tokens)


class _Sentence:
    """Turns token ranges of one sentence into texts and character offsets."""

    def __init__(self, tokens: list[str], first: int, number: int, where: str) -> None:
        self.tokens, self.first, self.number, self.where = tokens, first, number, where
        self.starts = [0, *accumulate(len(token) + 1 for token in tokens)]

    def extraction(self, row: Mapping[str, Any], ner: str, relations: str) -> Extraction | None:
        if ner not in row and relations not in row:
            return None
        entities = [self._entity(item, f"{ner}[{self.number}]") for item in self._items(row, ner)]
        kinds: dict[Span | None, str | None] = {}
        for entity in entities:  # a range with several types leaves the choice to whoever reads the entities
            kinds[entity.span] = entity.type if kinds.get(entity.span, entity.type) == entity.type else None
        found = [self._relation(item, f"{relations}[{self.number}]", kinds) for item in self._items(row, relations)]
        sections: set[Section] = {"ner"} if ner in row else set()
        if relations in row:
            sections |= {"rel", "rel_plus"} if ner in row else {"rel"}
        return Extraction(entities=tuple(entities), relations=tuple(found), sections=frozenset(sections))

    def _items(self, row: Mapping[str, Any], field: str) -> list[Any]:
        if field not in row:
            return []
        lists = row[field]
        if not isinstance(lists, list) or len(lists) != len(row["sentences"]):
            raise InputError(f"{self.where}: field {field}: expected one list a sentence ({len(row['sentences'])})")
        items = lists[self.number]
        if not isinstance(items, list):
            raise InputError(f"{self.where}: field {field}[{self.number}]: expected a list of items")
        return items

    def _entity(self, item: object, field: str) -> Entity:
        if not (isinstance(item, list) and len(item) >= 3 and isinstance(item[2], str)):
            raise InputError(f"{self.where}: field {field}: expected [first token, last token, type], got {item!r}")
        text, span = self._range(item[0], item[1], field)
        return Entity(text=text, type=item[2], span=span)

    def _relation(self, item: object, field: str, kinds: Mapping[Span | None, str | None]) -> Relation:
        if not (isinstance(item, list) and len(item) >= 5 and isinstance(item[4], str)):
            raise InputError(
                f"{self.where}: field {field}: expected [first, last, first, last token, type], got {item!r}"
            )
        subject, subject_span = self._range(item[0], item[1], field)
        object_, object_span = self._range(item[2], item[3], field)
        return Relation(
            subject=subject,
            type=item[4],
            object=object_,
            subject_type=kinds.get(subject_span),
            object_type=kinds.get(object_span),
            subject_span=subject_span,
            object_span=object_span,
        )

    def _range(self, first: object, last: object, field: str) -> tuple[str, Span]:
        """Text and character offsets of the tokens from ``first`` to ``last``, inclusive, numbered by document."""
        if not isinstance(first, int) or not isinstance(last, int):
            raise InputError(f"{self.where}: field {field}: expected token numbers, got {first!r}, {last!r}")
        start, end = first - self.first, last - self.first
        if not 0 <= start <= end < len(self.tokens):
            raise InputError(
                f"{self.where}: field {field}: tokens {first}-{last} are outside sentence {self.number} "
                f"(tokens {self.first}-{self.first + len(self.tokens) - 1})"
            )
        text, span = " ".join(self.tokens[start : end + 1]), (self.starts[start], self.starts[end + 1] - 1)
        if not text:
            raise InputError(f"{self.where}: field {field}: token {first} is empty; an item needs a text")
        return text, span
