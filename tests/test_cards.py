"""Dataset cards: what they hold, how they are found, and what is said when one is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from sciie_eval import cards
from sciie_eval.cards import Card, SplitFile, data_root, list_cards, load_card, load_schema
from sciie_eval.exceptions import InputError
from sciie_eval.labels import LabelSchema

CORPUS = os.environ.get("SCIIE_DATA_DIR")
needs_corpus = pytest.mark.skipif(not CORPUS, reason="SCIIE_DATA_DIR is unset: the SciER corpus is needed")

TOY = """
name = "toy"
title = "A toy"
[[schema.entity_types]]
name = "Method"
[[schema.relation_types]]
name = "Used-For"
signatures = [["Method", "Method"]]
[splits.test]
path = "a/test.jsonl"
local = "test.jsonl"
form = "string"
rows = 1
sha256 = "{sha}"
""".format(sha="0" * 64)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "toy.toml"
    path.write_text(TOY, encoding="utf-8")
    return path


def test_known_cards() -> None:
    assert list_cards() == ["scier", "scierc", "semeval2010_task8"]


@pytest.mark.parametrize("name", ["scier", "scierc", "semeval2010_task8"])
def test_every_card_is_complete(name: str) -> None:
    card = load_card(name)
    assert card.name == card.schema.name == name
    assert card.description
    assert card.homepage
    assert card.citation.lstrip().startswith("@inproceedings{")
    assert card.notes
    definitions = {entity.name: entity.definition for entity in card.schema.entity_types}
    definitions |= {relation.name: relation.definition for relation in card.schema.relation_types}
    for label, definition in definitions.items():
        assert definition.endswith("."), label
        assert "\n" not in definition


def test_scier_labels_and_signatures() -> None:
    schema = load_card("scier").schema
    assert schema.entity_names == ("Method", "Task", "Dataset")
    assert len(schema.relation_types) == 9
    assert schema.symmetric_relations == {"Compare-With", "Synonym-Of"}
    assert sum(len(relation.signatures) for relation in schema.relation_types) == 23
    assert schema.allows("Dataset", "Benchmark-For", "Task")
    assert not schema.allows("Task", "Benchmark-For", "Dataset")


def test_scier_splits() -> None:
    card = load_card("scier")
    assert card.base_url.endswith("/db34781/")
    strings = {name: (file.rows, len(file.docs)) for name, file in card.splits.items() if file.form == "string"}
    assert strings == {"train": (5575, 80), "dev": (713, 10), "test": (854, 10), "test_ood": (580, 6)}
    assert [name for name, file in card.splits.items() if file.form == "spans"] == [
        "plm_dev",
        "plm_test",
        "plm_test_ood",
    ]
    assert card.splits["plm_test"].path == "SciER/PLM/test.jsonl"
    assert card.splits["plm_test"].local == "plm_test.jsonl"
    documents = [doc for file in card.splits.values() for doc in file.docs]
    assert len(set(documents)) == len(documents) == 106


def test_cards_without_files() -> None:
    scierc = load_schema("scierc")
    assert len(scierc.entity_types) == 6
    assert scierc.symmetric_relations == {"COMPARE", "CONJUNCTION"}
    assert not any(relation.signatures for relation in scierc.relation_types)
    semeval = load_card("semeval2010_task8")
    assert semeval.schema.entity_types == ()
    assert len(semeval.schema.relation_names) == 19
    assert {"Cause-Effect(e2,e1)", "Other"} < semeval.schema.relation_name_set
    assert semeval.splits == {}
    assert semeval.base_url == ""


def test_load_schema_takes_names_paths_schemas_and_nothing(toy: Path) -> None:
    own = LabelSchema(name="own")
    assert load_schema(own) is own
    assert load_schema() is load_schema("scier") is load_card("scier").schema
    assert load_schema(toy) is load_schema(str(toy))
    assert load_schema(toy).name == "toy"


def test_a_card_is_read_once(toy: Path) -> None:
    first = load_card(toy)
    toy.unlink()
    assert load_card(str(toy)) is first


def test_a_relative_path_means_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.toml").write_text(TOY.replace("A toy", name), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "one")
    assert load_card("c.toml").title == "one"
    monkeypatch.chdir(tmp_path / "two")
    assert load_card("c.toml").title == "two"


def test_cards_are_frozen_and_round_trip(toy: Path) -> None:
    card = load_card(toy)
    with pytest.raises(ValidationError):
        card.title = "another"
    assert Card.model_validate_json(card.model_dump_json(by_alias=True)) == card


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'sceir'; known cards: scier, scierc, semeval2010_task8; .*give its path"):
        load_card("sceir")


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: No such file or directory; known cards: scier"):
        load_card(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A toy"', "", "field title: expected, but it is not there"),
        ('title = "A toy"', 'titel = "A toy"\ntitle = ""', "field titel: a card has no such field; check the spelling"),
        ('title = "A toy"', "title = 3", "field title: Input should be a valid string; got 3"),
        ('name = "toy"', 'name = "../toy"', "field name: String should match pattern .*; got '../toy'"),
        ('local = "test.jsonl"', 'local = "../x"', r"field splits\.test\.local: String should match pattern"),
        (
            'form = "string"',
            'form = "xml"',
            r"field splits\.test\.form: Input should be 'string' or 'spans'; got 'xml'",
        ),
        ("0" * 64, "0" * 63, r"field splits\.test\.sha256: String should match pattern"),
        ("rows = 1", "rows = -1", r"field splits\.test\.rows: Input should be greater than or equal to 0; got -1"),
        ('["Method", "Method"]', '["Method", "Task"]', r"field schema: .*names unknown entity types \['Task'\]; got"),
        ('title = "A toy"', f'title = ["{"x" * 99}"]', r"field title: .*; got \['x+\.\.\.$"),
        ('title = "A toy"', "title =", r"not a TOML file in UTF-8: .*line 3"),
    ],
)
def test_what_is_wrong_with_a_card(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(TOY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        load_card(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_label_lists_must_be_lists(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('name = "x"\ntitle = ""\n[schema]\nentity_types = 3\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"field schema: entity_types should be a list of tables"):
        load_card(path)


def test_schema_must_be_a_table(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('name = "x"\ntitle = ""\nschema = 3\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"field schema: .*; got 3"):
        load_card(path)


def test_a_card_is_a_table_of_fields() -> None:
    with pytest.raises(ValidationError):
        Card.model_validate("scier")


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(InputError, match="not a TOML file in UTF-8"):
        load_card(path)


@pytest.mark.parametrize("base_url", ["ftp://x/", "https://x/y", "x"])
def test_base_url_is_a_folder_url(base_url: str) -> None:
    with pytest.raises(ValidationError):
        Card(name="x", title="", base_url=base_url, schema=LabelSchema(name="x"))


def test_a_schema_object_keeps_its_own_name() -> None:
    assert Card(name="x", title="", schema=LabelSchema(name="y")).schema.name == "y"


def test_optional_fields_of_a_split() -> None:
    file = SplitFile(path="p", sha256="a" * 64, rows=0, form="spans", local="l")
    assert (file.docs, file.gold_sha256) == ((), "")
    with pytest.raises(ValidationError):
        SplitFile(path="p", sha256="a" * 64, rows=0, form="spans", local="l", gold_sha256="short")


def test_data_root_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "sciie_eval"
    (package / "_datasets").mkdir(parents=True)
    (package / "_datasets" / "scier.toml").write_text(TOY, encoding="utf-8")
    (tmp_path / "datasets").mkdir()  # what the Hugging Face library looks like from here
    monkeypatch.setattr(cards, "__file__", str(package / "cards.py"))
    assert data_root() == package / "_datasets"
    assert list_cards() == ["scier"]


def test_data_root_without_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    monkeypatch.setattr(cards, "__file__", str(tmp_path / "sciie_eval" / "cards.py"))
    with pytest.raises(InputError, match="cards are missing; reinstall"):
        data_root()


def test_the_folder_of_the_cards_is_no_package() -> None:
    assert not (data_root() / "__init__.py").exists()


def test_importing_the_cards_is_light() -> None:
    code = "import json, sys, sciie_eval.cards; print(json.dumps(sorted(sys.modules)))"
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert not {"rich", "typer", "httpx"} & set(json.loads(done.stdout))


@needs_corpus
@pytest.mark.parametrize("split", ["train", "dev", "test", "test_ood"])
def test_documents_and_rows_are_those_of_the_corpus(split: str) -> None:
    file = load_card("scier").splits[split]
    lines = (Path(str(CORPUS)) / "scier" / file.local).read_text(encoding="utf-8").splitlines()
    assert len(lines) == file.rows
    assert tuple(dict.fromkeys(json.loads(line)["doc_id"] for line in lines)) == file.docs
