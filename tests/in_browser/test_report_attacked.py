"""The HTML report in a real browser under attack: nothing that a model writes runs, and axe finds nothing serious."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import Open, quiet, shown
from hostile_completions import HOSTILE


def test_there_are_thirty_attacks() -> None:
    assert len(HOSTILE) == 30


@pytest.mark.parametrize("width", [1280, 390])
def test_no_completion_runs_or_breaks_the_page(opened: Open, hostile_report: Path, width: int) -> None:
    found = opened(hostile_report, width=width)
    page = found.page
    assert shown(page) == 30
    tags = "script, style, img, iframe, object, embed, link, form, a, input, base"
    number = page.locator(tags).count()
    for _ in HOSTILE:
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(tags).count() == number
        page.keyboard.press("j")
    assert page.evaluate("window.harmed") is None
    assert page.evaluate("({}).harmed") is None
    assert page.is_visible("#detail h3")
    quiet(found)


def test_direction_marks_are_shown_and_turn_nothing_around(opened: Open, hostile_report: Path) -> None:
    page = opened(hostile_report, hash="#sentence=%3Ci%3Eright_to_left").page
    text = page.inner_text("#detail")
    assert "‹U+202E›" in text
    assert not {"\u202e", "\u202d", "\u2066", "\u2067"} & set(text)


def test_the_policy_stops_script_that_is_not_the_page_s_own(opened: Open, sample_report: Path) -> None:
    found = opened(sample_report)
    page = found.page
    attempts = (
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.setAttribute('onclick', 'window.harmed = true')",
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.harmed = true'}))",
        "setTimeout('window.harmed = true')",
    )
    for attempt in attempts:
        assert page.evaluate(
            f"(() => {{ try {{ {attempt}; return 'done'; }} catch (error) {{ return error.name; }} }})()"
        ) in (
            "TypeError",
            "EvalError",
        )
    page.evaluate(
        "new Promise((done) => { const i = new Image(); i.onerror = done; i.src = 'https://example.org/x.png'; })"
    )
    page.evaluate("fetch('https://example.org/x').catch(() => null)")
    assert page.evaluate("window.harmed") is None
    for directive in ("img-src", "connect-src"):
        assert any(f"{directive}' was not explicitly set" in text for text in found.complaints)


# -- is accessible ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(opened: Open, sample_report: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    # the checker is put into the page as a script of ours, which the page's own policy would refuse
    page = opened(sample_report, color_scheme=scheme, width=width, bypass_csp=True).page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = axe.Axe().run(page).response["violations"]
    serious = [
        (rule["id"], rule["impact"], rule["nodes"][0]["html"][:160], rule["nodes"][0]["any"][:1])
        for rule in found
        if rule["impact"] in ("serious", "critical", "moderate")
    ]
    assert serious == []
