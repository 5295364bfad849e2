"""R1-RE's reward: form, then label and direction."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from golden.hostile import hostile
from hostile_completions import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from sciie_eval import InputError, LabelSchema, UsageError, load_schema
from sciie_rewards import TwoStageRelationReward, relation_reward

LABELS = load_schema("semeval2010_task8").relation_names
CAUSE, CAUSED = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"
MALFORMED = Path(__file__).parent / "golden" / "malformed.jsonl"
strict = TwoStageRelationReward(parse="strict")
unit = TwoStageRelationReward(scale=(0, 1))


def answered(text: str) -> str:
    return f"<think>It is so.</think><answer>{text}</answer>"


def test_the_three_totals() -> None:
    golds = [CAUSE, CAUSED, "Other", CAUSE]
    said = [answered(CAUSE), answered(CAUSE), answered(CAUSE), CAUSE]
    assert relation_reward(completions=said, label=golds) == [3.0, -0.5, -0.5, -3.0]
    assert unit(completions=said, label=golds) == pytest.approx([1, 2.5 / 6, 2.5 / 6, 0])
    right, again, formless = (relation_reward.score_one(said[place], CAUSE) for place in (0, 1, 3))
    assert right == (3.0, {"FORMAT": 1.0, "LABEL": 2.0}, "ok", ())
    assert again == right
    assert formless == (-3.0, {"FORMAT": -3.0, "LABEL": 0.0}, "repaired", ("LABEL",))
    assert relation_reward.score_one(answered("Other"), CAUSE).components == {"FORMAT": 1.0, "LABEL": -1.5}


@pytest.mark.parametrize("label", LABELS)
def test_every_label_is_right_for_itself_alone(label: str) -> None:
    totals = relation_reward(completions=[answered(label)] * len(LABELS), label=list(LABELS))
    assert totals == [3.0 if gold == label else -0.5 for gold in LABELS]


WRONG_FORMS = {
    "no tags": CAUSE,
    "no reasoning": f"<answer>{CAUSE}</answer>",
    "not closed": f"<think>x</think><answer>{CAUSE}",
    "two answers": answered(CAUSE) + f"<answer>{CAUSE}</answer>",
    "two reasonings": "<think>y</think>" + answered(CAUSE),
    "answer first": f"<answer>{CAUSE}</answer><think>x</think>",
    "answer in the reasoning": f"<think><answer>{CAUSE}</answer></think>",
    "prose": answered(f"The relation is {CAUSE}."),
    "a fence with a word": answered(f"```text\n{CAUSE}\n```"),
    "JSON": answered(json.dumps({"label": CAUSE})),
    "several labels": answered(f"{CAUSE} {CAUSED}"),
    "every label": answered(", ".join(LABELS)),
    "a label outside the schema": answered("Used-For"),
    "no direction": answered("Cause-Effect"),
    "a blank answer": f"<think>x</think>{CAUSE}<answer> </answer>",
    "nothing": "",
}


@pytest.mark.parametrize("text", WRONG_FORMS.values(), ids=WRONG_FORMS)
def test_a_wrong_form_earns_nothing_but_its_price(text: str) -> None:
    assert relation_reward.score_one(text, CAUSE).score == strict.score_one(text, CAUSE).score == -3.0


@pytest.mark.parametrize("text", ["cause-effect (e1, e2)", "`Cause-Effect(e1,e2)`", "Cause_Effect(e1,e2)."])
def test_another_spelling_is_right_where_parsing_is_lenient(text: str) -> None:
    assert relation_reward.score_one(answered(text), CAUSE).score == 3.0
    assert relation_reward.score_one(answered(text), CAUSED).score == -0.5  # never the direction
    assert strict.score_one(answered(text), CAUSE).score == -3.0


def test_reasoning_that_the_prompt_opened() -> None:
    text = f"It is so.</think><answer>{CAUSE}</answer>"
    chat = [{"role": "user", "content": "Say."}]
    said = relation_reward(completions=[text] * 3, prompts=["Say. <think>", "Say.", chat], label=[CAUSE] * 3)
    assert said == [3.0, -3.0, 3.0]
    message = {"role": "assistant", "reasoning_content": "It is so.", "content": f"<answer>{CAUSE}</answer>"}
    assert relation_reward(completions=[[message], message], label=[CAUSE] * 2) == [3.0, 3.0]


def test_rows_of_another_task() -> None:
    assert relation_reward([answered(CAUSE)] * 2, label=[None, CAUSE]) == [None, 3.0]
    assert relation_reward([], label=[]) == relation_reward([]) == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "column label: expected 2 values, .* missing from row 0 on; got the columns none"),
        ({"sentence": ["a", "b"], "label": None}, "missing from row 0 on; got the columns label, sentence"),
        ({"label": [CAUSE]}, "column label: .*; got 1, so row 1 has none"),
        ({"label": CAUSE}, "column label: expected 2 values, .*; got 'Cause"),
        ({"label": [CAUSE, "cause-effect(e1,e2)"]}, r"column label, row 1: 'cause.*did you mean Cause-Effect\(e1,e2\)"),
        ({"label": [CAUSE, [CAUSE]]}, "column label, row 1: .* is no label of the schema; expected one of"),
    ],
)
def test_a_wrong_column_is_named(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        relation_reward([answered(CAUSE)] * 2, **columns)


def test_other_wrong_input() -> None:
    with pytest.raises(InputError, match="completions: expected a list"):
        relation_reward("x", label=[CAUSE])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="prompts: expected 1, one a completion"):
        relation_reward(["x"], prompts=["a", "b"], label=[CAUSE])
    with pytest.raises(InputError, match="label: 'x' is no label"):
        relation_reward.score_one("x", "x")


def test_settings() -> None:
    for wrong in ((1, 0), (0, 0), (0,), "01", (0, float("inf")), (0, float("nan")), (True, 2), 5):
        with pytest.raises(UsageError, match="scale: expected"):
            TwoStageRelationReward(scale=wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="parse"):
        TwoStageRelationReward(parse="loose")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="name"):
        TwoStageRelationReward(name="")
    with pytest.raises(UsageError, match="no relation types"):
        TwoStageRelationReward(LabelSchema(name="empty"))
    mine = TwoStageRelationReward("scier", scale=(-1, 1), name="mine")
    assert mine.score_one(answered("Used-For"), "Used-For").score == 1.0
    assert mine.score_one(answered(CAUSE), "Used-For").score == -1.0
    assert mine.__name__ == "mine"
    assert repr(mine) == "TwoStageRelationReward('scier', parse='lenient', scale=(-1.0, 1.0))"


def test_what_is_logged() -> None:
    extra: dict[str, list[Any]] = {}
    metrics: dict[str, float] = {}
    said = [answered(CAUSE), answered("other"), "no", "x"]
    golds = [CAUSE, CAUSE, CAUSE, None]
    logs: Any = {"log_extra": extra.__setitem__, "log_metric": metrics.__setitem__}
    assert relation_reward(said, label=golds, **logs) == relation_reward(said, label=golds)
    assert extra == {
        "sciie/label": [CAUSE, CAUSE, CAUSE, ""],
        "sciie/label_read": [CAUSE, "Other", "", ""],
        "sciie/label_status": ["ok", "repaired", "no_answer", ""],
    }
    assert metrics == pytest.approx({"sciie/label_format": 2 / 3, "sciie/label_right": 1 / 3})
    extra.clear()
    metrics.clear()
    TwoStageRelationReward(name="mine")(said[3:], label=[None], **logs)
    assert (set(extra), metrics) == ({"mine/label", "mine/label_read", "mine/label_status"}, {})


@pytest.mark.parametrize("text", [*HOSTILE.values(), *hostile().values()], ids=[*HOSTILE, *hostile()])
def test_hostile_completions_earn_the_least(text: str) -> None:
    assert relation_reward.score_one(text, CAUSE).score == -3.0


def test_malformed_completions_earn_the_least() -> None:
    texts = [json.loads(line)["completion"] for line in MALFORMED.read_text(encoding="utf-8").splitlines()]
    assert set(relation_reward(texts, label=["Other"] * len(texts))) == {-3.0}


@given(
    st.lists(st.tuples(st.sampled_from([answered(CAUSE), answered("Other"), "x"]) | st.text(), st.sampled_from(LABELS)))
)
def test_every_completion_against_its_own_row(rows: list[tuple[str, str]]) -> None:
    texts, golds = [text for text, _ in rows], [gold for _, gold in rows]
    alone = [relation_reward.score_one(text, gold).score for text, gold in rows]
    assert relation_reward(texts, label=golds) == alone
    assert set(alone) <= {3.0, -0.5, -3.0}
    assert unit(texts, label=golds) == pytest.approx([(total + 3) / 6 for total in alone])
    assert relation_reward(texts[::-1], label=golds[::-1]) == alone[::-1]


def test_threads_and_pickles() -> None:
    again = pickle.loads(pickle.dumps(TwoStageRelationReward(scale=(0, 1), name="mine")))
    assert (again.__name__, again([answered(CAUSE)], label=[CAUSE])) == ("mine", [1.0])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda label: relation_reward([answered(label)], label=[CAUSE]), list(LABELS) * 5))
    assert found == [[3.0] if label == CAUSE else [-0.5] for label in list(LABELS) * 5]
