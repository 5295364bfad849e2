"""Which domain the next prompts are from: the harder it is for the model now, the more often; none is ever left out.

Source: RuleReasoner (Reinforced Rule-based Reasoning via Domain-aware Dynamic Sampling). It samples a domain by
w = exp(v / τ) + ε with v = 1 − r̄, r̄ an exponential average of the domain's reward. Normalised, ε floors nothing: with v
in [0, 1] every exp(v / τ) is at least 1, and what a domain is left with depends on how many others there are and how
hard. Here ε is the share of all draws that is dealt out evenly, so that a domain of n has at least ε / n of them,
whatever the rewards. (A floor of ε itself could not be kept with more than 1 / ε domains.)
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

__all__ = ["DomainSampler", "domain_weights"]


def domain_weights(averages: Mapping[str, float | None], tau: float = 0.5, eps: float = 0.1) -> dict[str, float]:
    """The probability of every domain: p = ε / n + (1 − ε) · softmax((1 − r̄) / τ).

    Args:
        averages: average reward r̄ by domain; None where there is none yet, which stands for 0: what is not known is
            taken for hard, and so becomes known. At least one domain.
        tau: above 0, in units of the reward; the smaller, the more the hardest domain gets.
        eps: share of the draws that is dealt out evenly, in [0, 1]; 1 makes all domains equal.

    Returns:
        Probabilities in [ε / n, 1] of sum 1, by domain in the given order, on which they do not depend.

    >>> weights = domain_weights({"easy": 0.9, "hard": 0.2})
    >>> {name: round(weight, 3) for name, weight in weights.items()}
    {'easy': 0.228, 'hard': 0.772}
    >>> domain_weights({"easy": 1.0, "hard": 0.0}, tau=1e-3)["easy"]
    0.05
    """
    values = {name: 1.0 - (average or 0.0) for name, average in averages.items()}
    hardest = max(values.values())  # taken off, so that no power overflows
    powers = {name: math.exp((value - hardest) / tau) for name, value in values.items()}
    total = math.fsum(powers.values())
    return {name: eps / len(powers) + (1.0 - eps) * power / total for name, power in powers.items()}


class DomainSampler:
    """Row numbers of a data set, drawn by domain, in the repetition that GRPO trainers expect.

    An epoch has as many generation batches as TRL's `RepeatSampler` makes of the same rows. For each, ``batch_size``
    prompts are drawn: a domain by its weight at that time, and of it the next prompt; one comes again only when all
    others of its domain have come. A prompt stands ``mini_repeat_count`` times in a row, a batch is given out
    ``repeat_count`` times. With one domain and without shuffling the order is that of `RepeatSampler`.

    A draw depends on seed, number of the batch and the rewards observed before it, hence is the same on every process
    that observes the same rewards. Data loaders fetch ahead, so that weights act a batch or two later than they could.
    What was drawn in an epoch is kept: a trainer that goes on from a checkpoint skips through the epoch anew, and has
    to find in it what it found then.

    Args:
        domains: the domain of every row; at least one row.
        batch_size: prompts of a generation batch.
        mini_repeat_count: completions of a prompt.
        repeat_count: how often the trainer reads a batch.
        shuffle: whether a domain's prompts come in random order, another in every pass; else in that of the data set.
        seed: of all draws.
        alpha: weight of the newest rewards in the average, above 0 to 1.
        tau: as `domain_weights` has it.
        eps: likewise.

    >>> sampler = DomainSampler(["a", "a", "b", "b"], batch_size=2, mini_repeat_count=2, repeat_count=1, shuffle=False)
    >>> list(sampler)
    [2, 2, 0, 0, 1, 1, 3, 3]
    >>> sampler.observe(["a", "a", "b"], [1.0, 0.5, 0.0])
    >>> sampler.averages, {name: round(weight, 3) for name, weight in sampler.weights.items()}
    ({'a': 0.75, 'b': 0.0}, {'a': 0.214, 'b': 0.786})
    """

    def __init__(
        self,
        domains: Sequence[str],
        *,
        batch_size: int = 1,
        mini_repeat_count: int = 1,
        repeat_count: int = 1,
        shuffle: bool = True,
        seed: int = 0,
        alpha: float = 0.5,
        tau: float = 0.5,
        eps: float = 0.1,
    ) -> None:
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(domains):
            rows[name].append(row)
        self._rows = {name: rows[name] for name in sorted(rows)}  # no draw depends on the order of the domains
        self._batches = len(domains) // batch_size
        self._size, self._repeats = batch_size, (mini_repeat_count, repeat_count)
        self._shuffle, self._seed = shuffle, seed
        self._alpha, self._tau, self._eps = alpha, tau, eps
        self._averages: dict[str, float] = {}
        self._epoch = 0
        self._drawn: list[list[int]] = []
        self._taken: Counter[str] = Counter()
        self._passes: dict[str, tuple[int, list[int]]] = {}

    def __len__(self) -> int:
        """Row numbers of an epoch."""
        return self._batches * self._size * math.prod(self._repeats)

    def __iter__(self) -> Iterator[int]:
        """The row numbers of an epoch."""
        each, times = self._repeats
        for number in range(self._batches):
            batch = self._batch(number)
            for _ in range(times):
                for row in batch:
                    yield from (row for _ in range(each))

    def set_epoch(self, epoch: int) -> None:
        """Go on to another epoch, as trainers do before each; it has draws of its own."""
        if epoch != self._epoch:
            self._epoch, self._drawn = epoch, []

    @property
    def averages(self) -> dict[str, float | None]:
        """The exponential average of every domain's reward; None before the first."""
        return {name: self._averages.get(name) for name in self._rows}

    @property
    def weights(self) -> dict[str, float]:
        """The probability of every domain in the next draw (`domain_weights`)."""
        return domain_weights(self.averages, self._tau, self._eps)

    def observe(self, domains: Sequence[str], rewards: Sequence[float]) -> None:
        """Take in the rewards of a generation batch, those of all processes.

        r̄ becomes α · (the domain's mean reward in the batch) + (1 − α) · r̄; the first mean is taken as it is.

        Args:
            domains: of every completion.
            rewards: one each; NaN for a completion that no reward judged, which is left out.
        """
        earned: defaultdict[str, list[float]] = defaultdict(list)
        for name, reward in zip(domains, rewards, strict=True):
            if not math.isnan(reward):
                earned[name].append(reward)
        for name, some in earned.items():
            mean = math.fsum(some) / len(some)
            before = self._averages.get(name, mean)
            self._averages[name] = self._alpha * mean + (1.0 - self._alpha) * before

    def state_dict(self) -> dict[str, Any]:
        """All that later draws depend on beside the arguments, as JSON takes it."""
        return {
            "averages": dict(self._averages),
            "epoch": self._epoch,
            "drawn": [list(batch) for batch in self._drawn],
            "taken": dict(self._taken),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; the next epoch read is that of the state, from its first batch."""
        self._averages = {str(name): float(average) for name, average in state["averages"].items()}
        self._epoch = int(state["epoch"])
        self._drawn = [list(batch) for batch in state["drawn"]]
        self._taken = Counter(state["taken"])

    def _batch(self, number: int) -> list[int]:
        """A batch of this epoch by its number, drawn where it was not drawn before."""
        if number == len(self._drawn):
            rng = Random(f"{self._seed}/{self._epoch}/{number}")
            names = rng.choices(list(self._rows), list(self.weights.values()), k=self._size)
            self._drawn.append([self._next(name) for name in names])
        return self._drawn[number]

    def _next(self, name: str) -> int:
        """The next row of a domain."""
        rows = self._rows[name]
        turn, place = divmod(self._taken[name], len(rows))
        self._taken[name] += 1
        return self._order(name, turn)[place]

    def _order(self, name: str, turn: int) -> list[int]:
        """The rows of a domain in one pass over them."""
        if not self._shuffle:
            return self._rows[name]
        if name not in self._passes or self._passes[name][0] != turn:
            rows = list(self._rows[name])
            Random(f"{self._seed}/{name}/{turn}").shuffle(rows)
            self._passes[name] = (turn, rows)
        return self._passes[name][1]
