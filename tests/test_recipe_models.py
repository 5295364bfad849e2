"""Models: what is there, what fits, and adapters merged."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("trl")

import torch
from tiny_recipe import base, same_weights, weights

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe.models import (
    check_start,
    load,
    load_tokenizer,
    lora_config,
    parameters,
    plain,
    save_adapted,
    save_model,
)
from sciie_rewards.recipe.sections import Lora


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("run"))


def test_parameters_are_counted_by_the_configuration_alone(start: Path, tmp_path: Path) -> None:
    known = sum(weight.numel() for weight in weights(start).values())
    assert parameters(str(start)) == known
    (tmp_path / "config.json").write_bytes((start / "config.json").read_bytes())
    assert parameters(str(tmp_path)) == known


@pytest.mark.parametrize("name", ["/nowhere/model", "./model", "runs/nano/base"])
def test_a_missing_folder_is_named(name: str) -> None:
    with pytest.raises(InputError, match=r"no model there \(no config\.json\); check model\.path") as caught:
        check_start(name)
    assert str(caught.value).startswith(name)


def test_a_hub_name_that_cannot_be_had_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^nobody/no-model: no such model, neither here nor to be had") as caught:
        check_start("nobody/no-model")
    assert "\n" not in str(caught.value)


def test_a_large_model_needs_a_gpu_before_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import Qwen2Config

    Qwen2Config(hidden_size=3584, intermediate_size=18944, num_hidden_layers=28, vocab_size=152064).save_pretrained(
        tmp_path
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r": [78]\.\d billion parameters and no GPU; .*model\.path"):
        check_start(str(tmp_path))
    check_start(str(tmp_path), use_cpu=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check_start(str(tmp_path))


def test_a_tokenizer_without_a_chat_template_or_none_at_all_is_refused(start: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(start))
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path / "plain")
    with pytest.raises(InputError, match="no chat template"):
        load_tokenizer(str(tmp_path / "plain"))
    tokenizer = load_tokenizer(str(start))
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path / "unpadded")
    assert load_tokenizer(str(tmp_path / "unpadded")).pad_token == tokenizer.eos_token
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no tokenizer to be had"):
        load_tokenizer(str(tmp_path / "empty"))
    with pytest.raises(InputError, match="cannot be loaded"):
        load(str(tmp_path / "empty"))


def test_no_lora_means_all_weights_and_lora_is_pefts() -> None:
    assert lora_config(None) is None
    assert lora_config(Lora()).target_modules == "all-linear"
    made = lora_config(Lora(r=4, alpha=8, dropout=0.5, target_modules=("q_proj", "v_proj")))
    assert (made.r, made.lora_alpha, made.lora_dropout, made.target_modules) == (4, 8, 0.5, {"q_proj", "v_proj"})


@pytest.mark.filterwarnings("ignore:.*will be removed in v6:FutureWarning")  # PEFT's, of transformers
def test_an_adapter_is_merged_so_that_the_model_says_the_same(start: Path, tmp_path: Path) -> None:
    from peft import get_peft_model

    tokenizer, ids = load_tokenizer(str(start)), torch.arange(9)[None]
    torch.manual_seed(0)
    adapted = get_peft_model(load(str(start)), lora_config(Lora(r=2, alpha=4))).eval()
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    assert plain(adapted) is adapted.get_base_model()
    said, before = adapted(ids).logits, load(str(start))(ids).logits
    adapted.save_pretrained(tmp_path / "adapter")
    save_adapted(str(start), "auto", tmp_path / "adapter", tokenizer, tmp_path / "one")
    save_model(adapted, tokenizer, tmp_path / "two")
    assert same_weights(tmp_path / "one", tmp_path / "two")
    assert torch.allclose(load(str(tmp_path / "one"))(ids).logits, said, atol=1e-5)
    assert not torch.allclose(before, said, atol=1e-3)
    assert load_tokenizer(str(tmp_path / "one")).chat_template == tokenizer.chat_template


def test_a_whole_model_that_was_kept_is_saved_as_it_is(start: Path, tmp_path: Path) -> None:
    save_adapted("not looked at", "auto", start, load_tokenizer(str(start)), tmp_path / "model")
    assert same_weights(start, tmp_path / "model")
    assert plain(model := load(str(start))) is model
