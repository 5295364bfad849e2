"""ms-swift: a class that is registered by name and called with the completions and the dataset's columns.

``--external_plugins`` takes the path of this file, ``--reward_funcs sciie_r2`` chooses it. A row without gold gets
None, which ms-swift takes for "not applicable".
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sciie_rewards.trainers.configured import configured

__all__ = ["NAME", "R2", "register"]

NAME = "sciie_r2"
"""What ``--reward_funcs`` calls it."""

_REWARD = configured()


class R2:
    """The reward as ms-swift builds and calls it.

    Args:
        args: ms-swift's; not looked at.
    """

    def __init__(self, args: object = None, **_ignored: Any) -> None:
        del args

    def __call__(self, completions: Sequence[object], **columns: Any) -> list[float | None]:
        """Score a batch; columns as `R2Reward.__call__` has them.

        Raises:
            InputError: a column is missing or has not the expected form.
        """
        _, scores = _REWARD.score_batch(completions, None, columns)
        return [None if score is None else score.score for score in scores]


def register() -> bool:
    """Enter the reward in ms-swift's table, where ms-swift is installed; says whether it is."""
    try:
        version("ms-swift")
    except PackageNotFoundError:
        return False
    from swift.rewards import orms

    orms[NAME] = R2
    return True


register()
