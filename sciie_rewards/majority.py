"""`MajorityVote`: training without gold, on what most completions of a prompt agree about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sciie_eval.cards import load_schema
from sciie_eval.consensus import Ballot
from sciie_eval.counting import counts_of
from sciie_eval.exceptions import InputError, UsageError, brief
from sciie_eval.labels import LabelSchema
from sciie_eval.matching import Pairer
from sciie_eval.parsing import message_text, parse_completion
from sciie_eval.passk import threshold_count
from sciie_eval.rules import MatchRule, Normalization, Task
from sciie_eval.sides import Item, Side, sides
from sciie_rewards.columns import listed_completions
from sciie_rewards.composite import LogMetric
from sciie_rewards.trainers.trl_call import group_size, prompt_keys

__all__ = ["MajorityVote", "Vote", "majority_vote"]

TASKS: tuple[Task, ...] = ("ner", "rel")
VOTERS = 2
"""Well-formed answers that a vote needs: one alone would agree with itself whatever it says."""


class Vote(NamedTuple):
    """What the completions of one prompt agree about.

    Attributes:
        scores: the reward of each, in [0, 1].
        items: by task (ner, rel), the pseudo-gold: empty where enough answers are silent, None where none agree.
        voters: how many answers were well-formed.
    """

    scores: list[float]
    items: dict[Task, set[Item] | None]
    voters: int


class MajorityVote:
    """Rewards agreement with the majority of a prompt's own completions; gold is not looked at.

    Formula: mean over ner and rel of the sentence F1 against the pseudo-gold, the items that at least θ of the
    well-formed answers have (voted one by one after normalisation, as `sciie_eval`'s Consensus@K keeps items). Answers
    that are not well-formed (parse status no_answer or invalid) neither vote nor earn; those that break off do both,
    with what is complete. Range: [0, 1]. Source: MM-UPT (arXiv:2505.22453), which votes whole answers; items are voted
    here because two extractions are rarely equal. Stateless, thread-safe, picklable.

    Silence earns nothing by itself. A task with no item in the pseudo-gold is left out of the mean for an answer that
    is silent about it, too, as the R² reward does. It is left out for everybody where the answers name items without
    agreeing, for then the vote has not said that there are none. Where no task has pseudo-gold, or fewer than two
    answers are well-formed, all earn 0, so that the group teaches nothing.

    The whole group of a prompt must be in one call. How large it is, TRL's calls show; elsewhere ``num_generations``
    says it.

    Args:
        num_generations: completions of a prompt, from 2 on, for trainers whose calls do not show it.
        theta: share of the well-formed answers that an item needs, above 0 and at most 1.
        normalize: none, spacing or casefold: what is done to texts before they are compared.
        schema: the label inventory, its card's name or path.
        name: what trainers' logs call it.

    Raises:
        UsageError: a wrong setting; the message names it.

    >>> def said(*names):
    ...     items = ", ".join(f'["{name}", "Method"]' for name in names)
    ...     return f'<answer>{{"ner": [{items}], "rel": []}}</answer>'
    >>> group = [said("BERT"), said("BERT"), said("BERT", "an idea"), "no idea"]
    >>> [round(score, 2) for score in MajorityVote(num_generations=4)(group, ["Extract: x"] * 4)]
    [1.0, 1.0, 0.67, 0.0]
    """

    def __init__(
        self,
        *,
        num_generations: int | None = None,
        theta: float = 0.5,
        normalize: Normalization = "none",
        schema: LabelSchema | str | Path | None = None,
        name: str = "majority_vote",
    ) -> None:
        whole = isinstance(num_generations, int) and not isinstance(num_generations, bool)
        if num_generations is not None and not (whole and num_generations >= VOTERS):
            raise UsageError(f"num_generations: expected a whole number from {VOTERS} on, got {brief(num_generations)}")
        if isinstance(theta, bool) or not isinstance(theta, int | float) or not 0 < theta <= 1:
            raise UsageError(f"theta: expected a share above 0 and at most 1, got {brief(theta)}")
        self.num_generations, self.theta, self.__name__ = num_generations, theta, name
        self._rule = MatchRule(normalize=normalize)
        self._schema = load_schema(schema)
        self._pairers = {task: Pairer((self._rule,), task) for task in TASKS}

    def __repr__(self) -> str:
        shown = f"theta={self.theta:g}, normalize={self._rule.normalize!r}, schema={self._schema.name!r}"
        return f"MajorityVote(num_generations={self.num_generations}, {shown})"

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float]:
        """Score a batch of whole groups, in any order.

        Logs ``<name>/valid``, the share of well-formed answers; ``<name>/decided``, the share of groups with
        pseudo-gold; and ``<name>/items``, its mean size: where the last one falls, the policy falls silent.

        Raises:
            InputError: prompts are missing; the size of a group is unknown; or a group is not whole, because it is
                split over processes or batches. The message says which setting mends that.
        """
        del completion_ids, columns
        said = listed_completions(completions)
        groups = self._groups(prompt_keys(prompts, len(said), self.__name__), group_size(log_metric))
        votes = [self.vote([said[place] for place in group]) for group in groups]
        scores = [0.0] * len(said)
        for group, vote in zip(groups, votes, strict=True):
            for place, score in zip(group, vote.scores, strict=True):
                scores[place] = score
        if log_metric is not None and votes:
            sizes = [sum(len(items) for items in vote.items.values() if items) for vote in votes]
            log_metric(f"{self.__name__}/valid", sum(vote.voters for vote in votes) / len(said))
            log_metric(f"{self.__name__}/decided", sum(size > 0 for size in sizes) / len(sizes))
            log_metric(f"{self.__name__}/items", sum(sizes) / len(sizes))
        return scores

    def vote(self, completions: Sequence[object]) -> Vote:
        """Vote on the completions of one prompt: texts, messages or lists of messages.

        >>> MajorityVote().vote(['<answer>{"ner": []}</answer>'] * 4).scores
        [0.0, 0.0, 0.0, 0.0]
        """
        parsed = [parse_completion(message_text(completion), self._schema) for completion in completions]
        well_formed = [answer.status not in ("no_answer", "invalid") for answer in parsed]
        said = [sides(answer.items, self._rule, TASKS) for answer in parsed]
        voters = [one for one, counts in zip(said, well_formed, strict=True) if counts]
        items = {task: self._kept([one[task] for one in voters], task) for task in TASKS}
        if len(voters) < VOTERS or not any(items.values()):
            return Vote([0.0] * len(parsed), items, len(voters))
        golds = {task: Side(kept, [], []) for task, kept in items.items() if kept is not None}
        scores = [self._agreement(one, golds) if counts else 0.0 for one, counts in zip(said, well_formed, strict=True)]
        return Vote(scores, items, len(voters))

    def _kept(self, voters: Sequence[Side], task: Task) -> set[Item] | None:
        """The items that enough answers have; empty where enough have none; None where they do not agree."""
        if len(voters) < VOTERS:
            return None
        least = threshold_count(len(voters), self.theta)
        ballot = Ballot(Side(set(), [], []), self._rule, task, False, [(side, 1) for side in voters])
        named = set().union(*(side.keys for side in voters))  # a blank text is no item, however many write it
        kept = {item for item, votes in ballot.votes().items() if votes >= least and item in named}
        silent = sum(not side.n for side in voters)
        return kept if kept or silent >= least else None

    def _agreement(self, answer: dict[Task, Side], golds: dict[Task, Side]) -> float:
        """Mean sentence F1 of the tasks that were decided and have an item on either side; some gold has one."""
        counts = [counts_of(self._pairers[task].matches(gold, answer[task])[0]) for task, gold in golds.items()]
        values = [count.f1 for count in counts if count.f1 is not None]
        return sum(values) / len(values)

    def _groups(self, keys: Sequence[str], size: int | None) -> list[list[int]]:
        """The places of every group; a prompt that stands in the dataset twice has two."""
        size = size or self.num_generations
        if size is None:
            raise InputError(
                f"{self.__name__}: this call does not show how many completions a prompt has; "
                "give MajorityVote(num_generations=…), the trainer's own number"
            )
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, key in enumerate(keys):
            places[key].append(place)
        for group in places.values():
            if len(group) % size:
                raise InputError(
                    f"{self.__name__}: {len(group)} completions of the prompt of row {group[0]}, where a group has "
                    f"{size}: the group is split over processes or batches; make per_device_train_batch_size × "
                    "steps_per_generation a multiple of num_generations (in evaluation per_device_eval_batch_size of "
                    "num_generations_eval)"
                )
        return [group[first : first + size] for group in places.values() for first in range(0, len(group), size)]


majority_vote = MajorityVote()
"""The reward with its default settings, for SciER's labels."""
