"""One completion beside its gold: what components look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sciie_eval.counting import Counts, SentenceScorer, counts_of
from sciie_eval.matching import Match
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Item, sides
from sciie_rewards.evidence import Claim, Reasoning
from sciie_rewards.gold import AS_WRITTEN, GoldRow

__all__ = ["Case", "Judge", "Look"]


_made = tuple.__new__
"""Makes a named tuple of a tuple; several are made of every completion, and the class's own way is far slower."""


_NOTHING = Reasoning("", "none")


class Look(NamedTuple):
    """A right relation, as an item and as a claim, and the steps that evidence and name it (None without one)."""

    relation: Item
    claim: Claim
    evidence: str | None
    naming: str | None


class Case(NamedTuple):
    """A parsed completion, matched with gold.

    Attributes:
        row: the gold.
        parsed: the completion; its status is one of a well-formed answer.
        prompt: what it answers: a string, messages, or None where that is not known.
        ner: counts of the entities.
        rel: counts of the relations.
        entities: the predicted entities (text, type), as the rule writes them.
        relations: the predicted relations (subject, label, object), likewise.
        written: the predicted entities as they are written.
        n_written: their number; a blank text counts, although nothing can be said of it.
        exact: how many of them are gold entities as these are written.
        reasoning: its reasoning, read as the rule reads texts; it may be left out where no relation is right.
        looks: what the reasoning says about every relation that is right.
    """

    row: GoldRow
    parsed: ParsedCompletion
    prompt: object
    ner: Counts
    rel: Counts
    entities: set[Item]
    relations: set[Item]
    written: set[Item]
    n_written: int
    exact: int
    reasoning: Reasoning
    looks: list[Look]


class Judge:
    """Matches completions with gold by the evaluator's rule.

    Args:
        rule: how items compare.
        task: which relations are right: ``rel`` or ``rel+``.

    Attributes:
        task: as given.
    """

    def __init__(self, rule: MatchRule, task: Task) -> None:
        self._rule, self.task = rule, task
        self._plain = rule.as_written and rule.match == "strict" and task == "rel"
        self._scorer = SentenceScorer(rule, ("ner", "rel") if task == "rel" else ("ner", "rel", task))

    def matches(self, row: GoldRow, parsed: ParsedCompletion) -> dict[Task, Match]:
        """The matches of a completion, for people."""
        return self._scorer.matches(row.gold, parsed.items)

    def reasoning(self, parsed: ParsedCompletion) -> Reasoning:
        """The reasoning of a completion, read as the rule reads texts."""
        return Reasoning(parsed.reasoning, self._rule.normalize)

    def case(self, row: GoldRow, parsed: ParsedCompletion, prompt: object) -> Case:
        """Match a completion that has a well-formed answer."""
        items = parsed.items
        if self._plain and items.plain and row.by_equality:  # nothing to normalise: equality is set intersection
            entities: set[Item] = set(items.entities)
            relations: set[Item] = set(items.relations)
            right: Collection[Item] = relations & row.relations
            number = len(entities)
            ner = _made(Counts, (len(entities & row.entities), number, len(row.entities)))
            rel = _made(Counts, (len(right), len(relations), len(row.relations)))
            reasoning = self.reasoning(parsed) if right else _NOTHING
            looks = _looks(row, right, reasoning) if right else []
            found = (row, parsed, prompt, ner, rel, entities, relations, entities, number, ner.tp, reasoning, looks)
            return _made(Case, found)
        matches = self._scorer.matches(row.gold, items)
        ner_match, match = matches["ner"], matches[self.task]
        right = [key[:3] for key in (*match.exact, *(pair.predicted for pair in match.pairs))]
        written = sides(items, AS_WRITTEN, ("ner",))["ner"]
        reasoning = self.reasoning(parsed)
        return Case(
            row,
            parsed,
            prompt,
            counts_of(ner_match),
            counts_of(match),
            ner_match.predicted.keys,
            matches["rel"].predicted.keys,
            written.keys,
            written.n,
            len(written.keys & row.entities),
            reasoning,
            _looks(row, right, reasoning),
        )


def _looks(row: GoldRow, right: Iterable[Item], reasoning: Reasoning) -> list[Look]:
    looks = []
    for key in right:
        claim = row.claims.get(key) or row.claim(key)
        evidence, naming = reasoning.look_for(claim, row.sentence)
        looks.append(_made(Look, (key, claim, evidence, naming)))
    return looks
