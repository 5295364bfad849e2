"""Where texts stand in a sentence, and what the audits of predictions find."""

from __future__ import annotations

import json
from typing import Any

from error_rows import SENT, ner, rel
from toy import ROOT

from sciie_eval import parse_completion
from sciie_eval.audits import AUDITS, Flag, audit
from sciie_eval.labels import LabelSchema
from sciie_eval.places import MOST_PLACES, Places, shared
from sciie_eval.settings import Settings
from sciie_eval.taxonomy import KINDS

# -- places ----------------------------------------------------------------------------------------------------------


def test_places_ignore_blanks_and_prefer_whole_tokens_as_written() -> None:
    assert Places("1 1 . 8 % of state - of - the - art").find("11.8 %") == ((0, 9),)
    assert Places("net nets Net").find("net") == ((0, 3),)
    assert Places("Net nets").find("net") == ((0, 3),)
    assert Places("nets").find("net") == ((0, 3),)
    assert Places("training").find("AI") == ()
    assert Places("").find("x") == Places("x").find(" ") == ()
    assert Places("caf\u00e9 e\u0301t").find("cafe\u0301") == ((0, 4),)
    assert Places("e\u0301t").find("\u00e9t") == ((0, 3),)
    assert Places("\u0130 aB").find("AB") == ((2, 4),)
    assert len(Places("a " * 500).find("a")) == MOST_PLACES


def test_shared_without_a_place_compares_tokens() -> None:
    assert shared((), ((0, 3),), ("deep net", "net")) == 0.5
    assert shared(((0, 3),), ((4, 6),), ("net", "net")) == 0.0


# -- audits ----------------------------------------------------------------------------------------------------------


def flags(row: Any, sentence: str = SENT, **settings: Any) -> list[tuple[str, ...]]:
    how = Settings(**settings)
    parsed = parse_completion(row if isinstance(row, str) else json.dumps(row), how.schema)
    return [(flag.code, *flag.item) for flag in audit(parsed, Places(sentence), how)]


def test_each_audit_finds_what_it_says() -> None:
    good = (("small net", "Method"), ("NER", "Task"))
    assert flags(rel(("small net", "Used-For", "NER"), ner=good)) == []
    assert flags(ner(("NER", "Thing"))) == [("unknown_label", "NER", "Thing")]
    assert flags(rel(("small net", "Likes", "NER"), ner=good)) == [("unknown_label", "small net", "Likes", "NER")]
    assert flags(rel(("NER", "Part-Of", "small net"), ner=good)) == [
        ("violated_signature", "NER", "Part-Of", "small net")
    ]
    assert flags(rel(("QA", "Used-For", "NER"), ner=good)) == [("argument_not_entity", "QA", "Used-For", "NER")]
    assert ("self_relation", "NER", "SubTask-Of", "NER") in flags(rel(("NER", "SubTask-Of", "NER"), ner=good))
    assert flags(ner(("NER", "Task"), ("NER", "Task"), ("NER", "Task"))) == [("repeated_item", "NER", "Task")]
    twice = ("small net", "Used-For", "NER")
    assert flags(rel(twice, twice, ner=good)) == [("repeated_item", *twice)]
    assert flags(ner(("NER", "Task"), ("NER", "Method"))) == [("several_types", "NER", "")]
    assert flags(ner(("GPT", "Method"))) == [("text_not_in_sentence", "GPT", "Method")]
    assert flags("no idea") == [("answer_missing",)]
    assert flags('<answer>{"ner": [["a",</answer>') == [("unparsable",)]
    assert flags('<answer>{"ner": [["NER", "Task"], ["QA", "Ta') == [("truncated",)]
    assert audit(None, Places(SENT), Settings()) == [Flag("prediction_missing")]
    assert list(AUDITS)[:4] == ["prediction_missing", "answer_missing", "unparsable", "truncated"]


def test_audits_do_not_ask_for_what_was_not_said_or_is_not_known() -> None:
    assert flags({"rel": [["QA", "Used-For", "NER"]]}) == []
    assert flags({"rel_plus": [["small net:Task", "Part-Of", "NER:Task"]]})[0][0] == "violated_signature"
    assert flags(ner(("GPT", "Method")), sentence="") == []
    assert (
        flags(rel(("small net", "Likes", "NER"), ner=(("small net", "Thing"), ("NER", "Task"))))[0][0]
        == "unknown_label"
    )
    several = (("small net", "Method"), ("small net", "Task"), ("NER", "Task"))
    assert [flag[0] for flag in flags(rel(("small net", "Used-For", "NER"), ner=several))] == ["several_types"]


def test_every_audit_and_every_kind_is_explained() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert all(f"| `{code}` |" in text for code in AUDITS)
    assert not [kind for kinds in KINDS.values() for kind in kinds if f"`{kind}`" not in text]


def test_audits_compare_as_the_rule_does() -> None:
    row = rel(("Small Net", "Used-For", "NER"), ner=(("small net", "Method"), ("NER", "Task")))
    assert [flag[0] for flag in flags(row)] == ["argument_not_entity"]
    assert flags(row, normalize="casefold") == []
    schema = LabelSchema(
        name="toy",
        entity_types=("A", "B"),
        relation_types=({"name": "R", "symmetric": True, "signatures": [("A", "B")]},),
    )
    back = rel(("NER", "R", "QA"), ner=(("QA", "A"), ("NER", "B")))
    assert [flag[0] for flag in flags(back, schema=schema)] == ["violated_signature"]
    assert flags(back, schema=schema, symmetric="undirected") == []
