"""How alike two argument texts are, from 0 to 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rapidfuzz.fuzz import ratio

from sciie_eval.rules import MatchRule

__all__ = [
    "TOKEN",
    "Similarity",
    "behind",
    "fuzzy_similarity",
    "looks_behind",
    "offset_overlap",
    "similarity",
    "token_overlap",
    "tokens",
]

TOKEN = re.compile(r"\w+|[^\w\s]")

Similarity = Callable[[Any, Any], float]


def tokens(text: str) -> list[str]:
    r"""Words and single punctuation marks: ``\w+|[^\w\s]``.

    >>> tokens("state-of-the-art")
    ['state', '-', 'of', '-', 'the', '-', 'art']
    """
    return TOKEN.findall(text)


class _TokenSets(dict[str, frozenset[Any]]):
    """The tokens of texts, each made when first asked for.

    The same texts come back with every completion for a sentence, so most are there already. Long ones are not kept,
    and when ``_MOST`` are kept all are dropped, so memory stays small whatever a model writes.
    """

    _MOST, _LONGEST = 1 << 14, 200

    def __missing__(self, text: str) -> frozenset[Any]:
        """A multiset as a set: the second "the" of a text is ("the", 1), so that set operations count repetitions."""
        words = tokens(text)
        found: frozenset[Any] = frozenset(words)
        if len(found) < len(words):
            seen: dict[str, int] = {}
            for word in words:
                seen[word] = seen.get(word, -1) + 1
            found |= {(word, number) for word, last in seen.items() for number in range(1, last + 1)}
        if len(text) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[text] = found
        return found


TOKENS_OF = _TokenSets()


def token_overlap(left: str, right: str) -> float:
    """Intersection over union of the token multisets of two texts; 0 when both have none.

    >>> token_overlap("neural network", "deep neural network")
    0.6666666666666666
    """
    one, two = TOKENS_OF[left], TOKENS_OF[right]
    if one.isdisjoint(two):
        return 0.0
    shared = len(one & two)
    return shared / (len(one) + len(two) - shared)


def offset_overlap(left: tuple[int, int], right: tuple[int, int]) -> float:
    """Intersection over union of two character ranges (start, end), end exclusive.

    >>> offset_overlap((0, 10), (5, 15))
    0.3333333333333333
    """
    shared = min(left[1], right[1]) - max(left[0], right[0])
    return shared / (max(left[1], right[1]) - min(left[0], right[0])) if shared > 0 else 0.0


def fuzzy_similarity(left: str, right: str) -> float:
    """Edit ratio of two texts: rapidfuzz ``fuzz.ratio`` / 100.

    >>> round(fuzzy_similarity("BERT", "BERTs"), 4)
    0.8889
    """
    return ratio(left, right) / 100


def similarity(rule: MatchRule, spans: bool = False) -> Similarity:
    """The function that compares a gold with a predicted text under a rule.

    Args:
        rule: which matcher; strict and boundaries give 1 for equal texts and 0 for others.
        spans: offsets stand in place of the texts. Overlap then compares these.
    """
    if rule.match == "overlap":
        return offset_overlap if spans else token_overlap
    return fuzzy_similarity if rule.match == "fuzzy" else _equal


def looks_behind(rule: MatchRule, spans: bool = False) -> bool:
    """Whether `similarity` needs what stands behind a normalised text or a pair of offsets (`sides.Side.texts`)."""
    return spans if rule.match == "fuzzy" else rule.match == "overlap" and not spans and rule.normalize != "none"


def behind(compare: Similarity, gold: Mapping[Any, str], predicted: Mapping[Any, str]) -> Similarity:
    """``compare`` on what stands behind its arguments; each side has its own spelling. Equal arguments give 1."""
    return lambda left, right: 1.0 if left == right else compare(gold[left], predicted[right])


def _equal(left: object, right: object) -> float:
    return float(left == right)
