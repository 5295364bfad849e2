"""All stages of a run, one after the other; what is done is not done again.

Launch: ``sciie-rewards run smoke.yaml``, or one stage by its own command.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.data import Sentences
from sciie_rewards.recipe.plan import Kind, Step, plan, wanted_systems
from sciie_rewards.recipe.rundir import RunDir
from sciie_rewards.recipe.stage import Stage

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["KINDS", "STAGES", "run_recipe"]

KINDS: tuple[Kind, ...] = ("nano", "select", "train", "generate")
"""All that a run does before its tables."""
StageFunction = Callable[..., None]


def _bundled(module: str, name: str) -> StageFunction:
    """A stage function, imported when it is called: most bring torch with them."""

    def call(*arguments: Any) -> None:
        getattr(importlib.import_module(f"sciie_rewards.recipe.{module}"), name)(*arguments)

    return call


STAGES: Mapping[str, StageFunction] = {
    "check": _bundled("preflight", "check"),
    "nano": _bundled("nano", "build"),
    "sft": _bundled("sft", "train"),
    "grpo": _bundled("grpo", "train"),
    "select": _bundled("select", "select"),
    "generate": _bundled("generate", "generate"),
    "dictionary": _bundled("lookup", "generate"),
}
"""What does each stage, and what looks at all of them before the first."""


def run_recipe(
    recipe: Recipe,
    console: Console,
    *,
    systems: Iterable[str] = (),
    kinds: Collection[Kind] = KINDS,
    stages: Mapping[str, StageFunction] = STAGES,
) -> Recipe:
    """Do the stages that are not done.

    Args:
        recipe: the settings.
        console: where it is said what happens.
        systems: their names; all by default.
        kinds: which stages; those that they need are done, too.
        stages: what does each of them; ``check`` may be left out.

    Returns:
        The settings, with the dictionary among the systems where it was asked for.

    Raises:
        InputError: the folder cannot be written, a setting has changed since a stage was begun, data are absent, or
            what a stage says of its model or machine.
        UsageError: no system of that name.
    """
    recipe, chosen = wanted_systems(recipe, systems)
    run_dir, sentences = RunDir(recipe.output_dir), Sentences(recipe.data, console)
    with run_dir.opened():
        steps = plan(recipe, sentences, chosen, kinds)
        states = [step.mark.is_done(step.name, step.settings) for step in steps]  # all, before anything is started
        if "check" in stages:
            stages["check"](recipe, [step for step, done in zip(steps, states, strict=True) if not done])
        run_dir.write_config(recipe)
        run_dir.write_manifest(recipe, sentences.described(), sys.argv[1:])
        worker = _Worker(recipe, sentences, console, stages)
        if not steps:
            worker.say("nothing to do: model.path is set, so there is no nano model to make", "yellow")
        for number, (step, done) in enumerate(zip(steps, states, strict=True), 1):
            place = f"[{number}/{len(steps)}] {step.name}"
            if done:
                worker.say(f"{place}: done before", "dim")
            else:
                worker.say(place, "bold")
                worker.do(step)
    return recipe


@dataclass(frozen=True)
class _Worker:
    """Does steps between their two marks."""

    recipe: Recipe
    sentences: Sentences
    console: Console
    stages: Mapping[str, StageFunction]

    def say(self, text: str, style: str) -> None:
        self.console.print(text, style=style, markup=False, highlight=False)

    def do(self, step: Step) -> None:
        step.mark.write(step.settings, done=False)
        began = time.monotonic()
        if step.system is None:
            train = self.sentences[self.recipe.data.train]
            self.stages["nano"](self.recipe, train, self.sentences.card, step.folder)
        elif step.kind == "generate":
            looked_up = step.system.stage == "dictionary"
            self.stages["dictionary" if looked_up else "generate"](self._stage(step), step.split)
        else:
            self.stages["select" if step.kind == "select" else step.system.stage](self._stage(step))
        step.mark.write(step.settings, done=True)
        self.say(f"done in {_duration(time.monotonic() - began)}", "dim")

    def _stage(self, step: Step) -> Stage:
        assert step.system is not None
        recipe = self.recipe
        if step.kind == "generate":  # one temperature at a time, so that adding one leaves the others as they are
            one = recipe.generate.model_copy(update={"temperatures": (step.temperature,)})
            recipe = recipe.model_copy(update={"generate": one})
        return Stage(
            recipe=recipe,
            system=step.system,
            folder=step.folder,
            start=step.start,
            examples=self.sentences,
            card=self.sentences.card,
            console=self.console,
        )


def _duration(seconds: float) -> str:
    """A time span for people, such as ``4 s`` or ``1 h 02 min``."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
