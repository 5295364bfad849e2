"""The curves that the docs show: the bundled sample's as a picture, and the numbers of the golden samples of SciER dev.

Writes docs/sample_curves.svg and, where SCIIE_GOLDEN_DIR and SciER dev are there, benchmarks/results/curves.json.

Run: ``python benchmarks/curves.py`` (needs the extra report)
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from record import RESULTS, measured_on, write_result

from sciie_eval import SampleScores, Settings
from sciie_eval.cards import data_root
from sciie_eval.evaluate import Gold
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.files import write_whole
from sciie_eval.report.plot import write_plot
from sciie_eval.sampling import Oracle, Sampling

PICTURE = RESULTS.parent.parent / "docs" / "sample_curves.svg"
ORACLES: tuple[Oracle, ...] = ("per-task", "joint")


def main() -> None:
    """Draw, print, and write."""
    sample = data_root() / "sample"
    settings = Settings()
    gold = Gold.from_options(sample / "gold.jsonl", None, None, settings)
    found = evaluate_samples(sample / "predictions.jsonl", settings, Sampling((1, 2, 3, 4)), gold)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PICTURE.name
        write_plot([("sample", found)], path)
        write_whole(PICTURE, path.read_bytes())
    print(f"written: docs/{PICTURE.name}")
    golden = os.environ.get("SCIIE_GOLDEN_DIR")
    if golden:
        write_result("curves", {"measured_on": measured_on(), **_dev(Path(golden) / "dev_samples.jsonl")})


def _dev(path: Path) -> dict[str, Any]:
    settings = Settings()
    gold = Gold.from_options(None, "scier", "dev", settings)
    found = {oracle: evaluate_samples(path, settings, Sampling((1, 2, 4), oracle), gold) for oracle in ORACLES}
    return {"SciER dev, synthetic predictions": {oracle: _numbers(score) for oracle, score in found.items()}}


def _numbers(score: SampleScores) -> dict[str, Any]:
    rows: dict[str, Any] = {"signature": score.signature, "k": score.k}
    for task, statistic, curve in score.curves():
        rows.setdefault(task, {})[statistic] = {"micro": curve.micro, "micro_ci": curve.micro_ci, "macro": curve.macro}
    return rows


if __name__ == "__main__":
    main()
