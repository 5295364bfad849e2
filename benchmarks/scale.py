"""How time and memory of ``sciie-eval score`` grow from a thousand to a million completions, and what help costs.

Each row of the files holds one completion (SciER test with synthetic noise and about 150 words of reasoning, 13,664
different ones, again and again under new ids) and its gold. Every measurement is a process of its own, started as a
user starts it: alone, with two workers, and on Ray on this machine. Memory is the largest sum of the resident memory of
all its processes, looked at twenty times a second; CPU time is that of all of them. The floor, in the same run, is
reading the file and decoding every line with pydantic_core.

Run: ``python benchmarks/scale.py`` (a quarter of an hour on two idle cores, 2.5 GB of disk; ``--most 100000`` is
faster; needs SCIIE_DATA_DIR or a fetched corpus, and Ray).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from record import measured_on, write_result
from rich.console import Console
from rich.table import Table
from synthetic import completion, noisy

from sciie_eval import load_split
from sciie_eval.evaluate import Reading, evaluate_file
from sciie_eval.jsonl import parts_of
from sciie_eval.settings import Settings

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SAMPLES = 16
NOISE, WORDS = 0.2, 150
CHUNK = 4 << 20
"""Bytes of a part whose result is weighed, as on Ray."""
SCORE = [sys.executable, "-m", "sciie_eval", "score", "--format", "json"]
FLOOR = [
    sys.executable,
    "-c",
    "import sys\nfrom pydantic_core import from_json\nfor line in open(sys.argv[1], 'rb'): from_json(line)",
]
WAYS: dict[str, tuple[list[str], list[str]]] = {
    "floor: reading and decoding": (FLOOR, []),
    "one process": (SCORE, []),
    "two workers": (SCORE, ["--workers", "2"]),
    "Ray on this machine": (SCORE, ["--engine", "ray"]),
}


def main() -> None:
    """Measure, print, and write benchmarks/results/scale.json."""
    parser = argparse.ArgumentParser(description="See the head of the file.")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="leave larger files out")
    sizes = [size for size in SIZES if size <= parser.parse_args().most]
    with tempfile.TemporaryDirectory() as folder:
        rows = made()
        smallest = written(Path(folder) / "one.jsonl", rows, 1)
        start_up = {name: fastest(3, smallest, *way) for name, way in WAYS.items()}
        found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in WAYS}
        for size in sizes:
            path = written(Path(folder) / "preds.jsonl", rows, size)
            for name, way in WAYS.items():
                found[name][str(size)] = fastest(3 if size < SIZES[-1] else 1, path, *way)
            print(size, {name: round(found[name][str(size)]["seconds"], 2) for name in WAYS}, flush=True)
        part = weighed(path)
    result = {
        "measured_on": measured_on("numpy", "pydantic_core", "ray"),
        "completions": sizes,
        "bytes_per_completion": part.pop("bytes_per_completion"),
        "start_up": start_up,
        "by_way": found,
        "growth": {name: growth(by_size, start_up[name], sizes) for name, by_size in found.items()},
        "speed_up_of_two_workers": {
            str(size): found["one process"][str(size)]["seconds"] / found["two workers"][str(size)]["seconds"]
            for size in sizes
        },
        "of_4_MiB": part,
    }
    show(result)
    write_result("scale", result)


def made() -> list[str]:
    """Rows without their beginning, the id."""
    rng = random.Random(1)
    rows = []
    for example in load_split("scier", "test"):
        row: dict[str, Any] = {"doc_id": example.doc_id, "sentence": example.sentence, "gold": example.gold.to_scier()}
        for _ in range(SAMPLES):
            row["completion"] = completion(noisy(example, NOISE, rng), WORDS)
            rows.append(json.dumps(row, ensure_ascii=False)[1:])
    return rows


def written(path: Path, rows: list[str], size: int) -> Path:
    """A file of so many rows, and in the cache of the system."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(f'{{"id": "r{number}", {rows[number % len(rows)]}\n' for number in range(size))
    return path


def fastest(times: int, path: Path, command: list[str], options: list[str]) -> dict[str, float]:
    """The fastest of several runs."""
    return min((measured(path, command, options) for _ in range(times)), key=lambda run: run["seconds"])


