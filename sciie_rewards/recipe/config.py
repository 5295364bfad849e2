"""The settings of a run: a YAML file and overrides, checked whole before anything starts.

A run trains systems. A system is one stage of training (`sft` or `grpo`) from a start, which is the base model or
another system; so MimicSFT then R²GRPO are two systems of which the second starts from the first. What a system says
under `with` is laid over the section of its stage. Arguments under `trainer` are TRL's own, by TRL's names.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sciie_eval.exceptions import InputError, UsageError, brief
from sciie_rewards.settings import RewardSettings, read_mapping

__all__ = [
    "Augment",
    "Data",
    "Generate",
    "Grpo",
    "Lora",
    "Model",
    "Monitor",
    "Nano",
    "Phase",
    "Recipe",
    "Section",
    "Select",
    "Sft",
    "System",
    "Tables",
    "Task",
    "bundled_configs",
    "load_recipe",
]

Task = Literal["ner", "re", "re_plus", "end2end"]


class Section(BaseModel):
    """A part of the settings: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Section):
    """Which sentences.

    Attributes:
        card: dataset card, by name or path; prompts are built from it.
        train: split to train on.
        dev: split that is sampled during training, and by which the best checkpoint is chosen.
        tests: splits of the tables.
        limit: at most so many sentences of a split, evenly spaced over it; splits not named are taken whole.
        fallback: card to take where the files of ``card`` are absent; it is said when that happens.
    """

    card: str = "scier"
    train: str = "train"
    dev: str = "dev"
    tests: tuple[str, ...] = ("test", "test_ood")
    limit: dict[str, int] = Field(default_factory=dict)
    fallback: str | None = None


class Model(Section):
    """The base model.

    Attributes:
        path: folder or hub name of a causal language model with a chat template; None: the nano model of this run.
        dtype: precision of its weights in training.
        prompts: ``guideline`` holds the card's definitions and notes; ``short`` is a task word and the sentence, for
            models that learn the task from the training split alone.
    """

    path: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    prompts: Literal["guideline", "short"] = "guideline"


class Nano(Section):
    """The nano model: a byte-level BPE tokenizer and a small Qwen2 from scratch; sizes as transformers names them."""

    vocab_size: int = Field(default=6000, ge=400)
    hidden_size: int = Field(default=256, ge=8)
    intermediate_size: int = Field(default=1024, ge=8)
    num_hidden_layers: int = Field(default=6, ge=1)
    num_attention_heads: int = Field(default=4, ge=1)
    max_position_embeddings: int = Field(default=1024, ge=64)


class Lora(Section):
    """A LoRA adapter (PEFT), merged into the model when the stage ends."""

    r: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: str | tuple[str, ...] = "all-linear"


class Augment(Section):
    """Entities swapped consistently in sentence, entities and relations, anew in every epoch.

    Attributes:
        rows: share of the training rows that are changed, in [0, 1].
        entities: share of the entities of such a row that are swapped, in [0, 1].
    """

    rows: float = Field(default=0.8, ge=0, le=1)
    entities: float = Field(default=0.5, ge=0, le=1)


class Phase(Section):
    """A part of SFT: which task forms, and for how many epochs."""

    tasks: tuple[Task, ...] = Field(min_length=1)
    epochs: float = Field(default=1.0, gt=0)


class Sft(Section):
    """Supervised fine-tuning.

    Attributes:
        style: what stands between the reasoning tags: ``none`` (no reasoning: plain SFT), ``template`` (the method's
            constant plan) or ``grounded`` (the plan filled from gold).
        phases: one after the other; by default the partial tasks, then the whole.
        augment: None trains on the sentences as they are.
        lora: None trains all weights.
        trainer: arguments of `trl.SFTConfig`.
    """

    style: Literal["none", "template", "grounded"] = "grounded"
    phases: tuple[Phase, ...] = (Phase(tasks=("ner", "re", "re_plus")), Phase(tasks=("end2end",), epochs=2.0))
    augment: Augment | None = None
    lora: Lora | None = None
    trainer: dict[str, Any] = Field(default_factory=dict)


