"""Settings of a reward: from Python, from files, and what is wrong with them."""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from sciie_eval.exceptions import InputError, MissingExtraError, UsageError
from sciie_rewards import R2Reward, RewardSettings, r2_components, r2_reward, r2_weights


def test_default_weights() -> None:
    assert r2_reward.weights == {"FORMAT": 0.1, "NER": 0.25, "REL": 0.4, "SPAN": 0.1, "RELEVANCE": 0.08, "RULE": 0.07}
    assert sum(r2_weights()) == pytest.approx(1)
    assert r2_components() is not r2_components()
    assert len({reward.__name__ for reward in [r2_reward, *r2_components()]}) == 7


def test_weights_are_scaled() -> None:
    assert R2Reward(weights={"rel": 0.8, "NER": 0.5, "format": 0, "SPAN": 0, "RELEVANCE": 0.0, "RULE": 0}).weights == {
        **dict.fromkeys(("FORMAT", "SPAN", "RELEVANCE", "RULE"), 0.0),
        "NER": pytest.approx(0.5 / 1.3),
        "REL": pytest.approx(0.8 / 1.3),
    }


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "profile": ({"profile": "best"}, r"^profile: expected 'robust' or 'released'; got 'best'$"),
    "no such setting": ({"wieghts": {}}, r"^wieghts: no such setting; did you mean weights\?"),
    "no such component": ({"weights": {"FROMAT": 1}}, r"weights: robust has no component FROMAT; it has FORMAT, NER"),
    "negative": ({"weights": {"NER": -1}}, r"^weights: NER: expected a number from 0 to 1,000,000, got -1"),
    "infinite": ({"weights": {"NER": float("inf")}}, r"^weights: NER: expected a number from 0"),
    "nan": ({"weights": {"NER": float("nan")}}, r"^weights: NER: expected a number from 0"),
    "no number": ({"weights": {"NER": "1"}}, r"^weights: NER: expected a number from 0 to 1,000,000, got '1'"),
    "a truth": ({"weights": {"NER": True}}, r"^weights: NER: expected a number from 0"),
    "beyond a float": ({"weights": {"NER": 10**400}}, r"^weights: NER: expected a number from 0 to 1,000,000"),
    "beyond a sum": ({"weights": {"NER": 1e308, "REL": 1e308}}, r"^weights: NER: expected a number from 0"),
    "twice": ({"weights": {"NER": 1, "ner": 2}}, r"^weights: expected every component once, got NER, ner"),
    "no name": ({1: 2}, r"^1: no such setting; expected one of profile, weights"),
    "no mapping": ({"weights": [1]}, r"^weights: expected a mapping from component to weight"),
    "all zero": ({"weights": dict.fromkeys(r2_reward.weights, 0)}, r"weights: at least one must be above 0"),
    "match": ({"match": "loose"}, r"^match: expected 'strict'"),
    "threshold without a matcher": ({"threshold": 0.5}, r"threshold: match=strict has none"),
    "threshold out of range": ({"match": "fuzzy", "threshold": 2}, r"threshold: expected a number above 0"),
    "normalize": ({"normalize": "lower"}, r"^normalize: expected 'none'"),
    "symmetric": ({"symmetric": True}, r"^symmetric: expected 'directed'"),
    "relations": ({"relations": "rel_plus"}, r"^relations: expected 'rel' or 'rel\+'"),
    "name": ({"name": "a b"}, r"^name: "),
    "schema": ({"schema": 7}, r"^schema: "),
    "unknown card": ({"schema": "nosuch"}, r"no dataset card is called 'nosuch'"),
}


def test_whatever_the_weights_nothing_earns_more_than_1() -> None:
    gold = {"sentence": "A B .", "ner": [["A", "Method"], ["B", "Task"]], "rel": [["A", "Used-For", "B"]]}
    answer = '{"ner": [["A", "Method"], ["B", "Task"]], "rel": [["A", "Used-For", "B"]]}'
    text = f'<think>"A" used for "B"</think><answer>{answer}</answer>'
    for relations in range(1, 200):  # of these weights about one in ten sums to 1 and a rounding
        assert R2Reward(weights={"REL": relations / 7, "SPAN": 0.3}).score_one(text, gold).score == 1


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_wrong_settings_fail_when_made_and_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises((UsageError, InputError), match=message) as caught:
        R2Reward.from_settings(settings)
    assert "\n" not in str(caught.value)


def test_settings_from_files(tmp_path: Path) -> None:
    toml = tmp_path / "reward.toml"
    toml.write_text('normalize = "spacing"\nschema = "scierc"\n[weights]\nREL = 1\n', encoding="utf-8")
    reward = R2Reward.from_settings(toml)
    assert reward.settings.label_schema.name == "scierc"
    assert reward.weights["REL"] == pytest.approx(1 / 1.6)
    yaml = tmp_path / "reward.yaml"
    yaml.write_text("normalize: spacing\nschema: scierc\nweights: {REL: 1}\n", encoding="utf-8")
    pytest.importorskip("yaml", reason="PyYAML comes with the extra train")
    assert R2Reward.from_settings(str(yaml)).settings == reward.settings
    assert R2Reward.from_settings(reward.settings).weights == reward.weights


def test_wrong_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"absent.toml: No such file or directory; check the path"):
        R2Reward.from_settings(tmp_path / "absent.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("x = \n", encoding="utf-8")
    with pytest.raises(InputError, match=r"bad.toml: cannot be read as settings: Invalid value"):
        R2Reward.from_settings(bad)
    yaml = tmp_path / "bad.yaml"
    yaml.write_text("[1, 2]", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "yaml", None)
        with pytest.raises(MissingExtraError, match=r"YAML needs the package pyyaml"):
            R2Reward.from_settings(yaml)
    pytest.importorskip("yaml", reason="PyYAML comes with the extra train")
    with pytest.raises(InputError, match=r"bad.yaml: expected a mapping of settings, got \[1, 2\]"):
        R2Reward.from_settings(yaml)
    yaml.write_text("a: [1", encoding="utf-8")
    with pytest.raises(InputError, match=r"bad.yaml: cannot be read as settings: "):
        R2Reward.from_settings(yaml)


def test_copies_are_equal_rewards() -> None:
    reward = R2Reward(weights={"REL": 1}, match="overlap", name="mine")
    for again in (copy.deepcopy(reward), pickle.loads(pickle.dumps(reward))):
        assert again.settings == reward.settings
        assert (again.__name__, again.weights) == ("mine", reward.weights)
    assert repr(reward) == "R2Reward(weights={'REL': 1.0}, match='overlap', name='mine', schema='scier')"
    part = reward.components()[2]
    assert pickle.loads(pickle.dumps(part)).__name__ == part.__name__ == "mine_rel"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        r2_reward.settings.match = "fuzzy"
    assert RewardSettings().component_weights() == r2_reward.weights
