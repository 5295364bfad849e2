"""Completions: what a model writes, cut off anywhere, and what must come out of it."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciie_eval import layout
from sciie_eval.cards import load_schema
from sciie_eval.items import EMPTY
from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import ISSUES, STATUSES, ParsedCompletion, message_text, parse_completion, parse_mapping
from sciie_eval.schema import SECTIONS

GOLDEN = Path(__file__).resolve().parent / "golden"
GOOD: dict[str, Any] = {"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}
TEXT = json.dumps(GOOD)
MALFORMED = [json.loads(line) for line in (GOLDEN / "malformed.jsonl").read_text(encoding="utf-8").splitlines()]


def hostile() -> dict[str, str]:
    """The large completions of golden/hostile.py."""
    spec = importlib.util.spec_from_file_location("golden_hostile", GOLDEN / "hostile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases: dict[str, str] = module.hostile()
    return cases


def answer(text: str) -> str:
    return f"<think>so</think>\n<answer>{text}</answer>"


def items_of(parsed: ParsedCompletion) -> dict[str, list[list[str]]]:
    return {
        "ner": [list(item) for item in parsed.items.entities],
        "rel": [list(item) for item in parsed.items.relations],
    }


def check(parsed: ParsedCompletion) -> None:
    """What holds for whatever was parsed."""
    items, status, issues = parsed.items, parsed.status, parsed.issues
    assert status in STATUSES
    assert list(issues) == sorted(set(issues) & set(ISSUES))
    assert all(type(part) is str for item in (*items.entities, *items.relations) for part in item)
    assert len(items.types) == len(items.relations)
    assert all(kind is None or type(kind) is str for pair in items.types for kind in pair)
    assert items.sections <= SECTIONS
    assert len(parsed.extraction.entities) == len(items.entities)
    assert not (status == "ok" and issues)
    assert not (status == "repaired" and not issues)
    if status in ("no_answer", "invalid"):
        assert items == EMPTY
    if status == "truncated":
        assert "truncated_json" in issues
        assert items.entities or items.relations


# -- the golden files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", MALFORMED, ids=[case["id"] for case in MALFORMED])
def test_malformed(case: dict[str, Any]) -> None:
    parsed = parse_completion(case["completion"])
    check(parsed)
    assert case["expect"] is None or items_of(parsed) == case["expect"]


def test_every_malformed_completion_that_is_readable_says_what_happened() -> None:
    fine = {case["id"] for case in MALFORMED if parse_completion(case["completion"]).status == "ok"}
    assert fine == {
        "control_valid",
        "redos_relation_spaces",
        "replacement_chars",
        "schema_duplicates",
        "schema_unknown_type",
        "tag_literal_in_think",
        "tag_nested",
        "tag_uppercase",
    }


def test_hostile() -> None:
    kept = {}
    for name, text in hostile().items():
        parsed = parse_completion(text)
        if len(parsed.items.entities) < 10:
            check(parsed)
        kept[name] = (parsed.status, len(parsed.items.entities), len(parsed.items.relations))
    assert kept == {
        "answer_tags_100k": ("invalid", 0, 0),
        "think_tags_then_answer_tags": ("no_answer", 0, 0),
        "brackets_100k": ("invalid", 0, 0),
        "brackets_balanced_5k": ("invalid", 0, 0),
        "objects_20k": ("invalid", 0, 0),
        "int_5000_digits": ("repaired", 1, 0),
        "entity_5mb": ("ok", 1, 0),
        "think_5mb": ("ok", 2, 1),
        "items_200k": ("ok", 200_000, 0),
        "distinct_items_20k": ("ok", 20_000, 0),
        "rule_then_blanks": ("ok", 2, 1),
        "rule_repeated": ("ok", 2, 1),
        "relation_blanks": ("ok", 2, 1),
        "quotes_unbalanced": ("ok", 2, 1),
        "quotes_20k_short": ("ok", 2, 1),
        "fences_10k": ("repaired", 2, 1),
        "braces_in_text": ("repaired", 2, 1),
    }


# -- status and issues -----------------------------------------------------------------------------------------------

PROVOKED = {
    "answer_in_reasoning": f"<think><answer>{TEXT}</answer></think>",
    "answer_not_closed": f"<answer>{TEXT}",
    "several_answers": answer("{}") + answer(TEXT),
    "reasoning_not_closed": f"<think>so <answer>{TEXT}</answer>",
    "several_reasonings": "<think>a</think>" + answer(TEXT),
    "too_many_tags": answer(TEXT) + "<think>" * layout.MAX_TAGS,
    "no_answer_tags": f"Answer: {TEXT}",
    "prose_around_answer": answer(f"Answer: {TEXT}"),
    "fenced": answer(f"```json\n{TEXT}\n```"),
    "merged_objects": answer('{"ner": []} {"rel": []}'),
    "double_encoded": answer(json.dumps(TEXT)),
    "html_entities": answer(TEXT.replace('"', "&quot;")),
    "repaired_json": answer(TEXT.replace("]]}", "]],}")),
    "unreadable": answer(TEXT + "[" * 9 + '"a" "b"' + "]" * 9),
    "truncated_json": answer(TEXT[:-2]),
    "too_long": answer(TEXT + " [1]" * 1_000),
    "lone_surrogate": answer(TEXT.replace("BERT", "BERT\ud83d")),
    "other_keys": answer('{"entities": []}'),
    "extra_keys": answer('{"ner": [], "note": "x"}'),
    "repeated_keys": answer('{"ner": [["a", "b"]], "ner": []}'),
    "list_of_sections": answer(f"[{TEXT}]"),
    "items_without_section": answer('[["BERT", "Method"]]'),
    "mapping_items": answer('{"ner": [{"text": "BERT", "type": "Method"}]}'),
    "inline_types": answer('{"ner": ["BERT:Method"]}'),
    "extra_fields": answer('{"ner": [["BERT", "Method", 0, 4]]}'),
    "coerced_items": answer('{"ner": [[42, "Method"]]}'),
    "dropped_items": answer('{"ner": [null, ["BERT", "Method"]]}'),
    "too_many_items": answer('{"ner": [' + ",".join(['"a:Task"'] * 6_000) + "]}"),
    "null_section": answer('{"ner": [], "rel": null}'),
    "section_of_wrong_kind": answer('{"ner": [], "rel": 5}'),
    "rel_plus_disagrees": answer('{"rel": [], "rel_plus": [["a:Task", "b", "c:Task"]]}'),
    "not_strict": answer(TEXT + "."),
}


def test_every_issue_is_provoked() -> None:
    assert list(PROVOKED) == list(ISSUES)
    assert all(meaning for meaning in ISSUES.values())


@pytest.mark.parametrize("issue", ISSUES)
def test_issue(issue: str) -> None:
    parsed = parse_completion(PROVOKED[issue], mode="strict" if issue == "not_strict" else "lenient")
    check(parsed)
    assert issue in parsed.issues
    assert parsed.status == ("invalid" if issue == "not_strict" else "repaired")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (answer(TEXT), "ok"),
        (TEXT, "ok"),
        (f"<think>so</think>{TEXT}", "ok"),
        (answer('{"ner": [], "rel": []}'), "ok"),
        (answer(TEXT[:-20]), "repaired"),  # the tag is closed
        (f"<answer>{TEXT}", "repaired"),  # the JSON is
        (f"<answer>{TEXT[:-20]}", "truncated"),
        (TEXT[:-20], "truncated"),
        (f"<answer>{TEXT[:20]}", "invalid"),
        (f"<answer>{TEXT[:5]}", "invalid"),
        (TEXT[:20], "invalid"),
        ('<answer>{"ner": [], "rel": [', "invalid"),
        (answer("none"), "invalid"),
        (answer("{}"), "invalid"),
        (answer("[]"), "invalid"),
        (answer('"NULL"'), "invalid"),
        (answer('{"ner": true}'), "invalid"),
        ('{"ner": true}', "invalid"),
        ("", "no_answer"),
        (" \n\t ", "no_answer"),
        ("I see {no} entities [1].", "no_answer"),
        ("<think>so</think>", "no_answer"),
        ("<think>so</think><answer> </answer>", "no_answer"),
        (f"<think>so {TEXT}", "no_answer"),
    ],
)
def test_status(text: str, status: str) -> None:
    parsed = parse_completion(text)
    check(parsed)
    assert parsed.status == status


def test_prose_leaves_no_issues() -> None:
    assert parse_completion("I see {no} entities [1].").issues == ()
    assert parse_completion("<think>a {b: [c]}").issues == ("reasoning_not_closed",)


@pytest.mark.parametrize("issue", [*PROVOKED])
def test_strict_allows_none_of_it(issue: str) -> None:
    parsed = parse_completion(PROVOKED[issue], mode="strict")
    check(parsed)
    assert parsed.status == "invalid"
    assert "not_strict" in parsed.issues


def test_strict_allows_what_was_asked() -> None:
    assert parse_completion(answer(TEXT), mode="strict") == parse_completion(answer(TEXT))
    assert parse_completion(TEXT, mode="strict").status == "ok"
    assert parse_completion("nothing", mode="strict").status == "no_answer"
    assert parse_completion(answer("x"), mode="strict").issues == ("prose_around_answer",)


# -- habits of models ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"Sure! Here is the answer:\n\n{TEXT}\n\nLet me know if you need more [details].",
        f"**Answer:**\n```json\n{json.dumps(GOOD, indent=2)}\n```\n**Notes**: [1] see {{x}}.",
        f"<think>\n\n</think>\n\n{TEXT}",
        f"<think>\nok\n</think>\n\n```json\n{TEXT}\n```",
        f"some reasoning {{x}}\n</think>\n<answer>{TEXT}</answer>",
        f'a draft {{"ner": [["X", "Task"]]}}\n</think>\n{TEXT}',
        f"```xml\n<answer>{TEXT}</answer>\n```",
        f"<think>x</think><final_answer>{TEXT}</final_answer>",
        f'<think>x</think><answer type="json">{TEXT}</answer>',
        f"<think>x</think>The final answer is $\\boxed{{{TEXT}}}$.",
        f"<think>x</think><answer>{TEXT}<|im_end|>",
        f'<think>x</think><answer>{{"ner": [["X", "Task"]]}}</answer> wait <answer>{TEXT}</answer>',
        f"<answer>{TEXT}</answer></think>",
        f"<answer>{TEXT}</ans",
        f'<tool_call>\n{{"name": "extract", "arguments": {TEXT}}}\n</tool_call>',
        json.dumps({"tool_calls": [{"type": "function", "function": {"name": "extract", "arguments": TEXT}}]}),
        answer('{"ner": [["text", "type"]], "rel": [["subject", "relation", "object"]]}\n' + TEXT),
        answer('1. ["BERT", "Method"]\n2. ["NER", "Task"]\n3. ["BERT", "Used-For", "NER"]'),
        answer('**Entities:** [["BERT", "Method"], ["NER", "Task"]]\n**Relations:** [["BERT", "Used-For", "NER"]]'),
        answer('ner: [["BERT", "Method"], ["NER", "Task"]]\nrel: [["BERT", "Used-For", "NER"]]'),
        answer('<ner>[["BERT", "Method"], ["NER", "Task"]]</ner><rel>[["BERT", "Used-For", "NER"]]</rel>'),
        answer(json.dumps(json.dumps(TEXT))),
        answer(f"answer = {GOOD}"),
    ],
)
def test_habits(text: str) -> None:
    parsed = parse_completion(text)
    check(parsed)
    assert items_of(parsed) == GOOD


def test_a_tag_in_the_text_of_an_entity() -> None:
    text = answer('{"ner": [["<answer> tag", "Method"]], "rel": []}')
    assert parse_completion(text).items.entities == [("<answer> tag", "Method")]


def test_reasoning_and_tags() -> None:
    parsed = parse_completion(f"<THINK> a </think><answer>{TEXT}</answer>")
    assert (parsed.reasoning, parsed.tags) == ("a", "TtAa")


def test_the_schema_decides_what_a_type_is() -> None:
    text = answer('{"rel": [["a:Odd", "r", "b"]]}')
    mine = LabelSchema(name="mine", entity_types=("Odd",))  # type: ignore[arg-type]
    assert parse_completion(text).items.relations == [("a:Odd", "r", "b")]
    assert parse_completion(text, mine).items.relations == [("a", "r", "b")]
    assert parse_completion(text, "scier") == parse_completion(text, load_schema("scier"))


# -- truncation ------------------------------------------------------------------------------------------------------

SIMPLE = (
    [["BERT large", "Method"], ["Que Ans", "Task"], ["Sq AD", "Dataset"]],
    [["BERT large", "Used-For", "Que Ans"], ["Que Ans", "Evaluated-With", "Sq AD"]],
)
HARD = (
    [["BERT, large", "Method"], ["Q] A}", "Task"], ['it\'s "x" b', "Dataset"], ["a:b", "Method"]],
    [["BERT, large", "Used-For", "Q] A}"], ["a:b", "Evaluated-With", 'it\'s "x" b']],
)
Sections = tuple[list[list[str]], list[list[str]]]


def styles(ner: list[list[str]], rel: list[list[str]]) -> dict[str, str]:
    """The same answer as many models would write it."""
    whole = {"ner": ner, "rel": rel}
    text, types = json.dumps(whole), dict(ner)
    plus = [[f"{a}:{types[a]}", kind, f"{b}:{types[b]}"] for a, kind, b in rel]
    entities = [{"text": name, "type": kind} for name, kind in ner]
    relations = [{"subject": a, "relation": kind, "object": b} for a, kind, b in rel]
    lines = [json.dumps(item) for item in (*ner, *rel)]
    simple = '\\"' not in text
    return {
        "as asked": text,
        "indented": json.dumps(whole, indent=2),
        "fenced": f"```json\n{text}\n```",
        "in prose": f"Sure, here is {{it}} [1]:\n{text}\nHope it helps.",
        "mappings": json.dumps({"entities": entities, "relations": relations}),
        "nested mappings": json.dumps(
            {
                "entities": [{**item, "at": [0, 4], "note": "n"} for item in entities],
                "relations": [
                    {"subject": {"text": a, "type": types[a]}, "relation": kind, "object": {"text": b}}
                    for a, kind, b in rel
                ],
            }
        ),
        "more fields": json.dumps({"ner": [[*item, 0, 4] for item in ner], "rel": [[*item, 0.9] for item in rel]}),
        "typed texts": json.dumps({"ner": [":".join(item) for item in ner], "rel": plus}),
        "rel_plus": json.dumps({"ner": ner, "rel_plus": plus}),
        "all sections": json.dumps({"ner": ner, "rel": rel, "rel_plus": plus}),
        "rel_plus first": json.dumps({"rel_plus": plus, "rel": rel, "ner": ner}),
        "text to type": json.dumps({"ner": types, "rel": rel}),
        "by label": json.dumps(
            {
                "ner": {kind: [name for name, its in ner if its == kind] for kind in dict.fromkeys(types.values())},
                "rel": {kind: [[a, b]] for a, kind, b in rel},
            }
        ),
        "list of sections": json.dumps([{"ner": ner}, {"rel": rel}]),
        "list of lists": json.dumps([ner, rel]),
        "two objects": f"{json.dumps({'ner': ner})}\n{json.dumps({'rel': rel})}",
        "one list": json.dumps(ner + rel),
        "mappings in one list": json.dumps([{**item, "tags": ["x"]} for item in (*entities, *relations)]),
        "mapping a line": "\n".join(json.dumps(item) for item in (*entities, *relations)),
        "numbered": "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)),
        "wrapped": json.dumps({"answer": whole}),
        "tool call": json.dumps({"name": "extract", "arguments": text}),
        "doubly encoded": json.dumps(text),
        "doubly encoded in prose": f"Here:\n{json.dumps(json.dumps(whole, indent=1))}",
        "encoded sections": json.dumps({"ner": json.dumps(ner), "rel": json.dumps(rel)}),
        "more keys": json.dumps({"text": "a, [b] {c}", "ner": ner, "note": ["x", "y"], "rel": rel, "p": {"a": 1}}),
        "tuples": text.replace("[[", "[(").replace("]]", ")]").replace("], [", "), (") if simple else text,
        "trailing commas": text.replace("]]", "],]"),
        "bare keys": text.replace('"ner"', "ner").replace('"rel"', "rel"),
        "comments": text.replace('{"', '{ // all, ]\n"').replace("]], ", "]], # b, ]\n /* c, ] */"),
        "without braces": f"ner: {json.dumps(ner)}\nrel: {json.dumps(rel)}",
        "python": str(whole),
        "html": text.replace('"', "&quot;") if simple else text,
        "after an empty one": f'{{"ner": [], "rel": []}}\n{text}',
    }


@pytest.mark.parametrize("sections", [SIMPLE, HARD], ids=["simple", "hard"])
@pytest.mark.parametrize("frame", ["<think>so\n</think>\n<answer>{}</answer>", "<answer>{}", "{}"])
@pytest.mark.parametrize("style", styles(*SIMPLE))
def test_truncation_everywhere(style: str, frame: str, sections: Sections) -> None:
    text = frame.replace("{}", styles(*sections)[style])
    ner, rel = ([tuple(item) for item in section] for section in sections)
    parsed = parse_completion(text)
    assert sorted(parsed.items.entities) == sorted(ner)
    assert sorted(parsed.items.relations) == sorted(rel)
    kept: set[tuple[str, ...]] = set()
    for end in range(len(text) + 1):
        parsed = parse_completion(text[:end])
        check(parsed)
        found = {*parsed.items.entities, *parsed.items.relations}
        assert found <= {*ner, *rel}, "a half-written item was completed"
        assert found >= kept, "a complete item was lost"
        kept = found
    assert kept == {*ner, *rel}


@pytest.mark.parametrize("sections", [SIMPLE, HARD], ids=["simple", "hard"])
def test_an_item_counts_from_its_closing_bracket_on(sections: Sections) -> None:
    text = json.dumps({"ner": sections[0], "rel": sections[1]})
    ends, start = [], 0
    for item in (*sections[0], *sections[1]):
        start = text.index(json.dumps(item), start) + len(json.dumps(item))
        ends.append(start)
    for end in range(len(text) + 1):
        for tag in ("<answer>", ""):
            items = parse_completion(tag + text[:end]).items
            assert len(items.entities) + len(items.relations) == sum(place <= end for place in ends)


# -- work ------------------------------------------------------------------------------------------------------------

REPEATED: dict[str, tuple[str, str, str]] = {
    "items": ('<answer>{"ner": [', '["BERT", "Method"],', '["a", "b"]]}</answer>'),
    "broken items": ('<answer>{"ner": [', '["BERT" "Method"],', ""),
    "items that break off": ("", '{"ner": [["BERT", "Method"], ', ""),
    "opening tags": ("", "<answer>", ""),
    "blocks": ("", "<answer>x</answer>", ""),
    "closing tags": ("<think>x</think>", "</think>", ""),
    "half tags": ("", "<answer ", ""),
    "brackets": ("", "[", ""),
    "braces": ("", "{ ", TEXT),
    "stray closers": ("{", "]", ""),
    "quotes": ("{", '"', ""),
    "single quotes": ("{", ": '", ""),
    "escaped quotes": ("[", '"[\\"', '"'),
    "comments": ("{", "/* ", ""),
    "blanks in strings": ("{", "'  ", ""),
    "fences": ("", "```json ", TEXT),
    "entities": ("", "&quot;&a", ""),
    "surrogates": (answer(TEXT), "\ud83d", ""),
    "words": ("", "word [x] ", ""),
    "backslashes": ('{"', "\\", ""),
}


def seconds(work: Callable[[], object]) -> float:
    """The best of five."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("name", REPEATED)
