"""The sentences of a run, read when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciie_eval.cards import Card, data_root, load_card
from sciie_eval.corpus import load_split, read_gold
from sciie_eval.exceptions import InputError, nearest
from sciie_eval.schema import Example
from sciie_eval.signature import GoldHash
from sciie_eval.store import verify
from sciie_rewards.recipe.curriculum import evenly
from sciie_rewards.recipe.sections import Data, Domain

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["SAMPLE", "Sentences", "domain_sentences"]

SAMPLE = "sample"
"""What `Data.fallback` calls the bundled sample: 60 sentences of our own, enough to see that everything works."""


class Sentences(Mapping[str, list[Example]]):
    """The splits of a run by name, after `Data.limit`.

    Files of the user go before those of the card. Where files of the card are absent and there is a fallback, all
    splits are taken from that. The bundled sample has no splits: each split but the first gets a document of it, and
    the first (train) gets the rest.

    Args:
        data: which sentences.
        console: where it is said that the fallback is taken.

    Raises:
        InputError: no such card or split (when it is first asked for).
        CorpusError: files are absent or altered, and there is no fallback.
    """

    def __init__(self, data: Data, console: Console | None = None) -> None:
        self._data, self._console = data, console
        self._read: dict[str, list[Example]] = {}
        self._hashes: dict[str, str] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The splits in use, each once."""
        return tuple(dict.fromkeys((self._data.train, self._data.dev, *self._data.tests)))

    @cached_property
    def source(self) -> str:
        """Where the sentences are from: the card's name or path, or that of the fallback."""
        data = self._data
        if data.fallback is None:
            return data.card
        card = load_card(data.card)
        wanted = [name for name in self.names if name not in data.files]
        absent = [str(path.name) for _, path, status in verify(card, wanted) if status == "absent"]
        if not absent:
            return data.card
        if self._console is not None:
            text = f"note: {', '.join(absent)} of {data.card} not found: using the fallback, {data.fallback}"
            self._console.print(text, style="yellow", markup=False, highlight=False)
        return data.fallback

    @cached_property
    def card(self) -> Card:
        """The card of labels and prompts.

        Raises:
            InputError: no such card, or a limit or a file for a split that is not there.
        """
        card = load_card(self._data.card if self.source == SAMPLE else self.source)
        known = dict.fromkeys((*self.names, *card.splits))
        for setting, named in (("limit", self._data.limit), ("files", self._data.files)):
            if wrong := next((name for name in named if name not in known), None):
                raise InputError(f"data.{setting}.{wrong}: no such split{nearest(wrong, list(known))}")
        return card

    def __getitem__(self, split: str) -> list[Example]:
        if split not in self.names:
            raise KeyError(split)
        if split not in self._read:
            self._read[split] = evenly(self._found(split), self._data.limit.get(split))
        return self._read[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def name(self, split: str) -> str:
        """What signatures call the gold of a split, such as ``scier/test``, or a file of the user."""
        if self.source != SAMPLE and split in self._data.files:
            return Path(self._data.files[split]).name
        return f"{self.source if self.source == SAMPLE else self.card.name}/{split}"

    def gold_sha256(self, split: str) -> str:
        """Hash of the sentences and gold that are used of a split."""
        if split not in self._hashes:
            self._hashes[split] = GoldHash(self[split]).hexdigest()
        return self._hashes[split]

    def described(self) -> dict[str, Any]:
        """What a manifest says of the sentences that a run uses."""
        splits = {split: {"sentences": len(self[split]), "gold_sha256": self.gold_sha256(split)} for split in self}
        return {"card": self.card.name, "source": self.source, "splits": splits}

    def _found(self, split: str) -> list[Example]:
        """All sentences of a split."""
        if self.source == SAMPLE:
            return self._dealt(split)
        if split in self._data.files:
            return read_gold(self._data.files[split], self.card.schema)
        return load_split(self.card, split)

    def _dealt(self, split: str) -> list[Example]:
        """The split's documents of the sample, with ids that begin with its name."""
        found = read_gold(data_root() / "sample" / "gold.jsonl", self.card.schema)
        documents = list(dict.fromkeys(example.doc_id for example in found))
        place, others = self.names.index(split), len(self.names) - 1
        mine = documents[others:] if place == 0 else documents[place - 1 : place]
        chosen = [example for example in found if example.doc_id in mine]
        return [example.model_copy(update={"id": f"{split}-{row}"}) for row, example in enumerate(chosen)]


def domain_sentences(
    domain: Domain, data: Data, card: Card, examples: Mapping[str, list[Example]]
) -> tuple[Card, list[Example]]:
    """The card and the sentences of a domain: splits of the run as the run has them, all else as it is read.

    Args:
        domain: which sentences.
        data: those of the run.
        card: of the run.
        examples: the run's sentences by split.

    Raises:
        InputError: no such card, split or file, or what is wrong with the file.
        CorpusError: files are absent or altered.
    """
    split = domain.split or data.train
    if domain.card is None and domain.file is None and split in examples:
        return card, evenly(examples[split], domain.limit)
    own = card if domain.card is None else load_card(domain.card)
    found = load_split(own, split) if domain.file is None else read_gold(domain.file, own.schema)
    return own, evenly(found, domain.limit)
