"""Samples: exact draws that depend on seed, sentence and sample alone, whatever the batches, and disturb nothing."""

from __future__ import annotations

import math
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("trl")

import torch
from tiny_recipe import EXAMPLES, base

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe.models import load, load_tokenizer
from sciie_rewards.recipe.sampling import (
    Draw,
    HashNoise,
    TransformersSampler,
    VllmSampler,
    hash_noise,
    open_sampler,
)
from sciie_rewards.recipe.sections import Generate

PROMPTS = {e.id: [{"role": "user", "content": f"end2end\n{e.sentence}"}] for e in EXAMPLES["train"][:6]}
HOW = Draw(samples=3, temperature=1.0, seed=1)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def model(start: Path) -> Any:
    return load(str(start))


@pytest.fixture(scope="module")
def tokenizer(start: Path) -> Any:
    return load_tokenizer(str(start))


def drawn(model: Any, tokenizer: Any, how: Draw = HOW, batch: int = 64, new: int = 10) -> dict[str, list[str]]:
    return dict(TransformersSampler(model, tokenizer, new, batch).draw(PROMPTS, how))


@pytest.mark.parametrize("batch", [1, 4, 7])
def test_draws_do_not_depend_on_the_batches(batch: int, model: Any, tokenizer: Any) -> None:
    assert drawn(model, tokenizer, batch=batch) == drawn(model, tokenizer)


