"""What a completion earned and why, from Python and on the command line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console
from toy import FIXTURES, written
from typer.testing import CliRunner

from sciie_eval.exceptions import UsageError
from sciie_rewards import R2Reward, r2_reward, released_rewards
from sciie_rewards.cli import app, main

SENTENCE = "BERT and a deep CNN are trained on Big Corpus ."
GOLD = {
    "id": "toy-7",
    "sentence": SENTENCE,
    "ner": [["BERT", "Method"], ["deep CNN", "Method"], ["Big Corpus", "Dataset"]],
    "rel": [["BERT", "Trained-With", "Big Corpus"], ["deep CNN", "Trained-With", "Big Corpus"]],
}
ANSWER = {
    "ner": [["BERT", "Method"], ["CNN", "Method"], ["Big Corpus", "Task"]],
    "rel": [["BERT", "Trained-With", "Big Corpus"], ["CNN", "Part-Of", "BERT"]],
}
TEXT = f'<think>"BERT" and "Big Corpus" \x1b[31m "made up"</think><answer>{json.dumps(ANSWER)}</answer>'


def test_an_explanation_adds_up() -> None:
    found = r2_reward.explain(TEXT, GOLD)
    assert sum(row["adds"] or 0 for row in found.components.values()) == pytest.approx(found.score)
    assert found.score == r2_reward.score_one(TEXT, GOLD).score
    assert found.entities == {
        "right": [["BERT", "Method"]],
        "near": [[["deep CNN", "Method"], ["CNN", "Method"], 0.5]],
        "wrong": [["Big Corpus", "Task"], ["CNN", "Method"]],
        "missed": [["Big Corpus", "Dataset"], ["deep CNN", "Method"]],
    }
    assert found.relations == {
        "right": [["BERT", "Trained-With", "Big Corpus"]],
        "wrong": [["CNN", "Part-Of", "BERT"]],
        "missed": [["deep CNN", "Trained-With", "Big Corpus"]],
    }
    (check,) = found.checks
    assert check["evidenced"].startswith('"BERT" and "Big Corpus"')
    assert check["named"] is None
    assert check["rule"] == {
        "arguments are entities": True,
        "types are allowed": True,  # Trained-With takes a task, too
        "no opposite direction": True,
        "named in a step": False,
    }
    assert found.quotes == {"found": ["BERT", "Big Corpus"], "fabricated": ["made up"]}
    assert json.loads(json.dumps(found.to_dict()))["issues"] == []


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("", GOLD),
        (TEXT[:-60], GOLD),
        ('<think>x</think><answer>{"ner": [], "rel": []}</answer>', {"sentence": "x", "ner": [], "rel": []}),
        ('<think>x</think><answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>', {**GOLD, "rel": []}),
        ('<think>x</think><answer>{"ner": [["on", "Method"]], "rel": []}</answer>', {**GOLD, "rel": []}),
    ],
    ids=["no answer", "cut off", "rightly empty", "vacuous", "nothing right"],
)
@pytest.mark.parametrize("match", ["strict", "fuzzy"])
def test_every_explanation_adds_up(text: str, gold: dict[str, object], match: str) -> None:
    found = R2Reward(match=match).explain(text, gold)  # type: ignore[arg-type]
    assert sum(row["adds"] or 0 for row in found.components.values()) == pytest.approx(found.score)
    assert f"reward {found.score:.4f}" in found.to_text()


def test_colour_only_where_a_person_looks() -> None:
    found = r2_reward.explain(TEXT, GOLD)
    plain = found.to_text()
    assert "\x1b" not in plain
    assert "\\x1b[31m" in plain  # what a model writes, a terminal does not obey
    assert "fabricated quote “made up”" in plain
    assert "near    CNN [Method] for deep CNN [Method], overlap 0.50" in plain
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    assert "\x1b[32m" in found.to_text(console)


# -- the profile of the release --------------------------------------------------------------------------------------


def test_the_profile_released_adds_the_releases_rewards() -> None:
    reward = R2Reward("released")
    names = ("NER", "REL", "REASONING", "FORMAT")
    assert reward.weights == dict.fromkeys(names, 1.0)
    values = [alone([TEXT], gold=[GOLD])[0] for alone in released_rewards()]
    assert reward.score_one(TEXT, GOLD) == (sum(values), dict(zip(names, values, strict=True)), "ok", ())
    assert R2Reward("released", weights={"rel": 0.5})([TEXT], gold=[GOLD]) == [sum(values) - values[1] / 2]
    found = reward.explain(TEXT, GOLD)
    assert found.components["REL"] == {"value": values[1], "weight": 1.0, "adds": values[1]}
    assert found.to_text().startswith(SENTENCE)
    with pytest.raises(UsageError, match="weights: released has no component SPAN"):
        R2Reward("released", weights={"SPAN": 1})
    with pytest.raises(UsageError, match="match, normalize: profile released is what the release computes"):
        R2Reward("released", match="fuzzy", normalize="spacing")


# -- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def preds(tmp_path: Path) -> Path:
    rows = [
        {"gold": GOLD, "sentence": SENTENCE, "completions": ["no idea", TEXT]},
        {"gold": GOLD, "prediction": ANSWER},
    ]
    return written(tmp_path / "preds.jsonl", rows)


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["explain", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_explain_for_people_and_for_programs(preds: Path, tmp_path: Path) -> None:
    assert "reward 0.0000   parse: no_answer" in run(preds, "--row", 0)
    value = json.loads(run(preds, "--row", 0, "--sample", 1, "--format", "json"))
    assert {"id": "preds-0", **r2_reward.explain(TEXT, GOLD).to_dict()} == value
    config = tmp_path / "reward.toml"
    config.write_text('schema = "scier"\nweights = { SPAN = 0 }\n', encoding="utf-8")
    other = json.loads(run(preds, "--row", 0, "--sample", 1, "--format", "json", "--config", config))
    assert other["components"]["SPAN"]["weight"] == 0
    trl = json.loads(run(FIXTURES / "trl_logged.jsonl", "--row", 1, "--schema", "scier", "--format", "json"))
    assert trl["status"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--row", "5"], 1, "no row 5; rows are counted from 0"),
        (["--row", "0", "--sample", "2"], 1, "row 0 has 2 samples; --sample counts from 0"),
        (["--row", "1"], 1, "line 2: expected a completion, got dict"),
        (["--row", "0", "--split", "test"], 2, "--split test needs --dataset"),
        (["--row", "0", "--config", "absent.toml"], 1, "absent.toml: No such file or directory"),
        (["--row", "-1"], 2, "--row"),
        ([], 2, "--row"),
    ],
)
def test_wrong_input_is_one_clear_line(
    preds: Path,
    arguments: list[str],
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["sciie-rewards", "explain", str(preds), *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (code, "")
    assert message in err


def test_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.stdout.startswith("sciie-rewards ")
