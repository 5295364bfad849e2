"""The floor: entities of the training split looked up in a sentence, no model and no relations.

A model that does not beat it on sentences of other papers has learned the entities of the training split by heart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sciie_eval.schema import Example

__all__ = ["Dictionary"]

Words = tuple[str, ...]

LABELLED = 0.5
"""Least share of its occurrences in which a text must be labelled to be looked up."""


@dataclass(frozen=True)
class Dictionary:
    """Texts, split at blanks, with their type.

    Attributes:
        types: the type of every text that is looked up.

    >>> row = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]], "rel": []}
    >>> Dictionary.of([Example.from_row(row, id="a")]).predict("A BERT for parsing .")
    {'ner': [['BERT', 'Method']], 'rel': []}
    """

    types: Mapping[Words, str]

    @classmethod
    def of(cls, train: Iterable[Example]) -> Dictionary:
        """The entities of a corpus that are labelled in at least half of their occurrences, with their majority type.

        Every place where the words of a text follow each other is an occurrence, within longer entities too. Of types
        with equal counts the first one to occur is taken.
        """
        examples = list(train)
        labelled: dict[Words, Counter[str]] = {}
        for example in examples:
            for entity in example.gold.entities:
                if words := tuple(entity.text.split()):
                    labelled.setdefault(words, Counter())[entity.type] += 1
        sizes = _sizes(labelled)
        occurring = Counter(
            words
            for example in examples
            for candidates in _candidates(example.sentence.split(), sizes)
            for words in candidates
            if words in labelled
        )
        return cls(
            {
                words: kinds.most_common(1)[0][0]
                for words, kinds in labelled.items()
                if kinds.total() >= LABELLED * occurring[words]
            }
        )

    def predict(self, sentence: str) -> dict[str, list[list[str]]]:
        """What stands in a sentence, in SciER's form: the longest match from the left, then on behind it."""
        found: list[list[str]] = []
        after = 0
        for start, candidates in enumerate(_candidates(sentence.split(), _sizes(self.types))):
            match = next((words for words in candidates if words in self.types), None) if start >= after else None
            if match is not None:
                found.append([" ".join(match), self.types[match]])
                after = start + len(match)
        return {"ner": found, "rel": []}


def _sizes(texts: Iterable[Words]) -> list[int]:
    """The numbers of words that texts have, the largest first."""
    return sorted({len(words) for words in texts}, reverse=True)


def _candidates(words: list[str], sizes: list[int]) -> Iterator[list[Words]]:
    """For every place of a sentence the texts that may begin there, the longest first."""
    for start in range(len(words)):
        yield [tuple(words[start : start + size]) for size in sizes if start + size <= len(words)]
