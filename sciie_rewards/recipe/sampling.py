"""Samples of a model: with vLLM where it is installed and there is a GPU, else with transformers in batches.

With transformers a token is drawn by the Gumbel-max method: the noise that is added to the logits is a hash of the
seed, the sentence, the sample, the position and the token. So the draws do not depend on how prompts are put into
batches, a run that goes on after an interruption draws what it would have drawn without one, and no random number
generator is touched: sampling while training leaves the training as it is.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import chain
from typing import Any, Protocol

from sciie_rewards.recipe.failures import check_vllm
from sciie_rewards.recipe.models import free_memory, load, load_tokenizer, plain
from sciie_rewards.recipe.sections import Generate

__all__ = ["Draw", "HashNoise", "Sampler", "TransformersSampler", "VllmSampler", "hash_noise", "open_sampler"]

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Draw:
    """How to sample.

    Attributes:
        samples: completions a prompt.
        temperature: 0 takes the likeliest token.
        seed: two draws of one seed are equal.
    """

    samples: int
    temperature: float
    seed: int


class Sampler(Protocol):
    """Completions of prompts."""

    def draw(self, prompts: Mapping[str, Messages], how: Draw) -> Iterator[tuple[str, list[str]]]:
        """Ids with their completions, as they are done, which need not be the order of the prompts."""
        ...


@contextmanager
def open_sampler(folder: str, settings: Generate) -> Iterator[Sampler]:
    """A sampler of the model in a folder; its memory is given back afterwards.

    Raises:
        InputError: there is no such model, or vLLM is asked for and not installed.
    """
    if settings.engine == "vllm":
        check_vllm("generate.engine")
    sampler: VllmSampler | TransformersSampler
    if settings.engine == "vllm" or (settings.engine == "auto" and _vllm_can_run()):
        sampler = VllmSampler(folder, settings.max_new_tokens)
    else:
        tokenizer = load_tokenizer(folder)
        sampler = TransformersSampler(load(folder), tokenizer, settings.max_new_tokens, settings.batch_size)
    try:
        yield sampler
    finally:
        sampler.close()


@dataclass
class _Row:
    """A completion in the making.

    Attributes:
        name: of its prompt.
        key: of its draws.
        prompt: tokens.
        said: tokens, so far.
        ended: whether that is all.
    """

    name: str
    key: int
    prompt: list[int]
    said: list[int] = field(default_factory=list)
    ended: bool = False


class TransformersSampler:
    """Samples of a model that is loaded, possibly in training.

    A batch is as slow as its longest completion, so it goes on in rounds, between which those that have ended make room
    for others. What was said is read anew in each round; the more there is to read, the longer a round.

    Args:
        model: of transformers or PEFT; in training it is put back to it afterwards.
        tokenizer: its tokenizer.
        max_new_tokens: length limit of a completion.
        batch_size: completions at once.
    """

    ROUND, SHARE = 64, 0.25
    """Tokens of a round: so many, or such a share of what it has to read."""

    def __init__(self, model: Any, tokenizer: Any, max_new_tokens: int, batch_size: int) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._max_new_tokens, self._batch_size = max_new_tokens, batch_size

    def draw(self, prompts: Mapping[str, Messages], how: Draw) -> Iterator[tuple[str, list[str]]]:
        """Ids with their completions, short prompts first."""
        texts = {
            name: self._tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
            for name, asked in prompts.items()
        }
        ids = {name: self._tokenizer(text, add_special_tokens=False)["input_ids"] for name, text in texts.items()}
        rows = {
            name: [_Row(name, _key(how.seed, name, number), ids[name]) for number in range(how.samples)]
            for name in sorted(ids, key=lambda n: len(ids[n]))
        }
        waiting = deque(chain.from_iterable(rows.values()))
        active: list[_Row] = []
        while waiting or active:
            active += [waiting.popleft() for _ in range(min(len(waiting), self._batch_size - len(active)))]
            self._round(active, how.temperature)
            for name in dict.fromkeys(row.name for row in active if row.ended):
                if all(row.ended for row in rows[name]):
                    said = [row.said for row in rows.pop(name)]
                    yield name, self._tokenizer.batch_decode(said, skip_special_tokens=True)
            active = [row for row in active if not row.ended]

    def _round(self, rows: list[_Row], temperature: float) -> None:
        """Some tokens more for each."""
        import torch

        tokenizer = self._tokenizer
        padded = tokenizer.pad(
            {"input_ids": [row.prompt + row.said for row in rows]}, padding_side="left", return_tensors="pt"
        )
        width = padded["input_ids"].shape[1]
        most = min(max(self.ROUND, int(width * self.SHARE)), max(self._max_new_tokens - len(row.said) for row in rows))
        with _at_rest(self._model) as model, torch.no_grad():
            ends = _ends(model, tokenizer)
            device = next(model.parameters()).device
            starts = [len(row.said) - width for row in rows]
            noise = [] if temperature == 0 else [HashNoise([r.key for r in rows], starts, temperature, device)]
            with _generation_config(model, tokenizer.pad_token_id, ends, most):
                found = model.generate(
                    input_ids=padded["input_ids"].to(device),
                    attention_mask=padded["attention_mask"].to(device),
                    logits_processor=noise,
                )
        for row, tokens in zip(rows, found[:, width:].tolist(), strict=True):
            tokens = tokens[: self._max_new_tokens - len(row.said)]
            end = next((place for place, token in enumerate(tokens) if token in ends), None)
            row.said += tokens if end is None else tokens[: end + 1]
            row.ended = end is not None or len(row.said) >= self._max_new_tokens

    def close(self) -> None:
        """Let the model go."""
        self._model = None
        free_memory()


class VllmSampler:
    """Samples with vLLM.

    Args:
        folder: of the model, or its hub name.
        max_new_tokens: length limit of a completion.
    """

    AT_ONCE = 256
    """Prompts that are handed over at once; what is done is kept when a run is interrupted."""

    def __init__(self, folder: str, max_new_tokens: int) -> None:
        from vllm import LLM

        self._model, self._max_new_tokens = LLM(model=folder), max_new_tokens

    def draw(self, prompts: Mapping[str, Messages], how: Draw) -> Iterator[tuple[str, list[str]]]:
        """Ids with their completions, in the order of the prompts."""
        from vllm import SamplingParams

        names = list(prompts)
        for first in range(0, len(names), self.AT_ONCE):
            some = names[first : first + self.AT_ONCE]
            settings = [
                SamplingParams(
                    n=how.samples,
                    temperature=how.temperature,
                    max_tokens=self._max_new_tokens,
                    seed=_key(how.seed, name, 0) % 2**31,
                )
                for name in some
            ]
            found = self._model.chat([prompts[name] for name in some], settings, use_tqdm=False)
            for name, one in zip(some, found, strict=True):
                yield name, [completion.text for completion in one.outputs]

    def close(self) -> None:
        """Let the model go, and the memory that vLLM has taken for itself."""
        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        self._model = None
        cleanup_dist_env_and_memory()
        free_memory()


class HashNoise:
    """Makes logits such that the largest is a draw; one row of noise for every position and sample.

    Args:
        keys: one a row.
        starts: likewise, what to add to the number of tokens to have the position in the completion.
        temperature: above 0.
        device: of the logits.
    """

    def __init__(self, keys: Sequence[int], starts: Sequence[int], temperature: float, device: Any) -> None:
        import torch

        self._keys, self._starts = (torch.tensor(some, dtype=torch.int64, device=device) for some in (keys, starts))
        self._temperature = temperature

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The logits over the temperature, and Gumbel noise."""
        positions = self._starts + input_ids.shape[1]
        return scores.float() / self._temperature + hash_noise(self._keys, positions, scores.shape[1])


