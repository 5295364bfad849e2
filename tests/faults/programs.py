"""Running ``sciie-eval`` as a process to which things happen."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from toy import ROOT, environment

__all__ = ["SAMPLE", "WITH_GOLD", "Ended", "counted", "leftovers", "run", "start"]

SAMPLE = ROOT / "datasets" / "sample"
WITH_GOLD = ("--gold", str(SAMPLE / "gold.jsonl"))

AT_A_MOMENT = """
import os, sys
from sciie_eval import process
moment, number, seen, begin = int(sys.argv[1]), int(sys.argv[2]), 0, process.begin
def heed(event, arguments):
    global seen
    seen += 1
    if seen == moment:
        os.kill(os.getpid(), number)
def begun(program):
    begin(program)
    sys.addaudithook(heed)
process.begin = begun
sys.argv = ["sciie-eval", *sys.argv[3:]]
from sciie_eval.__main__ import main
try:
    main()
finally:
    if not moment:
        sys.stderr.write(f"{seen}")
"""
"""Runs the command and sends itself a signal at the so manieth thing that it does: an import, a file that is opened or
renamed, a socket, a number of others. Moment 0 counts them."""


class Ended(NamedTuple):
    """How a process ended: the code as a shell reports it, and what it said."""

    code: int
    out: bytes
    err: str


def start(*arguments: str | Path, code: str | None = None, **popen: Any) -> subprocess.Popen[bytes]:
    """Start the command, or the program ``code`` in its place; interrupts are heeded, also under a shell's ``&``."""
    program = ["-c", code] if code is not None else ["-m", "sciie_eval"]
    before: Callable[[], None] | None = popen.pop("preexec_fn", None)

    def heeding() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if before is not None:
            before()

    changes = popen.pop("environment", {})
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen}
    command = [sys.executable, *program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment(**changes), cwd=ROOT, preexec_fn=heeding, **pipes)


def run(*arguments: str | Path, **popen: Any) -> Ended:
    """Run the command to its end."""
    with start(*arguments, **popen) as running:
        out, err = running.communicate(timeout=120)
    code = running.returncode
    return Ended(128 - code if code < 0 else code, out or b"", (err or b"").decode())


def counted(*arguments: str | Path, **popen: Any) -> int:
    """How many moments the command has."""
    found = run(0, 0, *arguments, code=AT_A_MOMENT, **popen)
    assert found.code == 0, found.err
    return int(found.err.splitlines()[-1].split(")")[-1])


def leftovers(folder: Path) -> list[str]:
    """Files that are neither a result nor a lock."""
    return sorted(path.name for path in folder.rglob("*.part*"))
