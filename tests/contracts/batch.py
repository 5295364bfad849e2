"""300 completions with their gold, as the contract tests of every trainer send them, and what the core says of them."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from toy import ROOT, environment, rows_of

from sciie_eval.cards import load_card
from sciie_eval.prompts import prompt
from sciie_rewards.composite import R2Reward

SAMPLE = ROOT / "datasets" / "sample"
TRAINERS = Path(sys.prefix) / "trainers"
"""Where ``scripts/test`` puts trainers without their dependencies: to be read, and imported where that is possible."""


class Case(NamedTuple):
    """A completion and its row."""

    completion: str
    gold: str
    row: dict[str, Any]
    asked: str


@functools.cache
def cases() -> tuple[Case, ...]:
    """240 completions of the bundled sample, then 60 of them that break off, groups of four in order."""
    card = load_card("scier")
    found = []
    samples = [row["completions"] for row in rows_of(SAMPLE / "predictions.jsonl")]
    golds = rows_of(SAMPLE / "gold.jsonl")
    for place in (*range(60), *range(15)):
        texts = [text if len(found) < 240 else text[: -len(text) // 8] for text in samples[place]]
        row = {key: golds[place][key] for key in ("sentence", "ner", "rel", "rel_plus")}
        asked = f"<|im_start|>user\n{prompt(card, row['sentence'])}<|im_end|>\n<|im_start|>assistant\n"
        found += [Case(text, json.dumps(row, ensure_ascii=False), row, asked) for text in texts]
    return tuple(found)


@functools.cache
def core(prompted: bool = False) -> tuple[float, ...]:
    """The core's reward of every case, one by one."""
    reward = R2Reward()
    return tuple(reward.score_one(c.completion, c.row, c.asked if prompted else None).score for c in cases())


def column(name: str, chosen: Sequence[Case]) -> list[Any]:
    """A dataset column, one value a completion."""
    return [case.gold if name == "gold" else case.row[name] for case in chosen]


def installed(name: str) -> Distribution:
    """A trainer that is installed, or lies in `TRAINERS`; the test is skipped where neither is so."""
    found = next((one for one in distributions(name=name, path=[*sys.path, str(TRAINERS)])), None)
    if found is None:
        pytest.skip(f"{name} is not installed: scripts/test installs it into {TRAINERS}")
    return found


def source(distribution: Distribution, path: str) -> ast.Module:
    """The source of one of its files."""
    return ast.parse(Path(str(distribution.locate_file(path))).read_text(encoding="utf-8"))


def by_the_trainer_itself(name: str, script: str) -> list[float]:
    """Scores of every case from a script in ``real/``, in which the trainer's own code loads and calls the reward.

    A process of its own, since trainers set up logging, warnings and pools as they like.
    """
    installed(name)
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests", Path(__file__).parent, TRAINERS)))
    command = [sys.executable, "-W", "ignore", "-P", str(Path(__file__).parent / "real" / f"{script}.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(PYTHONPATH=path), cwd=sys.prefix)
    assert done.returncode == 0, done.stderr[-2000:]
    scores: list[float] = json.loads(done.stdout.splitlines()[-1])
    return scores


class Call(NamedTuple):
    """How something is called: number of positional arguments, keywords, and whether ``**`` follows."""

    positional: int
    keywords: tuple[str, ...]
    rest: bool


def calls(tree: ast.AST, name: str) -> set[Call]:
    """Every way in which a name, or an attribute of that name, is called."""
    return {
        Call(len(n.args), tuple(k.arg for k in n.keywords if k.arg), any(k.arg is None for k in n.keywords))
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and getattr(n.func, "id", getattr(n.func, "attr", "")) == name
    }


def strings(tree: ast.AST) -> set[str]:
    """Every string constant."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def annotated(tree: ast.AST) -> set[str]:
    """Every annotated name, such as the fields of dataclasses."""
    return {n.target.id for n in ast.walk(tree) if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
