"""The tables: their numbers are those of `score_samples`, and what cannot be compared does not stand in one table."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from recipe_light import LightStages, completions, light_recipe, quiet, sample_only

from sciie_eval import score_samples
from sciie_eval.exceptions import InputError
from sciie_rewards.recipe import published
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.data import Sentences
from sciie_rewards.recipe.published import published_results
from sciie_rewards.recipe.run import run_recipe
from sciie_rewards.recipe.scores import MEASURES, RunScores, Value, joined, load_run, score_run
from sciie_rewards.recipe.tables import FORMATS, main_tables, notes, write_tables


@pytest.fixture(autouse=True)
def no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_only(tmp_path, monkeypatch)


def done(folder: Path, **changes: object) -> Recipe:
    recipe = light_recipe(folder, **changes)
    run_recipe(recipe, quiet()[0], stages=LightStages())
    return recipe


def one_of(run: RunScores, system: str, split: str = "test", temperature: float = 0.9) -> object:
    return next(one for one in run.scored if one.key == (system, split, temperature))


def test_every_number_is_that_of_score_samples(tmp_path: Path) -> None:
    recipe = done(tmp_path / "run")
    run = score_run(recipe)
    for split in ("test", "test_ood"):
        gold = Sentences(recipe.data)[split]
        samples = [completions(example, 1, 0.5, 3) for example in gold]
        ours = score_samples(gold, samples, k=[1, 2], bootstrap=20)
        released = score_samples(gold, samples, k=[1, 2], bootstrap=20, compat="r2grpo")
        found = next(one for one in run.scored if one.key == ("mimic", split, 0.9))
        expected = {
            **{("avg", task): (ours.avg[task], 0) for task in ("ner", "rel", "rel+")},
            **{("best", task): (ours.best[task], 1) for task in ("ner", "rel", "rel+")},
            **{("released", task): (released.best[task], 0) for task in ("ner", "rel")},
            **{("released best", task): (released.best[task], 1) for task in ("ner", "rel")},
        }
        assert set(expected) == set(MEASURES)
        for measure, (curve, place) in expected.items():
            assert curve is not None
            bounds = curve.micro_ci[place]
            assert bounds is not None
            assert found.value(measure) == Value(curve.micro[place], *bounds), measure


def test_the_cells_of_a_run_are_value_and_interval_in_percent(tmp_path: Path) -> None:
    run = score_run(done(tmp_path / "run"))
    table = main_tables([run])[0]
    assert table.title == "sample/test, 10 sentences, temperature 0.9"
    assert table.columns[:6] == ("system", "ner", "rel", "rel+", "ner Best@2", "rel Best@2")
    assert [row[0] for row in table.rows] == ["mimic", "r2", "dictionary"]
    value = joined([run], ("mimic", "test", 0.9), ("avg", "ner"))
    assert value.value is not None
    assert value.low is not None
    assert value.high is not None
    assert table.rows[0][1] == f"{100 * value.value:.1f} ({100 * value.low:.1f}–{100 * value.high:.1f})"
    assert table.rows[0][-1] == "ours"


def test_every_format_is_written_and_says_the_same(tmp_path: Path) -> None:
    run = score_run(done(tmp_path / "run"))
    files = write_tables([run], tmp_path / "out")
    assert {name: path.name for name, path in files.items()} == {
        name: f"tables.{suffix}" for name, suffix in FORMATS.items()
    }
    cell = str(main_tables([run])[0].rows[0][1])
    assert cell in files["text"].read_text(encoding="utf-8")
    assert cell in files["markdown"].read_text(encoding="utf-8")
    assert cell.replace("–", "--") in files["latex"].read_text(encoding="utf-8")
    value = run.scored[0].value(("avg", "ner")).value
    rows = list(csv.DictReader(files["csv"].read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(run.scored) * len(MEASURES)
    (row,) = (
        row
        for row in rows
        if (row["system"], row["split"], row["temperature"], row["measure"], row["task"])
        == ("mimic", "test", "0.9", "avg", "ner")
    )
    assert float(row["f1"]) == value
    found = json.loads(files["json"].read_text(encoding="utf-8"))
    assert found["summary"][0]["avg ner"]["value"] == value
    assert found["runs"][0]["systems"][0]["avg"]["ner"]["micro"][0] == value
    assert found["notes"] == notes([run])


def test_the_notes_say_what_the_columns_are(tmp_path: Path) -> None:
    said = notes([score_run(done(tmp_path / "run"))])
    assert any("Avg@2" in note and "95 % interval over sentences" in note for note in said)
    assert any(note.startswith("released: ") for note in said)
    assert any(note.startswith("signature ") and "|k:1,2|" in note for note in said)
    assert not any("†" in note for note in said)  # nothing published on the sample


def test_several_seeds_give_mean_and_range(tmp_path: Path) -> None:
    runs = [score_run(done(tmp_path / str(seed), seed=seed)) for seed in (1, 2, 3)]
    key, measure = ("mimic", "test", 0.9), ("avg", "rel")
    values = [joined([run], key, measure).value for run in runs]  # type: ignore[arg-type]
    assert len(set(values)) > 1
    found = joined(runs, key, measure)  # type: ignore[arg-type]
    assert found.value == pytest.approx(sum(value for value in values if value is not None) / 3)
    assert (found.low, found.high) == (min(values), max(values))  # type: ignore[type-var]
    table = main_tables(runs)[0]
    assert table.rows[0][-1] == "ours, 3 runs"
    assert any("the range over 3 runs" in note for note in notes(runs))
    assert not any(note.startswith("runs differ") for note in notes(runs))
    rows = list(csv.DictReader(write_tables(runs, tmp_path / "out")["csv"].read_text(encoding="utf-8").splitlines()))
    assert {row["run"] for row in rows} == {"1", "2", "3", "mean and range"}


def test_a_system_that_one_run_lacks_is_averaged_over_the_others(tmp_path: Path) -> None:
    runs = [score_run(done(tmp_path / str(seed), seed=seed)) for seed in (1, 2, 3)]
    shutil.rmtree(tmp_path / "3" / "r2" / "generate")
    runs[2] = score_run(load_run(tmp_path / "3"))
    rows = {row[0]: row for row in main_tables(runs)[0].rows}
    assert (rows["mimic"][-1], rows["r2"][-1]) == ("ours, 3 runs", "ours, 2 runs")
    assert "3 (seed 3): not done yet: r2" in notes(runs)


def test_runs_with_other_settings_are_said_to_differ(tmp_path: Path) -> None:
    runs = [score_run(done(tmp_path / style, sft={"style": style})) for style in ("none", "grounded")]
    assert 'runs differ in sft.style: "none", "grounded"' in notes(runs)


def test_runs_on_other_sentences_do_not_stand_in_one_table(tmp_path: Path) -> None:
    one = score_run(done(tmp_path / "1"))
    two = score_run(done(tmp_path / "2", data={"fallback": "sample", "limit": {"test": 5}}))
    with pytest.raises(
        InputError, match=r"^test: 1 \(seed 1\) and 2 \(seed 1\) cannot stand in one table: gold:sample/"
    ):
        write_tables([one, two], tmp_path / "out")


def test_there_is_a_table_by_temperature_only_where_there_are_several(tmp_path: Path) -> None:
    several = main_tables([score_run(done(tmp_path / "1"))])
    alone = main_tables([score_run(done(tmp_path / "2", generate={"samples": 3}))])
    assert several[-1].title == "by temperature"
    assert len(several[-1].rows) == 3 * 2 * 2
    assert alone[-1].title == "samples of a sentence"


def test_a_run_without_samples_is_one_line(tmp_path: Path) -> None:
    recipe = light_recipe(tmp_path / "run")
    with pytest.raises(InputError, match=r"run: nothing is generated yet; run: sciie-rewards run CONFIG$"):
        score_run(recipe)
    with pytest.raises(InputError, match=r"no run \(it has no config\.yaml\)"):
        load_run(tmp_path)


def test_tables_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    run = score_run(done(tmp_path / "run"))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written: .*; choose another folder$"):
        write_tables([run], tmp_path / "file" / "out")


# -- beside the literature -------------------------------------------------------------------------------------------


def test_every_published_number_has_source_and_grade() -> None:
    results = published_results()
    assert len(results) == len({result.system for result in results}) == 13
    for result in results:
        assert result.source
        assert result.grade in ("repository", "figure", "secondary")
        assert result.drops_false_positives in ("yes", "perhaps", "no")
        for numbers in (result.scier, result.ood):
            assert set(numbers) <= {"ner", "rel", "rel+", "best@5 ner", "best@5 rel", "best@5 rel+"}
            assert all(1 < number < 100 for number in numbers.values())
    assert results[0].scier["rel"] == 66.81


def test_published_numbers_stand_beside_ours_on_scier(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIIE_DATA_DIR", str(data_dir))
    settings = {
        "data": {"limit": {"train": 20, "dev": 5, "test": 6, "test_ood": 6}},
        "generate": {"samples": 5},
        "tables": {"k": 5, "bootstrap": 5},
    }
    run = score_run(done(tmp_path / "run", **settings))
    test, ood = (table for table in main_tables([run]) if table.title.startswith("scier/"))
    first = next(row for row in test.rows if str(row[0]).startswith("R2GRPO*"))
    assert dict(zip(test.columns, first, strict=True)) == {
        "system": "R2GRPO* (MimicSFT + R2GRPO, Qwen2.5-7B-Instruct)",
        "ner": "84.4 †",
        "rel": "66.8 †",
        "rel+": "66.0 †",
        "ner Best@5": "",
        "rel Best@5": "74.4 †",
        "rel+ Best@5": "",
        "released ner": "",
        "released rel": "",
        "released rel Best@5": "",
        "grade": "secondary",
    }
    assert next(row for row in ood.rows if str(row[0]).startswith("flan"))[1:3] == ("60.0", "25.3")
    assert any("†" in note for note in notes([run]))
    apart = main_tables([run], apart=True)
    assert [table.title for table in apart if table.title.startswith("published")] == [
        "published, scier/test",
        "published, scier/test_ood",
    ]
    assert apart[1].columns == ("system", "ner", "rel", "rel+", "rel Best@5", "grade")
    hidden = score_run(
        run.recipe.model_copy(update={"tables": run.recipe.tables.model_copy(update={"published": False})})
    )
    assert len(main_tables([hidden])[0].rows) == 3


def test_published_numbers_are_found_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "__file__", str(tmp_path / "sciie_rewards" / "recipe" / "published.py"))
    with pytest.raises(InputError, match=r"published\.toml is missing; reinstall"):
        published_results()
    folder = tmp_path / "sciie_rewards" / "_benchmarks"
    folder.mkdir(parents=True)
    row = '[[result]]\nsystem = "a"\nsource = "b"\ngrade = "figure"\ndrops_false_positives = "no"\n'
    (folder / "published.toml").write_text(row)
    assert [result.system for result in published_results()] == ["a"]
