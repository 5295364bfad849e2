"""A toy corpus in files: what the tests of files and commands share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"
GOLD = FIXTURES / "gold.jsonl"


def rows_of(path: str | Path) -> list[Row]:
    """The rows of a JSON Lines file, read by the standard library alone."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def jsonl(rows: Iterable[Any]) -> str:
    """Rows as JSON Lines; a string is a line as it stands."""
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def written(path: Path, rows: Iterable[Any]) -> Path:
    """Write JSON Lines and return the path."""
    path.write_text(jsonl(rows), encoding="utf-8")
    return path


def answer(*entities: tuple[str, str]) -> str:
    """A completion that names entities and no relation."""
    return json.dumps({"ner": [list(entity) for entity in entities], "rel": []})


def environment(**changes: str) -> dict[str, str]:
    """The environment without what points at data, for a subprocess that must find the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCIIE_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **changes}


def command(
    *arguments: str | Path, stdin: str = "", cwd: Path = ROOT, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run ``sciie-eval`` as a process, as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "sciie_eval.cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=environment(**changes),
        cwd=cwd,
    )
