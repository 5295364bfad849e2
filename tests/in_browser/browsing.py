"""What the browser tests say of a page that is open, and where the bundled sample is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["SAMPLE", "Make", "Open", "Opened", "quiet", "shown"]

SAMPLE = Path(__file__).resolve().parent.parent.parent / "datasets" / "sample"
Make = Callable[..., Path]


@dataclass
class Opened:
    """A page in the browser, with everything that it complained of or asked for.

    Attributes:
        page: playwright's page.
        complaints: console messages and uncaught errors.
        requests: addresses that were asked for.
    """

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


def shown(page: Any) -> int:
    """How many sentences pass the filters, as the page says."""
    return int(page.inner_text("#found").split()[0].replace(",", ""))


def quiet(found: Opened) -> None:
    """Nothing was complained of, and nothing but the file itself was asked for."""
    assert found.complaints == []
    assert len(found.requests) == 1
    assert found.requests[0].startswith("file://")
