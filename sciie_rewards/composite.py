"""`R2Reward`: components and weights in one callable, as trainers of TRL's family call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciie_eval.exceptions import InputError, brief
from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import message_text
from sciie_eval.rules import Matcher, Normalization
from sciie_eval.schema import Example
from sciie_eval.settings import Symmetric
from sciie_rewards.columns import GoldRows, as_list, listed_completions
from sciie_rewards.gold import GoldRow
from sciie_rewards.profiles import Robust, Scored, scorer_for
from sciie_rewards.result import RewardResult
from sciie_rewards.settings import Profile, RewardSettings, read_mapping

if TYPE_CHECKING:
    from typing import Literal

    from sciie_rewards.explain import Explanation

__all__ = ["ComponentReward", "R2Reward", "r2_components", "r2_reward", "r2_weights"]

LogExtra = Callable[[str, list[Any]], None]
LogMetric = Callable[[str, float], None]


class R2Reward:
    """The R² reward (relevance and rule-induced) of completions: callable as trainers call it, or one at a time.

    Formula, robust: total = Σ weight · value over the components that have something to judge, divided by the sum of
    their weights where an item is right (or there is nothing to find, and nothing was said); 0 without a well-formed
    answer. Range: [0, 1]. Source: R2GRPO's relevance and rule-induced rewards, redefined so that reasoning earns for
    right relations only. Stateless but for a bounded store of prepared gold; thread-safe, picklable.

    Args:
        profile: ``robust``, or ``released`` for the four rewards of the public R2GRPO release.
        weights: by component; those not named keep their default. Scaled to sum 1 under ``robust``.
        schema: the label inventory, its card's name or path.
        match: how two texts are equal: strict, boundaries, overlap or fuzzy.
        threshold: least similarity of overlap and fuzzy.
        normalize: none, spacing or casefold.
        symmetric: directed or undirected.
        relations: ``rel``, or ``rel+`` to ask also for the types of the arguments.
        name: what trainers' logs call it.

    Raises:
        UsageError: a wrong setting; the message names it.

    >>> example = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]],
    ...            "rel": [["BERT", "Used-For", "NER"]]}
    >>> answer = '{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}'
    >>> completion = f'<think>"BERT" is used for "NER".</think><answer>{answer}</answer>'
    >>> R2Reward().score_one(completion, example).score
    1.0
    >>> R2Reward(weights={"RELEVANCE": 0, "RULE": 0}).score_one(f"<answer>{answer}</answer>", example).score
    0.8823529411764706
    """

    def __init__(
        self,
        profile: Profile = "robust",
        *,
        weights: Mapping[str, float] | None = None,
        schema: LabelSchema | str | Path | None = None,
        match: Matcher = "strict",
        threshold: float | None = None,
        normalize: Normalization = "none",
        symmetric: Symmetric = "directed",
        relations: Literal["rel", "rel+"] = "rel",
        name: str | None = None,
    ) -> None:
        self._set_up(
            RewardSettings.of(
                profile=profile,
                weights=weights,
                schema=schema,
                match=match,
                threshold=threshold,
                normalize=normalize,
                symmetric=symmetric,
                relations=relations,
                **({"name": name} if name is not None else {}),
            )
        )

    def _set_up(self, settings: RewardSettings) -> None:
        self.settings = settings
        self.__name__ = settings.name
        self._scorer = scorer_for(settings)
        self._rows = GoldRows(settings.label_schema, settings.rule)
        self._weights = settings.component_weights()
        self._prefix = "sciie" if settings.name == "r2_reward" else settings.name

    @classmethod
    def from_settings(cls, settings: RewardSettings | Mapping[str, Any] | str | Path) -> R2Reward:
        """A reward from settings, a mapping of them, or a .toml or .yaml file that holds one.

        >>> R2Reward.from_settings({"weights": {"REL": 1, "NER": 1}, "normalize": "spacing"}).settings.normalize
        'spacing'
        """
        if isinstance(settings, str | Path):
            settings = read_mapping(settings)
        if not isinstance(settings, RewardSettings):
            settings = RewardSettings.of(**{str(name): value for name, value in settings.items()})
        reward = cls.__new__(cls)
        reward._set_up(settings)
        return reward

    def __reduce__(self) -> tuple[Callable[[RewardSettings], R2Reward], tuple[RewardSettings]]:
        """Pickled as its settings."""
        return R2Reward.from_settings, (self.settings,)

    def __repr__(self) -> str:
        own = self.settings.model_dump(exclude={"label_schema"}, exclude_defaults=True)
        shown = {**own, "schema": self.settings.label_schema.name}
        return f"R2Reward({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def weights(self) -> dict[str, float]:
        """The weight of every component, in order; under ``robust`` they sum to 1."""
        return dict(self._weights)

    # -- one completion ----------------------------------------------------------------------------------------------

    def score_one(
        self, completion: object, example: Example | Mapping[str, Any] | str, prompt: object = None
    ) -> RewardResult:
        """Score one completion.

        Args:
            completion: a text, a message or a list of messages. Whatever a model wrote, this never raises.
            example: its gold: an `Example`, or a mapping with sentence, ner and rel, or its JSON string.
            prompt: what it answers, where it is known; a prompt in plain text that does not open the reasoning block
                makes the completion responsible for its opening tag.

        Raises:
            InputError: the example is no gold.
        """
        return self._result(self._scorer(message_text(completion), self._rows.of(example), prompt))

    def explain(
        self, completion: object, example: Example | Mapping[str, Any] | str, prompt: object = None
    ) -> Explanation:
        """What a completion earned and why, component by component; arguments as `score_one` has them."""
        from sciie_rewards.explain import explain

        row, text = self._rows.of(example), message_text(completion)
        result = self._result(self._scorer(text, row, prompt))
        return explain(result, self._weights, row, text, self._scorer if isinstance(self._scorer, Robust) else None)

    def _result(self, scored: Scored) -> RewardResult:
        names = self._weights
        values = {
            name: scored.stand_in if value is None else value for name, value in zip(names, scored.values, strict=True)
        }
        vacuous = tuple(name for name, value in zip(names, scored.values, strict=True) if value is None)
        return RewardResult(scored.score, values, scored.status, vacuous)

    # -- batches -----------------------------------------------------------------------------------------------------

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        log_extra: LogExtra | None = None,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Score a batch, every completion against its own row.

        Args:
            completions: texts, messages or lists of messages.
            prompts: what they answer, as texts or lists of messages.
            completion_ids: not used.
            log_extra: TRL's; gets every component's value, the status, and id and gold of the row, as strings.
            log_metric: TRL's; gets the mean of every component where it has something to judge.
            columns: the dataset's: ``gold``, or ``ner`` and ``rel``; and ``sentence``. Others are not looked at.

        Returns:
            One float a completion; None where the row has no gold at all, because it belongs to another task.

        Raises:
            InputError: a column is missing or has not the expected form; names column and row. Nothing that a model
                can write is an error.
        """
        del completion_ids  # the text is what is scored
        if log_extra is None and log_metric is None:
            score, batch = self._scorer, self._batch(completions, prompts, columns)
            return [None if row is None else score(text, row, prompt).score for text, row, prompt in batch]
        rows, scores = self.score_batch(completions, prompts, columns)
        if log_metric is not None:
            for place, name in enumerate(self._weights):
                _log_mean(log_metric, f"{self._prefix}/{name}", [s.values[place] for s in scores if s is not None])
        if log_extra is not None:
            for place, name in enumerate(self._weights):
                log_extra(f"{self._prefix}/{name}", [_text(score, place) for score in scores])
            self.log_rows(log_extra, rows, scores, columns)
        return [None if score is None else score.score for score in scores]

    def score_batch(
        self, completions: Sequence[object], prompts: Sequence[object] | None, columns: Mapping[str, Any]
    ) -> tuple[list[GoldRow | None], list[Scored | None]]:
        """Rows and scores of a batch; both None for a row that has no gold."""
        batch = list(self._batch(completions, prompts, columns))
        scores = [None if row is None else self._scorer(text, row, prompt) for text, row, prompt in batch]
        return [row for _, row, _ in batch], scores

    def _batch(
        self, completions: Sequence[object], prompts: Sequence[object] | None, columns: Mapping[str, Any]
    ) -> Iterable[tuple[str, GoldRow | None, object]]:
        """Text, gold and prompt of every completion; all that can be wrong with a batch is said here."""
        said, asked = listed_completions(completions), as_list(prompts)
        if prompts is None:
            asked = [None] * len(said)
        if asked is None or len(asked) != len(said):
            got = brief(prompts) if asked is None else len(asked)
            raise InputError(f"prompts: expected {len(said)}, one a completion, got {got}")
        texts = [value if type(value) is str else message_text(value) for value in said]
        return zip(texts, self._rows.of_columns(columns, len(texts)), asked, strict=True)

    def log_rows(
        self,
        log_extra: LogExtra,
        rows: Sequence[GoldRow | None],
        scores: Sequence[Scored | None],
        columns: Mapping[str, Any],
    ) -> None:
        """Log what lets a completion be scored again: status, gold, and id where there is one."""
        ids = as_list(columns.get("id"))
        log_extra(f"{self._prefix}/status", ["" if score is None else score.status for score in scores])
        log_extra(f"{self._prefix}/gold", ["" if row is None else row.to_json() for row in rows])
        if ids is not None and len(ids) == len(rows):
            log_extra(f"{self._prefix}/id", [str(name) for name in ids])

    def components(self) -> list[ComponentReward]:
        """One callable a component, a fresh list; their sum, weighted with `weights`, is this reward."""
        return [ComponentReward(self, name) for name in self._weights]


