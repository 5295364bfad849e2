"""Files and lists of samples in, the curves over K out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from sciie_eval.counting import GoldSentence
from sciie_eval.curve_results import SampleScores, sample_scores
from sciie_eval.curves import CurveTally
from sciie_eval.evaluate import Evaluation, Gold, Reading
from sciie_eval.exceptions import InputError, UsageError
from sciie_eval.items import items_of
from sciie_eval.predictions import Joined
from sciie_eval.sampling import Oracle, Sampling
from sciie_eval.schema import Example, Extraction
from sciie_eval.scoring import Prediction, tally_predictions
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash

__all__ = ["evaluate_samples", "score_samples"]


def score_samples(
    gold: Sequence[Example | Extraction | Mapping[str, Any]],
    samples: Sequence[Sequence[Prediction]] | Mapping[str, Sequence[Prediction]],
    *,
    k: int | Iterable[int] | None = None,
    oracle: Oracle = "per-task",
    theta: float = 0.5,
    **settings: Any,
) -> SampleScores:
    """Best-F1@K, Avg@K and Consensus@K of several samples a sentence (definitions: docs/passk.md).

    Args:
        gold: one item a sentence, as for `scoring.score`.
        samples: one list of predictions a sentence in the same order, or a mapping from example id to such a list
            (sentences without one are missing). Lengths may differ.
        k: the numbers of samples to report, each from 1 to the fewest samples; powers of two by default.
        oracle: ``per-task`` or ``joint``: one best sample a task, or one for all tasks.
        theta: share of the K samples in which consensus must find an item, above 0 and at most 1.
        **settings: the fields of `Settings`.

    Raises:
        InputError: fewer samples than a K, no samples, lengths that differ, an unknown id, or something that is no
            prediction.
        UsageError: a wrong setting.

    >>> gold = [{"ner": [["BERT", "Method"]]}]
    >>> found = score_samples(gold, [[{"ner": []}, {"ner": [["BERT", "Method"]]}]])
    >>> found.k, found.best["ner"].macro, found.avg["ner"].macro
    ((1, 2), (0.5, 1.0), (0.5, 0.5))
    """
    how = Settings.of(**settings)
    sampling = checked(Sampling(k, oracle, theta), how)  # type: ignore[arg-type]  # any form of k is brought to one
    if isinstance(gold, str | Mapping) or not isinstance(gold, Sequence):
        raise InputError(f"gold: expected a list with one item a sentence, got {type(gold).__name__}")
    examples = tally_predictions(gold, [None] * len(gold), how, keep=False).examples
    aligned = _aligned(examples, samples)
    tally = CurveTally(how, sampling, _placed(examples, aligned))
    for example, some in zip(examples, aligned, strict=True):
        tally.add(GoldSentence(items_of(example.gold)), some, example.doc_id, f"samples of {example.id!r}")
    return sample_scores(tally, lambda: f"given@{GoldHash(examples).hexdigest()[:12]}")


def checked(sampling: Sampling, settings: Settings) -> Sampling:
    """The sampling, when it goes together with the settings."""
    if settings.compat and sampling.oracle != "per-task":
        raise UsageError(f"compat={settings.compat} fixes oracle=per-task; leave oracle out")
    return sampling


def _aligned(
    examples: list[Example], samples: Sequence[Sequence[Prediction]] | Mapping[str, Sequence[Prediction]]
) -> list[Sequence[Prediction] | None]:
    """The samples in the order of the examples; None for a sentence that a mapping does not have."""
    if isinstance(samples, Mapping):
        names = [example.id for example in examples]
        if len(set(names)) < len(names):
            raise InputError("gold: ids are not unique, so a mapping of samples does not tell the sentences apart")
        if unknown := [name for name in samples if name not in set(names)]:
            raise InputError(f"samples: {len(unknown)} ids are not in gold, the first is {unknown[0]!r}")
        aligned: list[Any] = [samples.get(name) if name in samples else None for name in names]
    elif isinstance(samples, str) or not isinstance(samples, Sequence):
        raise InputError(f"samples: expected one list of predictions a sentence, got {type(samples).__name__}")
    elif len(samples) != len(examples):
        raise InputError(f"samples: expected one list a sentence ({len(examples)}), got {len(samples)}")
    else:
        aligned = list(samples)
    present = set(samples) if isinstance(samples, Mapping) else {example.id for example in examples}
    for example, some in zip(examples, aligned, strict=True):
        if example.id in present and (isinstance(some, str | Mapping) or not isinstance(some, Sequence)):
            raise InputError(f"samples of {example.id!r}: expected a list of predictions, got {type(some).__name__}")
    return aligned


def _placed(examples: list[Example], samples: list[Sequence[Prediction] | None]) -> bool:
    """Whether gold and all samples are extractions with offsets, so that these can be compared."""
    said = [value for some in samples for value in some or ()]
    if not all(isinstance(value, Extraction) for value in said):
        return False
    golds = [items_of(example.gold) for example in examples]
    found = [items_of(value) for value in said if isinstance(value, Extraction)]
    return any(items.entities or items.relations for items in golds) and all(items.has_spans for items in golds + found)


def evaluate_samples(
    path: str | Path,
    settings: Settings,
    sampling: Sampling,
    gold: Gold | None = None,
    reading: Reading | None = None,
) -> SampleScores:
    """Read a file with several samples a sentence and score them; of each sentence only expectations are kept.

    Args:
        path: the file (see `predictions.PredictionFile`).
        settings: how to score.
        sampling: which K, oracle and threshold.
        gold: where gold is; None when every row holds its own.
        reading: how to read; its ``sample`` is without influence.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
    """
    checked(sampling, settings)
    found = (reading or Reading()).count(partial(_curves_of, path, settings, sampling, gold), path, gold)
    return sample_scores(found.tally, found.noted.gold_name, found.noted.warnings())


def _curves_of(
    path: str | Path, settings: Settings, sampling: Sampling, gold: Gold | None, reading: Reading
) -> _SamplesRead:
    file = reading.open(path, settings, gold)
    rows = iter(file)
    first = next(rows, None)
    tally = CurveTally(settings, sampling, file.placed and (gold is None or gold.placed))
    result = _SamplesRead(tally, Evaluation(file, settings, gold, tally.first, ready=reading.known.ready))
    for row in chain(() if first is None else (first,), rows):
        result.add(row)
    return result


@dataclass
class _SamplesRead:
    """One file, its samples counted; ``noted`` knows what is said beside the numbers."""

    tally: CurveTally
    noted: Evaluation

    def add(self, row: Joined) -> None:
        example = row.example
        self.tally.add(self.noted.note(example), row.samples or None, example.doc_id, row.where)

    def merge(self, other: _SamplesRead) -> None:
        self.noted.merge(other.noted)  # with the first samples
        self.tally.merge(other.tally)

    def finish(self, gold: Gold | None) -> None:
        for row in self.noted.rest(gold):
            self.add(row)