def measured(path: Path, command: list[str], options: list[str]) -> dict[str, float]:
    """Seconds, CPU seconds and peak memory in MB of a command and all that it starts."""
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen([*command, str(path), *options], stdout=subprocess.DEVNULL)
    peak, cpu = 0, 0.0
    while process.poll() is None:
        memory, used = _tree(process.pid)
        peak, cpu = max(peak, memory), max(cpu, used)
        time.sleep(0.05)
    seconds, after = time.perf_counter() - start, os.times()
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    waited = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "cpu_seconds": max(cpu, waited), "peak_mb": peak / 1e6}


def _tree(root: int) -> tuple[int, float]:
    """Resident bytes and CPU seconds so far of a process and those it started."""
    parents, sizes, times = {}, {}, {}
    page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        number = int(entry.name)
        parents[number] = int(fields[1])
        sizes[number], times[number] = int(fields[21]) * page, (int(fields[11]) + int(fields[12])) / tick
    mine = {root}
    for _ in range(8):  # generations
        mine |= {number for number, parent in parents.items() if parent in mine}
    return sum(sizes.get(number, 0) for number in mine), sum(times.get(number, 0.0) for number in mine)


def weighed(path: Path) -> dict[str, float]:
    """What one part of the file costs beside its counting: size of its result, and seconds to merge it."""
    parts = list(parts_of(path, max(2, path.stat().st_size // CHUNK)))
    settings = Settings()
    start = time.process_time()
    passes = [
        evaluate_file(path, settings, reading=Reading(some=part)) for part in parts[-6:]
    ]  # large gold is not sent
    counting = time.process_time() - start
    sent = [pickle.dumps(found) for found in passes]
    start = time.process_time()
    whole = pickle.loads(sent[0])
    for more in sent[1:]:
        whole.merge(pickle.loads(more))
    number = whole.tally.n_sentences
    return {
        "bytes_per_completion": sum(part.end - part.start for part in parts[-len(sent) :]) / number,
        "completions": number / len(sent),
        "counting_seconds": counting / len(sent),
        "result_bytes": sum(map(len, sent)) / len(sent),
        "merging_seconds": (time.process_time() - start) / len(sent),
    }


def growth(by_size: dict[str, dict[str, float]], start_up: dict[str, float], sizes: list[int]) -> dict[str, float]:
    """From 10^4 up: log-log slope of the CPU time beyond start-up, microseconds and bytes a completion."""
    first, last = (by_size[str(size)] for size in (sizes[1], sizes[-1]))
    number = sizes[-1] - sizes[1]
    one, two = (max(1e-3, run["cpu_seconds"] - start_up["cpu_seconds"]) for run in (first, last))
    walls = [max(1e-3, run["seconds"] - start_up["seconds"]) for run in (first, last)]
    decades = math.log10(sizes[-1] / sizes[1])
    return {
        "slope_of_cpu_seconds": math.log10(two / one) / decades,
        "slope_of_seconds": math.log10(walls[1] / walls[0]) / decades,
        "cpu_microseconds_per_completion": 1e6 * (last["cpu_seconds"] - first["cpu_seconds"]) / number,
        "microseconds_per_completion": 1e6 * (last["seconds"] - first["seconds"]) / number,
        "peak_bytes_per_completion": 1e6 * (last["peak_mb"] - first["peak_mb"]) / number,
    }


def show(result: dict[str, Any]) -> None:
    """Print a table."""
    table = Table("", *(f"{size:,}" for size in result["completions"]), "slope", "us each", "peak B each")
    for name, by_size in result["by_way"].items():
        cells = [f"{run['seconds']:.2f} s {run['peak_mb']:.0f} MB" for run in by_size.values()]
        grown = result["growth"][name]
        table.add_row(
            name,
            *cells,
            f"{grown['slope_of_seconds']:.3f}",
            f"{grown['microseconds_per_completion']:.1f}",
            f"{grown['peak_bytes_per_completion']:.1f}",
        )
    Console(width=140).print(table)
    print({size: round(value, 2) for size, value in result["speed_up_of_two_workers"].items()}, result["of_4_MiB"])


if __name__ == "__main__":
    main()
