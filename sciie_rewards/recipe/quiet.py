"""What a run says: our own lines, and none of the bars and remarks of the libraries under it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["quiet", "say"]


def say(console: Console, text: str, style: str = "dim") -> None:
    """One line as it stands, however long."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the bars of transformers and datasets, and the remarks that they, TRL and the hub make."""
    import datasets
    from transformers.utils import logging

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else tokenizers remark on every worker that is forked
    hub = getLogger("huggingface_hub")
    level, hub_level, bars = logging.get_verbosity(), hub.level, logging.is_progress_bar_enabled()
    ours = datasets.are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|trl|peft|torch)\.")
        warnings.filterwarnings("ignore", message=".*pin_memory.*", category=UserWarning)
        logging.set_verbosity_error()
        hub.setLevel("ERROR")  # without a network it remarks on every try
        logging.disable_progress_bar()
        datasets.disable_progress_bars()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            hub.setLevel(hub_level)
            if bars:
                logging.enable_progress_bar()
            if not ours:
                datasets.enable_progress_bars()
