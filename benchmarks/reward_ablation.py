"""What each component of the robust reward is for, and how much its weight matters, over several seeds.

Groups of eight answers of known quality are made for every sentence of SciER test (`synthetic.noisy` at rising noise;
half of them reason in one line only), anew for every seed. A reward is good when it orders them as their true F1 does,
and when exploits (`exploits`) earn little of it. Each component is left out, and each weight halved and doubled;
weights are scaled to sum 1 again. True F1 is the mean of the non-vacuous NER and REL F1.

Figures are means over the seeds; intervals are Student t over them, 95 %, also of the difference from the default
weights on the same answers. They say what other answers to these sentences would give, not what other sentences would.

Every completion is scored once: its components do not depend on the weights (`Valued`).

Run: ``python benchmarks/reward_ablation.py`` (1.5 minutes of one core; needs SCIIE_DATA_DIR or a fetched corpus).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from exploits import EXPLOITS
from honest import gold_answer, in_full, in_one_line, off_by_one, wrong
from numpy.typing import NDArray
from record import measured_on, write_result
from reward_hacking import FAIR, Floats, judged, seeded
from rich.console import Console
from rich.table import Table
from scipy.special import stdtrit
from scipy.stats import spearmanr
from synthetic import MALFORMATIONS, noisy, reasoning

from sciie_eval import Example, load_split
from sciie_rewards import R2Reward, r2_weights
from sciie_rewards.components import COMPONENTS

NOISES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
NAMES = tuple(component.name for component in COMPONENTS)
BROKEN = "trailing comma"
"""The malformation that shows what FORMAT pays for: everything can be read, after a repair."""
RANKS = "rank correlation with F1"
ORDERED = "pairs of a group in the order of F1"
APART = "answers of equal F1 told apart"
MEASURES = (RANKS, ORDERED, APART)
REWARD = R2Reward()

SEEDS = 5

Weights = dict[str, float]


class Valued(NamedTuple):
    """Completions by what does not depend on the weights.

    Attributes:
        values: (n, 6) components, NaN where one is vacuous.
        scaled: (n,) whether vacuous components are left out; elsewhere they count as 0.
    """

    values: Floats
    scaled: NDArray[np.bool_]

    def rewards(self, weights: Weights) -> Floats:
        """(n,) what `R2Reward` with these weights gives, to twelve decimals: what is equal ties, whatever the sums."""
        shares = np.array([weights[name] for name in NAMES]) / sum(weights.values())
        there = ~np.isnan(self.values)
        earned = np.where(there, self.values, 0.0) @ shares
        possible = there @ shares
        scaled = np.divide(earned, possible, out=np.ones_like(earned), where=possible > 0)
        return np.where(self.scaled, scaled, earned).round(12)


class Material(NamedTuple):
    """What every reward is tried on.

    Attributes:
        groups: eight answers of rising noise a sentence, one sentence after the other.
        truth: (n_sentences, 8) their F1.
        pairs: by what they differ in, the better and the worse completion of every sentence.
        exploits: by name, one completion a sentence, and whether nothing in it is right.
    """

    groups: Valued
    truth: Floats
    pairs: dict[str, tuple[Valued, Valued]]
    exploits: dict[str, tuple[Valued, NDArray[np.bool_]]]


def main() -> None:
    """Measure, print, and write benchmarks/results/reward_ablation.json."""
    examples = load_split("scier", "test")
    found = ablation(examples, SEEDS)
    show(found)
    gains = {
        name: {
            exploit: found[f"without {name}"]["exploits"][exploit] - value
            for exploit, value in found["default"]["exploits"].items()
        }
        for name in NAMES
    }
    result = {"sentences": len(examples), "seeds": SEEDS, "noises": NOISES, "variants": found}
    measured = measured_on("numpy", "scipy")
    write_result("reward_ablation", {"measured_on": measured, **result, "gain_when_left_out": gains})


def ablation(examples: list[Example], seeds: int) -> dict[str, dict[str, Any]]:
    """All measures of all weights, over seeds."""
    tried = variants()
    by_seed: dict[str, list[dict[str, Any]]] = {name: [] for name in tried}
    for seed in range(seeds):
        material = made(examples, seed)
        for name, weights in tried.items():
            by_seed[name].append(measured(weights, material))
    return {name: {"weights": tried[name], **summed_up(rows, by_seed["default"])} for name, rows in by_seed.items()}


def summed_up(rows: list[dict[str, Any]], default: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds, with intervals, and those of the difference from the default weights."""
    out: dict[str, Any] = {"gap": {}, "exploits": {}}
    out["exploits above the bound"] = sum(row["exploits above the bound"] for row in rows)
    out["interval"], out["difference from default"] = {}, {}
    for name in MEASURES:
        values, before = ([row[name] for row in some] for some in (rows, default))
        out[name], *out["interval"][name] = over_seeds(values)
        mean, low, high = over_seeds([one - two for one, two in zip(values, before, strict=True)])
        out["difference from default"][name] = {"mean": mean, "low": low, "high": high}
    for part in ("gap", "exploits"):
        for name in rows[0][part]:
            out[part][name] = over_seeds([row[part][name] for row in rows])[0]
    return out


