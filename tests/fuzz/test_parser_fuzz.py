"""Completions that nobody would think of: drawn by hypothesis, and good ones mutated at random.

SCIIE_FUZZ_EXAMPLES sets how many of each (2,000 by default; 100,000 takes some minutes).
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sciie_eval.items import EMPTY
from sciie_eval.parsing import ISSUES, STATUSES, ParsedCompletion, parse_completion, parse_mapping
from sciie_eval.schema import SECTIONS

EXAMPLES = int(os.environ.get("SCIIE_FUZZ_EXAMPLES", "2000"))
SEED = 20_240_601
GOLDEN = Path(__file__).resolve().parent.parent / "golden"

GOOD = '{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}'
FRAMES = (
    "<think>The BERT model is used for NER.</think>\n<answer>{}</answer>",
    "<answer>{}",
    "so it is</think><answer>```json\n{}\n```</answer>",
    "Sure! {} I hope this helps.",
    "{}",
)
BODIES = (
    GOOD,
    str(json.loads(GOOD)),
    json.dumps(GOOD),
    json.dumps(json.loads(GOOD), indent=2),
    GOOD.replace('"', "&quot;"),
    '{"entities": [{"text": "BERT", "type": "Task"}], "relations": [{"head": "a", "type": "Part-Of", "tail": "NER"}]}',
    '{"ner": {"BERT": "Method"}, "rel": {"Used-For": [["BERT", "NER"]]}}',
    '{"ner": [["a:b", "Task"]], "rel": [["a:b", "Part-Of", "c"]], "rel_plus": [["a:b:Task", "Part-Of", "c:Odd"]]}',
    '[["BERT", "Method"], ["NER", "Task"], ["BERT", "Used-For", "NER"]]',
    '{"name": "f", "arguments": "{\\"ner\\": [[\\"BERT\\", \\"Method\\"]]}"}',
)
PIECES = (
    *("<think>", "</think>", "<answer>", "</answer>", "<Answer >", "<reasoning>", "</thinking>", "<", "</", "<answer"),
    *("{", "}", "[", "]", "(", ")", ",", ":", '"', "'", "\u201c", "\u201d", "\\", '\\"', '"]', '["', '{"', "}}", "[["),
    *("ner", "rel", "rel_plus", '"ner": ', '"rel": [', "entities:", '"relations": {', '"answer": ', '"text": "x"'),
    *('["BERT", "Method"]', '["a", "Used-For", "b"]', '"BERT:Method"', '{"text": "a", "type": "Task"}', GOOD),
    *("null", "None", "true", "NaN", "-1e999", "9" * 30, "0.5", "...", "//", "/*", "*/", "# ", "```", "```json\n"),
    *("&quot;", "&#39;", "&amp;", "&#" + "9" * 20 + ";", "\\u00e9", "\\ud83d", "\\u0000", "\\x"),
    *("\ud83d", "\ude00", "\ufeff", "\u200b", "\u00a0", "\x00", "\x1f", "\x7f", "\u2028", "\r\n", "\n", " ", "\t"),
    *("\u017f", "\u212a", "\u0130", "\U0001f600", "word", "the model's", "x" * 50),
)

labels = st.sampled_from(["Method", "Task", "Used-For", "Odd", "", "a:Task"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), labels, st.text(max_size=5))
sections = ("ner", "rel", "rel_plus", "NER", "entities", "relations", "answer", "arguments")
fields = ("text", "type", "label", "subject", "relation", "object", "head", "tail", "x")
keys = st.sampled_from([*sections, *fields])
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(keys, st.text(max_size=3)), inner, max_size=4)
    ),
    max_leaves=25,
)
framed = st.builds(
    lambda frame, body, cut: frame.replace("{}", body)[: cut or None],
    st.sampled_from(FRAMES),
    st.one_of(trees.map(json.dumps), trees.map(str), trees.map(lambda tree: json.dumps(json.dumps(tree)))),
    st.integers(0, 120),
)
soup = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=25).map("".join)
repeated = st.builds(lambda head, unit, number: head + unit * number, soup, soup, st.integers(1, 60))


def check(parsed: ParsedCompletion, text: str) -> None:
    """Nothing is invented about a completion, whatever it is."""
    items = parsed.items
    assert parsed.status in STATUSES
    assert list(parsed.issues) == sorted(set(parsed.issues) & set(ISSUES))
    assert (parsed.status == "repaired") <= bool(parsed.issues)
    assert (parsed.status == "ok") <= (not parsed.issues)
    assert (parsed.status in ("no_answer", "invalid")) <= (items == EMPTY)
    assert (parsed.status == "truncated") <= (
        "truncated_json" in parsed.issues and bool(items.entities or items.relations)
    )
    assert all(type(part) is str for item in (*items.entities, *items.relations) for part in item)
    assert all(kind is None or type(kind) is str for pair in items.types for kind in pair)
    assert items.sections <= SECTIONS
    extraction = parsed.extraction
    assert (len(extraction.entities), len(extraction.relations)) == (len(items.entities), len(items.relations))
    extraction.model_dump_json()  # what cannot be encoded cannot be stored
    again = parse_completion(text)
    assert again == parsed
    strict = parse_completion(text, mode="strict")
    assert strict == parsed if parsed.status == "ok" else strict.items == EMPTY


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(framed, soup, repeated, st.text(st.characters(), max_size=60)))
def test_drawn_completions(text: str) -> None:
    check(parse_completion(text), text)


@settings(max_examples=EXAMPLES // 4, suppress_health_check=list(HealthCheck))
@given(value=st.dictionaries(st.one_of(keys, st.text(max_size=3)), trees, max_size=4))
def test_drawn_mappings(value: dict[str, object]) -> None:
    parsed = parse_mapping(value)
    assert parsed.status in ("ok", "repaired", "invalid")
    assert set(parsed.issues) <= set(ISSUES)
    assert len(parsed.extraction.entities) == len(parsed.items.entities)
    assert parse_mapping(value) == parsed


def mutated(number: int) -> Iterator[str]:
    """Good and malformed completions with one to eight random changes; the same ones every time."""
    rng = random.Random(SEED)
    lines = (GOLDEN / "malformed.jsonl").read_text(encoding="utf-8").splitlines()
    corpus = [frame.replace("{}", body) for frame in FRAMES for body in BODIES]
    corpus += [json.loads(line)["completion"] for line in lines]
    for _ in range(number):
        text = rng.choice(corpus)
        for _ in range(rng.randint(1, 8)):
            start, width = rng.randrange(len(text) + 1), rng.choice((1, 1, 2, 5, 20, 80))
            text = changed(text, start, width, rng)[:20_000]
        yield text


def changed(text: str, start: int, width: int, rng: random.Random) -> str:
    """One change at ``start``."""
    left, middle, right = text[:start], text[start : start + width], text[start + width :]
    kind = rng.randrange(6)
    if kind == 0:
        return left + right
    if kind == 1:
        return left + middle * rng.choice((2, 2, 3, 40)) + right
    if kind == 2:  # swap with a stretch elsewhere
        other = rng.randrange(len(right) + 1)
        return left + right[other : other + width] + right[:other] + middle + right[other + width :]
    if kind == 3:
        return left
    return left + rng.choice(PIECES) * rng.choice((1, 1, 1, 2, 30)) + (right if kind == 4 else middle + right)


def seconds(text: str) -> float:
    """The best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        parse_completion(text)
        best = min(best, time.perf_counter() - start)
    return best


def test_mutated_completions() -> None:
    slowest: list[tuple[float, str]] = []
    for text in mutated(EXAMPLES):
        start = time.perf_counter()
        parsed = parse_completion(text)
        slowest.append(((time.perf_counter() - start) / (len(text) + 100), text))
        check(parsed, text)
        if len(slowest) > 500:
            slowest = sorted(slowest, reverse=True)[:10]
    # the hardest, made four times as long: no more than about four times the work
    for _, text in sorted(slowest, reverse=True)[:10]:
        assert seconds(text * 16) < 16 * seconds(text * 4) + 0.01
