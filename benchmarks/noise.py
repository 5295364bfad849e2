"""What noise in the reward costs, and what patterns, calibration and votes bring, on a scripted policy.

The shape of the study "The Climb Carves Wisdom Deeper Than the Summit" (arXiv:2505.22653) without a language model:
`scripted_policy` learns how to work from rewards of real texts, under every reward of `rewards`, in three worlds: in
two thorough reasoning halves the errors, in one of these it is never faked; in the third it is decoration. What is
compared is the true F1.

Run: ``python benchmarks/noise.py`` (about two minutes on one core, on the bundled sample).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, get_args

import numpy as np
from record import measured_on, write_result
from rich.console import Console
from rich.table import Table
from scipy.stats import t as student
from scripted_policy import CARE, EVERY, FORM, GROUP, SLY, STEPS, STYLE, WORLDS, Pool, Reward, Run, made, trained

from sciie_eval import Example, read_gold
from sciie_eval.cards import data_root
from sciie_rewards import Calibrated, GroupFlip, MajorityVote, r2_reward, reasoning_pattern_reward
from sciie_rewards.robustness import Per

SEEDS = 12
SHARES = (0.2, 0.4, 0.5)
OVERLOOKED = 0.6
"""Share of the good answers that the judge with false negatives overlooks."""


class Known:
    """A reward of texts that are all known beforehand, by prompt and text."""

    def __init__(self, name: str, scores: dict[tuple[str, str], float]) -> None:
        self.__name__, self._scores = name, scores

    def __call__(self, completions: Sequence[str], prompts: Sequence[str], **columns: object) -> list[float]:
        """Look them up."""
        del columns
        return [self._scores[key] for key in zip(prompts, completions, strict=True)]


class Overlooking:
    """A judge with false negatives: some answers that deserve .5 or more get 0, the same ones every time."""

    def __init__(self, reward: Known, seed: int) -> None:
        self.__name__, self._reward, self._seed = "overlooking", reward, seed

    def __call__(self, completions: Sequence[str], prompts: Sequence[str], **columns: object) -> list[float]:
        """Score, and overlook."""
        found = self._reward(completions, prompts, **columns)
        said = zip(found, completions, prompts, strict=True)
        return [0.0 if value >= 0.5 and self._misses(text, prompt) else value for value, text, prompt in said]

    def _misses(self, text: str, prompt: str) -> bool:
        digest = blake2b(f"{self._seed}\n{prompt}\n{text}".encode(), digest_size=4).digest()
        return int.from_bytes(digest) / 2**32 < OVERLOOKED


def main() -> None:
    """Measure, print, and write benchmarks/results/noise.json."""
    started = time.process_time()
    examples = list(read_gold(data_root() / "sample" / "gold.jsonl"))
    worlds = {world: measured(made(examples, world), examples) for world in WORLDS}
    show(worlds)
    settings = {"sentences": len(examples), "seeds": SEEDS, "steps": STEPS, "every": EVERY, "group": GROUP}
    seconds = round(time.process_time() - started)
    result = {**settings, "overlooked": OVERLOOKED, "fakes": SLY[-1], "seconds": seconds, "worlds": worlds}
    write_result("noise", {"measured_on": measured_on("numpy", "scipy"), **result})


def measured(pool: Pool, examples: Sequence[Example]) -> dict[str, Any]:
    """Every reward on one pool: curve and final true F1, and what the policy has come to do."""
    true, pattern = known(pool, examples)
    runs: dict[str, list[Run]] = {}
    for seed in range(SEEDS):
        for name, reward in rewards(true, pattern, seed).items():
            runs.setdefault(name, []).append(trained(pool, reward, seed))
    return {"best": float(pool.f1.max()), "rewards": {name: summary(found) for name, found in runs.items()}}


def known(pool: Pool, examples: Sequence[Example]) -> tuple[Known, Known]:
    """`r2_reward` and `reasoning_pattern_reward` of everything that can be written."""
    true: dict[tuple[str, str], float] = {}
    pattern: dict[tuple[str, str], float] = {}
    for prompt, example, texts in zip(pool.prompts, examples, pool.texts, strict=True):
        for text in texts.ravel().tolist():
            true[prompt, text] = r2_reward.score_one(text, example, prompt).score
            pattern[prompt, text] = reasoning_pattern_reward.score_one(text).score
    return Known("r2_reward", true), Known("reasoning_pattern_reward", pattern)


def rewards(true: Known, pattern: Known, seed: int) -> dict[str, Reward]:
    """The rewards that are compared, by name; noise has the seed of the run."""
    pers: tuple[Per, ...] = get_args(Per)
    flipped = {
        f"{100 * p:.0f} % of the {per}s flipped": GroupFlip(true, p, seed, per=per) for per in pers for p in SHARES
    }
    overlooking = Overlooking(true, seed)
    return {
        "no noise": true,
        **flipped,
        f"{100 * OVERLOOKED:.0f} % of good answers overlooked": overlooking,
        "the same, calibrated": Calibrated(overlooking, pattern),
        "patterns only": pattern,
        "majority vote, no gold": MajorityVote(num_generations=GROUP),
    }


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Means over the seeds, the final true F1 with its 95 % Student t interval."""
    last = np.array([run.curve[-1] for run in runs])
    half = float(student.ppf(0.975, len(runs) - 1) * last.std(ddof=1) / len(runs) ** 0.5)
    mean = float(last.mean())
    ends = [np.mean([run.probabilities[choice] for run in runs], axis=0).tolist() for choice in range(3)]
    return {
        "final": {"mean": mean, "low": mean - half, "high": mean + half},
        "peak": float(np.max(np.mean([run.curve for run in runs], axis=0))),
        "curve": np.mean([run.curve for run in runs], axis=0).tolist(),
        "care": dict(zip(CARE, ends[0], strict=True)),
        "style": dict(zip(STYLE, ends[1], strict=True)),
        "form": dict(zip(FORM, ends[2], strict=True)),
    }


def show(worlds: dict[str, Any]) -> None:
    """Print a table a world."""
    for world, found in worlds.items():
        table = Table(title=f"{world} (best possible {found['best']:.3f})")
        points = range(0, STEPS + 1, STEPS // 4)
        for column in ("reward", *map(str, points), "95 %", "careful", "phrases only", "no answer"):
            table.add_column(column)
        for name, row in found["rewards"].items():
            curve = [f"{row['curve'][point // EVERY]:.3f}" for point in points]
            final, shares = (
                row["final"],
                (row["care"]["careful"], row["style"]["phrases only"], row["form"]["no answer"]),
            )
            interval = f"{final['low']:.3f}–{final['high']:.3f}"
            table.add_row(name, *curve, interval, *(f"{100 * share:.0f} %" for share in shares))
        Console(width=150).print(table)


if __name__ == "__main__":
    main()
