"""Which settings the reward of an adapter has, and where the run says so."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import environment

from sciie_eval.exceptions import InputError, UsageError
from sciie_rewards import r2_reward
from sciie_rewards.trainers.configured import VARIABLE, configured, score_sample, values_of

MODULES = ("areal", "ms_swift", "nemo_rl", "openrlhf", "slime", "trl", "verifiers", "verl")
SETTINGS = 'weights = { REL = 1, NER = 0, FORMAT = 0, SPAN = 0, RELEVANCE = 0, RULE = 0 }\nnormalize = "spacing"\n'
ROW = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"]], "rel": [["BERT", "Used-For", "NER"]]}
ANSWER = '<answer>{"ner": [], "rel": [["BERT", "Used-For", "NER"]]}</answer>'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "reward.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


def imported(code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(**changes))


def test_the_default_is_the_core_itself(caplog: pytest.LogCaptureFixture) -> None:
    assert configured() is r2_reward
    assert configured("") is r2_reward


def test_a_file_gives_settings_once_and_the_log_says_which(settings: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        reward = configured(str(settings))
    assert configured(str(settings)) is reward
    assert reward.score_one(ANSWER, ROW).score == 1.0
    (record,) = caplog.records
    assert record.message.startswith("sciie-rewards: r2_reward, profile robust, weights FORMAT 0, NER 0, REL 1, ")
    assert record.message.endswith(f"schema scier, match strict, normalize spacing, settings from {settings}")


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="check the path"):
        configured(str(tmp_path / "none.toml"))
    (tmp_path / "wrong.toml").write_text("weight = 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="weight: no such setting"):
        configured(str(tmp_path / "wrong.toml"))


@pytest.mark.parametrize("name", MODULES)
def test_adapters_read_the_variable_and_say_so_first(name: str, settings: Path) -> None:
    code = f"import sys, sciie_rewards.trainers.{name}; print(sorted({{'torch', 'ray', {name!r}}} & set(sys.modules)))"
    done = imported(code, **{VARIABLE: str(settings)})
    assert (done.returncode, done.stdout) == (0, "[]\n")  # without the trainer, and without importing what is there
    assert done.stderr.startswith("sciie-rewards: r2_reward, profile robust, weights FORMAT 0, NER 0, REL 1, ")
    assert done.stderr.endswith(f"settings from {settings}\n")


@pytest.mark.parametrize("name", MODULES)
def test_wrong_settings_end_a_run_when_it_loads_its_reward(name: str, tmp_path: Path) -> None:
    done = imported(f"import sciie_rewards.trainers.{name}", **{VARIABLE: str(tmp_path / "none.toml")})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("none.toml: No such file or directory; check the path")


def test_the_line_is_seen_whatever_the_logging_of_the_trainer() -> None:
    said = imported("import sciie_rewards.trainers.trl").stderr
    assert said.endswith(f"settings from the defaults ({VARIABLE} is not set)\n")
    code = "import logging; logging.basicConfig(format='mine %(message)s'); import sciie_rewards.trainers.trl"
    assert imported(code).stderr == f"mine {said}"


@pytest.mark.parametrize("gold", [None, ""])
def test_no_gold_is_an_error_that_says_where(gold: object) -> None:
    with pytest.raises(InputError, match=r"^label: no gold for this completion; expected the JSON string"):
        score_sample(r2_reward, ANSWER, gold, where="label")


def test_an_array_is_no_gold_and_the_error_is_one_line() -> None:
    for gold in (np.array([["a"], ["b"]]), np.array([])):
        with pytest.raises(InputError, match=r"^example: expected an Example, .* got array\([^\n]*$"):
            score_sample(r2_reward, ANSWER, gold, where="label")


def test_values_are_floats_under_the_same_keys() -> None:
    for completion in (ANSWER, "", "<answer>["):
        values = values_of(score_sample(r2_reward, completion, json.dumps(ROW), where="label"))
        assert list(values) == ["score", *(f"sciie/{name}" for name in r2_reward.weights)]
        assert {type(value) for value in values.values()} == {float}
