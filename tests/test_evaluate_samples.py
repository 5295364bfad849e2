"""Samples from Python and from files: what counts, what is refused, what is said beside the curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import GOLD, answer, rows_of, written

from sciie_eval import Extraction, SampleScores, best_at_k, score, score_samples
from sciie_eval.curve_results import STATISTICS, Statistic
from sciie_eval.evaluate import Gold, Reading
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.rules import TASKS
from sciie_eval.sampling import Sampling
from sciie_eval.schema import Entity
from sciie_eval.settings import Settings

BERT: list[dict[str, Any]] = [{"id": "x", "ner": [["BERT", "Method"]], "rel": []}]
RIGHT: dict[str, Any]
WRONG: dict[str, Any]
EMPTY: dict[str, Any]
RIGHT, WRONG, EMPTY = ({"ner": [["BERT", kind]] if kind else [], "rel": []} for kind in ("Method", "Task", ""))
BAD = "nothing to see"
FAST: dict[str, Any] = {"bootstrap": 20}


def ner(found: SampleScores, statistic: Statistic = "best") -> Any:
    curve = found.of(statistic)["ner"]
    assert curve is not None
    return curve


def evaluated(path: Path, **how: Any) -> SampleScores:
    """A file against the toy gold."""
    sampling = Sampling(**{name: how.pop(name) for name in ("k", "oracle", "theta") if name in how})
    settings = Settings(**{**FAST, **how})
    return evaluate_samples(path, settings, sampling, Gold.from_options(GOLD, None, None, settings))


def sampled(tmp_path: Path, *samples: list[Any]) -> Path:
    rows = [{"id": f"gold-{number}", "completions": some} for number, some in enumerate(samples)]
    return written(tmp_path / "p.jsonl", rows)


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_of_one_sample_everything_is_its_score() -> None:
    gold = rows_of(GOLD)
    predicted = [{"ner": row["ner"][:1], "rel": row["rel"]} for row in gold]
    found, plain = score_samples(gold, [[one] for one in predicted], **FAST), score(gold, predicted, **FAST)
    for task, one in plain.tasks.items():
        assert one is not None
        for statistic in STATISTICS:
            curve = found.of(statistic)[task]
            assert curve is not None
            assert (curve.tp, curve.n_pred, curve.n_gold) == ((one.tp,), (one.n_pred,), one.n_gold)
            assert (curve.micro, curve.precision, curve.recall) == ((one.f1,), (one.precision,), (one.recall,))
        best = found.best[task]
        assert best is not None
        assert (best.macro, best.macro_with_gold) == ((one.sentence_f1,), (one.sentence_f1_with_gold,))


def test_best_of_zeros_and_ones_is_pass_at_k() -> None:
    found = score_samples(BERT * 3, [[RIGHT, WRONG, WRONG], [WRONG] * 3, [RIGHT] * 3], k=(1, 2, 3), **FAST)
    zeros_and_ones: list[list[float]] = [[1.0, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert ner(found).macro == pytest.approx([best_at_k(zeros_and_ones, k) for k in (1, 2, 3)], abs=1e-12)


def test_two_samples_at_a_half_are_the_union() -> None:
    gold: list[dict[str, Any]] = [{"ner": [["a", "Task"], ["b", "Task"]]}]
    found = score_samples(gold, [[{"ner": [["a", "Task"]]}, {"ner": [["b", "Task"], ["c", "Task"]]}]], k=2, **FAST)
    assert (ner(found, "consensus").tp, ner(found, "consensus").n_pred) == ((2.0,), (3.0,))
    strict = score_samples(gold, [[{"ner": [["a", "Task"]]}, {"ner": [["b", "Task"]]}]], k=2, theta=0.51, **FAST)
    assert ner(strict, "consensus").n_pred == (0.0,)


def test_micro_best_may_fall_with_k() -> None:
    """The example of docs/passk.md: the best sentence F1 is not the best contribution to a pooled ratio."""
    gold: list[dict[str, Any]] = [{"ner": [["a", "Task"]]}, {"ner": [[f"b{i}", "Task"] for i in range(20)]}]
    one: list[dict[str, Any]] = [{"ner": [["a", "Task"], *([f"x{i}", "Task"] for i in range(9))]}, {"ner": []}]
    two = [{"ner": [[f"b{i}", "Task"] for i in range(20)]}] * 2
    found = score_samples(gold, [one, two], k=(1, 2), **FAST)
    assert ner(found).macro[0] < ner(found).macro[1]
    assert ner(found).micro[0] > ner(found).micro[1]


def test_a_missing_sentence_is_so_many_empty_samples() -> None:
    gold: list[dict[str, Any]] = [
        *BERT,
        {"id": "y", "ner": [], "rel": []},
        {"id": "z", "ner": [["NER", "Task"]], "rel": []},
    ]
    found = score_samples(gold, {"x": [RIGHT, WRONG, BAD]}, k=(1, 2, 3), oracle="joint", **FAST)
    written_out = score_samples(
        gold, [[RIGHT, WRONG, BAD], [EMPTY] * 3, [EMPTY] * 3], k=(1, 2, 3), oracle="joint", **FAST
    )
    assert found.missing == 2
    assert [curve for _, _, curve in found.curves()] == [curve for _, _, curve in written_out.curves()]
    assert "2 of 3 sentences have no prediction and count as empty" in found.warnings
    assert found.distinct == pytest.approx((1, 5 / 3 + 1 / 3, 3))
    assert found.parse == {"ok": 2, "no_answer": 1}


def test_a_failed_request_counts_as_so_many_failures() -> None:
    gold: list[dict[str, Any]] = [*BERT, {"id": "y", "ner": [], "rel": []}]
    found = score_samples(gold, [[RIGHT, WRONG], [None]], **FAST)
    written_out = score_samples(gold, [[RIGHT, WRONG], [None, None]], **FAST)
    assert [curve for _, _, curve in found.curves()] == [curve for _, _, curve in written_out.curves()]
    assert (found.k, found.missing, found.parse) == ((1, 2), 0, {"ok": 2, "no_answer": 1})
    only = score_samples(BERT, [[None]], **FAST)
    assert (only.k, only.n_samples, only.parsed, ner(only).macro) == ((1,), 1, 0.0, (0.0,))


def test_ragged_numbers() -> None:
    samples: list[list[Any]] = [[RIGHT, WRONG, WRONG, BAD], [WRONG, RIGHT]]
    found = score_samples(BERT * 2, samples, **FAST)
    assert (found.k, found.n_samples, found.fewest, found.per_sentence) == ((1, 2), 4, 2, "2-4")
    assert "|n:2-4|" in found.signature
    assert ner(found).macro == pytest.approx(((1 / 4 + 1 / 2) / 2, (1 / 2 + 1) / 2))
    backwards = score_samples(BERT * 2, samples[::-1], **FAST)
    assert (backwards.k, ner(backwards)) == (found.k, ner(found))


def test_neither_the_order_of_samples_nor_of_sentences_matters() -> None:
    rng = np.random.default_rng(4)
    gold: list[dict[str, Any]] = [
        {"ner": [["a", "Task"], [f"g{i}", "Task"]], "rel": [["a", "Used-For", f"g{i}"]]} for i in range(12)
    ]
    pool: list[Any] = [gold[0], {"ner": [["a", "Task"]]}, {"ner": [["b", "Task"]], "rel": []}, BAD]
    samples = [[pool[i] for i in rng.integers(0, 4, 5)] for _ in gold]
    places = rng.permutation(12)
    mixed = [[samples[i][j] for j in rng.permutation(5)] for i in places]
    one, two = score_samples(gold, samples, **FAST), score_samples([gold[i] for i in places], mixed, **FAST)
    for (_, _, left), (_, _, right) in zip(one.curves(), two.curves(), strict=True):
        assert left.micro == pytest.approx(right.micro, abs=1e-12)
        assert np.array(left.micro_ci) == pytest.approx(np.array(right.micro_ci), abs=1e-12)
    assert one.distinct == pytest.approx(two.distinct)


def test_what_a_row_of_an_interval_depends_on() -> None:
    """Avg@K is one number, and its interval too, whatever K and oracle are asked for beside it."""
    rng = np.random.default_rng(5)
    samples = [[(RIGHT, WRONG, EMPTY)[i] for i in rng.integers(0, 3, 4)] for _ in range(30)]
    one, two = score_samples(BERT * 30, samples), score_samples(BERT * 30, samples, k=3, oracle="joint")
    assert ner(one, "avg").micro_ci[0] == ner(one, "avg").micro_ci[-1] == ner(two, "avg").micro_ci[0]
    other = score_samples(BERT * 30, samples, seed=1)
    assert ner(one, "avg").micro == ner(other, "avg").micro
    assert ner(one, "avg").micro_ci != ner(other, "avg").micro_ci


def test_documents() -> None:
    gold: list[dict[str, Any]] = [{**BERT[0], "id": str(i), "doc_id": str(i // 5)} for i in range(20)]
    samples = [[RIGHT if (i + j) % 3 else WRONG for j in range(4)] for i in range(20)]
    found = score_samples(gold, samples, cluster="doc_id")
    low, high = ner(found).macro_ci[0]
    assert 0 <= low < ner(found).macro[0] < high <= 1
    assert "|ci:95%.doc_id.student-t|" in found.signature
    one = score_samples([{**row, "doc_id": "d"} for row in gold], samples, cluster="doc_id")
    assert set(ner(one).macro_ci) == {None}
    assert any("no intervals" in text for text in one.warnings)


def test_equal_texts_count_as_often_as_they_stand_there() -> None:
    found = score_samples(BERT, [[BAD, json.dumps(RIGHT), BAD, BAD]], **FAST)
    assert (found.parse, found.parsed, found.issues) == ({"ok": 1, "no_answer": 3}, 0.25, {})
    assert found.answer_words == pytest.approx((3 * len(BAD.split()) + len(json.dumps(RIGHT).split())) / 4)


def test_words_are_counted_without_tags() -> None:
    text = "<think> one two three </think> <answer> " + json.dumps(RIGHT) + " </answer>"
    found = score_samples(BERT, [[text, json.dumps(RIGHT), RIGHT, "</think>four five <answer>{}"]], **FAST)
    words = len(json.dumps(RIGHT).split())
    assert found.reasoning_words == 1.0
    assert found.answer_words == pytest.approx((2 * words + 3) / 3)
    assert score_samples(BERT, [[RIGHT]], **FAST).answer_words is None


@pytest.mark.parametrize(
    ("opened", "closed", "asides"),
    [
        ("<think>", "</think>", 0),
        ("<THINK>", "</Think>", 0),
        ("<think>", "</think >", 0),
        ("<reasoning>", "</reasoning>", 0),
        ("", "</think>", 0),
        ("", "</Think>", 0),
        ("so to say <think>", "</think>", 3),
        ("also <THINK>", "</THINK>and then ", 3),
        ("<think></think>", "<think>", 3),
    ],
)
def test_words_do_not_depend_on_how_tags_are_written(opened: str, closed: str, asides: int) -> None:
    found = score_samples(BERT, [[f"{opened}so we say{closed}<answer>{json.dumps(RIGHT)}</answer>"]], **FAST)
    reasoning = 0 if closed == "<think>" else 3
    assert (found.reasoning_words, found.answer_words) == (reasoning, len(json.dumps(RIGHT).split()) + asides)


def test_extractions_with_offsets_compare_by_them() -> None:
    def placed(start: int) -> Extraction:
        return Extraction(entities=(Entity(text="BERT", type="Method", span=(start, start + 4)),))

    found = score_samples([placed(0)], [[placed(0), placed(8)]], **FAST)
    assert "|items:offsets|" in found.signature
    assert (ner(found).micro, ner(found, "consensus").n_pred) == ((0.5, 1.0), (1.0, 2.0))


def test_other_matchers_have_no_consensus() -> None:
    found = score_samples(BERT, [[RIGHT, WRONG]], match="overlap", **FAST)
    assert set(found.consensus.values()) == {None}
    assert found.to_dict()["consensus"] == {"ner": None, "rel": None, "rel+": None}
    assert any(text.startswith("no Consensus@K: match=overlap") for text in found.warnings)
    assert "theta" not in found.signature


def test_what_is_said_of_spelling_is_said_of_the_first_samples() -> None:
    gold: list[dict[str, Any]] = [{"ner": [["state - of", "Task"]]}]
    found = score_samples(gold, [[{"ner": [["state-of", "Task"]]}, gold[0]]], **FAST)
    assert any(text.startswith("of the first samples, 1 of 1 unmatched predicted entities") for text in found.warnings)


def test_the_json_form() -> None:
    value = score_samples(BERT, [[RIGHT, WRONG]], tasks=("ner",), **FAST).to_dict()
    assert {"signature", "n_sentences", "n_samples", "k", "best", "avg", "consensus"} <= set(value)
    assert (value["n_sentences"], value["n_samples"], value["k"]) == (1, 2, [1, 2])
    assert value["best"]["ner"]["macro"] == value["best"]["ner"]["micro"] == [0.5, 1.0]
    assert "macro" not in value["consensus"]["ner"]
    assert value["samples"]["distinct"] == pytest.approx([1.0, 2.0])
    assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_undefined_is_none() -> None:
    found = score_samples([{"ner": []}], [[{"ner": []}, {"ner": []}]], tasks=("ner",), **FAST)
    assert (ner(found).micro, ner(found).micro_ci, ner(found).macro) == ((None,) * 2, (None,) * 2, (1.0, 1.0))
    assert ner(found).macro_with_gold == (None, None)
    assert repr(found) == "SampleScores(Best-F1@2: ner –; 1 sentences)"


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "samples", "how", "message"),
    [
        (BERT, [[RIGHT, WRONG]], {"k": 3}, "samples of 'x': K = 3 asks for more than its 2 samples"),
        (BERT, [[]], {}, "samples of 'x': no samples; expected a list with at least one prediction"),
        (BERT * 2, [[RIGHT] * 2, [RIGHT]], {}, "samples of 'x': one prediction, where samples of 'x' has 2 samples"),
        (BERT, {}, {}, "no samples: no sentence has a prediction"),
        ([], [], {}, "no samples: no sentence has a prediction"),
        (BERT, [RIGHT], {}, "samples of 'x': expected a list of predictions, got dict"),
        (BERT, {"x": None}, {}, "samples of 'x': expected a list of predictions, got NoneType"),
        (BERT, ["text"], {}, "samples of 'x': expected a list of predictions, got str"),
        (BERT, [[RIGHT], [RIGHT]], {}, r"samples: expected one list a sentence \(1\), got 2"),
        (BERT, "text", {}, "samples: expected one list of predictions a sentence, got str"),
        (BERT, {"y": [RIGHT]}, {}, "samples: 1 ids are not in gold, the first is 'y'"),
        (BERT * 2, {"x": [RIGHT]}, {}, "gold: ids are not unique"),
        (BERT, [[5]], {}, "prediction \"samples of 'x'\": expected one completion"),
        ("text", [[RIGHT]], {}, "gold: expected a list with one item a sentence, got str"),
        ([5], [[RIGHT]], {}, r"gold\[0\]: expected an Example"),
    ],
)
def test_wrong_input(gold: Any, samples: Any, how: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        score_samples(gold, samples, **how)


def test_wrong_settings() -> None:
    with pytest.raises(UsageError, match="compat=r2grpo fixes oracle=per-task; leave oracle out"):
        score_samples(BERT, [[RIGHT]], compat="r2grpo", oracle="joint")
    with pytest.raises(UsageError, match="setting: expected one of"):
        score_samples(BERT, [[RIGHT]], nonsense=1)


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_file_is_what_its_rows_are(tmp_path: Path) -> None:
    samples = [[answer(("TinyTagger", "Method")), BAD], [answer(("LeafCorpus", "Dataset")), answer()]]
    found = evaluated(sampled(tmp_path, *samples))
    given = score_samples(rows_of(GOLD), {"0": samples[0], "1": samples[1]}, **FAST)
    assert found.to_dict() | {"signature": "", "warnings": []} == given.to_dict() | {"signature": "", "warnings": []}
    assert "|gold:gold.jsonl@" in found.signature


def test_files_that_are_refused(tmp_path: Path) -> None:
    yes = answer(("TinyTagger", "Method"))
    short = sampled(tmp_path, [yes] * 4, [yes] * 2)
    with pytest.raises(InputError, match=r"p\.jsonl, line 2: K = 4 asks for more than its 2 samples"):
        evaluated(short, k=4)
    assert evaluated(short).k == (1, 2)
    mixed = written(
        tmp_path / "m.jsonl", [{"id": "gold-0", "completion": yes}, {"id": "gold-1", "completions": [yes] * 2}]
    )
    with pytest.raises(InputError, match=r"m\.jsonl, line 1: one prediction, where .*m\.jsonl, line 2 has 2 samples"):
        evaluated(mixed)
    assert evaluated(mixed, k=1).per_sentence == "1-2"


def test_gold_in_the_rows_and_bad_lines(tmp_path: Path) -> None:
    rows = [{"predictions": [RIGHT, WRONG], "gold": BERT[0]}, "{", {"predictions": [RIGHT, RIGHT], "gold": BERT[0]}]
    path = written(tmp_path / "p.jsonl", rows)
    found = evaluate_samples(path, Settings(**FAST), Sampling(), None, Reading(skip_bad_lines=True))
    assert ner(found).macro == (0.75, 1.0)
    assert found.warnings == ("1 malformed lines were skipped: 2",)


@pytest.mark.parametrize("oracle", ["per-task", "joint"])
def test_the_golden_samples(data_dir: Path, golden_dir: Path, oracle: Any) -> None:
    settings = Settings(bootstrap=10)
    gold = Gold.from_options(None, "scier", "dev", settings)
    found = evaluate_samples(golden_dir / "dev_samples.jsonl", settings, Sampling((1, 2, 4), oracle), gold)
    for task, best in found.best.items():
        average, consensus = found.avg[task], found.consensus[task]
        assert best is not None
        assert average is not None
        assert consensus is not None
        assert best.micro[0] == pytest.approx(average.micro[0], abs=1e-12)
        assert (best.micro[2] or 0) > (average.micro[2] or 0)
        assert (best.macro[2] or 0) > (average.macro[2] or 0)
        assert (consensus.micro[2] or 0) > (average.micro[2] or 0)
    if oracle == "joint":
        apart = evaluate_samples(golden_dir / "dev_samples.jsonl", settings, Sampling((4,)), gold)
        for task, best in apart.best.items():
            together = found.best[task]
            assert best is not None
            assert together is not None
            assert (best.micro[0] or 0) > (together.micro[2] or 0)
            assert (best.macro[0] or 0) > (together.macro[2] or 0)


def test_the_released_evaluator(data_dir: Path, golden_dir: Path) -> None:
    released = json.loads((golden_dir / "dev_samples.released_evaluator.json").read_text(encoding="utf-8"))
    settings = Settings(compat="r2grpo", bootstrap=10)
    gold = Gold.from_options(None, "scier", "dev", settings)
    found = evaluate_samples(golden_dir / "dev_samples.jsonl", settings, Sampling((1, 2, 4)), gold)
    for place, k in enumerate(found.k):
        for task in TASKS[:2]:
            best = found.best[task]
            assert best is not None
            ours = best.precision[place], best.recall[place], best.micro[place]
            assert ours == pytest.approx(released[str(k)][task], abs=1e-12)
            counts = released[str(k)][f"{task}_counts"]
            assert (best.tp[place], best.n_pred[place]) == (counts["tp"], counts["tp"] + counts["fp"])
    assert found.best["rel+"] is None
    assert found.best["ner"] is not None
    assert found.best["ner"].macro == ()
    assert {*found.avg.values(), *found.consensus.values()} == {None}
    assert "compat=r2grpo imitates an evaluator" in found.warnings[0]
    assert "|agg:micro|" in found.signature
    assert "|compat:r2grpo|" in found.signature


def test_where_nothing_speaks_of_any_task() -> None:
    found = score_samples([{"ner": [["BERT", "Method"]]}], [[{"rel": []}, {"rel": []}]], **FAST)
    assert list(found.curves()) == []
    assert found.to_dict()["best"] == {"ner": None, "rel": None, "rel+": None}
    assert repr(found) == "SampleScores(Best-F1@2: ner –, rel –, rel+ –; 1 sentences)"
    assert any(text.startswith("not scored, since no prediction speaks of it: ner") for text in found.warnings)


def test_a_lower_bound_is_said_to_be_one() -> None:
    both, left, right = ["a:Method", "Used-For", "b:Task"], ["a:Method", "Used-For", "b"], ["a", "Used-For", "b:Task"]
    ner = [["a", "Method"], ["a", "Dataset"], ["b", "Task"], ["b", "Dataset"]]
    untyped = ["a", "Used-For", "b"]
    pairs = [[left, right], [left, untyped], [right, untyped], [both, untyped], [left, both]]
    gold = {"ner": ner, "rel_plus": [both]}
    samples = [{"ner": ner, "rel_plus": pair} for pair in pairs for _ in range(180)]
    found = score_samples([gold], [samples], k=600, **FAST)
    assert found.consensus["rel+"] is not None
    assert 0 < found.consensus["rel+"].tp[0] <= 1
    assert any(text.startswith("in 1 sentences too many rel+ items compete") for text in found.warnings)
