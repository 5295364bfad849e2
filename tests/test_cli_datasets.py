"""``sciie-eval datasets``: what each command prints, writes and refuses."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from sciie_eval import cli_datasets, download
from sciie_eval.cards import load_card
from sciie_eval.cli_datasets import app
from sciie_eval.exceptions import CorpusError, InputError
from sciie_eval.schema import Example

DEV = b'{"sentence": "dev"}\n'
CARD = """
name = "toy"
title = "A toy"
base_url = "{base_url}"
notes = ["Copy every entity."]
citation = "@misc{{toy}}"
[[schema.entity_types]]
name = "Method"
definition = "A way."
[[schema.relation_types]]
name = "Compare-With"
symmetric = true
signatures = [["Method", "Method"]]
[[schema.relation_types]]
name = "Used-For"
[splits.dev]
path = "up/dev.jsonl"
local = "dev.jsonl"
form = "string"
rows = 1
sha256 = "{sha}"
[splits.plm_dev]
path = "up/plm.jsonl"
local = "plm_dev.jsonl"
form = "spans"
rows = 1
sha256 = "{sha}"
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SCIIE_DATA_DIR", raising=False)
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def toy(tmp_path: Path) -> str:
    """The path of a card whose files lie on a mirror in a folder."""
    (tmp_path / "mirror" / "up").mkdir(parents=True)
    for name in ("dev", "plm"):
        (tmp_path / "mirror" / "up" / f"{name}.jsonl").write_bytes(DEV)
    path = tmp_path / "toy.toml"
    base_url = f"file://{tmp_path}/mirror/"
    path.write_text(CARD.format(base_url=base_url, sha=hashlib.sha256(DEV).hexdigest()), encoding="utf-8")
    return str(path)


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch) -> list[Example]:
    """Stands for the reader, so that no corpus is needed."""
    row = {"doc_id": "d", "sentence": "Café uses CRF.", "ner": [["CRF", "Method"]], "rel": [], "rel_plus": []}
    examples = [Example.from_row(row, id=f"dev-{index}") for index in range(2)]
    known = ("toy", load_card("scier"))
    monkeypatch.setattr(
        "sciie_eval.corpus.load_split", lambda name, split: examples if name in known and split == "dev" else None
    )
    return examples


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def output(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def error(*arguments: str) -> BaseException | None:
    result = run(*arguments)
    assert result.exit_code == 1
    return result.exception


def test_list() -> None:
    text = output("list")
    assert "scier              SciER: " in text
    assert "train (5575), dev (713), test (854), test_ood (580)" in text
    assert "splits: none; labels only" in text


def test_list_as_json() -> None:
    cards = json.loads(output("list", "--format", "json"))
    assert [card["name"] for card in cards] == ["scier", "scierc", "semeval2010_task8"]
    assert cards[0]["licence"] == "GPL-3.0"
    assert cards[0]["splits"]["test"] == 854


def test_show(toy: str) -> None:
    text = output("show", toy)
    expected = [
        "toy: A toy",
        "homepage  not stated",
        "licence   not stated; see the homepage",
        "files     file://",
        "  Method\n      A way.",
        "  Compare-With (symmetric)\n      types: Method -> Method",
        "  dev: 1 sentences",
        "  plm_dev: 1 documents, token spans",
        "      not fetched",
        "  - Copy every entity.",
        "Citation\n@misc{toy}",
    ]
    for part in expected:
        assert part in text


def test_show_scier() -> None:
    text = output("show", "scier")
    assert "licence   GPL-3.0" in text
    assert "a90aba6c52c43ff4f5762d79121ac35379bd220c6172ae2b04ca8b27043f4115" in text
    assert "@inproceedings{zhang-etal-2024-scier," in text


def test_show_without_files_or_entities() -> None:
    text = output("show", "semeval2010_task8")
    assert "Entity types" not in text
    assert "none; this card gives labels only" in text
    assert "not downloadable" in text


def test_show_a_card_with_nothing_but_a_name(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text('name = "bare"\ntitle = "Bare"\nschema = {}\n', encoding="utf-8")
    text = output("show", str(path))
    assert not any(title in text for title in ("Relation types", "Annotation notes", "Citation"))


def test_show_as_json(toy: str, cache: Path) -> None:
    output("fetch", toy, "--split", "dev")
    card = json.loads(output("show", toy, "--format", "json"))
    assert card["schema"]["relation_types"][0]["symmetric"] is True
    assert card["splits"]["dev"]["status"] == "ok"
    assert card["splits"]["dev"]["found"] == str(cache / "toy" / "dev.jsonl")
    assert card["splits"]["plm_dev"]["status"] == "absent"
    assert card["splits"]["plm_dev"]["found"] is None


def test_fetch_all_then_show_where(toy: str, cache: Path) -> None:
    text = output("fetch", toy)
    assert text == f"ok  {cache}/toy/dev.jsonl\nok  {cache}/toy/plm_dev.jsonl\n"
    assert f"      ok: {cache}/toy/dev.jsonl" in output("show", toy)


def test_fetch_options(toy: str, tmp_path: Path) -> None:
    mirror = f"file://{tmp_path}/mirror"
    result = run("fetch", toy, "--split", "dev", "--base-url", mirror, "--cache-dir", str(tmp_path / "own"))
    assert result.exit_code == 0
    target = tmp_path / "own" / "toy" / "dev.jsonl"
    assert target.read_bytes() == DEV
    assert f"export SCIIE_DATA_DIR={tmp_path / 'own'}" in result.output
    target.write_bytes(b"altered")
    assert isinstance(error("fetch", toy, "--split", "dev", "--cache-dir", str(tmp_path / "own")), CorpusError)
    output("fetch", toy, "--split", "dev", "--cache-dir", str(tmp_path / "own"), "--force")
    assert target.read_bytes() == DEV


@pytest.mark.parametrize(
    "arguments", [("show", "x"), ("fetch", "x"), ("verify", "x"), ("fetch", "scier", "--split", "x")]
)
def test_wrong_names_are_input_errors(arguments: tuple[str, ...]) -> None:
    assert isinstance(error(*arguments), InputError)


def test_verify(toy: str, cache: Path) -> None:
    caught = error("verify", toy)
    assert isinstance(caught, CorpusError)
    assert "run: sciie-eval datasets fetch" in str(caught)
    output("fetch", toy, "--split", "dev")
    assert output("verify", toy).splitlines() == [
        f"ok      dev           {cache}/toy/dev.jsonl",
        f"absent  plm_dev       {cache}/toy/plm_dev.jsonl",
    ]
    (cache / "toy" / "plm_dev.jsonl").write_bytes(b"altered")
    result = run("verify", toy)
    assert result.exit_code == 1
    assert "altered plm_dev" in result.stdout
    assert "plm_dev.jsonl: not the file that the card describes" in str(result.exception)


def test_verify_without_files() -> None:
    assert "lists no files" in str(error("verify", "scierc"))


def test_export_to_standard_output(corpus: list[Example]) -> None:
    text = output("export", "toy", "--split", "dev")
    assert [json.loads(line) for line in text.splitlines()] == [example.to_row() for example in corpus]
    assert "Café" in text


def test_export_to_a_file(corpus: list[Example], tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    path.write_bytes(b"old")
    assert output("export", "toy", "--split", "dev", "-o", str(path)) == ""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows == [example.to_row() for example in corpus]
    assert [entry.name for entry in tmp_path.iterdir()] == ["dev.jsonl"]


def test_export_for_a_trainer(corpus: list[Example], tmp_path: Path) -> None:
    lines = output("export", "scier", "--split", "dev", "--to", "ms-swift").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [example.id for example in corpus]
    output("export", "scier", "--split", "dev", "--to", "verl", "-o", str(tmp_path / "dev.parquet"))
    assert (tmp_path / "dev.parquet").read_bytes().startswith(b"PAR1")
    assert run("export", "toy", "--split", "dev", "--to", "ppo").exit_code == 2


def test_a_failed_export_leaves_the_old_file(
    corpus: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dev.jsonl"
    path.write_bytes(b"old")
    corpus.append(SimpleNamespace())  # type: ignore[arg-type]
    assert isinstance(error("export", "toy", "--split", "dev", "-o", str(path)), AttributeError)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["dev.jsonl"]


@pytest.mark.parametrize("target", ["none/dev.jsonl", "file/dev.jsonl", "folder"])
def test_export_to_a_place_that_cannot_be_written(corpus: list[Example], tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder" / "x").mkdir(parents=True)
    caught = error("export", "toy", "--split", "dev", "-o", str(tmp_path / target))
    assert isinstance(caught, InputError)
    assert str(caught).endswith("; check folder and free space")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("command", ["list", "show", "fetch", "verify", "export"])
def test_help_ends_with_an_example(command: str) -> None:
    assert f"Example: sciie-eval datasets {command}" in output(command, "--help").strip().splitlines()[-1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_bars_on_a_terminal_only(
    toy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch: Callable[..., None] = cli_datasets.fetch_command
    fetch(toy)
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(download, "CHUNK", 4)
    monkeypatch.setattr(sys, "stderr", terminal)
    fetch(toy, force=True)
    assert "plm_dev.jsonl" in terminal.getvalue()
    assert "plm_dev.jsonl" in capsys.readouterr().out
