"""Which gold sentence a prediction row speaks of: by id, by document and sentence, by the prompt, or by its place."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Container

from sciie_eval.exceptions import InputError
from sciie_eval.forms import RawPrediction
from sciie_eval.schema import Example

__all__ = ["GoldIndex"]


class GoldIndex:
    """Finds the gold sentence that a row speaks of."""

    def __init__(self, gold: list[Example]) -> None:
        self.gold = gold
        self.ids = {example.id: place for place, example in enumerate(gold)}
        self.sentences: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for place, example in enumerate(gold):
            self.sentences[example.doc_id, example.sentence].append(place)

    def is_repeated(self, example: Example) -> bool:
        """Whether its document has the same sentence more than once."""
        return len(self.sentences[example.doc_id, example.sentence]) > 1

    def by_order(self, number: int, row: RawPrediction) -> int:
        """The n-th gold sentence; where the row has a sentence, it must be the same."""
        if number >= len(self.gold):
            raise InputError(f"{row.where}: more predictions than the {len(self.gold)} gold sentences")
        if self.ids.get(row.id or "", number) != number:
            raise InputError(
                f"{row.where}: its id {row.id!r} is that of another gold row than row {number} "
                f"({self.gold[number].id!r}); the two files are not in the same order"
            )
        if row.sentence is not None and row.sentence != (self.gold[number].sentence or row.sentence):
            raise InputError(
                f"{row.where}: its sentence is not that of gold row {number} ({self.gold[number].id!r}); "
                "the two files are not in the same order"
            )
        return number

    def find(self, row: RawPrediction, seen: Container[int]) -> int:
        """By id, else by document and sentence (rows of a repeated sentence in file order), else by the prompt."""
        if row.id is not None:
            if row.id not in self.ids:
                raise InputError(f"{row.where}: no gold sentence has the id {row.id!r}{self._similar(row.id)}")
            place = self.ids[row.id]
            ours, theirs = _squeezed(self.gold[place].sentence), _squeezed(row.sentence or "")
            if ours and theirs and ours != theirs:
                raise InputError(
                    f"{row.where}: gold has another sentence under the id {row.id!r}; is this the right split?"
                )
            return place
        if row.sentence is not None and row.doc_id is not None:
            places = self.sentences.get((row.doc_id, row.sentence))
            if not places:
                raise InputError(f"{row.where}: {self._unknown(row.doc_id, row.sentence)}")
            return next((place for place in places if place not in seen), places[-1])
        if row.prompt is not None:
            return self._in_prompt(row.prompt, row.where)
        raise InputError(
            f"{row.where}: the row does not say which sentence it is for; "
            "expected id, or doc_id and sentence, or --join order when rows stand in the order of gold"
        )

    def _similar(self, name: str) -> str:
        close = difflib.get_close_matches(name, list(self.ids)[:5000], n=1)
        return f"; did you mean {close[0]!r}?" if close else f"; ids look like {next(iter(self.ids), '')!r}"

    def _unknown(self, doc_id: str, sentence: str) -> str:
        start = repr(sentence if len(sentence) <= 60 else sentence[:57] + "...")
        squeezed = _squeezed(sentence)
        for document, text in self.sentences:
            if text == sentence:
                return f"gold has the sentence {start} in document {document!r}, not in {doc_id!r}"
            if _squeezed(text) == squeezed:
                return f"gold has the sentence {start} with other spacing; keep the sentence as it stands in gold"
        return f"gold has no sentence {start} in document {doc_id!r}; is this the right split?"

    @staticmethod
    def _end_in(prompt: str, sentence: str, place: int) -> tuple[int, int, int]:
        return prompt.rfind(sentence) + len(sentence), len(sentence), -place

    def _in_prompt(self, prompt: str, where: str) -> int:
        """The gold sentence that ends last in the prompt (examples stand before it), the longest of those."""
        found = max(
            (place for place, example in enumerate(self.gold) if example.sentence and example.sentence in prompt),
            key=lambda place: self._end_in(prompt, self.gold[place].sentence, place),
            default=None,
        )
        if found is None:
            raise InputError(f"{where}: no gold sentence stands in the prompt; log sciie/id, or check the split")
        if self.is_repeated(self.gold[found]):
            raise InputError(
                f"{where}: the sentence in the prompt stands in gold more than once "
                f"(first as {self.gold[found].id!r}), so the prompt does not tell which one it is; log sciie/id"
            )
        return found


def _squeezed(text: str) -> str:
    return "".join(text.split())
