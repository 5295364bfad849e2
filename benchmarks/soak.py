"""Half an hour of completions in one process: nothing is lost, nothing changes, memory and speed stay as they are.

Real completions (SciER with synthetic noise, reasoning of many lengths), malformed ones and hostile ones go through the
reward of both profiles and through the scorer under every matcher, all of them new: see soak_texts.py. At thirty marks,
one a minute, the process says how much memory it holds and how many completions it did in a second of processor time,
and does a fixed set again, whose rewards and scores must be those of the beginning to the last bit.

Run: ``python benchmarks/soak.py`` (half an hour; needs SciER); ``--minutes 2`` is a try. Exits with 1 when something is
not as it was. Only a run of the full length is written to benchmarks/results/soak.json.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from record import measured_on, write_result
from rich.console import Console
from rich.table import Table
from scipy.stats import theilslopes
from soak_texts import Batch, Texts

from sciie_eval import CorpusScore, Settings, score
from sciie_eval.evaluate import evaluate_file
from sciie_eval.rules import MATCHERS, Matcher
from sciie_rewards import R2Reward

MINUTES = 30.0
MARKS = 30
WARM_UP = 3
"""Marks before which stores fill and code gets warm; throughput is compared from here on."""
SENTENCES = 64
"""Sentences of a batch of real completions."""
REAL_BATCHES = 4
"""Batches of real completions in a round, which ends with a malformed batch and a hostile completion."""
MAX_GROWTH = 0.05
"""Growth over the last two thirds that counts as none, as a share of what is held: the upper bound of the slope's 95 %
interval stays below. Stores that fill and are emptied move what is held by 2 % up and down."""
MIN_RATIO = 0.9
"""Completions a second of processor time, last third to first third, both as multiples of what the standard library
decodes in the same rounds: how fast the machine is changes with what else it does."""
SEED = 6
REWARDS = {"robust": R2Reward(), "released": R2Reward(profile="released")}
HIGHEST = {"robust": 1.0, "released": 4.0}
KINDS = ("real", "malformed", "hostile")


@dataclass
class Soak:
    """What has gone in and come out so far.

    Attributes:
        seconds: processor time by kind of completion.
        done: completions by kind.
        seen: how often each hostile case came.
        hostile: the rewards of each hostile case when it came first.
        lost: what was not as it has to be, in words; empty when all is well.
    """

    texts: Texts
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    done: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    hostile: dict[str, list[list[float | None]]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    matchers: Any = field(default_factory=lambda: cycle(MATCHERS))

    def round(self) -> None:
        """Some batches of real completions, each beside the yardstick; then a malformed batch and a hostile text."""
        for _ in range(REAL_BATCHES):
            batch = self.texts.real(SENTENCES)
            self.batch(batch)
            start = time.process_time()
            for row in batch.rows:
                json.loads(row)
            self.seconds["yardstick"] += time.process_time() - start
            self.done["yardstick"] += len(batch.rows)
        self.batch(self.texts.malformed())
        self.batch(self.texts.hostile())

    def batch(self, batch: Batch) -> None:
        """Reward and score a batch while the clock runs, and count what comes out."""
        match: Matcher = next(self.matchers)
        start = time.process_time()
        rewards = [reward(batch.completions, gold=batch.rows) for reward in REWARDS.values()]
        found = score(batch.examples, batch.completions, match=match)
        self.seconds[batch.kind] += time.process_time() - start
        self.done[batch.kind] += len(batch.completions)
        self.check(batch, rewards, found)

    def check(self, batch: Batch, rewards: list[list[float | None]], found: CorpusScore) -> None:
        """Put down whatever is missing, out of range or not what the same completion earned before."""
        number = len(batch.completions)
        for (name, highest), values in zip(HIGHEST.items(), rewards, strict=True):
            right = [value for value in values if value is not None and 0.0 <= value <= highest]  # no NaN is
            if len(right) != number:
                self.lost.append(f"{batch.kind} {batch.name}: {number - len(right)} of {number} rewards, {name}")
        if not found.n_sentences == sum(found.parse.values()) == number:
            self.lost.append(f"{batch.kind} {batch.name}: {number} predictions, {found.n_sentences} counted")
        if batch.said is not None and (found.ner is None or found.ner.counts.n_pred != batch.said):
            self.lost.append(f"{batch.kind}: {batch.said} entities said, counted: {found.ner}")
        if batch.name:
            self.seen[batch.name] += 1
            if self.hostile.setdefault(batch.name, rewards) != rewards:
                self.lost.append(f"{batch.name}: rewards {rewards}, at first {self.hostile[batch.name]}")


class FixedSet:
    """Completions that are done again at every mark: rewards and scores must be the same to the last bit."""

    def __init__(self, folder: Path) -> None:
        texts = Texts(SEED + 1)
        batches = [texts.real(16), texts.malformed()]
        self.completions = [text for batch in batches for text in batch.completions]
        self.rows = [row for batch in batches for row in batch.rows]
        self.path = folder / "fixed.jsonl"
        with self.path.open("w", encoding="utf-8") as stream:
            for number, (text, row) in enumerate(zip(self.completions, self.rows, strict=True)):
                gold = json.loads(row)
                line = {"id": str(number), "sentence": gold.pop("sentence"), "completion": text, "gold": gold}
                stream.write(json.dumps(line) + "\n")
        self.first = self.found()

    def found(self) -> dict[str, Any]:
        """Rewards as hexadecimal numbers, and the scores of the file under every matcher."""
        rewards = {
            name: [float.hex(value or 0.0) for value in reward(self.completions, gold=self.rows)]
            for name, reward in REWARDS.items()
        }
        scores = {
            match: evaluate_file(self.path, Settings(match=match, bootstrap=100)).score().to_dict()
            for match in MATCHERS
        }
        return {"rewards": rewards, "scores": scores}

    def same(self) -> bool:
        """Whether all is as it was."""
        return self.found() == self.first


def main() -> int:
    """Run, print, and write benchmarks/results/soak.json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long; written when it is the default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        marks, soak = soaked(given.minutes, FixedSet(Path(folder)))
    result = {
        "measured_on": measured_on("pydantic_core", "json_repair", "numpy", "rapidfuzz"),
        "minutes": given.minutes,
        "completions": {kind: soak.done[kind] for kind in KINDS},
        "cpu_seconds": dict(soak.seconds),
        "hostile_cases": {"cases": soak.texts.n_hostile, "least_often": least_often(soak)},
        "lost": soak.lost[:20],
        **judged(marks),
        "limits": {"growth_share": MAX_GROWTH, "throughput_ratio": MIN_RATIO},
        "marks": marks,
    }
    faults = failures(result)
    show(result)
    if given.minutes >= MINUTES:
        write_result("soak", result)
    print("; ".join(faults) or "flat, and nothing was lost")
    return int(bool(faults))


