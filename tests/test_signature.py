"""The line under which numbers can be compared."""

from __future__ import annotations

import random
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest

from sciie_eval import signature as module
from sciie_eval.labels import LabelSchema
from sciie_eval.schema import Example, Extraction
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash, package_version, signature


def line(**changes: Any) -> str:
    return signature(Settings(**changes), gold="g@0", items="text")


def test_every_field() -> None:
    fields = dict(part.split(":", 1) for part in line().split("|"))
    assert fields.pop("sciie-eval") == package_version()
    assert fields == {
        "tasks": "ner,rel,rel+",
        "match": "strict",
        "items": "text",
        "norm": "none",
        "dup": "set",
        "sym": "directed",
        "empty": "both1-one0-unparsed0",
        "credit": "count",
        "parse": "lenient",
        "agg": "micro",
        "ci": "95%.sentence.bootstrap1000.seed12345",
        "schema": "scier@a7f076",
        "gold": "g@0",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"tasks": ("ner",)},
        {"match": "boundaries"},
        {"match": "overlap"},
        {"match": "overlap", "threshold": 0.6},
        {"match": "fuzzy"},
        {"normalize": "spacing"},
        {"duplicates": "multiset"},
        {"symmetric": "undirected"},
        {"credit": "partial"},
        {"parse": "strict"},
        {"compat": "r2grpo"},
        {"ci": 90},
        {"bootstrap": 10},
        {"seed": 1},
        {"cluster": "doc_id"},
        {"schema": LabelSchema(name="own")},
    ],
    ids=str,
)
def test_every_setting_shows(changes: dict[str, Any]) -> None:
    assert line(**changes) != line()


def test_all_lines_differ() -> None:
    thresholds = [line(match="overlap", threshold=value) for value in (0.5, 0.51, 0.511)]
    assert len(set(thresholds)) == 3
    assert "match:fuzzy>=0.8|" in line(match="fuzzy")


def test_document_intervals_have_no_seed() -> None:
    assert "|ci:90%.doc_id.student-t|" in line(cluster="doc_id", ci=90, seed=7)


def test_sample_and_extra() -> None:
    both = signature(Settings(), gold="g", items="offsets", sample=0, extra="k:4|oracle:joint")
    assert "|sample:0|" in both
    assert both.endswith(f"|gold:g|k:4|oracle:joint|sciie-eval:{package_version()}")


def test_version_of_a_bare_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "version", absent)
    assert package_version() == "0+unknown"


def example(sentence: str, doc_id: str = "d", **gold: list[list[str]]) -> Example:
    return Example(id=sentence, doc_id=doc_id, sentence=sentence, gold=Extraction.from_scier(gold or {"ner": []}))


def digest(*examples: Example) -> str:
    return GoldHash(examples).hexdigest()


def test_hash_ignores_order() -> None:
    rows = [example(str(n), ner=[[f"a{n}", "Task"], ["b", "Method"]]) for n in range(20)]
    turned = [example(str(n), ner=[["b", "Method"], [f"a{n}", "Task"]]) for n in range(20)]
    random.Random(0).shuffle(turned)
    assert digest(*rows) == digest(*turned)
    assert len(digest(*rows)) == 64
    assert GoldHash(rows).rows == 20


def test_hash_tells_golds_apart() -> None:
    row = example("s", ner=[["a", "Task"]], rel=[["a", "Part-Of", "a"]])
    others = [
        example("s2", ner=[["a", "Task"]], rel=[["a", "Part-Of", "a"]]),
        example("s", "d2", ner=[["a", "Task"]], rel=[["a", "Part-Of", "a"]]),
        example("s", ner=[["a", "Method"]], rel=[["a", "Part-Of", "a"]]),
        example("s", ner=[["a", "Task"], ["a", "Task"]], rel=[["a", "Part-Of", "a"]]),
        example("s", ner=[["a", "Task"]], rel=[["a", "Used-For", "a"]]),
        example("s", ner=[["a", "Task"]], rel=[]),
        example("s", ner=[["a", "Task"]], rel_plus=[["a:Task", "Part-Of", "a:Task"]]),
    ]
    assert len({digest(row), *map(digest, others)}) == len(others) + 1
    assert digest(row, row) != digest(row)
    assert digest() == "0" * 64


def test_hash_ignores_ids_and_reads_surrogates() -> None:
    one, two = (Example(id=name, sentence="\ud800", gold=Extraction()) for name in "ab")
    assert digest(one) == digest(two)
