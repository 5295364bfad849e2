"""Arguments of TRL's trainers from settings: theirs by their names, apart from the few that the recipe sets itself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, Literal

from sciie_eval.exceptions import InputError, brief

__all__ = ["OURS", "trainer_arguments"]

StageKind = Literal["sft", "grpo"]

_BOTH = {
    "output_dir": "set output_dir at the top",
    "seed": "set seed at the top",
    "model_init_kwargs": "set model.dtype",
    "report_to": "logs go to log.jsonl, and to TensorBoard where it is installed",
    "resume_from_checkpoint": "a stage always goes on from its last checkpoint",
    "load_best_model_at_end": "the best model by monitor is kept anyway",
    "remove_unused_columns": "rewards read the columns",
}

OURS: dict[StageKind, dict[str, str]] = {
    "sft": {
        **_BOTH,
        "num_train_epochs": "set epochs in sft.phases",
        "dataset_kwargs": "rows are made while training",
        "train_sampling_strategy": "rows are shuffled anew in every epoch",
        "shuffle_dataset": "rows are shuffled anew in every epoch",
        "packing": "rows are made while training",
        "padding_free": "rows are made while training",
        "completion_only_loss": "the loss is on completions only",
        "assistant_only_loss": "the loss is on completions only",
    },
    "grpo": {
        **_BOTH,
        "reward_weights": "set weights in grpo.reward",
        "shuffle_dataset": "set grpo.curriculum",
    },
}
"""Arguments that the recipe sets itself, and what to set instead."""

_DEFAULTS: dict[str, Any] = {
    "logging_steps": 10,
    "save_strategy": "steps",
    "save_steps": 100,
    "save_total_limit": 2,
    "disable_tqdm": True,  # the recipe has a bar of its own
}


def trainer_arguments(kind: StageKind, given: Mapping[str, Any], ours: Mapping[str, Any]) -> Any:
    """A `trl.SFTConfig` or `trl.GRPOConfig`.

    The device is what there is: without a GPU ``use_cpu`` and no bfloat16, unless told otherwise; on a CPU attention is
    computed step by step.

    Args:
        kind: which of them.
        given: by people, under ``<kind>.trainer``.
        ours: what the recipe sets; laid over what is given.

    Raises:
        InputError: no such argument, or a value that the trainer refuses; names the setting.
    """
    from trl import GRPOConfig, SFTConfig

    config = SFTConfig if kind == "sft" else GRPOConfig
    known = {field.name: field for field in fields(config) if field.init}
    for name in given:
        where = f"{kind}.trainer.{name}"
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise InputError(f"{where}: {config.__name__} has no such argument{hint}")
        if name in OURS[kind]:
            raise InputError(f"{where}: the recipe sets it itself; leave it out: {OURS[kind][name]}")
    values = {name: _number(f"{kind}.trainer.{name}", value, known[name]) for name, value in given.items()}
    try:
        made = config(**{**_DEFAULTS, **_device(given), **values, **ours})
    except (TypeError, ValueError) as error:
        raise InputError(f"{kind}.trainer: {' '.join(str(error).split())}") from None
    if made.use_cpu:  # torch's fused attention goes backward there more slowly: a nano step takes 1.6 times as long
        made.model_init_kwargs = {**(made.model_init_kwargs or {}), "attn_implementation": "eager"}
    return made


def _device(given: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    gpu = torch.cuda.is_available() and not given.get("use_cpu")
    return {"use_cpu": not gpu, "bf16": gpu and not given.get("fp16") and torch.cuda.is_bf16_supported()}


def _number(where: str, value: object, field: Field[Any]) -> object:
    """YAML takes 1e-4 for a string; where the trainer's default is a number, people mean one."""
    if not isinstance(field.default, int | float) or isinstance(field.default, bool):
        return value
    if value is None and field.type not in ("int", "float", int, float):  # it may be left open
        return value
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if not isinstance(number, int | float):
        raise InputError(f"{where}: expected a number, got {brief(value, 80)}")
    return int(number) if isinstance(value, str) and number == int(number) else number
