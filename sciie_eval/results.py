"""What a corpus scored: the numbers of every task and type, with interval, health, warnings and signature."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciie_eval.counting import Counts
from sciie_eval.parsing import STATUSES
from sciie_eval.rules import Task
from sciie_eval.sentence_counts import SentenceCounts
from sciie_eval.signature import signature
from sciie_eval.stats import Floats, bootstrap_interval, cluster_interval, micro_f1, repeated_sum
from sciie_eval.tally import Tally

__all__ = ["OTHER", "CorpusScore", "TaskScore", "content_warnings", "corpus_score", "corpus_warnings"]

OTHER = "(other)"
"""The row of all labels that the schema does not know."""


@dataclass(frozen=True)
class TaskScore:
    """Precision, recall and F1 of one task over a corpus, in [0, 1], None where undefined.

    Attributes:
        tp: matched items (their total similarity under partial credit).
        n_pred: predicted items.
        n_gold: gold items.
        by_type: the same per type, in the schema's order, ``(other)`` last.
        macro_f1: mean F1 over the schema's types with any gold or predicted item.
        sentence_f1: mean F1 of the single sentences.
        sentence_f1_with_gold: the same over sentences with gold items.
    """

    tp: float
    n_pred: int
    n_gold: int
    by_type: dict[str, Counts]
    macro_f1: float | None
    sentence_f1: float | None
    sentence_f1_with_gold: float | None
    _interval: Callable[[], tuple[float, float] | None] = field(repr=False, compare=False)

    @property
    def counts(self) -> Counts:
        """The three numbers that all ratios are made of."""
        return Counts(self.tp, self.n_pred, self.n_gold)

    @property
    def precision(self) -> float | None:
        """Σtp / Σn_pred."""
        return self.counts.precision

    @property
    def recall(self) -> float | None:
        """Σtp / Σn_gold."""
        return self.counts.recall

    @property
    def f1(self) -> float | None:
        """Micro-F1: 2 Σtp / (Σn_pred + Σn_gold)."""
        return self.counts.f1

    @cached_property
    def ci(self) -> tuple[float, float] | None:
        """Interval of the micro-F1, computed when first asked for."""
        return self._interval()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, ratios unrounded."""
        return {
            **_ratios(self.counts),
            "macro_f1": self.macro_f1,
            "sentence_f1": self.sentence_f1,
            "sentence_f1_with_gold": self.sentence_f1_with_gold,
            "ci": None if self.ci is None else list(self.ci),
        }


