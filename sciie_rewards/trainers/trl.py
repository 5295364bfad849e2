"""TRL: GRPO, RLOO and AsyncGRPO (and Unsloth), which call a reward with every column of the dataset.

``trl grpo --reward_funcs sciie_rewards.trainers.trl.r2_reward`` or ``GRPOTrainer(reward_funcs=[r2_reward])``. A row
without gold gets None, which TRL takes for "not applicable". Picklable for the spawned child of AsyncGRPO.
"""

from __future__ import annotations

from sciie_rewards.trainers.configured import configured

__all__ = ["r2_reward"]

r2_reward = configured()
"""The reward that ``SCIIE_REWARD_CONFIG`` chooses; TRL logs it under its ``__name__``."""
