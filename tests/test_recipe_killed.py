"""The real stages, killed by SIGKILL in the middle of three of them and started again: the tables are the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from toy import ROOT

for _package in ("datasets", "peft", "torch", "trl"):
    pytest.importorskip(_package)

TINY = [
    "data.limit={train: 16, dev: 2, test: 4, test_ood: 4}",
    "data.fallback=sample",
    "nano={vocab_size: 500, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2}",
    "sft.phases=[{tasks: [ner], epochs: 1}, {tasks: [end2end], epochs: 2}]",
    "sft.trainer.save_steps=1",
    "grpo.select.candidates=4",
    "monitor.every=2",
    "generate.max_new_tokens=8",
    "generate.batch_size=1",
    "generate.temperatures=[0.9]",
    "tables.bootstrap=10",
]
KILLED = """
import os, signal, sys
from sciie_rewards import cli
from sciie_rewards.recipe import {module}
real, left = {target}, [{after}]
def counting(*arguments, **named):
    value = real(*arguments, **named)
    if {condition}:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    return value
{target} = counting
sys.argv[0] = "sciie-rewards"
cli.main()
"""
POINTS = {
    "the third checkpoint of SFT": ("checkpoints", "checkpoints.WholeMark.on_save", "True", 3),
    "the second checkpoint of GRPO": (
        "checkpoints",
        "checkpoints.WholeMark.on_save",
        "'r2grpo' in arguments[1].output_dir",
        2,
    ),
    "the second sentence that is generated": ("generate", "generate._line", "True", 2),
}


def started(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCIIE_")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "SCIIE_CACHE_DIR": str(folder / "nothing")}
    command = [sys.executable, "-c", code, "run", "smoke.yaml", "output_dir=run", *TINY]
    folder.mkdir(exist_ok=True)
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, env=environment)


def test_killed_in_three_stages_and_started_again_a_run_ends_with_the_same_tables(tmp_path: Path) -> None:
    plain = "import sys; from sciie_rewards import cli; sys.argv[0] = 'sciie-rewards'; cli.main()"
    whole = started(tmp_path / "whole", plain)
    assert whole.returncode == 0, whole.stderr[-2000:]
    for name, (module, target, condition, after) in POINTS.items():
        code = KILLED.format(module=module, target=target, condition=condition, after=after)
        assert started(tmp_path / "killed", code).returncode == -signal.SIGKILL, name
    last = started(tmp_path / "killed", plain)
    assert last.returncode == 0, last.stderr[-2000:]
    assert "mimic: train: done before" in last.stderr
    for name in ("tables.csv", "tables.json", "tables.txt", "sft.csv", "grpo.csv"):
        one, two = (tmp_path / folder / "run" / "tables" / name for folder in ("whole", "killed"))
        assert one.read_text(encoding="utf-8") == two.read_text(encoding="utf-8"), name
    starts = json.loads((tmp_path / "killed" / "run" / "manifest.json").read_text())["starts"]
    assert len(starts) == 4
