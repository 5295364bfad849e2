"""Pages of the HTML report as a parser sees them."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from test_cli import FAST, Ran
from toy import ROOT

__all__ = ["SAMPLE", "SAMPLE_GOLD", "Page", "Run", "report"]

Run = Callable[..., Ran]
SAMPLE = ROOT / "datasets" / "sample"
SAMPLE_GOLD = ("--gold", str(SAMPLE / "gold.jsonl"))


class Page(HTMLParser):
    """A page as a browser sees it: its elements, and the text of those that hold data, script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.blocks: dict[str, str] = {}
        self.text = ""
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self._open = dict(attrs).get("id") or tag
            self.blocks[self._open] = ""

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.blocks[self._open] += data
        else:
            self.text += data

    def data(self, name: str = "sentence-data") -> Any:
        """What a data block holds, unpacked as the page's script does."""
        value = json.loads(self.blocks[name])
        return json.loads(gzip.decompress(base64.b64decode(value))) if isinstance(value, str) else value


def report(run: Run, tmp_path: Path, *arguments: str | Path) -> tuple[str, Page]:
    """Make a page, which must succeed; returns its text and what a parser sees."""
    target = tmp_path / "report.html"
    found = run("report", *arguments, *FAST, "-o", target)
    assert (found.code, found.out, found.err) == (0, "", "")
    text = target.read_text(encoding="utf-8")
    return text, Page(text)
