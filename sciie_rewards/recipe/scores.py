"""The numbers of runs: every system's samples, scored by `sciie_eval` and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sciie_eval.curve_results import Curve, SampleScores
from sciie_eval.evaluate import Gold
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.exceptions import InputError
from sciie_eval.rules import TASKS, Task
from sciie_eval.sampling import Sampling
from sciie_eval.settings import Settings
from sciie_rewards.recipe.config import Recipe, load_recipe
from sciie_rewards.recipe.data import Sentences
from sciie_rewards.recipe.plan import DICTIONARY, Step, plan, wanted_systems

__all__ = ["MEASURES", "Measure", "RunScores", "Scored", "Value", "joined", "load_run", "score_run"]

Measure = tuple[str, Task]
MEASURES: tuple[Measure, ...] = (
    *(("avg", task) for task in TASKS),
    *(("best", task) for task in TASKS),
    *(("released", task) for task in TASKS if task != "rel+"),
    *(("released best", task) for task in TASKS if task != "rel+"),
)
"""What a system has on a split: ``avg`` is Avg@K, an estimate of the F1 of one sample; ``best`` is Best@K; ``released``
is the first sample under the evaluator of the R2GRPO release, and ``released best`` its Best@K of the first K."""


@dataclass(frozen=True)
class Value:
    """A ratio in [0, 1] (None where undefined) with the bounds of its interval, or of its range over runs."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Scored:
    """A system's samples of one split at one temperature.

    Attributes:
        system: its name.
        split: whose sentences.
        temperature: of the sampling.
        scores: by our definitions.
        released: by those of the evaluator of the R2GRPO release.
    """

    system: str
    split: str
    temperature: float
    scores: SampleScores
    released: SampleScores

    @property
    def key(self) -> tuple[str, str, float]:
        """What it is of: system, split and temperature."""
        return self.system, self.split, self.temperature

    def value(self, measure: Measure) -> Value:
        """One of `MEASURES`, with its interval over sentences."""
        name, task = measure
        curves = {"avg": self.scores.avg, "best": self.scores.best}.get(name, self.released.best)
        return _at(curves.get(task), 0 if name == "released" else -1)


@dataclass(frozen=True)
class RunScores:
    """All that was scored of a run.

    Attributes:
        recipe: its settings, ``output_dir`` where it was found.
        gold: what its gold is called, by split.
        scored: by system, split and temperature, in the order of the settings.
        absent: systems of which not all is generated.
    """

    recipe: Recipe
    gold: dict[str, str]
    scored: list[Scored]
    absent: list[str]

    @property
    def name(self) -> str:
        """Folder and seed."""
        return f"{self.recipe.output_dir.name} (seed {self.recipe.seed})"


def load_run(folder: Path) -> Recipe:
    """The settings of a run from its folder.

    Raises:
        InputError: it holds no run.
    """
    path = folder / "config.yaml"
    if not path.is_file():
        raise InputError(f"{folder}: no run (it has no config.yaml); give the output_dir of one")
    return load_recipe(path).model_copy(update={"output_dir": folder})


def score_run(recipe: Recipe, sentences: Sentences | None = None) -> RunScores:
    """Score all that a run has generated.

    Args:
        recipe: its settings.
        sentences: its sentences, when they are at hand.

    Raises:
        InputError: nothing is generated yet, or it was with other settings or data.
        CorpusError: sentences are absent or altered.
    """
    sentences = Sentences(recipe.data) if sentences is None else sentences
    asked = [DICTIONARY] if (recipe.output_dir / DICTIONARY).is_dir() else []  # also where the settings lack it
    recipe, _ = wanted_systems(recipe, asked)
    steps = [step for step in plan(recipe, sentences, recipe.systems, ["generate"]) if step.kind == "generate"]
    done = [step for step in steps if step.mark.is_done(step.name, step.settings)]
    if not done:
        raise InputError(f"{recipe.output_dir}: nothing is generated yet; run: sciie-rewards run CONFIG")
    gold = {split: Gold(sentences.name(split), sentences[split]) for split in recipe.data.tests}
    return RunScores(
        recipe=recipe,
        gold={split: source.name for split, source in gold.items()},
        scored=[_scored(step, recipe, gold[step.split], sentences) for step in done],
        absent=list(dict.fromkeys(step.folder.name for step in steps if step not in done)),
    )


def joined(runs: Sequence[RunScores], key: tuple[str, str, float], measure: Measure) -> Value:
    """A measure over runs: of one its value and interval, of several the mean and the range.

    Undefined where it is undefined in one of them: a mean over the others would hide that.
    """
    found = [one.value(measure) for run in runs for one in run.scored if one.key == key]
    if len(runs) == 1 and found:
        return found[0]
    values = [one.value for one in found if one.value is not None]
    if not values or len(values) < len(found):
        return Value(None)
    mean = math.fsum(values) / len(values)
    return Value(mean, min(values), max(values)) if len(values) > 1 else Value(mean)


def _scored(step: Step, recipe: Recipe, gold: Gold, sentences: Sentences) -> Scored:
    assert step.system is not None
    schema, bootstrap = sentences.card.schema, recipe.tables.bootstrap
    sampling = Sampling(tuple({1, recipe.tables.k}))
    ours, released = (
        evaluate_samples(step.mark.product, settings, sampling, gold)
        for settings in _views(schema=schema, bootstrap=bootstrap)
    )
    return Scored(step.system.name, step.split, step.temperature, ours, released)


def _views(**settings: object) -> Iterator[Settings]:
    yield Settings.of(**settings)
    yield Settings.of(**settings, compat="r2grpo")


def _at(curve: Curve | None, place: int) -> Value:
    if curve is None:
        return Value(None)
    return Value(curve.micro[place], *(curve.micro_ci[place] or (None, None)))
