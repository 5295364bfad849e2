"""How fast scoring is, next to the floor and to another evaluator, all in one run on one core.

The work: 16 completions a sentence of SciER test, one behind the other as samples and GRPO groups come, with synthetic
noise and about 150 words of reasoning each. (With the whole split 16 times over instead, a sentence's gold has left the
processor's cache when it comes again: strict scoring then takes 10 to 20 % longer, the reward about 30 %.) The floor is
decoding only the JSON of the answers with pydantic_core, each value dropped at once, as scoring does. The same with the
values kept in a list is reported beside it, but is no yardstick: how much Python's garbage collector adds to it depends
on what else is alive (the same code gave ratios from .22 to .97). Machines differ, so the ratios are the result.

Both evaluators deliver what four ways of matching give over the whole corpus: overall counts and counts by type (the
other does not go without the latter; what ours costs without them is reported beside it). Each pass of the matchers is
over answers that they have not seen: a second pass over the same would find their tokens kept.

Run: ``python benchmarks/throughput.py`` (needs SCIIE_DATA_DIR or a fetched corpus, and nervaluate from the extra dev).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from multiprocessing import get_context
from operator import itemgetter
from typing import Any

from pydantic_core import from_json
from record import measured_on, write_result
from rich.console import Console
from rich.table import Table
from synthetic import Answer, completion, noisy
from throughput_samples import measured_samples

from sciie_eval import load_split, score
from sciie_eval.counting import Counts
from sciie_eval.items import Items, items_of
from sciie_eval.matching import Pairer
from sciie_eval.parsing import parse_completion
from sciie_eval.rules import MATCHERS, MatchRule
from sciie_eval.sides import Side, sides
from sciie_rewards import r2_reward

COPIES = 16
NOISES = (0.2, 0.4)
"""Shares of wrong items, all reported: the more is wrong, the more is left for the relaxed matchers to do."""
WORDS = 150
ROUNDS = 3
CHUNK = 64
"""Sentences whose labels are counted at once: few enough that what was matched is still in the processor's cache."""


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
    kept, dropped, strict, matchers, overall, other, matchers_all, other_all, *rewards = seconds.values()
    return {
        "microseconds_per_completion": {name: 1e6 * value / number for name, value in seconds.items()},
        "ratios": {
            "strict scoring / floor, values dropped (rate)": dropped / strict,
            "r2_reward, gold as JSON / floor, values dropped (rate)": dropped / rewards[0],
            "r2_reward, gold as columns / floor, values dropped (rate)": dropped / rewards[1],
            "strict scoring / floor, values kept (rate, unstable)": kept / strict,
            "four ner matchers / nervaluate (rate)": other / matchers,
            "four ner matchers, overall counts alone / nervaluate (rate)": other / overall,
            "four ner matchers with preparation / nervaluate with loading (rate)": other_all / matchers_all,
        },
    }


class Work:
    """The inputs, and what each row does with them."""

    def __init__(self, noise: float) -> None:
        self.noise = noise
        self.gold = [example for example in load_split("scier", "test") for _ in range(COPIES)]
        self.answers = self.drawn(1)
        self.texts = [json.dumps(answer, ensure_ascii=False) for answer in self.answers]

    def drawn(self, seed: int) -> list[Answer]:
        """Noisy answers, one a sentence."""
        rng = random.Random(seed)
        return [noisy(example, self.noise, rng) for example in self.gold]

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
        """All four matchers on prepared items: counts by type."""
        return _matching(self, _counts_by_type)

    def matchers_overall(self) -> Callable[[], Any]:
        """The same: overall counts alone."""
        return _matching(self, _overall_counts)

    def matchers_with_preparation(self) -> Callable[[], Any]:
        """All four matchers, the items prepared while the clock runs, gold once a sentence."""
        return _matching(self, _counts_by_type, prepare=True)

    def nervaluate(self) -> Callable[[], Any]:
        """The other evaluator on loaded entities."""
        evaluator = _nervaluate(*_located(self))
        return lambda: evaluator.evaluate()

    def nervaluate_with_loading(self) -> Callable[[], Any]:
        """The other evaluator, loading while the clock runs."""
        true, found = _located(self)
        return lambda: _nervaluate(true, found).evaluate()

    def reward(self) -> Callable[[], Any]:
        """The R² reward of raw completions, gold as the JSON strings of a dataset column."""
        completions = [completion(answer, WORDS) for answer in self.answers]
        gold = [json.dumps(example.to_row()) for example in self.gold]
        return lambda: r2_reward(completions, gold=gold)

    def reward_of_columns(self) -> Callable[[], Any]:
        """The same with SciER's own columns."""
        completions = [completion(answer, WORDS) for answer in self.answers]
        rows = [example.to_row() for example in self.gold]
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in ("sentence", "ner", "rel")}
        return lambda: r2_reward(completions, **columns)


