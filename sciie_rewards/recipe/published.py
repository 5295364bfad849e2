"""What the literature reports, each number with its source and grade (``benchmarks/published.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sciie_eval.exceptions import InputError

__all__ = ["FILE", "Published", "published_results"]

FILE = "published.toml"


@dataclass(frozen=True)
class Published:
    """A published result; F1 in percent, under ``ner``, ``rel``, ``rel+`` or the same after ``best@K``.

    Attributes:
        system: what it is called.
        source: where it stands.
        grade: how we know: ``repository``, ``figure`` or ``secondary``.
        drops_false_positives: whether its evaluator forgets predictions on sentences with F1 = 0: yes, perhaps or no.
        scier: its numbers on SciER's test split.
        ood: its numbers on the out-of-domain split.
        note: what else is to be known.
    """

    system: str
    source: str
    grade: str
    drops_false_positives: str
    scier: Mapping[str, float] = field(default_factory=dict)
    ood: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def on(self, split: str) -> Mapping[str, float]:
        """Its numbers on a split of SciER, by the card's name of it."""
        return {"test": self.scier, "test_ood": self.ood}.get(split, {})


def published_results() -> list[Published]:
    """All results of the file, in its order.

    Raises:
        InputError: the file is missing; the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_benchmarks", package.parent / "benchmarks"):  # of a wheel, of a checkout
        if (folder / FILE).is_file():
            found = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))["result"]
            return [Published(**row) for row in found]
    raise InputError(f"{package}: {FILE} is missing; reinstall: pip install --force-reinstall sciie-eval")
