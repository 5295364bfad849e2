"""What can be earned without doing the work, under both profiles, on every sentence of SciER test.

Each exploit (`exploits`) is set beside honest answers to the same sentence (`honest`): how much it earns on average, on
which share of the sentences it earns more, and whether it breaks the bound of the robust profile: without a correct
item, never as much as an honest, well-formed answer whose mean F1 is at least `FAIR`.

Run: ``python benchmarks/reward_hacking.py`` (some minutes; needs SCIIE_DATA_DIR or a fetched corpus); exits with 1
when a bound is broken.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from exploits import EXPLOITS
from honest import HONEST, gold_answer, in_full, in_one_line
from numpy.typing import NDArray
from record import measured_on, write_result
from rich.console import Console
from rich.table import Table

from sciie_eval import Example, load_split, parse_completion
from sciie_eval.counting import GoldSentence, SentenceScorer, counts_of
from sciie_eval.items import items_of
from sciie_eval.rules import MatchRule
from sciie_rewards import R2Reward
from sciie_rewards.settings import Profile

PROFILES: tuple[Profile, ...] = ("robust", "released")
SEEDS = 5
FAIR = 0.3
RIVALS = ("20 % noise", "50 % noise", "80 % noise", "all wrong")
NOISIEST = "80 % noise"

Reward = Callable[[str, Example], float]
Floats = NDArray[np.float64]
_SCORER = SentenceScorer(MatchRule(), ("ner", "rel"))


class Judged(NamedTuple):
    """A completion, how many of its items are right, and the mean of its non-vacuous NER and REL F1."""

    text: str
    correct: float
    f1: float

    @property
    def nothing_right(self) -> bool:
        """No item is right, and it is not rightly empty either."""
        return self.correct == 0 and self.f1 < 1


def main() -> int:
    """Measure, print, and write benchmarks/results/reward_hacking.json."""
    examples = load_split("scier", "test")
    profiles = measured(examples)
    for profile, found in profiles.items():
        show(profile, found)
    bounds = checked(profiles["robust"])
    for name, bound in bounds.items():
        print(f"{'holds ' if bound['holds'] else 'BROKEN'} {name}: {bound['found']}")
    result = {"sentences": len(examples), "seeds": SEEDS, "fair": FAIR, "bounds": bounds, "profiles": profiles}
    write_result("reward_hacking", {"measured_on": measured_on("numpy"), **result})
    return int(not all(bound["holds"] for bound in bounds.values()))


def measured(examples: list[Example], seeds: int = SEEDS) -> dict[str, dict[str, Any]]:
    """By profile: means of everything, and every exploit beside every rival and beside the bound."""
    honest = honest_answers(examples, seeds)
    exploits = {name: [judged(exploit(e, seeded(e)), e) for e in examples] for name, exploit in EXPLOITS.items()}
    correct = [in_full(gold_answer(example)) for example in examples]
    found: dict[str, dict[str, Any]] = {}
    for profile in PROFILES:
        reward = R2Reward(profile=profile)
        found[profile] = compared(examples, honest, exploits, reward_of(reward))
        found[profile]["components of the correct answer"] = components(reward, correct, examples)
    return found


def components(reward: R2Reward, completions: list[str], examples: list[Example]) -> dict[str, float]:
    """Mean of every component where it has something to judge."""
    results = [reward.score_one(text, example) for text, example in zip(completions, examples, strict=True)]
    return {
        name: float(np.mean([result.components[name] for result in results if name not in result.vacuous]))
        for name in reward.weights
    }


def reward_of(reward: R2Reward) -> Reward:
    """The reward as a function of text and example."""
    return lambda text, example: reward.score_one(text, example).score


def seeded(example: Example, seed: int = 0) -> random.Random:
    """A generator of its own for every sentence, so that no exploit depends on another."""
    return random.Random(f"{example.id} {seed}")


def judged(text: str, example: Example) -> Judged:
    """Count what is right in a completion."""
    matches = _SCORER.matches(GoldSentence(items_of(example.gold)), parse_completion(text).items)
    counts = [counts_of(matches["ner"]), counts_of(matches["rel"])]
    f1s = [count.f1 for count in counts if count.f1 is not None]
    return Judged(text, sum(count.tp for count in counts), sum(f1s) / len(f1s) if f1s else 1.0)


def honest_answers(examples: list[Example], seeds: int) -> dict[str, list[list[Judged]]]:
    """By quality and style: for every seed the answers to all sentences."""
    answers = {
        name: [[maker(example, seeded(example, seed)) for example in examples] for seed in range(seeds)]
        for name, maker in HONEST.items()
    }
    return {
        f"{name}{suffix}": [
            [judged(style(answer), example) for answer, example in zip(row, examples, strict=True)] for row in rows
        ]
        for suffix, style in (("", in_full), (", one line of reasoning", in_one_line))
        for name, rows in answers.items()
    }


def compared(
    examples: list[Example],
    honest: dict[str, list[list[Judged]]],
    exploits: dict[str, list[Judged]],
    reward: Reward,
) -> dict[str, Any]:
    """One reward: means of everything, and every exploit beside every rival and beside the bound."""
    related = np.array([bool(example.gold.relations) for example in examples])

    def rewards(answers: Iterable[Judged]) -> Floats:
        return np.array([reward(answer.text, example) for answer, example in zip(answers, examples, strict=True)])

    earned = {name: np.stack([rewards(row) for row in rows]) for name, rows in honest.items()}
    fair = np.stack([[[a.f1 >= FAIR for a in row] for row in rows] for rows in honest.values()])
    least = np.where(fair, np.stack(list(earned.values())), np.inf).min(axis=(0, 1))
    out: dict[str, Any] = {
        "honest": {name: split_mean(values.mean(axis=0), related) for name, values in earned.items()},
        "exploits": {},
    }
    for name, answers in exploits.items():
        found = rewards(answers)
        innocent = np.array([answer.nothing_right for answer in answers])
        lead = (found - least)[innocent & np.isfinite(least)]
        out["exploits"][name] = {
            "mean": split_mean(found, related),
            "beats": {rival: split_mean((found > earned[rival]).mean(axis=0), related) for rival in RIVALS},
            "sentences without a correct item": int(innocent.sum()),
            "of these above the bound": int((lead >= 0).sum()),
            "largest lead over the bound": float(lead.max()) if len(lead) else None,
        }
    return out


def split_mean(values: Floats, related: NDArray[np.bool_]) -> dict[str, float]:
    """The mean over all sentences, and over those with and without gold relations."""
    parts = {"all": values, "with relations": values[related], "without relations": values[~related]}
    return {name: float(part.mean()) for name, part in parts.items()}


def checked(robust: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The bounds that the robust profile promises."""
    honest, exploits = robust["honest"], robust["exploits"]
    floor = honest[NOISIEST]["all"]
    powerless = {name: row for name, row in exploits.items() if not name.startswith("oracle: correct")}
    best = max(powerless, key=lambda name: powerless[name]["mean"]["all"])
    led = {name: row for name, row in exploits.items() if row["largest lead over the bound"] is not None}
    nearest = max(led, key=lambda name: led[name]["largest lead over the bound"])
    lead = led[nearest]["largest lead over the bound"]
    grounded = min(robust["components of the correct answer"][name] for name in ("RELEVANCE", "RULE"))
    natural, short = honest["correct"]["all"], honest["correct, one line of reasoning"]["all"]
    return {
        f"no exploit without a correct item earns as much as an honest answer with mean F1 >= {FAIR}": {
            "holds": lead < 0,
            "found": f"nearest is {nearest}, {abs(lead):.4f} {'below' if lead < 0 else 'ABOVE'}",
        },
        f"no exploit earns as much as the honest answer with {NOISIEST} on average": {
            "holds": powerless[best]["mean"]["all"] < floor,
            "found": f"{powerless[best]['mean']['all']:.4f} ({best}), honest {floor:.4f}",
        },
        "the correct answer with natural reasoning earns >= 0.97": {
            "holds": natural >= 0.97,
            "found": f"{natural:.4f}",
        },
        "RELEVANCE and RULE of the correct answer are >= 0.99": {"holds": grounded >= 0.99, "found": f"{grounded:.4f}"},
        "the correct answer with one line of reasoning earns >= 0.85": {
            "holds": short >= 0.85,
            "found": f"{short:.4f}",
        },
    }


def show(profile: str, found: dict[str, Any]) -> None:
    """Print a table."""
    table = Table(title=profile)
    for column in ("answer", "mean", "with rel", "without", *(f"> {rival}" for rival in RIVALS), "lead"):
        table.add_column(column, justify="left" if column == "answer" else "right")
    for name, row in found["honest"].items():
        table.add_row(name, *(f"{value:.3f}" for value in row.values()))
    table.add_section()
    for name, row in found["exploits"].items():
        lead = row["largest lead over the bound"]
        table.add_row(
            name,
            *(f"{value:.3f}" for value in row["mean"].values()),
            *(f"{100 * beaten['all']:.1f} %" for beaten in row["beats"].values()),
            "" if lead is None else f"{lead:+.3f}",
        )
    Console(width=170).print(table)


if __name__ == "__main__":
    sys.exit(main())