def soaked(minutes: float, fixed: FixedSet) -> tuple[list[dict[str, Any]], Soak]:
    """Run for so long; returns what was seen at every mark."""
    soak, marks = Soak(Texts(SEED)), []
    start, cpu = time.monotonic(), time.process_time()
    for number in range(1, MARKS + 1):
        seconds, done = soak.seconds.copy(), soak.done.copy()
        soak.round()
        while time.monotonic() - start < 60 * minutes * number / MARKS:
            soak.round()
        same = fixed.same()
        if not same:
            soak.lost.append(f"mark {number}: the fixed set has other rewards or scores")
        marks.append(mark(soak, seconds, done, time.monotonic() - start, time.process_time() - cpu))
        print(json.dumps(marks[-1]), file=sys.stderr, flush=True)
    return marks, soak


def mark(soak: Soak, seconds: Mapping[str, float], done: Counter[str], wall: float, cpu: float) -> dict[str, Any]:
    """Memory now and at most, objects alive, and throughput since the last mark."""
    gc.collect()
    found = {
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "rss_mb": memory("VmRSS"),
        "peak_mb": memory("VmHWM"),
        "blocks": sys.getallocatedblocks(),
        "completions": {kind: soak.done[kind] - done[kind] for kind in KINDS},
        "per_cpu_second": {
            kind: (soak.done[kind] - done[kind]) / (soak.seconds[kind] - seconds[kind]) for kind in soak.done
        },
    }
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    return found


