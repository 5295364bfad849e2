"""Labels from Python: what is counted, said and signed."""

from __future__ import annotations

import pytest

from sciie_eval import InputError, LabelSchema, UsageError, parse_label, score_labels
from sciie_eval.label_scoring import label_settings
from sciie_eval.signature import package_version

CAUSE, CAUSED = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"


def test_what_is_read_is_counted() -> None:
    texts = ["<think>x</think><answer>Cause-Effect(e1,e2)</answer>", "<answer>cause effect (e1,e2)</answer>", "so"]
    found = score_labels([CAUSE] * 5, [*map(parse_label, texts), CAUSE, None])
    assert found.pairs == {(CAUSE, None): 2, (CAUSE, CAUSE): 3}
    assert found.parse == {"ok": 2, "repaired": 1, "no_answer": 2}
    assert found.issues == {"loose_label": 1}
    assert (found.n_sentences, found.missing, found.accuracy) == (5, 0, 0.6)
    assert found.macro_f1 == 0.75
    assert repr(found) == "LabelScore(accuracy: 0.6000, macro-F1: 0.7500; 5 sentences)"
    assert repr(score_labels([], [])) == "LabelScore(accuracy: –, macro-F1: –; 0 sentences)"
    strict = score_labels([CAUSE], ["cause effect(e1, e2)"], parse="strict")
    assert (strict.accuracy, strict.parse) == (0.0, {"invalid": 1})


def test_the_json() -> None:
    found = score_labels([CAUSE, CAUSED, "Other"], [CAUSE, CAUSE, None]).to_dict()
    assert list(found) == [
        *("signature", "n_sentences", "missing", "parse", "issues", "warnings", "accuracy", "macro_f1", "variants"),
        *("by_class", "wrong_direction", "confusion"),
    ]
    assert found["confusion"] == {CAUSE: {CAUSE: 1}, CAUSED: {CAUSE: 1}, "Other": {"(none)": 1}}
    assert found["wrong_direction"] == {"Cause-Effect": 1}
    assert found["by_class"]["official"]["Cause-Effect"] == {
        **{"precision": 0.5, "recall": 0.5, "f1": 0.5},
        **{"tp": 1, "n_pred": 2, "n_gold": 2},
    }
    assert found["by_class"]["official"]["Other"]["precision"] is None
    official = found["variants"]["official"]
    assert (official["correct"], official["accuracy"]) == (1, 1 / 3)
    assert official["macro"]["f1"] == official["micro"]["f1"] == found["macro_f1"] == 0.5
    assert len(official["macro"]["ci"]) == len(official["accuracy_ci"]) == 2
    assert score_labels(["Other"], ["Other"]).to_dict()["variants"]["official"]["macro"]["ci"] is None


def test_the_signature_says_what_reaches_a_number() -> None:
    def signed(gold: list[str], **settings: object) -> str:
        return score_labels(gold, gold, **settings).signature

    usual = signed([CAUSE, "Other"])
    assert usual.startswith("task:classification|unread:wrong|macro:gold-relations|parse:lenient|ci:95%.sentence.boot")
    assert "|schema:semeval2010_task8@" in usual
    assert usual.endswith(f"|sciie-eval:{package_version()}")
    assert signed(["Other", CAUSE]) == usual
    mine = LabelSchema(name="semeval2010_task8", relation_types=(CAUSE, "Other"))  # type: ignore[arg-type]
    others = [
        signed([CAUSE, CAUSE]),
        signed([CAUSE, "Other"], parse="strict"),
        signed([CAUSE, "Other"], ci=90),
        signed([CAUSE, "Other"], bootstrap=10),
        signed([CAUSE, "Other"], seed=1),
        signed([CAUSE, "Other"], schema=mine),
    ]
    assert len({usual, *others}) == 7


def test_wrong_input_and_settings() -> None:
    with pytest.raises(InputError, match=r"two lists of the same length, one label a sentence: 1 and 2"):
        score_labels([CAUSE], [CAUSE, CAUSE])
    with pytest.raises(InputError, match="expected two lists"):
        score_labels(CAUSE, CAUSE)
    with pytest.raises(InputError, match=r"gold\[1\]: 'Used-For' is no label of the schema"):
        score_labels([CAUSE, "Used-For"], [CAUSE, CAUSE])
    with pytest.raises(InputError, match=r"predicted\[0\]: expected a label, a ParsedLabel or None, got 7"):
        score_labels([CAUSE], [7])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="match"):
        score_labels([CAUSE], [CAUSE], match="fuzzy")
    with pytest.raises(UsageError, match="bootstrap"):
        score_labels([CAUSE], [CAUSE], bootstrap=0)
    assert label_settings(schema=None).schema.name == "semeval2010_task8"