ROWS: dict[str, Callable[[Work], Callable[[], Any]]] = {
    "floor: from_json of the answers, values kept": Work.floor_kept,
    "floor: from_json of the answers, values dropped": Work.floor_dropped,
    "strict, ner + rel + rel+, from raw completions": Work.strict,
    "four ner matchers, on prepared items": Work.matchers,
    "four ner matchers, on prepared items, overall counts alone": Work.matchers_overall,
    "nervaluate, its four schemes, on loaded entities": Work.nervaluate,
    "four ner matchers, preparing the items": Work.matchers_with_preparation,
    "nervaluate, loading the entities": Work.nervaluate_with_loading,
    "r2_reward, from raw completions, gold as JSON": Work.reward,
    "r2_reward, from raw completions, gold as columns": Work.reward_of_columns,
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


Sides = tuple[Side, Side]
"""Gold and prediction of one sentence."""


def _matching(work: Work, count: Callable[[Pairer, Iterable[Sides]], Any], prepare: bool = False) -> Callable[[], Any]:
    """All four matchers, each pass over other answers; what the parser gave is prepared before or while the clock runs.

    Gold is prepared once a sentence, as scoring does.
    """
    rules = [MatchRule(match=name) for name in MATCHERS]
    pairer = Pairer(rules, "ner")
    names = [example.id for example in work.gold]
    golds = {example.id: items_of(example.gold) for example in work.gold}

    def prepared(items: Items) -> Side:
        return sides(items, rules[0], ("ner",))["ner"]

    def both(predicted: list[Items]) -> Iterator[Sides]:
        gold = {name: prepared(items) for name, items in golds.items()}
        for name, items in zip(names, predicted, strict=True):
            yield gold[name], prepared(items)

    unseen = [both(_parsed(answers)) for answers in (work.answers, work.drawn(2))]
    passes = iter(unseen if prepare else [list(sentences) for sentences in unseen])
    return lambda: count(pairer, next(passes))


def _overall_counts(pairer: Pairer, both: Iterable[Sides]) -> list[Counts]:
    """What was matched, predicted and gold, under each rule."""
    tp, n_pred, n_gold = [0] * len(MATCHERS), 0, 0
    for gold, predicted in both:
        exact, found = pairer.pairs(gold, predicted)
        n_exact = len(exact)
        n_pred += predicted.n
        n_gold += gold.n
        for number, pairs in enumerate(found):
            tp[number] += n_exact + len(pairs)
    return [Counts(matched, n_pred, n_gold) for matched in tp]


def _counts_by_type(pairer: Pairer, both: Iterable[Sides]) -> list[dict[str, Counts]]:
    """The same for every type: a matched prediction is filed under the type of its gold item."""
    gold, predicted, exact = Counter[str](), Counter[str](), Counter[str]()
    found: list[Counter[tuple[str, str]]] = [Counter() for _ in MATCHERS]
    matched = ((one, two, *pairer.pairs(one, two)) for one, two in both)
    while chunk := list(islice(matched, CHUNK)):
        golds, others, equal, pairs = zip(*chunk, strict=True)
        gold.update(chain.from_iterable(side.labels() for side in golds))
        predicted.update(chain.from_iterable(side.labels() for side in others))
        exact.update(map(itemgetter(1), chain.from_iterable(equal)))
        for labels, made in zip(found, zip(*pairs, strict=True), strict=True):
            labels.update((one[1], two[1]) for one, two, _, _ in chain.from_iterable(made))
    return [_filed(gold, predicted, exact, labels) for labels in found]


def _filed(
    gold: Counter[str], predicted: Counter[str], exact: Counter[str], labels: Counter[tuple[str, str]]
) -> dict[str, Counts]:
    """Counts by type under one rule; ``labels`` are those of the gold and the predicted item of every pair."""
    tp, n_pred = exact.copy(), predicted.copy()
    for (right, said), number in labels.items():
        tp[right] += number
        n_pred[right] += number
        n_pred[said] -= number
    return {kind: Counts(tp[kind], n_pred[kind], gold[kind]) for kind in gold | predicted}


def _located(work: Work) -> tuple[Any, Any]:
    """What the other evaluator loads; it wants offsets: each text is placed where it first occurs, both sides alike."""
    true = [_placed(example.sentence, [(e.text, e.type) for e in example.gold.entities]) for example in work.gold]
    found = [
        _placed(example.sentence, items.entities)
        for example, items in zip(work.gold, _parsed(work.answers), strict=True)
    ]
    return true, found


def _parsed(answers: list[Answer]) -> list[Items]:
    """What both evaluators are given: the items as they are read from completions."""
    return [parse_completion(completion(answer, 0)).items for answer in answers]


def _nervaluate(true: Any, found: Any) -> Any:
    """The other evaluator, loaded."""
    from nervaluate.evaluator import Evaluator

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
