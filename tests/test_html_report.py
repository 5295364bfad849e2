"""The HTML report without a browser: what its tables and its data say, and how the command behaves."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from html_pages import SAMPLE, SAMPLE_GOLD, Page, Run, report
from test_cli import FAST, PREDS, WITH_GOLD, Terminal, run
from toy import FIXTURES, answer, command, rows_of, written

__all__ = ["run"]


@pytest.fixture
def sample(run: Run, tmp_path: Path) -> Page:
    """The page of the bundled sample."""
    return report(run, tmp_path, SAMPLE / "predictions.jsonl", *SAMPLE_GOLD)[1]


# -- what it says ----------------------------------------------------------------------------------------------------


def test_scores_and_signature_are_those_of_score(run: Run, sample: Page) -> None:
    scored = json.loads(run("score", SAMPLE / "predictions.jsonl", *SAMPLE_GOLD, *FAST, "--format", "json").out)
    for task in scored["tasks"].values():
        for name in ("precision", "recall", "f1"):
            assert f"{100 * task[name]:.1f}" in sample.text
        assert f"{100 * task['ci'][0]:.1f}–{100 * task['ci'][1]:.1f}" in sample.text
    fields = scored["signature"].split("|")
    assert all(field in sample.text for field in fields)


def buttons(page: Page, show: str) -> Counter[str]:
    """Numbers that lead to sentences, by what they show."""
    text = page.attributes
    found: Counter[str] = Counter()
    for place, (tag, name, value) in enumerate(text):
        if (tag, name, value) == ("button", "data-show", show):
            attributes = {name: value for _, name, value in text[place : place + 6]}
            found[attributes["data-value"]] += int(re.findall(r"^\d+", attributes["aria-label"])[0])
    return found


def test_kinds_sum_to_the_counts_of_score(run: Run, sample: Page) -> None:
    scored = json.loads(run("score", SAMPLE / "predictions.jsonl", *SAMPLE_GOLD, *FAST, "--format", "json").out)[
        "tasks"
    ]
    kinds = buttons(sample, "kind")
    for task, counts in scored.items():
        of_task = {kind.partition(":")[2]: number for kind, number in kinds.items() if kind.startswith(f"{task}:")}
        spurious = sum(number for kind, number in of_task.items() if kind.startswith("spurious"))
        assert of_task["correct"] == counts["tp"]
        assert sum(of_task.values()) - spurious == counts["n_gold"]
        assert sum(of_task.values()) - of_task["missed"] == counts["n_pred"]


def test_confusions_sum_to_the_counts_of_every_type(run: Run, sample: Page) -> None:
    by_type = json.loads(run("score", SAMPLE / "predictions.jsonl", *SAMPLE_GOLD, *FAST, "--format", "json").out)[
        "by_type"
    ]
    cells: Counter[tuple[str, str]] = Counter()
    for place, (tag, name, value) in enumerate(sample.attributes):
        if (tag, name, value) == ("button", "data-show", "pair"):
            label = next(value for _, name, value in sample.attributes[place:] if name == "aria-label")
            number, gold, predicted = re.fullmatch(r"(\d+): gold (.*), predicted (.*)", label).groups()  # type: ignore[union-attr]
            cells[gold, predicted] += int(number)
    for task in ("ner", "rel"):
        for label, counts in by_type[task].items():
            assert sum(number for (gold, _), number in cells.items() if gold == label) == counts["n_gold"]
            assert sum(number for (_, predicted), number in cells.items() if predicted == label) == counts["n_pred"]


def test_sentences_stand_in_the_order_of_the_file_with_all_samples(sample: Page) -> None:
    rows = rows_of(SAMPLE / "predictions.jsonl")
    sentences = sample.data()
    assert [sentence["id"] for sentence in sentences] == [row["id"] for row in rows]
    for row, sentence in zip(rows, sentences, strict=True):
        assert [one["raw"] for one in sentence["systems"][0]] == row["completions"]


def test_offsets_count_as_javascript_does(run: Run, tmp_path: Path) -> None:
    sentence = "𝔸 𝔹 BERT solves 😀 NER"
    gold = {"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}
    row = {"id": "a", "sentence": sentence, "gold": gold, "completion": "<think>😀 so</think>" + json.dumps(gold)}
    [found] = report(run, tmp_path, written(tmp_path / "p.jsonl", [row]))[1].data()
    units = sentence.encode("utf-16-le")
    for _, texts, places, _ in [*found["gold"]["ner"], *found["gold"]["rel"]]:
        for text, spans in zip(texts, places, strict=True):
            assert [units[2 * start : 2 * end].decode("utf-16-le") for start, end in spans] == [text]
    one = found["systems"][0][0]
    start, end = one["reasoning"]
    assert one["raw"].encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le") == "😀 so"


def test_a_missing_prediction_counts_and_is_shown_as_none(run: Run, tmp_path: Path) -> None:
    rows = rows_of(PREDS)
    _, page = report(run, tmp_path, written(tmp_path / "p.jsonl", rows[1:]), *WITH_GOLD)
    by_id = {sentence["id"]: sentence for sentence in page.data()}
    assert by_id[rows[0]["id"]]["systems"] == [[]]
    assert buttons(page, "kind")["parse:missing"] == 1
    assert buttons(page, "kind")["audit:prediction_missing"] == 1


def test_several_systems_stand_side_by_side_with_tests(run: Run, tmp_path: Path) -> None:
    worse = written(tmp_path / "worse.jsonl", [{"id": row["id"], "completion": answer()} for row in rows_of(PREDS)])
    _, page = report(run, tmp_path, PREDS, worse, *WITH_GOLD)
    assert "Paired tests against native_completion" in page.text
    assert page.data("meta")["systems"] == ["native_completion", "worse"]
    assert all(len(sentence["systems"]) == 2 for sentence in page.data())
    compared = json.loads(run("compare", PREDS, worse, *WITH_GOLD, *FAST, "--format", "json").out)
    ner = compared["systems"][0]["tasks"]["ner"]
    assert f"{100 * ner['delta']:+.1f}" in page.text


def test_gold_of_the_first_file_serves_the_others(run: Run, tmp_path: Path) -> None:
    gold = {"ner": [["BERT", "Method"]], "rel": []}
    first = [{"id": f"s{n}", "sentence": "BERT", "gold": gold, "completion": answer()} for n in range(3)]
    second = [{"id": f"s{n}", "completion": answer(("BERT", "Method"))} for n in (2, 0, 1)]
    paths = written(tmp_path / "a.jsonl", first), written(tmp_path / "b.jsonl", second)
    _, page = report(run, tmp_path, *paths)
    assert [[[finding[0] for finding in one[0]["ner"]] for one in row["systems"]] for row in page.data()] == [
        [["missed"], ["correct"]]
    ] * 3


def test_curves_are_there_with_k_samples_only(run: Run, tmp_path: Path, sample: Page) -> None:
    assert sample.tags["polyline"] == 9
    assert "Best-F1@K" in sample.text
    _, single = report(run, tmp_path, PREDS, *WITH_GOLD)
    assert single.tags["polyline"] == 0
    assert "K samples" not in single.text


def test_files_with_some_single_answers_have_no_curves_and_say_why(run: Run, tmp_path: Path) -> None:
    rows = [{"id": f"gold-{n}", "completions": [answer()] * (1 + (n > 0))} for n in range(4)]
    _, page = report(run, tmp_path, written(tmp_path / "p.jsonl", rows), *WITH_GOLD)
    assert "no curves over K" in page.text
    assert page.tags["polyline"] == 0


def test_the_asked_sample_is_the_one_that_is_counted(run: Run, tmp_path: Path) -> None:
    rows = [{"id": f"gold-{n}", "completions": [answer(), answer(("x y", "Method"))]} for n in range(4)]
    path = written(tmp_path / "p.jsonl", rows)
    numbers = []
    for sample in ("0", "1"):
        _, page = report(run, tmp_path, path, *WITH_GOLD, "--sample", sample)
        assert page.data("meta")["sample"] == int(sample)
        numbers.append(buttons(page, "kind")["ner:spurious, not in sentence"])
    assert numbers == [0, 4]


@pytest.mark.parametrize("name", ["native_prediction", "pure", "openai_batch", "native_predictions"])
def test_every_form_of_file_is_shown(run: Run, tmp_path: Path, name: str) -> None:
    gold = () if name == "pure" else WITH_GOLD
    _, page = report(run, tmp_path, FIXTURES / f"{name}.jsonl", *gold)
    assert page.data()
    assert any(one["raw"] for sentence in page.data() for one in sentence["systems"][0])


@pytest.mark.parametrize(
    "how", [("--match", "fuzzy"), ("--match", "boundaries"), ("--duplicates", "multiset"), ("--normalize", "casefold")]
)
def test_every_rule_gives_gold_items_their_own_numbers(run: Run, tmp_path: Path, how: tuple[str, str]) -> None:
    _, page = report(run, tmp_path, SAMPLE / "predictions.jsonl", *SAMPLE_GOLD, *how)
    for sentence in page.data():
        for one in sentence["systems"][0]:
            for task in ("ner", "rel"):
                places = [finding[1] for finding in one[task] if finding[1] >= 0]
                assert sorted(places) == list(range(len(sentence["gold"][task])))


def test_one_task_alone_makes_a_page(run: Run, tmp_path: Path) -> None:
    _, page = report(run, tmp_path, PREDS, *WITH_GOLD, "--tasks", "ner")
    assert not any(finding for sentence in page.data() for one in sentence["systems"][0] for finding in one["rel"])
    assert not any(kind.startswith("rel") for kind in buttons(page, "kind"))


# -- the command -----------------------------------------------------------------------------------------------------


def test_standard_input_is_read_once_for_everything() -> None:
    text = (SAMPLE / "predictions.jsonl").read_text(encoding="utf-8")
    done = command("report", "-", *SAMPLE_GOLD, *FAST, stdin=text)
    assert done.returncode == 0, done.stderr
    assert Page(done.stdout).tags["polyline"] == 9


def test_the_same_input_gives_the_same_page(run: Run, tmp_path: Path) -> None:
    pages = {report(run, tmp_path, SAMPLE / "predictions.jsonl", *SAMPLE_GOLD)[0] for _ in range(2)}
    assert len(pages) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "json"), "leave --format out"),
        (("--compat", "r2grpo"), "compat"),
        (("--credit", "partial", "--match", "fuzzy"), "credit"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    found = run("report", PREDS, *WITH_GOLD, *arguments)
    assert found.code == 2
    assert said in found.err
    assert found.err.count("\n") == 1


def test_a_page_is_not_thrown_at_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    found = run("report", PREDS, *WITH_GOLD, *FAST)
    assert found.code == 2
    assert "-o report.html" in found.err


def test_the_corpus_with_four_samples_stays_below_five_megabytes(
    run: Run, tmp_path: Path, gold: dict[str, list[Any]]
) -> None:
    rows = []
    for example in gold["test"]:
        body = json.dumps(example.gold.to_scier())
        texts = [f"<think>{example.sentence} {n}</think><answer>{body[: -n or None]}</answer>" for n in range(4)]
        rows.append({"id": example.id, "completions": texts})
    preds = written(tmp_path / "p.jsonl", rows)
    split = written(tmp_path / "g.jsonl", [example.to_row() for example in gold["test"]])
    text, page = report(run, tmp_path, preds, "--gold", split)
    assert len(text.encode()) < 5_000_000
    assert len(page.data()) == 854