def hash_noise(keys: Any, positions: Any, size: int) -> Any:
    """Standard Gumbel noise, (rows, size), a function of key, position and column alone.

    Keys and positions are (rows,) tensors of int64. The hash is the finalizer of MurmurHash3 (32 bits, on wrapping
    integers), of which 24 bits are used.
    """
    import torch

    row = (keys * 6364136223846793005 + (positions + 1) * 1442695040888963407) >> 29
    columns = torch.arange(size, dtype=torch.int32, device=keys.device) * _signed(0x9E3779B1)
    bits = _mixed(_mixed(row.to(torch.int32))[:, None] ^ columns[None, :])
    share = ((bits >> 8) & 0xFFFFFF).float().add_(0.5).mul_(2.0**-24)
    return share.neg_().log1p_().neg_().log_().neg_()


def _mixed(bits: Any) -> Any:
    bits = bits ^ ((bits >> 16) & 0xFFFF)
    bits = bits * _signed(0x85EBCA6B)
    bits = bits ^ ((bits >> 13) & 0x7FFFF)
    bits = bits * _signed(0xC2B2AE35)
    return bits ^ ((bits >> 16) & 0xFFFF)


def _signed(value: int, bits: int = 32) -> int:
    """The last bits of a number as signed integers write them."""
    value %= 2**bits
    return value - 2**bits if value >= 2 ** (bits - 1) else value


def _vllm_can_run() -> bool:
    import torch

    return find_spec("vllm") is not None and torch.cuda.is_available()


def _key(seed: int, name: str, sample: int) -> int:
    digest = hashlib.blake2b(f"{seed}/{sample}/{name}".encode(errors="backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Every token that ends a completion: the model's and the tokenizer's."""
    known = model.generation_config.eos_token_id
    ends = [] if known is None else [known] if isinstance(known, int) else list(known)
    return list(dict.fromkeys([tokenizer.eos_token_id, *ends]))


@contextmanager
def _at_rest(model: Any) -> Iterator[Any]:
    """The model, out of training (no dropout, a cache of keys and values), and back in it afterwards."""
    was_training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield plain(model)
    finally:
        for module in was_training:
            module.training = True


@contextmanager
def _generation_config(model: Any, pad: int, end: list[int], max_new_tokens: int) -> Iterator[None]:
    """Generation that takes the largest logit and nothing that the model's own defaults would change in it."""
    from transformers import GenerationConfig

    own = model.generation_config
    model.generation_config = GenerationConfig(
        do_sample=False, use_cache=True, max_new_tokens=max_new_tokens, pad_token_id=pad, eos_token_id=end
    )
    try:
        yield
    finally:
        model.generation_config = own
