"""NeMo-RL: an environment, since NeMo-RL has no hook for a function.

``register_env("sciie", "sciie_rewards.trainers.nemo_rl.R2Environment")``. Where NeMo-RL is installed, that is
a Ray actor; elsewhere it is the class itself. A row without gold is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from sciie_rewards.trainers.configured import configured, score_sample

__all__ = ["EnvironmentReturn", "R2Environment"]

configured()  # wrong settings end the run here, not in an actor


class EnvironmentReturn(NamedTuple):
    """What a step gives, field by field as NeMo-RL unpacks it."""

    observations: list[dict[str, str]]
    metadata: list[Any]
    next_stop_strings: list[None]
    rewards: Any
    terminateds: Any
    answers: list[str | None] | None = None


class _Environment:
    """One turn, then the reward.

    Args:
        cfg: the environment's configuration; ``reward_config`` in it is the path of settings.
    """

    def __init__(self, cfg: Mapping[str, Any] | None = None) -> None:
        self._reward = configured((cfg or {}).get("reward_config"))

    def step(self, message_log_batch: Sequence[Any], metadata: Sequence[Mapping[str, Any]]) -> EnvironmentReturn:
        """Score the last assistant message of every log; ``metadata[i]["ground_truth"]`` is its gold, a JSON string.

        Raises:
            InputError: no gold, or gold of another form.
        """
        import torch

        scores = [
            score_sample(self._reward, log, row.get("ground_truth"), where="ground_truth").score
            for log, row in zip(message_log_batch, metadata, strict=True)
        ]
        return EnvironmentReturn(
            observations=[{"role": "environment", "content": ""} for _ in scores],  # it would be trained on
            metadata=list(metadata),
            next_stop_strings=[None] * len(scores),
            rewards=torch.tensor(scores, dtype=torch.float32),  # NeMo-RL adds them to float32 in place
            terminateds=torch.ones(len(scores)),
        )

    def global_post_process_and_metrics(self, batch: Any) -> tuple[Any, dict[str, float]]:
        """The batch as it is, and the mean reward."""
        return batch, {"sciie/score": float(batch["rewards"].double().mean())}

    def shutdown(self) -> None:
        """Nothing to free."""


def _as_actor(environment: type[_Environment]) -> Any:
    try:
        version("nemo-rl")
    except PackageNotFoundError:
        return environment
    import ray

    return ray.remote(environment)


_Environment.__name__ = _Environment.__qualname__ = "R2Environment"
R2Environment: Any = _as_actor(_Environment)
