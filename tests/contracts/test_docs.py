"""Every snippet of docs/trainers.md is run by a test, or the page says that it was only replayed and against what."""

import re
from pathlib import Path

import pytest
from exported import export
from snippets import SECTIONS, TEXT, commands, snippets

from sciie_rewards.trainers.configured import configured

RUN = {
    "TRL": ("test_trl_calls.py", ("commands(", 'snippets("TRL", "python")')),
    "verl": ("real/verl.py", ('commands("verl")',)),
    "OpenRLHF": ("test_openrlhf.py", ('flags("OpenRLHF"',)),
    "ms-swift": ("test_ms_swift.py", ('flags("ms-swift"',)),
    "verifiers and prime-rl": ("real/verifiers.py", ('snippets("verifiers and prime-rl", "python")',)),
    "AReaL": ("real/areal.py", ('snippets("AReaL", "python")',)),
}
"""Where a section's snippets are run, and how one sees it there."""


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_run_or_says_that_it_was_replayed(section: str) -> None:
    replayed = re.search(r"(?i)replayed( only)?,[^.]*?against\s+\S+.*?\d", SECTIONS[section].replace("\n", " "))
    assert replayed, "which part was only replayed, and against which version?"
    if section in RUN:
        name, seen = RUN[section]
        text = (Path(__file__).resolve().parent / name).read_text(encoding="utf-8")
        assert all(call in text for call in seen)
    else:
        assert "Replayed only, against" in SECTIONS[section]


@pytest.mark.parametrize("section", [name for name in SECTIONS if "sciie-eval" in SECTIONS[name]])
def test_the_export_lines_run(section: str, tmp_path: Path) -> None:
    (line,) = [words for words in commands(section) if words[0] == "sciie-eval"]
    assert line[:6] == ["sciie-eval", "datasets", "export", "scier", "--split", "train"]
    assert export(tmp_path, line[line.index("--to") + 1], line[line.index("-o") + 1]).stat().st_size > 10_000


def test_the_settings_are_settings(tmp_path: Path) -> None:
    (block,) = re.findall(r"(?s)```toml\n(.*?)```", TEXT)
    path = tmp_path / "reward.toml"
    path.write_text(block, encoding="utf-8")
    assert configured(str(path)).weights["SPAN"] == 0.0


def test_nothing_else_is_on_the_page() -> None:
    assert len(re.findall(r"(?m)^```\w+$", TEXT)) == 2 + sum(
        len(snippets(section, language)) for section in SECTIONS for language in ("bash", "python")
    )
