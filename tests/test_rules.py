"""The one object that says how two items compare."""

from __future__ import annotations

import pickle

import pytest

from sciie_eval.exceptions import UsageError
from sciie_eval.rules import MATCHERS, NORMALIZATIONS, TASKS, MatchRule, one_of


def test_names() -> None:
    assert TASKS == ("ner", "rel", "rel+")
    assert MATCHERS == ("strict", "boundaries", "overlap", "fuzzy")
    assert NORMALIZATIONS == ("none", "spacing", "casefold")


@pytest.mark.parametrize(
    ("match", "threshold"), [("strict", None), ("boundaries", None), ("overlap", 0.5), ("fuzzy", 0.8)]
)
def test_default_thresholds(match: str, threshold: float | None) -> None:
    assert MatchRule(match=match).threshold == threshold  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [0, -0.1, 1.001, float("nan")])
@pytest.mark.parametrize("match", ["overlap", "fuzzy"])
def test_threshold_outside_its_range(match: str, threshold: float) -> None:
    with pytest.raises(UsageError, match=r"^threshold: expected a number above 0 and at most 1"):
        MatchRule(match=match, threshold=threshold)  # type: ignore[arg-type]


@pytest.mark.parametrize("match", ["strict", "boundaries"])
def test_threshold_where_none_applies(match: str) -> None:
    with pytest.raises(UsageError, match=f"^threshold: match={match} has none"):
        MatchRule(match=match, threshold=0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["match", "normalize", "duplicates"])
def test_unknown_values(name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: expected one of .*, got 'nonsense'"):
        MatchRule(**{name: "nonsense"})  # type: ignore[arg-type]


def test_bounds_are_allowed() -> None:
    assert MatchRule(match="fuzzy", threshold=1).threshold == 1
    assert MatchRule(match="fuzzy", threshold=1e-9).threshold == 1e-9


def test_one_of_accepts_what_is_allowed() -> None:
    one_of("task", "ner", TASKS)
    with pytest.raises(UsageError, match="task: expected one of ner, rel, rel\\+, got None"):
        one_of("task", None, TASKS)


def test_rules_are_values() -> None:
    rule = MatchRule(match="overlap", undirected=frozenset({"Compare-With"}))
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert hash(rule) == hash(MatchRule(match="overlap", undirected=frozenset({"Compare-With"})))