class Select(Section):
    """Prompts for GRPO, chosen by samples of the model that it starts from.

    Attributes:
        size: prompts to keep: those whose samples the reward separates, least average reward first; None: all prompts
            of the split, nothing is sampled.
        candidates: train prompts that are sampled, evenly spaced; None: all.
        samples: completions a prompt.
    """

    size: int | None = Field(default=1000, ge=1)
    candidates: int | None = Field(default=None, ge=1)
    samples: int = Field(default=8, ge=2)


class Grpo(Section):
    """Reinforcement learning with a reward of this package.

    Attributes:
        reward: settings of `sciie_rewards.R2Reward`.
        curriculum: prompts in ascending order of words + relations, which the trainer does not shuffle.
        max_prompt_length: tokens; longer prompts are reported before training starts, which they stop.
        select: which prompts.
        lora: None trains all weights.
        trainer: arguments of `trl.GRPOConfig`.
    """

    reward: dict[str, Any] = Field(default_factory=dict)
    curriculum: bool = True
    max_prompt_length: int = Field(default=2048, ge=1)
    select: Select = Select()
    lora: Lora | None = None
    trainer: dict[str, Any] = Field(default_factory=dict)

    @field_validator("reward")
    @classmethod
    def _reward_is_one(cls, value: dict[str, Any]) -> dict[str, Any]:
        RewardSettings.of(**value)
        return value


class Monitor(Section):
    """What is measured on dev prompts during training; the best checkpoint by the average relation F1 is kept.

    Attributes:
        every: steps of the trainer; 0: never.
        prompts: dev sentences, evenly spaced.
        samples: completions a sentence.
    """

    every: int = Field(default=50, ge=0)
    prompts: int = Field(default=64, ge=1)
    samples: int = Field(default=4, ge=1)


class Generate(Section):
    """Sampling for the tables, and for `Select` and `Monitor`.

    Attributes:
        samples: completions a sentence.
        temperatures: the first is that of the tables; the others make the curve of scores against temperature.
        max_new_tokens: length limit of a completion.
        batch_size: completions at once, without vLLM.
        engine: ``auto`` takes vLLM where it is installed.
    """

    samples: int = Field(default=5, ge=1)
    temperatures: tuple[float, ...] = Field(default=(0.9,), min_length=1)
    max_new_tokens: int = Field(default=1400, ge=1)
    batch_size: int = Field(default=64, ge=1)
    engine: Literal["auto", "vllm", "transformers"] = "auto"


class Tables(Section):
    """Tables and pictures.

    Attributes:
        k: K of Best@K and Avg@K; at most `Generate.samples`.
        bootstrap: replicates of the intervals.
        published: whether numbers from the literature stand beside ours.
    """

    k: int = Field(default=5, ge=1)
    bootstrap: int = Field(default=1000, ge=0)
    published: bool = True


class System(Section):
    """A row of the tables.

    Attributes:
        name: of its folder and row.
        stage: ``sft``, ``grpo``, or ``dictionary``: the baseline that looks entities up, which is not trained.
        start: system to start from; None: the base model.
        settings: laid over the section of its stage (given as ``with``).
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_+-]*$")
    stage: Literal["sft", "grpo", "dictionary"]
    start: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict, alias="with")


class Recipe(Section):
    """All settings of a run."""

    output_dir: Path
    seed: int = Field(default=1, ge=0)
    data: Data = Data()
    model: Model = Model()
    nano: Nano = Nano()
    sft: Sft = Sft()
    grpo: Grpo = Grpo()
    monitor: Monitor = Monitor()
    generate: Generate = Generate()
    tables: Tables = Tables()
    systems: tuple[System, ...] = (
        System(name="mimic", stage="sft"),
        System(name="mimic-r2grpo", stage="grpo", start="mimic"),
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        known: set[str] = set()
        for system in self.systems:
            if system.name in known or system.name in ("base", "tables"):
                raise ValueError(f"systems: the name {system.name} is taken; give each system its own")
            if system.start is not None and system.start not in known:
                before = ", ".join(known) or "none"
                raise ValueError(
                    f"systems: {system.name} starts from {system.start}, which is not before it ({before})"
                )
            known.add(system.name)
            self.settings_of(system)
        if self.tables.k > self.generate.samples:
            raise ValueError(f"tables.k: {self.tables.k} is more than generate.samples, {self.generate.samples}")
        return self

    def settings_of(self, system: System) -> Sft | Grpo | None:
        """The section of the system's stage with what the system says laid over it; None for the dictionary."""
        if system.stage == "dictionary":
            return None
        section: Sft | Grpo = self.sft if system.stage == "sft" else self.grpo
        merged = _laid_over(section.model_dump(mode="json"), system.settings)
        try:
            return type(section).model_validate(merged)
        except ValidationError as error:
            raise ValueError(f"systems: {system.name}: with: {_first(error, type(section))}") from None

    def system(self, name: str) -> System:
        """A system by its name.

        Raises:
            UsageError: there is none of that name; the message holds the nearest.
        """
        for system in self.systems:
            if system.name == name:
                return system
        raise UsageError(f"system {name!r}: no such system{_nearest(name, [known.name for known in self.systems])}")


