"""Answers of known quality, made from gold: noise, reasoning, and the ways in which models break the format.

Everything is drawn from a `random.Random` that the caller seeds, so benchmarks and the bundled sample are reproducible.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from sciie_eval import Example

__all__ = [
    "ENTITY_TYPES",
    "MALFORMATIONS",
    "RELATION_TYPES",
    "Answer",
    "completion",
    "noisy",
    "reasoning",
    "shifted",
]

Answer = dict[str, list[list[str]]]

ENTITY_TYPES = ("Method", "Task", "Dataset")
RELATION_TYPES = (
    "Part-Of",
    "SubClass-Of",
    "SubTask-Of",
    "Benchmark-For",
    "Trained-With",
    "Evaluated-With",
    "Synonym-Of",
    "Used-For",
    "Compare-With",
)


def noisy(example: Example, rate: float, rng: random.Random) -> Answer:
    """Gold with errors: of every item about ``rate`` is changed, half of that is missed, a third of that is invented.

    Args:
        example: a sentence with gold.
        rate: share of wrong items, from 0 (gold itself) to 1.
        rng: where randomness comes from.
    """
    words = example.sentence.split()
    renamed: dict[str, str] = {}
    ner = []
    for entity in example.gold.entities:
        text, kind = entity.text, entity.type
        if rng.random() < rate / 2:
            continue
        if rng.random() < rate / 2:
            text = shifted(text, words, rng)
            renamed[entity.text] = text
        if rng.random() < rate / 2:
            kind = rng.choice(ENTITY_TYPES)
        ner.append([text, kind])
    ner += [[rng.choice(words), rng.choice(ENTITY_TYPES)] for _ in example.gold.entities if rng.random() < rate / 3]
    rel = []
    for relation in example.gold.relations:
        subject, object_ = (renamed.get(text, text) for text in (relation.subject, relation.object))
        kind = rng.choice(RELATION_TYPES) if rng.random() < rate / 2 else relation.type
        if rng.random() < rate / 4:
            subject, object_ = object_, subject
        if rng.random() >= rate / 2:
            rel.append([subject, kind, object_])
    if len(ner) >= 2:
        for _ in range(len(example.gold.relations) or 1):
            if rng.random() < rate / 3:
                pair = rng.sample(ner, 2)
                rel.append([pair[0][0], rng.choice(RELATION_TYPES), pair[1][0]])
    return {"ner": ner, "rel": rel}


def shifted(text: str, words: list[str], rng: random.Random) -> str:
    """The text with a boundary moved by one token."""
    tokens = text.split()
    places = [i for i in range(len(words)) if words[i : i + len(tokens)] == tokens]
    if places and places[0] > 0 and rng.random() < 0.5:
        return " ".join([words[places[0] - 1], *tokens])
    return " ".join(tokens[1:]) if len(tokens) > 1 else f"{text} {rng.choice(words)}"


def reasoning(answer: Answer, words: int) -> str:
    """Reasoning in the usual style, about ``words`` words long."""
    lines = ["I read the sentence and list what it names."]
    lines += [f'The phrase "{text}" names a {kind.lower()}.' for text, kind in answer["ner"]]
    lines += [
        f'The wording between "{subject}" and "{object_}" suggests {kind}, because it says how the two are connected.'
        for subject, kind, object_ in answer["rel"]
    ]
    filler = "I check each pair of phrases once more against the definitions before I write the answer down."
    while sum(len(line.split()) for line in lines) < words:
        lines.append(filler)
    return "\n".join(lines)


def completion(answer: Answer, words: int = 40) -> str:
    """A completion laid out as asked."""
    return f"<think>\n{reasoning(answer, words)}\n</think>\n<answer>\n{_json(answer)}\n</answer>"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_mappings(answer: Answer) -> Any:
    return {
        "entities": [{"text": text, "type": kind} for text, kind in answer["ner"]],
        "relations": [{"subject": s, "relation": kind, "object": o} for s, kind, o in answer["rel"]],
    }


MALFORMATIONS: dict[str, Callable[[Answer, str], str]] = {
    "fence outside tags": lambda answer, think: f"<think>{think}</think>\n```json\n{_json(answer)}\n```",
    "prose around": lambda answer, think: (
        f"<think>{think}</think>\n<answer>Here is the extraction:\n{_json(answer)}\nI hope this helps!</answer>"
    ),
    "mappings": lambda answer, think: f"<think>{think}</think>\n<answer>{_json(_as_mappings(answer))}</answer>",
    "single quotes": lambda answer, think: f"<think>{think}</think>\n<answer>{answer!r}</answer>",
    "trailing comma": lambda answer, think: f"<think>{think}</think>\n<answer>{_json(answer)[:-1]},}}</answer>",
    "list of sections": lambda answer, think: (
        f"<think>{think}</think>\n<answer>{_json([{'ner': answer['ner']}, {'rel': answer['rel']}])}</answer>"
    ),
    "double encoded": lambda answer, think: f"<think>{think}</think>\n<answer>{_json(_json(answer))}</answer>",
    "not closed": lambda answer, think: f"<think>{think}</think>\n<answer>{_json(answer)}",
    "cut off": lambda answer, think: f"<think>{think}</think>\n<answer>{_json(answer)[: 2 * len(_json(answer)) // 3]}",
    "only reasoning": lambda answer, think: f"<think>{think} {think}",
    "refusal": lambda answer, think: "I am sorry, but I cannot find a clear extraction for this sentence.",
    "prose answer": lambda answer, think: f"<think>{think}</think>\n<answer>There is nothing to extract.</answer>",
}
"""How models break the format, by name: (answer, reasoning) -> completion."""
