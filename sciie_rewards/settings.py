"""What a reward can be told, checked when it is made: a wrong setting fails there and is named."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import InputError, MissingExtraError, UsageError, brief, nearest
from sciie_eval.labels import LabelSchema
from sciie_eval.rules import Matcher, MatchRule, Normalization
from sciie_eval.settings import Symmetric

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["Profile", "RewardSettings", "read_mapping", "yaml_module"]

Profile = Literal["robust", "released"]

LARGEST = 1_000_000
"""Largest weight: only their shares matter."""


class RewardSettings(BaseModel):
    """The settings of `R2Reward`.

    Attributes:
        profile: ``robust``, or ``released`` for the four rewards of the public R2GRPO release.
        weights: by component, from 0 to `LARGEST`; those not named keep their default. Under ``robust`` they are scaled
            to sum 1, under ``released`` they are factors.
        label_schema: the label inventory, its card's name or path (given as ``schema``).
        match: how two texts are equal: strict, boundaries, overlap or fuzzy.
        threshold: least similarity of overlap (default .5) and fuzzy (default .8), in (0, 1].
        normalize: none, spacing or casefold; reasoning and quotes are read in the same spelling.
        symmetric: ``undirected`` compares the schema's symmetric relations as unordered pairs.
        relations: ``rel``, or ``rel+`` to ask also for the types of the arguments.
        name: what trainers' logs call the reward; two rewards in one run need two names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    profile: Profile = "robust"
    weights: dict[str, float] = Field(default_factory=dict)
    label_schema: LabelSchema = Field(default_factory=load_schema, alias="schema")
    match: Matcher = "strict"
    threshold: float | None = None
    normalize: Normalization = "none"
    symmetric: Symmetric = "directed"
    relations: Literal["rel", "rel+"] = "rel"
    name: str = Field(default="r2_reward", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    @field_validator("label_schema", mode="before")
    @classmethod
    def _schema_by_name(cls, value: object) -> object:
        return load_schema(value) if value is None or isinstance(value, str | Path) else value

    @field_validator("weights", mode="before")
    @classmethod
    def _weights_by_name(cls, value: object) -> object:
        """Names of components in any letter case, weights from 0 to `LARGEST`."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise ValueError("expected a mapping from component to weight")
        for name, weight in value.items():
            if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight <= LARGEST:
                raise ValueError(f"{name}: expected a number from 0 to {LARGEST:,}, got {brief(weight)}")
        weights = {str(name).upper(): float(weight) for name, weight in value.items()}
        if len(weights) < len(value):
            raise ValueError(f"expected every component once, got {', '.join(map(str, value))}")
        return weights

    @model_validator(mode="after")
    def _settings_go_together(self) -> RewardSettings:
        defaults = default_weights(self.profile)
        for name in self.weights:
            if name not in defaults:
                raise ValueError(f"weights: {self.profile} has no component {name}; it has {', '.join(defaults)}")
        if not any({**defaults, **self.weights}.values()):
            raise ValueError("weights: at least one must be above 0")
        _ = self.rule
        fixed = self.model_dump(exclude_defaults=True).keys() - {"profile", "weights", "label_schema", "name"}
        if self.profile == "released" and fixed:
            names = ", ".join(sorted(fixed))
            raise ValueError(f"{names}: profile released is what the release computes; leave {names} out")
        return self

    @property
    def rule(self) -> MatchRule:
        """The rule by which items compare."""
        schema = self.label_schema
        undirected = schema.symmetric_relations if self.symmetric == "undirected" else frozenset[str]()
        return MatchRule(self.match, self.threshold, self.normalize, "set", undirected)

    def component_weights(self) -> dict[str, float]:
        """The weight of every component; under ``robust`` they sum to 1."""
        weights = {**default_weights(self.profile), **self.weights}
        total = math.fsum(weights.values()) if self.profile == "robust" else 1.0
        return weights if total == 1.0 else {name: weight / total for name, weight in weights.items()}

    @classmethod
    def of(cls, **settings: Any) -> RewardSettings:
        """Settings from keyword arguments.

        Raises:
            UsageError: names the setting and what was expected.
        """
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            raise UsageError(_first(error.errors()[0])) from None


def default_weights(profile: Profile) -> dict[str, float]:
    """The components of a profile, in order, and their weights."""
    if profile == "released":
        from sciie_rewards.released import RELEASED

        return {name.upper(): 1.0 for name in RELEASED}
    from sciie_rewards.components import COMPONENTS

    return {component.name: component.weight for component in COMPONENTS}


def read_mapping(path: str | Path) -> dict[str, Any]:
    """Read settings from a .toml, .yaml or .yml file.

    Raises:
        InputError: the file cannot be read, or does not hold one mapping.
        MissingExtraError: a YAML file, and PyYAML is not installed.
    """
    decode = _yaml_decoder() if Path(path).suffix in (".yaml", ".yml") else tomllib.loads
    try:
        value = decode(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; check the path") from None
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as settings: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a mapping of settings, got {brief(value)}")
    return value


def yaml_module() -> Any:
    """PyYAML.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("YAML", "pyyaml", "train") from None
    return yaml


def _yaml_decoder() -> Callable[[str], object]:
    yaml = yaml_module()

    def decode(text: str) -> object:
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(error) from None

    return decode


def _first(error: ErrorDetails) -> str:
    """Which setting is wrong and what was expected, in one line."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in RewardSettings.model_fields.items()]
        return f"{field}: no such setting{nearest(field, known)}"
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return f"{field}: {message}; got {brief(error['input'], 80)}" if field else message
