"""Rows: token ids as TRL makes them, every epoch whole and in an order of its own, nothing dropped in silence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from tiny_recipe import CARD, EXAMPLES, base

from sciie_eval.exceptions import InputError
from sciie_rewards import r2_reward
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.models import load_tokenizer
from sciie_rewards.recipe.rows import IGNORED, Encoder, Question, SftRows, check_prompts, grpo_rows, questions
from sciie_rewards.recipe.sections import Augment, Phase, Task
from sciie_rewards.recipe.tasks import applies, messages

TASKS: tuple[Task, ...] = ("ner", "re", "re_plus", "end2end")
TRAIN = EXAMPLES["train"]
WHOLE = Phase(tasks=("end2end",), epochs=2.5)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def encoder(start: Path) -> Encoder:
    return Encoder(CARD, load_tokenizer(str(start)), "short", "grounded")


def rows(
    encoder: Encoder, phase: Phase = WHOLE, seed: str = "1", augment: Augment | None = None, **more: Any
) -> SftRows:
    return SftRows(phase, TRAIN, encoder, seed, augment, more.get("max_length"))


def test_every_sentence_is_asked_in_every_form_that_has_something_to_ask() -> None:
    asked = questions(TRAIN, TASKS)
    assert len(asked) == len(TRAIN) * 2 + 2 * 12
    assert asked == [Question(task, example) for example in TRAIN for task in TASKS if applies(task, example)]


@pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")
def test_token_ids_and_labels_are_those_of_trl(encoder: Encoder, start: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    asked = questions(TRAIN, TASKS)
    given = [
        {
            "prompt": messages(CARD, question.task, question.example, "short"),
            "completion": [{"role": "assistant", "content": target(CARD, question.task, question.example, "grounded")}],
        }
        for question in asked
    ]
    arguments = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, report_to="none", max_length=None)
    trainer = SFTTrainer(
        model=str(start), args=arguments, train_dataset=Dataset.from_list(given), processing_class=encoder.tokenizer
    )
    theirs = [{name: row[name] for name in ("input_ids", "labels")} for row in trainer.train_dataset]
    assert encoder.many(asked) == theirs
    assert [encoder(question) for question in asked] == theirs


def test_the_loss_is_on_the_completion_only(encoder: Encoder) -> None:
    row = encoder(Question("end2end", TRAIN[0]))
    learned = [token for token, label in zip(row["input_ids"], row["labels"], strict=True) if label != IGNORED]
    said = encoder.tokenizer.decode(learned)
    assert said == target(CARD, "end2end", TRAIN[0], "grounded") + encoder.tokenizer.eos_token


def test_every_epoch_holds_every_row_once_in_an_order_of_its_own(encoder: Encoder) -> None:
    made, size = rows(encoder), len(TRAIN)
    assert len(made) == 40
    orders = [[made.question(n).example.id for n in range(first, min(first + size, 40))] for first in (0, 16, 32)]
    known = [example.id for example in TRAIN]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(known)
    assert len({*map(tuple, orders), tuple(known)}) == 4
    assert set(orders[2]) < set(known)


def test_a_row_is_a_function_of_seed_and_number_alone(encoder: Encoder) -> None:
    augment = Augment(rows=1, entities=1)
    one, other = rows(encoder, augment=augment), rows(encoder, augment=augment)
    forwards = [one[number] for number in range(40)]
    backwards = [other[number] for number in reversed(range(40))]
    assert forwards == backwards[::-1]
    assert forwards != [rows(encoder, seed="2", augment=augment)[number] for number in range(40)]


def test_augmentation_changes_rows_anew_in_every_epoch(encoder: Encoder) -> None:
    made = rows(encoder, augment=Augment(rows=1, entities=1))
    seen: dict[str, list[str]] = {}
    for number in range(2 * len(TRAIN)):
        example = made.question(number).example
        seen.setdefault(example.id, []).append(example.sentence)
    named = {example.id: example.sentence for example in TRAIN if example.gold.entities}
    assert sum(first != second for first, second in map(seen.get, named)) > len(named) // 2  # type: ignore[misc]
    assert sum(seen[name][0] != sentence for name, sentence in named.items()) > len(named) // 2


def test_the_data_set_is_read_lazily_in_this_order(encoder: Encoder) -> None:
    made = rows(encoder, augment=Augment())
    data = made.dataset()
    assert len(data) == 40
    assert data[3:5] == {name: [made[3][name], made[4][name]] for name in ("input_ids", "labels")}
    assert data[39] == made[39]


def test_rows_that_are_too_long_are_reported_and_no_other_is_left_out(encoder: Encoder) -> None:
    lengths = Counter(len(encoder(Question("end2end", example))["input_ids"]) for example in TRAIN)
    limit = sorted(lengths)[-2]
    made = rows(encoder, max_length=limit)
    assert len(made.left_out) == lengths[max(lengths)] > 0
    assert made.report(limit) == (
        f"left out of training: sft.trainer.max_length: {len(made.left_out)} prompts have more than {limit} tokens: "
        + ", ".join(f"{one.id} ({one.tokens})" for one in made.left_out)
        + f"; set it to {max(lengths)} or take shorter prompts"
    )
    assert made.left_out[0].id.endswith("(end2end)")
    assert max(len(made[number]["input_ids"]) for number in range(len(made))) == limit
    assert rows(encoder).report(None) is None
    assert rows(encoder, max_length=max(lengths)).report(max(lengths)) is None


def test_new_names_never_make_a_row_too_long(encoder: Encoder) -> None:
    limit = max(len(encoder(Question("end2end", example))["input_ids"]) for example in TRAIN)
    made = rows(encoder, augment=Augment(rows=1, entities=1), max_length=limit)
    augmented = [len(encoder(made.question(number))["input_ids"]) for number in range(len(made))]
    assert max(augmented) > limit
    assert max(len(made[number]["input_ids"]) for number in range(len(made))) <= limit


def test_nothing_to_train_on_is_an_error(encoder: Encoder) -> None:
    with pytest.raises(InputError, match=r"no row to train on for end2end \(16 rows, 16 longer than .*max_length=3\)"):
        rows(encoder, max_length=3)
    with pytest.raises(InputError, match="no row to train on for re"):
        SftRows(Phase(tasks=("re",)), [TRAIN[3]], encoder, "1", None, None)


def test_rows_of_grpo_are_what_the_reward_reads() -> None:
    made = grpo_rows(CARD, TRAIN, "short")
    assert [row["id"] for row in made] == [example.id for example in TRAIN]
    columns = {name: [row[name] for row in made] for name in ("id", "sentence", "gold")}
    completions = [target(CARD, "end2end", example, "grounded") for example in TRAIN]
    assert r2_reward(completions=completions, prompts=[row["prompt"] for row in made], **columns) == [1.0] * 16


def test_prompts_over_the_limit_stop_the_run_with_the_longest_named(encoder: Encoder) -> None:
    made = grpo_rows(CARD, TRAIN, "short")
    check_prompts(made, encoder.tokenizer, 100)
    with pytest.raises(InputError, match=r"^grpo\.max_prompt_length: \d+ prompts have more than 15 tokens: train-"):
        check_prompts(made, encoder.tokenizer, 15)
