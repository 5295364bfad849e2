"""Rewards for reinforcement learning, made of the evaluator's own scores.

The package is reserved for the R² reward and its trainer adapters; it has no public names yet.
"""

__all__: list[str] = []