def memory(field: str) -> float:
    """MB of this process that are in memory: now (VmRSS), or at most since the peak began anew (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def judged(marks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Growth over the last two thirds with its interval, and throughput of the last third against the first."""
    late = marks[len(marks) // 3 :]
    minutes = np.array([row["wall_seconds"] for row in late]) / 60
    number = sum(sum(row["completions"].values()) for row in late[1:])
    warm = marks[WARM_UP:]
    third = max(1, len(warm) // 3)
    return {
        "memory": {name: _growth(minutes, [row[name] for row in late]) for name in ("rss_mb", "peak_mb", "blocks")},
        "bytes_a_completion": _growth(minutes, [row["rss_mb"] for row in late])["growth"] * 2**20 / number,
        "throughput": _throughput(warm[:third], warm[-third:]),
    }


def _growth(minutes: Any, values: list[float]) -> dict[str, float]:
    """Growth by the slope (Theil-Sen, which a single outlier does not move), and as a share with its 95 % interval."""
    slope, _, low, high = (float(value) for value in theilslopes(values, minutes, alpha=0.95))
    held, length = float(np.median(values)), float(minutes[-1] - minutes[0])
    return {
        "median": held,
        "growth": slope * length,
        "share": slope * length / held,
        "share_low": low * length / held,
        "share_high": high * length / held,
    }


def _throughput(first: Sequence[dict[str, Any]], last: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Real completions in a second of processor time, early and late, and their ratio measured by the yardstick."""
    rates = {
        kind: [float(np.median([row["per_cpu_second"][kind] for row in part])) for part in (first, last)]
        for kind in ("real", "yardstick")
    }
    (early, late), (before, after) = rates["real"], rates["yardstick"]
    return {
        "first_third": early,
        "last_third": late,
        "ratio": late / early,
        "ratio_by_yardstick": late / early * before / after,
    }


def failures(result: dict[str, Any]) -> list[str]:
    """What is over its limit, in words."""
    grown = [
        f"{name} grows: up to {100 * row['share_high']:.1f} % over the last two thirds"
        for name, row in result["memory"].items()
        if name != "peak_mb" and not row["share_high"] <= MAX_GROWTH
    ]
    ratio = result["throughput"]["ratio_by_yardstick"]
    slower = [] if ratio >= MIN_RATIO else [f"throughput of the last third is {ratio:.2f} of the first"]
    return [*grown, *slower, *result["lost"]]


def least_often(soak: Soak) -> int:
    """How often the rarest hostile case came."""
    return min(soak.seen.values()) if len(soak.seen) == soak.texts.n_hostile else 0


def show(result: dict[str, Any]) -> None:
    """Print the summary."""
    table = Table(title=f"{sum(result['completions'].values()):,} completions in {result['minutes']:g} minutes")
    for name in ("what", "held", "growth over the last two thirds", "95 % interval"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for name, row in result["memory"].items():
        shares = [f"{100 * row[key]:+.2f} %" for key in ("share", "share_low", "share_high")]
        table.add_row(name, f"{row['median']:,.0f}", shares[0], f"{shares[1]} to {shares[2]}")
    Console().print(table)
    for kind, number in result["completions"].items():
        print(f"{number:9,} {kind}, {result['cpu_seconds'][kind]:.0f} s of processor time")
    rates = result["throughput"]
    print(
        f"real completions a CPU second: {rates['first_third']:,.0f}, then {rates['last_third']:,.0f}: ratio", end=" "
    )
    print(f"{rates['ratio']:.3f}, by the yardstick {rates['ratio_by_yardstick']:.3f}")
    print(f"{result['bytes_a_completion']:.2f} bytes of growth a completion")
    hostile = result["hostile_cases"]
    print(f"{hostile['cases']} hostile cases, each at least {hostile['least_often']} times")


if __name__ == "__main__":
    sys.exit(main())
