"""The prompts of the task forms, and their right answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from recipe_examples import BERT, NOTHING, example, examples

from sciie_eval import prompts
from sciie_eval.cards import load_card
from sciie_eval.parsing import parse_completion
from sciie_eval.schema import Example, Extraction
from sciie_rewards.recipe.sections import Task
from sciie_rewards.recipe.tasks import FORMS, PromptStyle, answer, applies, messages

CARD = load_card("scier")
STYLES: tuple[PromptStyle, ...] = ("guideline", "short")


def asked(task: Task, about: Example, style: PromptStyle = "guideline") -> str:
    (message,) = messages(CARD, task, about, style)
    assert message["role"] == "user"
    return message["content"]


def test_end2end_asks_what_the_evaluation_asks() -> None:
    assert messages(CARD, "end2end", BERT, "guideline") == prompts.messages(CARD, BERT.sentence)


@pytest.mark.parametrize("task", FORMS)
@pytest.mark.parametrize("style", STYLES)
def test_a_prompt_ends_with_the_sentence(task: Task, style: PromptStyle) -> None:
    assert asked(task, BERT, style).endswith(f"\nSentence: {BERT.sentence}" if style == "guideline" else BERT.sentence)


@pytest.mark.parametrize("task", ["ner", "end2end"])
@pytest.mark.parametrize("style", STYLES)
def test_ner_and_end2end_tell_nothing_of_gold(task: Task, style: PromptStyle) -> None:
    assert asked(task, BERT, style) == asked(task, example(BERT.sentence), style)


@pytest.mark.parametrize("style", STYLES)
def test_re_tells_the_pairs_but_neither_relation_nor_direction(style: PromptStyle) -> None:
    turned = tuple((r.object, "Part-Of", r.subject) for r in BERT.gold.relations)
    entities = tuple((e.text, e.type) for e in BERT.gold.entities)
    assert asked("re", BERT, style) == asked("re", example(BERT.sentence, *entities, rel=turned), style)
    assert '[["BERT", "NER"], ["BERT", "MS COCO - 1 0"]]' in asked("re", BERT, style)


@pytest.mark.parametrize("style", STYLES)
def test_re_plus_tells_each_entity_once_with_its_type(style: PromptStyle) -> None:
    told = '[["BERT", "Method"], ["NER", "Task"], ["MS COCO - 1 0", "Dataset"]]'
    assert told in asked("re_plus", BERT, style)
    assert asked("re_plus", BERT, style).count("Evaluated-With") == (style == "guideline")


def test_short_prompts_are_the_task_what_is_given_and_the_sentence() -> None:
    assert asked("end2end", BERT, "short") == f"end2end\n{BERT.sentence}"
    assert asked("re", BERT, "short").splitlines() == [
        "re",
        '[["BERT", "NER"], ["BERT", "MS COCO - 1 0"]]',
        BERT.sentence,
    ]


@pytest.mark.parametrize("task", FORMS)
def test_a_guideline_holds_definitions_notes_and_the_form_of_the_answer(task: Task) -> None:
    text, form = asked(task, BERT), FORMS[task]
    assert form.form in text
    assert all(note in text for note in CARD.notes)
    assert all(f"- {kind.name}: " in text for kind in CARD.schema.entity_types)
    relations = [f"- {kind.name} (" in text for kind in CARD.schema.relation_types]
    assert not any(relations) if task == "ner" else all(relations)


@pytest.mark.parametrize("task", FORMS)
def test_another_card_gives_another_domain(task: Task) -> None:
    text = messages(load_card("scierc"), task, BERT, "guideline")[0]["content"]
    assert "Dataset" not in text.split("Sentence: ")[0].split("Entities: ")[0]
    assert ("HYPONYM-OF" in text.upper()) == (task != "ner")


@pytest.mark.parametrize("task", FORMS)
def test_the_form_of_an_answer_is_what_the_parser_reads(task: Task) -> None:
    filled = FORMS[task].form.replace(", …", "").replace("[text, type]", '["NER", "Task"]')
    filled = filled.replace("[subject, relation, object]", '["a", "Part-Of", "b"]').replace(":Type", ":Task")
    filled = filled.replace(" relation,", ' "Part-Of",')
    parsed = parse_completion(f"<think>…</think><answer>{filled}</answer>")
    assert parsed.status == "ok"
    assert parsed.items.entities or parsed.items.relations


@pytest.mark.parametrize("task", FORMS)
@given(about=examples())
def test_an_answer_parses_without_repair_and_equals_gold(task: Task, about: Example) -> None:
    parsed = parse_completion(f"<think></think><answer>{answer(task, about)}</answer>")
    assert parsed.status == "ok"
    gold = about.gold.to_scier()
    assert parsed.extraction.to_scier() == {section: gold[section] for section in FORMS[task].sections}


def test_answers_equal_gold_for_all_of_train(gold: dict[str, list[Example]]) -> None:
    for about in gold["train"]:
        row = about.gold.to_scier()
        for task, form in FORMS.items():
            assert json.loads(answer(task, about)) == {section: row[section] for section in form.sections}
            assert parse_completion(f"<think></think><answer>{answer(task, about)}</answer>").status == "ok"


def test_a_task_applies_where_there_is_something_to_ask() -> None:
    alone = example("NER is hard .", ("NER", "Task"))
    two = example("NER and POS are hard .", ("NER", "Task"), ("POS", "Task"))
    assert [task for task in FORMS if applies(task, NOTHING)] == ["ner", "end2end"]
    assert [task for task in FORMS if applies(task, alone)] == ["ner", "end2end"]
    assert [task for task in FORMS if applies(task, two)] == ["ner", "re_plus", "end2end"]
    assert [task for task in FORMS if applies(task, BERT)] == list(FORMS)


def test_relations_without_types_are_answered_without_types() -> None:
    about = Example(id="a", sentence="A b", gold=Extraction.from_scier({"ner": [], "rel": [["A", "Part-Of", "b"]]}))
    assert answer("re_plus", about) == '{"rel_plus": [["A", "Part-Of", "b"]]}'
