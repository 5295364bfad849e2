"""The bundled configurations at work: smoke as it is, and the first steps of the large one with a stand-in model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy import ROOT, rows_of

for _package in ("datasets", "peft", "torch", "trl"):
    pytest.importorskip(_package)

STAND_IN = (
    "nano={vocab_size: 2000, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 2, "
    "max_position_embeddings: 4096}"
)
SHORT = [
    "sft.trainer.max_steps=2",
    "grpo.trainer.max_steps=2",
    "grpo.trainer.max_completion_length=16",
    "grpo.max_prompt_length=4000",  # a tokenizer of few words needs more of them
    "sft.trainer.max_length=4000",
    "generate.max_new_tokens=16",
    "grpo.select.candidates=2",
    "data.limit={dev: 2, test: 2, test_ood: 2}",
    "data.fallback=sample",
]


def typed(folder: Path, *arguments: str) -> str:
    """Run a command where there is no SciER; what it said on standard error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCIIE_")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "SCIIE_CACHE_DIR": str(folder / "nothing")}
    command = [sys.executable, "-m", "sciie_rewards.cli", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


def test_smoke_does_all_stages_and_ends_with_tables(tmp_path: Path) -> None:
    said = typed(tmp_path, "run", "smoke.yaml")
    assert "using the fallback, sample" in said
    assert "Warning" not in said
    tables = tmp_path / "runs" / "smoke" / "tables"
    assert {path.name for path in tables.iterdir()} >= {"tables.md", "tables.json", "sft.png", "grpo.png"}
    found = json.loads((tables / "tables.json").read_text(encoding="utf-8"))
    assert {row["system"] for row in found["summary"]} == {"mimic", "mimic-r2grpo", "dictionary"}
    assert found["runs"][0]["absent"] == []


def test_the_large_configuration_takes_its_first_steps_with_a_stand_in(tmp_path: Path) -> None:
    typed(tmp_path, "nano", "output_dir=stand-in", "data.fallback=sample", STAND_IN)
    overrides = ["output_dir=run", f"model.path={tmp_path}/stand-in/base", *SHORT]
    typed(tmp_path, "grpo", "--config", "qwen2.5-7b.yaml", "--system", "mimic-r2grpo", *overrides)
    assert (tmp_path / "run" / "mimic-r2grpo" / "model" / "config.json").is_file()
    steps = {row["step"] for row in rows_of(tmp_path / "run" / "mimic-r2grpo" / "log.jsonl")}
    assert {1, 2} <= steps
