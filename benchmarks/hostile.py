"""The slowest completions we know: nothing may take longer than 0.2 s, neither to parse, nor to score, nor to reward.

The cases of tests/golden/hostile.py, and more that were found by search: what a quadratic parser, an unbounded repair
or a matcher without limits would choke on. Processor time, best of three; exits with 1 when anything is too slow.

Run: ``python benchmarks/hostile.py``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from record import measured_on, write_result
from rich.console import Console
from rich.table import Table

from sciie_eval.parsing import parse_completion
from sciie_eval.rules import MATCHERS
from sciie_eval.scoring import score
from sciie_rewards import R2Reward

LIMIT = 0.2
ROUNDS = 3
GOLD = [{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}]
EXAMPLE = {"sentence": "The BERT model is used for NER .", **GOLD[0]}
REWARDS = (R2Reward(), R2Reward(profile="released"))
GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / "hostile.py"
OK = json.dumps(GOLD[0])


def main() -> int:
    """Measure, print, and write benchmarks/results/hostile.json."""
    seconds = {name: measured(text) for name, text in {**golden(), **nasty()}.items()}
    slowest, step, most = max(
        ((name, step, value) for name, row in seconds.items() for step, value in row.items()),
        key=lambda found: found[2],
    )
    show(seconds)
    write_result(
        "hostile",
        {
            "measured_on": measured_on("pydantic_core", "json_repair", "numpy", "scipy", "rapidfuzz"),
            "limit": LIMIT,
            "slowest": {"case": slowest, "step": step, "seconds": most},
            "seconds": seconds,
        },
    )
    print(f"slowest: {slowest}, {step}, {most:.3f} s (limit {LIMIT} s)")
    return int(most > LIMIT)


def golden() -> dict[str, str]:
    """The cases that the tests have too."""
    spec = importlib.util.spec_from_file_location("golden_hostile", GOLDEN)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(GOLDEN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases: dict[str, str] = module.hostile()
    return cases


def answer(text: str) -> str:
    """A completion laid out as asked."""
    return f"<think>The BERT model is used for NER.</think>\n<answer>{text}</answer>"


def reasoned(text: str) -> str:
    """A right answer behind this reasoning."""
    return f"<think>{text}</think>\n<answer>{OK}</answer>"


def section(item: str, number: int, name: str = "ner") -> str:
    """An answer with one section of so many items; ``#`` in the item becomes its number."""
    return answer(f'{{"{name}": [' + ",".join(item.replace("#", str(index)) for index in range(number)) + "]}")


