"""Everything that reaches a number, checked once, in one object."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, get_args

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import UsageError
from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import ParseMode
from sciie_eval.rules import TASKS, Duplicates, Matcher, MatchRule, Normalization, Task, one_of

__all__ = ["Cluster", "Compat", "Credit", "Settings", "Symmetric"]

Symmetric = Literal["directed", "undirected"]
Credit = Literal["count", "partial"]
Cluster = Literal["sentence", "doc_id"]
Compat = Literal["r2grpo"]


@dataclass(frozen=True)
class Settings:
    """How to score (definitions: docs/metrics.md). The defaults are what string-based SciER work uses.

    Attributes:
        tasks: which of ner, rel, rel+.
        match: strict, boundaries, overlap or fuzzy.
        threshold: least similarity of overlap (default .5) and fuzzy (default .8), in (0, 1].
        normalize: none, spacing or casefold.
        duplicates: set or multiset.
        symmetric: ``undirected`` compares the schema's symmetric relations as unordered pairs.
        credit: ``partial`` counts a matched pair by its similarity.
        parse: ``strict`` reads only completions that are exactly of the asked shape.
        schema: the label inventory; a name or path of a card is looked up.
        compat: ``r2grpo`` reproduces that release's evaluator, which forgets predictions on sentences with F1 = 0.
        ci: confidence level in percent, from 1 up to below 100.
        bootstrap: number of resamples and of random swaps, at least 1.
        cluster: what is resampled: sentences, or documents by their ``doc_id``.
        seed: of the resampling.

    Raises:
        UsageError: names the setting and what was expected.
    """

    tasks: tuple[Task, ...] = TASKS
    match: Matcher = "strict"
    threshold: float | None = None
    normalize: Normalization = "none"
    duplicates: Duplicates = "set"
    symmetric: Symmetric = "directed"
    credit: Credit = "count"
    parse: ParseMode = "lenient"
    schema: LabelSchema = field(default_factory=load_schema)
    compat: Compat | None = None
    ci: float = 95.0
    bootstrap: int = 1000
    cluster: Cluster = "sentence"
    seed: int = 12345

    def __post_init__(self) -> None:
        """Check every value and how they go together."""
        if not isinstance(self.schema, LabelSchema | str | Path):
            raise UsageError(f"schema: expected a LabelSchema, or the name or path of a card, got {self.schema!r}")
        object.__setattr__(self, "schema", load_schema(self.schema))
        for name, kind in (("bootstrap", Integral), ("seed", Integral), ("ci", Real), ("threshold", Real | None)):
            value = getattr(self, name)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise UsageError(f"{name}: expected a number, got {value!r}")
        if not isinstance(self.tasks, str | tuple | list | set | frozenset):
            raise UsageError(f"tasks: expected some of {', '.join(TASKS)}, got {self.tasks!r}")
        tasks = (self.tasks,) if isinstance(self.tasks, str) else self.tasks
        names: dict[str, Task] = {"rel_plus": "rel+"}  # what the section and the attribute are called
        tasks = tuple(names.get(task, task) for task in tasks)
        for task in tasks:
            one_of("tasks", task, TASKS)
        if not tasks:
            raise UsageError(f"tasks: expected at least one of {', '.join(TASKS)}")
        object.__setattr__(self, "tasks", tuple(task for task in TASKS if task in tasks))
        one_of("symmetric", self.symmetric, get_args(Symmetric))
        one_of("credit", self.credit, get_args(Credit))
        one_of("parse", self.parse, get_args(ParseMode))
        one_of("cluster", self.cluster, get_args(Cluster))
        if not 1 <= self.ci < 100:
            raise UsageError(f"ci: expected a percentage from 1 up to below 100 (95 for 95 %), got {self.ci}")
        if self.bootstrap < 1:
            raise UsageError(f"bootstrap: expected at least 1 resample, got {self.bootstrap}")
        if self.seed < 0:
            raise UsageError(f"seed: expected a number from 0 up, got {self.seed}")
        self._check_compat()
        _ = self.rule

    def _check_compat(self) -> None:
        if self.compat is None:
            return
        one_of("compat", self.compat, get_args(Compat))
        for name in ("match", "normalize", "duplicates", "symmetric", "credit"):
            value = Settings.__dataclass_fields__[name].default
            if getattr(self, name) != value:
                raise UsageError(f"compat={self.compat} fixes {name}={value}; leave {name} out")

    @cached_property
    def rule(self) -> MatchRule:
        """The rule by which items compare."""
        undirected = self.schema.symmetric_relations if self.symmetric == "undirected" else frozenset[str]()
        return MatchRule(self.match, self.threshold, self.normalize, self.duplicates, undirected)

    @property
    def scored_tasks(self) -> tuple[Task, ...]:
        """The tasks that get numbers: the release that ``compat`` imitates has no rel+."""
        return tuple(task for task in self.tasks if task != "rel+") if self.compat else self.tasks

    @classmethod
    def of(cls, **settings: Any) -> Settings:
        """Settings from keyword arguments of a caller.

        Raises:
            UsageError: a name that is no setting.
        """
        known = cls.__dataclass_fields__
        for name in settings:
            one_of("setting", name, tuple(known))
        return cls(**settings)
