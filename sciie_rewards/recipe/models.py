"""Models and adapters, as transformers and PEFT load, merge and save them."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from sciie_eval.exceptions import InputError
from sciie_rewards.recipe.checkpoints import write_folder
from sciie_rewards.recipe.sections import Lora

__all__ = [
    "check_start",
    "free_memory",
    "load",
    "load_tokenizer",
    "lora_config",
    "parameters",
    "plain",
    "save_adapted",
    "save_model",
]

MOST_WITHOUT_GPU = 1_000_000_000
"""Parameters up to which a model is tried without a GPU."""


def check_start(start: str, *, use_cpu: bool | None = None) -> None:
    """Whether a model is there and this machine can carry it; nothing but its configuration is loaded.

    Args:
        start: folder or hub name.
        use_cpu: True where people ask for the CPU themselves, whatever the size.

    Raises:
        InputError: no such model, or a large one and no GPU.
    """
    import torch

    number = parameters(start)
    if number > MOST_WITHOUT_GPU and not use_cpu and not torch.cuda.is_available():
        raise InputError(
            f"{start}: {number / 1e9:.1f} billion parameters and no GPU; run it where there is one, or take a smaller "
            "model (model.path=FOLDER, or no model.path for the nano model)"
        )


def parameters(start: str) -> int:
    """How many parameters a model has, by its configuration alone.

    Raises:
        InputError: there is no such model.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    if _is_path(start) and not (Path(start) / "config.json").is_file():
        raise InputError(f"{start}: no model there (no config.json); check model.path, or train the stage before first")
    try:
        config = AutoConfig.from_pretrained(start)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except (OSError, ValueError) as error:
        raise InputError(f"{start}: no such model, neither here nor to be had: {_first_line(error)}") from None
    return sum(weight.numel() for weight in model.parameters())


def load_tokenizer(start: str) -> Any:
    """The tokenizer of a model, padding on the left.

    Raises:
        InputError: there is none, or it has no chat template.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(start, padding_side="left", truncation_side="left")
    except (OSError, ValueError) as error:
        raise InputError(f"{start}: no tokenizer to be had: {_first_line(error)}") from None
    if tokenizer.chat_template is None:
        raise InputError(f"{start}: the tokenizer has no chat template; take an instruction-tuned model")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load(start: str, dtype: str = "auto") -> Any:
    """A model for generation, on the GPU where there is one.

    Raises:
        InputError: there is no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    try:
        model = AutoModelForCausalLM.from_pretrained(start, dtype=dtype)
    except (OSError, ValueError) as error:
        raise InputError(f"{start}: cannot be loaded: {_first_line(error)}") from None
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def lora_config(lora: Lora | None) -> Any:
    """The adapter's settings as PEFT takes them; None trains all weights."""
    if lora is None:
        return None
    from peft import LoraConfig

    modules = lora.target_modules
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        task_type="CAUSAL_LM",
    )


def plain(model: Any) -> Any:
    """A model as transformers has it; an adapter stays at work in it."""
    return model.get_base_model() if hasattr(model, "peft_config") and hasattr(model, "get_base_model") else model


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Save a model with its tokenizer, whole or not at all; an adapter is merged into it (and is gone then)."""
    merged = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model

    def write(part: Path) -> None:
        merged.save_pretrained(part)
        tokenizer.save_pretrained(part)

    write_folder(folder, write)


def save_adapted(start: str, dtype: str, kept: Path, tokenizer: Any, folder: Path) -> None:
    """Save what `Monitor` has kept, an adapter of ``start`` or a whole model, as a whole model.

    An adapter is merged on the CPU, which the model that was trained does not fill.
    """
    from transformers import AutoModelForCausalLM

    if not (kept / "adapter_config.json").exists():
        save_model(AutoModelForCausalLM.from_pretrained(kept, dtype="auto"), tokenizer, folder)
        return
    from peft import PeftModel

    base = AutoModelForCausalLM.from_pretrained(start, dtype=dtype)
    save_model(PeftModel.from_pretrained(base, kept), tokenizer, folder)


def free_memory() -> None:
    """Give the memory of models that nothing holds any more back to the device: the next stage loads its own."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _is_path(start: str) -> bool:
    """Whether a name can be nothing but a folder: hub names have at most one slash and no dot in front."""
    return start.startswith((".", "/", "~")) or start.count("/") > 1 or Path(start).exists()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
