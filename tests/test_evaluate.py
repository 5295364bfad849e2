"""From a file to a score: where gold comes from, which sample is scored, and what the reader is warned of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy import FIXTURES, GOLD, answer, rows_of, written

from sciie_eval import evaluate, load_split, score
from sciie_eval.corpus import read_gold
from sciie_eval.evaluate import Gold, Reading, evaluate_file
from sciie_eval.exceptions import CorpusError, InputError, UsageError
from sciie_eval.results import CorpusScore, TaskScore
from sciie_eval.settings import Settings

SETTINGS = Settings()


def the_gold() -> Gold:
    return Gold("gold.jsonl", read_gold(GOLD))


def the(task: TaskScore | None) -> TaskScore:
    assert task is not None
    return task


def scored(path: Path, *, gold: bool = True, settings: Settings = SETTINGS, **reading: object) -> CorpusScore:
    return evaluate_file(path, settings, the_gold() if gold else None, Reading(**reading)).score()  # type: ignore[arg-type]


# -- gold ------------------------------------------------------------------------------------------------------------


def test_gold_from_a_file() -> None:
    gold = Gold.from_options(str(GOLD), None, None, SETTINGS)
    assert gold is not None
    assert (gold.name, len(gold.examples), gold.placed) == ("gold.jsonl", 4, False)
    placed = Gold.from_options(FIXTURES / "pure.jsonl", None, None, SETTINGS)
    assert placed is not None
    assert placed.placed


def test_gold_from_nowhere_is_in_the_rows() -> None:
    assert Gold.from_options(None, None, None, SETTINGS) is None


def test_gold_options_that_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="--gold and --dataset both say where gold is; give one of them"):
        Gold.from_options(GOLD, "scier", "test", SETTINGS)
    with pytest.raises(UsageError, match="--dataset scier needs --split, such as --split test"):
        Gold.from_options(None, "scier", None, SETTINGS)
    for path in (None, GOLD):
        with pytest.raises(UsageError, match="--split test needs --dataset"):
            Gold.from_options(path, None, "test", SETTINGS)


def test_gold_from_a_dataset_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCIIE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SCIIE_CACHE_DIR", str(tmp_path))
    with pytest.raises(CorpusError, match=r"not found in .*; run: sciie-eval datasets fetch scier"):
        Gold.from_options(None, "scier", "test", SETTINGS)


def test_gold_from_a_dataset(data_dir: Path) -> None:
    gold = Gold.from_options(None, "scier", "dev", SETTINGS)
    assert gold is not None
    assert gold.name == "scier/dev"
    assert gold.examples == load_split("scier", "dev")


# -- one file --------------------------------------------------------------------------------------------------------


def test_a_file_scores_as_its_rows_do_from_python() -> None:
    found = evaluate_file(FIXTURES / "native_completion.jsonl", SETTINGS, the_gold())
    rows = rows_of(FIXTURES / "native_completion.jsonl")
    same = score(rows_of(GOLD), [row["completion"] for row in rows])
    assert found.score().tasks == same.tasks
    assert found.score().signature.replace("gold:gold.jsonl@", "gold:given@") == same.signature
    assert [example.id for example in found.examples] == [row["id"] for row in rows]
    assert found.sample is None
    assert found.tally.matches == []


def test_line_order_never_matters(tmp_path: Path) -> None:
    rows = rows_of(FIXTURES / "native_completion.jsonl")
    turned = scored(written(tmp_path / "preds.jsonl", rows[::-1])).to_dict()
    assert turned == scored(FIXTURES / "native_completion.jsonl").to_dict()


def test_matches_are_kept_on_demand() -> None:
    found = evaluate_file(FIXTURES / "native_completion.jsonl", SETTINGS, the_gold(), keep=True)
    found.score()
    assert [sorted(matches) for matches in found.tally.matches] == [["ner", "rel", "rel+"]] * 4


def test_offsets_are_compared_where_both_sides_have_them() -> None:
    spans = FIXTURES / "pure.jsonl"
    assert "|items:offsets|" in scored(spans, gold=False).signature
    placed = Gold.from_options(spans, None, None, SETTINGS)
    assert "|items:offsets|" in evaluate_file(spans, SETTINGS, placed).score().signature
    assert "|items:text|" in scored(spans).signature
    assert "|items:text|" in evaluate_file(FIXTURES / "native_bare.jsonl", SETTINGS, the_gold()).score().signature


def test_the_signature_names_gold_by_file_and_content() -> None:
    one = scored(FIXTURES / "native_gold_mapping.jsonl", gold=False).signature
    two = scored(FIXTURES / "native_gold_string.jsonl", gold=False).signature
    assert one == two
    assert "|gold:rows@" in one
    assert "|gold:gold.jsonl@" in scored(FIXTURES / "native_completion.jsonl").signature


# -- samples ---------------------------------------------------------------------------------------------------------


def test_the_sample_stands_in_the_signature() -> None:
    path = FIXTURES / "native_completions.jsonl"
    assert "|sample:0|" in scored(path).signature
    assert "|sample:1|" in scored(path, sample=1).signature
    assert the(scored(path, sample=1).ner).f1 == 1.0
    assert "sample:" not in scored(FIXTURES / "native_completion.jsonl").signature


@pytest.mark.parametrize("sample", [-1, 2])
def test_a_sample_that_is_not_there(sample: int) -> None:
    path = FIXTURES / "native_completions.jsonl"
    with pytest.raises(InputError) as caught:
        scored(path, sample=sample)
    assert str(caught.value) == (
        f"{path}, line 1: --sample {sample} asks for a sample that is not there; the row has 2, counted from 0"
    )


# -- what is said beside the numbers ---------------------------------------------------------------------------------


def test_missing_and_failed_predictions(tmp_path: Path) -> None:
    rows = [{"id": "gold-0", "completion": None}, {"id": "gold-1", "completion": answer(("LeafCorpus", "Dataset"))}]
    found = scored(written(tmp_path / "preds.jsonl", rows))
    assert (found.n_sentences, found.missing, found.parse) == (4, 2, {"ok": 1, "no_answer": 1})
    assert found.warnings == ("2 of 4 sentences have no prediction and count as empty",)
    assert the(found.ner).counts == (1, 1, 5)


def test_rows_in_file_order_are_counted(tmp_path: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"doc_id": "d", "sentence": "s", "ner": []}] * 2)
    preds = written(tmp_path / "preds.jsonl", [{"doc_id": "d", "sentence": "s", "completion": answer()}] * 2)
    source = Gold.from_options(gold, None, None, SETTINGS)
    assert evaluate_file(preds, SETTINGS, source).score().warnings == (
        "2 rows have no id and share document and sentence with others; they were matched in file order",
    )


def test_skipped_lines_are_listed(tmp_path: Path) -> None:
    rows = [*["{oops"] * 11, *rows_of(FIXTURES / "native_completion.jsonl")]
    path = written(tmp_path / "preds.jsonl", rows)
    found = scored(path, skip_bad_lines=True)
    assert found.warnings == ("11 malformed lines were skipped: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …",)
    found = scored(written(path, rows[10:]), skip_bad_lines=True)
    assert found.warnings == ("1 malformed lines were skipped: 1",)
    with pytest.raises(InputError, match="line 1, column 2: not JSON"):
        scored(path)


def test_progress_is_in_bytes() -> None:
    sizes: list[int] = []
    path = FIXTURES / "native_completion.jsonl"
    scored(path, on_bytes=sizes.append)
    assert sum(sizes) == path.stat().st_size


def test_altered_gold_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "altered_gold", lambda examples: f"{len(examples)} looked at")
    assert scored(FIXTURES / "native_completion.jsonl").warnings == ("4 looked at",)


def test_large_gold_is_neither_kept_nor_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MAX_CHECKED", 3)
    monkeypatch.setattr(evaluate, "altered_gold", lambda examples: "never")
    path = FIXTURES / "native_completion.jsonl"
    found = evaluate_file(path, SETTINGS, the_gold())
    assert found.examples == []
    assert found.tally.n_sentences == 4
    assert found.score().warnings == ()
    assert "@" + evaluate_file(path, SETTINGS, the_gold()).hash.hexdigest()[:12] in found.score().signature
    assert len(evaluate_file(path, SETTINGS, the_gold(), keep=True).examples) == 4


def test_a_task_that_no_prediction_speaks_of_is_null(tmp_path: Path) -> None:
    rows = [{"id": f"gold-{n}", "prediction": {"ner": row["ner"]}} for n, row in enumerate(rows_of(GOLD))]
    found = scored(written(tmp_path / "preds.jsonl", rows))
    assert found.rel is None
    assert found.rel_plus is None
    assert json.loads(json.dumps(found.to_dict()))["tasks"]["rel"] is None


def test_a_file_without_any_sentence(tmp_path: Path) -> None:
    path = written(tmp_path / "preds.jsonl", [{"sentences": [], "predicted_ner": []}])
    with pytest.raises(InputError, match="no predictions in this file"):
        scored(path, gold=False)


# -- the corpus ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["dev", "test", "test_ood"])
def test_scier_against_itself_is_one(data_dir: Path, split: str) -> None:
    gold = Gold.from_options(None, "scier", split, SETTINGS)
    found = evaluate_file(data_dir / "scier" / f"{split}.jsonl", SETTINGS, gold).score()
    assert [the(task).f1 for task in found.tasks.values()] == [1.0, 1.0, 1.0]
    assert found.missing == 0
    assert [text for text in found.warnings if "file order" not in text] == []


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_token_spans_of_scier_against_themselves_and_the_strings(data_dir: Path, split: str) -> None:
    path = data_dir / "scier" / f"plm_{split}.jsonl"
    for source in ((path, None, None), (None, "scier", split)):
        found = evaluate_file(path, SETTINGS, Gold.from_options(*source, SETTINGS)).score()
        assert [the(task).f1 for task in found.tasks.values()] == [1.0, 1.0, 1.0]
        assert ("|items:offsets|" in found.signature) == (source[0] is path)
    assert the(found.ner).n_gold == {"dev": 2133, "test": 2770}[split]


def test_the_golden_samples(data_dir: Path, golden_dir: Path) -> None:
    """Both evaluators find the same true positives; the released one forgets predictions on sentences with F1 = 0."""
    path = golden_dir / "dev_samples.jsonl"
    released = json.loads((golden_dir / "dev_samples.released_evaluator.json").read_text(encoding="utf-8"))["1"]
    gold = Gold.from_options(None, "scier", "dev", SETTINGS)
    ours = evaluate_file(path, SETTINGS, gold).score()
    theirs = evaluate_file(path, Settings(compat="r2grpo"), gold).score()
    assert theirs.rel_plus is None
    assert "compat=r2grpo imitates" in theirs.warnings[0]
    assert "|compat:r2grpo|" in theirs.signature
    for name, one, two in (("ner", ours.ner, theirs.ner), ("rel", ours.rel, theirs.rel)):
        expected = released[f"{name}_counts"]
        found = the(two)
        assert (found.tp, found.n_pred - found.tp, found.n_gold - found.tp) == tuple(expected.values())
        assert [found.precision, found.recall, found.f1] == pytest.approx(released[name], abs=1e-12)
        assert (the(one).tp, the(one).n_gold) == (found.tp, found.n_gold)
        assert the(one).n_pred > found.n_pred
