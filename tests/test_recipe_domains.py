"""Domains of GRPO: sentences of several cards and files, each asked and judged by its own card, drawn by reward."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import scierc_form
from recipe_light import LightStages, light_recipe, quiet, sample_only
from tiny_recipe import CARD, EXAMPLES, base, log, recipe, same_weights, stage

from sciie_eval import load_card, read_gold
from sciie_eval.exceptions import InputError
from sciie_rewards.recipe import grpo, select
from sciie_rewards.recipe.config import Recipe, load_recipe
from sciie_rewards.recipe.data import domain_sentences
from sciie_rewards.recipe.domains import ByDomain, domains_of, reward_for, rewards_of, selected
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.monitor import JsonLog
from sciie_rewards.recipe.run import run_recipe
from sciie_rewards.recipe.sections import Data, Domain, Grpo

NAME = "mimic-r2grpo"


@pytest.fixture(scope="module")
def abstracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the user's, of another card."""
    return scierc_form.write(tmp_path_factory.mktemp("scierc"))["train"]


def domains(path: Path) -> dict[str, Any]:
    return {"papers": {"limit": 6}, "abstracts": {"card": "scierc", "file": str(path)}}


def with_domains(folder: Path, path: Path, **changes: Any) -> Recipe:
    section = recipe(folder).grpo.model_dump(mode="json")
    trainer = {**section["trainer"], "max_steps": 5, "save_steps": 1, **changes.pop("trainer", {})}
    more = {"select": {"size": None}, "domains": domains(path), **changes, "trainer": trainer}
    return recipe(folder, grpo={**section, **more})


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, abstracts: Path) -> None:
    """A policy that knows one of the two domains: what it says of the other is wrong."""
    from trl import GRPOTrainer

    right = {example.sentence: target(CARD, "end2end", example, "grounded") for example in EXAMPLES["train"]}

    def say(self: Any, prompt_ids: Sequence[list[int]], *rest: Any, **more: Any) -> Any:
        tok, ids = self.processing_class, []
        for number, prompt in enumerate(prompt_ids):
            text = tok.decode(prompt)
            known = [said for sentence, said in right.items() if sentence in text] or ["no"]
            said = known[0] if number % 2 else "no"
            ids.append(tok(said, add_special_tokens=False)["input_ids"] + [tok.eos_token_id])
        return ids, None

    monkeypatch.setattr(GRPOTrainer, "_generate_single_turn", say)


def test_sentences_of_a_domain_are_those_that_it_names(abstracts: Path) -> None:
    def found(domain: Domain) -> tuple[str, list[str]]:
        card, examples = domain_sentences(domain, Data(), CARD, EXAMPLES)
        return card.name, [example.id for example in examples]

    assert found(Domain()) == ("scier", [example.id for example in EXAMPLES["train"]])
    assert found(Domain(split="dev", limit=2)) == ("scier", ["dev-0", "dev-2"])
    assert found(Domain(card="scierc", file=str(abstracts))) == ("scierc", [f"train-{row}" for row in range(5)])
    assert found(Domain(file=str(abstracts), limit=1)) == ("scier", ["train-0"])
    with pytest.raises(InputError, match="No such file"):
        found(Domain(card="scierc", file="elsewhere.json"))
    with pytest.raises(InputError, match="train"):
        found(Domain(card="scierc"))


