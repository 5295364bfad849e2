"""The HTML report without a browser: what its tables say, what its data hold, and that nothing gets out of them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile_completions import HOSTILE, MARK, NAME, hostile_rows
from test_cli import FAST, PREDS, WITH_GOLD, Ran, Terminal, run
from toy import FIXTURES, ROOT, answer, command, rows_of, written

from sciie_eval.report import html

__all__ = ["run"]

Run = Callable[..., Ran]
SAMPLE = ROOT / "datasets" / "sample"
SAMPLE_GOLD = ("--gold", str(SAMPLE / "gold.jsonl"))


class Page(HTMLParser):
    """A page as a browser sees it: its elements, and the text of those that hold data, script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.blocks: dict[str, str] = {}
        self.text = ""
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self._open = dict(attrs).get("id") or tag
            self.blocks[self._open] = ""

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.blocks[self._open] += data
        else:
            self.text += data

    def data(self, name: str = "sentence-data") -> Any:
        """What a data block holds, unpacked as the page's script does."""
        value = json.loads(self.blocks[name])
        return json.loads(gzip.decompress(base64.b64decode(value))) if isinstance(value, str) else value


def report(run: Run, tmp_path: Path, *arguments: str | Path) -> tuple[str, Page]:
    """Make a page, which must succeed; returns its text and what a parser sees."""
    target = tmp_path / "report.html"
    found = run("report", *arguments, *FAST, "-o", target)
    assert (found.code, found.out, found.err) == (0, "", "")
    text = target.read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture
def sample(run: Run, tmp_path: Path) -> Page:
    """The page of the bundled sample."""
    return report(run, tmp_path, SAMPLE / "predictions.jsonl", *SAMPLE_GOLD)[1]


# -- nothing gets out ------------------------------------------------------------------------------------------------


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
