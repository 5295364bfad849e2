"""The HTML report holds what models wrote as data and text: nothing of it becomes markup, script or weight."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from hostile_completions import HOSTILE, MARK, NAME, hostile_rows
from html_pages import SAMPLE, SAMPLE_GOLD, Page, Run, report
from test_cli import PREDS, WITH_GOLD, run
from toy import ROOT, answer, written

from sciie_eval.report import html

__all__ = ["run"]


@pytest.fixture
def sample(run: Run, tmp_path: Path) -> Page:
    """The page of the bundled sample."""
    return report(run, tmp_path, SAMPLE / "predictions.jsonl", *SAMPLE_GOLD)[1]


def test_a_data_block_holds_no_character_that_markup_knows() -> None:
    value = {"</script><!--": ["<script>&amp;\u2028\u2029", "</SCRIPT>", "\ud83d"]}
    text, packed = html.data_block(value)
    assert packed == ""
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"</script><!--": ["<script>&amp;\u2028\u2029", "</SCRIPT>", "?"]}


def test_a_large_data_block_is_compressed_and_the_same() -> None:
    value = [{"text": f"</script>{number}"} for number in range(20_000)]
    text, packed = html.data_block(value)
    assert packed == "gzip"
    assert re.fullmatch(r'"[A-Za-z0-9+/=]+"', text)
    assert json.loads(gzip.decompress(base64.b64decode(json.loads(text)))) == value
    assert html.data_block(value) == (text, packed)  # no date in it


def test_the_policy_names_exactly_the_script_and_the_style_of_the_page(sample: Page) -> None:
    [policy] = [
        value for tag, name, value in sample.attributes if (tag, name) == ("meta", "content") and "default-src" in value
    ]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    def named(block: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(sample.blocks[block].encode()).digest()).decode()}'"

    assert directives == {
        "default-src": "'none'",
        "script-src": named("script"),
        "style-src": named("style"),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_the_policy_stands_before_everything_it_governs(run: Run, tmp_path: Path) -> None:
    text, _ = report(run, tmp_path, PREDS, *WITH_GOLD)
    assert text.index("Content-Security-Policy") < min(text.index("<style"), text.index("<script"), text.index("<body"))


def test_the_page_has_no_handler_no_inline_style_and_no_address(sample: Page) -> None:
    assert not [entry for entry in sample.attributes if entry[1].startswith("on") or entry[1] == "style"]
    links = [value for _, name, value in sample.attributes if name in ("href", "src", "action", "srcset", "data")]
    assert all(link.startswith("#") for link in links)
    assert sample.tags["script"] == 3
    assert sample.tags["style"] == 1


def test_scripts_never_read_markup() -> None:
    for path in (ROOT / "sciie_eval" / "report" / "assets").iterdir():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 350
        if path.suffix == ".js":
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", text
            )
            assert "</script" not in text.lower()
        if path.suffix == ".html":
            assert "safe" not in re.findall(r"\|\s*(\w+)", text)


def test_thirty_hostile_completions_change_no_element_of_the_page(run: Run, tmp_path: Path) -> None:
    hostile = written(tmp_path / NAME, hostile_rows())
    harmless = [{**row, "completion": answer(("BERT", "Method"))} for row in hostile_rows()]
    text, page = report(run, tmp_path, hostile)
    _, plain = report(run, tmp_path, written(tmp_path / "harmless.jsonl", harmless))
    assert len(HOSTILE) == 30
    assert page.blocks["script"] == plain.blocks["script"]
    assert page.blocks["style"] == plain.blocks["style"]
    assert set(page.tags) - set(plain.tags) <= {"ul", "li", "strong"}  # the warnings that they deserve
    assert page.tags["script"] == 3
    assert not [entry for entry in page.attributes if entry[1].startswith("on")]
    assert f"<script>{MARK}" not in text
    assert len(text) < 5_000_000


def test_long_completions_are_cut_and_say_by_how_much(run: Run, tmp_path: Path) -> None:
    _, page = report(run, tmp_path, written(tmp_path / NAME, hostile_rows()))
    samples = {sentence["id"]: sentence["systems"][0][0] for sentence in page.data()}
    long = samples["<i>long_line"]
    assert len(long["raw"]) + long["cut"] == len(HOSTILE["long_line"])
    assert max(len(one["raw"]) for one in samples.values()) < 20_000
    many = samples["<i>many_items"]
    assert len(many["ner"]) < 200
    assert all(len(text) <= 240 for finding in many["ner"] if finding[2] for text in finding[2][1])
