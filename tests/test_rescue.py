"""JSON values out of text that is not plain JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import json_repair
import pytest

from sciie_eval import rescue as module
from sciie_eval.rescue import rescue

A, B = ["BERT", "Method"], ["NER", "Task"]
R = ["BERT", "Used-For", "NER"]
GOOD = {"ner": [A, B], "rel": [R]}
TEXT = json.dumps(GOOD)


def read(text: str) -> tuple[list[Any], list[str], bool]:
    issues: set[str] = set()
    values, broken_off = rescue(text, issues)
    assert issues, "whatever comes here was not plain JSON, and the issues must say why"
    return values, sorted(issues), broken_off


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        (f"Here it is: {TEXT} I hope this helps!", ["prose_around_answer"]),
        (f"\ufeff{TEXT}", ["prose_around_answer"]),
        (f"\u00a0{TEXT}\u00a0", ["prose_around_answer"]),
        (f"\u200b{TEXT}", ["prose_around_answer"]),
        (f"```json\n{TEXT}\n```", ["fenced"]),
        (f"```\n{TEXT}```", ["fenced"]),
        (f"**Answer**\n```json\n{json.dumps(GOOD, indent=2)}\n```", ["fenced", "prose_around_answer"]),
        (TEXT.replace('"', "&quot;"), ["html_entities"]),
        (TEXT.replace('"', "&#34;"), ["html_entities"]),
        (TEXT.replace('"', '\\"'), ["double_encoded"]),
        (f"so: {json.dumps(TEXT)}", ["double_encoded", "prose_around_answer"]),
        (f"so: {json.dumps(json.dumps(GOOD, indent=1))}", ["double_encoded", "prose_around_answer"]),
        (TEXT[1:], ["repaired_json"]),  # the prompt opened the mapping
        ("{" + TEXT + "}", ["prose_around_answer"]),
        (f"Format: {{ ... and then {TEXT}", ["prose_around_answer"]),
        (f"see [the paper and {TEXT}", ["prose_around_answer"]),
        (f"\\boxed{{{TEXT}}}", ["prose_around_answer"]),
        (TEXT + "}", ["prose_around_answer"]),
        (str(GOOD), ["repaired_json"]),
        (str(GOOD).replace("[[", "[(").replace("]]", ")]").replace("], [", "), ("), ["repaired_json"]),
        (TEXT.replace('"ner"', "ner").replace('"rel"', "rel"), ["repaired_json"]),
        (TEXT.replace("]]", "],]"), ["repaired_json"]),
        (TEXT.replace("], [", "] ["), ["repaired_json"]),
        (TEXT.replace('{"', "{ // the model's ] words\n\"").replace("]], ", ']], /* rel, ] " */'), ["repaired_json"]),
        (TEXT.replace("]], ", "]], # entities, ] done\n"), ["repaired_json"]),
        (re.sub('"([^"]*)"', "\u201c\\1\u201d", TEXT), ["repaired_json"]),
    ],
)
def test_one_value(text: str, issues: list[str]) -> None:
    assert read(text) == ([GOOD], issues, False)


def test_several_values() -> None:
    text = f'See [1]. {{"ner": {json.dumps([A])}}}\n{{"rel": {json.dumps([R])}}}'
    assert read(text) == ([[1], {"ner": [A]}, {"rel": [R]}], ["merged_objects", "prose_around_answer"], False)


@pytest.mark.parametrize("text", ["no brackets", "", "(a) b", "}", "{}x"])
def test_nothing_to_read(text: str) -> None:
    issues: set[str] = set()
    assert rescue(text, issues).values in ([], [{}])


# -- values that break off -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"ner": [["BERT", "Method"], ["NER", "Ta', [{"ner": [A]}]),
        ('{"ner": [["BERT", "Method"], ["NER", "Task"', [{"ner": [A]}]),
        ('{"ner": [["BERT", "Method"], ["NER", "Task"]', [{"ner": [A, B]}]),
        ('{"ner": [["BERT", "Method"], ["NER", "a ]} b', [{"ner": [A]}]),
        ('{"ner": [["BERT", "Method"]], "rel": [["BERT", "Used', [{"ner": [A]}]),
        ('{"ner": [["BERT", "Method"]], "re', [{"ner": [A]}]),
        ('[["BERT", "Method"], ["NE', [[A]]),
        ('[{"ner": [["BERT", "Method"], ["', [[{"ner": [A]}]]),
        ('{"answer": {"ner": [["BERT", "Method"], ["', [{"answer": {"ner": [A]}}]),
        ('{"answer": [["BERT", "Method"], ["', [{"answer": [A]}]),
        ('{"ner": ["BERT:Method", "NER:Ta', [{"ner": ["BERT:Method"]}]),
        ('{"ner": {"BERT": "Method", "NER": "Ta', [{"ner": {"BERT": "Method"}}]),
        ('{"ner": {"Method": ["BERT", "x', [{"ner": {"Method": ["BERT"]}}]),
        ('{"ner": {"BERT": {"type": "Method"}, "NER": {"ty', [{"ner": {"BERT": {"type": "Method"}}}]),
        ('{"entities": [{"text": "a", "type": "b", "at": [1, 2]}, {"text": "c", "at": [1,', None),
        ("{'ner': [['BERT, [the model\\'s', 'Method'], ['NER, ", [{"ner": [["BERT, [the model's", "Method"]]}]),
        ('{"ner": [("BERT", "Method"), ("NER", "Ta', [{"ner": [A]}]),
        ("{ner: [[BERT, Method], [NER, Ta", [{"ner": [A]}]),
        ("{\u201cner\u201d: [[\u201cBERT\u201d, \u201cMethod\u201d], [\u201cNE, R", [{"ner": [A]}]),
        ('{"id": "x", "note": [1, 2], "ner": [["BERT", "Method"], ["', [{"id": "x", "note": [1, 2], "ner": [A]}]),
        ('"{\\"ner\\": [[\\"BERT\\", \\"Method\\"], [\\"NE', [{"ner": [A]}]),
        ('{"ner": "[[\\"BERT\\", \\"Method\\"], [\\"NE', [{"ner": [A]}]),
        ('{"ner": "[[\\"BERT\\", \\"Method\\"]]"', [{"ner": '[["BERT", "Method"]]'}]),
        (
            '{"name": "f", "arguments": "{\\"ner\\": [[\\"BERT\\", \\"Method\\"], [\\',
            [{"name": "f", "arguments": {"ner": [A]}}],
        ),
        ('{"ner": [["BERT", "Method"]}', [{"ner": [A]}]),
    ],
)
def test_complete_items_of_a_value_that_breaks_off(text: str, values: list[Any] | None) -> None:
    found, issues, broken_off = read(text)
    assert found == ([{"entities": [{"text": "a", "type": "b", "at": [1, 2]}]}] if values is None else values)
    assert broken_off == ("truncated_json" in issues) == (not text.endswith("]}"))


@pytest.mark.parametrize(
    "text",
    [
        '{"ner": [["BERT", "Meth',
        '{"ner": [["BERT", "Method"',
        '{"text": "BERT", "type": "Method", "at": [0, 4], "x": "',
        '{"text": "[CLS]", "type": "Method", "x": "',
        '{"subject": {"text": "a"}, "relation": {"type": "b"}, "obj',
        "[",
        '{"',
    ],
)
def test_a_half_written_item_is_never_completed(text: str) -> None:
    values, issues, broken_off = read(text)
    assert broken_off
    assert "truncated_json" in issues
    assert values in (
        [],
        [{"subject": {"text": "a"}, "relation": {"type": "b"}}],
    )  # a cut that no reader takes for an item


def test_prose_with_an_open_bracket_does_not_break_off() -> None:
    assert read(f"{TEXT} That was all [of it") == ([GOOD], ["prose_around_answer"], False)
    assert read("an open [bracket") == ([], ["prose_around_answer"], False)
    assert read('an open [bracket and a "quote')[2]


def test_a_value_of_a_list_that_breaks_off_in_the_next_one() -> None:
    text = '{"text": "BERT", "type": "Method"}\n{"text": "NER", "ty'
    assert read(text) == (
        [{"text": "BERT", "type": "Method"}],
        ["prose_around_answer", "truncated_json"],
        True,
    )


def test_a_stray_quote_hides_the_brackets_but_the_value_is_whole() -> None:
    values, issues, broken_off = read('{"ner": [["BERT, "Method"], ["NER", "Task"]], "rel": []}')
    assert not broken_off
    assert B in values[0]["ner"]
    assert issues == ["repaired_json"]
    # cut off, the same quote makes the rest unreadable: nothing is guessed
    assert read('{"ner": [["BERT, "Method"], ["NER", "Ta') == ([], ["prose_around_answer", "truncated_json"], True)
    # nor does a half-written text of brackets pass for the end
    assert read('{"ner": [["BERT", "Method"], ["NER", "]}')[0] == [{"ner": [A]}]


# -- limits ----------------------------------------------------------------------------------------------------------


def test_long_text_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SCAN", 45)
    values, issues, broken_off = read("x" + TEXT)
    assert (values, broken_off) == ([{"ner": [A, B]}], True)
    assert issues == ["prose_around_answer", "too_long", "truncated_json"]


def test_only_so_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VALUES", 3)
    assert read("[1] " * 3) == ([[1]] * 3, ["merged_objects"], False)
    assert read("[1] " * 4) == ([[1]] * 3, ["merged_objects", "prose_around_answer", "too_long"], False)


def test_only_so_many_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOKENS", 12)
    values, issues, broken_off = read(f"x {TEXT}".replace("]]}", "]],}"))
    assert (values, broken_off) == ([{"ner": [A]}], True)
    assert issues == ["prose_around_answer", "too_long", "truncated_json"]
    assert "too_long" in read("[1] [2] [3] [4] [5] [6] [7] x")[1]


def test_deep_nesting_is_given_up() -> None:
    deep = "[" * 100 + '{"ner": []}'
    assert read(deep)[0] == []
    assert read(deep + "]" * 30)[0] == []
    assert read("[" * 100 + " x " + TEXT) == ([GOOD], ["prose_around_answer"], False)
    assert read("[" * 9 + '"a" "b"' + "]" * 9) == ([], ["prose_around_answer", "unreadable"], False)


def test_repair_sees_only_so_much_of_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REPAIR", 40)
    broken = TEXT.replace("]]}", "]],}")
    assert read(broken) == ([{"ner": [A]}], ["repaired_json", "too_long"], False)
    assert read('{"x": "' + "y" * 60 + '",}') == ([], ["prose_around_answer", "too_long", "unreadable"], False)


def test_the_work_of_repair_is_metered(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = TEXT.replace("]]}", "]],}")
    monkeypatch.setattr(module, "MAX_LOOKS", 4 * len(broken))
    assert read(broken) == ([GOOD], ["repaired_json"], False)
    values, issues, _ = read(f"{broken} {broken} {broken}")
    assert 1 <= len(values) < 3
    assert set(issues) >= {"prose_around_answer", "repaired_json", "unreadable"}
    monkeypatch.setattr(module, "MAX_LOOKS", 10)
    assert read(broken) == ([], ["prose_around_answer", "unreadable"], False)


def test_what_repair_rewrites_stays_metered() -> None:
    # json-repair cuts and joins the text here; the joined text must be metered as well
    budget = iter(range(100))
    text = module._Metered("ab", budget)
    rewritten = text[:1] + "{" + text[1:]
    assert (rewritten, type(rewritten)) == ("a{b", module._Metered)
    assert [rewritten[index] for index in range(3)] == ["a", "{", "b"]
    assert next(budget) == 5


@pytest.mark.parametrize("error", [AssertionError, RecursionError, IndexError, ValueError, AttributeError])
def test_whatever_repair_stumbles_over(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def stumble(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(json_repair, "repair_json", stumble)
    assert read("{a: 1}") == ([], ["prose_around_answer", "unreadable"], False)


def test_repair_leaves_no_lone_surrogates() -> None:
    values, issues, _ = read('{"ner": [["BERT\\ud83d", "Method"],]}')
    assert values == [{"ner": [["BERT\ufffd", "Method"]]}]
    assert issues == ["lone_surrogate", "repaired_json"]


def test_entities_are_decoded_once_and_cheaply() -> None:
    text = "{&quot;ner&quot;: [[&quot;a &amp;lt; b&#39;s &eacute; &#" + "9" * 5000 + ";&quot;, &quot;c&quot;]]}"
    assert read(text)[0][0]["ner"][0][0].startswith("a &lt; b's &eacute; &#999")
    # where there are real quotes, entities belong to the texts
    assert read('x {"ner": [["&quot;a&quot;", "b"]]}')[0] == [{"ner": [["&quot;a&quot;", "b"]]}]