def test_work_grows_no_faster_than_the_text(name: str) -> None:
    # sixteen times the text: sixteen times the work if linear, 256 times if quadratic
    head, unit, tail = REPEATED[name]
    short, long = (head + unit * (length // len(unit)) + tail for length in (8_000, 128_000))
    assert seconds(lambda: parse_completion(long)) < 80 * seconds(lambda: parse_completion(short))


@pytest.mark.parametrize("name", REPEATED)
def test_calls_grow_no_faster_than_the_text(name: str) -> None:
    # deterministic, but blind to work inside a regular expression, which the test above sees
    head, unit, tail = REPEATED[name]

    def calls(length: int) -> int:
        number = 0

        def count(*_: object) -> None:
            nonlocal number
            number += 1

        text = head + unit * (length // len(unit)) + tail
        sys.setprofile(count)
        try:
            parse_completion(text)
        finally:
            sys.setprofile(None)
        return number

    calls(1_000)  # imports, caches
    assert calls(16_000) < 2.3 * calls(8_000) + 1_000


# -- mappings and messages -------------------------------------------------------------------------------------------


def test_mappings() -> None:
    assert items_of(parse_mapping(GOOD)) == GOOD
    assert parse_mapping(GOOD).status == "ok"
    assert parse_mapping({"ner": (("BERT", "Method"),), "rel": ()}).items.entities == [("BERT", "Method")]
    assert parse_mapping({"entities": [{"text": "a", "type": "b"}]}).issues == ("mapping_items", "other_keys")
    strict = parse_mapping({"entities": []}, mode="strict")
    assert (strict.status, strict.issues) == ("invalid", ("not_strict", "other_keys"))
    assert parse_mapping({}).status == "invalid"


def test_mappings_that_no_json_decoder_gives() -> None:
    odd: dict[Any, Any] = {1: 2, "ner": [["BERT\ud83d", "Method"], {3: 4}, object()]}
    parsed = parse_mapping(odd)
    check(parsed)
    assert parsed.items.entities == [("BERT\ufffd", "Method")]
    assert parsed.issues == ("dropped_items", "lone_surrogate", "mapping_items")
    endless: dict[str, Any] = {"rel": []}
    endless["ner"] = endless
    check(parse_mapping(endless))
    listed: list[Any] = []
    listed.append(listed)
    check(parse_mapping({"ner": listed}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        (None, ""),
        (5, ""),
        (b"x", ""),
        (bytearray(b"x"), ""),
        ([], ""),
        ({}, ""),
        ({"content": "x"}, "x"),
        ({"content": None}, ""),
        ({"content": 5}, ""),
        ({"content": "x", "reasoning_content": "r"}, "<think>r</think>x"),
        ({"content": "x", "reasoning": "r"}, "<think>r</think>x"),
        ({"content": "x", "reasoning_content": ""}, "x"),
        ({"content": "x", "reasoning": {"effort": "low"}}, "x"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "image"}, "b", 5]}, "ab"),
        ([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "a"),
        ([{"role": "assistant", "content": "a"}, {"role": "tool", "content": "t"}], "a"),
        ([{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}], "b"),
        ([{"content": "no role"}], "no role"),
        ([{"role": "user", "content": "q"}], ""),
        (["x", None], ""),
        (({"content": "a tuple"},), "a tuple"),
    ],
)
def test_message_text(value: object, text: str) -> None:
    assert message_text(value) == text


# -- round trip ------------------------------------------------------------------------------------------------------

words = st.text(min_size=1, max_size=8).filter(lambda text: not any(0xD800 <= ord(char) < 0xE000 for char in text))
pairs = st.lists(st.tuples(words, words), max_size=4)
triples = st.lists(
    st.tuples(words.filter(lambda text: ":" not in text), words, words.filter(lambda text: ":" not in text)), max_size=4
)


@given(ner=pairs, rel=triples, ascii=st.booleans(), indent=st.sampled_from([None, 0, 2]))
def test_whatever_is_written_as_asked_is_read_as_written(
    ner: list[tuple[str, str]], rel: list[tuple[str, str, str]], ascii: bool, indent: int | None
) -> None:
    parsed = parse_completion(answer(json.dumps({"ner": ner, "rel": rel}, ensure_ascii=ascii, indent=indent)))
    check(parsed)
    assert parsed.status == "ok"
    stripped = [[tuple(part.strip() for part in item) for item in items] for items in (ner, rel)]
    assert [parsed.items.entities, parsed.items.relations] == stripped


def test_a_status_is_told_for_every_kind() -> None:
    told = {parse_completion(text).status for text in (answer(TEXT), TEXT + ".", TEXT[:-9], "x", answer("x"))}
    assert told == set(STATUSES)