class ComponentReward:
    """One component as a reward of its own, for trainers that log rewards one by one.

    A vacuous component returns what makes the weighted sum the whole reward: the score that the others make, or 0 where
    nothing is right. Raw values are logged as ``sciie/<name>``. Picklable, thread-safe.
    """

    def __init__(self, reward: R2Reward, name: str) -> None:
        self.reward, self.name = reward, name
        self.__name__ = f"{reward.settings.name.removesuffix('_reward')}_{name.lower()}"
        self._place = list(reward.weights).index(name)

    def __reduce__(self) -> tuple[type[ComponentReward], tuple[R2Reward, str]]:
        """Pickled as the reward it belongs to, and its name."""
        return ComponentReward, (self.reward, self.name)

    def __call__(
        self,
        completions: Sequence[object],
        prompts: Sequence[object] | None = None,
        completion_ids: object = None,
        *,
        log_extra: LogExtra | None = None,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Score a batch; arguments and errors as `R2Reward.__call__` has them."""
        del completion_ids
        rows, scores = self.reward.score_batch(completions, prompts, columns)
        values = [None if score is None else score.values[self._place] for score in scores]
        column = f"{self.reward._prefix}/{self.name}"
        if log_metric is not None:
            _log_mean(log_metric, column, values)
        if log_extra is not None:
            log_extra(column, [_text(score, self._place) for score in scores])
            if self._place == 0:  # once is enough
                self.reward.log_rows(log_extra, rows, scores, columns)
        return [
            None if score is None else score.stand_in if value is None else value
            for score, value in zip(scores, values, strict=True)
        ]


def r2_components() -> list[ComponentReward]:
    """The components of `r2_reward` as rewards, a fresh list (trainers change theirs); weights: `r2_weights`.

    >>> [reward.__name__ for reward in r2_components()]
    ['r2_format', 'r2_ner', 'r2_rel', 'r2_span', 'r2_relevance', 'r2_rule']
    """
    return r2_reward.components()


def r2_weights() -> list[float]:
    """The weights of `r2_components`; they sum to 1.

    >>> r2_weights()
    [0.1, 0.25, 0.4, 0.1, 0.08, 0.07]
    """
    return list(r2_reward.weights.values())


def _log_mean(log_metric: LogMetric, name: str, values: Sequence[float | None]) -> None:
    """Log the mean of the values that are there, and nothing where there is none."""
    given = [value for value in values if value is not None]
    if given:
        log_metric(name, sum(given) / len(given))


def _text(score: Scored | None, place: int) -> str:
    """A value as TRL's table of completions takes it: empty where there is none."""
    value = None if score is None else score.values[place]
    return "" if value is None else repr(float(value))


r2_reward = R2Reward()
"""The robust reward with its default settings, for SciER's labels."""
