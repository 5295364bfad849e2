"""Doctests of docstrings on the site: fenced, each run of lines by itself."""

from __future__ import annotations

import importlib.util

import pytest
from pages import ROOT

pytest.importorskip("griffe", reason="needs the extra docs")


def test_doctests_are_fenced_and_nothing_else_is_touched() -> None:
    spec = importlib.util.spec_from_file_location("docstrings", ROOT / "scripts" / "docstrings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = "Says.\n\n>>> a\n... b\n[1, 2]\n>>> c\n\nThen, as `a >>> b`:\n\n    >>> d\n    e"
    first, second = "\n```pycon\n>>> a\n... b\n[1, 2]\n>>> c\n```", "\n    ```pycon\n    >>> d\n    e\n    ```"
    fenced = f"Says.\n\n{first}\n\nThen, as `a >>> b`:\n\n{second}"
    assert module.fenced(text) == fenced
    assert module.fenced("Nothing.") == "Nothing."
