"""`score`: numbers against independent counts, golden files, and the properties that every setting keeps."""

from __future__ import annotations

import json
import unicodedata
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import scier_rows

from sciie_eval import CorpusScore, Example, Extraction, InputError, LabelSchema, TaskScore, parse_completion, score
from sciie_eval.results import OTHER
from sciie_eval.rules import MATCHERS, NORMALIZATIONS, TASKS
from sciie_eval.scoring import read_prediction, tally_predictions
from sciie_eval.settings import Settings

Row = dict[str, Any]


def tasks_of(found: CorpusScore) -> list[TaskScore]:
    return [task for task in found.tasks.values() if task is not None]


def ner(*entities: tuple[str, str], **more: Any) -> Row:
    return {"ner": [list(entity) for entity in entities], **more}


def the(task: TaskScore | None) -> TaskScore:
    assert task is not None
    return task


# -- against the corpus and the golden files --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(golden_dir: Path) -> list[Row]:
    text = (golden_dir / "dev_samples.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.rstrip("\n").split("\n")]


def clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def plain_f1(pairs: list[tuple[set[Any], set[Any]]]) -> tuple[int, int, int, float]:
    """(tp, n_pred, n_gold, micro-F1) of plain sets (gold, predicted), as METRICS defines them."""
    tp = sum(len(gold & predicted) for gold, predicted in pairs)
    n_pred, n_gold = sum(len(predicted) for _, predicted in pairs), sum(len(gold) for gold, _ in pairs)
    return tp, n_pred, n_gold, 2 * tp / (n_pred + n_gold)


@pytest.mark.parametrize(("task", "section"), [("ner", "ner"), ("rel", "rel")])
def test_independent_count(scier: dict[str, list[Row]], samples: list[Row], task: str, section: str) -> None:
    predicted = [sample["predictions"][0] for sample in samples]
    expected = plain_f1(
        [
            ({tuple(map(clean, item)) for item in row[section]}, {tuple(map(clean, item)) for item in said[section]})
            for row, said in zip(scier["dev"], predicted, strict=True)
        ]
    )
    found = the(score(scier["dev"], predicted).tasks[task])  # type: ignore[index]
    assert (found.tp, found.n_pred, found.n_gold) == expected[:3]
    assert found.f1 == pytest.approx(expected[3], abs=1e-12)
    assert found.precision == pytest.approx(expected[0] / expected[1], abs=1e-12)
    assert found.recall == pytest.approx(expected[0] / expected[2], abs=1e-12)


def test_independent_count_of_typed_relations(scier: dict[str, list[Row]], samples: list[Row]) -> None:
    pairs = []
    for row, sample in zip(scier["dev"], samples, strict=True):
        said = sample["predictions"][0]
        types: dict[str, set[str]] = {}
        for text, kind in said["ner"]:
            types.setdefault(clean(text), set()).add(kind)
        gold = {tuple(map(clean, item)) for item in row["rel_plus"]}
        items = set()
        for one, label, two in {tuple(map(clean, item)) for item in said["rel"]}:
            ways = product(sorted(types.get(one, ())), sorted(types.get(two, ())))
            typed = [(f"{one}:{first}", label, f"{two}:{second}") for first, second in ways]
            items.add(next((item for item in typed if item in gold), (one, label, two)))
        pairs.append((gold, items))
    expected = plain_f1(pairs)
    found = the(score(scier["dev"], [sample["predictions"][0] for sample in samples]).rel_plus)
    assert (found.tp, found.n_pred, found.n_gold) == expected[:3]
    assert found.f1 == pytest.approx(expected[3], abs=1e-12)


def test_compat_equals_the_released_evaluator(
    scier: dict[str, list[Row]], samples: list[Row], golden_dir: Path
) -> None:
    golden = json.loads((golden_dir / "dev_samples.released_evaluator.json").read_text(encoding="utf-8"))["1"]
    predicted = [sample["predictions"][0] for sample in samples]
    plain, compat = score(scier["dev"], predicted), score(scier["dev"], predicted, compat="r2grpo")
    for task in ("ner", "rel"):
        found = the(compat.tasks[task])  # type: ignore[index]
        assert (found.precision, found.recall, found.f1) == pytest.approx(golden[task], abs=1e-12)
        counts = golden[f"{task}_counts"]
        assert (found.tp, found.n_pred - found.tp, found.n_gold - found.tp) == (
            counts["tp"],
            counts["fp"],
            counts["fn"],
        )
        default = the(plain.tasks[task])  # type: ignore[index]
        assert (default.f1 or 0) < (found.f1 or 0)
    assert compat.rel_plus is None
    assert compat.to_dict()["tasks"]["rel+"] is None
    assert "|compat:r2grpo|" in compat.signature
    assert [warning for warning in compat.warnings if warning.startswith("compat=r2grpo")]
    assert not any("compat" in warning for warning in plain.warnings)


@pytest.mark.parametrize("split", ["train", "dev", "test", "test_ood"])
@pytest.mark.parametrize("form", ["mapping", "completion"])
def test_scier_against_itself(
    scier: dict[str, list[Row]], gold: dict[str, list[Example]], split: str, form: str
) -> None:
    rows = scier[split]
    found = score(gold[split], rows if form == "mapping" else [json.dumps(row) for row in rows])
    assert len(tasks_of(found)) == 3
    for task in tasks_of(found):
        assert (task.precision, task.recall, task.f1, task.macro_f1, task.sentence_f1) == (1.0,) * 5
    assert (found.missing, found.n_sentences, sum(found.parse.values())) == (0, len(rows), len(rows))


@pytest.mark.parametrize(
    ("split", "entities", "relations"),
    [("train", 17142, 8682), ("dev", 2133, 1121), ("test", 2770, 1583), ("test_ood", 1258, 579)],
)
def test_counts_as_sets_and_multisets(
    gold: dict[str, list[Example]], split: str, entities: int, relations: int
) -> None:
    examples = gold[split]
    found = score(examples, {})
    assert (the(found.ner).n_gold, the(found.rel).n_gold) == (entities, relations)
    found = score(examples, {}, duplicates="multiset")
    assert the(found.ner).n_gold == sum(len(example.gold.entities) for example in examples)
    number = sum(len(example.gold.relations) for example in examples)
    assert the(found.rel).n_gold == the(found.rel_plus).n_gold == number


# -- properties -------------------------------------------------------------------------------------------------------

SETTINGS = st.fixed_dictionaries(
    {
        "match": st.sampled_from(MATCHERS),
        "normalize": st.sampled_from(NORMALIZATIONS),
        "duplicates": st.sampled_from(("set", "multiset")),
        "symmetric": st.sampled_from(("directed", "undirected")),
        "credit": st.sampled_from(("count", "partial")),
    }
) | st.just({"compat": "r2grpo"})
CORPUS = st.lists(st.tuples(scier_rows(inline=True), scier_rows()), max_size=5)


def numbers(found: CorpusScore) -> dict[str, Any]:
    return {key: value for key, value in found.to_dict().items() if key not in ("warnings", "issues")}


@settings(max_examples=120)
@given(CORPUS, SETTINGS)
def test_types_sum_to_totals_within_bounds(pairs: list[tuple[Row, Row]], how: dict[str, Any]) -> None:
    found = score([gold for gold, _ in pairs], [said for _, said in pairs], bootstrap=20, **how)
    for name, task in found.tasks.items():
        if task is None:
            continue
        sums = [sum(values) for values in zip(*task.by_type.values(), strict=True)]
        assert sums == [pytest.approx(task.tp, abs=1e-9), task.n_pred, task.n_gold]
        assert found.counts[name].sum(axis=0).tolist() == [pytest.approx(task.tp), task.n_pred, task.n_gold]
        assert all(0 <= row.tp <= min(row.n_pred, row.n_gold) + 1e-9 for row in task.by_type.values())
        for value in (task.precision, task.recall, task.f1, task.macro_f1, task.sentence_f1):
            assert value is None or 0 <= value <= 1 + 1e-12
        if task.ci is not None:
            assert 0 <= task.ci[0] <= task.ci[1] <= 1 + 1e-12


@settings(max_examples=100)
@given(CORPUS, SETTINGS, st.randoms(use_true_random=False))
def test_order_of_items_changes_no_number(pairs: list[tuple[Row, Row]], how: dict[str, Any], random: Any) -> None:
    def turned(row: Row) -> Row:
        order = random.sample(range(len(row["rel"])), len(row["rel"]))
        return {
            "ner": random.sample(row["ner"], len(row["ner"])),
            **{key: [row[key][place] for place in order] for key in ("rel", "rel_plus") if key in row},
        }

    straight = score([gold for gold, _ in pairs], [said for _, said in pairs], bootstrap=20, **how)
    shuffled = score([turned(gold) for gold, _ in pairs], [turned(said) for _, said in pairs], bootstrap=20, **how)
    assert numbers(straight) == numbers(shuffled)


@settings(max_examples=100)
@given(CORPUS, SETTINGS, st.sampled_from(("sentence", "doc_id")), st.randoms(use_true_random=False))
def test_order_of_sentences_changes_nothing(
    pairs: list[tuple[Row, Row]], how: dict[str, Any], cluster: str, random: Any
) -> None:
    pairs = [({**gold, "doc_id": f"d{n % 2}", "sentence": str(n)}, said) for n, (gold, said) in enumerate(pairs)]

    def scored(some: list[tuple[Row, Row]]) -> dict[str, Any]:
        golds = [gold for gold, _ in some]
        return numbers(score(golds, [said for _, said in some], bootstrap=20, cluster=cluster, **how))

    straight, shuffled = scored(pairs), scored(random.sample(pairs, len(pairs)))
    if how.get("credit") != "partial":
        assert straight == shuffled
        return
    assert straight["signature"] == shuffled["signature"]  # sums of fractions may differ in the last bit
    for task, row in straight["tasks"].items():
        for key, value in (row or {}).items():
            assert shuffled["tasks"][task][key] == (value if value is None else pytest.approx(value, abs=1e-12))


@settings(max_examples=100)
@given(st.lists(scier_rows(inline=True), max_size=4), SETTINGS)
def test_gold_against_itself(rows: list[Row], how: dict[str, Any]) -> None:
    found = score(rows, [Extraction.from_scier(row) for row in rows], bootstrap=5, **how)
    for task in tasks_of(found):
        assert task.f1 in (1.0, None)
        assert task.macro_f1 in (1.0, None)
        assert task.sentence_f1 in (1.0, None)


@settings(max_examples=80)
@given(scier_rows(inline=True), scier_rows(), st.sampled_from(("overlap", "fuzzy")), st.sampled_from(NORMALIZATIONS))
def test_strict_finds_least(gold: Row, said: Row, match: str, normalize: str) -> None:
    strict = score([gold], [said], normalize=normalize)
    looser = score([gold], [said], normalize=normalize, match=match)
    assert all(the(strict.tasks[task]).tp <= the(looser.tasks[task]).tp for task in TASKS)


@settings(max_examples=100)
@given(scier_rows(inline=True), scier_rows(inline=True), st.sampled_from(("directed", "undirected")))
def test_adding_a_correct_item_never_lowers_f1(gold: Row, said: Row, symmetric: str) -> None:
    def f1(task: str, row: Row) -> float:
        found = score([gold], [Extraction.from_scier(row)], symmetric=symmetric)
        return the(found.tasks[task]).f1 or 0.0  # type: ignore[index]

    for entity in gold["ner"]:
        assert f1("ner", {**said, "ner": [*said["ner"], entity]}) >= f1("ner", said)
    for relation, typed in zip(gold["rel"], gold["rel_plus"], strict=True):
        more = {**said, "rel": [*said["rel"], relation], "rel_plus": [*said["rel_plus"], typed]}
        assert f1("rel", more) >= f1("rel", said)
        assert f1("rel+", more) >= f1("rel+", said)


# -- what is said where nothing can be counted ------------------------------------------------------------------------


def test_undefined_ratios_are_none() -> None:
    nothing = the(score([ner()], [ner()]).ner)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.macro_f1, nothing.ci) == (None,) * 5
    assert (nothing.sentence_f1, nothing.sentence_f1_with_gold) == (1.0, None)
    missed = the(score([ner(("a", "Task"))], [ner()]).ner)
    assert (missed.precision, missed.recall, missed.f1, missed.macro_f1) == (None, 0.0, 0.0, 0.0)
    invented = the(score([ner()], [ner(("a", "Task"))]).ner)
    assert (invented.precision, invented.recall, invented.f1, invented.sentence_f1) == (0.0, None, 0.0, 0.0)


