"""The smoke configuration as it is, where there is no SciER."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy import ROOT

for _package in ("datasets", "peft", "torch", "trl"):
    pytest.importorskip(_package)


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
