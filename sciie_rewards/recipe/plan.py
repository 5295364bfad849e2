"""Which steps a run has, in which order, and what each of them depends on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sciie_eval.cards import Card
from sciie_eval.signature import GoldHash
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.data import Sentences, domain_sentences
from sciie_rewards.recipe.rundir import Mark, digest_of
from sciie_rewards.recipe.sections import Domain, Grpo, System

__all__ = ["BASE", "DICTIONARY", "Kind", "Step", "plan", "samples_path", "wanted_systems"]

Kind = Literal["nano", "select", "train", "generate"]
BASE = "base"
"""Folder of the nano model."""
DICTIONARY = "dictionary"
"""The baseline that every run knows, whether its settings list it or not."""
NEUTRAL = frozenset(
    {
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "gradient_checkpointing",
        "logging_steps",
        "save_steps",
        "save_total_limit",
    }
)
"""Arguments of trainers that may change while a stage is under way; the product of the first two may not."""


@dataclass(frozen=True)
class Step:
    """One thing to do, done once.

    Attributes:
        kind: which stage function does it.
        system: whose step it is; None for the nano model.
        folder: of the system, or of the nano model.
        settings: exactly what it depends on.
        mark: says whether it is done.
        start: folder or hub name of the model it begins with; empty where there is none.
        split: that is sampled, for ``generate``.
        temperature: likewise.
    """

    kind: Kind
    system: System | None
    folder: Path
    settings: Mapping[str, Any]
    mark: Mark
    start: str = ""
    split: str = ""
    temperature: float = 0.0

    @property
    def name(self) -> str:
        """What it is called on the screen and in messages."""
        if self.system is None:
            return "base: nano"
        what = f" {self.split}, temperature {self.temperature:g}" if self.kind == "generate" else ""
        return f"{self.system.name}: {self.kind}{what}"


def samples_path(folder: Path, split: str, temperature: float) -> Path:
    """Where the completions of a split are, in the folder of a system."""
    return folder / "generate" / f"{split}.t{temperature:g}.jsonl"


def wanted_systems(recipe: Recipe, names: Iterable[str]) -> tuple[Recipe, list[System]]:
    """The systems of these names, all by default; the dictionary is known even where the settings do not list it.

    Raises:
        UsageError: there is none of that name; the message holds the nearest.
    """
    asked = list(names)
    if DICTIONARY in asked and DICTIONARY not in [system.name for system in recipe.systems]:
        added = System(name=DICTIONARY, stage="dictionary")
        recipe = recipe.model_copy(update={"systems": (*recipe.systems, added)})
    chosen = [recipe.system(name).name for name in asked] or [system.name for system in recipe.systems]
    return recipe, [system for system in recipe.systems if system.name in chosen]


def plan(recipe: Recipe, sentences: Sentences, systems: Collection[System], kinds: Collection[Kind]) -> list[Step]:
    """The steps of these kinds of these systems and all that they need, in an order in which they can be done.

    Raises:
        CorpusError: sentences that a step depends on are absent or altered.
    """
    return _Plan(recipe, sentences).steps(systems, kinds)


class _Plan:
    def __init__(self, recipe: Recipe, sentences: Sentences) -> None:
        self._recipe, self._sentences = recipe, sentences
        self._read: dict[Domain, dict[str, str]] = {}

    def steps(self, systems: Collection[System], kinds: Collection[Kind]) -> list[Step]:
        names = [system.name for system in systems]
        needed: dict[str, Step] = {}
        trained = any(system.stage != "dictionary" for system in systems)
        if "nano" in kinds and trained and self._recipe.model.path is None:
            self._add(needed, self._base())
        for system in self._recipe.systems:
            if system.name not in names:
                continue
            if system.stage == "grpo" and "select" in kinds:
                self._need(needed, system, self._select)
            if system.stage != "dictionary" and "train" in kinds:
                self._need(needed, system, self._train)
            if "generate" in kinds:
                for split in self._recipe.data.tests:
                    for temperature in dict.fromkeys(self._recipe.generate.temperatures):
                        make = partial(self._generate, split=split, temperature=temperature)
                        self._need(needed, system, make)
        return list(needed.values())

    def _need(self, needed: dict[str, Step], system: System, make: Callable[[System], Step]) -> None:
        """Add a step behind those that it needs."""
        step = make(system)
        if step.kind == "generate" and system.stage != "dictionary":
            self._need(needed, system, self._train)
        elif step.kind == "train" and system.stage == "grpo":
            self._need(needed, system, self._select)
        elif step.kind in ("train", "select"):
            if system.start is not None:
                self._need(needed, self._recipe.system(system.start), self._train)
            elif self._recipe.model.path is None:
                self._add(needed, self._base())
        self._add(needed, step)

    def _add(self, needed: dict[str, Step], step: Step) -> None:
        needed.setdefault(step.name, step)

    # -- what each step depends on -----------------------------------------------------------------------------------

    def _base(self) -> Step:
        recipe, folder = self._recipe, self._recipe.output_dir / BASE
        settings = {
            "seed": recipe.seed,
            "nano": recipe.nano.model_dump(mode="json"),
            "model": {"prompts": recipe.model.prompts},
            "data": self._data(recipe.data.train),
        }
        mark = Mark(recipe.output_dir / f"{BASE}.json", folder / "config.json", (), folder)
        return Step("nano", None, folder, settings, mark)

    def _select(self, system: System) -> Step:
        recipe, folder = self._recipe, self._folder(system)
        section = self._section(system)
        settings = {
            "seed": recipe.seed,
            "grpo": {"select": section["select"], "reward": section["reward"]},
            "generate": self._sampling(),
            "data": self._domains(system) or self._data(recipe.data.train),
            "start": self._start_digest(system),
        }
        mark = Mark(folder / "select.json", folder / "selected.jsonl", (folder / "select",), folder)
        return Step("select", system, folder, settings, mark, self._start(system))

    def _train(self, system: System) -> Step:
        recipe, folder = self._recipe, self._folder(system)
        section = self._section(system)
        section["trainer"] = _deciding(section["trainer"])
        begun = {"start": self._start_digest(system)}
        if system.stage == "grpo":
            section.pop("select")
            begun["select"] = digest_of(self._select(system).settings)
        settings: dict[str, Any] = {
            "seed": recipe.seed,
            system.stage: section,
            "model": recipe.model.model_dump(mode="json"),
            "monitor": recipe.monitor.model_dump(mode="json"),
            "data": self._data(recipe.data.train),
            **begun,
        }
        if recipe.monitor.every:
            settings |= {"generate": self._sampling(), "data": self._data(recipe.data.train, recipe.data.dev)}
        if domains := self._domains(system):
            settings["data"] |= {"domains": domains}
        mark = Mark(folder / "train.json", folder / "model", (folder / "checkpoints", folder / "best"), folder)
        return Step("train", system, folder, settings, mark, self._start(system))

    def _generate(self, system: System, split: str, temperature: float) -> Step:
        recipe, folder = self._recipe, self._folder(system)
        settings: dict[str, Any] = {"generate": {"samples": recipe.generate.samples}, "data": self._data(split)}
        start = ""
        if system.stage == "dictionary":
            settings["data"] |= self._data(recipe.data.train)
        else:
            start = str(folder / "model")
            settings["seed"] = recipe.seed
            settings["generate"] |= {**self._sampling(), "temperature": temperature}
            settings["start"] = digest_of(self._train(system).settings)
        path = samples_path(folder, split, temperature)
        mark = Mark(path.with_suffix(".json"), path, (path.with_name(f"{path.name}.part"),), folder / "generate")
        return Step("generate", system, folder, settings, mark, start, split, temperature)

    def _sampling(self) -> dict[str, Any]:
        """How completions are made; how many at once is left out, since it may change without changing them."""
        generate, model = self._recipe.generate, self._recipe.model
        return {
            "engine": generate.engine,
            "temperature": generate.temperatures[0],
            "max_new_tokens": generate.max_new_tokens,
            "prompts": model.prompts,
        }

    def _section(self, system: System) -> dict[str, Any]:
        section = self._recipe.settings_of(system)
        assert section is not None
        found = section.model_dump(mode="json")
        if found.get("domains") is None:  # then it does not matter how they would be drawn
            found = {name: value for name, value in found.items() if name not in ("domains", "domain_weights")}
        return found

    def _folder(self, system: System) -> Path:
        return self._recipe.output_dir / system.name

    def _start(self, system: System) -> str:
        if system.start is not None:
            return str(self._recipe.output_dir / system.start / "model")
        return self._recipe.model.path or str(self._recipe.output_dir / BASE)

    def _start_digest(self, system: System) -> str:
        """The path of a model that was given, or what the start was made with."""
        if system.start is not None:
            return digest_of(self._train(self._recipe.system(system.start)).settings)
        return self._recipe.model.path or digest_of(self._base().settings)

    def _data(self, *splits: str) -> dict[str, Any]:
        """What prompts and gold are made of: the card, and the sentences."""
        return {
            "labels and notes": _labels(self._sentences.card),
            **{split: self._sentences.gold_sha256(split) for split in splits},
        }

    def _domains(self, system: System) -> dict[str, Any]:
        """The same of the system's domains; empty where it has none."""
        section = self._recipe.settings_of(system)
        domains = section.domains if isinstance(section, Grpo) else None
        return {name: self._domain(domain) for name, domain in (domains or {}).items()}

    def _domain(self, domain: Domain) -> dict[str, str]:
        if domain not in self._read:
            card, examples = domain_sentences(domain, self._recipe.data, self._sentences.card, self._sentences)
            found = {"labels and notes": _labels(card), "sentences": GoldHash(examples).hexdigest()}
            self._read[domain] = found
        return self._read[domain]


def _labels(card: Card) -> str:
    """What a prompt is made of beside the sentence."""
    return digest_of(card.model_dump(mode="json", by_alias=True, include={"label_schema", "notes"}))


def _deciding(trainer: Mapping[str, Any]) -> dict[str, Any]:
    """The trainer's arguments that reach its result: how much is logged, saved or held in memory may change."""
    size, times = trainer.get("per_device_train_batch_size", 8), trainer.get("gradient_accumulation_steps", 1)
    numbers = isinstance(size, int) and isinstance(times, int)  # what is none, the trainer refuses
    rows = size * times if numbers else [size, times]
    return {**{name: value for name, value in trainer.items() if name not in NEUTRAL}, "rows a step": rows}
