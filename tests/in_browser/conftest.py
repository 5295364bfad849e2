"""A headless Chromium for tests that need a real browser; without one they are skipped, with the reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import SAMPLE, Make, Open, Opened
from hostile_completions import NAME, hostile_rows
from typer.testing import CliRunner

from sciie_eval.cli import app

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FAST = ("--bootstrap", "20")


@pytest.fixture(scope="module")  # not longer: while it runs, so does an event loop in this thread
def chromium() -> Iterator[Any]:
    """A running browser."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e .[dev]")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Open]:
    """Opens a page from disk and waits until its sentences are there."""
    contexts = []

    def _open(path: Path, *, hash: str = "", width: int = 1280, before: str = "", **options: Any) -> Opened:
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.complaints.append(f"{message.type}: {message.text}"))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("request", lambda request: found.requests.append(request.url))
        if before:
            found.page.add_init_script(before)
        found.page.goto(path.as_uri() + hash)
        if not before:
            found.page.wait_for_selector("html[data-ready]")
        return found

    yield _open
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes a report of prediction files."""

    def _make(*arguments: str | Path, name: str = "report") -> Path:
        target = tmp_path_factory.mktemp("report") / f"{name}.html"
        done = CliRunner().invoke(app, ["report", *map(str, arguments), *FAST, "-o", str(target)])
        assert done.exit_code == 0, done.output
        return target

    return _make


@pytest.fixture(scope="session")
def sample_report(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample, and its second samples as another system."""
    other = tmp_path_factory.mktemp("other") / "second.jsonl"
    rows = [json.loads(line) for line in (SAMPLE / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [{"id": row["id"], "completions": row["completions"][1:] + row["completions"][:1]} for row in rows]
    other.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return make(SAMPLE / "predictions.jsonl", other, "--gold", SAMPLE / "gold.jsonl")


@pytest.fixture(scope="session")
def hostile_report(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty hostile completions, each for a sentence that quotes the beginning of it."""
    path = tmp_path_factory.mktemp("hostile") / NAME
    path.write_text("".join(json.dumps(row) + "\n" for row in hostile_rows()), encoding="utf-8")
    return make(path)
