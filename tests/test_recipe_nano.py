"""The nano model: a tokenizer that writes any text, a chat template, and the same weights from the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("trl")

import torch
from tiny_recipe import CARD, EXAMPLES, base, recipe, same_weights, weights

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe import nano
from sciie_rewards.recipe.models import load, load_tokenizer


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def tokenizer(start: Path) -> Any:
    return load_tokenizer(str(start))


def test_the_tokenizer_that_is_loaded_is_the_one_that_was_trained(tokenizer: Any) -> None:
    trained = nano.nano_tokenizer(nano.training_texts(EXAMPLES["train"], CARD), 500)
    for text in nano.training_texts(EXAMPLES["train"], CARD):
        assert trained(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert trained.get_vocab() == tokenizer.get_vocab()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_in_normal_form_survives_the_tokenizer(text: str, tokenizer: Any) -> None:
    text = normalize("NFC", text)
    if not any(tag in text for tag in (nano.PAD, nano.START, nano.END)):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_a_word_is_the_same_tokens_in_a_sentence_and_behind_a_quote(tokenizer: Any) -> None:
    def tokens(text: str) -> list[str]:
        return list(tokenizer.tokenize(text))

    for word in ("LeafNet", "segmentation", "3D", "naïve"):
        assert tokens(f" {word}") == [*tokens(" "), *tokens(word)]
        assert tokens(f'["{word}"') == [*tokens('["'), *tokens(word), *tokens('"')]


def test_every_tag_is_one_token_that_is_not_stripped(tokenizer: Any) -> None:
    for tag in nano.TAGS:
        (token,) = tokenizer(tag, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode([token], skip_special_tokens=True) == tag


def test_a_prompt_is_the_beginning_of_the_conversation(tokenizer: Any) -> None:
    asked = [{"role": "user", "content": "end2end\nLeafNet solves it ."}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    answered = [*asked, {"role": "assistant", "content": "<think>\n</think>"}]
    whole = tokenizer.apply_chat_template(answered, tokenize=False)
    assert whole == f"{prompt}<think>\n</think>{tokenizer.eos_token}"


def test_the_model_fits_its_tokenizer_and_the_settings(start: Path, tokenizer: Any) -> None:
    config = load(str(start)).config
    assert config.model_type == "qwen2"
    assert (config.vocab_size, config.hidden_size, config.num_hidden_layers) == (len(tokenizer), 16, 1)
    assert len(tokenizer) <= 500
    assert (config.eos_token_id, config.pad_token_id) == (tokenizer.eos_token_id, tokenizer.pad_token_id)
    assert {value.dtype for value in weights(start).values()} == {torch.float32}


def test_the_same_seed_gives_the_same_model_and_another_another(start: Path, tmp_path: Path) -> None:
    assert same_weights(start, base(tmp_path / "again"))
    other = recipe(tmp_path / "other", seed=2)
    nano.build(other, EXAMPLES["train"], CARD, other.output_dir / "base")
    assert not same_weights(start, other.output_dir / "base")
    assert (start / "tokenizer.json").read_text() == (tmp_path / "again" / "base" / "tokenizer.json").read_text()


def test_building_leaves_random_numbers_and_what_is_there_alone(start: Path) -> None:
    state, before = torch.get_rng_state(), (start / "config.json").stat().st_mtime_ns
    nano.nano_model(load_tokenizer(str(start)), recipe(start.parent).nano, 5)
    assert base(start.parent) == start
    assert torch.equal(torch.get_rng_state(), state)
    assert (start / "config.json").stat().st_mtime_ns == before


def test_a_width_that_does_not_fit_the_heads_is_named(tmp_path: Path) -> None:
    wrong = recipe(tmp_path, nano={"hidden_size": 30, "num_attention_heads": 4})
    with pytest.raises(InputError, match=r"nano\.hidden_size: expected a multiple of .* 8, got 30"):
        nano.build(wrong, EXAMPLES["train"], CARD, tmp_path / "base")
    assert not (tmp_path / "base").exists()
