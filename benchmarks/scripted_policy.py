"""A policy without a language model: it chooses how to work, and what it then writes is text of known quality.

Three choices, each a softmax over a few logits that all sentences share: how carefully it reads (`CARE`), how it
reasons (`STYLE`) and whether it keeps to the layout (`FORM`). A completion is drawn among those that `made` has written
that way for the sentence: gold with seeded noise (`synthetic.noisy`), reasoning, tags. Rewards judge these texts as any
others. Logits are trained as GRPO does: advantages are rewards less their group's mean, in its standard deviations.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from honest import ONE_LINE, written
from numpy.typing import NDArray
from synthetic import MALFORMATIONS, Answer, noisy, reasoning

from sciie_eval import Example, parse_completion
from sciie_eval.counting import GoldSentence, SentenceScorer, counts_of
from sciie_eval.items import items_of
from sciie_eval.rules import MatchRule
from sciie_rewards.patterns import PHRASES

__all__ = ["CARE", "EVERY", "FORM", "GROUP", "SLY", "STEPS", "STYLE", "WORLDS", "Pool", "Run", "made", "trained"]

CARE = {"careful": 0.05, "fair": 0.3, "hasty": 0.6, "wild": 0.9}
"""How carefully it reads: the share of items that go wrong."""
STYLE = ("one line", "natural", "thorough", "phrases only")
FORM = ("as asked", "to be repaired", "no answer")
HELPS, DECORATES = (1.0, 0.85, 0.5, 1.0), (1.0, 1.0, 1.0, 1.0)
"""What each style makes of the share of wrong items: thorough reasoning halves it, or nothing does."""
HONEST, SLY = (0.42, 0.37, 0.21, 1e-12), (0.4, 0.35, 0.2, 0.05)
"""How often each style is used before training: phrases for their own sake never, or rarely."""
WORLDS = {
    "reasoning helps": (HELPS, SLY),
    "reasoning helps, no faking": (HELPS, HONEST),
    "reasoning is decoration": (DECORATES, SLY),
}
"""What is assumed, not found out: whether reasoning helps, and whether the policy ever fakes it."""
CARES, FORMS = (0.05, 0.25, 0.4, 0.3), (0.7, 0.15, 0.15)
"""The other probabilities before training: mostly hasty, mostly in the form that was asked for."""
VARIANTS = 4
PROMPTS, GROUP, STEPS, RATE, EVERY = 8, 8, 400, 0.3, 20
"""Prompts a step, completions a prompt, steps, learning rate, and steps between two points of a curve."""

Floats = NDArray[np.float64]
Reward = Callable[..., Sequence[float | None]]
_SCORER = SentenceScorer(MatchRule(), ("ner", "rel"))


class Pool(NamedTuple):
    """All that the policy can write.

    Attributes:
        prompts: one a sentence.
        texts: by sentence, care, style, form and variant.
        f1: the mean true F1 of what each choice of care, style and form writes.
        start: the probabilities of care, style and form before training.
    """

    prompts: list[str]
    texts: NDArray[np.object_]
    f1: Floats
    start: tuple[tuple[float, ...], ...]


class Run(NamedTuple):
    """One training run.

    Attributes:
        curve: the expected true F1 of what the policy writes, before training and after every `EVERY` steps.
        probabilities: of each choice at the end: care, style, form.
    """

    curve: list[float]
    probabilities: tuple[Floats, ...]


def made(examples: Sequence[Example], world: str) -> Pool:
    """Write everything that the policy can write in a world."""
    shape = (len(examples), len(CARE), len(STYLE), len(FORM), VARIANTS)
    texts, f1 = np.empty(shape, dtype=object), np.zeros(shape)
    factors, styles = WORLDS[world]
    for place, example in enumerate(examples):
        for care, rate in enumerate(CARE.values()):
            for style, factor in enumerate(factors):
                for variant in range(VARIANTS):
                    rng = random.Random(f"{example.id} {care} {variant}")  # the same luck in every style
                    answer = noisy(example, rate * factor, rng)
                    thought = thoughts(answer, STYLE[style], rng)
                    for form, text in enumerate(laid_out(answer, thought)):
                        texts[place, care, style, form, variant] = text
                        f1[place, care, style, form, variant] = true_f1(text, example)
    prompts = [f"Extract: {example.sentence}" for example in examples]
    return Pool(prompts, texts, f1.mean(axis=(0, 4)), (CARES, styles, FORMS))


def thoughts(answer: Answer, style: str, rng: random.Random) -> str:
    """The reasoning that a style writes for an answer."""
    if style == "one line":
        return ONE_LINE
    if style == "phrases only":
        return ". ".join(rng.sample(PHRASES, 3 * len(PHRASES) // 4))
    if style == "natural":
        return reasoning(answer, 0)
    checks = [f'I check "{text}" once more: it is the name of a {kind.lower()}.' for text, kind in answer["ner"]]
    checks += [f'The sentence says how "{s}" and "{o}" go together; this means {kind}.' for s, kind, o in answer["rel"]]
    doubt = (
        "However, I am not sure of the rest: there is no sign of it, therefore I leave out more. All in all, so be it."
    )
    return "\n".join(["To begin with, I look for names.", reasoning(answer, 0), *checks, doubt])


def laid_out(answer: Answer, thought: str) -> tuple[str, str, str]:
    """The same in every form."""
    broken = MALFORMATIONS["trailing comma"](answer, thought)
    return written(answer, thought), broken, MALFORMATIONS["prose answer"](answer, thought)


def true_f1(text: str, example: Example) -> float:
    """Mean of the non-vacuous NER and REL F1; 0 without a well-formed answer."""
    parsed = parse_completion(text)
    if parsed.status in ("no_answer", "invalid"):
        return 0.0
    matches = _SCORER.matches(GoldSentence(items_of(example.gold)), parsed.items)
    f1s = [f1 for f1 in (counts_of(match).f1 for match in matches.values()) if f1 is not None]
    return sum(f1s) / len(f1s) if f1s else 1.0


def trained(pool: Pool, reward: Reward, seed: int) -> Run:
    """Train a policy with a reward that is called as TRL calls it; one seed is one run, whatever the reward."""
    rng = np.random.default_rng(seed)
    logits = [np.log(probabilities) for probabilities in pool.start]
    curve = [expected(pool, logits)]
    for step in range(STEPS):
        places = np.repeat(rng.choice(len(pool.prompts), PROMPTS, replace=False), GROUP)
        chances = [softmax(one) for one in logits]
        chosen = [(rng.random((len(places), 1)) > np.cumsum(one)[:-1]).sum(axis=1) for one in chances]
        texts = pool.texts[places, chosen[0], chosen[1], chosen[2], rng.integers(VARIANTS, size=len(places))]
        given = reward(
            completions=texts.tolist(),
            prompts=[pool.prompts[place] for place in places],
            trainer_state=SimpleNamespace(global_step=step),
        )
        advantages = normalised(np.array(given, dtype=np.float64).reshape(PROMPTS, GROUP)).ravel()
        for one, chance, choice in zip(logits, chances, chosen, strict=True):
            one += RATE * advantages @ (np.eye(len(chance))[choice] - chance) / len(places)
        if (step + 1) % EVERY == 0:
            curve.append(expected(pool, logits))
    return Run(curve, tuple(softmax(one) for one in logits))


def normalised(rewards: Floats) -> Floats:
    """The advantages of GRPO: (reward - mean of the group) / (its standard deviation + 1e-4), as TRL has it."""
    centred: Floats = rewards - rewards.mean(axis=1, keepdims=True)
    return np.asarray(centred / (rewards.std(axis=1, ddof=1, keepdims=True) + 1e-4))


def expected(pool: Pool, logits: Sequence[Floats]) -> float:
    """The true F1 of the policy, exactly: every choice is independent of the others."""
    return float(np.einsum("csf,c,s,f", pool.f1, *(softmax(one) for one in logits)))


def softmax(logits: Floats) -> Floats:
    """Probabilities."""
    weights: Floats = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())
