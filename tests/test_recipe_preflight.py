"""What would stop a later stage is found before the first."""

from __future__ import annotations

from pathlib import Path

import pytest
from recipe_light import LightStages, light_recipe, quiet, sample_only

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe.preflight import check
from sciie_rewards.recipe.run import run_recipe

for _package in ("datasets", "peft", "torch", "trl"):
    pytest.importorskip(_package)


class Checked(LightStages):
    def __init__(self) -> None:
        super().__init__()
        self._stages["check"] = check


def stopped(folder: Path, **changes: object) -> str:
    stages = Checked()
    with pytest.raises(InputError) as raised:
        run_recipe(light_recipe(folder / "run", **changes), quiet()[0], stages=stages)
    assert stages.calls == []
    assert not (folder / "run" / "config.yaml").exists()
    return str(raised.value)


@pytest.fixture(autouse=True)
def no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_only(tmp_path, monkeypatch)


def test_a_typo_in_the_arguments_of_the_last_stage(tmp_path: Path) -> None:
    said = stopped(tmp_path, grpo={"trainer": {"num_generation": 4}})
    assert said == "grpo.trainer.num_generation: GRPOConfig has no such argument; did you mean num_generations?"


def test_batches_that_do_not_go_with_the_number_of_completions(tmp_path: Path) -> None:
    said = stopped(tmp_path, grpo={"trainer": {"per_device_train_batch_size": 3, "num_generations": 2}})
    assert said.startswith("grpo.trainer: ")
    assert "divisible" in said


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    assert "no model there" in stopped(tmp_path, model={"path": str(tmp_path / "absent")})


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"generate": {"engine": "vllm"}}, "generate.engine"),
        ({"grpo": {"trainer": {"use_vllm": True}}}, "grpo.trainer.use_vllm"),
    ],
)
def test_vllm_that_is_not_installed(
    tmp_path: Path, changes: dict[str, object], setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sciie_rewards.recipe.failures.find_spec", lambda name: None if name == "vllm" else name)
    assert stopped(tmp_path, **changes).startswith(f"{setting}: vLLM is not installed")


def test_nothing_is_asked_of_what_is_done_or_not_wanted(tmp_path: Path) -> None:
    broken = light_recipe(tmp_path / "run", grpo={"trainer": {"num_generation": 4}})
    stages = Checked()
    run_recipe(broken, quiet()[0], stages=stages, systems=["mimic", "dictionary"])
    assert "train mimic" in stages.calls


def test_the_dictionary_needs_no_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sciie_rewards.recipe.failures.find_spec", lambda name: None)
    run_recipe(light_recipe(tmp_path / "run"), quiet()[0], stages=Checked(), systems=["dictionary"])
    assert "needs the package torch" in stopped(tmp_path / "other")
