"""How alike two argument texts are, from 0 to 1."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from rapidfuzz.fuzz import ratio

from sciie_eval.rules import Matcher, MatchRule

__all__ = ["fuzzy_similarity", "offset_overlap", "similarity", "token_overlap", "tokens"]

_TOKEN = re.compile(r"\w+|[^\w\s]")

Similarity = Callable[[Any, Any], float]


def tokens(text: str) -> list[str]:
    r"""Words and single punctuation marks: ``\w+|[^\w\s]``.

    >>> tokens("state-of-the-art")
    ['state', '-', 'of', '-', 'the', '-', 'art']
    """
    return _TOKEN.findall(text)


def token_overlap(left: list[str], right: list[str]) -> float:
    """Intersection over union of two multisets of tokens; 0 when both are empty.

    >>> token_overlap(["neural", "network"], ["deep", "neural", "network"])
    0.6666666666666666
    """
    set_left, set_right = set(left), set(right)
    if set_left.isdisjoint(set_right):
        return 0.0
    if len(set_left) == len(left) and len(set_right) == len(right):
        shared = len(set_left & set_right)
    else:
        shared = sum((Counter(left) & Counter(right)).values())
    return shared / (len(left) + len(right) - shared)


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


def similarity(rule: MatchRule, spans: bool, gold: Mapping[Any, str], predicted: Mapping[Any, str]) -> Similarity:
    """The function that compares a gold with a predicted text, both normalised (or two pairs of offsets), under a rule.

    Args:
        rule: which matcher; strict and boundaries give 1 for equal texts and 0 for others.
        spans: the arguments are offsets, not texts.
        gold: what stands behind a gold argument, where its side says so (`sides.Side.texts`).
        predicted: what stands behind a predicted argument, likewise; both sides may spell one normalised text apart.
    """
    if spans and rule.match == "overlap":
        return offset_overlap
    compare = _BY_MATCHER[rule.match]
    if not gold and not predicted:
        return compare
    return lambda left, right: 1.0 if left == right else compare(gold.get(left, left), predicted.get(right, right))


def _equal(left: object, right: object) -> float:
    return float(left == right)


@lru_cache(maxsize=1 << 16)
def _text_overlap(left: str, right: str) -> float:
    """Token overlap of two texts; the same pairs come back with every completion for a sentence."""
    return 1.0 if left == right else token_overlap(tokens(left), tokens(right))


_BY_MATCHER: dict[Matcher, Similarity] = {
    "strict": _equal,
    "boundaries": _equal,
    "overlap": _text_overlap,
    "fuzzy": fuzzy_similarity,
}
