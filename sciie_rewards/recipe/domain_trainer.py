"""TRL's `GRPOTrainer` with prompts drawn by domain; the one trainer of the recipe that is not TRL's own.

A subclass is needed since the rewards of a step decide what is drawn next: no argument of the trainer can say so. It
changes what TRL gives out in two places and leaves the rest to it: the sampler repeats what TRL's own would repeat, and
rewards are read after TRL has gathered them from all processes, so that all draw the same.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sciie_eval.exceptions import InputError
from sciie_eval.files import write_whole
from sciie_rewards.recipe.checkpoints import Callback
from sciie_rewards.recipe.domain_sampler import DomainSampler

__all__ = ["STATE", "DomainState", "domain_trainer"]

STATE = "domains.json"
"""The file of a checkpoint that holds what the sampler needs to go on."""


class DomainState(Callback):
    """Keeps the state of a trainer's `DomainSampler` in its checkpoints.

    Attributes:
        trainer: of `domain_trainer`; to be set once it is made.
    """

    trainer: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """Take up what the checkpoint holds where the trainer goes on from one.

        Raises:
            InputError: it holds no such state; it is that of another trainer.
        """
        del control, named
        if not state.global_step:
            return
        path = _state_path(args, state)
        if not path.exists():
            raise InputError(f"{path}: not there, so its draws are not known; start without this checkpoint")
        self.trainer.domains.load_state_dict(json.loads(path.read_text(encoding="utf-8")))

    def on_save(self, args: Any, state: Any, control: Any, **named: object) -> None:
        """Write the state into the checkpoint that was written."""
        del control, named
        if state.is_world_process_zero:
            write_whole(_state_path(args, state), [json.dumps(self.trainer.domains.state_dict()) + "\n"])


def _state_path(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}" / STATE


@cache
def domain_trainer() -> type[Any]:
    """The class; a function, since TRL is loaded only where it trains.

    Its arguments are those of `trl.GRPOTrainer` and ``weighting``, a mapping with alpha, tau and eps as
    `DomainSampler` has them. The training set has a column ``domain``. Logged are ``domains/<name>/weight`` and
    ``domains/<name>/reward`` (the average). It goes on from checkpoints in its own ``output_dir``; where TRL generates
    anew in the middle of a batch that it had used already (``steps_per_generation`` above
    ``gradient_accumulation_steps``, or several ``num_iterations``), these rewards are observed a second time.
    """
    from trl import GRPOTrainer

    class DomainTrainer(GRPOTrainer):  # type: ignore[misc]
        domains: DomainSampler

        def __init__(self, *args: Any, weighting: dict[str, float] | None = None, **named: Any) -> None:
            self._weighting, kept = weighting or {}, DomainState()
            # before the others: a checkpoint that one of them takes for whole holds the state
            super().__init__(*args, **{**named, "callbacks": [kept, *(named.get("callbacks") or [])]})
            kept.trainer = self

        def _get_train_sampler(self, dataset: Any = None) -> DomainSampler:
            theirs = super()._get_train_sampler(dataset)
            self.domains = DomainSampler(
                self.train_dataset["domain"],
                batch_size=theirs.batch_size,
                mini_repeat_count=theirs.mini_repeat_count,
                repeat_count=theirs.repeat_count,
                shuffle=theirs.shuffle,
                seed=theirs.seed,
                **self._weighting,
            )
            return self.domains

        def _calculate_rewards(self, inputs: Any, *args: Any, **named: Any) -> Any:
            found = super()._calculate_rewards(inputs, *args, **named)
            if self.model.training:
                self._observe([row["domain"] for row in inputs], found)
            return found

        def _observe(self, names: list[str], found: Any) -> None:
            """Rewards are of all processes, names of this one."""
            import torch

            known = list(self.domains.averages)
            numbers = self.accelerator.gather(torch.tensor([known.index(name) for name in names], device=found.device))
            totals = (found * self.reward_weights.to(found.device)).nansum(dim=1)
            totals[found.isnan().all(dim=1)] = torch.nan
            self.domains.observe([known[number] for number in numbers.tolist()], totals.tolist())

        def log(self, logs: dict[str, Any], *args: Any, **named: Any) -> None:
            """Add the weights as they are now."""
            if "loss" in logs:
                for name, weight in self.domains.weights.items():
                    logs[f"domains/{name}/weight"] = weight
                    logs[f"domains/{name}/reward"] = self.domains.averages[name]
            super().log(logs, *args, **named)

    return DomainTrainer
