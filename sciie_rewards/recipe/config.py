"""The settings of a run: a YAML file and overrides, checked whole before anything starts.

A run trains systems. A system is one stage of training (`sft` or `grpo`) from a start, which is the base model or
another system; so MimicSFT then R²GRPO are two systems of which the second starts from the first. What a system says
under `with` is laid over the section of its stage. Arguments under `trainer` are TRL's own, by TRL's names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from sciie_eval.exceptions import InputError, UsageError, brief, nearest
from sciie_rewards.recipe.sections import (
    Data,
    Generate,
    Grpo,
    Model,
    Monitor,
    Nano,
    Section,
    Sft,
    System,
    Tables,
)
from sciie_rewards.settings import read_mapping, yaml_module

__all__ = ["Recipe", "bundled_configs", "load_recipe"]

_EXPONENT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+")


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
            if system.start is not None and self.system(system.start).stage == "dictionary":
                raise ValueError(f"systems: {system.name} starts from {system.start}, which has no model to train")
            if system.stage == "dictionary" and (system.start is not None or system.settings):
                raise ValueError(f"systems: {system.name} is not trained; leave out start and with")
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
        raise UsageError(f"system {name!r}: no such system{nearest(name, [known.name for known in self.systems])}")


def bundled_configs() -> dict[str, Path]:
    """The configurations that come with the package, by file name."""
    folder = Path(str(files("sciie_rewards") / "recipe" / "configs"))
    return {path.name: path for path in sorted(folder.glob("*.yaml"))}


def load_recipe(path: str | Path | None, overrides: Sequence[str] = ()) -> Recipe:
    """Read the settings of a run.

    Args:
        path: a YAML (or TOML) file, or the name of a bundled one, such as ``smoke.yaml``; None for the defaults, to
            which ``output_dir`` must be added.
        overrides: ``section.key=value``, values as in YAML; ``systems.NAME.key=value`` changes a system's ``with``.

    Raises:
        InputError: the file cannot be read, or a setting is wrong; names the setting and the nearest valid one.
        UsageError: an override is not of that form.
    """
    value = {} if path is None else _as_meant(read_mapping(_config_file(path)))
    for override in overrides:
        _override(value, override)
    try:
        return Recipe.model_validate(value)
    except ValidationError as error:
        raise InputError(f"{path or 'settings'}: {_first(error, Recipe)}") from None


def _config_file(path: str | Path) -> Path:
    """The file meant: a path, or the name of a configuration of this package."""
    bundled = bundled_configs()
    if Path(path).exists():
        return Path(path)
    if str(path) in bundled:
        return bundled[str(path)]
    raise InputError(f"{path}: no such file; configurations that come with the package: {', '.join(bundled)}")


def _override(value: dict[str, Any], text: str) -> None:
    """Lay ``section.key=value`` over a mapping of settings."""
    yaml = yaml_module()
    name, equals, given = text.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts):
        raise UsageError(f"{text!r}: expected section.key=value, as in sft.trainer.learning_rate=1e-4")
    try:
        new = yaml.safe_load(given)
    except yaml.YAMLError:
        raise UsageError(f"{text!r}: the value is no YAML; put it in quotes") from None
    new = _as_meant(new)
    if parts[0] == "systems" and len(parts) > 2:
        by_default = [system.model_dump(by_alias=True) for system in Recipe.model_fields["systems"].default]
        given_systems = value.setdefault("systems", by_default)
        systems = [one for one in given_systems if isinstance(one, dict)] if isinstance(given_systems, list) else []
        found = next((system for system in systems if system.get("name") == parts[1]), None)
        if found is None:
            names = [str(system.get("name")) for system in systems]
            raise UsageError(f"{text!r}: no system {parts[1]!r}{nearest(parts[1], names)}")
        value, parts = found, ["with", *parts[2:]]
    for part in parts[:-1]:
        inner = value.get(part)
        if not isinstance(inner, dict):
            inner = value[part] = {}
        value = inner
    value[parts[-1]] = new


def _as_meant(value: Any) -> Any:
    """YAML 1.1 takes 1e-4 for a string; people mean a number."""
    if isinstance(value, dict):
        return {name: _as_meant(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_meant(inner) for inner in value]
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


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
    if first["type"] == "missing":
        hint = "; add output_dir=DIR" if field == "output_dir" else ""
        return f"{field}: expected, but it is not there{hint}"
    if first["type"] == "extra_forbidden":
        return f"{field}: no such setting{nearest(place[-1], _names_at(model, place[:-1]))}"
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    if first["type"] == "value_error":
        return f"{field}: {message}" if field else message
    return f"{field}: {message}; got {brief(first['input'], 80)}"


def _names_at(model: type[BaseModel], place: Iterable[str]) -> list[str]:
    """The settings that a section has."""
    current: Any = model
    for part in place:
        if isinstance(current, type) and issubclass(current, BaseModel) and part in current.model_fields:
            annotation = current.model_fields[part].annotation
            inner = [a for a in (annotation, *getattr(annotation, "__args__", ())) if isinstance(a, type)]
            current = next((a for a in inner if issubclass(a, BaseModel)), current)
    return [field.alias or name for name, field in current.model_fields.items()]
