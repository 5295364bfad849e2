"""The gold of one sentence, prepared once for any number of completions."""

from __future__ import annotations

import json

from sciie_eval.counting import GoldSentence
from sciie_eval.items import items_of
from sciie_eval.labels import LabelSchema
from sciie_eval.rules import TASKS, MatchRule
from sciie_eval.schema import Example
from sciie_eval.sides import Item, normalizer, sides
from sciie_rewards.evidence import Claim

__all__ = ["AS_WRITTEN", "GoldRow"]

AS_WRITTEN = MatchRule()


class GoldRow:
    """Sentence and gold in the forms that the components ask for.

    Args:
        example: sentence and gold.
        schema: whose signatures relations must keep.
        rule: how items compare.

    Attributes:
        example: as given.
        sentence: its text, normalised as the rule says.
        gold: for the evaluator's matcher.
        entities: the entities as they are written, as keys of equality.
        relations: the relations, likewise.
        n_entities: number of entities; a blank text counts, although it is no key.
        verbatim: texts of entities that stand in the sentence.
        claims: what reasoning is searched for, for every relation.
        by_equality: equality of what is written decides every item.
    """

    __slots__ = (
        "_json",
        "_rule",
        "_schema",
        "by_equality",
        "claims",
        "entities",
        "example",
        "gold",
        "n_entities",
        "relations",
        "sentence",
        "verbatim",
    )

    def __init__(self, example: Example, schema: LabelSchema, rule: MatchRule) -> None:
        items = items_of(example.gold)
        self._schema, self._rule, self._json = schema, rule, ""
        self.example, self.gold = example, GoldSentence(items)
        self.sentence = normalizer(rule.normalize)(example.sentence)
        written = sides(items, AS_WRITTEN, TASKS)
        self.entities: set[Item] = written["ner"].keys
        self.relations: set[Item] = written["rel"].keys
        self.n_entities = written["ner"].n
        self.verbatim = {text for text, _ in self.entities if text in self.sentence}
        self.by_equality = not any(side.open or side.dead for side in written.values())
        self.claims: dict[Item, Claim] = {key: self.claim(key) for key in sides(items, rule, ("rel",))["rel"].keys}

    def claim(self, relation: Item) -> Claim:
        """What reasoning is searched for, for a relation (subject, label, object) as the rule writes it."""
        subject, label, object_ = relation
        norm, low, schema = normalizer(self._rule.normalize), label.lower(), self._schema
        # a label that the card does not know has no allowed signature
        allowed = next((kind.signatures or None for kind in schema.relation_types if kind.name == label), ())
        directed = label not in schema.symmetric_relations and subject != object_
        return Claim(
            subject,
            object_,
            (f'"{subject}"', f'"{object_}"'),
            subject in self.sentence and object_ in self.sentence,
            (subject.lower(), object_.lower()),
            (norm(low), norm(low.replace("-", " ").replace("_", " "))),
            (object_, label, subject) if directed else None,
            None if allowed is None else tuple(((subject, first), (object_, second)) for first, second in allowed),
        )

    def to_json(self) -> str:
        """Sentence and gold as one JSON string: ``{"sentence", "ner", "rel", …}``."""
        if not self._json:
            row = {"sentence": self.example.sentence, **self.example.gold.to_scier()}
            text = json.dumps(row, ensure_ascii=False)
            # a lone surrogate cannot be written to any store but as an escape
            self._json = text if _encodes(text) else json.dumps(row)
        return self._json


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