def over_seeds(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95 % Student t interval; of one value itself."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, mean, mean
    half = float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def variants() -> dict[str, Weights]:
    """The weights that are tried, by name."""
    default = dict(zip(NAMES, r2_weights(), strict=True))
    out = {"default": default, "equal weights": dict.fromkeys(NAMES, 1.0)}
    out["NER and REL alone"] = {name: default[name] if name in ("NER", "REL") else 0.0 for name in NAMES}
    for label, factor in (("without", 0.0), ("half", 0.5), ("double", 2.0)):
        out |= {f"{label} {name}": {**default, name: factor * default[name]} for name in NAMES}
    return out


def valued(completions: Iterable[tuple[str, Example]]) -> Valued:
    """Score completions once for all weights."""
    values, scaled = [], []
    for text, example in completions:
        result = REWARD.score_one(text, example)
        values.append([np.nan if name in result.vacuous else result.components[name] for name in NAMES])
        scaled.append(any(result.components[name] > 0 for name in result.vacuous))  # what stands in is the reward
    return Valued(np.array(values, dtype=np.float64), np.array(scaled, dtype=np.bool_))


def made(examples: list[Example], seed: int) -> Material:
    """Write and score all completions."""
    groups = [
        [
            judged((in_full if rng.random() < 0.5 else in_one_line)(noisy(example, noise, rng)), example)
            for noise in NOISES
        ]
        for example in examples
        for rng in [seeded(example, seed)]
    ]
    pairs: dict[str, list[tuple[str, str]]] = {"well-formed, repaired": [], "reasoned, one line": [], "near, wrong": []}
    for example in examples:
        gold = gold_answer(example)
        near, far = off_by_one(example, seeded(example, seed)), wrong(example, seeded(example, seed))
        pairs["well-formed, repaired"].append((in_full(gold), MALFORMATIONS[BROKEN](gold, reasoning(gold, 0))))
        pairs["reasoned, one line"].append((in_full(gold), in_one_line(gold)))
        pairs["near, wrong"].append((in_one_line({**near, "rel": []}), in_one_line({**far, "rel": []})))
    exploits = {name: [judged(exploit(e, seeded(e, seed)), e) for e in examples] for name, exploit in EXPLOITS.items()}
    return Material(
        valued((answer.text, example) for group, example in zip(groups, examples, strict=True) for answer in group),
        np.array([[answer.f1 for answer in group] for group in groups]),
        {name: (_side(some, 0, examples), _side(some, 1, examples)) for name, some in pairs.items()},
        {
            name: (
                valued((answer.text, example) for answer, example in zip(answers, examples, strict=True)),
                np.array([answer.nothing_right for answer in answers]),
            )
            for name, answers in exploits.items()
        },
    )


def _side(pairs: list[tuple[str, str]], side: int, examples: list[Example]) -> Valued:
    return valued((pair[side], example) for pair, example in zip(pairs, examples, strict=True))


def measured(weights: Weights, material: Material) -> dict[str, Any]:
    """How good a reward with these weights is."""
    truth = material.truth
    groups = material.groups.rewards(weights).reshape(truth.shape)
    exploits, above = {}, 0
    fair = np.where(truth >= FAIR, groups, np.inf).min(axis=1)
    for name, (answers, nothing_right) in material.exploits.items():
        earned = answers.rewards(weights)
        exploits[name] = float(earned.mean())
        above += int(((earned >= fair) & nothing_right).sum())
    return {
        RANKS: float(spearmanr(groups.ravel(), truth.ravel()).statistic),
        ORDERED: ordered(groups, truth),
        APART: told_apart(groups, truth),
        "gap": {
            name: float((one.rewards(weights) - two.rewards(weights)).mean())
            for name, (one, two) in material.pairs.items()
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
    table = Table(title="robust reward, means over seeds; in brackets the difference from default, 95 % interval")
    gaps = list(found["default"]["gap"])
    for column in ("weights", "rank corr.", "ordered", "apart", *gaps, "worst exploit", "above bound"):
        table.add_column(column, justify="left" if column == "weights" else "right")
    for name, row in found.items():
        worst = max(value for name, value in row["exploits"].items() if not name.startswith("oracle: correct"))
        difference = row["difference from default"][ORDERED]
        table.add_row(
            name,
            f"{row[RANKS]:.4f}",
            f"{100 * row[ORDERED]:.2f} % \\[{100 * difference['low']:+.2f} … {100 * difference['high']:+.2f}]",
            f"{100 * row[APART]:.1f} %",
            *(f"{row['gap'][gap]:+.3f}" for gap in gaps),
            f"{worst:.3f}",
            str(row["exploits above the bound"]),
        )
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