def test_no_sentences() -> None:
    found = score([], [])
    assert (found.n_sentences, found.parse, found.tasks) == (0, {}, {"ner": None, "rel": None, "rel+": None})


def test_every_prediction_counts() -> None:
    gold = [ner(("a", "Task")), ner(), ner(("c", "Task"))]
    said = [ner(("a", "Task")), ner(("b", "Task")), ner(("x", "Task"), ("y", "Task"))]
    found = the(score(gold, said).ner)
    assert (found.tp, found.n_pred, found.n_gold) == (1, 4, 2)
    assert found.sentence_f1 == pytest.approx(1 / 3)
    assert found.sentence_f1_with_gold == pytest.approx(1 / 2)


def test_missing_sentences_count_as_empty() -> None:
    gold = [ner(("a", "Task"), id="x"), ner(("b", "Task"), id="y"), ner(id="z")]
    found = score(gold, {"x": ner(("a", "Task"))})
    assert (found.missing, found.n_sentences, found.parse) == (2, 3, {"ok": 1})
    assert (the(found.ner).recall, the(found.ner).sentence_f1) == (0.5, pytest.approx(2 / 3))
    assert "2 of 3 sentences have no prediction and count as empty" in found.warnings
    assert score(gold, {}).to_dict()["tasks"]["ner"]["f1"] == 0


