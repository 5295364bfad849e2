"""How fast scoring is, next to the floor and to another evaluator, all in one run on one core.

The work: SciER test 16 times over with synthetic noise and about 150 words of reasoning per completion. The floor is
decoding only the JSON of the answers with pydantic_core; it is measured with the decoded values kept in a list, where
Python's garbage collector has to look after them, and with each dropped at once. Machines differ, so the ratios are the
result.

Run: ``python benchmarks/throughput.py`` (needs SCIIE_DATA_DIR or a fetched corpus, and nervaluate from the extra dev).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from pydantic_core import from_json
from record import measured_on, write_result
from rich.console import Console
from rich.table import Table
from synthetic import Answer, completion, noisy

from sciie_eval import Example, load_split, score
from sciie_eval.items import Items, items_of
from sciie_eval.matching import match
from sciie_eval.rules import MATCHERS, MatchRule
from sciie_eval.sides import sides

COPIES = 16
NOISE = 0.2
"""Share of wrong items: entity F1 is then near that of today's systems on SciER."""
WORDS = 150
ROUNDS = 3


def main() -> None:
    """Measure, print, and write benchmarks/results/throughput.json."""
    examples = load_split("scier", "test")
    rng = random.Random(1)
    answers = [noisy(example, NOISE, rng) for _ in range(COPIES) for example in examples]
    completions = [completion(answer, WORDS) for answer in answers]
    texts = [json.dumps(answer, ensure_ascii=False) for answer in answers]
    gold = examples * COPIES

    rows: dict[str, Callable[[], Any]] = {
        "floor: pydantic_core.from_json of the answers, values kept": lambda: [from_json(text) for text in texts],
        "floor: the same, each value dropped at once": lambda: _decode(texts),
        "strict, ner + rel + rel+, from raw completions": lambda: score(gold, completions),
        "all four ner matchers, on prepared items": _matching(gold, answers),
        "nervaluate, ner, its four schemes, on loaded entities": _nervaluate(gold, answers).evaluate,
        "all four ner matchers, items prepared on the way": _matching(gold, answers, prepare=True),
        "nervaluate, loading on the way": lambda: _nervaluate(gold, answers).evaluate(),
    }
    seconds = _best(rows)
    floor, floor_dropped, strict, matchers, other, matchers_all, other_all = seconds.values()
    ratios = {
        "strict scoring / floor with values kept (rate)": floor / strict,
        "strict scoring / floor with values dropped (rate)": floor_dropped / strict,
        "four ner matchers / nervaluate (rate)": other / matchers,
        "four ner matchers with preparation / nervaluate with loading (rate)": other_all / matchers_all,
        **_start_up(),
    }
    number = len(completions)
    result = {
        "measured_on": measured_on("nervaluate", "pydantic_core", "numpy", "scipy", "rapidfuzz"),
        "completions": number,
        "words_of_reasoning": sum(len(text.split("</think>")[0].split()) for text in completions) / number,
        "seconds": seconds,
        "microseconds_per_completion": {name: 1e6 * value / number for name, value in seconds.items()},
        "ratios": ratios,
    }
    _show(result)
    write_result("throughput", result)


def _best(rows: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The best of several rounds, the rows taking turns, so that noise of the machine hits all of them alike."""
    seconds = dict.fromkeys(rows, float("inf"))
    for _ in range(ROUNDS):
        for name, work in rows.items():
            start = time.process_time()
            work()
            seconds[name] = min(seconds[name], time.process_time() - start)
    return seconds


def _decode(texts: list[str]) -> None:
    for text in texts:
        from_json(text)


def _matching(gold: list[Example], answers: list[Answer], prepare: bool = False) -> Callable[[], Any]:
    """All four matchers; gold is prepared once a sentence, predictions before or while the clock runs."""
    rules = [MatchRule(match=name) for name in MATCHERS]
    prepared = {example.id: sides(items_of(example.gold), rules[0], ("ner",))["ner"] for example in gold}
    golds = [prepared[example.id] for example in gold]
    items = [Items(entities=[(text, kind) for text, kind in answer["ner"]]) for answer in answers]
    done = [sides(item, rules[0], ("ner",))["ner"] for item in items]

    def work() -> None:
        found = [sides(item, rules[0], ("ner",))["ner"] for item in items] if prepare else done
        for one, other in zip(golds, found, strict=True):
            for rule in rules:
                match(one, other, rule, "ner")

    return work


def _nervaluate(gold: list[Example], answers: list[Answer]) -> Any:
    """The evaluator, loaded; it wants offsets: every text is placed where it first occurs, both sides alike."""
    from nervaluate.evaluator import Evaluator

    true = [_placed(example.sentence, [(e.text, e.type) for e in example.gold.entities]) for example in gold]
    found = [
        _placed(example.sentence, [(text, kind) for text, kind in answer["ner"]])
        for example, answer in zip(gold, answers, strict=True)
    ]
    return Evaluator(true, found, tags=["Method", "Task", "Dataset"])


def _placed(sentence: str, entities: list[tuple[str, str]]) -> list[dict[str, Any]]:
    spans = []
    for text, kind in dict.fromkeys(entities):
        start = max(sentence.find(text), 0)
        spans.append({"label": kind, "start": start, "end": start + len(text)})
    return spans


def _start_up() -> dict[str, float]:
    """CPU time of starting up, against importing the libraries alone."""
    command = "from sciie_eval.cli import main; import sys; sys.argv = ['sciie-eval', 'score', *sys.argv[1:]]; main()"
    from sciie_eval.cards import load_card
    from sciie_eval.store import split_path

    test = str(split_path(load_card("scier"), "test"))
    scoring = ["-c", command, test, "--dataset", "scier", "--split", "test"]
    return {
        "import sciie_eval / import pydantic, numpy (CPU)": _cpu(["-c", "import sciie_eval"])
        / _cpu(["-c", "import pydantic, numpy"]),
        "sciie-eval score on SciER test / its imports (CPU)": _cpu(scoring)
        / _cpu(["-c", "import numpy, scipy.optimize, pydantic, rich, typer"]),
    }


def _cpu(arguments: list[str]) -> float:
    import resource

    best = float("inf")
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def _show(result: dict[str, Any]) -> None:
    table = Table(title=f"{result['completions']} completions, one core")
    table.add_column("what")
    table.add_column("µs each", justify="right")
    for name, value in result["microseconds_per_completion"].items():
        table.add_row(name, f"{value:.1f}")
    for name, value in result["ratios"].items():
        table.add_row(name, f"{value:.2f} x")
    Console().print(table)


if __name__ == "__main__":
    main()
