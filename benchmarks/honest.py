"""Honest answers of known quality: what a policy writes that tries, and is right to some degree.

Everything is drawn from a `random.Random` that the caller seeds; noise is that of `synthetic.noisy`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from synthetic import ENTITY_TYPES, RELATION_TYPES, Answer, noisy, reasoning, shifted

from sciie_eval import Example

__all__ = ["HONEST", "ONE_LINE", "gold_answer", "in_full", "in_one_line", "off_by_one", "written", "wrong"]

ONE_LINE = "I read the sentence and list what it names."

Maker = Callable[[Example, random.Random], Answer]


def gold_answer(example: Example) -> Answer:
    """The right answer, as SciER has it."""
    mapping = example.gold.to_scier()
    return {"ner": mapping["ner"], "rel": mapping["rel"]}


def off_by_one(example: Example, rng: random.Random) -> Answer:
    """Gold of which about half of the entities have a border moved by one token, in the relations too."""
    answer, words = gold_answer(example), example.sentence.split()
    moved = {text: shifted(text, words, rng) if rng.random() < 0.5 else text for text, _ in answer["ner"]}
    return {
        "ner": [[moved[text], kind] for text, kind in answer["ner"]],
        "rel": [[moved.get(s, s), kind, moved.get(o, o)] for s, kind, o in answer["rel"]],
    }


def wrong(example: Example, rng: random.Random) -> Answer:
    """As many items as gold has, all of them wrong: words of the sentence, and relations between these."""
    gold = {text for text, _ in gold_answer(example)["ner"]}
    words = [word for word in example.sentence.split() if word not in gold] or ["it"]
    ner = [[rng.choice(words), rng.choice(ENTITY_TYPES)] for _ in example.gold.entities]
    texts = [text for text, _ in ner]
    rel = [[rng.choice(texts), rng.choice(RELATION_TYPES), rng.choice(texts)] for _ in example.gold.relations]
    return {"ner": ner, "rel": rel}


def written(answer: Answer, think: str) -> str:
    """A completion laid out as asked."""
    return f"<think>\n{think}\n</think>\n<answer>\n{json.dumps(answer, ensure_ascii=False)}\n</answer>"


def in_full(answer: Answer) -> str:
    """With natural reasoning: a sentence for every item, its texts in quotes."""
    return written(answer, reasoning(answer, 0))


def in_one_line(answer: Answer) -> str:
    """With reasoning that says nothing of the answer."""
    return written(answer, ONE_LINE)


HONEST: dict[str, Maker] = {
    "correct": lambda example, _: gold_answer(example),
    "borders off by one": off_by_one,
    "20 % noise": lambda example, rng: noisy(example, 0.2, rng),
    "50 % noise": lambda example, rng: noisy(example, 0.5, rng),
    "80 % noise": lambda example, rng: noisy(example, 0.8, rng),
    "all wrong": wrong,
}
"""Makers of honest answers, from the best to the worst."""
