"""README says what is measured and what is printed now."""

import importlib.util
import re
from pathlib import Path

from sciie_eval.cards import load_schema

ROOT = Path(__file__).resolve().parent.parent


def test_the_marked_parts_are_current():
    spec = importlib.util.spec_from_file_location("fill_readme", ROOT / "benchmarks" / "fill_readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert module.fill(text) == text, "run scripts/readme"


def test_every_link_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_card_in_the_docs_is_a_card(tmp_path):
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    card = tmp_path / "mylabels.toml"
    card.write_text(re.search(r"(?s)```toml\n(name = .*?)```", text).group(1), encoding="utf-8")
    schema = load_schema(card)
    assert schema.symmetric_relations == {"Same-As"}
    assert schema.allows("Reagent", "Measured-By", "Instrument")
