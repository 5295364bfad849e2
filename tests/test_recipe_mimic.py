"""MimicSFT targets: right, well laid out, and paid in full by the rewards but for what gold forces."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from recipe_examples import BERT, NOTHING, example, examples

from sciie_eval.cards import load_card
from sciie_eval.parsing import parse_completion
from sciie_eval.schema import Example
from sciie_rewards import RewardResult, r2_reward
from sciie_rewards.evidence import QUOTED_SHARE, quotes_in
from sciie_rewards.recipe.mimic import (
    EXCEPTIONS,
    LONGEST_QUOTE,
    ReasoningStyle,
    forced_exceptions,
    listed_exceptions,
    target,
)
from sciie_rewards.recipe.sections import Task
from sciie_rewards.recipe.tasks import FORMS, answer

CARD = load_card("scier")
STYLES: tuple[ReasoningStyle, ...] = get_args(ReasoningStyle)
NO_RULE = {"types", "both directions", "no entity"}


def reasoning_of(task: Task, about: Example, style: ReasoningStyle = "grounded") -> list[str]:
    return parse_completion(target(CARD, task, about, style)).reasoning.splitlines()


def scored(about: Example, style: ReasoningStyle = "grounded") -> RewardResult:
    """With a prompt that opens no reasoning: the completion must bring all its tags."""
    return r2_reward.score_one(target(CARD, "end2end", about, style), about, prompt="A prompt.")


def is_full(result: RewardResult, name: str) -> bool:
    return name in result.vacuous or result.components[name] == 1


def assert_paid_but_for_exceptions(about: Example) -> None:
    """RULE and RELEVANCE are 1 exactly where no exception is listed; all else is always 1."""
    result, kinds = scored(about), {kind for _, kind in forced_exceptions(CARD.schema, about)}
    assert result.status == "ok"
    assert result.components["FORMAT"] == 1
    assert all(is_full(result, name) for name in ("NER", "REL", "SPAN"))
    if "marks" not in kinds:  # then RULE depends on whether a full stop in the argument ends the step
        assert is_full(result, "RULE") == (not kinds & NO_RULE)
    assert is_full(result, "RELEVANCE") == (not kinds - NO_RULE)


@given(examples())
@hypothesis_settings(max_examples=500)
def test_targets_earn_all_but_for_the_exceptions_on_made_up_sentences(about: Example) -> None:
    assert_paid_but_for_exceptions(about)


def test_targets_earn_all_but_for_the_exceptions_on_all_of_train(gold: dict[str, list[Example]]) -> None:
    assert len(gold["train"]) == 5575
    for about in gold["train"]:
        assert_paid_but_for_exceptions(about)
        parsed, row = parse_completion(target(CARD, "end2end", about, "grounded")), about.gold.to_scier()
        assert parsed.extraction.to_scier() == {"ner": row["ner"], "rel": row["rel"]}
        assert (parsed.status, parsed.tags) == ("ok", "TtAa")


def test_the_exceptions_of_train_are_counted_and_listed(gold: dict[str, list[Example]]) -> None:
    counts, lines = listed_exceptions(CARD.schema, gold["train"])
    assert counts == {"types": 17, "both directions": 4}
    assert len(lines) == counts.total() == len(set(lines))
    assert all(line.startswith("train-") for line in lines)


def test_every_kind_of_exception_is_found_and_explained() -> None:
    entities = (("BERT", "Method"), ("NER", "Task"))
    cases = {
        "types": example("NER and BERT .", *entities, rel=(("NER", "SubTask-Of", "BERT"),)),
        "both directions": example(
            "BERT and NER .", *entities, rel=(("BERT", "Used-For", "NER"), ("NER", "Used-For", "BERT"))
        ),
        "no entity": example("BERT and NER .", entities[0], rel=(("BERT", "Used-For", "NER"),)),
        "not in the sentence": example("BERT .", *entities, rel=(("BERT", "Used-For", "NER"),)),
        "marks": example(
            'BERT for " N “ER .', entities[0], ('" N “ER', "Task"), rel=(("BERT", "Used-For", '" N “ER'),)
        ),
    }
    assert cases.keys() == EXCEPTIONS.keys()
    for kind, about in cases.items():
        assert {found for _, found in forced_exceptions(CARD.schema, about)} == {kind}
        assert_paid_but_for_exceptions(about)


def test_a_symmetric_relation_stated_twice_is_no_exception() -> None:
    both = (("BERT", "Compare-With", "GPT"), ("GPT", "Compare-With", "BERT"))
    about = example("BERT beats GPT .", ("BERT", "Method"), ("GPT", "Method"), rel=both)
    assert forced_exceptions(CARD.schema, about) == []
    assert_paid_but_for_exceptions(about)


def test_grounded_reasoning_quotes_entities_then_the_words_between_arguments() -> None:
    assert reasoning_of("end2end", BERT) == [
        '"BERT" Method, "NER" Task, "MS COCO - 1 0" Dataset',
        '"BERT for NER" shows BERT Used-For NER',
        '"BERT for NER on MS COCO - 1 0" shows BERT Evaluated-With MS COCO - 1 0',
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "BERT is for NER .",  # most of the sentence
        f"BERT {'and ' * LONGEST_QUOTE}NER {'and so on ' * LONGEST_QUOTE}.",  # more than the longest quote
    ],
)
def test_where_the_words_between_are_too_many_the_arguments_alone_are_quoted(sentence: str) -> None:
    about = example(sentence, ("BERT", "Method"), ("NER", "Task"), rel=(("BERT", "Used-For", "NER"),))
    assert reasoning_of("re", about) == ['"BERT" Used-For "NER"']
    assert_paid_but_for_exceptions(about)


def test_grounded_reasoning_has_the_steps_that_a_task_asks_for() -> None:
    whole = reasoning_of("end2end", BERT)
    assert reasoning_of("ner", BERT) == whole[:1]
    assert reasoning_of("re", BERT) == reasoning_of("re_plus", BERT) == whole[1:]


def test_grounded_reasoning_says_so_where_there_is_nothing() -> None:
    assert reasoning_of("end2end", NOTHING) == ["no entities", "no relations"]
    assert scored(NOTHING).score == 1


def test_quotes_stand_in_the_sentence_and_are_short(gold: dict[str, list[Example]]) -> None:
    spans = 0
    for about in gold["train"]:
        for line in reasoning_of("end2end", about)[1:]:
            quotes = quotes_in(line)
            assert all(quote in about.sentence for quote in quotes)
            if " shows " in line and len(quotes) == 1:
                spans += 1
                assert len(quotes[0]) <= QUOTED_SHARE * len(about.sentence)
                assert len(quotes[0].split()) <= LONGEST_QUOTE
    assert spans > 4000


@pytest.mark.parametrize("task", FORMS)
@pytest.mark.parametrize("style", STYLES)
@given(about=examples())
def test_every_target_is_laid_out_as_asked_and_ends_with_the_answer(
    task: Task, style: ReasoningStyle, about: Example
) -> None:
    text = target(CARD, task, about, style)
    parsed = parse_completion(text)
    assert (parsed.status, parsed.tags) == ("ok", "TtAa")
    assert text.endswith(f"<answer>\n{answer(task, about)}\n</answer>")


@pytest.mark.parametrize("style", STYLES)
def test_format_is_full_in_every_style(style: ReasoningStyle) -> None:
    assert scored(BERT, style).components["FORMAT"] == 1
    assert (scored(BERT, style).score == 1) == (style == "grounded")


def test_plain_sft_has_an_empty_reasoning_block() -> None:
    assert target(CARD, "end2end", BERT, "none").startswith("<think>\n</think>\n<answer>\n")


@pytest.mark.parametrize("task", FORMS)
def test_the_template_is_the_same_for_every_sentence_and_of_the_card(task: Task) -> None:
    lines = reasoning_of(task, BERT, "template")
    assert lines == reasoning_of(task, NOTHING, "template")
    assert [line.split(":")[0] for line in lines] == [f"Step {number}" for number in range(1, len(lines) + 1)]
    text = "\n".join(lines)
    assert all(name in text for name in CARD.schema.relation_names) == (task != "ner")
    assert all(name in text for name in CARD.schema.entity_names) == (task in ("ner", "end2end"))


def test_repeated_items_are_argued_once_and_answered_as_often_as_in_gold() -> None:
    twice = example("A and A .", ("A", "Method"), ("A", "Method"), rel=(("A", "Compare-With", "A"),) * 2)
    lines = reasoning_of("end2end", twice)
    assert len(lines) == 2
    assert lines[0] == '"A" Method'
    assert Counter(map(tuple, parse_completion(target(CARD, "ner", twice, "grounded")).items.entities)) == {
        ("A", "Method"): 2
    }
