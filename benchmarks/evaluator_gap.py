"""What an evaluator that forgets false positives does to a score.

Scores the same predictions twice, as they are and with ``compat="r2grpo"``, on the bundled sample (which everybody can
repeat) and, where SCIIE_GOLDEN_DIR and SciER dev are there, on synthetic predictions for SciER dev.

Run: ``python benchmarks/evaluator_gap.py``
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from record import measured_on, write_result

from sciie_eval.cards import data_root
from sciie_eval.evaluate import Gold, evaluate_file
from sciie_eval.settings import Settings


def main() -> None:
    """Measure, print, and write benchmarks/results/evaluator_gap.json."""
    sample = data_root() / "sample"
    result: dict[str, Any] = {
        "measured_on": measured_on(),
        "bundled sample, first completion": _gap(sample / "predictions.jsonl", {"path": sample / "gold.jsonl"}),
    }
    golden = os.environ.get("SCIIE_GOLDEN_DIR")
    if golden:
        dev = {"dataset": "scier", "split": "dev"}
        result["SciER dev, synthetic predictions, first sample"] = _gap(Path(golden) / "dev_samples.jsonl", dev)
    for name, rows in result.items():
        if name != "measured_on":
            for task, row in rows.items():
                print(f"{name}: {task:<4} F1 {100 * row['f1']:.1f}, forgetting {100 * row['f1_forgetting']:.1f}")
    write_result("evaluator_gap", result)


def _gap(predictions: Path, where: dict[str, Any]) -> dict[str, Any]:
    gold = Gold.from_options(where.get("path"), where.get("dataset"), where.get("split"), Settings())
    honest = evaluate_file(predictions, Settings(), gold).score()
    forgetting = evaluate_file(predictions, Settings(compat="r2grpo"), gold).score()
    rows = {}
    for task in ("ner", "rel"):
        one, two = honest.tasks[task], forgetting.tasks[task]
        if one is None or two is None:
            raise SystemExit(f"{predictions}: no {task} in these predictions")
        rows[task] = {
            "f1": one.f1,
            "f1_forgetting": two.f1,
            "predicted": one.n_pred,
            "predicted_forgetting": two.n_pred,
            "signature": honest.signature,
        }
    return rows


if __name__ == "__main__":
    main()