def test_none_is_an_answer_that_never_came() -> None:
    found = score([ner(id="x"), ner(id="y")], {"x": None})
    assert (found.missing, found.parse, the(found.ner).sentence_f1) == (1, {"no_answer": 1}, 0.5)


def test_few_missing_sentences_are_no_warning() -> None:
    gold = [ner(("a", "Task"), id=str(number)) for number in range(201)]
    found = score(gold, {str(number): gold[number] for number in range(200)})
    assert (found.missing, found.warnings) == (1, ())


def test_a_task_that_no_prediction_speaks_of_is_null() -> None:
    gold = [ner(("a", "Task"), rel=[["a", "Part-Of", "a"]])] * 2
    found = score(gold, [ner(("a", "Task")), ner()])
    assert (found.rel, found.rel_plus) == (None, None)
    assert found.to_dict()["tasks"]["rel"] is None
    assert "rel" not in found.to_dict()["by_type"]
    assert the(found.ner).recall == 0.5
    only = score(gold, [{"rel": [["a", "Part-Of", "a"]]}] * 2)
    assert (only.ner, only.rel_plus, the(only.rel).f1) == (None, None, 1.0)


def test_where_nothing_can_be_parsed_scores_are_zero_and_not_null() -> None:
    found = score([ner(("a", "Task"), rel=[["a", "Part-Of", "a"]])] * 2, ["garbage", None])
    assert [task.f1 for task in tasks_of(found)] == [0.0, 0.0, 0.0]
    assert found.parse == {"no_answer": 2}


