"""What became of a corpus: its sums, its worst sentences, its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from error_rows import SENT, TYPED, Row, ner, rel
from toy import FIXTURES, answer

from sciie_eval import Example, UsageError, classify, errors, load_schema
from sciie_eval.audits import AUDITS
from sciie_eval.classification import Classified
from sciie_eval.counting import GoldSentence
from sciie_eval.error_report import _Collector, errors_of_file
from sciie_eval.evaluate import Gold, Reading
from sciie_eval.items import items_of
from sciie_eval.results import corpus_score
from sciie_eval.settings import Settings
from sciie_eval.tally import Tally
from sciie_eval.taxonomy import KINDS

# -- corpora ---------------------------------------------------------------------------------------------------------


def test_a_report_names_the_worst_sentences_by_errors_then_id() -> None:
    gold = [Example.from_row({"sentence": SENT, **ner(("NER", "Task"), ("QA", "Task"))}, id=name) for name in "cab"]
    said = {"a": answer(("NER", "Task")), "b": answer(("beats", "Task"), ("net", "Task"))}
    found = errors(gold, said, show=2)
    assert [(one.id, one.status, one.errors) for one in found.worst] == [("b", "ok", 4), ("c", "missing", 2)]
    assert found.score.missing == 1
    assert found.audits["prediction_missing"].examples == [("c", ())]
    assert repr(found) == "ErrorReport(errors: ner 7, rel 0, rel+ 0; 3 sentences)"
    assert errors(gold, said, show=0).worst == ()


def test_rel_plus_counts_again_only_where_it_stands_alone() -> None:
    gold = [{"sentence": SENT, **rel(("QA", "Used-For", "NER"), ner=TYPED)}]
    said = [rel(("NER", "Used-For", "QA"), ner=TYPED)]
    assert errors(gold, said).worst[0].errors == 1
    assert errors(gold, said, tasks="rel+").worst[0].errors == 1


def test_a_task_nobody_speaks_of_is_none_and_not_all_missed() -> None:
    gold = [{"sentence": SENT, **rel(("QA", "Used-For", "NER"), ner=TYPED)}]
    found = errors(gold, [{"ner": [["NER", "Task"]]}])
    assert found.tasks["rel"] is None
    assert found.tasks["rel+"] is None
    assert found.worst[0].errors == 2
    shown = found.to_dict()
    assert shown["tasks"]["rel"] is None
    assert {item["task"] for item in shown["worst"][0]["items"]} == {"ner"}
    assert list(shown["by_type"]) == list(shown["confusion"]) == ["ner"]


def test_labels_outside_the_schema_are_one_row() -> None:
    found = errors([{"sentence": SENT, **ner(("NER", "X"), ("QA", "Task"))}], [ner(("NER", "Y"), ("QA", "Z"))])
    assert found.tasks["ner"] is not None
    assert found.tasks["ner"].confusion == {("Task", "(other)"): 1, ("(other)", "(other)"): 1}
    assert found.tasks["ner"].types == (*load_schema("scier").entity_names, "(other)")


def test_to_dict_is_json_and_whole() -> None:
    gold = [{"sentence": SENT, **rel(("QA", "Used-For", "NER"), ner=TYPED)}]
    found = errors(gold, [rel(("NER", "Used-For", "QA"), ner=(("NER", "Method"), ("GPT", "Task")))])
    shown = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert shown == found.to_dict()
    assert shown["tasks"]["rel"] == {
        "tp": 0,
        "n_pred": 1,
        "n_gold": 1,
        "kinds": {**dict.fromkeys(KINDS["rel"], 0), "reversed": 1},
        "spurious": {"in_sentence": 0, "not_in_sentence": 0},
    }
    assert shown["confusion"]["rel"] == [{"gold": "Used-For", "predicted": "Used-For", "n": 1}]
    (worst,) = shown["worst"]
    assert worst["items"][0]["predicted"] == {"label": "Method", "texts": ["NER"], "places": [[[45, 48]]]}
    assert [item["predicted"]["types"] for item in worst["items"] if item["task"] == "rel+"] == [["Method", ""]]
    assert {flag["audit"] for flag in worst["audits"]} <= set(AUDITS)


@pytest.mark.parametrize("settings", [{"compat": "r2grpo"}, {"credit": "partial"}, {"show": -1}])
def test_settings_that_do_not_apply_are_refused(settings: Row) -> None:
    with pytest.raises(UsageError):
        errors([ner()], [ner()], **settings)
    settings.pop("show", None)
    if settings:
        with pytest.raises(UsageError):
            classify(ner(), ner(), **settings)


def test_a_file_gives_what_its_rows_give_from_python() -> None:
    gold = Gold.from_options(FIXTURES / "gold.jsonl", None, None, Settings())
    assert gold is not None
    found = errors_of_file(FIXTURES / "native_completion.jsonl", Settings(), gold, show=9)
    rows = [json.loads(line) for line in Path(FIXTURES / "native_completion.jsonl").read_text().splitlines()]
    said = {row["id"]: row["completion"] for row in rows if "id" in row}
    same = errors(gold.examples, said, show=9)
    assert found.to_dict()["tasks"] == same.to_dict()["tasks"]
    assert isinstance(found.worst, tuple)
    assert all(isinstance(one, Classified) for one in found.worst)


def test_spans_are_the_places_of_token_span_files() -> None:
    found = errors_of_file(FIXTURES / "pure.jsonl", Settings(), None, Reading(), show=50)
    assert found.score.items == "offsets"
    for sentence in found.worst:
        for finding in sentence.findings:
            for item in filter(None, (finding.gold, finding.predicted)):
                assert [len(places) for places in item.places] == [1] * len(item.texts)
                spelled = [sentence.sentence[slice(*places[0])] for places in item.places]
                assert spelled == list(item.texts)


def test_only_the_worst_sentences_are_kept_of_a_long_file() -> None:
    many = [Example.from_row({"sentence": SENT, **ner(("NER", "Task"))}, id=f"{n:04}") for n in range(500)]
    collector = _Collector(Settings(), 2)
    most = 0
    tally = Tally(Settings(), keep=True)
    for example in reversed(many):
        tally.add(GoldSentence(items_of(example.gold)), None)
        collector.add(tally, example, None)
        most = max(most, len(collector._worst))
    assert tally.matches == []
    assert most < 150
    assert [one.id for one in collector.report(corpus_score(tally, str)).worst] == ["0000", "0001"]