@dataclass(frozen=True, repr=False)
class CorpusScore:
    """All that `score` found; `to_dict` is what ``sciie-eval score --format json`` prints.

    Attributes:
        tasks: the score of every task asked for; None for a task that no prediction (or no gold) speaks of.
        n_sentences: gold sentences, with or without a prediction.
        missing: sentences without a prediction; they count as empty predictions.
        parse: number of predictions by parse status.
        issues: number of predictions by issue code (`parsing.ISSUES`).
        warnings: what the reader of the numbers has to know.
        items: what was compared, ``text`` or ``offsets``.
        sentences: the counts and the document of every sentence.
    """

    tasks: dict[Task, TaskScore | None]
    n_sentences: int
    missing: int
    parse: dict[str, int]
    issues: dict[str, int]
    warnings: tuple[str, ...]
    items: str
    sentences: SentenceCounts = field(repr=False, compare=False)
    _signature: Callable[[], str] = field(repr=False, compare=False)

    def __repr__(self) -> str:
        found = (
            f"{task} {'–' if score is None or score.f1 is None else f'{score.f1:.4f}'}"
            for task, score in self.tasks.items()
        )
        return f"CorpusScore(F1: {', '.join(found)}; {self.n_sentences} sentences)"

    @cached_property
    def signature(self) -> str:
        """The line under which the numbers can be compared, made when first asked for, since it hashes the gold."""
        return self._signature()

    @cached_property
    def counts(self) -> dict[Task, Floats]:
        """Per task the (n_sentences, 3) matrix of tp, n_pred, n_gold, in the order of the sentences."""
        matrix = self.sentences.matrix()
        return {task: matrix[:, 3 * place : 3 * place + 3] for place, task in enumerate(self.tasks)}

    @property
    def documents(self) -> list[str]:
        """The document of every sentence."""
        return self.sentences.documents()

    @property
    def ner(self) -> TaskScore | None:
        """Entities: text and type."""
        return self.tasks.get("ner")

    @property
    def rel(self) -> TaskScore | None:
        """Relations: subject, relation, object."""
        return self.tasks.get("rel")

    @property
    def rel_plus(self) -> TaskScore | None:
        """Relations with the types of both arguments."""
        return self.tasks.get("rel+")

    def to_frame(self) -> Any:
        """A `pandas.DataFrame` with one row a task and type (``(all)`` for the task itself): the ratios and counts."""
        import pandas

        rows = [
            {"task": task, "type": label, **_ratios(counts)}
            for task, found in self.tasks.items()
            if found is not None
            for label, counts in [("(all)", found.counts), *found.by_type.items()]
        ]
        columns = ["task", "type", *_ratios(Counts(0, 0, 0))]
        return pandas.DataFrame(rows, columns=columns).set_index(["task", "type"])

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, ratios in [0, 1] and unrounded, undefined ones null."""
        return {
            "signature": self.signature,
            "n_sentences": self.n_sentences,
            "missing": self.missing,
            "parse": dict(self.parse),
            "issues": dict(self.issues),
            "warnings": list(self.warnings),
            "tasks": {task: None if found is None else found.to_dict() for task, found in self.tasks.items()},
            "by_type": {
                task: {label: _ratios(counts) for label, counts in found.by_type.items()}
                for task, found in self.tasks.items()
                if found is not None
            },
        }


def corpus_score(
    tally: Tally,
    gold_name: Callable[[], str],
    *,
    warnings: Iterable[str] = (),
    sample: int | None = None,
    extra: str = "",
) -> CorpusScore:
    """Turn sums into scores.

    Args:
        tally: all sentences.
        gold_name: gives name and hash of the gold; asked once.
        warnings: what the reader of the file has to say.
        sample: which of K samples was scored.
        extra: further fields of the signature.
    """
    spoken = tally.spoken_tasks()
    items = "offsets" if tally.scorer.spans else "text"
    rows = tally.sentences.distinct()
    tasks = {task: _task_score(tally, task, *rows) if task in spoken else None for task in tally.settings.tasks}
    return CorpusScore(
        tasks=tasks,
        n_sentences=tally.n_sentences,
        missing=tally.missing,
        parse={status: tally.statuses[status] for status in STATUSES if tally.statuses[status]},
        issues=dict(tally.issues.most_common()),
        warnings=(*warnings, *corpus_warnings(tally), *content_warnings(tally)),
        items=items,
        sentences=tally.sentences,
        _signature=lambda: signature(tally.settings, gold=gold_name(), items=items, sample=sample, extra=extra),
    )


def _task_score(
    tally: Tally, task: Task, cells: Floats, numbers: NDArray[np.intp], ill_formed: NDArray[np.intp]
) -> TaskScore:
    """One task, from the distinct count rows of all (`SentenceCounts.distinct`)."""
    settings, sentences = tally.settings, tally.sentences
    place = 3 * settings.tasks.index(task)
    counts = cells[:, place : place + 3]
    names = settings.schema.entity_names if task == "ner" else settings.schema.relation_names
    rows = {
        label: Counts(_whole(row.tp), row.n_pred, row.n_gold)
        for label, row in tally.by_type(task).items()
        if row.n_pred or row.n_gold
    }
    by_type = {name: rows.pop(name, Counts(0, 0, 0)) for name in names}
    known = [counts.f1 for counts in by_type.values() if counts.f1 is not None]
    if rows:
        tps, n_preds, n_golds = zip(*rows.values(), strict=True)
        by_type[OTHER] = Counts(_whole(math.fsum(tps)), sum(n_preds), sum(n_golds))
    totals = [repeated_sum(column, numbers) for column in counts.T]

    def interval() -> tuple[float, float] | None:
        if settings.cluster == "doc_id":
            return cluster_interval(sentences.document_totals()[:, place : place + 3], level=settings.ci)
        return bootstrap_interval(counts, numbers, level=settings.ci, resamples=settings.bootstrap, seed=settings.seed)

    return TaskScore(
        tp=_whole(float(totals[0])),
        n_pred=int(totals[1]),
        n_gold=int(totals[2]),
        by_type=by_type,
        macro_f1=sum(known) / len(known) if known else None,
        # the evaluator that compat imitates has no F1 of a sentence that it has forgotten
        sentence_f1=None if settings.compat else _mean_f1(counts, numbers, ill_formed),
        sentence_f1_with_gold=None if settings.compat else _mean_f1(counts, numbers * (counts[:, 2] > 0), ill_formed),
        _interval=interval,
    )


def _mean_f1(counts: Floats, numbers: NDArray[np.intp], ill_formed: NDArray[np.intp]) -> float | None:
    """Mean F1 of the sentences (see `counting.sentence_f1`), of which ``ill_formed`` earn nothing."""
    f1 = np.nan_to_num(micro_f1(counts), nan=1.0)
    total = int(numbers.sum())
    return repeated_sum(f1, np.maximum(numbers - ill_formed, 0)) / total if total else None


def _whole(value: float) -> float:
    """Counts are whole numbers and shown as such; partial credit stays what it is."""
    return int(value) if float(value).is_integer() else float(value)


def _ratios(counts: Counts) -> dict[str, Any]:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "tp": counts.tp,
        "n_pred": counts.n_pred,
        "n_gold": counts.n_gold,
    }


def corpus_warnings(tally: Tally) -> list[str]:
    """What to know about the sentences and settings of a score."""
    found = []
    if tally.settings.compat:
        found.append(
            "compat=r2grpo imitates an evaluator that forgets the predictions of sentences with F1 = 0: "
            "precision is too high; use it only beside numbers from that evaluator"
        )
    if tally.missing and tally.missing >= 0.01 * tally.n_sentences:
        found.append(f"{tally.missing} of {tally.n_sentences} sentences have no prediction and count as empty")
    if tally.settings.cluster == "doc_id" and tally.sentences.n_documents < 2:
        found.append("cluster=doc_id, but the sentences name fewer than two documents (doc_id): no intervals")
    return found + _unspoken_tasks(tally)


def content_warnings(tally: Tally) -> list[str]:
    """What to know about the predicted texts and labels."""
    found = []
    spaced_out, unmatched = tally.spacing
    share = spaced_out / unmatched if unmatched else 0
    if share >= 0.05:
        found.append(
            f"{spaced_out} of {unmatched} unmatched predicted entities ({share:.0%}) "
            "differ from gold in blanks only; --normalize spacing matches them"
        )
    return found + _unknown_gold_labels(tally) + _unknown_predicted_labels(tally)


def _unspoken_tasks(tally: Tally) -> list[str]:
    spoken = tally.spoken_tasks()
    unspoken = [task for task in tally.spoken_tasks(by_gold_alone=True) if task not in spoken]
    return [f"not scored, since no prediction speaks of it: {', '.join(unspoken)}"] if unspoken else []


def _unknown_predicted_labels(tally: Tally) -> list[str]:
    """Say so when a model writes labels of its own: in another case, say, all of them count as wrong."""
    found = []
    for task, names in _known_labels(tally).items():
        rows = tally.by_type(task)
        unknown = {label: row.n_pred for label, row in rows.items() if label not in names and not row.n_gold}
        predicted = sum(row.n_pred for row in rows.values())
        if sum(unknown.values()) >= 0.05 * predicted > 0:
            shown = ", ".join(sorted(unknown, key=lambda label: (-unknown[label], label))[:3])
            found.append(
                f"{sum(unknown.values())} of {predicted} predicted {task} items have labels that neither the schema "
                f"{tally.settings.schema.name} nor gold knows ({shown}); they count as wrong"
            )
    return found


def _known_labels(tally: Tally) -> dict[Task, frozenset[str]]:
    schema = tally.settings.schema
    labels: dict[Task, frozenset[str]] = {"ner": schema.entity_name_set, "rel": schema.relation_name_set}
    return {task: names for task, names in labels.items() if task in tally.settings.tasks}


def _unknown_gold_labels(tally: Tally) -> list[str]:
    schema = tally.settings.schema
    found = []
    for task, names in _known_labels(tally).items():
        rows = tally.by_type(task)
        unknown = sorted(label for label, row in rows.items() if row.n_gold and label not in names)
        if unknown:
            shown = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")
            found.append(f"gold has {task} labels that schema {schema.name} lacks ({shown}); give yours with --schema")
    return found
