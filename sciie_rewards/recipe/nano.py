"""The nano model: a tokenizer trained on the training split and a small Qwen2 with random weights; no download.

Launch: ``sciie-rewards nano --config nano.yaml``. The tokenizer is Qwen2's kind of byte-level BPE with
all byte symbols, so that any text (in Unicode's form NFC) can be written; the tags of reasoning and answer are one
token each. The chat template is ChatML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sciie_eval.cards import Card
from sciie_eval.exceptions import InputError
from sciie_eval.schema import Example
from sciie_rewards.recipe.checkpoints import write_folder
from sciie_rewards.recipe.config import Recipe
from sciie_rewards.recipe.failures import check_training_packages, explained
from sciie_rewards.recipe.mimic import target
from sciie_rewards.recipe.sections import Nano
from sciie_rewards.recipe.tasks import FORMS, applies, messages

__all__ = ["build", "nano_model", "nano_tokenizer", "training_texts"]

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TAGS = ("<think>", "</think>", "<answer>", "</answer>")
"""What stands around reasoning and answer, as one token each."""
BLANK = r" (?=[\p{L}\p{N}])"
"""In front of a word. No token joins it to the word, so that a word is the same tokens in a sentence and, behind a
quote, in an answer: copying is what a small model finds hardest."""


def build(recipe: Recipe, train: Sequence[Example], card: Card, folder: Path) -> None:
    """Make the nano model in a folder, unless it is there.

    Args:
        recipe: its size and seed.
        train: sentences that the tokenizer is trained on, with their prompts and targets.
        card: names the labels of the prompts.
        folder: where model and tokenizer go.

    Raises:
        InputError: a size that does not go with another, or a folder that cannot be written.
        MissingExtraError: the packages for training are not installed.
    """
    if folder.exists():
        return
    check_training_packages()
    with explained("sft", folder):
        tokenizer = nano_tokenizer(training_texts(train, card), recipe.nano.vocab_size)
        model = nano_model(tokenizer, recipe.nano, recipe.seed)

        def write(part: Path) -> None:
            model.save_pretrained(part)
            tokenizer.save_pretrained(part)

        write_folder(folder, write)


def nano_tokenizer(texts: Iterator[str], vocab_size: int) -> Any:
    """A byte-level BPE tokenizer with ChatML, trained on texts."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Tokenizer

    raw, qwen = Tokenizer(models.BPE()), Qwen2Tokenizer().backend_tokenizer
    # of the model's own kind, since that is what `AutoTokenizer` makes of any tokenizer beside a Qwen2
    raw.normalizer, raw.decoder = qwen.normalizer, qwen.decoder
    raw.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(BLANK), "isolated"), qwen.pre_tokenizer])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(TAGS),
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    raw.pre_tokenizer = qwen.pre_tokenizer
    raw.add_tokens([AddedToken(tag, normalized=False, special=False) for tag in TAGS])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token=PAD, eos_token=END, padding_side="left")
    tokenizer.chat_template = CHAT
    return tokenizer


def nano_model(tokenizer: Any, nano: Nano, seed: int) -> Any:
    """A Qwen2 with random weights; the random numbers of the process are left as they are.

    Raises:
        InputError: the width is not a multiple of twice the number of attention heads.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    if nano.hidden_size % (2 * nano.num_attention_heads):
        raise InputError(
            f"nano.hidden_size: expected a multiple of twice nano.num_attention_heads, "
            f"{2 * nano.num_attention_heads}, got {nano.hidden_size}"
        )
    config = Qwen2Config(
        **nano.model_dump(exclude={"vocab_size"}),
        vocab_size=len(tokenizer),
        num_key_value_heads=nano.num_attention_heads,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        initializer_range=nano.hidden_size**-0.5,  # Qwen2's .02 is for wide ones: attention would begin uniform
        dtype="float32",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(config)


def training_texts(train: Sequence[Example], card: Card) -> Iterator[str]:
    """What the model reads and writes: short prompts and grounded targets without their tags."""
    for example in train:
        for task in FORMS:
            if applies(task, example):
                text = target(card, task, example, "grounded")
                for tag in TAGS:
                    text = text.replace(tag, " ")
                yield messages(card, task, example, "short")[0]["content"]
                yield text
