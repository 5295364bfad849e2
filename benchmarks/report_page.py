"""How large the HTML report is, and how long a browser takes to open it and to filter its sentences.

SciER test, 854 sentences with 4 samples each, synthetic noise, all completions different, about 150 words of reasoning;
one system, and two beside each other. Opened from disk in a headless Chromium until the sentences can be used.

Run: ``python benchmarks/report_page.py`` (a minute; needs SciER, playwright and a Chromium).
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from record import measured_on, write_result
from synthetic import completion, noisy

from sciie_eval import Settings, load_split
from sciie_eval.evaluate import Gold, Reading
from sciie_eval.report.html_report import report_page
from sciie_eval.report.html_systems import read_system

__all__: list[str] = []

SAMPLES = 4
WORDS = 150
NOISE = {"sft": 0.4, "grpo": 0.25}
TIMES = 5
FILTER = """(async ([id, value]) => {
    const control = document.getElementById(id), start = performance.now();
    control.value = value;
    control.dispatchEvent(new Event(id === "search" ? "input" : "change"));
    document.body.getBoundingClientRect();
    return performance.now() - start;
})"""


def main() -> None:
    """Measure, print and write ``results/report_page.json``."""
    examples = load_split("scier", "test")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in (1, 2):
            paths = [_written(Path(folder), name, examples) for name in list(NOISE)[:number]]
            rows["one system" if number == 1 else "two systems"] = _measured(
                Path(folder) / "report.html", paths, examples
            )
    for name, row in rows.items():
        print(name, json.dumps(row))
    write_result("report_page", {"measured_on": measured_on("jinja2", "playwright"), "samples": SAMPLES, "rows": rows})


def _written(folder: Path, name: str, examples: list[Any]) -> Path:
    path = folder / f"{name}.jsonl"
    rng = random.Random(name)
    with path.open("w", encoding="utf-8") as stream:
        for example in examples:
            texts = [completion(noisy(example, NOISE[name], rng), WORDS) for _ in range(SAMPLES)]
            stream.write(json.dumps({"id": example.id, "completions": texts}) + "\n")
    return path


def _measured(page: Path, paths: list[Path], examples: list[Any]) -> dict[str, float]:
    settings, gold = Settings(), Gold("scier/test", examples)
    start = time.perf_counter()
    systems = [read_system(path.stem, path, settings, gold, Reading()) for path in paths]
    page.write_text(report_page(systems, settings), encoding="utf-8")
    made = time.perf_counter() - start
    return {
        "predictions_mb": sum(path.stat().st_size for path in paths) / 1e6,
        "page_mb": page.stat().st_size / 1e6,
        "make_seconds": made,
        **_in_browser(page),
    }


def _in_browser(page: Path) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    opened, kind, search = [], [], []
    with sync_playwright() as api:
        browser = api.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(TIMES):
            tab = browser.new_page()
            start = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-ready]")
            opened.append(time.perf_counter() - start)
            kind.append(tab.evaluate(FILTER, ["kind", "ner:boundary"]))
            search.append(tab.evaluate(FILTER, ["search", "neural network"]))
            tab.close()
        browser.close()
    median = statistics.median
    return {"open_seconds": median(opened), "filter_ms": median(kind), "search_ms": median(search)}


if __name__ == "__main__":
    main()
