"""A tiny random Qwen2, a tokenizer trained on the spot, and scripted trainers: real training runs without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import GRPOConfig, GRPOTrainer

torch.set_num_threads(1)  # models this small gain nothing from more, and lose much on a busy machine
Row = dict[str, Any]

CHAT = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{{ eos_token }}{% endfor %}"
PLAIN_CHAT = CHAT + "{% if add_generation_prompt %}[assistant] {% endif %}"
OPENING_CHAT = CHAT + "{% if add_generation_prompt %}[assistant] <think>\n{% endif %}"

GOLD: list[Row] = [
    {
        "id": "a-0",
        "sentence": "TinyTagger solves name tagging .",
        "ner": [["TinyTagger", "Method"], ["name tagging", "Task"]],
        "rel": [["TinyTagger", "Used-For", "name tagging"]],
    },
    {
        "id": "a-1",
        "sentence": "LeafNet learns from LeafCorpus .",
        "ner": [["LeafNet", "Method"], ["LeafCorpus", "Dataset"]],
        "rel": [["LeafNet", "Trained-With", "LeafCorpus"]],
    },
    {"id": "a-2", "sentence": "We look at leaf counting .", "ner": [["leaf counting", "Task"]], "rel": []},
    {"id": "a-3", "sentence": "See the second table .", "ner": [], "rel": []},
]


def good(row: Row, opened: bool = False) -> str:
    """A right answer with natural reasoning; ``opened``: behind a prompt that has opened the reasoning."""
    said = "\n".join(f'"{s}" is {kind} "{o}".' for s, kind, o in row["rel"]) or "I list what it names."
    value = json.dumps({"ner": row["ner"], "rel": row["rel"]})
    return f"{'' if opened else '<think>'}{said}</think><answer>{value}</answer>"


def bad(row: Row) -> str:
    """A well-formed answer that is wrong throughout."""
    return '<think>I guess.</think><answer>{"ner": [["We", "Dataset"]], "rel": []}</answer>'


MALFORMED: tuple[Callable[[Row], str], ...] = (
    good,
    bad,
    lambda row: good(row)[:-30],
    lambda row: "",
    lambda row: "<answer>" * 20,
    lambda row: f"<think>```json\n{json.dumps(row['ner'])}\n```",
    lambda row: f"<think>x</think><answer>{row['ner']!r}</answer>",
    lambda row: '<think>\ud7ff "</think><answer>{"ner": [[1, null], {}], "rel": {"a": [}}</answer>',
)
"""Answers of every kind, by row."""


def tokenizer(texts: Iterable[str], template: str = PLAIN_CHAT, size: int = 600) -> Any:
    """A byte-level BPE tokenizer trained on these texts."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        list(texts),
        trainers.BpeTrainer(
            vocab_size=size, special_tokens=["<pad>", "<eos>"], initial_alphabet=alphabet, show_progress=False
        ),
    )
    made = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>", padding_side="left")
    made.chat_template = template
    return made


def tiny_model(tok: Any, hidden: int = 32, layers: int = 1) -> Any:
    """A random Qwen2."""
    torch.manual_seed(0)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tok),
            hidden_size=hidden,
            intermediate_size=2 * hidden,
            num_hidden_layers=layers,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            pad_token_id=tok.pad_token_id,
            eos_token_id=tok.eos_token_id,
            bos_token_id=None,
        )
    )


def imitate(model: Any, tok: Any, pairs: Sequence[tuple[str, str]], steps: int, rate: float = 3e-3) -> None:
    """Teach a model (prompt, completion) pairs, all of them at every step."""
    rows = []
    for prompt, completion in pairs:
        asked = tok(prompt)["input_ids"]
        told = tok(completion)["input_ids"] + [tok.eos_token_id]
        rows.append((asked + told, [-100] * len(asked) + told))
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([[*one, *[tok.pad_token_id] * (width - len(one))] for one, _ in rows])
    labels = torch.tensor([[*one, *[-100] * (width - len(one))] for _, one in rows])
    mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one, _ in rows])
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        optimizer.step()


def dataset(rows: Sequence[Row] = GOLD, *, chat: bool = False, as_json: bool = False, opening: str = "") -> Any:
    """Prompts with gold columns: ``ner`` and ``rel``, or ``gold`` as one JSON string."""
    out = []
    for row in rows:
        text = f"Extract: {row['sentence']}\n{opening}"
        prompt: Any = [{"role": "user", "content": text}] if chat else text
        gold = {"gold": json.dumps(row)} if as_json else {key: row[key] for key in ("sentence", "ner", "rel")}
        out.append({"prompt": prompt, "id": row["id"], **gold})
    return Dataset.from_list(out)


def config(folder: Path | str, kind: type[Any] = GRPOConfig, **settings: Any) -> Any:
    """Two steps of two prompts with four generations each, on the CPU, everything logged."""
    base = {
        "output_dir": str(folder),
        "use_cpu": True,
        "bf16": False,
        "report_to": "none",
        "logging_steps": 1,
        "save_strategy": "no",
        "max_steps": 2,
        "per_device_train_batch_size": 8,
        "num_generations": 4,
        "max_completion_length": 16,
        "log_completions": True,
        "num_completions_to_print": 1,
        "shuffle_dataset": False,
        "disable_tqdm": True,
        "seed": 1,
        "beta": 0.0,  # a KL term would want a model that was loaded from a path
    }
    return kind(**{**base, **settings})


def scripted(trainer: type[Any], says: Callable[[str, int], str]) -> type[Any]:
    """A trainer whose policy says what a script says; everything else is the trainer's own.

    Args:
        trainer: GRPOTrainer or RLOOTrainer.
        says: (prompt as the model reads it, number of the completion in the batch) -> completion.
    """

    class Scripted(trainer):  # type: ignore[misc]
        def _generate_single_turn(self, prompt_ids: Any, *rest: Any, **more: Any) -> Any:
            tok = self.processing_class
            texts = [says(tok.decode(ids), number) for number, ids in enumerate(prompt_ids)]
            ids = [tok(text, add_special_tokens=False)["input_ids"] + [tok.eos_token_id] for text in texts]
            return (ids, None) if issubclass(trainer, GRPOTrainer) else ids

    return Scripted


def last_logged(trainer: Any) -> list[Row]:
    """The completions of a trainer's last step (RLOOTrainer writes no file)."""
    logs = trainer._logs
    columns = {"prompt": logs["prompt"], "completion": logs["completion"], **logs["rewards"], **logs["extra"]}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def logged(folder: Path | str) -> list[Row]:
    """The completions that a run logged, all steps."""
    import pandas as pd

    files = sorted(Path(folder, "completions").glob("*.parquet"))
    return [row for file in files for row in pd.read_parquet(file).to_dict("records")]
