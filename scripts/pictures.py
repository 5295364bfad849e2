"""Makes the pictures of README.md from the bundled sample: what the terminal shows, and the HTML report.

Run: ``scripts/pictures`` (needs a Chromium for the report's picture).
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SAMPLE = ("datasets/sample/predictions.jsonl", "--gold", "datasets/sample/gold.jsonl")
LINES = 48
"""Lines of the terminal's picture."""
WIDE, TALL = 1280, 860
SENTENCE = "gold-22"
"""The sentence that the report is open at."""


def main() -> None:
    """Write both pictures."""
    PICTURES.mkdir(exist_ok=True)
    terminal(PICTURES / "errors.svg", "errors", *SAMPLE, "--show", "3")
    report(PICTURES / "report.png")


def terminal(path: Path, *arguments: str) -> None:
    """What a command shows on a terminal of 100 columns, its last `LINES` lines, as SVG."""
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Text.from_ansi(f"$ sciie-eval {' '.join(arguments)}"))
    lines = _on_a_terminal([sys.executable, "-m", "sciie_eval", *arguments]).splitlines()
    for line in lines[-LINES:]:
        console.print(Text.from_ansi(line))
    # the font of rich's own form comes from another host
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    path.write_text(console.export_svg(title="sciie-eval", code_format=form, unique_id="sciie"), encoding="utf-8")


def _on_a_terminal(command: list[str]) -> str:
    """The output of a command that believes to have a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "200"}
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment):
        os.close(theirs)
        parts = []
        while True:
            try:
                parts.append(os.read(ours, 65536))
            except OSError:  # the other side is closed
                break
            if not parts[-1]:
                break
    os.close(ours)
    return b"".join(parts).decode("utf-8").replace("\r\n", "\n")


def report(path: Path) -> None:
    """The sentence browser of the sample's report."""
    from playwright.sync_api import sync_playwright

    browser = next(found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "report.html"
        command = [sys.executable, "-m", "sciie_eval", "report", *SAMPLE, "-o", str(page)]
        subprocess.run(command, check=True, cwd=ROOT)
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        view = chromium.new_page(viewport={"width": WIDE, "height": TALL})
        view.goto(f"{page.as_uri()}#sentence={SENTENCE}")
        view.wait_for_selector("html[data-ready]")
        view.evaluate("document.querySelector('#sentences').scrollIntoView()")
        view.wait_for_timeout(300)
        view.screenshot(path=path)
        chromium.close()


if __name__ == "__main__":
    main()
