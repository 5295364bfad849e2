"""What a model is asked and what it answers: four task forms, of which the last is what the rewards score.

``ner`` asks for entities. ``re`` gives the pairs that are related, in the order of the sentence, and asks for the
relations. ``re_plus`` gives the entities with their types and asks for typed relations. ``end2end`` gives nothing but
the sentence and asks for both. Everything is built from the card, so that another card gives another domain.

A prompt has one of two styles: ``guideline`` holds the card's definitions and notes; ``short`` is the task's name, what
is given and the sentence, for models that learn the task from the training split alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sciie_eval import prompts
from sciie_eval.cards import Card
from sciie_eval.schema import Example, Section
from sciie_rewards.recipe.sections import Task

__all__ = ["FORMS", "PromptStyle", "TaskForm", "answer", "applies", "messages"]

PromptStyle = Literal["guideline", "short"]

_RELATION_STEPS = (
    "for every relation one line that quotes the words of the sentence that show it, in double quotes, and names both "
    "entities and the relation"
)


@dataclass(frozen=True)
class TaskForm:
    """One way to ask about a sentence.

    Attributes:
        asked: the first line of the guideline.
        steps: what is asked of the reasoning.
        form: the JSON of the answer.
        sections: the keys of the answer.
        given: what the prompt tells of gold: its title and the items; None where it tells nothing.
    """

    asked: str
    steps: str
    form: str
    sections: tuple[Section, ...]
    given: tuple[str, Callable[[Example], list[list[str]]]] | None = None

    def told(self, example: Example) -> str:
        """What the prompt tells of gold, as JSON; empty where it tells nothing."""
        return json.dumps(self.given[1](example), ensure_ascii=False) if self.given else ""


def messages(card: Card, task: Task, example: Example, style: PromptStyle) -> list[dict[str, str]]:
    """The prompt of a sentence as a conversation of one message by the user.

    The style ``guideline`` of ``end2end`` is `sciie_eval.prompts.messages`, the prompt of exports and evaluation.

    >>> from sciie_eval import load_card
    >>> row = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]],
    ...        "rel": [["BERT", "Used-For", "NER"]]}
    >>> print(messages(load_card("scier"), "re", Example.from_row(row, id="a"), "short")[0]["content"])
    re
    [["BERT", "NER"]]
    BERT solves NER .
    """
    form = FORMS[task]
    if style == "short":
        lines = [task, *([form.told(example)] if form.given else []), example.sentence]
        return [{"role": "user", "content": "\n".join(lines)}]
    if task == "end2end":
        return prompts.messages(card, example.sentence)
    parts = [form.asked, *prompts.labels(card, relations="ner" not in form.sections)]
    parts.append(prompts.how(form.steps, form.form))
    given = f"{form.given[0]}: {form.told(example)}\n" if form.given else ""
    return [{"role": "user", "content": "\n\n".join([*parts, f"{given}Sentence: {example.sentence}"])}]


def answer(task: Task, example: Example) -> str:
    """The right answer as JSON: gold in the sections that the task asks for, repeated items as often as in gold.

    >>> row = {"sentence": "See below .", "ner": [], "rel": []}
    >>> answer("end2end", Example.from_row(row, id="a"))
    '{"ner": [], "rel": []}'
    """
    gold = example.gold.model_copy(update={"sections": frozenset(FORMS[task].sections)}).to_scier()
    return json.dumps(gold, ensure_ascii=False)


def applies(task: Task, example: Example) -> bool:
    """Whether there is something to ask: ``re`` needs a pair to give, ``re_plus`` two entities, the others nothing.

    >>> row = {"sentence": "See below .", "ner": [], "rel": []}
    >>> [task for task in FORMS if applies(task, Example.from_row(row, id="a"))]
    ['ner', 'end2end']
    """
    given = FORMS[task].given
    return given is None or len(given[1](example)) > (task == "re_plus")


def _pairs(example: Example) -> list[list[str]]:
    """The related pairs, each once and in the order of the sentence, which tells nothing of their direction."""
    place = {text: example.sentence.find(text) for r in example.gold.relations for text in (r.subject, r.object)}
    pairs = [sorted((r.subject, r.object), key=lambda text: (place[text], text)) for r in example.gold.relations]
    return [list(pair) for pair in dict.fromkeys((first, second) for first, second in pairs)]


def _entities(example: Example) -> list[list[str]]:
    """The entities with their types, each once."""
    return [list(entity) for entity in dict.fromkeys((e.text, e.type) for e in example.gold.entities)]


FORMS: dict[Task, TaskForm] = {
    "ner": TaskForm(
        "Extract the entities from the sentence below.",
        "quote every entity as it stands in the sentence, in double quotes, and name its type",
        '{"ner": [[text, type], …]}',
        ("ner",),
    ),
    "re": TaskForm(
        "Name the relation, and its direction, of every pair of entities that is given with the sentence below.",
        _RELATION_STEPS,
        '{"rel": [[subject, relation, object], …]}',
        ("rel",),
        ("Related pairs", _pairs),
    ),
    "re_plus": TaskForm(
        "Extract the relations between the entities that are given with the sentence below.",
        _RELATION_STEPS,
        '{"rel_plus": [["subject:Type", relation, "object:Type"], …]}',
        ("rel_plus",),
        ("Entities", _entities),
    ),
    "end2end": TaskForm("", _RELATION_STEPS, prompts.ANSWER_FORM, ("ner", "rel")),
}
"""The task forms by name."""
