"""`TwoStageRelationReward`: one relation a sentence, judged by its form, then by its label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from sciie_eval.cards import load_schema
from sciie_eval.exceptions import InputError, UsageError, brief
from sciie_eval.label_parsing import LABEL_CARD, LabelReader, ParsedLabel
from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import ParseMode, message_text
from sciie_eval.rules import one_of
from sciie_rewards.columns import as_list, listed_completions
from sciie_rewards.components import laid_out
from sciie_rewards.result import RewardResult

__all__ = ["TwoStageRelationReward", "relation_reward"]

FORMAT_RIGHT, FORMAT_WRONG = 1.0, -3.0
LABEL_RIGHT, LABEL_WRONG = 2.0, -1.5
LOWEST, HIGHEST = FORMAT_WRONG, FORMAT_RIGHT + LABEL_RIGHT

_FORM_IS_RIGHT = frozenset({"loose_label", "lone_surrogate"})
"""Issues that leave the form right: in another spelling, the answer still holds one label and nothing else."""


class TwoStageRelationReward:
    """R1-RE's reward for one directed relation a sentence: form first, and only where it is right, the label.

    Formula: form right +1, wrong −3; if it is right, label and direction right +2, else −1.5. Totals: 3, −0.5, −3. The
    form is right where there is one reasoning block, then one answer block, which holds one label of the schema and
    nothing else; a label that the schema does not have is a wrong form. A prompt that opens the reasoning block counts
    as its opening tag. Range: {−3, −0.5, 3}, or ``scale``. Source: R1-RE, Dai et al. 2025 (arXiv:2507.04642).
    Stateless, thread-safe, picklable.

    Args:
        schema: whose relation types are the labels: a schema, a card's name or its path.
        parse: ``lenient`` lets case, blanks, hyphens and quotes of a label differ; ``strict`` wants it to the letter.
            The direction must be right under both.
        scale: the lowest and the highest total; the three totals are mapped to it linearly. (0, 1) gives 0, 0.4167 and
            1, which sits beside rewards in [0, 1]. None for the source's totals.
        name: what trainers' logs call it.

    Raises:
        UsageError: a wrong setting; the message names it.

    >>> reward = TwoStageRelationReward()
    >>> said = "<think>The fire makes the smoke.</think><answer>Cause-Effect(e1,e2)</answer>"
    >>> golds = ["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Cause-Effect(e1,e2)"]
    >>> reward(completions=[said, said, "Cause-Effect(e1,e2)"], label=golds)
    [3.0, -0.5, -3.0]
    >>> TwoStageRelationReward(scale=(0, 1)).score_one(said, "Cause-Effect(e1,e2)").score
    1.0
    """

    def __init__(
        self,
        schema: LabelSchema | str | Path = LABEL_CARD,
        *,
        parse: ParseMode = "lenient",
        scale: tuple[float, float] | None = None,
        name: str = "relation_reward",
    ) -> None:
        one_of("parse", parse, get_args(ParseMode))
        if not isinstance(name, str) or not name:
            raise UsageError(f"name: expected a text that is not empty, got {name!r}")
        self.schema, self.parse, self.scale = load_schema(schema), parse, _scale(scale)
        self.__name__ = name
        self._reader = LabelReader(self.schema)
        self._prefix = "sciie" if name == "relation_reward" else name

    def __repr__(self) -> str:
        return f"TwoStageRelationReward({self.schema.name!r}, parse={self.parse!r}, scale={self.scale!r})"

    def score_one(self, completion: object, label: str, prompt: object = None) -> RewardResult:
        """Score one completion.

        Args:
            completion: a text, a message or a list of messages. Whatever a model wrote, this never raises.
            label: the gold label, one of the schema's to the letter.
            prompt: what it answers, where it is known; a prompt in plain text that does not open the reasoning block
                makes the completion responsible for its opening tag.

        Returns:
            The score; its components FORMAT and LABEL before scaling, LABEL 0 and vacuous where the form is wrong.

        Raises:
            InputError: the label is none of the schema's.
        """
        return self._score(completion, self._reader.check(label, "label"), prompt)[0]

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        log_extra: Callable[[str, list[Any]], None] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Score a batch, every completion against its own row.

        Args:
            completions: texts, messages or lists of messages.
            prompts: what they answer, as texts or lists of messages.
            completion_ids: not used.
            log_extra: TRL's; gets gold label, label read and parse status of every row, as strings.
            log_metric: TRL's; gets the share of rows whose form is right, and of those whose label is.
            columns: the dataset's, of which ``label`` is looked at: the gold labels, one a completion.

        Returns:
            One float a completion; None where the row's label is None, because it belongs to another task.

        Raises:
            InputError: the column is missing or has not the expected form; names column and row. Nothing that a model
                can write is an error.
        """
        del completion_ids  # the text is what is scored
        said, asked = listed_completions(completions), as_list(prompts)
        if prompts is None:
            asked = [None] * len(said)
        if asked is None or len(asked) != len(said):
            raise InputError(f"prompts: expected {len(said)}, one a completion, got {brief(prompts, 80)}")
        labels = self._labels(columns, len(said))
        rows = zip(said, labels, asked, strict=True)
        found = [None if label is None else self._score(value, label, prompt) for value, label, prompt in rows]
        self._log(labels, found, log_extra, log_metric)
        return [None if one is None else one[0].score for one in found]

    def _score(self, completion: object, label: str, prompt: object) -> tuple[RewardResult, ParsedLabel]:
        parsed = self._reader.completion(message_text(completion), self.parse)
        right_form = (
            parsed.label is not None and laid_out(parsed.tags, prompt) and _FORM_IS_RIGHT.issuperset(parsed.issues)
        )
        parts = {"FORMAT": FORMAT_WRONG, "LABEL": 0.0}
        if right_form:
            parts = {"FORMAT": FORMAT_RIGHT, "LABEL": LABEL_RIGHT if parsed.label == label else LABEL_WRONG}
        vacuous = () if right_form else ("LABEL",)
        return RewardResult(self._scaled(sum(parts.values())), parts, parsed.status, vacuous), parsed

    def _scaled(self, total: float) -> float:
        if self.scale is None:
            return total
        low, high = self.scale
        share = (total - LOWEST) / (HIGHEST - LOWEST)
        return low * (1 - share) + high * share

    def _labels(self, columns: Mapping[str, Any], number: int) -> list[str | None]:
        form = f"column label: expected {number} values, one a completion, such as {self._reader.labels[0]}"
        if columns.get("label") is None:
            if not number:
                return []
            got = ", ".join(sorted(columns)) or "none"
            raise InputError(f"{form}; it is missing from row 0 on; got the columns {got}")
        labels = as_list(columns["label"])
        if labels is None:
            raise InputError(f"{form}; got {brief(columns['label'])}")
        if len(labels) != number:
            raise InputError(f"{form}; got {len(labels)}, so row {min(len(labels), number)} has none")
        return [
            None if label is None else self._reader.check(label, f"column label, row {place}")
            for place, label in enumerate(labels)
        ]

    def _log(
        self,
        labels: list[str | None],
        found: list[tuple[RewardResult, ParsedLabel] | None],
        log_extra: Callable[[str, list[Any]], None] | None,
        log_metric: Callable[[str, float], None] | None,
    ) -> None:
        """Log what lets a completion be scored again, and how many are right."""
        prefix = f"{self._prefix}/label"
        if log_extra is not None:
            log_extra(prefix, ["" if label is None else label for label in labels])
            log_extra(f"{prefix}_read", ["" if one is None else one[1].label or "" for one in found])
            log_extra(f"{prefix}_status", ["" if one is None else one[1].status for one in found])
        scored = [one[0] for one in found if one is not None]
        if log_metric is not None and scored:
            log_metric(f"{prefix}_format", sum(not one.vacuous for one in scored) / len(scored))
            log_metric(f"{prefix}_right", sum(one.components["LABEL"] > 0 for one in scored) / len(scored))


def _scale(scale: object) -> tuple[float, float] | None:
    if scale is None:
        return None
    values = as_list(scale) or []
    if len(values) != 2 or any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        raise UsageError(f"scale: expected the lowest and the highest total, such as (0, 1), got {scale!r}")
    low, high = map(float, values)
    if not -1e9 <= low < high <= 1e9:
        raise UsageError(f"scale: expected two finite numbers, the lower one first, got {scale!r}")
    return low, high


relation_reward = TwoStageRelationReward()
"""R1-RE's reward with its own totals, for the labels of SemEval-2010 Task 8."""
