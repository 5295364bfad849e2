"""How fast scoring is, next to the floor and to another evaluator, all in one run on one core.

The work: SciER test 16 times over with synthetic noise and about 150 words of reasoning per completion. The floor is
decoding only the JSON of the answers with pydantic_core, each value dropped at once, as scoring does. The same with the
values kept in a list is reported beside it, but is no yardstick: how much Python's garbage collector adds to it depends
on what else is alive (the same code gave ratios from .22 to .97). Machines differ, so the ratios are the result.

Run: ``python benchmarks/throughput.py`` (needs SCIIE_DATA_DIR or a fetched corpus, and nervaluate from the extra dev).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

from pydantic_core import from_json
from record import measured_on, write_result
from rich.console import Console
from rich.table import Table
from synthetic import Answer, completion, noisy
from throughput_samples import measured_samples

from sciie_eval import Example, load_split, score
from sciie_eval.items import Items, items_of
from sciie_eval.matching import match
from sciie_eval.rules import MATCHERS, MatchRule
from sciie_eval.sides import sides

COPIES = 16
NOISES = (0.2, 0.4)
"""Shares of wrong items, all reported: the more is wrong, the more is left for the relaxed matchers to do."""
WORDS = 150
ROUNDS = 3


def main() -> None:
    """Measure, print, and write benchmarks/results/throughput.json."""
    number = COPIES * len(load_split("scier", "test"))
    result: dict[str, Any] = {
        "measured_on": measured_on("nervaluate", "pydantic_core", "numpy", "scipy", "rapidfuzz"),
        "completions": number,
        "start_up": _start_up(),
        "by_noise": {str(noise): _compared(noise, number) for noise in NOISES},
        "samples": measured_samples(),
    }
    for noise, found in result["by_noise"].items():
        _show(f"{number} completions, noise {noise}, one core", found)
    for name, value in result["start_up"].items():
        print(f"{value:.2f} x  {name}")
    write_result("throughput", result)


def _compared(noise: float, number: int) -> dict[str, dict[str, float]]:
    """Every row at one level of noise, and the ratios."""
    seconds = dict.fromkeys(ROWS, float("inf"))
    for _ in range(ROUNDS):
        for name in ROWS:  # the rows take turns, so that noise of the machine hits all of them alike
            with get_context("spawn").Pool(1) as fresh:
                seconds[name] = min(seconds[name], fresh.apply(_measured, (name, noise)))
    kept, dropped, strict, matchers, other, matchers_all, other_all = seconds.values()
    return {
        "microseconds_per_completion": {name: 1e6 * value / number for name, value in seconds.items()},
        "ratios": {
            "strict scoring / floor, values dropped (rate)": dropped / strict,
            "strict scoring / floor, values kept (rate, unstable)": kept / strict,
            "four ner matchers / nervaluate (rate)": other / matchers,
            "four ner matchers with preparation / nervaluate with loading (rate)": other_all / matchers_all,
        },
    }


class Work:
    """The inputs, and what each row does with them."""

    def __init__(self, noise: float) -> None:
        examples = load_split("scier", "test")
        rng = random.Random(1)
        self.answers = [noisy(example, noise, rng) for _ in range(COPIES) for example in examples]
        self.texts = [json.dumps(answer, ensure_ascii=False) for answer in self.answers]
        self.gold = examples * COPIES

    def floor_kept(self) -> Callable[[], Any]:
        """Decode every answer and keep the values."""
        texts = self.texts
        return lambda: [from_json(text) for text in texts]

    def floor_dropped(self) -> Callable[[], Any]:
        """Decode every answer and drop each value at once."""
        texts = self.texts

        def work() -> None:
            for text in texts:
                from_json(text)

        return work

    def strict(self) -> Callable[[], Any]:
        """Score raw completions."""
        gold, completions = self.gold, [completion(answer, WORDS) for answer in self.answers]
        return lambda: score(gold, completions)

    def matchers(self) -> Callable[[], Any]:
        """All four matchers on prepared items."""
        return _matching(self.gold, self.answers)

    def matchers_with_preparation(self) -> Callable[[], Any]:
        """All four matchers, the predicted items prepared while the clock runs."""
        return _matching(self.gold, self.answers, prepare=True)

    def nervaluate(self) -> Callable[[], Any]:
        """The other evaluator on loaded entities."""
        evaluator = _nervaluate(self.gold, self.answers)
        return lambda: evaluator.evaluate()

    def nervaluate_with_loading(self) -> Callable[[], Any]:
        """The other evaluator, loading while the clock runs."""
        return lambda: _nervaluate(self.gold, self.answers).evaluate()


ROWS: dict[str, Callable[[Work], Callable[[], Any]]] = {
    "floor: from_json of the answers, values kept": Work.floor_kept,
    "floor: from_json of the answers, values dropped": Work.floor_dropped,
    "strict, ner + rel + rel+, from raw completions": Work.strict,
    "four ner matchers, on prepared items": Work.matchers,
    "nervaluate, its four schemes, on loaded entities": Work.nervaluate,
    "four ner matchers, preparing the items": Work.matchers_with_preparation,
    "nervaluate, loading the entities": Work.nervaluate_with_loading,
}


def _measured(name: str, noise: float) -> float:
    """CPU seconds of one row, the best of two, in a process of its own: no row has to carry another's garbage."""
    work = ROWS[name](Work(noise))
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def _matching(gold: list[Example], answers: list[Answer], prepare: bool = False) -> Callable[[], Any]:
    """All four matchers; gold is prepared once a sentence, predictions before or while the clock runs."""
    rules = [MatchRule(match=name) for name in MATCHERS]
    prepared = {example.id: sides(items_of(example.gold), rules[0], ("ner",))["ner"] for example in gold}
    golds = [prepared[example.id] for example in gold]
    items = [Items(entities=[(text, kind) for text, kind in answer["ner"]]) for answer in answers]
    done = None if prepare else [sides(item, rules[0], ("ner",))["ner"] for item in items]

    def work() -> None:
        found = done or (sides(item, rules[0], ("ner",))["ner"] for item in items)
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


def _show(title: str, result: dict[str, dict[str, float]]) -> None:
    table = Table(title=title)
    table.add_column("what")
    table.add_column("µs each", justify="right")
    for name, value in result["microseconds_per_completion"].items():
        table.add_row(name, f"{value:.1f}")
    for name, value in result["ratios"].items():
        table.add_row(name, f"{value:.2f} x")
    Console().print(table)


if __name__ == "__main__":
    main()
