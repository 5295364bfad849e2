"""One completion beside its gold: what components look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sciie_eval.counting import Counts, SentenceScorer, counts_of
from sciie_eval.matching import Match
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.rules import MatchRule, Task
from sciie_eval.sides import Item, sides
from sciie_rewards.evidence import Claim, Reasoning
from sciie_rewards.gold import AS_WRITTEN, GoldRow

__all__ = ["Case", "Judge", "Look"]


class Look(NamedTuple):
    """A right relation, the step that evidences it and the step that names it; None where there is none."""

    claim: Claim
    evidence: str | None
    naming: str | None


@dataclass(slots=True)
class Case:
    """A parsed completion, matched with gold.

    Attributes:
        row: the gold.
        parsed: the completion; its status is one of a well-formed answer.
        prompt: what it answers: a string, messages, or None where that is not known.
        ner: counts of the entities.
        rel: counts of the relations.
        entities: the predicted entities (text, type), as the rule writes them.
        relations: the predicted relations (subject, label, object), likewise.
        right: the predicted relations that are right.
        written: the predicted entities as they are written.
        n_written: their number; a blank text counts, although nothing can be said of it.
        reasoning: its reasoning.
    """

    row: GoldRow
    parsed: ParsedCompletion
    prompt: object
    ner: Counts
    rel: Counts
    entities: set[Item]
    relations: set[Item]
    right: list[Item]
    written: set[Item]
    n_written: int
    reasoning: Reasoning
    _looks: list[Look] | None = None

    def looks(self) -> list[Look]:
        """What the reasoning says about every relation that is right."""
        if self._looks is None:
            row = self.row
            claims = [row.claim(key) for key in self.right]
            self._looks = [Look(claim, *self.reasoning.look_for(claim, row.sentence)) for claim in claims]
        return self._looks


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

    def case(self, row: GoldRow, parsed: ParsedCompletion, prompt: object) -> Case:
        """Match a completion that has a well-formed answer."""
        items = parsed.items
        reasoning = Reasoning(parsed.reasoning, self._rule.normalize)
        if self._plain and items.plain and row.by_equality:  # nothing to normalise: equality is set intersection
            entities: set[Item] = set(items.entities)
            relations: set[Item] = set(items.relations)
            right = list(relations & row.relations)
            ner = Counts(len(entities & row.entities), len(entities), len(row.entities))
            rel = Counts(len(right), len(relations), len(row.relations))
            return Case(row, parsed, prompt, ner, rel, entities, relations, right, entities, len(entities), reasoning)
        matches = self._scorer.matches(row.gold, items)
        ner_match, match = matches["ner"], matches[self.task]
        right = [key[:3] for key in (*match.exact, *(pair.predicted for pair in match.pairs))]
        written = sides(items, AS_WRITTEN, ("ner",))["ner"]
        return Case(
            row,
            parsed,
            prompt,
            counts_of(ner_match),
            counts_of(match),
            ner_match.predicted.keys,
            matches["rel"].predicted.keys,
            right,
            written.keys,
            written.n,
            reasoning,
        )
