"""The terms of the robust R² reward: one small class each, each in [0, 1], None where it has nothing to judge.

Reward cards with examples: docs/rewards.md.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from sciie_eval.layout import find_layout
from sciie_rewards.boundary import nearest
from sciie_rewards.case import Case, Look
from sciie_rewards.evidence import Claim

__all__ = ["COMPONENTS", "Component", "Format", "Ner", "Rel", "Relevance", "Rule", "Span", "laid_out"]


class Component(Protocol):
    """A term of the reward.

    Attributes:
        name: what settings, logs and results call it.
        weight: its share of the reward by default.
    """

    name: ClassVar[str]
    weight: ClassVar[float]

    def __call__(self, case: Case) -> float | None:
        """The value in [0, 1]; None (vacuous) where neither gold nor answer has anything of what it judges."""
        ...


class Format:
    """FORMAT: is the completion laid out as asked?

    Formula: 1 when there is one reasoning block, then one answer block, and the answer is JSON of the asked shape; 0.5
    when the answer had to be repaired; else 0, also when it breaks off. A prompt that opens the reasoning block counts
    as its opening tag; so does a chat prompt, whose template may have opened it unseen.
    Range: {0, 0.5, 1}. Never vacuous. Source: the format reward of DeepSeek-R1 (arXiv:2501.12948).

    >>> from sciie_rewards import r2_reward
    >>> example = {"sentence": "See below .", "ner": [], "rel": []}
    >>> r2_reward.score_one('<think>None.</think><answer>{"ner": [], "rel": []}</answer>', example).components["FORMAT"]
    1.0
    """

    name: ClassVar[str] = "FORMAT"
    weight: ClassVar[float] = 0.10

    def __call__(self, case: Case) -> float:
        """The value."""
        if case.parsed.status == "truncated" or not laid_out(case.parsed.tags, case.prompt):
            return 0.0
        return 1.0 if case.parsed.status == "ok" else 0.5


class Ner:
    """NER: are the entities right?

    Formula: sentence F1 of (text, type), 2·tp / (n_pred + n_gold). Range: [0, 1]. Vacuous without any gold or predicted
    entity. Source: `sciie_eval`'s own task ``ner`` (docs/metrics.md).

    >>> from sciie_rewards import r2_reward
    >>> example = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]], "rel": []}
    >>> r2_reward.score_one('<answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>', example).components["NER"]
    0.6666666666666666
    """

    name: ClassVar[str] = "NER"
    weight: ClassVar[float] = 0.25

    def __call__(self, case: Case) -> float | None:
        """The value."""
        return case.ner.f1


class Rel:
    """REL: are the relations right?

    Formula: sentence F1 of (subject, relation, object), 2·tp / (n_pred + n_gold); setting ``relations="rel+"`` also
    asks for the types of both arguments. Range: [0, 1]. Vacuous without any gold or predicted relation.
    Source: `sciie_eval`'s own tasks ``rel`` and ``rel+`` (docs/metrics.md).

    >>> from sciie_rewards import r2_reward
    >>> example = {"sentence": "BERT solves NER .", "ner": [], "rel": [["BERT", "Used-For", "NER"]]}
    >>> wrong = '<answer>{"ner": [], "rel": [["BERT", "Used-For", "NER"], ["NER", "Part-Of", "BERT"]]}</answer>'
    >>> r2_reward.score_one(wrong, example).components["REL"]
    0.6666666666666666
    """

    name: ClassVar[str] = "REL"
    weight: ClassVar[float] = 0.40

    def __call__(self, case: Case) -> float | None:
        """The value."""
        return case.rel.f1


class Span:
    """SPAN: how near are the borders of the entities?

    Formula: 2·Σ overlap / (n_pred + n_gold), over the one-to-one pairs of predicted and gold entities of one type that
    make the sum largest; overlap is intersection / union of token multisets. Entities too many cost as much as missed
    ones. Range: [0, 1]. Vacuous without any gold or predicted entity. Source: ours, after the partial matches of
    SemEval-2013 Task 9 (Segura-Bedmar et al. 2013), with the evaluator's similarity.

    >>> from sciie_rewards import r2_reward
    >>> example = {"sentence": "A deep net .", "ner": [["deep net", "Method"]], "rel": []}
    >>> near = '<answer>{"ner": [["A deep net", "Method"]], "rel": []}</answer>'
    >>> r2_reward.score_one(near, example).components["SPAN"]
    0.6666666666666666
    """

    name: ClassVar[str] = "SPAN"
    weight: ClassVar[float] = 0.10

    def __call__(self, case: Case) -> float | None:
        """The value."""
        row, written, exact = case.row, case.written, case.exact
        total = case.n_written + row.n_entities
        if not total:
            return None
        near = nearest(row.entities, written) if exact < len(row.entities) and exact < len(written) else ()
        return 2 * (exact + sum([pair.similarity for pair in near])) / total


class Relevance:
    """RELEVANCE: does the reasoning show where in the sentence a right relation stands?

    Formula: 2·evidenced / (n_pred + n_gold) · (1 - fabricated). Evidenced are right relations for which one step of the
    reasoning holds verbatim quotes from the sentence that hold both arguments and are together at most 60 % of it;
    fabricated is the share of distinct quotes that are not in the sentence. Range: [0, 1]. Vacuous without any gold or
    predicted relation. Source: the relevance reward of R2GRPO, which paid for quotes whatever they were about.

    >>> from sciie_rewards import r2_reward
    >>> example = {"sentence": "BERT solves NER .", "ner": [], "rel": [["BERT", "Used-For", "NER"]]}
    >>> answer = '<answer>{"ner": [], "rel": [["BERT", "Used-For", "NER"]]}</answer>'
    >>> [r2_reward.score_one(f"<think>{text}</think>{answer}", example).components["RELEVANCE"]
    ...  for text in ('It says "BERT" and "NER".', 'It says "BERT", "NER" and "parsing, too".', "BERT is for NER.")]
    [1.0, 0.6666666666666667, 0.0]
    """

    name: ClassVar[str] = "RELEVANCE"
    weight: ClassVar[float] = 0.08

    def __call__(self, case: Case) -> float | None:
        """The value."""
        total = case.rel.n_pred + case.rel.n_gold
        if not total:
            return None
        found = 0
        for look in case.looks:
            if look.evidence is not None:
                found += 1
        row = case.row
        return 2 * found / total * (1 - case.reasoning.fabricated(row.sentence, row.verbatim)) if found else 0.0


class Rule:
    """RULE: does a right relation keep the rules of the task, and does the reasoning say so?

    Formula: 2·sound / (n_pred + n_gold). Sound are right relations that pass every check: both arguments are among the
    predicted entities; their predicted types make a signature that the card allows; the answer does not also state the
    opposite direction of a directed relation; one step of the reasoning names both arguments and the relation.
    Range: [0, 1]. Vacuous without any gold or predicted relation. Source: the rule-induced reward of R2GRPO, which
    looked for words of reasoning.

    >>> from sciie_rewards import r2_reward
    >>> gold = {"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}
    >>> example = {"sentence": "BERT solves NER .", **gold}
    >>> answer = '<answer>{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}</answer>'
    >>> [r2_reward.score_one(f"<think>{text}</think>{answer}", example).components["RULE"]
    ...  for text in ("BERT is used for NER.", "I am sure.")]
    [1.0, 0.0]
    """

    name: ClassVar[str] = "RULE"
    weight: ClassVar[float] = 0.07

    def __call__(self, case: Case) -> float | None:
        """The value."""
        total = case.rel.n_pred + case.rel.n_gold
        if not total:
            return None
        sound = 0
        for _, claim, _, naming in case.looks:
            if naming is not None and claim.opposite not in case.relations and may_hold(claim, case):
                sound += 1
        return 2 * sound / total

    @staticmethod
    def checks(look: Look, case: Case) -> dict[str, bool]:
        """The same, check by check, for people."""
        claim = look.claim
        texts = {text for text, _ in case.entities}
        return {
            "arguments are entities": claim.subject in texts and claim.object in texts,
            "types are allowed": may_hold(claim, case),
            "no opposite direction": claim.opposite not in case.relations,
            "named in a step": look.naming is not None,
        }


def may_hold(claim: Claim, case: Case) -> bool:
    """Whether both arguments are predicted entities, with types that the card allows for the relation."""
    entities = case.entities
    if claim.typings is not None:
        for subject, object_ in claim.typings:  # noqa: SIM110 (any() takes twice as long)
            if subject in entities and object_ in entities:
                return True
        return False
    texts = {text for text, _ in entities}
    return claim.subject in texts and claim.object in texts


def laid_out(tags: str, prompt: object) -> bool:
    """Whether there is one reasoning block, which the prompt may have opened, and then one answer block.

    Args:
        tags: of the completion, as `sciie_eval.layout` codes them.
        prompt: what it answers: text, messages, or None where it is not known.

    >>> laid_out("TtAa", "Say."), laid_out("tAa", "Say."), laid_out("tAa", "Say. <think>")
    (True, False, True)
    """
    return tags == "TtAa" or (tags == "tAa" and _may_open(prompt))


def _may_open(prompt: object) -> bool:
    """Whether the prompt can have opened the reasoning: its text shows it; a chat template does so unseen."""
    return not isinstance(prompt, str) or find_layout(prompt, set()).tags.endswith("T")


COMPONENTS: tuple[Component, ...] = (Format(), Ner(), Rel(), Span(), Relevance(), Rule())
"""The components of the profile ``robust``, in the order of results and weights."""
