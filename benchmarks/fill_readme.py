"""Fills README.md between its markers: the demo's output, and figures from benchmarks/results/.

Run: ``scripts/readme``. ``fill(text)`` is what the tests compare README.md with.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from sciie_eval.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
SHOWN_LINES = 9


def main() -> None:
    """Rewrite README.md."""
    path = ROOT / "README.md"
    write_whole(path, [fill(path.read_text(encoding="utf-8"))])


def fill(text: str) -> str:
    """README's text with its marked parts made anew."""
    text = _between(text, "demo", _demo())
    return _between(text, "gap", _gap())


def _between(text: str, name: str, content: str) -> str:
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    return re.sub(f"(?s){start}.*{end}", lambda _: f"{start}\n{content}\n{end}", text)


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


if __name__ == "__main__":
    main()
