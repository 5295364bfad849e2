"""Runs a configuration of the recipe and keeps what it found: tables, pictures, manifest, what training gained, time.

Run: ``python benchmarks/recipe.py nano-cpu.yaml`` (resumes what was interrupted; needs the extra train and
SCIIE_DATA_DIR or a fetched corpus). Writes ``results/<name of the run>/``; models and completions stay in the run's
folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

from record import RESULTS

from sciie_eval.files import write_whole
from sciie_rewards.recipe.config import Recipe, load_recipe
from sciie_rewards.recipe.monitor import Best, read_log

KEPT = ("tables.md", "tables.json", "sft.png", "sft.csv", "grpo.png", "grpo.csv", "temperature.png", "temperature.csv")
SHARE = 5
"""Mean rewards are those of the first and the last fifth of the training: single steps are noise."""


def main() -> None:
    """Run, then write the results."""
    arguments = sys.argv[1:]
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "sciie_rewards.cli", "run", *arguments], check=True)
    seconds = time.monotonic() - began
    recipe = load_recipe(arguments[0], arguments[1:])
    folder = RESULTS / recipe.output_dir.name
    folder.mkdir(exist_ok=True)
    for name in KEPT:
        if (path := recipe.output_dir / "tables" / name).exists():
            shutil.copyfile(path, folder / name)
    shutil.copyfile(recipe.output_dir / "manifest.json", folder / "manifest.json")
    starts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["starts"]
    took = {"minutes": seconds / 60, "cores": os.cpu_count()}
    (folder / "time.json").unlink(missing_ok=True)
    if len(starts) == 1:  # the time of a run that went on from another says nothing
        write_whole(folder / "time.json", [json.dumps(took, indent=2), "\n"])
    gained = {system.name: learned(recipe, system.name) for system in recipe.systems if system.stage == "grpo"}
    write_whole(folder / "learned.json", [json.dumps(gained, indent=2), "\n"])
    print(f"written: benchmarks/results/{folder.name}/")


def learned(recipe: Recipe, system: str) -> dict[str, Any]:
    """What GRPO changed: mean reward of the first and last fifth of its steps, dev figures before, kept and last."""
    folder = recipe.output_dir / system
    rows = read_log(folder / "log.jsonl")
    rewards = [row["reward"] for row in rows if "reward" in row]
    fifth = max(1, len(rewards) // SHARE)
    dev = {row["step"]: {name: row[name] for name in row if name.startswith("dev/")} for row in rows if "dev/ok" in row}
    best = Best(folder / "best").known() or {}
    return {
        "start": recipe.system(system).start,
        "reward": {"first": _mean(rewards[:fifth]), "last": _mean(rewards[-fifth:]), "logged": len(rewards)},
        "dev": {"before": dev.get(0), "kept": dev.get(best.get("step", -1)), "last": dev[max(dev)] if dev else None},
        "kept_step": best.get("step"),
    }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