def bundled_configs() -> dict[str, Path]:
    """The configurations that come with the package, by file name."""
    folder = Path(str(files("sciie_rewards") / "recipe" / "configs"))
    return {path.name: path for path in sorted(folder.glob("*.yaml"))}


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read the settings of a run.

    Args:
        path: a YAML (or TOML) file, or the name of a bundled one, such as ``smoke.yaml``.
        overrides: ``section.key=value``, values as in YAML; ``systems.NAME.key=value`` changes a system's ``with``.

    Raises:
        InputError: the file cannot be read, or a setting is wrong; names the setting and the nearest valid one.
        UsageError: an override is not of that form.
    """
    bundled = bundled_configs()
    if not Path(path).exists() and str(path) in bundled:
        path = bundled[str(path)]
    elif not Path(path).exists():
        raise InputError(f"{path}: no such file; configurations that come with the package: {', '.join(bundled)}")
    value = read_mapping(path)
    for override in overrides:
        _override(value, override)
    try:
        return Recipe.model_validate(value)
    except ValidationError as error:
        raise InputError(f"{path}: {_first(error, Recipe)}") from None


def _override(value: dict[str, Any], text: str) -> None:
    """Lay ``section.key=value`` over a mapping of settings."""
    import yaml

    name, equals, given = text.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts):
        raise UsageError(f"{text!r}: expected section.key=value, as in sft.trainer.learning_rate=1e-4")
    try:
        new = yaml.safe_load(given)
    except yaml.YAMLError:
        raise UsageError(f"{text!r}: the value is no YAML; put it in quotes") from None
    if isinstance(new, str):
        new = _number(new)
    if parts[0] == "systems" and len(parts) > 2:
        systems = value.get("systems", [])
        found = next((system for system in systems if system.get("name") == parts[1]), None)
        if found is None:
            names = [str(system.get("name")) for system in systems]
            raise UsageError(f"{text!r}: no system {parts[1]!r}{_nearest(parts[1], names)}")
        value, parts = found.setdefault("with", {}), parts[2:]
    for part in parts[:-1]:
        inner = value.get(part)
        if not isinstance(inner, dict):
            inner = value[part] = {}
        value = inner
    value[parts[-1]] = new


def _number(text: str) -> str | float:
    """YAML 1.1 takes 1e-4 for a string; people mean a number."""
    try:
        return float(text) if text[:1] in "+-.0123456789" and "e" in text.lower() else text
    except ValueError:
        return text


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two mappings as one, the second winning, mappings within them likewise."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _laid_over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _first(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong, in one line, with the nearest valid name where a name is."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    field = ".".join(place)
    if first["type"] == "extra_forbidden":
        return f"{field}: no such setting{_nearest(place[-1], _names_at(model, place[:-1]))}"
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return (
        f"{field}: {message}; got {brief(first['input'], 80)}" if field and first["type"] != "value_error" else message
    )


def _names_at(model: type[BaseModel], place: Iterable[str]) -> list[str]:
    """The settings that a section has."""
    current: Any = model
    for part in place:
        if isinstance(current, type) and issubclass(current, BaseModel) and part in current.model_fields:
            annotation = current.model_fields[part].annotation
            inner = [a for a in (annotation, *getattr(annotation, "__args__", ())) if isinstance(a, type)]
            current = next((a for a in inner if issubclass(a, BaseModel)), current)
    return [field.alias or name for name, field in current.model_fields.items()]


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; expected one of {', '.join(known)}"
