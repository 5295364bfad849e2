"""Another domain end to end: files of a user's in SciERC's form, from labels to scores, rewards and a trained model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import scierc_form
from typer.testing import CliRunner

from sciie_eval import Example, load_card, read_gold
from sciie_eval.cli import app
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.export import TRAINERS, rows
from sciie_rewards import R2Reward
from sciie_rewards.recipe.config import load_recipe
from sciie_rewards.recipe.data import Sentences
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.sections import Data

CARD = load_card("scierc")
EMPTY = '<think>x</think><answer>{"ner": [], "rel": []}</answer>'


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return scierc_form.write(tmp_path / "scierc")


def everything(files: dict[str, Path]) -> list[Example]:
    return [example for path in files.values() for example in read_gold(path, CARD.schema)]


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_documents_are_read_sentence_by_sentence(files: dict[str, Path]) -> None:
    found = read_gold(files["train"], "scierc")
    marked = [(key, *one) for key, sentences in scierc_form.TRAIN.items() for one in sentences]
    assert [example.id for example in found] == [f"train-{row}" for row in range(5)]
    for example, (key, sentence, entities, relations) in zip(found, marked, strict=True):
        assert (example.doc_id, example.sentence) == (key, sentence)
        gold = example.gold.to_scier()
        assert sorted(map(tuple, gold["ner"])) == sorted(entities)
        assert sorted(map(tuple, gold["rel"])) == sorted(relations)
        for entity in example.gold.entities:
            assert entity.span is not None
            assert sentence[slice(*entity.span)] == entity.text
    kinds = {kind for example in everything(files) for _, kind in example.gold.to_scier()["ner"]}
    assert kinds == set(CARD.schema.entity_names)
    assert {one.type for e in everything(files) for one in e.gold.relations} == set(CARD.schema.relation_names)


@pytest.mark.parametrize("trainer", [None, *TRAINERS])
def test_a_file_is_exported_as_a_split_is(files: dict[str, Path], trainer: str | None, tmp_path: Path) -> None:
    found = list(rows("scierc", trainer=trainer, gold=files["dev"]))
    assert len(found) == 2
    arguments = ["datasets", "export", "scierc", "--gold", files["dev"], *(["--to", trainer] if trainer else [])]
    assert [json.loads(line) for line in run(*arguments).splitlines()] == found
    assert run(*arguments, "-o", tmp_path / "out.jsonl") == ""
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8").count("\n") == 2
    if trainer == "trl":
        assert "OtherScientificTerm: " in json.dumps(found[0]["prompt"])
        assert found[0]["id"] == "dev-0"
    if trainer is None:
        assert found[0]["rel_plus"] == [["FernNet:Method", "USED-FOR", "leaf counting:Task"]]


def test_export_wants_a_split_or_a_file(files: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match=r"needs --split, or --gold FILE for a file of your own; give one"):
        list(rows("scier"))
    with pytest.raises(UsageError, match="give one of them"):
        list(rows("scier", "dev", gold=files["dev"]))
    with pytest.raises(InputError, match="elsewhere"):
        list(rows("scierc", gold="elsewhere.json"))


def test_scores_know_the_labels_and_what_has_no_direction(files: dict[str, Path], tmp_path: Path) -> None:
    answers = []
    for example in read_gold(files["test"], "scierc"):
        gold = example.gold.to_scier()
        turned = [[two, kind, one] if kind == "COMPARE" else [one, kind, two] for one, kind, two in gold["rel"]]
        said = json.dumps({"ner": gold["ner"], "rel": turned})
        answers.append(json.dumps({"id": example.id, "completion": f"<think>x</think><answer>{said}</answer>"}) + "\n")
    preds = tmp_path / "preds.jsonl"
    preds.write_text("".join(answers), encoding="utf-8")
    where = ("--gold", files["test"], "--schema", "scierc", "--format", "json")
    directed = json.loads(run("score", preds, *where))
    undirected = json.loads(run("score", preds, *where, "--symmetric", "undirected"))
    assert directed["tasks"]["ner"]["f1"] == 1
    assert directed["tasks"]["rel"]["tp"] == 2
    assert undirected["tasks"]["rel"]["f1"] == undirected["tasks"]["rel+"]["f1"] == 1
    assert directed["missing"] == 0
    assert directed["warnings"] == []
    assert "schema:scierc@" in directed["signature"]
    assert set(directed["by_type"]["rel"]) == set(CARD.schema.relation_names)


def test_what_the_model_is_shown_earns_the_whole_reward(files: dict[str, Path]) -> None:
    reward = R2Reward(schema="scierc", symmetric="undirected")
    for example in everything(files):
        assert reward.score_one(target(CARD, "end2end", example, "grounded"), example).score == 1
        wrong = reward.score_one(EMPTY, example).score
        assert wrong == (1 if not example.gold.entities else pytest.approx(0.1))


def test_a_run_reads_the_files_of_its_user(files: dict[str, Path]) -> None:
    own = {split: str(path) for split, path in files.items()}
    found = Sentences(Data(card="scierc", files=own, tests=("test",)))
    assert (found.source, found.card.name) == ("scierc", "scierc")
    assert {split: len(found[split]) for split in found} == {"train": 5, "dev": 2, "test": 3}
    assert found["train"] == read_gold(files["train"], CARD.schema)
    assert found.name("test") == "test.json"
    less = Sentences(Data(card="scierc", files=own, tests=("test",), limit={"train": 2}))
    assert [example.id for example in less["train"]] == ["train-0", "train-2"]
    assert less.gold_sha256("train") != found.gold_sha256("train")


def test_a_file_for_a_split_that_is_not_there_is_named(files: dict[str, Path]) -> None:
    data = Data(card="scierc", files={"tests": str(files["test"])}, train="train", dev="dev", tests=("test",))
    with pytest.raises(InputError, match=r"data\.files\.tests: no such split; did you mean test\?"):
        _ = Sentences(data).card
    mixed = Data(card="scierc", files={"train": str(files["train"])}, tests=("test",))
    with pytest.raises(InputError, match="scierc has no split"):
        _ = Sentences(mixed)["dev"]


def test_the_fallback_is_for_what_no_file_is_given_for(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIIE_DATA_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path / "nothing"))
    own = {split: str(path) for split, path in files.items()}
    assert Sentences(Data(card="scier", files=own, tests=("test",), fallback="sample")).source == "scier"
    assert Sentences(Data(card="scier", tests=("test",), fallback="sample")).source == "sample"


def test_all_stages_of_the_recipe(files: dict[str, Path], tmp_path: Path) -> None:
    """As `smoke.yaml` has them, at the least size, with a domain of SciERC's labels beside one of SciER's."""
    pytest.importorskip("trl")
    from recipe_light import quiet

    from sciie_rewards.recipe.run import run_recipe
    from sciie_rewards.recipe.scores import load_run, score_run
    from sciie_rewards.recipe.tables import write_tables

    own = {split: str(path) for split, path in files.items()}
    papers = tmp_path / "papers.jsonl"
    papers.write_text('{"sentence": "BERT solves NER .", "ner": [["BERT", "Method"]], "rel": []}\n', encoding="utf-8")
    overrides = {
        "output_dir": str(tmp_path / "run"),
        "data": {"card": "scierc", "files": own, "tests": ["test"]},
        "sft.phases": [{"tasks": ["end2end"], "epochs": 1}],
        "sft.trainer.max_steps": 1,
        "grpo.select.size": "null",
        "grpo.domains": {"abstracts": {}, "papers": {"card": "scier", "file": str(papers)}},
        "grpo.trainer.max_steps": 1,
        "grpo.trainer.max_completion_length": 8,
        "generate.max_new_tokens": 8,
        "generate.temperatures": [0.9],
        "monitor.every": 0,
    }
    recipe = load_recipe("smoke.yaml", [f"{name}={value}" for name, value in overrides.items()])
    console, said = quiet()
    run_recipe(recipe, console)
    scored = score_run(load_run(tmp_path / "run"))
    table = write_tables([scored], tmp_path / "tables")["markdown"].read_text(encoding="utf-8")
    assert "test.json" in table
    assert "R2GRPO-Qwen" not in table
    assert scored.gold == {"test": "test.json"}
    assert {one.system for one in scored.scored} == {"mimic", "mimic-r2grpo", "dictionary"}
    rows = [json.loads(line) for line in (tmp_path / "run" / "mimic-r2grpo" / "log.jsonl").read_text().splitlines()]
    assert {"domains/papers/weight", "domains/abstracts/weight"} <= set(rows[0])
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["data"]["splits"]["test"]["sentences"] == 3
    assert "fallback" not in said.getvalue()