def test_garbage_on_empty_gold_earns_nothing() -> None:
    found = score([ner(), ner()], ["garbage", ner()])
    assert the(found.ner).sentence_f1 == 0.5


def test_unknown_labels() -> None:
    gold = [ner(("a", "Task"), ("b", "Metric"), ("c", "Tool"))]
    found = score(gold, [ner(("a", "Task"), ("b", "Metric"), ("d", "Thing"))])
    task = the(found.ner)
    assert list(task.by_type) == ["Method", "Task", "Dataset", OTHER]
    assert task.by_type[OTHER] == (1, 2, 2)
    assert task.macro_f1 == 1.0  # the mean over Task alone
    assert (task.tp, task.n_pred, task.n_gold) == (2, 3, 3)
    assert found.warnings == (
        "gold has ner labels that schema scier lacks (Metric, Tool); give yours with --schema",
        "1 of 3 predicted ner items have labels that neither the schema scier nor gold knows (Thing); "
        "they count as wrong",
    )


def test_many_unknown_labels_are_cut_short() -> None:
    row = {"ner": [], "rel": [["a", f"R{number}", "b"] for number in range(5)]}
    assert any("(R0, R1, R2, …)" in warning for warning in score([row], [row]).warnings)
    own = LabelSchema(name="own", relation_types=tuple(f"R{number}" for number in range(5)))
    assert score([row], [row], schema=own).warnings == ()
    assert score([row], [row], tasks=("ner",)).warnings == ()


