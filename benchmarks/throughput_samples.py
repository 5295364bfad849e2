"""How fast and in how much memory ``passk`` reads 854 sentences with 1,024 samples each, on one core.

SciER test with synthetic noise, every completion different, about 40 words of reasoning. Next to it reading the same
file and decoding its JSON. Each is measured in a process of its own, whose peak memory is reported.

Run: ``python benchmarks/throughput_samples.py`` (minutes; needs SciER), or as part of throughput.py.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from record import RESULTS, measured_on, write_result
from synthetic import completion, noisy

from sciie_eval import Settings, load_split
from sciie_eval.evaluate import Gold
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.jsonl import read_jsonl
from sciie_eval.sampling import Sampling

__all__ = ["measured_samples"]

SAMPLES = 1024
NOISE = 0.3
WORDS = 40


def main() -> None:
    """Measure, print, and renew this part of benchmarks/results/throughput.json."""
    before = json.loads((RESULTS / "throughput.json").read_text(encoding="utf-8"))
    write_result("throughput", {**before, "samples": measured_samples()})


def measured_samples() -> dict[str, Any]:
    """Seconds and memory of both rows, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "samples.jsonl")
        number = _write(path)
        rows: dict[str, dict[str, float]] = {}
        for name in (READING, SCORING):
            with get_context("spawn").Pool(1) as fresh:
                rows[name] = fresh.apply(_measured, (name, path))
        size = Path(path).stat().st_size
    for name, row in rows.items():
        print(f"{row['seconds']:.1f} s, {row['peak_mb']:.0f} MB  {name}")
    return {
        "measured_on": measured_on("pydantic_core", "numpy"),
        "sentences": number,
        "samples_per_sentence": SAMPLES,
        "file_mb": size / 1e6,
        "rows": rows,
        "microseconds_per_sample": 1e6 * rows[SCORING]["seconds"] / (number * SAMPLES),
        "ratio": rows[SCORING]["seconds"] / rows[READING]["seconds"],
    }


READING, SCORING = "reading and decoding the file", "passk, K = 1 … 1024, with intervals"


def _write(path: str) -> int:
    examples = load_split("scier", "test")
    rng = random.Random(1)
    with Path(path).open("w", encoding="utf-8") as stream:
        for example in examples:
            completions = [completion(noisy(example, NOISE, rng), WORDS) for _ in range(SAMPLES)]
            stream.write(json.dumps({"id": example.id, "completions": completions}, ensure_ascii=False) + "\n")
    return len(examples)


def _measured(name: str, path: str) -> dict[str, float]:
    """CPU seconds, and peak memory of this process."""
    start = time.process_time()
    if name == READING:
        for _ in read_jsonl(path):
            pass
    else:
        settings = Settings()
        evaluate_samples(path, settings, Sampling(), Gold.from_options(None, "scier", "test", settings)).to_dict()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.process_time() - start, "peak_mb": peak}


if __name__ == "__main__":
    main()
