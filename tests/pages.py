"""A page of the documentation as a session: its snippets run from top to bottom, in one folder.

A block with a title is a file, which is written; a ``console`` block holds commands and, where it shows them, what they
print; a ``python`` block is a doctest, or code. ``text`` is output or a drawing, and no snippet.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toy import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"(?ms)^```(\S*)[ ]*([^\n]*)\n(.*?)^```$")
PROGRAMS = {"sciie-eval": "sciie_eval", "sciie-rewards": "sciie_rewards.cli"}
NOT_RUN = re.compile(r"#.*\bnot run by the tests: \w+")
"""What a page says beside a command that no test can run."""
ELLIPSIS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its title (a file name) if it has one, its text, and its line on the page."""

    language: str
    title: str
    text: str
    line: int


@dataclass(frozen=True)
class Step:
    """A command and what the page shows of its output ("" for nothing)."""

    command: str
    shown: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [
        Block(
            found[1], "".join(re.findall(r'title="([^"]*)"', found[2])), found[3], page[: found.start()].count("\n") + 1
        )
        for found in FENCE.finditer(page)
    ]


def steps(text: str) -> Iterator[Step]:
    """The commands of a console block; a line that ends in a backslash goes on."""
    for part in re.split(r"(?m)^\$ ", text.replace("\\\n", " "))[1:]:
        command, _, shown = part.partition("\n")
        yield Step(command.strip(), shown)


@dataclass
class Session:
    """Runs the blocks of one page.

    Attributes:
        folder: where files are written and commands run.
        environment: of the commands.
        names: what Python code finds.
        corpus: whether SciER is there; what asks for it without is put down in `skipped`.
    """

    folder: Path
    environment: dict[str, str]
    corpus: bool
    names: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def run(self, block: Block) -> None:
        """Run one block.

        Raises:
            AssertionError: it fails, prints something else than the page shows, or is of a kind that cannot be run.
        """
        if block.language in ("", "text"):
            return
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for step in steps(block.text):
                self.type(step)
        elif block.language == "python":
            self.python(block)
        else:
            raise AssertionError(f"line {block.line}: nothing runs a block of {block.language}")

    def type(self, step: Step) -> None:
        """Run a command, unless it installs something or says that it is not run."""
        if NOT_RUN.search(step.command) or step.command.startswith("pip install"):
            return
        if not self.corpus and self._asks_for_the_corpus(step.command):
            self.skipped.append(step.command)
            return
        if variable := re.match(r"export (\w+)=", step.command):
            self.environment[variable[1]] = self._done(f'{step.command}; printf %s "${variable[1]}"')
            return
        printed = self._done(step.command)
        same = doctest.OutputChecker().check_output(step.shown.replace("…", "..."), printed, ELLIPSIS)
        assert same or not step.shown.strip(), f"{step.command} prints\n{printed}"

    def _asks_for_the_corpus(self, command: str) -> bool:
        """Commands on SciER; the recipe, which takes it where no card is named; and the tables of what was skipped."""
        recipe = command.startswith("sciie-rewards generate") and "data.card=" not in command
        tables = command.startswith("sciie-rewards tables") and bool(self.skipped)
        return recipe or tables or re.search(r"\bscier\b", command) is not None

    def _done(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            encoding="utf-8",
            cwd=self.folder,
            env=self.environment,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-1000:]}{done.stderr[-2000:]}"
        return done.stdout

    def python(self, block: Block) -> None:
        """Run a doctest, or code that is none."""
        if not self.corpus and 'load_split("scier"' in block.text:
            self.skipped.append(f"the Python of line {block.line}")
        elif ">>> " in block.text:
            test = doctest.DocTestParser().get_doctest(block.text, {}, f"line {block.line}", None, block.line)
            test.globs = self.names
            out: list[str] = []
            runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
            failed = runner.run(test, out=out.append, clear_globs=False).failed
            assert not failed, "".join(out)
        else:
            exec(compile(block.text, f"line {block.line}", "exec"), self.names)


def shell(folder: Path, corpus: str | None) -> dict[str, str]:
    """The environment of commands: the programs of this checkout, and no settings but where SciER is."""
    programs = folder / "programs"
    programs.mkdir()
    for name, module in PROGRAMS.items():
        (programs / name).write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n', encoding="utf-8"
        )
        (programs / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCIIE_")}
    found = {"SCIIE_DATA_DIR": corpus} if corpus else {}
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **kept,
        **found,
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "SCIIE_CACHE_DIR": str(folder / "cache"),
        "COLUMNS": "100",
    }
