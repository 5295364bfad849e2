"""One label is read out of whatever a model writes."""

from __future__ import annotations

import json
import os
import pickle
import random
import sys
from pathlib import Path

import pytest
from golden.hostile import hostile
from hostile_completions import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from sciie_eval import InputError, LabelSchema, ParsedLabel, UsageError, load_schema, parse_label
from sciie_eval.label_parsing import LABEL_ISSUES, MAX_ANSWER, LabelReader, label_reader, relation_of

SCHEMA = load_schema("semeval2010_task8")
LABELS = SCHEMA.relation_names
CAUSE, CAUSED = "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"
MALFORMED = Path(__file__).parent / "golden" / "malformed.jsonl"
EXAMPLES = int(os.environ.get("SCIIE_FUZZ_EXAMPLES", "2000"))


def answered(text: str) -> str:
    return f"<think>It is so.</think>\n<answer>{text}</answer>"


def check(parsed: ParsedLabel) -> None:
    """What holds for every completion."""
    assert (parsed.label is None) == (parsed.status in ("no_answer", "invalid"))
    assert parsed.label is None or parsed.label in LABELS
    assert parsed.status in ("ok", "repaired", "no_answer", "invalid")
    assert (parsed.status == "ok") <= (not parsed.issues)
    assert set(parsed.issues) <= set(LABEL_ISSUES)
    assert list(parsed.issues) == sorted(parsed.issues)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_every_label_as_asked(label: str, mode: str) -> None:
    for text in (answered(label), answered(f"\n{label}\n"), f"so</think><answer>{label}</answer>"):
        parsed = parse_label(text, mode=mode)  # type: ignore[arg-type]
        assert parsed[:3] == (label, "ok", ())
        assert parsed.tags in ("TtAa", "tAa")
        assert parsed.reasoning


LOOSE = {
    "cause-effect(e1,e2)": CAUSE,
    "CAUSE_EFFECT ( E2 , E1 )": CAUSED,
    "Cause Effect(e2,e1).": CAUSED,
    "Cause\u2013Effect\uff08e1\uff0ce2\uff09": CAUSE,
    "Cause-Effect(<e1>,<e2>)": CAUSE,
    "`Cause-Effect(e2,e1)`": CAUSED,
    "**Other**": "Other",
    "other": "Other",
    '"Other"': "Other",
    "```\nOther\n```": "Other",
}
AROUND = {
    "The relation is Cause-Effect(e2,e1), as said.": CAUSED,
    "Cause-Effect(e1,e2) cause-effect(e1, e2)": CAUSE,
    '{"label": "Cause-Effect(e1,e2)"}': CAUSE,
    '{"label": "Other"}': "Other",
    "Label: Other": "Other",
    "The relation is Other.": "Other",
    "```text\nOther\n```": "Other",
    "On the other hand, Cause-Effect(e1,e2).": CAUSE,
    "relation = other": "Other",
}
NONE = {
    "Cause-Effect(e1,e2) or Cause-Effect(e2,e1)": "several_labels",
    "Cause-Effect(e1,e2) or Other": "several_labels",
    ", ".join(LABELS): "several_labels",
    "Cause-Effect": "no_direction",
    "cause effect": "no_direction",
    "Cause-Effect(e1,e1)": "unknown_label",
    "Cause-Effect(e1,e3)": "unknown_label",
    "Used-For(e1,e2)": "unknown_label",
    "Non-Cause-Effect(e1,e2)": "unknown_label",
    "no other words": "unknown_label",
    "7": "unknown_label",
    "x" * 300: "unknown_label",
    '{"ner": [], "rel": []}': "unknown_label",
}


@pytest.mark.parametrize(("text", "label"), LOOSE.items())
def test_another_spelling(text: str, label: str) -> None:
    assert parse_label(answered(text))[:3] == (label, "repaired", ("loose_label",))
    assert parse_label(answered(text), mode="strict")[:3] == (None, "invalid", ("loose_label", "not_strict"))


@pytest.mark.parametrize(("text", "label"), AROUND.items())
def test_a_label_in_a_text(text: str, label: str) -> None:
    assert parse_label(answered(text))[:3] == (label, "repaired", ("prose_around_label",))
    assert parse_label(answered(text), mode="strict").label is None


@pytest.mark.parametrize(("text", "issue"), NONE.items())
def test_no_label(text: str, issue: str) -> None:
    for mode in ("lenient", "strict"):
        assert parse_label(answered(text), mode=mode)[:3] == (None, "invalid", (issue,))  # type: ignore[arg-type]


def test_where_the_answer_stands() -> None:
    def status(text: str) -> tuple[object, ...]:
        return parse_label(text)[:3]

    assert status(CAUSE) == (CAUSE, "repaired", ("no_answer_tags",))
    assert status(f"<think>x</think> I say {CAUSE}") == (CAUSE, "repaired", ("no_answer_tags", "prose_around_label"))
    assert status(f"<answer>{CAUSE}") == (CAUSE, "repaired", ("answer_not_closed",))
    assert status(f"<think><answer>{CAUSE}</answer></think>") == (CAUSE, "repaired", ("answer_in_reasoning",))
    assert status(answered("Other") + f"<answer>{CAUSE}</answer>") == (CAUSE, "repaired", ("several_answers",))
    assert status(f"<think>{CAUSE}</think>") == (None, "no_answer", ())
    assert status(f"<think>{CAUSE}") == (None, "no_answer", ("reasoning_not_closed",))
    assert status("no idea, other than that") == (None, "no_answer", ())
    assert status("") == status(" ") == status("<answer></answer>") == (None, "no_answer", ())
    assert status(f"{CAUSE}, {CAUSED}") == (None, "invalid", ("no_answer_tags", "several_labels"))
    assert status("<answer>" + "x " * MAX_ANSWER + f"{CAUSE}</answer>") == (
        *(None, "invalid"),
        ("long_answer", "unknown_label"),
    )
    assert status(f"<think>\ud83d</think><answer>{CAUSE}</answer>") == (CAUSE, "repaired", ("lone_surrogate",))


