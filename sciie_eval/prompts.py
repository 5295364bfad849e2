"""What a model is asked: the prompt of a sentence, built from the card, so that another card gives another task.

The tags and the JSON are those that `parse_completion` reads; what is asked of the reasoning is what rewards look for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sciie_eval.cards import Card
from sciie_eval.exceptions import InputError, brief
from sciie_eval.labels import LabelSchema

__all__ = [
    "ANSWER_FORM",
    "guideline",
    "how",
    "label_guideline",
    "label_messages",
    "label_prompt",
    "labels",
    "messages",
    "prompt",
]

ANSWER_FORM = '{"ner": [[text, type], …], "rel": [[subject, relation, object], …]}'
"""The JSON that an answer holds."""


_MARK = re.compile(r"</?e[12]>")


def prompt(card: Card, sentence: str) -> str:
    """The whole prompt as one text: guideline, then the sentence.

    >>> from sciie_eval.cards import load_card
    >>> prompt(load_card("scier"), "BERT solves NER .").splitlines()[-1]
    'Sentence: BERT solves NER .'
    """
    return f"{guideline(card)}\n\nSentence: {sentence}"


def messages(card: Card, sentence: str) -> list[dict[str, str]]:
    """The prompt as a conversation of one message by the user; some chat templates refuse a system message."""
    return [{"role": "user", "content": prompt(card, sentence)}]


def guideline(card: Card) -> str:
    """Labels with their definitions, the card's notes, and the form of the answer; the same for every sentence."""
    asked = "entities and the relations between them" if card.schema.entity_types else "relations"
    steps = (
        "for every relation one line that quotes the words of the sentence that show it, in double quotes, and names "
        "both entities and the relation"
    )
    return "\n\n".join([f"Extract the {asked} from the sentence below.", *labels(card), how(steps, ANSWER_FORM)])


def label_prompt(card: Card, sentence: str) -> str:
    """The whole prompt for the one label of a sentence: guideline, then the sentence with its marks.

    Raises:
        InputError: the sentence does not mark e1 and e2 once each.

    >>> from sciie_eval.cards import load_card
    >>> text = label_prompt(load_card("semeval2010_task8"), "The <e1>fire</e1> made <e2>smoke</e2>.")
    >>> text.splitlines()[-1]
    'Sentence: The <e1>fire</e1> made <e2>smoke</e2>.'
    """
    if sorted(_MARK.findall(sentence)) != ["</e1>", "</e2>", "<e1>", "<e2>"]:
        raise InputError(f"sentence: expected <e1>…</e1> and <e2>…</e2> once each, got {brief(sentence)}")
    return f"{label_guideline(card)}\n\nSentence: {sentence}"


def label_messages(card: Card, sentence: str) -> list[dict[str, str]]:
    """The prompt for the one label of a sentence as a conversation of one message by the user."""
    return [{"role": "user", "content": label_prompt(card, sentence)}]


def label_guideline(card: Card) -> str:
    """The annotation guideline: the card's labels with their definitions, its notes, and the form of the answer.

    Source: the guideline prompts of R1-RE (Dai et al. 2025), in the card's words.
    """
    asked = "Which relation holds between e1 and e2, which are marked in the sentence below? Choose one label."
    kinds = _section("Labels", (f"{kind.name}: {_one_line(kind.definition)}" for kind in card.schema.relation_types))
    form = (
        "First reason between <think> and </think>: compare the sentence with the definitions, and say which of e1 and "
        "e2 has which role. Then answer between <answer> and </answer> with nothing but the label, spelled as above."
    )
    return "\n\n".join([asked, *kinds, *_section("Notes", card.notes), form])


def labels(card: Card, *, relations: bool = True) -> list[str]:
    """What the card says, in paragraphs: entity types, relations (where wanted) and notes, each if there are any."""
    schema = card.schema
    parts = _section("Entity types", (f"{kind.name}: {_one_line(kind.definition)}" for kind in schema.entity_types))
    if relations:
        parts += _section("Relations (subject, relation, object)", _relations(schema))
    return parts + _section("Notes", card.notes)


def how(steps: str, form: str) -> str:
    """How to write: the steps that are asked of the reasoning, and the JSON of the answer."""
    return (
        f"First reason between <think> and </think>, one line a step; {steps}. Then answer between "
        f"<answer> and </answer> with nothing but JSON: {form}; an empty list where there is nothing."
    )


def _section(title: str, lines: Iterator[str] | tuple[str, ...]) -> list[str]:
    listed = "\n".join(f"- {line.rstrip(': ')}" for line in lines)
    return [f"{title}:\n{listed}"] if listed else []


def _relations(schema: LabelSchema) -> Iterator[str]:
    for kind in schema.relation_types:
        pairs = ", ".join(f"{subject} -> {object_}" for subject, object_ in kind.signatures)
        yield f"{kind.name}{f' ({pairs})' if pairs else ''}: {_one_line(kind.definition)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
