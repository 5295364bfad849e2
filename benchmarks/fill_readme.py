"""Fills README.md and docs between their markers: the demo's output, and figures from benchmarks/results/.

Run: ``scripts/readme``. ``fill(text)`` is what the tests compare the pages with.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sciie_eval.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "metrics.md")
SHOWN_LINES = 9


def main() -> None:
    """Rewrite the pages."""
    for path in PAGES:
        write_whole(path, [fill(path.read_text(encoding="utf-8"))])


def fill(text: str) -> str:
    """A page's text with its marked parts made anew."""
    for name, content in (("demo", _demo), ("gap", _gap), ("coverage", _coverage)):
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        if start in text:
            before, rest = text.split(start)
            text = f"{before}{start}\n{content()}\n{end}{rest.split(end)[1]}"
    return text


def _demo() -> str:
    code = "from sciie_eval.cli import main; import sys; sys.argv = ['sciie-eval', 'demo']; main()"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    lines = run.stdout.splitlines()
    head, tail = lines[:SHOWN_LINES], lines[next(i for i, line in enumerate(lines) if "sentences ·" in line) :]
    return "\n".join(["```text", *(line.rstrip() for line in [*head, "…", *tail]), "```"])


def _gap() -> str:
    results = json.loads((ROOT / "benchmarks/results/evaluator_gap.json").read_text(encoding="utf-8"))
    lines = ["| predictions | task | F1 | F1 without those false positives |", "|---|---|---|---|"]
    for name, rows in results.items():
        if name == "measured_on":
            continue
        for task, row in rows.items():
            lines.append(f"| {name} | {task} | {100 * row['f1']:.1f} | {100 * row['f1_forgetting']:.1f} |")
    return "\n".join(lines)


def _coverage() -> str:
    results = json.loads((ROOT / "benchmarks/results/coverage.json").read_text(encoding="utf-8"))
    lines = ["| 95 % interval | holds the truth |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {100 * share:.1f} % |" for name, share in results["coverage"].items()])


if __name__ == "__main__":
    main()