@pytest.mark.parametrize(("others", "warned"), [(19, True), (20, False)])
def test_spacing_warning_from_five_percent(others: int, warned: bool) -> None:
    said = ner(("x -y", "Task"), *((f"z{number}", "Task") for number in range(others)))
    warnings = score([ner(("x - y", "Task"))], [said]).warnings
    assert any("--normalize spacing" in warning for warning in warnings) is warned
    assert score([ner(("x - y", "Task"))], [said], normalize="spacing").warnings == ()


def test_macro_f1_is_the_mean_over_types_with_items() -> None:
    gold = [ner(("a", "Task"), ("b", "Task"), ("c", "Method"))]
    found = the(score(gold, [ner(("a", "Task"), ("x", "Method"))]).ner)
    assert found.macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_matched_predictions_are_filed_under_gold() -> None:
    found = the(score([ner(("a", "Task"))], [ner(("a", "Method"))], match="boundaries").ner)
    assert (found.by_type["Task"], found.by_type["Method"]) == ((1, 1, 1), (0, 0, 0))


def test_typed_relations_of_texts_with_two_types() -> None:
    gold = [{"ner": [], "rel_plus": [["x:Method", "Part-Of", "y:Task"]]}]
    said = ner(("x", "Method"), ("x", "Task"), ("y", "Task"), rel=[["x", "Part-Of", "y"], ["z", "Part-Of", "y"]])
    assert the(score(gold, [said]).rel_plus).counts == (1, 2, 1)


# -- forms of input ---------------------------------------------------------------------------------------------------


def test_forms_of_a_prediction() -> None:
    gold = ner(("a", "Task"), rel=[["a", "Part-Of", "a"]])
    text = json.dumps(gold)
    forms = [
        gold,
        text,
        Extraction.from_scier(gold),
        parse_completion(text),
        {"role": "assistant", "content": text},
        [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}],
    ]
    found = score([gold] * len(forms), forms)
    assert [task.f1 for task in tasks_of(found)] == [1.0, 1.0, 1.0]
    assert found.n_sentences == len(forms)


def test_forms_of_gold() -> None:
    row = ner(("a", "Task"))
    extraction = Extraction.from_scier(row)
    golds = [row, extraction, Example(id="x", sentence="a", gold=extraction)]
    assert the(score(golds, [row] * 3).ner).f1 == 1.0
    assert the(score([golds[2]] * 3, [row, ner(), row]).ner).counts == (2, 2, 3)
    by_id = score([row, extraction], {"0": row, "1": row})
    assert by_id.missing == 0


def test_strict_parsing() -> None:
    text = "Sure! " + json.dumps(ner(("a", "Task"), rel=[]))
    gold = [ner(("a", "Task"), rel=[])]
    assert the(score(gold, [text]).ner).f1 == 1.0
    strict = score(gold, [text], parse="strict")
    assert (the(strict.ner).f1, strict.parse) == (0.0, {"invalid": 1})
    assert the(score(gold, [ner(("a", "Task"), rel=[])], parse="strict").ner).f1 == 1.0


