"""Where a text stands in a sentence, although models space it in their own way, and how much two texts share there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from sciie_eval.schema import Span
from sciie_eval.similarity import TOKEN, offset_overlap, token_overlap

__all__ = ["MOST_PLACES", "Places", "shared"]

MOST_PLACES = 20
"""Occurrences of one text that are looked at: more of them tell nobody more."""


class Places:
    """The places of texts in one sentence, each text sought once.

    Blanks are not compared. The first of these that finds anything decides: whole tokens as written, whole tokens in
    any letter case, any characters as written ("LSTM" in "LSTMs", but not "AI" in "training").

    Args:
        sentence: the sentence as it stands in the data; an empty one has no places.

    >>> Places("a state - of - the - art net").find("state-of-the-art")
    ((2, 24),)
    >>> Places("LSTMs and lstm").find("LSTM"), Places("training").find("AI")
    (((10, 14),), ())
    """

    __slots__ = ("_ends", "_found", "_index", "_low", "_squeezed", "_starts", "sentence")

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self._found: dict[str, tuple[Span, ...]] = {}
        self._index = [place for place, char in enumerate(sentence) if not char.isspace()]
        self._squeezed = "".join(sentence.split())
        self._low = _lower(self._squeezed)
        tokens = [match.span() for match in TOKEN.finditer(sentence)]
        self._starts, self._ends = {span[0] for span in tokens}, {span[1] for span in tokens}

    def find(self, text: str) -> tuple[Span, ...]:
        """Character offsets of the occurrences in their order, at most `MOST_PLACES`; none for a blank text."""
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = self._sought("".join(text.split()))
        return found

    def _sought(self, text: str) -> tuple[Span, ...]:
        if not text or not self._squeezed:
            return ()
        spellings = [text] if text.isascii() else list(dict.fromkeys(unicodedata.normalize(f, text) for f in _FORMS))
        for squeezed, whole in ((self._squeezed, True), (self._low, True), (self._squeezed, False)):
            for spelling in spellings:
                sought = _lower(spelling) if squeezed is self._low else spelling
                spans = (span for span in self._occurrences(sought, squeezed) if not whole or self._is_whole(span))
                if found := tuple(islice(spans, MOST_PLACES)):
                    return found
        return ()

    def _occurrences(self, sought: str, squeezed: str) -> Iterator[Span]:
        place = squeezed.find(sought)
        while place >= 0:
            yield self._index[place], self._index[place + len(sought) - 1] + 1
            place = squeezed.find(sought, place + 1)

    def _is_whole(self, span: Span) -> bool:
        return span[0] in self._starts and span[1] in self._ends


_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def _lower(text: str) -> str:
    """Lower case without a change of length."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def shared(left: tuple[Span, ...], right: tuple[Span, ...], texts: tuple[str, str]) -> float:
    """How much two texts overlap, from 0 to 1: intersection over union of characters where they overlap most.

    Args:
        left: places of the one.
        right: places of the other.
        texts: both texts, whose tokens are compared where one of them has no place.

    >>> shared(((0, 4), (8, 12)), ((10, 12),), ("", ""))
    0.5
    """
    if not left or not right:
        return token_overlap(*texts)
    return max([offset_overlap(one, two) for one in left for two in right])
