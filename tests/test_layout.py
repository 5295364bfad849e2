"""Where reasoning and answer stand, for every order of tags that models write."""

from __future__ import annotations

import pytest

from sciie_eval import layout
from sciie_eval.layout import find_layout, without_surrogates

ISSUES_OF_LAYOUT = {
    "answer_in_reasoning",
    "answer_not_closed",
    "several_answers",
    "reasoning_not_closed",
    "several_reasonings",
    "too_many_tags",
}


@pytest.mark.parametrize(
    ("text", "tags", "reasoning", "answers", "issues"),
    [
        ("<think>r</think><answer>a</answer>", "TtAa", "r", ("a",), []),
        ("\n<think> r\n</think>\n\n<answer> a </answer>\n", "TtAa", "r", (" a ",), []),
        ("<THINK>r</Think ><Answer\n>a</ANSWER>", "TtAa", "r", ("a",), []),
        ("<thinking>r</thinking><answer>a</answer>", "TtAa", "r", ("a",), []),
        ("<reasoning>r</reasoning><answer>a</answer>", "TtAa", "r", ("a",), []),
        # the prompt opened the reasoning, or there is none
        ("r</think><answer>a</answer>", "tAa", "r", ("a",), []),
        ("<answer>a</answer>", "Aa", "", ("a",), []),
        ("before <answer>a</answer> after", "Aa", "", ("a",), []),
        # several blocks: the last complete one that is not blank
        ("<answer>a</answer><answer>b</answer>", "AaAa", "", ("b",), ["several_answers"]),
        ("<answer>a</answer><answer> </answer>", "AaAa", "", ("a",), []),
        ("<answer>a</answer><answer>b", "AaA", "", ("a",), ["answer_not_closed"]),
        ("<answer>a<answer>b</answer>", "AAa", "", ("b", "a<answer>b"), []),
        ("<answer><answer>a</answer></answer>", "AAaa", "", ("a", "<answer>a"), []),
        # not closed
        ("<answer>a", "A", "", ("a",), ["answer_not_closed"]),
        ("<think>r</think><answer>a", "TtA", "r", ("a",), ["answer_not_closed"]),
        ("<think>r<answer>a</answer>", "TAa", "r", ("a",), ["reasoning_not_closed"]),
        ("<think>r", "T", "r", (), ["reasoning_not_closed"]),
        ("<think>r</think>q<think>s", "TtT", "r\ns", ("q",), ["reasoning_not_closed", "several_reasonings"]),
        # reasoning that speaks of the tags
        (
            "<think>in <answer></answer> tags</think><answer>a</answer>",
            "TAatAa",
            "in <answer></answer> tags",
            ("a",),
            [],
        ),
        ("<think>in <answer> tags</think>a", "TAt", "in <answer> tags", (" tagsa",), ["answer_in_reasoning"]),
        ("<think>r <answer>a</answer></think>", "TAat", "r <answer>a</answer>", ("a",), ["answer_in_reasoning"]),
        ("<think>a<think>b</think>c</think><answer>x</answer>", "TTttAa", "a<think>b", ("x",), []),
        ("<answer><think>r</think>a</answer>", "ATta", "r", ("a",), []),
        ("<think>r</think>a<think>s</think>", "TtTt", "r\ns", ("a",), ["several_reasonings"]),
        # no answer block
        ("<think>r</think>rest", "Tt", "r", ("rest",), []),
        ("<think>r</think> \n", "Tt", "r", (), []),
        ("<think>r</think><answer> </answer>", "TtAa", "r", (), []),
        ("</answer>a<answer>", "aA", "", ("a",), ["answer_not_closed"]),
        ("just text", "", "", ("just text",), []),
        ("", "", "", (), []),
        # no tags
        ("<answers>a</answers> <an\u017fwer>b</an\u017fwer> <thin\u212a>", "", "", None, []),
    ],
)
def test_order_of_tags(
    text: str, tags: str, reasoning: str, answers: tuple[str, ...] | None, issues: list[str]
) -> None:
    found: set[str] = set()
    result = find_layout(text, found)
    assert (result.tags, result.reasoning, sorted(found)) == (tags, reasoning, issues)
    assert result.answers == ((text,) if answers is None else answers)
    assert found <= ISSUES_OF_LAYOUT


@pytest.mark.parametrize(
    ("text", "tagged", "closed"),
    [("<answer>a</answer>", True, True), ("<answer>a", True, False), ("a", False, False), ("a</answer>", False, False)],
)
def test_whether_the_answer_is_tagged_and_closed(text: str, tagged: bool, closed: bool) -> None:
    result = find_layout(text, set())
    assert (result.tagged, result.closed) == (tagged, closed)


def test_tags_beyond_the_limit_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_TAGS", 4)
    issues: set[str] = set()
    result = find_layout("<think>r</think><answer>a</answer>" + "<answer>b</answer>", issues)
    assert (result.tags, result.answers, issues) == ("TtAa", ("a",), set())
    result = find_layout("<answer>a</answer>" * 3, issues)
    assert (result.tags, result.answers, issues) == ("AaAa", ("a",), {"several_answers", "too_many_tags"})


@pytest.mark.parametrize(
    ("text", "expected", "lone"),
    [
        ("plain \u00e9 \U0001f600", "plain \u00e9 \U0001f600", False),
        ("a\ud83d", "a\ufffd", True),
        ("\ude00a", "\ufffda", True),
        ("\ud83d\ude00", "\U0001f600", False),
        ("\ud83d\ud83d\ude00\ude00", "\ufffd\U0001f600\ufffd", True),
    ],
)
def test_surrogates(text: str, expected: str, lone: bool) -> None:
    issues: set[str] = set()
    assert without_surrogates(text, issues) == expected
    assert issues == ({"lone_surrogate"} if lone else set())
    assert without_surrogates(expected, issues) == expected
