"""Where benchmark results go, and what they say about the machine they were measured on."""

from __future__ import annotations

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sciie_eval.files import write_whole
from sciie_eval.signature import package_version

__all__ = ["RESULTS", "measured_on", "write_result"]

RESULTS = Path(__file__).resolve().parent / "results"


def measured_on(*packages: str) -> dict[str, Any]:
    """Date, machine and versions: what a figure depends on."""
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {"sciie-eval": package_version(), **{name: version(name) for name in packages}},
    }


def write_result(name: str, result: dict[str, Any]) -> None:
    """Write ``results/<name>.json``."""
    path = RESULTS / f"{name}.json"
    write_whole(path, [json.dumps(result, indent=2, ensure_ascii=False), "\n"])
    print(f"written: benchmarks/results/{path.name}")
