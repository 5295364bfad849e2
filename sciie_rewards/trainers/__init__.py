"""The R² reward in each trainer's own calling convention: one module a trainer, importable without that trainer.

Every module is a few lines around one `R2Reward`, which `sciie_rewards.trainers.configured` makes from the file that
the environment variable ``SCIIE_REWARD_CONFIG`` names. How to use each: docs/trainers.md.
"""

from __future__ import annotations

__all__: list[str] = []
