"""The order of prompts, even spacing, and prompts that do not fit."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recipe_examples import BERT, NOTHING, example, examples

from sciie_eval.schema import Example
from sciie_rewards.recipe.curriculum import SHOWN, TooLong, ascending, evenly, length_report, too_long

TEMPLATE = (
    "{% for m in messages %}<s> {{ m.role }} {{ m.content }} </s> {% endfor %}"
    "{% if add_generation_prompt %}<s> assistant {% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """A real tokenizer of words, with a chat template that adds five words to a message."""
    transformers, tokenizers = pytest.importorskip("transformers"), pytest.importorskip("tokenizers")
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="?", chat_template=TEMPLATE)


def hardness(about: Example) -> int:
    return len(about.sentence.split()) + len(about.gold.relations)


@given(st.lists(examples(), max_size=8))
def test_the_order_is_ascending_stable_and_complete(drawn: list[Example]) -> None:
    numbered = [one.model_copy(update={"id": str(number)}) for number, one in enumerate(drawn)]
    ordered = ascending(numbered)
    keys = [(hardness(one), int(one.id)) for one in ordered]
    assert keys == sorted(keys)
    assert sorted(int(one.id) for one in ordered) == list(range(len(drawn)))


def test_relations_count_as_much_as_words() -> None:
    related = example("A b", ("A", "Method"), rel=(("A", "Part-Of", "b"),) * 2)
    plain = example("A b c", ("A", "Method"))
    assert ascending([related, BERT, plain, NOTHING]) == [plain, related, NOTHING, BERT]


@given(st.integers(0, 60), st.integers(1, 60))
def test_even_spacing_keeps_the_order_and_leaves_gaps_that_differ_by_at_most_one(length: int, n: int) -> None:
    taken = evenly(range(length), n)
    assert len(taken) == min(n, length)
    if taken:
        assert taken[0] == 0
        gaps = [after - before for before, after in zip(taken, [*taken[1:], length], strict=True)]
        assert max(gaps) - min(gaps) <= 1


def test_no_limit_takes_all() -> None:
    assert evenly([3, 1, 2], None) == [3, 1, 2]


def row(id: str, words: int) -> dict[str, Any]:
    return {"id": id, "prompt": [{"role": "user", "content": " ".join(["w"] * words)}]}


def test_prompts_over_the_limit_are_reported_with_id_and_length_and_none_is_dropped(tokenizer: Any) -> None:
    rows = [row("a", 5), row("b", 6), row("c", 4), row("d", 60)]
    before = [dict(one) for one in rows]
    assert too_long(rows, tokenizer, 10) == [TooLong("b", 11), TooLong("d", 65)]
    assert rows == before


def test_a_prompt_as_long_as_the_limit_fits(tokenizer: Any) -> None:
    assert too_long([row("a", 5)], tokenizer, 10) == []
    assert too_long([row("a", 5)], tokenizer, 9) == [TooLong("a", 10)]


def test_prompts_in_plain_text_are_measured_as_they_stand(tokenizer: Any) -> None:
    assert too_long([{"id": 7, "prompt": "one two three"}], tokenizer, 2) == [TooLong("7", 3)]


def test_many_prompts_are_measured_in_their_order(tokenizer: Any) -> None:
    rows = (row(str(number), number) for number in range(600))
    assert too_long(rows, tokenizer, 504) == [TooLong(str(number), number + 5) for number in range(500, 600)]


def test_a_report_names_the_longest_and_how_many_more() -> None:
    found = [TooLong(f"train-{number}", 100 + number) for number in range(SHOWN + 3)]
    text = length_report(found, 99, "grpo.max_prompt_length")
    assert text.startswith("grpo.max_prompt_length: 13 prompts have more than 99 tokens: train-12 (112), ")
    assert text.endswith("and 3 more; set it to 112 or take shorter prompts")
    assert "\n" not in text