def test_labels_that_stand_alone() -> None:
    reader = label_reader(SCHEMA)
    assert reader.given(CAUSE)[:2] == (CAUSE, "ok")
    assert reader.given("other")[:2] == ("Other", "repaired")
    assert reader.given("other", "strict")[:2] == (None, "invalid")
    assert reader.given("Used-For")[:2] == (None, "invalid")
    assert reader.given(None) == (None, "no_answer", (), "", "")
    assert reader.check(CAUSE, "x") == CAUSE
    with pytest.raises(
        InputError, match=r"^row 3: 'cause-effect\(e1, e2\)' is .*; did you mean Cause-Effect\(e1,e2\)\?"
    ):
        reader.check("cause-effect(e1, e2)", "row 3")
    with pytest.raises(InputError, match=r"^row 3: 7 is no label of the schema; expected one of Cause-Effect"):
        reader.check(7, "row 3")


def test_other_schemas() -> None:
    plain = LabelSchema(name="mine", relation_types=("Same-As", "Part Of", "part_of", "Near(e1,e2)"))  # type: ignore[arg-type]
    assert parse_label(answered("same as"), plain).label == "Same-As"
    assert parse_label(answered("Part Of"), plain)[:2] == ("Part Of", "ok")
    assert parse_label(answered("PART-OF"), plain).label is None  # only the spelling tells two labels apart
    assert parse_label(answered("It is near (e1, e2)."), plain).label == "Near(e1,e2)"
    assert LabelReader(plain).relations == ("Same-As", "Part Of", "part_of", "Near")
    assert parse_label(answered("Used-For"), "scier").label == "Used-For"
    with pytest.raises(UsageError, match="schema empty has no relation types"):
        parse_label("", LabelSchema(name="empty"))


def test_what_is_no_text_and_pickling() -> None:
    with pytest.raises(InputError, match="text: expected a string, got list"):
        parse_label([])  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(LabelReader(SCHEMA)))
    assert again.completion(answered("cause effect(e2, e1)")).label == CAUSED
    assert [relation_of(label) for label in LABELS[:2]] == ["Cause-Effect", "Cause-Effect"]


@pytest.mark.parametrize("text", [*HOSTILE.values(), *hostile().values()], ids=[*HOSTILE, *hostile()])
def test_hostile_completions_are_read(text: str) -> None:
    check(parse_label(text))
    assert parse_label(text, mode="strict").label is None


def test_malformed_completions_hold_no_label() -> None:
    rows = [json.loads(line) for line in MALFORMED.read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 30
    for row in rows:
        parsed = parse_label(row["completion"])
        check(parsed)
        assert parsed.label is None, row["id"]


def test_work_grows_as_the_text_does() -> None:
    """Calls into Python per completion do not grow with what a regular expression or a split goes through."""

    def calls(text: str) -> int:
        found = 0

        def count(*_: object) -> None:
            nonlocal found
            found += 1

        sys.setprofile(count)
        try:
            parse_label(text)
        finally:
            sys.setprofile(None)
        return found

    for piece in ("Cause-Effect(e1,", "Cause - ", "( ", "\n", "Other:", '{"label": "', "<answer>Other", "e1,e2)"):
        small, large = calls(answered(piece * 500)), calls(answered(piece * 20_000))
        assert large <= 50 * small


PIECES = (
    *("<think>", "</think>", "<answer>", "</answer>", "<Answer >", "<", "answer", " ", "\n", "\t", ".", ",", ":", "="),
    *(*LABELS[:3], "Other", "other", "OTHER", "Cause-Effect", "cause", "(e1,e2)", "( e2 , e1 )", "(e1,e1)", "(", ")"),
    *('"', "'", "`", "```", "{", "}", '{"label": "', "*", "-", "_", "\u2013", "\uff08", "\uff0c", "<e1>", "<e2>"),
    *("\ud83d", "\ude00", "\x00", "\u2028", "\u0130", "\u017f", "\ufb03" * 30, "x" * 40, "word", "9" * 30),
)


def test_fuzz() -> None:
    rng = random.Random(20_240_601)
    labels = set()
    for _ in range(EXAMPLES):
        text = "".join(rng.choices(PIECES, k=rng.randrange(1, 16)))
        if rng.random() < 0.5:
            text = answered(text)
        parsed = parse_label(text)
        check(parsed)
        strict = parse_label(text, mode="strict")
        check(strict)
        assert strict.label == (parsed.label if parsed.status == "ok" else None)
        labels.add(parsed.label)
    assert len(labels) > 3  # it does read some


@given(st.text())
def test_any_text(text: str) -> None:
    check(parse_label(text))
    check(parse_label(answered(text)))


@given(st.sampled_from(LABELS), st.sampled_from(["", " ", "\n", "  \t"]), st.sampled_from(["", " ", ".", '"', "\n"]))
def test_every_spelling_of_every_label(label: str, blank: str, end: str) -> None:
    spelled = label.replace(",", f"{blank},{blank}").replace("-", blank or "_").swapcase()
    assert parse_label(answered(end + spelled + end)).label == label
