"""What a stage of the recipe is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sciie_eval.cards import Card
from sciie_eval.schema import Example
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.sections import Grpo, Sft, System

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Stage"]

T = TypeVar("T", Sft, Grpo)


@dataclass(frozen=True)
class Stage:
    """A system of a recipe, at work in its folder.

    Attributes:
        recipe: the settings of the run.
        system: what is trained.
        folder: ``<output_dir>/<system.name>``; all that the stage writes goes under it.
        start: folder or hub name of the model to start from.
        examples: the sentences of each split, by its name, after `Data.limit`.
        card: dataset card that prompts are built from.
        console: where progress and remarks go (standard error).
    """

    recipe: Recipe
    system: System
    folder: Path
    start: str
    examples: Mapping[str, list[Example]]
    card: Card
    console: Console

    def settings(self, kind: type[T], name: str) -> T:
        """The settings that the system is trained with.

        Args:
            kind: `Sft` or `Grpo`.
            name: what people call that.

        Raises:
            TypeError: it is trained in another way.
        """
        settings = self.recipe.settings_of(self.system)
        if not isinstance(settings, kind):
            raise TypeError(f"{self.system.name} is not trained by {name}")
        return settings
