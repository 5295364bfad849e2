"""What the trainers read: rows of SFT, made while training, and rows of GRPO.

A row of SFT is a function of the seed, its phase and its number alone. Epochs follow one another in one data set, each
in an order of its own and, under augmentation, with other names; so a run that goes on after an interruption sees what
it would have seen without one, and nothing of it is in the state of a random number generator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sciie_eval.cards import Card
from sciie_eval.exceptions import InputError
from sciie_eval.export import gold_json
from sciie_eval.schema import Example
from sciie_rewards.recipe.augment import NamePool, augmented
from sciie_rewards.recipe.curriculum import TooLong, length_report, too_long
from sciie_rewards.recipe.mimic import ReasoningStyle, target
from sciie_rewards.recipe.sections import Augment, Phase, Task
from sciie_rewards.recipe.tasks import PromptStyle, applies, messages

__all__ = ["Encoder", "Question", "SftRows", "check_prompts", "grpo_rows", "questions"]

Row = dict[str, Any]
WINDOW = 32
"""Steps among whose rows those of like length are put together."""
IGNORED = -100
"""The label of a token without influence on the loss."""


@dataclass(frozen=True)
class Question:
    """A sentence, and in which form it is asked about."""

    task: Task
    example: Example


def questions(examples: Sequence[Example], tasks: Sequence[Task]) -> list[Question]:
    """Every sentence in every form in which there is something to ask."""
    return [Question(task, example) for example in examples for task in tasks if applies(task, example)]


@dataclass(frozen=True)
class Encoder:
    """Makes token ids and labels of questions, as TRL makes them of prompt and completion.

    Attributes:
        card: prompts and targets are built from it.
        tokenizer: of the model.
        prompts: style of the prompts.
        reasoning: style of the targets.
    """

    card: Card
    tokenizer: Any
    prompts: PromptStyle
    reasoning: ReasoningStyle

    def __call__(self, question: Question) -> dict[str, list[int]]:
        """``input_ids`` and ``labels``; the prompt has no influence on the loss."""
        return self.many([question])[0]

    def many(self, some: Sequence[Question]) -> list[dict[str, list[int]]]:
        """The same for several questions, which is faster."""
        texts = []
        for question in some:
            prompt = messages(self.card, question.task, question.example, self.prompts)
            said = target(self.card, question.task, question.example, self.reasoning)
            texts.append(self._text(prompt, add_generation_prompt=True))
            texts.append(self._text([*prompt, {"role": "assistant", "content": said}]))
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [_labelled(prompt, whole) for prompt, whole in zip(ids[::2], ids[1::2], strict=True)]

    def _text(self, conversation: list[dict[str, str]], **how: bool) -> str:
        return str(self.tokenizer.apply_chat_template(conversation, tokenize=False, **how))


class SftRows:
    """The rows of a phase by number: all its epochs, one after the other.

    Args:
        phase: task forms and epochs.
        examples: sentences of the training split.
        encoder: makes token ids.
        seed: of order and augmentation; another one for every phase.
        augment: None for the sentences as they are.
        max_length: tokens of prompt and completion that the trainer takes; None for any number.
        step: rows of one step of the trainer. Rows of like length share a step, so that little of it is padding.

    Attributes:
        left_out: questions that are longer, with their lengths; they are not trained on.

    Raises:
        InputError: there is nothing to train on.
    """

    def __init__(
        self,
        phase: Phase,
        examples: Sequence[Example],
        encoder: Encoder,
        seed: str,
        augment: Augment | None,
        max_length: int | None,
        step: int = 1,
    ) -> None:
        asked = questions(examples, phase.tasks)
        lengths = _lengths(asked, encoder)
        limit = math.inf if max_length is None else max_length
        self.left_out = [
            TooLong(f"{q.example.id} ({q.task})", length)
            for q, length in zip(asked, lengths, strict=True)
            if length > limit
        ]
        kept = [(question, length) for question, length in zip(asked, lengths, strict=True) if length <= limit]
        self._asked, self._lengths = [question for question, _ in kept], [length for _, length in kept]
        if not self._asked:
            raise InputError(
                f"sft.phases: no row to train on for {', '.join(phase.tasks)} ({len(asked)} rows, "
                f"{len(self.left_out)} longer than sft.trainer.max_length={max_length})"
            )
        self._encoder, self._seed, self._augment, self._limit, self._step = encoder, seed, augment, limit, step
        self._pool = NamePool.of(examples)
        self._order: tuple[int, list[int]] = (-1, [])
        self._length = math.ceil(phase.epochs * len(self._asked))

    def __len__(self) -> int:
        return self._length

    def question(self, number: int) -> Question:
        """What is asked in a row, augmented where that is wanted."""
        epoch, place = divmod(number, len(self._asked))
        if self._order[0] != epoch:
            self._order = (epoch, self._shuffled(Random(f"{self._seed}/{epoch}")))
        question = self._asked[self._order[1][place]]
        if self._augment is None:
            return question
        rng = Random(f"{self._seed}/{epoch}/{place}")
        return Question(question.task, augmented(question.example, self._pool, rng, self._augment))

    def _shuffled(self, rng: Random) -> list[int]:
        """All places in random order, but rows of like length in one step: sorted in windows, whose steps are shuffled.

        The last step of an epoch, which is not full, stays the last, so that steps do not span two windows.
        """
        order, window = list(range(len(self._asked))), WINDOW * self._step
        rng.shuffle(order)
        steps = []
        for start in range(0, len(order), window):
            some = sorted(order[start : start + window], key=self._lengths.__getitem__)
            steps += [some[first : first + self._step] for first in range(0, len(some), self._step)]
        last = [steps.pop()] if len(steps[-1]) < self._step else []
        rng.shuffle(steps)
        return [place for step in (*steps, *last) for place in step]

    def __getitem__(self, number: int) -> dict[str, list[int]]:
        """``input_ids`` and ``labels`` of a row; where new names make it too long, those of the sentence as it is."""
        question = self.question(number)
        row = self._encoder(question)
        if len(row["input_ids"]) <= self._limit:
            return row
        place = self._order[1][number % len(self._asked)]
        return self._encoder(self._asked[place])

    def dataset(self) -> Any:
        """A data set of numbers that become rows when they are read, in this order."""
        from datasets import Dataset

        def rows(batch: Mapping[str, Sequence[int]]) -> dict[str, list[list[int]]]:
            made = [self[number] for number in batch["row"]]
            return {name: [row[name] for row in made] for name in ("input_ids", "labels")}

        return Dataset.from_dict({"row": range(len(self))}).with_transform(rows)

    def report(self, max_length: int | None) -> str | None:
        """One line about the rows that are too long; None where none is."""
        if not self.left_out or max_length is None:
            return None
        return f"left out of training: {length_report(self.left_out, max_length, 'sft.trainer.max_length')}"


def grpo_rows(card: Card, examples: Sequence[Example], prompts: PromptStyle) -> list[Row]:
    """Rows of GRPO: ``prompt`` as messages, and ``id``, ``sentence`` and ``gold`` (JSON) for the reward."""
    return [
        {
            "prompt": messages(card, "end2end", example, prompts),
            "id": example.id,
            "sentence": example.sentence,
            "gold": gold_json(example),
        }
        for example in examples
    ]


def check_prompts(rows: Sequence[Row], tokenizer: Any, limit: int) -> None:
    """Whether every prompt has at most so many tokens.

    Raises:
        InputError: some have more; holds how many, the longest of them, and the least limit that would do.
    """
    if found := too_long(rows, tokenizer, limit):
        raise InputError(length_report(found, limit, "grpo.max_prompt_length"))


def _labelled(prompt: list[int], whole: list[int]) -> dict[str, list[int]]:
    """The completion starts where the two differ: templates may render a prompt alone in another way."""
    same = next(
        (place for place, (one, other) in enumerate(zip(prompt, whole, strict=False)) if one != other),
        min(len(prompt), len(whole)),
    )
    return {"input_ids": whole, "labels": [IGNORED] * same + whole[same:]}


def _lengths(asked: Sequence[Question], encoder: Encoder, batch: int = 256) -> list[int]:
    return [
        len(row["input_ids"])
        for first in range(0, len(asked), batch)
        for row in encoder.many(asked[first : first + batch])
    ]
