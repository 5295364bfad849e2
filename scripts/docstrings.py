"""For the documentation site: doctests of docstrings stand in code blocks, since Markdown does not know them."""

from __future__ import annotations

import re

from griffe import Extension, Object

__all__ = ["FencedDoctests", "fenced"]

_DOCTEST = re.compile(r"(?m)^([ ]*)>>> .*(?:\n(?![ ]*$).*)*")
"""From a prompt to the next empty line, as the doctest module reads it."""


def fenced(text: str) -> str:
    """A docstring with every run of doctest lines in a fence of its own."""
    return _DOCTEST.sub(lambda found: f"\n{found[1]}```pycon\n{found[0]}\n{found[1]}```", text)


class FencedDoctests(Extension):
    """Changes docstrings while they are collected."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Fence the doctests of an object."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