def watched(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The shapes that a model is asked to go on from, from now on."""
    shapes: list[tuple[int, int]] = []
    generate = type(model).generate

    def noted(self: Any, **given: Any) -> Any:
        shapes.append(tuple(given["input_ids"].shape))
        return generate(self, **given)

    monkeypatch.setattr(type(model), "generate", noted)
    return shapes


def test_a_completion_in_several_rounds_is_the_same(
    model: Any, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = watched(model, monkeypatch)
    rounds = drawn(model, tokenizer, batch=7, new=150)
    assert max(width for _, width in shapes) > 2 * min(width for _, width in shapes)  # some went on twice
    monkeypatch.setattr(tokenizer, "pad", partial(tokenizer.pad, pad_to_multiple_of=800))  # there is more to read
    shapes.clear()
    assert drawn(model, tokenizer, batch=18, new=150) == rounds
    assert len(shapes) == 1


def test_those_that_have_ended_make_room(model: Any, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own, shapes = model.generation_config.eos_token_id, watched(model, monkeypatch)
    model.generation_config.eos_token_id = list(range(0, len(tokenizer), 60))
    try:
        said = drawn(model, tokenizer, batch=4, new=300)
    finally:
        model.generation_config.eos_token_id = own
    assert {len(some) for some in said.values()} == {3}
    rows = [number for number, _ in shapes]
    assert rows == sorted(rows, reverse=True)  # full until none waits
    assert rows[0] == 4
    assert len(rows) > 5  # not all ended in their first round


def test_draws_differ_by_sample_sentence_and_seed_and_not_otherwise(model: Any, tokenizer: Any) -> None:
    one, again = drawn(model, tokenizer), drawn(model, tokenizer)
    assert one == again
    assert list(one) == sorted(one, key=lambda name: len(PROMPTS[name][0]["content"])) or len(one) == len(PROMPTS)
    assert len({text for some in one.values() for text in some}) == 3 * len(PROMPTS)
    assert not {text for some in one.values() for text in some} & {
        text for some in drawn(model, tokenizer, Draw(3, 1.0, 2)).values() for text in some
    }


def test_temperature_zero_is_the_likeliest_token(model: Any, tokenizer: Any) -> None:
    said = drawn(model, tokenizer, Draw(2, 0.0, 1))
    for name, messages in PROMPTS.items():
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")["input_ids"]
        width = ids.shape[1]
        with torch.inference_mode():
            for _ in range(10):
                ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], dim=1)
                if ids[0, -1] == tokenizer.eos_token_id:
                    break
        assert said[name] == 2 * [tokenizer.decode(ids[0, width:], skip_special_tokens=True)]


def test_tokens_are_drawn_with_their_probabilities() -> None:
    logits, temperature, rows, steps = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]), 0.7, 2000, 20
    expected = torch.softmax(logits / temperature, 0)
    noise = HashNoise([Random(row).getrandbits(63) for row in range(rows)], rows * [-5], temperature, "cpu")
    tokens = [noise(torch.zeros(rows, 5 + step), logits.expand(rows, -1)).argmax(1) for step in range(steps)]
    counts = torch.bincount(torch.cat(tokens), minlength=5)
    chi_square = ((counts - rows * steps * expected) ** 2 / (rows * steps * expected)).sum()
    assert chi_square < 30  # 4 degrees of freedom: beyond once in 200,000
    repeated = torch.stack([(one == other).float().mean() for one, other in pairwise(tokens)])
    alone = float((expected**2).sum())
    assert abs(float(repeated.mean()) - alone) < 5 * math.sqrt(alone * (1 - alone) / (rows * (steps - 1)))


def test_noise_is_gumbel_and_finite() -> None:
    noise = hash_noise(torch.arange(300), torch.full((300,), 3), 5000)
    assert torch.isfinite(noise).all()
    assert abs(float(noise.mean()) - 0.5772) < 0.01
    assert abs(float(noise.var()) - math.pi**2 / 6) < 0.02
    correlation = torch.corrcoef(noise[:50])
    assert float((correlation - torch.eye(50)).abs().max()) < 0.08


def test_sampling_leaves_random_numbers_mode_and_settings_of_the_model_alone(model: Any, tokenizer: Any) -> None:
    model.train()
    model.model.norm.eval()
    model.generation_config.repetition_penalty, own = 5.0, model.generation_config
    torch.manual_seed(3)
    state, drawn_then = torch.get_rng_state(), drawn(model, tokenizer)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert not model.model.norm.training
    assert model.generation_config is own
    model.eval()
    own.repetition_penalty = 1.0
    assert drawn_then == drawn(model, tokenizer)  # nor do they change what is drawn


def test_a_completion_ends_where_the_model_or_the_tokenizer_ends_it(model: Any, tokenizer: Any) -> None:
    own = model.generation_config.eos_token_id
    model.generation_config.eos_token_id = [n for n in range(len(tokenizer)) if n != tokenizer.eos_token_id]
    try:
        cut = drawn(model, tokenizer)
    finally:
        model.generation_config.eos_token_id = own
    assert cut == drawn(model, tokenizer, new=1)
    assert cut != drawn(model, tokenizer, new=2)


def test_a_sampler_is_opened_on_a_folder_and_closed(start: Path, model: Any, tokenizer: Any) -> None:
    with open_sampler(str(start), Generate(max_new_tokens=10)) as sampler:
        assert dict(sampler.draw(PROMPTS, HOW)) == drawn(model, tokenizer)
    assert sampler._model is None  # type: ignore[attr-defined]


def test_vllm_is_asked_for_and_not_there(start: Path) -> None:
    with pytest.raises(InputError, match=r"generate\.engine: vLLM"), open_sampler(str(start), Generate(engine="vllm")):
        pass


class FakeLLM:
    """Says how it was asked."""

    def __init__(self, model: str) -> None:
        self.model = model

    def chat(self, messages: list[Any], settings: list[Any], use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        texts = [[f"{m[0]['content']} {n}" for n in range(how.n)] for m, how in zip(messages, settings, strict=True)]
        return [SimpleNamespace(outputs=[SimpleNamespace(text=text) for text in some]) for some in texts]


def test_vllm_gets_every_prompt_its_settings_and_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    vllm, state, freed = ModuleType("vllm"), ModuleType("vllm.distributed.parallel_state"), []
    vllm.LLM, vllm.SamplingParams = FakeLLM, SimpleNamespace  # type: ignore[attr-defined]
    state.cleanup_dist_env_and_memory = lambda: freed.append(True)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    monkeypatch.setitem(sys.modules, "vllm.distributed", ModuleType("vllm.distributed"))
    monkeypatch.setitem(sys.modules, "vllm.distributed.parallel_state", state)
    monkeypatch.setattr("sciie_rewards.recipe.failures.find_spec", lambda name: object())
    monkeypatch.setattr(VllmSampler, "AT_ONCE", 4)
    with open_sampler("folder", Generate(engine="vllm")) as sampler:
        said = dict(sampler.draw(PROMPTS, HOW))
    assert said == {name: [f"{asked[0]['content']} {n}" for n in range(3)] for name, asked in PROMPTS.items()}
    assert freed == [True]