@pytest.mark.parametrize(
    ("gold", "said", "message"),
    [
        ([5], [{}], r"gold\[0\]: expected an Example, an Extraction or a mapping, got int"),
        ([ner(), {"ner": 5}], [{}, {}], r"gold\[1\]: field ner: expected a list"),
        ([ner()], [], r"predicted: expected one prediction a sentence \(1\), got 0"),
        ([ner()], "x", r"predicted: expected a list of predictions or a mapping, got str"),
        ([ner()], {"9": ner()}, "predicted: 1 ids are not in gold, the first is '9'"),
        ([ner()], [5], r"prediction '0': expected one completion, mapping or Extraction a sentence, got int"),
    ],
)
def test_wrong_input(gold: Any, said: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        score(gold, said)


def test_read_prediction() -> None:
    how = Settings()
    assert read_prediction(None, how).status == "no_answer"
    assert read_prediction([], how).status == "no_answer"
    parsed = read_prediction('{"ner": [], "rel": []}', how)
    assert read_prediction(parsed, how) is parsed


# -- forms of output --------------------------------------------------------------------------------------------------


def test_offsets_where_both_sides_have_them() -> None:
    def placed(start: int) -> Extraction:
        return Extraction.model_validate({"entities": [{"text": "a", "type": "Task", "span": (start, start + 1)}]})

    found = score([placed(0)], [placed(4)])
    assert (the(found.ner).tp, "|items:offsets|" in found.signature) == (0, True)
    text = score([placed(0)], [ner(("a", "Task"), rel=[])])
    assert (the(text.ner).tp, "|items:text|" in text.signature) == (1, True)
    mixed = score([placed(0)] * 2, [placed(4), None])
    assert the(mixed.ner).n_gold == 2


def test_intervals() -> None:
    gold = [ner(("a", "Task"), doc_id=f"d{number % 4}") for number in range(40)]
    said = [ner(("a" if number % 3 else "b", "Task")) for number in range(40)]
    for how in ({}, {"cluster": "doc_id"}, {"ci": 80}):
        found = the(score(gold, said, **how).ner)
        assert found.ci is not None
        assert 0 <= found.ci[0] < (found.f1 or 0) < found.ci[1] <= 1
    assert the(score(gold, said, seed=1).ner).ci == the(score(gold, said, seed=1).ner).ci
    assert the(score(gold[:1], said[:1], cluster="doc_id").ner).ci is None


def test_json() -> None:
    found = score([ner(("a", "Task"), rel=[])], [ner(("a", "Task"), rel=[])])
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert {"signature", "n_sentences", "missing", "parse", "tasks", "by_type"} <= set(data)
    assert {"precision", "recall", "f1", "macro_f1", "tp", "n_pred", "n_gold", "ci"} <= set(data["tasks"]["ner"])
    assert data["tasks"]["ner"]["ci"] == [1.0, 1.0]
    assert data["tasks"]["rel"]["f1"] is None
    assert data["by_type"]["ner"]["Task"] == {
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "tp": 1,
        "n_pred": 1,
        "n_gold": 1,
    }
    assert data["signature"] == found.signature


def test_frame() -> None:
    frame = score([ner(("a", "Task"))], [ner(("a", "Task"))]).to_frame()
    assert list(frame.index) == [("ner", "(all)"), ("ner", "Method"), ("ner", "Task"), ("ner", "Dataset")]
    assert frame.loc[("ner", "(all)"), "f1"] == 1.0


def test_signature_depends_on_gold() -> None:
    one, two = score([ner(("a", "Task"))], [ner()]), score([ner(("b", "Task"))], [ner()])
    assert one.signature != two.signature
    assert "|gold:given@" in one.signature


def test_only_the_tasks_asked_for() -> None:
    row = ner(("a", "Task"), rel=[])
    found = score([row], [row], tasks=("rel", "ner"))
    assert list(found.tasks) == ["ner", "rel"]
    assert found.rel_plus is None


def test_matches_are_kept_on_request() -> None:
    kept = tally_predictions([ner(("a", "Task"))], [ner(("a", "Task"))], Settings(), keep=True)
    assert the(kept.score().ner).f1 == 1.0
    assert kept.tally.matches[0]["ner"].exact == {("a", "Task")}
