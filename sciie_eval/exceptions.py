"""Every exception this package raises on purpose.

SciieError
├── InputError          what a user gave is wrong: what, where, what to do      (exit code 1)
│   ├── CorpusError     a dataset file is absent, incomplete or altered
│   ├── MissingExtraError  an optional dependency is not installed
│   └── LostWorkerError  a process that was to help was killed
└── UsageError          options that do not go together                         (exit code 2)
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

__all__ = [
    "CorpusError",
    "InputError",
    "LostWorkerError",
    "MissingExtraError",
    "SciieError",
    "UsageError",
    "brief",
    "nearest",
]


class SciieError(Exception):
    """Base of all exceptions of this package."""


class InputError(SciieError, ValueError):
    """Input is wrong; the message says what, where and what to do."""


class CorpusError(InputError):
    """A dataset file is absent, incomplete or not what its card says."""


class MissingExtraError(InputError, ImportError):
    """An optional dependency is missing; the message holds the pip line that installs it."""

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed; run: pip install 'sciie-eval[{extra}]'"
        )


class LostWorkerError(InputError):
    """A process that read a part of the input was killed; the message says what to do."""


class UsageError(SciieError, ValueError):
    """Settings that do not go together, or a setting outside its range."""


def brief(value: object, width: int = 120) -> str:
    """How a message quotes a wrong value: its repr in one line (arrays have several), cut to ``width`` characters."""
    text = repr(value)
    if "\n" in text:
        text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of a message about a name that does not exist: the one that is meant, or all that there are."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; expected one of {', '.join(known)}"
