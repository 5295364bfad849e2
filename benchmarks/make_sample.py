"""Make the completions of the bundled sample from its gold: four a sentence, good, bad and malformed.

Run from anywhere: ``python benchmarks/make_sample.py``. The result is the same every time.
"""

from __future__ import annotations

import json
import random

from synthetic import MALFORMATIONS, completion, noisy, reasoning

from sciie_eval import Example
from sciie_eval.cards import data_root
from sciie_eval.corpus import read_gold
from sciie_eval.files import write_whole

NOISE = (0.25, 0.4, 0.55, 0.7)
"""Share of wrong items in each of the four samples."""
MALFORMED = 0.2


def main() -> None:
    """Write datasets/sample/predictions.jsonl."""
    folder = data_root() / "sample"
    rng = random.Random(20)
    rows = [_row(example, rng) for example in read_gold(folder / "gold.jsonl")]
    write_whole(folder / "predictions.jsonl", (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    print(f"{len(rows)} rows in {folder.name}/predictions.jsonl")


def _row(example: Example, rng: random.Random) -> dict[str, object]:
    return {"id": example.id, "completions": [_sample(example, rate, rng) for rate in NOISE]}


def _sample(example: Example, rate: float, rng: random.Random) -> str:
    answer = noisy(example, rate, rng)
    if rng.random() >= MALFORMED:
        return completion(answer)
    return rng.choice(list(MALFORMATIONS.values()))(answer, reasoning(answer, 20))


if __name__ == "__main__":
    main()
