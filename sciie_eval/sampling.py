"""What is asked of K samples: which K, which oracle, which share of votes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, get_args

from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.rules import one_of
from sciie_eval.settings import Compat

__all__ = ["Oracle", "Sampling", "powers_of_two"]

Oracle = Literal["per-task", "joint"]


@dataclass(frozen=True)
class Sampling:
    """How samples are drawn and chosen (definitions: docs/passk.md).

    Attributes:
        k: the numbers of samples to report, in rising order; None for the powers of two up to the fewest samples.
        oracle: ``per-task`` keeps the best sample of each task apart, ``joint`` one sample for all tasks.
        theta: share of the K samples in which consensus must find an item, above 0 and at most 1.

    Raises:
        UsageError: names the setting and what was expected.

    >>> Sampling((4, 1, 4)).k
    (1, 4)
    """

    k: tuple[int, ...] | None = None
    oracle: Oracle = "per-task"
    theta: float = 0.5

    def __post_init__(self) -> None:
        """Check every value; a single K becomes a tuple of one."""
        one_of("oracle", self.oracle, get_args(Oracle))
        if isinstance(self.theta, bool) or not isinstance(self.theta, Real) or not 0 < self.theta <= 1:
            raise UsageError(f"theta: expected a share above 0 and at most 1, got {self.theta!r}")
        if self.k is None:
            return
        given = self.k if isinstance(self.k, Iterable) and not isinstance(self.k, str) else (self.k,)
        ks = list(given)
        if not ks or not all(isinstance(k, Integral) and not isinstance(k, bool) and k >= 1 for k in ks):
            raise UsageError(f"k: expected whole numbers from 1 up, got {self.k!r}")
        object.__setattr__(self, "k", tuple(sorted({int(k) for k in ks})))

    def allowed(self, n: int, where: str) -> tuple[int, ...]:
        """The K to report of a sentence with ``n`` samples.

        Raises:
            InputError: a K is larger than that; ``where`` says whose samples they are.
        """
        if self.k is None:
            return powers_of_two(n)
        if self.k[-1] > n:
            samples = "1 sample" if n == 1 else f"{n} samples"
            raise InputError(f"{where}: K = {self.k[-1]} asks for more than its {samples}; give a smaller --k")
        return self.k

    def signature(self, ks: tuple[int, ...], n: str, compat: Compat | None, consensus: bool) -> str:
        """The fields that the signature has beyond those of a score.

        Args:
            ks: the K that were reported.
            n: how many samples a sentence has.
            compat: the evaluator that was imitated.
            consensus: whether there is a consensus to have a threshold.
        """
        fields = [f"k:{','.join(map(str, ks))}", f"n:{n}", f"oracle:{self.oracle}"]
        if consensus:
            fields.append(f"theta:{float(self.theta):.12g}")
        return "|".join([*fields, f"estimator:{'first-k' if compat else 'exact-subsets'}"])


def powers_of_two(n: int) -> tuple[int, ...]:
    """1, 2, 4, … up to ``n``.

    >>> powers_of_two(12)
    (1, 2, 4, 8)
    """
    return tuple(1 << power for power in range(n.bit_length()))
