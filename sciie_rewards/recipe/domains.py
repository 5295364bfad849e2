"""What GRPO is trained on: the training split, or several domains, each asked and judged by its own card."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sciie_eval.cards import Card
from sciie_eval.exceptions import InputError
from sciie_eval.schema import Example
from sciie_rewards.composite import R2Reward
from sciie_rewards.recipe.data import domain_sentences
from sciie_rewards.recipe.rows import grpo_rows
from sciie_rewards.recipe.sections import Grpo
from sciie_rewards.recipe.stage import Stage

__all__ = ["ByDomain", "DomainData", "domains_of", "reward_for", "rewards_of", "selected"]

Reward = Callable[..., list[float | None]]


@dataclass(frozen=True)
class DomainData:
    """Sentences with the card that they are asked and judged by.

    Attributes:
        name: of the domain; empty where the run has none, and this is its training split.
        card: labels and prompts.
        examples: the sentences.
    """

    name: str
    card: Card
    examples: Sequence[Example]

    def rows(self, prompts: Any) -> list[dict[str, Any]]:
        """Rows of GRPO (`rows.grpo_rows`), with a column ``domain`` where the run has domains.

        Args:
            prompts: style of the prompts.
        """
        more = {"domain": self.name} if self.name else {}
        return [{**row, **more} for row in grpo_rows(self.card, self.examples, prompts)]


def domains_of(stage: Stage, settings: Grpo) -> list[DomainData]:
    """The domains that a system is trained on by GRPO, in the order of the settings.

    Raises:
        InputError: no such card, split or file, or what is wrong with the file.
        CorpusError: files are absent or altered.
    """
    data = stage.recipe.data
    if settings.domains is None:
        return [DomainData("", stage.card, stage.examples[data.train])]
    return [
        DomainData(name, *domain_sentences(domain, data, stage.card, stage.examples))
        for name, domain in settings.domains.items()
    ]


def reward_for(settings: Grpo, card: Card) -> R2Reward:
    """The reward of the settings, for the labels of a card unless they name others."""
    return R2Reward.from_settings({"schema": card.schema, **settings.reward})


def rewards_of(domains: Sequence[DomainData], settings: Grpo) -> tuple[list[Reward], list[float]]:
    """The reward functions of a trainer, one a component, and their weights.

    Raises:
        InputError: gold that the reward cannot read; found here, and not in the middle of training.
    """
    rewards = {domain.name: reward_for(settings, domain.card) for domain in domains}
    for domain in domains:
        for example in domain.examples:
            rewards[domain.name].score_one("", example)
    first = next(iter(rewards.values()))
    if settings.domains is None:
        return [*first.components()], list(first.weights.values())
    parts = zip(*(reward.components() for reward in rewards.values()), strict=True)
    return [ByDomain(dict(zip(rewards, part, strict=True))) for part in parts], list(first.weights.values())


class ByDomain:
    """A reward that has every completion judged by the reward of its row's domain.

    Figures are logged domain by domain, as ``<name>/<domain>``.

    Args:
        rewards: of every domain; all have one name.

    >>> by = ByDomain({"a": lambda completions, **columns: [1.0] * len(completions),
    ...                "b": lambda completions, **columns: [float(k) for k in columns["k"]]})
    >>> by(["x", "y", "z"], domain=["b", "a", "b"], k=[5, 6, 7])
    [5.0, 1.0, 7.0]
    """

    def __init__(self, rewards: Mapping[str, Reward]) -> None:
        self._rewards = dict(rewards)
        self.__name__ = str(getattr(next(iter(self._rewards.values())), "__name__", "reward"))

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        domain: Sequence[str],
        log_extra: Callable[[str, list[Any]], None] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Score a batch; arguments as trainers of TRL's family give them.

        Args:
            completions: what was said.
            prompts: what they answer.
            completion_ids: not used.
            domain: the column of that name.
            log_extra: TRL's.
            log_metric: TRL's.
            columns: the other columns of the data set.
        """
        del completion_ids
        number = len(completions)
        found: list[float | None] = [None] * number
        extra: dict[str, list[Any]] = {}
        for name in dict.fromkeys(domain):
            places = [place for place in range(number) if domain[place] == name]
            here = _Logs(name, places, number, extra, log_metric)
            values = self._rewards[name](
                completions=_at(completions, places),
                prompts=None if prompts is None else _at(prompts, places),
                log_extra=None if log_extra is None else here.add,
                log_metric=None if log_metric is None else here.mean,
                **{column: _at(values, places, number) for column, values in columns.items()},
            )
            for place, value in zip(places, values, strict=True):
                found[place] = value
        if log_extra is not None:
            for column, values in extra.items():
                log_extra(column, values)
        return found


@dataclass(frozen=True)
class _Logs:
    """TRL's two ways to log, for the completions of one domain."""

    name: str
    places: Sequence[int]
    number: int
    extra: dict[str, list[Any]]
    log_metric: Callable[[str, float], None] | None

    def add(self, column: str, values: Sequence[Any]) -> None:
        """Put values where their completions stand in the batch."""
        whole = self.extra.setdefault(column, [""] * self.number)
        for place, value in zip(self.places, values, strict=True):
            whole[place] = value

    def mean(self, column: str, value: float) -> None:
        """Log a figure of this domain."""
        if self.log_metric is not None:
            self.log_metric(f"{column}/{self.name}", value)


def _at(values: Any, places: Sequence[int], number: int | None = None) -> Any:
    """The values at some places; what is no column of the batch stays what it is."""
    if number is not None and not (isinstance(values, list | tuple) and len(values) == number):
        return values
    return [values[place] for place in places]


def selected(stage: Stage, domains: Sequence[DomainData]) -> list[DomainData]:
    """The domains with the selected prompts alone, in the order of the selection.

    Raises:
        InputError: prompts are not selected yet, or one is not there any more.
    """
    path = stage.folder / "selected.jsonl"
    if not path.exists():
        raise InputError(f"{path}: prompts are not selected yet; run the stage select of {stage.system.name} first")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = []
    for domain in domains:
        known = {example.id: example for example in domain.examples}
        names = [row["id"] for row in rows if row.get("domain", "") == domain.name]
        if absent := [name for name in names if name not in known]:
            where = domain.name or stage.recipe.data.train
            raise InputError(f"{path}: {len(absent)} ids are not in {where}, the first is {absent[0]!r}")
        found.append(DomainData(domain.name, domain.card, [known[name] for name in names]))
    return found
