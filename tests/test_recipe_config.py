"""Settings of a run: files, overrides, and what is said when one is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sciie_eval.exceptions import InputError, MissingExtraError, UsageError
from sciie_rewards import R2Reward
from sciie_rewards.recipe.config import Recipe, bundled_configs, load_recipe
from sciie_rewards.recipe.rundir import as_yaml
from sciie_rewards.recipe.sections import Grpo


def written(folder: Path, **settings: Any) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"output_dir": "runs/mine", **settings}))
    return path


@pytest.mark.parametrize("name", sorted(bundled_configs()))
def test_every_bundled_configuration_resolves_and_survives_being_written(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    (tmp_path / "config.yaml").write_text(as_yaml(recipe), encoding="utf-8")
    assert load_recipe(tmp_path / "config.yaml") == recipe


def test_the_bundled_configurations() -> None:
    assert set(bundled_configs()) == {"ablation.yaml", "nano-cpu.yaml", "nano.yaml", "qwen2.5-7b.yaml", "smoke.yaml"}


@pytest.mark.parametrize("name", ["nano.yaml", "nano-cpu.yaml"])
def test_the_nano_systems_are_those_of_the_comparison(name: str) -> None:
    recipe = load_recipe(name)
    starts = {system.name: (system.stage, system.start) for system in recipe.systems}
    assert starts == {
        "sft-plain": ("sft", None),
        "sft": ("sft", None),
        "mimic": ("sft", None),
        "grpo-f1": ("grpo", "sft"),
        "r2grpo": ("grpo", "sft"),
        "mimic-r2grpo": ("grpo", "mimic"),
        "dictionary": ("dictionary", None),
    }
    sections: dict[str, Any] = {system.name: recipe.settings_of(system) for system in recipe.systems}
    assert {name: (sections[name].style, sections[name].augment is None) for name in ("sft-plain", "sft", "mimic")} == {
        "sft-plain": ("none", True),
        "sft": ("none", False),
        "mimic": ("grounded", False),
    }
    assert weights(sections["grpo-f1"].reward) == {"NER", "REL"}
    assert sections["r2grpo"].reward == {}
    assert recipe.model.prompts == "short"


def weights(reward: dict[str, Any]) -> set[str]:
    from sciie_rewards.settings import RewardSettings

    return {name for name, weight in RewardSettings.of(**reward).component_weights().items() if weight}


def test_the_ablation_adds_one_part_at_a_time() -> None:
    recipe = load_recipe("ablation.yaml")
    sections: dict[str, Any] = {system.name: recipe.settings_of(system) for system in recipe.systems}
    assert {name: weights(sections[name].reward) for name in ("f1", "f1+span", "f1+relevance", "f1+rule")} == {
        "f1": {"NER", "REL"},
        "f1+span": {"NER", "REL", "SPAN"},
        "f1+relevance": {"NER", "REL", "RELEVANCE"},
        "f1+rule": {"NER", "REL", "RULE"},
    }
    assert weights(sections["full"].reward) == {"FORMAT", "NER", "REL", "SPAN", "RELEVANCE", "RULE"}
    assert sections["released"].reward == {"profile": "released"}


def test_any_component_can_be_left_out_of_the_full_reward(tmp_path: Path) -> None:
    names = list(R2Reward().weights)
    systems = [
        {"name": f"without-{name.lower()}", "stage": "grpo", "with": {"reward": {"weights": {name: 0}}}}
        for name in names
    ]
    recipe = Recipe.model_validate({"output_dir": tmp_path, "systems": systems})
    for name, system in zip(names, recipe.systems, strict=True):
        settings = recipe.settings_of(system)
        assert isinstance(settings, Grpo)
        weights = R2Reward.from_settings(settings.reward).weights
        assert [left for left, weight in weights.items() if not weight] == [name]
        assert sum(weights.values()) == pytest.approx(1)


def test_the_ablation_differs_from_nano_in_its_systems_only() -> None:
    nano, ablation = load_recipe("nano.yaml"), load_recipe("ablation.yaml")
    same = {"sft": nano.sft.model_copy(update={"style": "grounded"}), "systems": (), "output_dir": Path()}
    assert ablation.model_copy(update={"systems": (), "output_dir": Path()}) == nano.model_copy(update=same)


def test_the_public_settings_are_those_of_the_release() -> None:
    recipe = load_recipe("qwen2.5-7b.yaml")
    sft, grpo = recipe.sft, recipe.grpo
    assert sft.lora is not None
    assert grpo.lora is not None
    assert (sft.lora.r, sft.lora.alpha, sft.lora.dropout) == (16, 32, 0.1)
    assert (grpo.lora.r, grpo.lora.alpha, grpo.lora.target_modules) == (64, 128, "all-linear")
    assert sft.trainer["per_device_train_batch_size"] * sft.trainer["gradient_accumulation_steps"] == 24
    assert {phase.epochs for phase in sft.phases} == {3}
    expected = {"learning_rate": 1e-4, "lr_scheduler_type": "linear", "warmup_steps": 0.07, "max_length": 2500}
    assert expected.items() <= sft.trainer.items()
    expected = {
        "learning_rate": 5e-6,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.1,
        "adam_beta1": 0.9,
        "adam_beta2": 0.99,
        "weight_decay": 0.1,
        "max_grad_norm": 0.1,
        "num_generations": 16,
        "max_completion_length": 1400,
        "temperature": 0.9,
        "beta": 0.04,
        "num_train_epochs": 3,
    }
    assert expected.items() <= grpo.trainer.items()
    assert grpo.trainer["per_device_train_batch_size"] * grpo.trainer["gradient_accumulation_steps"] == 16
    assert grpo.select.size == 1000
    assert grpo.curriculum


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, sft={"trainer": {"learning_rate": 1e-3, "max_length": 9}})
    found = load_recipe(path, ["output_dir=x", "sft.trainer.learning_rate=1e-4", "data.tests=[dev]", "sft.augment={}"])
    assert found.sft.trainer == {"learning_rate": 1e-4, "max_length": 9}
    assert found.output_dir == Path("x")
    assert found.data.tests == ("dev",)
    assert found.sft.augment is not None


def test_an_override_of_a_system_changes_what_it_lays_over_its_stage() -> None:
    recipe = load_recipe("nano.yaml", ["systems.mimic.trainer.learning_rate=2e-3"])
    mimic, sft = (recipe.settings_of(recipe.system(name)) for name in ("mimic", "sft"))
    assert mimic is not None
    assert sft is not None
    assert (mimic.trainer["learning_rate"], sft.trainer["learning_rate"]) == (2e-3, 1e-3)


def test_the_systems_that_nothing_names_can_be_changed_by_override_too() -> None:
    recipe = load_recipe(None, ["output_dir=x", "systems.mimic.style=none"])
    assert [(system.name, system.settings) for system in recipe.systems] == [
        ("mimic", {"style": "none"}),
        ("mimic-r2grpo", {}),
    ]


def test_an_override_fills_an_empty_with(tmp_path: Path) -> None:
    path = written(tmp_path, systems=[{"name": "a", "stage": "sft", "with": None}])
    assert load_recipe(path, ["systems.a.style=none"]).systems[0].settings == {"style": "none"}


def test_numbers_with_an_exponent_are_numbers_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("output_dir: x\nsft: {trainer: {learning_rate: 1e-4, optim: adamw}}\n")
    assert load_recipe(path).sft.trainer == {"learning_rate": 1e-4, "optim": "adamw"}


def test_the_defaults_need_only_a_folder() -> None:
    assert load_recipe(None, ["output_dir=x"]).output_dir == Path("x")
    with pytest.raises(InputError, match=r"^settings: output_dir: expected, but it is not there; add output_dir=DIR$"):
        load_recipe(None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sfft": {}}, r"sfft: no such setting; did you mean sft\?"),
        ({"sft": {"stile": "none"}}, r"sft\.stile: no such setting; did you mean style\?"),
        ({"grpo": {"select": {"sizes": 3}}}, r"grpo\.select\.sizes: no such setting; did you mean size\?"),
        ({"sft": {"lora": {"rank": 3}}}, r"sft\.lora\.rank: no such setting; .*alpha"),
        ({"sft": {"style": "grunded"}}, r"sft\.style: expected 'none', 'template' or 'grounded'; got 'grunded'"),
        ({"seed": -1}, r"seed: .*greater than or equal to 0; got -1"),
        ({"grpo": {"reward": {"weigths": {}}}}, r"grpo\.reward: weigths: no such setting"),
        ({"grpo": {"reward": {"weights": {"RULES": 1}}}}, r"robust has no component RULES"),
        ({"tables": {"k": 9}}, r"tables\.k: 9 is more than generate\.samples, 5"),
        (
            {"systems": [{"name": "a", "stage": "grpo", "start": "b"}]},
            r"a starts from b, which is not before it \(none",
        ),
        ({"systems": [{"name": "tables", "stage": "sft"}]}, r"the name tables is taken"),
        ({"systems": [{"name": "a", "stage": "sft", "with": {"styl": 1}}]}, r"systems: a: with: styl: .*mean style\?"),
        (
            {"systems": [{"name": "d", "stage": "dictionary"}, {"name": "a", "stage": "grpo", "start": "d"}]},
            r"a starts from d, which has no model",
        ),
        ({"systems": 3}, r"systems: .*; got 3"),
        ({"systems": [{"name": "d", "stage": "dictionary", "with": {"k": 1}}]}, r"d is not trained; leave out start"),
        ({"data": {"tests": []}}, r"data\.tests: .*; got \[\]"),
        ({"data": {"limit": {"test": 0}}}, r"data\.limit\.test: expected greater than or equal to 1; got 0"),
        ({"generate": {"temperatures": [-1]}}, r"generate\.temperatures\.0: .*greater than or equal to 0; got -1"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    path = written(tmp_path, **settings)
    with pytest.raises(InputError, match=message) as raised:
        load_recipe(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sft", r"expected section\.key=value"),
        ("sft..style=none", r"expected section\.key=value"),
        ("sft.style=[", "the value is no YAML; put it in quotes"),
        ("systems.mimik.style=none", r"no system 'mimik'; did you mean mimic\?"),
    ],
)
def test_what_is_no_override_is_a_wrong_use(override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_recipe("smoke.yaml", [override])


def test_an_override_with_a_typo_names_the_setting() -> None:
    with pytest.raises(InputError, match=r"^smoke\.yaml: generate\.sampels: no such setting; did you mean samples\?"):
        load_recipe("smoke.yaml", ["generate.sampels=3"])


def test_without_pyyaml_the_line_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match=r"pyyaml.*pip install 'sciie-eval\[train\]'"):
        load_recipe(None, ["output_dir=x"])


def test_an_absent_file_lists_what_comes_with_the_package() -> None:
    with pytest.raises(InputError, match=r"^none\.yaml: no such file; .*smoke\.yaml"):
        load_recipe("none.yaml")


def test_a_recipe_is_frozen() -> None:
    recipe = Recipe(output_dir=Path("x"))
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3  # type: ignore[misc]
