"""Everything that reaches a number, checked in one place."""

from __future__ import annotations

from typing import Any

import pytest

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import UsageError
from sciie_eval.labels import LabelSchema
from sciie_eval.rules import TASKS
from sciie_eval.scoring import score
from sciie_eval.settings import Settings


def test_defaults() -> None:
    how = Settings()
    assert (how.tasks, how.match, how.threshold, how.normalize) == (TASKS, "strict", None, "none")
    assert (how.duplicates, how.symmetric, how.credit, how.parse) == ("set", "directed", "count", "lenient")
    assert (how.compat, how.ci, how.bootstrap, how.cluster, how.seed) == (None, 95.0, 1000, "sentence", 12345)
    assert how.schema is load_schema("scier")
    assert how.rule.undirected == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tasks", ("ner", "re")),
        ("tasks", "nerd"),
        ("tasks", ()),
        ("match", "lenient"),
        ("normalize", "lower"),
        ("duplicates", "list"),
        ("symmetric", True),
        ("credit", "half"),
        ("parse", "loose"),
        ("compat", "pure"),
        ("ci", 0),
        ("ci", 100),
        ("ci", float("nan")),
        ("bootstrap", 0),
        ("cluster", "document"),
        ("seed", -1),
        ("threshold", 0.5),
    ],
)
def test_wrong_settings_name_themselves(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: "):
        Settings(**{name: value})
    with pytest.raises(UsageError, match=rf"^{name}: "):
        score([], [], **{name: value})


@pytest.mark.parametrize("value", [0, 1.5, -1])
def test_threshold_outside_its_range(value: float) -> None:
    with pytest.raises(UsageError, match=r"^threshold: "):
        Settings(match="overlap", threshold=value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("match", "fuzzy"),
        ("normalize", "spacing"),
        ("duplicates", "multiset"),
        ("symmetric", "undirected"),
        ("credit", "partial"),
    ],
)
def test_compat_fixes_what_the_release_fixes(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=rf"^compat=r2grpo fixes {name}="):
        Settings(compat="r2grpo", **{name: value})


def test_compat_has_no_typed_relations() -> None:
    assert Settings(compat="r2grpo").scored_tasks == ("ner", "rel")
    assert Settings(compat="r2grpo", tasks=("rel+",)).scored_tasks == ()
    assert Settings().scored_tasks == TASKS


def test_tasks_are_put_in_order() -> None:
    assert Settings(tasks=("rel+", "ner", "rel+")).tasks == ("ner", "rel+")
    assert Settings(tasks="rel").tasks == ("rel",)  # type: ignore[arg-type]


def test_undirected_takes_the_symmetric_relations_of_the_schema() -> None:
    assert Settings(symmetric="undirected").rule.undirected == {"Compare-With", "Synonym-Of"}
    own = LabelSchema(name="own", relation_types=({"name": "R", "symmetric": True}, "S"))
    assert Settings(symmetric="undirected", schema=own).rule.undirected == {"R"}


def test_schema_by_name() -> None:
    assert Settings(schema="scierc").schema.name == "scierc"  # type: ignore[arg-type]
