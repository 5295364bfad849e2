"""README says what is measured and what is printed now."""

import importlib.util
import re
from pathlib import Path

from sciie_eval.cards import load_card, load_schema
from sciie_eval.parsing import ISSUES

ROOT = Path(__file__).resolve().parent.parent


def test_the_marked_parts_are_current(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    spec = importlib.util.spec_from_file_location("fill_readme", ROOT / "benchmarks" / "fill_readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for page in module.PAGES:
        text = page.read_text(encoding="utf-8")
        assert module.fill(text) == text, f"{page.name}: run scripts/readme"


def test_every_link_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_issue_is_explained():
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert all(f"| `{code}` | {meaning} |" in text for code, meaning in ISSUES.items())


def test_the_cards_in_the_docs_are_cards(tmp_path):
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?s)```toml[^\n]*\n(name = .*?)```", text)
    cards = [tmp_path / "mylabels.toml", tmp_path / "mydata.toml"]
    for card, block in zip(cards, blocks, strict=True):
        card.write_text(block, encoding="utf-8")
    assert load_card(cards[1]).splits["test"].rows == 200
    schema = load_schema(cards[0])
    assert schema.symmetric_relations == {"Same-As"}
    assert schema.allows("Reagent", "Measured-By", "Instrument")


def test_the_picture_of_the_terminal_is_what_the_command_shows(tmp_path):
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "scripts" / "pictures.py")
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    pictures.terminal(tmp_path / "errors.svg", "errors", *pictures.SAMPLE, "--show", "3")
    made = (tmp_path / "errors.svg").read_text(encoding="utf-8")
    assert made == (ROOT / "docs" / "pictures" / "errors.svg").read_text(encoding="utf-8")
    assert "http" not in made.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")
