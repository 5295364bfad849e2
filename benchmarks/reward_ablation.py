"""What each component of the robust reward is for, and how much its weight matters.

Groups of eight answers of known quality are made for every sentence of SciER test (`synthetic.noisy` at rising noise;
half of them reason in one line only). A reward is good when it orders them as their true F1 does, and when exploits
(`exploits`) earn little of it. Each component is left out, and each weight halved and doubled; weights are scaled to
sum 1 again. True F1 is the mean of the non-vacuous NER and REL F1.

Run: ``python benchmarks/reward_ablation.py`` (some minutes; needs SCIIE_DATA_DIR or a fetched corpus).
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from exploits import EXPLOITS
from honest import gold_answer, in_full, in_one_line, off_by_one, wrong
from record import measured_on, write_result
from reward_hacking import FAIR, Floats, Judged, judged, reward_of, seeded
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr
from synthetic import MALFORMATIONS, noisy, reasoning

from sciie_eval import Example, load_split
from sciie_rewards import R2Reward, r2_weights
from sciie_rewards.components import COMPONENTS

NOISES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
NAMES = tuple(component.name for component in COMPONENTS)
BROKEN = "trailing comma"
"""The malformation that shows what FORMAT pays for: everything can be read, after a repair."""

Weights = dict[str, float]


class Material(NamedTuple):
    """What every reward is tried on: one entry a sentence each.

    Attributes:
        examples: the sentences.
        groups: eight answers of rising noise each.
        pairs: by what they differ in, a better and a worse completion each.
        exploits: by name, completions.
    """

    examples: list[Example]
    groups: list[list[Judged]]
    pairs: dict[str, list[tuple[str, str]]]
    exploits: dict[str, list[Judged]]


def main() -> None:
    """Measure, print, and write benchmarks/results/reward_ablation.json."""
    material = made(load_split("scier", "test"))
    found = {name: measured(weights, material) for name, weights in variants().items()}
    show(found)
    gains = {
        name: {
            exploit: found[f"without {name}"]["exploits"][exploit] - value
            for exploit, value in found["default"]["exploits"].items()
        }
        for name in NAMES
    }
    result = {"sentences": len(material.examples), "noises": NOISES, "variants": found, "gain_when_left_out": gains}
    write_result("reward_ablation", {"measured_on": measured_on("numpy", "scipy"), **result})


def variants() -> dict[str, Weights]:
    """The weights that are tried, by name."""
    default = dict(zip(NAMES, r2_weights(), strict=True))
    out = {"default": default, "equal weights": dict.fromkeys(NAMES, 1.0)}
    out["NER and REL alone"] = {name: default[name] if name in ("NER", "REL") else 0.0 for name in NAMES}
    for label, factor in (("without", 0.0), ("half", 0.5), ("double", 2.0)):
        out |= {f"{label} {name}": {**default, name: factor * default[name]} for name in NAMES}
    return out


def made(examples: list[Example]) -> Material:
    """Write all completions."""
    groups = [
        [
            judged((in_full if rng.random() < 0.5 else in_one_line)(noisy(example, noise, rng)), example)
            for noise in NOISES
        ]
        for example in examples
        for rng in [seeded(example)]
    ]
    pairs: dict[str, list[tuple[str, str]]] = {"well-formed, repaired": [], "reasoned, one line": [], "near, wrong": []}
    for example in examples:
        gold = gold_answer(example)
        near, far = off_by_one(example, seeded(example)), wrong(example, seeded(example))
        pairs["well-formed, repaired"].append((in_full(gold), MALFORMATIONS[BROKEN](gold, reasoning(gold, 0))))
        pairs["reasoned, one line"].append((in_full(gold), in_one_line(gold)))
        pairs["near, wrong"].append((in_one_line({**near, "rel": []}), in_one_line({**far, "rel": []})))
    exploits = {name: [judged(exploit(e, seeded(e)), e) for e in examples] for name, exploit in EXPLOITS.items()}
    return Material(examples, groups, pairs, exploits)


def measured(weights: Weights, material: Material) -> dict[str, Any]:
    """How good a reward with these weights is."""
    reward, examples = reward_of(R2Reward(weights=weights)), material.examples
    groups = np.array([[reward(a.text, e) for a in group] for group, e in zip(material.groups, examples, strict=True)])
    truth = np.array([[answer.f1 for answer in group] for group in material.groups])
    exploits, above = {}, 0
    fair = np.where(truth >= FAIR, groups, np.inf).min(axis=1)
    for name, answers in material.exploits.items():
        earned = np.array([reward(answer.text, example) for answer, example in zip(answers, examples, strict=True)])
        exploits[name] = float(earned.mean())
        above += int(((earned >= fair) & np.array([answer.nothing_right for answer in answers])).sum())
    return {
        "weights": weights,
        "rank correlation with F1": float(spearmanr(groups.ravel(), truth.ravel()).statistic),
        "pairs of a group in the order of F1": ordered(groups, truth),
        "answers of equal F1 told apart": told_apart(groups, truth),
        "gap": {
            name: float(np.mean([reward(a, e) - reward(b, e) for (a, b), e in zip(pairs, examples, strict=True)]))
            for name, pairs in material.pairs.items()
        },
        "exploits": exploits,
        "exploits above the bound": above,
    }


def ordered(groups: Floats, truth: Floats) -> float:
    """Share of the pairs within a sentence, of different F1, that the reward orders alike; a tie counts half."""
    right = total = 0.0
    for one, two in combinations(range(groups.shape[1]), 2):
        sign = np.sign(truth[:, one] - truth[:, two])
        agree = sign * np.sign(groups[:, one] - groups[:, two])
        total += np.count_nonzero(sign)
        right += np.sum((agree[sign != 0] + 1) / 2)
    return float(right / total)


def told_apart(groups: Floats, truth: Floats) -> float:
    """Share of the pairs within a sentence, of equal F1 below 1, whose rewards differ: what F1 alone cannot teach."""
    apart = total = 0.0
    for one, two in combinations(range(groups.shape[1]), 2):
        tie = (truth[:, one] == truth[:, two]) & (truth[:, one] < 1)
        total += np.count_nonzero(tie)
        apart += np.count_nonzero(tie & (abs(groups[:, one] - groups[:, two]) > 1e-12))
    return apart / total


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print a table."""
    table = Table(title="robust reward")
    gaps = list(found["default"]["gap"])
    for column in ("weights", "rank corr.", "ordered", "apart", *gaps, "worst exploit", "above bound"):
        table.add_column(column, justify="left" if column == "weights" else "right")
    for name, row in found.items():
        worst = max(value for name, value in row["exploits"].items() if not name.startswith("oracle: correct"))
        table.add_row(
            name,
            f"{row['rank correlation with F1']:.4f}",
            f"{100 * row['pairs of a group in the order of F1']:.2f} %",
            f"{100 * row['answers of equal F1 told apart']:.1f} %",
            *(f"{row['gap'][gap]:+.3f}" for gap in gaps),
            f"{worst:.3f}",
            str(row["exploits above the bound"]),
        )
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
