"""Fixtures for the corpus and the golden files, and how hypothesis runs here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from sciie_eval.schema import Example

# No deadline: a slow machine is not a failure. Derandomised: a red test is red for everybody.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

SPLITS = ("train", "dev", "test", "test_ood")


def _folder(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is unset: {what} needed")
    return Path(value)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder that holds ``scier/``."""
    return _folder("SCIIE_DATA_DIR", "the SciER corpus is")


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """The folder that holds the golden files."""
    return _folder("SCIIE_GOLDEN_DIR", "the golden files are")


@pytest.fixture(scope="session")
def scier(data_dir: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of all four splits as plain mappings, read by the standard library alone."""
    texts = {split: (data_dir / "scier" / f"{split}.jsonl").read_text(encoding="utf-8") for split in SPLITS}
    return {split: [json.loads(line) for line in text.rstrip("\n").split("\n")] for split, text in texts.items()}


@pytest.fixture(scope="session")
def gold(scier: dict[str, list[dict[str, Any]]]) -> dict[str, list[Example]]:
    """The same as examples."""
    return {
        split: [Example.from_row(row, id=f"{split}-{number}") for number, row in enumerate(rows)]
        for split, rows in scier.items()
    }
