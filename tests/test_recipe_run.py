"""A run: what it does, in which order, and that it does nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recipe_light import LightStages, light_recipe, quiet, sample_only

from sciie_eval.exceptions import CorpusError, InputError, UsageError
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.run import run_recipe
from sciie_rewards.recipe.scores import score_run
from sciie_rewards.recipe.tables import write_tables

ALL_CALLS = [
    "nano",
    "train mimic",
    "generate mimic test 0.9",
    "generate mimic test 0.5",
    "generate mimic test_ood 0.9",
    "generate mimic test_ood 0.5",
    "select r2",
    "train r2",
    "generate r2 test 0.9",
    "generate r2 test 0.5",
    "generate r2 test_ood 0.9",
    "generate r2 test_ood 0.5",
    "look up test",
    "look up test",
    "look up test_ood",
    "look up test_ood",
]


@pytest.fixture(autouse=True)
def no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_only(tmp_path, monkeypatch)


def run(recipe: Recipe, stages: LightStages, **options: object) -> str:
    console, said = quiet()
    run_recipe(recipe, console, stages=stages, **options)  # type: ignore[arg-type]
    return said.getvalue()


def tables_of(recipe: Recipe, folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in write_tables([score_run(recipe)], folder).items()}


def test_a_run_does_every_stage_in_order_and_says_so(tmp_path: Path) -> None:
    stages = LightStages()
    said = run(light_recipe(tmp_path / "run"), stages)
    assert stages.calls == ALL_CALLS
    assert "[2/16] mimic: train\n" in said
    assert "using the fallback, sample" in said


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    recipe = light_recipe(tmp_path / "run")
    run(recipe, LightStages())
    again = LightStages()
    said = run(recipe, again)
    assert again.calls == []
    assert said.count("done before") == len(ALL_CALLS)


@pytest.mark.parametrize("kill_at", range(len(ALL_CALLS)), ids=lambda place: f"{place} {ALL_CALLS[place]}")
def test_interrupted_anywhere_and_started_again_ends_with_the_same_tables(tmp_path: Path, kill_at: int) -> None:
    whole, broken = light_recipe(tmp_path / "1" / "run"), light_recipe(tmp_path / "2" / "run")
    run(whole, LightStages())
    first, second = LightStages(kill_at), LightStages()
    with pytest.raises(KeyboardInterrupt):
        run(broken, first)
    run(broken, second)
    assert first.calls + second.calls == ALL_CALLS[: kill_at + 1] + ALL_CALLS[kill_at:]
    assert tables_of(whole, tmp_path / "one") == tables_of(broken, tmp_path / "two")


def test_one_system_brings_along_what_it_starts_from_and_no_more(tmp_path: Path) -> None:
    stages = LightStages()
    run(light_recipe(tmp_path / "run"), stages, systems=["r2"], kinds=["train"])
    assert stages.calls == ["nano", "train mimic", "select r2", "train r2"]


def test_a_given_model_needs_no_nano_model(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "config.json").write_text("{}")
    stages = LightStages()
    run(light_recipe(tmp_path / "run", model={"path": str(tmp_path / "given")}), stages, kinds=["nano", "train"])
    assert stages.calls == ["train mimic", "select r2", "train r2"]


def test_where_there_is_nothing_to_do_it_is_said(tmp_path: Path) -> None:
    stages = LightStages()
    assert "nothing to do: model.path is set" in run(
        light_recipe(tmp_path / "run", model={"path": "a"}), stages, kinds=["nano"]
    )
    assert stages.calls == []


def test_select_alone_trains_only_its_start(tmp_path: Path) -> None:
    stages = LightStages()
    run(light_recipe(tmp_path / "run"), stages, systems=["r2"], kinds=["select"])
    assert stages.calls == ["nano", "train mimic", "select r2"]


def test_the_dictionary_is_known_to_every_configuration(tmp_path: Path) -> None:
    recipe = light_recipe(tmp_path / "run", systems=[{"name": "mimic", "stage": "sft"}])
    stages = LightStages()
    run(recipe, stages, systems=["dictionary"], kinds=["generate"])
    assert stages.calls == ["look up test"] * 2 + ["look up test_ood"] * 2
    found = score_run(recipe)
    assert {one.system for one in found.scored} == {"dictionary"}
    assert found.absent == ["mimic"]


def test_an_unknown_system_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"system 'mimik': no such system; did you mean mimic\?"):
        run(light_recipe(tmp_path / "run"), LightStages(), systems=["mimik"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 2}, r"base: nano: seed has changed since this stage was done, from 1 to 2; give another folder "),
        ({"sft": {"style": "none"}}, r"mimic: train: sft\.style has changed .*, from 'grounded' to 'none'; .* delete "),
        ({"sft": {"trainer": {"learning_rate": 0.1}}}, r"sft\.trainer\.learning_rate .*, from nothing to 0\.1; "),
        ({"sft": {"trainer": {"per_device_train_batch_size": 2}}}, r"sft\.trainer\.rows a step .*, from 8 to 2; "),
        ({"grpo": {"curriculum": False}}, r"r2: train: grpo\.curriculum has changed .*, from True to False; "),
        ({"grpo": {"select": {"size": 5}}}, r"r2: select: grpo\.select\.size has changed .*, from 1000 to 5; "),
        ({"data": {"fallback": "sample", "limit": {"test": 3}}}, r"mimic: generate test, .*: data\.test has changed"),
        ({"generate": {"samples": 4, "temperatures": [0.9, 0.5]}}, r"generate\.samples has changed .*, from 3 to 4; "),
    ],
)
def test_a_changed_setting_is_one_line_and_nothing_is_done(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    run(light_recipe(tmp_path / "run"), LightStages())
    stages = LightStages()
    with pytest.raises(InputError, match=message) as raised:
        run(light_recipe(tmp_path / "run", **change), stages)
    assert stages.calls == []
    assert "\n" not in str(raised.value)
    assert str(tmp_path / "run") in str(raised.value)


def test_a_changed_setting_is_noticed_in_a_stage_that_broke_off(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(light_recipe(tmp_path / "run"), LightStages(kill_at=1))
    with pytest.raises(InputError, match=r"mimic: train: sft\.style has changed since this stage was begun"):
        run(light_recipe(tmp_path / "run", sft={"style": "none"}), LightStages())


def test_settings_may_change_where_nothing_was_left_to_mix_with(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(light_recipe(tmp_path / "run"), LightStages(kill_at=6))  # select leaves nothing before it ends
    stages = LightStages()
    run(light_recipe(tmp_path / "run", grpo={"select": {"size": 5}}), stages)
    assert stages.calls == ALL_CALLS[6:]


def test_deleting_the_folder_that_the_message_names_is_enough(tmp_path: Path) -> None:
    import shutil

    run(light_recipe(tmp_path / "run"), LightStages())
    changed = light_recipe(tmp_path / "run", grpo={"curriculum": False})
    with pytest.raises(InputError, match="delete") as raised:
        run(changed, LightStages())
    shutil.rmtree(str(raised.value).split("delete ")[1].split(" to make")[0])
    stages = LightStages()
    run(changed, stages)
    assert stages.calls == ALL_CALLS[6:12]


@pytest.mark.parametrize(
    "change",
    [
        {"tables": {"k": 1, "bootstrap": 5}},
        {"generate": {"samples": 3, "temperatures": [0.9, 0.5], "batch_size": 1}},
        {"systems": [{"name": "mimic", "stage": "sft"}]},
        {"sft": {"trainer": {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "save_steps": 3}}},
    ],
)
def test_what_no_stage_depends_on_may_change(tmp_path: Path, change: dict[str, object]) -> None:
    run(light_recipe(tmp_path / "run"), LightStages())
    stages = LightStages()
    run(light_recipe(tmp_path / "run", **change), stages)
    assert stages.calls == []


def test_another_temperature_is_added_to_those_that_are_there(tmp_path: Path) -> None:
    run(light_recipe(tmp_path / "run"), LightStages())
    stages = LightStages()
    run(light_recipe(tmp_path / "run", generate={"samples": 3, "temperatures": [0.9, 0.1, 0.5]}), stages)
    assert [call for call in stages.calls if not call.startswith("look")] == [
        f"generate {system} {split} 0.1" for system in ("mimic", "r2") for split in ("test", "test_ood")
    ]


def test_a_stage_whose_product_is_gone_is_done_again(tmp_path: Path) -> None:
    recipe = light_recipe(tmp_path / "run")
    run(recipe, LightStages())
    (tmp_path / "run" / "mimic" / "generate" / "test.t0.9.jsonl").unlink()
    stages = LightStages()
    run(recipe, stages)
    assert stages.calls == ["generate mimic test 0.9"]


def test_the_manifest_says_what_numbers_depend_on_and_keeps_every_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = light_recipe(tmp_path / "run")
    for argument in ("one", "two"):
        monkeypatch.setattr("sys.argv", ["/somewhere/sciie-rewards", "run", argument])
        run(recipe, LightStages())
    found = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert [start["command"] for start in found["starts"]] == ["sciie-rewards run one", "sciie-rewards run two"]
    assert found["seed"] == 1
    assert found["data"]["source"] == "sample"
    assert {split: value["sentences"] for split, value in found["data"]["splits"].items()} == {
        "train": 30,
        "dev": 10,
        "test": 10,
        "test_ood": 10,
    }
    assert all(len(value["gold_sha256"]) == 64 for value in found["data"]["splits"].values())
    assert found["config"]["generate"]["samples"] == 3
    assert {"python", "sciie-eval", "numpy"} <= set(found["starts"][0]["versions"])


def test_without_a_fallback_absent_data_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="was not found in"):
        run(light_recipe(tmp_path / "run", data={}), LightStages())


def test_a_second_process_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    class Nested(LightStages):
        def _called(self, name: str) -> None:
            with pytest.raises(InputError, match="another process is at work in this folder"):
                run(light_recipe(tmp_path / "run"), LightStages())
            super()._called(name)

    run(light_recipe(tmp_path / "run"), Nested(), kinds=["nano"])


def test_a_limit_for_a_split_that_does_not_exist_is_named_before_anything_is_done(tmp_path: Path) -> None:
    stages = LightStages()
    recipe = light_recipe(tmp_path / "run", data={"fallback": "sample", "limit": {"tset": 5}})
    with pytest.raises(InputError, match=r"^data\.limit\.tset: no such split; did you mean test\?"):
        run(recipe, stages)
    assert stages.calls == []


def test_a_batch_size_that_is_no_number_does_not_break_the_plan(tmp_path: Path) -> None:
    stages = LightStages()
    run(light_recipe(tmp_path / "run", sft={"trainer": {"per_device_train_batch_size": None}}), stages, kinds=["train"])
    assert stages.calls
