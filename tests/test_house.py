"""Rules of the house that no single module can keep on its own."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sciie_eval
import sciie_rewards

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path for package in ("sciie_eval", "sciie_rewards") for path in (ROOT / package).rglob("*.py"))
PACKAGES = (sciie_eval, sciie_rewards)
MODULES = sorted(
    module.name for package in PACKAGES for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)
HEAVY = ("torch", "trl", "transformers", "matplotlib", "pandas", "scipy", "rich", "datasets", "pyarrow")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def by_kind(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts ``__all__``."""
    return 0 if name.isupper() else 1 if name[0].isupper() else 2, name


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_public_names_are_listed_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is None and hasattr(module, "__path__"):
        return  # a package may be a mere folder
    assert listed is not None, f"{name} has no __all__"
    assert listed == sorted(set(listed), key=by_kind)
    assert not [public for public in listed if not hasattr(module, public)]
    assert not [public for public in listed if public.startswith("_")]


def test_names_of_the_packages() -> None:
    for package in PACKAGES:
        assert package.__all__ == sorted(set(package.__all__), key=by_kind)
        assert not [name for name in package.__all__ if not hasattr(package, name)]
        assert dir(package) == package.__all__
    with pytest.raises(AttributeError, match="no attribute 'r2'"):
        _ = sciie_rewards.r2
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        _ = sciie_eval.scores


def test_importing_is_light() -> None:
    everything = "from sciie_eval import *; from sciie_rewards import *"
    code = f"import sys; {everything}; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_datasets_is_data_only() -> None:
    assert not list((ROOT / "datasets").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_short_and_finished(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    assert "TO" + "DO" not in text


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", [path for path in FILES if "sciie_eval" in path.parts], ids=name_of)
def test_the_evaluator_never_imports_the_rewards(path: Path) -> None:
    assert not [name for name in imported(path) if name.split(".")[0] == "sciie_rewards"]