def test_settings_of_domains_are_checked(tmp_path: Path) -> None:
    def load(*overrides: str) -> Recipe:
        return load_recipe("smoke.yaml", [f"output_dir={tmp_path}", *overrides])

    made = load("grpo.domains={a: {split: train}, b: {card: scierc, file: x.json}}", "grpo.domain_weights.tau=0.2")
    assert made.grpo.domains == {"a": Domain(split="train"), "b": Domain(card="scierc", file="x.json")}
    assert made.grpo.domain_weights.model_dump() == {"alpha": 0.5, "tau": 0.2, "eps": 0.1}
    assert load().grpo.domains is None
    for wrong, said in {
        "grpo.domains={}": "grpo.domains",
        "grpo.domains={a/b: {}}": "grpo.domains",
        "grpo.domains={a: {splt: x}}": "no such setting",
        "grpo.domain_weights.eps=1.5": "grpo.domain_weights.eps",
        "grpo.domain_weights.tau=0": "grpo.domain_weights.tau",
        "grpo.domain_weights.alpha=0": "grpo.domain_weights.alpha",
        "grpo.domain_weights.epsilon=1": "did you mean eps",
    }.items():
        with pytest.raises(InputError, match=said):
            load(wrong)


def test_every_domain_is_judged_by_its_own_card(abstracts: Path) -> None:
    settings, schema = Grpo(), load_card("scierc").schema
    assert reward_for(settings, load_card("scierc")).settings.label_schema == schema
    assert reward_for(Grpo(reward={"schema": "scierc"}), CARD).settings.label_schema == schema
    made = stage(with_domains(abstracts.parent, abstracts), NAME, "")
    both = domains_of(made, made.recipe.grpo)
    functions, weights = rewards_of(both, made.recipe.grpo)
    assert [function.__name__ for function in functions][:2] == ["r2_format", "r2_ner"]
    assert sum(weights) == pytest.approx(1)
    rows = [row for domain in both for row in domain.rows("short")]
    said = [target(domain.card, "end2end", e, "grounded") for domain in both for e in domain.examples]
    columns = {name: [row[name] for row in rows] for name in ("domain", "sentence", "gold")}
    for function in functions:
        assert function(completions=said, prompts=None, **columns) == pytest.approx([1.0] * len(rows))


def test_what_is_logged_stands_where_its_completion_stands(abstracts: Path) -> None:
    made = stage(with_domains(abstracts.parent, abstracts), NAME, "")
    both = domains_of(made, made.recipe.grpo)
    functions, _ = rewards_of(both, made.recipe.grpo)
    rows = [row for domain in reversed(both) for row in domain.rows("short")][::-2]
    said = ["<answer>{}</answer>" if number % 2 else "no" for number in range(len(rows))]
    columns = {name: [row[name] for row in rows] for name in ("domain", "sentence", "gold", "id")}
    extra: dict[str, list[Any]] = {}
    figures: dict[str, float] = {}
    values = functions[0](
        completions=said, prompts=None, log_extra=extra.__setitem__, log_metric=figures.__setitem__, **columns
    )
    assert [float(value) for value in extra["sciie/FORMAT"]] == values
    assert extra["sciie/id"] == columns["id"]
    assert [json.loads(gold)["sentence"] for gold in extra["sciie/gold"]] == columns["sentence"]
    for name in ("papers", "abstracts"):
        own = [value for value, domain in zip(values, columns["domain"], strict=True) if domain == name]
        assert figures[f"sciie/FORMAT/{name}"] == pytest.approx(sum(own) / len(own))
    assert len(figures) == 2


def test_a_column_that_is_none_is_handed_on() -> None:
    seen = []

    def reward(completions: list[str], **columns: Any) -> list[float]:
        seen.append(columns)
        return [0.0] * len(completions)

    ByDomain({"a": reward, "b": reward})(["x", "y"], ["p", "q"], domain=["b", "a"], k=[1, 2], trainer_state="state")
    assert seen == [
        {"prompts": ["p"], "log_extra": None, "log_metric": None, "k": [1], "trainer_state": "state"},
        {"prompts": ["q"], "log_extra": None, "log_metric": None, "k": [2], "trainer_state": "state"},
    ]


