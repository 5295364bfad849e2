"""MimicSFT targets: completions that walk from the sentence to gold, made of gold itself, with no written reasoning.

``grounded`` quotes every entity with its type, and for every relation the words of the sentence from one argument to
the other. A target holds what the rewards look for, and no more, so that small models can learn it: with the answer it
scores FORMAT = RELEVANCE = RULE = 1, but for what gold itself forces (`forced_exceptions`). ``template`` writes the
method's constant plan, the same for every sentence. ``none`` leaves the reasoning block empty: the tags, and with them
FORMAT, are the same in all styles and in GRPO.

Source: MimicSFT of R2GRPO, whose templates are the plan; the grounded form is ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from sciie_eval.cards import Card
from sciie_eval.labels import LabelSchema
from sciie_eval.rules import MatchRule
from sciie_eval.schema import Example
from sciie_rewards.evidence import QUOTED_SHARE, Claim, quotes_in, steps_in
from sciie_rewards.gold import GoldRow
from sciie_rewards.recipe.places import between
from sciie_rewards.recipe.sections import Task
from sciie_rewards.recipe.tasks import FORMS, answer

__all__ = ["EXCEPTIONS", "ReasoningStyle", "forced_exceptions", "listed_exceptions", "target"]

ReasoningStyle = Literal["none", "template", "grounded"]

EXCEPTIONS: dict[str, str] = {
    "types": "no types that gold gives the arguments are a signature that the card allows: no RULE",
    "both directions": "gold states a directed relation in both directions: no RULE for either",
    "no entity": "an argument is not among gold's entities: no RULE",
    "not in the sentence": "an argument does not stand in the sentence, so that it cannot be quoted: no RELEVANCE",
    "marks": "an argument holds straight and curly marks, so that no quote can: no RELEVANCE, and RULE by luck",
}
"""Why gold itself keeps a relation from RULE or RELEVANCE, by kind."""

LONGEST_QUOTE = 12
"""Words from one argument to the other that are quoted; what lies between arguments further apart shows little."""

_RULE = MatchRule()

_FIND = "find every entity as it stands in the sentence, with its type: {types}"
_PAIR = "go through the pairs of these entities"
_RELATE = (
    "for each pair look for the words of the sentence that show how the two are related",
    "name the pattern and its direction: {relations}",
)
_CONCLUDE = "conclude with what the sentence says and nothing else"
_PLANS: dict[Task, tuple[str, ...]] = {
    "ner": (_FIND, _CONCLUDE),
    "re": ("take the given pairs", *_RELATE, _CONCLUDE),
    "re_plus": ("take the given entities", _PAIR, *_RELATE, _CONCLUDE),
    "end2end": (_FIND, _PAIR, *_RELATE, _CONCLUDE),
}


def target(card: Card, task: Task, example: Example, style: ReasoningStyle) -> str:
    """The completion that SFT learns.

    Args:
        card: whose labels the plan names.
        task: which form was asked.
        example: sentence and gold.
        style: what stands in the reasoning block.

    >>> from sciie_eval import load_card
    >>> row = {"sentence": "We use BERT for NER and more .", "ner": [["BERT", "Method"], ["NER", "Task"]],
    ...        "rel": [["BERT", "Used-For", "NER"]]}
    >>> print(target(load_card("scier"), "end2end", Example.from_row(row, id="a"), "grounded"))
    <think>
    "BERT" Method, "NER" Task
    "BERT for NER" shows BERT Used-For NER
    </think>
    <answer>
    {"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}
    </answer>
    """
    lines = _plan(card.schema, task) if style == "template" else _grounded(task, example) if style == "grounded" else []
    return "\n".join(["<think>", *lines, "</think>", "<answer>", answer(task, example), "</answer>"])


def forced_exceptions(schema: LabelSchema, example: Example) -> list[tuple[tuple[str, str, str], str]]:
    """The relations for which no target could score RULE and RELEVANCE, and why: (relation, kind of `EXCEPTIONS`).

    What is said follows from gold and the card alone, without any target. A relation may have several kinds.

    >>> from sciie_eval import load_schema
    >>> row = {"sentence": "NER helps BERT .", "ner": [["BERT", "Method"], ["NER", "Task"]],
    ...        "rel": [["NER", "SubTask-Of", "BERT"]]}
    >>> forced_exceptions(load_schema("scier"), Example.from_row(row, id="a"))
    [(('NER', 'SubTask-Of', 'BERT'), 'types')]
    """
    row = GoldRow(example, schema, _RULE)
    found = []
    for relation, claim in row.claims.items():
        found += [(relation, kind) for kind in _kinds(claim, row)]
    return sorted(found)


def listed_exceptions(schema: LabelSchema, examples: Iterable[Example]) -> tuple[Counter[str], list[str]]:
    """The exceptions of a split: how many of each kind, and one line for each of them with the sentence's id."""
    counts: Counter[str] = Counter()
    lines = []
    for example in examples:
        for (subject, label, object_), kind in forced_exceptions(schema, example):
            counts[kind] += 1
            lines.append(f"{example.id}: {subject} {label} {object_}: {kind}")
    return counts, lines


def _kinds(claim: Claim, row: GoldRow) -> Iterator[str]:
    texts = {text for text, _ in row.entities}
    if not {claim.subject, claim.object} <= texts:
        yield "no entity"
    elif claim.typings is not None and not any({one, two} <= row.entities for one, two in claim.typings):
        yield "types"
    if claim.opposite in row.relations:
        yield "both directions"
    if claim.subject not in row.sentence or claim.object not in row.sentence:
        yield "not in the sentence"
    if not (_quotable(claim.subject) and _quotable(claim.object)):
        yield "marks"


def _plan(schema: LabelSchema, task: Task) -> list[str]:
    """The method's constant plan, in the steps that a task has."""
    types, relations = ", ".join(schema.entity_names) or "any type", ", ".join(schema.relation_names)
    steps = [step.format(types=types, relations=relations) for step in _PLANS[task]]
    return [f"Step {number}: {step}" for number, step in enumerate(steps, 1)]


def _grounded(task: Task, example: Example) -> list[str]:
    sections, lines = FORMS[task].sections, []
    if "ner" in sections:
        entities = dict.fromkeys((e.text, e.type) for e in example.gold.entities if _quotable(e.text))
        lines.append(", ".join(f"{_quoted(text)} {kind}" for text, kind in entities) or "no entities")
    if sections != ("ner",):
        relations = dict.fromkeys((r.subject, r.type, r.object) for r in example.gold.relations)
        lines += [_step(example.sentence, *relation) for relation in relations] or ["no relations"]
    return lines


def _step(sentence: str, subject: str, label: str, object_: str) -> str:
    """One line that quotes the words from one argument to the other, else, where that is too much, just these two."""
    words = between(sentence, subject, object_)
    step = f"{_quoted(words)} shows {subject} {label} {object_}"
    near = len(words.split()) <= LONGEST_QUOTE and len(words) <= QUOTED_SHARE * len(sentence)
    # a mark or full stop in an argument would quote something else, or end the step
    if near and quotes_in(step) == [words] and steps_in(step) == [step]:
        return step
    return f"{_quoted(subject)} {label} {_quoted(object_)}"


def _quoted(text: str) -> str:
    """A text in quotes that it does not hold itself."""
    return f"“{text}”" if '"' in text else f'"{text}"'


def _quotable(text: str) -> bool:
    return quotes_in(_quoted(text)) == [text]
