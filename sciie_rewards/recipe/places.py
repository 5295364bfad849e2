"""Where a text stands in a sentence, as whole words."""

from __future__ import annotations

from sciie_rewards.evidence import places_of

__all__ = ["Place", "between", "places"]

Place = tuple[int, int]
"""Character offsets (start, end), end exclusive."""


def places(sentence: str, text: str) -> list[Place]:
    """Every place where a text stands as whole words, as `sciie_rewards.evidence.places_of` has them, in order.

    >>> places("CNN , an RCNN , a CNN-based one", "CNN")
    [(0, 3), (18, 21)]
    """
    return list(places_of(sentence, text))


def between(sentence: str, one: str, other: str) -> str:
    """The words from one text to the other, both included, where they stand nearest; empty where one does not stand.

    Texts within each other are taken only where they do not stand apart.

    >>> between("BERT is old , but BERT solves NER .", "NER", "BERT")
    'BERT solves NER'
    """
    found = [
        (min(a[1], b[1]) > max(a[0], b[0]), max(a[1], b[1]) - min(a[0], b[0]), min(a[0], b[0]))
        for a in places(sentence, one)
        for b in places(sentence, other)
    ]
    if not found:
        return ""
    _, length, start = min(found)
    return sentence[start : start + length]