def test_prompts_are_selected_domain_by_domain(tmp_path: Path, abstracts: Path) -> None:
    how = {"select": {"size": 2, "candidates": 3, "samples": 2}}
    made = stage(with_domains(tmp_path, abstracts, **how), NAME, base(tmp_path))
    select.select(made)
    rows = [json.loads(line) for line in (made.folder / "selected.jsonl").read_text().splitlines()]
    assert [row["domain"] for row in rows] == ["papers", "papers", "abstracts", "abstracts"]
    assert {path.name for path in (made.folder / "select").iterdir()} == {
        "samples.papers.jsonl",
        "samples.abstracts.jsonl",
    }
    found = selected(made, domains_of(made, made.recipe.grpo))
    assert [(domain.name, domain.card.name, len(domain.examples)) for domain in found] == [
        ("papers", "scier", 2),
        ("abstracts", "scierc", 2),
    ]
    known = {example.id: example for example in read_gold(abstracts, "scierc")}
    assert [example.sentence for example in found[1].examples] == [known[row["id"]].sentence for row in rows[2:]]


@pytest.mark.usefixtures("scripted")
def test_the_domain_that_is_not_learned_yet_is_drawn_more(tmp_path: Path, abstracts: Path) -> None:
    made = stage(with_domains(tmp_path, abstracts), NAME, base(tmp_path))
    select.select(made)
    grpo.train(made)
    rows = [row for row in log(made.folder) if "loss" in row]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    for row in rows:
        weights = [row[f"domains/{name}/weight"] for name in ("abstracts", "papers")]
        assert sum(weights) == pytest.approx(1)
        assert min(weights) >= 0.05
    last = rows[-1]
    assert last["domains/abstracts/reward"] == 0
    assert last["domains/papers/reward"] == pytest.approx(0.5)
    assert last["domains/abstracts/weight"] > last["domains/papers/weight"]
    assert any("sciie/NER/papers" in row for row in rows)
    assert (made.folder / "model").is_dir()


@pytest.mark.usefixtures("scripted")
def test_interrupted_it_ends_with_the_same_model_and_log(
    tmp_path: Path, abstracts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, told = base(tmp_path), JsonLog.on_log
    for name in ("one", "two"):
        made = stage(with_domains(tmp_path / name, abstracts, curriculum=False), NAME, start)
        select.select(made)
        if name == "two":

            def on_log(self: JsonLog, args: Any, state: Any, control: Any, **named: Any) -> None:
                told(self, args, state, control, **named)
                if state.global_step == 3 and "loss" in named["logs"]:
                    raise KeyboardInterrupt

            with monkeypatch.context() as patch:
                patch.setattr(JsonLog, "on_log", on_log)
                with pytest.raises(KeyboardInterrupt):
                    grpo.train(made)
        grpo.train(made)
    assert same_weights(tmp_path / "one" / NAME / "model", tmp_path / "two" / NAME / "model")
    assert log(tmp_path / "one" / NAME) == log(tmp_path / "two" / NAME)


def test_changed_sentences_of_a_domain_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_only(tmp_path, monkeypatch)
    row = {"id": "a", "sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]], "rel": []}
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(row) + "\n")
    section = {"domains": {"papers": {}, "own": {"file": str(path)}}}
    made = light_recipe(tmp_path / "run", grpo=section)
    console, _ = quiet()
    run_recipe(made, console, stages=LightStages())
    stages = LightStages()
    run_recipe(made, console, stages=stages)
    assert stages.calls == []
    path.write_text(json.dumps({**row, "sentence": "BERT , NER ."}) + "\n")
    with pytest.raises(InputError, match="r2"):
        run_recipe(made, console, stages=LightStages())


def test_without_domains_a_run_depends_on_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How domains would be drawn is no setting of a run that has none."""
    sample_only(tmp_path, monkeypatch)
    console, _ = quiet()
    run_recipe(light_recipe(tmp_path / "run"), console, stages=LightStages())
    mark = json.loads((tmp_path / "run" / "r2" / "train.json").read_text())
    assert "domain" not in json.dumps(mark)
    again = LightStages()
    run_recipe(light_recipe(tmp_path / "run", grpo={"domain_weights": {"tau": 0.1}}), console, stages=again)
    assert again.calls == []
