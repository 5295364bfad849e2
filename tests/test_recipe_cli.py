"""The recipe's commands as people type them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from recipe_light import LightStages, light_recipe, quiet, sample_only
from toy import ROOT
from typer.testing import CliRunner

from sciie_rewards import cli
from sciie_rewards.recipe import run as run_module
from sciie_rewards.recipe.config import load_recipe
from sciie_rewards.recipe.run import run_recipe
from sciie_rewards.recipe.rundir import as_mapping

COMMANDS = ["run", "nano", "sft", "select", "grpo", "generate", "tables"]


@pytest.fixture(autouse=True)
def no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_only(tmp_path, monkeypatch)


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> LightStages:
    light = LightStages()
    monkeypatch.setattr(
        run_module.run_recipe, "__kwdefaults__", {**run_module.run_recipe.__kwdefaults__, "stages": light}
    )
    return light


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(as_mapping(light_recipe(tmp_path / "run"))))
    return str(path)


def typed(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, as `main` ends it."""
    from sciie_eval.exceptions import InputError, UsageError

    done = CliRunner().invoke(cli.app, list(arguments))
    if isinstance(done.exception, UsageError | InputError):
        return 2 if isinstance(done.exception, UsageError) else 1, done.stdout, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    code, out, _ = typed(name, "--help")
    assert code == 0
    assert f"Example: sciie-rewards {name}" in " ".join(out.split())


def test_a_run_ends_with_tables_and_says_what_to_type_next(stages: LightStages, config: str, tmp_path: Path) -> None:
    code, out, error = typed("run", config)
    assert code == 0
    assert out.startswith("sample/test, 10 sentences, temperature 0.9\n")
    assert "Where everything is" in error
    assert f"sciie-rewards tables {tmp_path}/run {tmp_path}/run-seed2" in error
    for name in (
        "tables.txt",
        "tables.md",
        "tables.tex",
        "tables.csv",
        "tables.json",
        "sft.png",
        "grpo.png",
        "temperature.png",
    ):
        assert (tmp_path / "run" / "tables" / name).is_file(), name


def test_the_settings_are_printed_and_written(stages: LightStages, config: str, tmp_path: Path) -> None:
    _, _, error = typed("run", config, "seed=7")
    assert "\nseed: 7\n" in error
    assert load_recipe(tmp_path / "run" / "config.yaml") == load_recipe(config, ["seed=7"])


def test_a_run_of_one_system_ends_with_the_tables_of_what_is_there(
    stages: LightStages, config: str, tmp_path: Path
) -> None:
    code, out, error = typed("run", config, "--system", "r2")
    assert code == 0, error
    assert out.splitlines()[3].startswith("r2 ")
    notes = (tmp_path / "run" / "tables" / "tables.txt").read_text(encoding="utf-8")
    assert "not done yet: mimic, dictionary" in notes


@pytest.mark.parametrize(
    ("arguments", "calls"),
    [
        (["nano"], ["nano"]),
        (["sft"], ["nano", "train mimic"]),
        (["select"], ["nano", "train mimic", "select r2"]),
        (["grpo"], ["nano", "train mimic", "select r2", "train r2"]),
        (["generate", "--system", "dictionary"], ["look up test"] * 2 + ["look up test_ood"] * 2),
        (["generate", "--model", "dictionary", "data.tests=[dev]"], ["look up dev"] * 2),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_a_command_does_its_stage_and_what_that_needs(
    stages: LightStages, config: str, arguments: list[str], calls: list[str]
) -> None:
    code, _, error = typed(*arguments, "--config", config)
    assert (code, stages.calls) == (0, calls), error


def test_the_dictionary_needs_no_configuration(tmp_path: Path, stages: LightStages) -> None:
    overrides = ["data.fallback=sample", f"output_dir={tmp_path}/floor"]
    code, _, error = typed("generate", "--system", "dictionary", *overrides)
    assert code == 0
    assert f"next: sciie-rewards tables {tmp_path}/floor" in error
    code, out, _ = typed("tables", f"{tmp_path}/floor")
    assert code == 0
    assert "dictionary" in out


def test_a_stage_that_no_system_has_is_a_wrong_use(stages: LightStages, config: str) -> None:
    assert typed("grpo", "--config", config, "--system", "mimic")[::2] == (2, "no system of stage grpo among mimic")


def test_tables_of_several_runs_go_beside_them(tmp_path: Path) -> None:
    for seed in (1, 2):
        run_recipe(light_recipe(tmp_path / "runs" / str(seed), seed=seed), quiet()[0], stages=LightStages())
    code, out, _ = typed("tables", f"{tmp_path}/runs/1", f"{tmp_path}/runs/2")
    assert code == 0
    assert "mimic" in out
    assert (tmp_path / "runs" / "tables" / "tables.md").is_file()
    assert typed("tables", f"{tmp_path}/runs/1", "-o", f"{tmp_path}/mine")[0] == 0
    assert (tmp_path / "mine" / "tables.md").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tables"], "expected folders of runs, or --config FILE of one"),
        (["tables", "runs/1", "runs/2", "runs/../runs/1"], "runs/1 is given twice"),
        (["tables", "runs/1", "seed=3"], "'seed=3': settings go with --config FILE"),
        (["tables", "--config", "smoke.yaml", "runs/1"], "expected folders of runs, or --config FILE of one"),
    ],
)
def test_tables_are_of_folders_or_of_a_configuration(arguments: list[str], message: str) -> None:
    code, _, error = typed(*arguments)
    assert code == 2
    assert message in error


def test_an_interrupted_run_says_how_to_go_on(
    config: str, monkeypatch: pytest.MonkeyPatch, stages: LightStages
) -> None:
    monkeypatch.setattr("sys.argv", ["sciie-rewards", "run", config])
    stages._kill_at = 1
    code, _, error = typed("run", config)
    assert code == 130
    assert error.endswith(f"interrupted; to go on: sciie-rewards run {config}\n")


def program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "sciie_rewards.cli", *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "smoke.yaml", "sft.stile=none"], 1, "smoke.yaml: sft.stile: no such setting; did you mean style?"),
        (["run", "smoke.yaml", "--system", "mimik"], 2, "system 'mimik': no such system; did you mean mimic?"),
        (["run", "smoke.yaml", "output_dir=file/run"], 1, "file/run: cannot be written: Not a directory; choose "),
        (["tables", "nowhere"], 1, "nowhere: no run (it has no config.yaml)"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "file").write_text("")
    done = program(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert done.stderr.splitlines()[-1].startswith(f"sciie-rewards: {message}")
    assert "Traceback" not in done.stderr
