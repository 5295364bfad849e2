"""Every snippet of README and docs runs, pages read alike on GitHub and on the site, and the site has them all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pages import NOT_RUN, PAGES, ROOT, Block, Session, blocks, shell, steps
from toy import rows_of, written

import sciie_eval
import sciie_rewards

ELSEWHERE = {"trainers.md": "contracts/test_docs.py", "train-with-trl.md": "contracts/test_trl.py"}
"""Pages whose snippets need a trainer, and the test that runs them all."""
COMMANDS_ELSEWHERE = {
    "sciie-eval datasets fetch scier": ("test_store.py", "fetch"),
    "sciie-rewards run smoke.yaml": ("test_recipe_smoke.py", '"run", "smoke.yaml"'),
    "trl grpo --model_name_or_path MODEL": ("contracts/test_trl.py", '"grpo", "--model_name_or_path"'),
    "scripts/": ("../.ci/run", "scripts/"),
}
"""Commands that another test runs, by how they begin: which, and what stands in it."""
SAMPLE = ROOT / "datasets" / "sample"
DOCS = ROOT / "docs"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def of_the_corpus(corpus: Path) -> list[dict[str, Any]]:
    """Eight answers each to the first sentences of SciER test: gold, then nothing."""
    rows = rows_of(corpus / "scier" / "test.jsonl")[:40]
    right = [json.dumps({"ner": row["ner"], "rel": row["rel"]}) for row in rows]
    return [
        {"id": f"test-{number}", "completions": [f"<answer>{answer}</answer>", *["no answer"] * 7]}
        for number, answer in enumerate(right)
    ]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A folder as a reader has it in a clone, with predictions of its own."""
    place = os.environ.get("SCIIE_DATA_DIR")
    shutil.copytree(SAMPLE, tmp_path / "datasets" / "sample")
    shutil.copy(SAMPLE / "gold.jsonl", tmp_path / "gold.jsonl")
    for name in ("t06", "t08", "t10"):
        shutil.copy(SAMPLE / "predictions.jsonl", tmp_path / f"{name}.jsonl")
    names: dict[str, Any] = {}
    if place:
        for name in ("preds", "samples", "base", "new"):
            written(tmp_path / f"{name}.jsonl", of_the_corpus(Path(place)))
        names["completions"] = [""] * len(rows_of(Path(place) / "scier" / "test.jsonl"))
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path, shell(tmp_path, place), bool(place), names)


def elsewhere(command: str) -> bool:
    return any(command.startswith(start) for start in COMMANDS_ELSEWHERE)


def here(block: Block) -> Block:
    """A block without the commands that another test runs."""
    if block.language != "console":
        return block
    kept = [step for step in steps(block.text) if not elsewhere(step.command)]
    return Block("console", "", "".join(f"$ {step.command}\n{step.shown}" for step in kept), block.line)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in ELSEWHERE], ids=name_of)
def test_every_snippet_of_the_page_runs(page: Path, session: Session) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        session.run(here(block))
    if session.skipped:
        pytest.skip(f"SCIIE_DATA_DIR is unset: {'; '.join(session.skipped)}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_of_the_page_is_used_on_it(page: Path) -> None:
    found = blocks(page.read_text(encoding="utf-8"))
    for place, block in enumerate(found):
        after = "".join(later.text for later in found[place + 1 :] if not later.title)
        assert not block.title or block.title in after, f"line {block.line}: what reads {block.title}?"


@pytest.mark.parametrize(("name", "test"), ELSEWHERE.items())
def test_a_page_that_is_run_elsewhere_is(name: str, test: str) -> None:
    folder = ROOT / "tests" / Path(test).parent
    around = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / test, folder / "snippets.py"))
    assert f'"docs" / "{name}"' in around


@pytest.mark.parametrize(("command", "where"), COMMANDS_ELSEWHERE.items())
def test_a_command_that_is_run_elsewhere_is(command: str, where: tuple[str, str]) -> None:
    assert where[1] in (ROOT / "tests" / where[0]).read_text(encoding="utf-8"), command


def test_a_snippet_that_fails_is_noticed(session: Session) -> None:
    for language, text in (
        ("console", "$ false\n"),
        ("console", "$ echo one\ntwo\n"),
        ("console", "$ sciie-eval no-such-command\n"),
        ("python", ">>> 1 + 1\n3\n"),
        ("python", "no_such_name\n"),
        ("yaml", "a: 1\n"),
    ):
        with pytest.raises((AssertionError, NameError)):
            session.run(Block(language, "", text, 1))
    session.run(Block("console", "", "$ echo one; echo two; echo three\none\n…\nthree\n", 1))


def test_what_is_not_run_says_why() -> None:
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            assert "not run" not in block.text or NOT_RUN.search(block.text), f"{page.name}: line {block.line}"


def test_what_is_installed_can_be_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    for page in PAGES:
        for named in re.findall(r"(?:sciie-eval|'\.)\[([a-z,]+)\]", page.read_text(encoding="utf-8")):
            assert set(named.split(",")) <= extras, f"{page.name}: {named}"


def listed(nav: Any) -> Iterator[str]:
    """The pages of a navigation, in order."""
    if isinstance(nav, str):
        yield nav
    for entry in nav if isinstance(nav, list) else nav.values() if isinstance(nav, dict) else ():
        yield from listed(entry)


def navigation() -> list[str]:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return list(listed(yaml.safe_load(re.findall(r"(?ms)^nav:\n.*?\n(?=\S)", text)[0])["nav"]))


def test_the_site_has_every_page_once() -> None:
    there = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert sorted(navigation()) == there


def test_every_page_can_be_reached_from_the_first_on_github_too() -> None:
    reached, ahead = set(), [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            found = re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8"))
            ahead += [(page.parent / target).resolve() for target in found]
    assert set(DOCS.rglob("*.md")) <= reached


@pytest.mark.parametrize("page", [page for page in PAGES if page.is_relative_to(DOCS)], ids=name_of)
def test_links_stay_in_docs_where_the_site_has_their_goal(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).resolve().is_relative_to(DOCS), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_lists_are_lists_for_both_readers_of_markdown(page: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    lines = text.split("\n")
    for before, line in pairwise(lines):
        starts = re.match(r"(- |\d+\. )", line)
        assert not starts or not before or re.match(r"- |\d+\. |  |<!--", before), f"no empty line above: {line}"


@pytest.mark.parametrize("package", [sciie_eval, sciie_rewards], ids=lambda package: package.__name__)
def test_the_api_pages_have_every_public_name_once(package: Any) -> None:
    text = (DOCS / "api" / f"{package.__name__}.md").read_text(encoding="utf-8")
    assert sorted(re.findall(rf"(?m)^::: {package.__name__}\.(\w+)$", text)) == sorted(package.__all__)