def nasty() -> dict[str, str]:
    """What was found by search, by what it attacks."""
    broken = '{"ner": [["a" "b"], [c, d]]}\n'
    return {
        # tags
        "tags_closing_300k": "<think>x</think>" + "</think>" * 300_000,
        "tags_answer_blocks_200k": "<answer>x</answer>" * 200_000,
        "tags_half_open": "<answer " * 200_000,
        # the scan for brackets
        "scan_lists_in_lists": answer("[[" * 100_000 + "]" * 50_000),
        "scan_braces_and_blanks": answer("{ " * 100_000),
        "scan_commas": answer('{"ner": [' + "," * 190_000),
        "scan_strings": answer('{"ner": [' + '"a",' * 45_000),
        "scan_comments": answer("{" + "/* " * 60_000),
        "scan_single_quotes": answer("{" + ": '  " * 50_000),
        "scan_escaped_strings": answer('{"ner": [["' + '[\\"' * 60_000 + '"'),
        "scan_stray_quote": answer('{"' + '"]' * 90_000),
        "scan_entities": answer("&quot;" * 20 + "&abcdefghijklmnopqrstuvwxyzabcdef" * 6_000),
        "scan_long_number": answer("{&quot;ner&quot;: [[&quot;&#" + "9" * 5_000 + ";&quot;]]}"),
        "scan_surrogates": answer(OK) + "\ud83d" * 200_000,
        # the repair library: quadratic or worse within one value, or many values
        "repair_missing_commas": answer('{"ner": [' + '"a":' * 1_900 + "]}"),
        "repair_unclosed_strings": answer('["' + '}"' * 3_900 + "]"),
        "repair_bare_words": answer("[[" + '"a" b' * 1_500 + "]]"),
        "repair_single_quotes": answer("[" + "'1" * 3_900 + "]"),
        "repair_apostrophes": answer("{'" + "a'a'\"" * 1_500 + "'}"),
        "repair_long": answer('{"ner": [' + '["a" "b"],' * 20_000 + "]}"),
        "repair_many": answer(broken * 500),
        "repair_many_more": answer("{a}" * 60_000),
        "repair_many_long": answer(('{"ner": [["' + "x " * 100 + '" "b"]]}\n') * 500),
        "repair_empty_values": answer('{"ner": [{' + '"a":"b" , ' * 700 + "}]}"),
        # reasoning behind a right relation
        "reasoning_quotes_5mb": reasoned('"BERT" "x" ' * 450_000),
        "reasoning_distinct_quotes_5mb": reasoned(
            " ".join(f'"x{index}"' for index in range(500_000)) + ' "BERT" "NER"'
        ),
        "reasoning_words_in_words_5mb": reasoned("xBERTx xNERx used-for. " * 220_000),
        "reasoning_lines_5mb": reasoned("BERT used for\nNER is it\n" * 210_000),
        "reasoning_curly_2mb": reasoned("“BERT NER used for. " * 100_000),
        "reasoning_stops_2mb": reasoned("BERT NER" + ". " * 1_000_000),
        "near_entities_3mb": answer(json.dumps({"ner": [["BERT " * 190 + str(i), "Method"] for i in range(3_000)]})),
        # items
        "items_mappings_50k": section('{"text": "e#", "type": "Method"}', 50_000),
        "items_mappings_capital_50k": section('{"Text": "e#", "Type": "Method", "x": 1}', 50_000),
        "items_relations_30k": section('{"subject": "e#", "relation": "Used-For", "object": "NER"}', 30_000, "rel"),
        "items_typed_30k": section('["e#:Method", "Used-For", "NER:Task"]', 30_000, "rel_plus"),
        "items_null_200k": section("null", 200_000),
        "items_strings_100k": section('"e#:Method"', 100_000),
        "items_alone_50k": answer("[" + ",".join(['["BERT", "Method"]'] * 50_000) + "]"),
        "items_by_text_50k": answer('{"ner": {' + ",".join(f'"e{i}": "Task"' for i in range(50_000)) + "}}"),
        "items_keys_50k": answer("{" + ",".join(f'"k{i}": 1' for i in range(50_000)) + "}"),
        "items_big_numbers": answer('{"ner": [' + ",".join(["9" * 4_300] * 300) + "]}"),
        # matching: many candidates for the same gold items
        "match_near_20k": section('["BERT #", "Method"]', 20_000),
        "match_near_relations_10k": section('["BERT #", "Used-For", "NER #"]', 10_000, "rel"),
        "match_all_types_5k": section('["BERT", "T#"]', 5_000),
        "match_long_texts": section('["' + "BERT " * 2_000 + '#", "Method"]', 200),
    }


def measured(text: str) -> dict[str, float]:
    """Seconds to parse a completion, to parse and score it under every matcher, and to reward it in both profiles."""
    steps: dict[str, Callable[[], object]] = {"parse": lambda: parse_completion(text)}
    for matcher in MATCHERS:
        steps[f"score {matcher}"] = lambda matcher=matcher: score(GOLD, [text], match=matcher)  # type: ignore[misc]
    for reward in REWARDS:
        name = f"reward {reward.settings.profile}"
        steps[name] = lambda reward=reward: reward.score_one(text, EXAMPLE)  # type: ignore[misc]
    return {step: best(work) for step, work in steps.items()}


def best(work: Callable[[], object]) -> float:
    """Seconds of processor time, the best of several rounds."""
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least


def show(seconds: dict[str, dict[str, float]]) -> None:
    """Print milliseconds, what is too slow in red."""
    table = Table()
    table.add_column("case (ms)", no_wrap=True)
    for step in next(iter(seconds.values())):
        table.add_column(step.removeprefix("score "), justify="right", no_wrap=True)
    for name, row in seconds.items():
        cells = [f"{1e3 * value:.1f}" for value in row.values()]
        table.add_row(
            name,
            *(f"[red]{cell}[/]" if value > LIMIT else cell for cell, value in zip(cells, row.values(), strict=True)),
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
