"""How two items are compared: the tasks, the matchers, and the one object that holds every choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from sciie_eval.exceptions import UsageError

__all__ = [
    "MATCHERS",
    "NORMALIZATIONS",
    "TASKS",
    "Duplicates",
    "MatchRule",
    "Matcher",
    "Normalization",
    "Task",
    "one_of",
]

Task = Literal["ner", "rel", "rel+"]
Matcher = Literal["strict", "boundaries", "overlap", "fuzzy"]
Normalization = Literal["none", "spacing", "casefold"]
Duplicates = Literal["set", "multiset"]
TASKS: tuple[Task, ...] = get_args(Task)
MATCHERS: tuple[Matcher, ...] = get_args(Matcher)
NORMALIZATIONS: tuple[Normalization, ...] = get_args(Normalization)
THRESHOLDS: dict[Matcher, float] = {"overlap": 0.5, "fuzzy": 0.8}


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise a `UsageError` that names the setting unless its value is one of those allowed."""
    if value not in allowed:
        raise UsageError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")


@dataclass(frozen=True, slots=True)
class MatchRule:
    """How two items are equal (definitions: docs/metrics.md).

    Attributes:
        match: ``strict``, ``boundaries`` (ner ignores the type), ``overlap`` (token overlap) or ``fuzzy`` (edit ratio).
        threshold: least similarity in (0, 1] that makes a pair, for overlap and fuzzy; None for their defaults .5, .8.
        normalize: what is done to texts before they are compared.
        duplicates: ``set`` counts a repeated item of a sentence once, ``multiset`` every time.
        undirected: relation types that compare as unordered pairs.
        relaxed: tasks in which items may match that are not equal (derived).
        as_written: plain texts need no preparation: neither normalised nor numbered nor oriented (derived).

    Raises:
        UsageError: an unknown value, or a threshold where none applies or outside its range.

    >>> MatchRule(match="overlap").threshold
    0.5
    """

    match: Matcher = "strict"
    threshold: float | None = None
    normalize: Normalization = "none"
    duplicates: Duplicates = "set"
    undirected: frozenset[str] = field(default_factory=frozenset)
    relaxed: frozenset[Task] = field(init=False, repr=False, compare=False)
    as_written: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the values and fill in the default threshold."""
        one_of("match", self.match, MATCHERS)
        one_of("normalize", self.normalize, NORMALIZATIONS)
        one_of("duplicates", self.duplicates, get_args(Duplicates))
        relaxed = {"strict": (), "boundaries": ("ner",)}.get(self.match, TASKS)
        object.__setattr__(self, "relaxed", frozenset(relaxed))
        as_written = self.normalize == "none" and self.duplicates == "set" and not self.undirected
        object.__setattr__(self, "as_written", as_written)
        default = THRESHOLDS.get(self.match)
        if self.threshold is None:
            object.__setattr__(self, "threshold", default)
        elif default is None:
            raise UsageError(f"threshold: match={self.match} has none; it belongs to overlap and fuzzy")
        elif not 0 < self.threshold <= 1:
            raise UsageError(f"threshold: expected a number above 0 and at most 1, got {self.threshold}")
