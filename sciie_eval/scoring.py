"""`score`: gold and predictions in, every number with its interval, health and signature out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sciie_eval.counting import Counts, GoldSentence
from sciie_eval.exceptions import InputError
from sciie_eval.items import EMPTY, items_of
from sciie_eval.parsing import STATUSES, ParsedCompletion, message_text, parse_completion, parse_mapping
from sciie_eval.rules import Task
from sciie_eval.schema import Example, Extraction
from sciie_eval.settings import Settings
from sciie_eval.signature import GoldHash, signature
from sciie_eval.stats import Floats, bootstrap_interval, cluster_interval, cluster_totals
from sciie_eval.tally import Tally

__all__ = ["OTHER", "CorpusScore", "Prediction", "TaskScore", "corpus_score", "read_prediction", "score"]

OTHER = "(other)"
"""The row of all labels that the schema does not know."""

Prediction = Extraction | ParsedCompletion | str | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""An extraction, a parsed or raw completion, a message or list of messages, a mapping in SciER's form, or nothing."""


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


@dataclass(frozen=True)
class CorpusScore:
    """All that `score` found; `to_dict` is what ``sciie-eval score --format json`` prints.

    Attributes:
        tasks: the score of every task asked for; None for a task that no prediction (or no gold) speaks of.
        n_sentences: gold sentences, with or without a prediction.
        missing: sentences without a prediction; they count as empty predictions.
        parse: number of predictions by parse status.
        issues: number of predictions by issue code (`parsing.ISSUES`).
        warnings: what the reader of the numbers has to know.
        signature: under which the numbers can be compared.
        counts: per task the (n_sentences, 3) matrix of tp, n_pred, n_gold.
        documents: the document of every sentence.
    """

    tasks: dict[Task, TaskScore | None]
    n_sentences: int
    missing: int
    parse: dict[str, int]
    issues: dict[str, int]
    warnings: tuple[str, ...]
    signature: str
    counts: dict[Task, Floats] = field(repr=False)
    documents: tuple[str, ...] = field(repr=False)

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


def score(
    gold: Sequence[Example | Extraction | Mapping[str, Any]],
    predicted: Sequence[Prediction] | Mapping[str, Prediction],
    **settings: Any,
) -> CorpusScore:
    """Score predictions against gold.

    Args:
        gold: one item a sentence.
        predicted: one prediction a sentence in the same order, or a mapping from example id to prediction (sentences
            without one are missing). Raw completions are parsed.
        **settings: the fields of `Settings`: match, threshold, normalize, duplicates, symmetric, credit, parse, tasks,
            schema, compat, ci, bootstrap, cluster, seed.

    Raises:
        InputError: lengths that differ, an unknown id, or something that is no prediction.
        UsageError: a wrong setting.

    >>> gold = [{"ner": [["BERT", "Method"], ["NER", "Task"]], "rel": [["BERT", "Used-For", "NER"]]}]
    >>> result = score(gold, ['<answer>{"ner": [["BERT", "Method"]], "rel": []}</answer>'])
    >>> result.ner.precision, result.ner.recall, result.rel.f1
    (1.0, 0.5, 0.0)
    """
    how = Settings(**settings)
    examples = [_example(item, number, how) for number, item in enumerate(gold)]
    aligned = _aligned(examples, predicted)
    read = [None if item is None and isinstance(predicted, Mapping) else read_prediction(item, how) for item in aligned]
    golds = [GoldSentence(items_of(example.gold)) for example in examples]
    placed = [item.items for item in read if item is not None] + [sentence.items for sentence in golds]
    spans = all(items.has_spans for items in placed) and any(items.entities for items in placed)
    tally = Tally(how, spans)
    for example, sentence, prediction in zip(examples, golds, read, strict=True):
        tally.add(sentence, prediction, example.doc_id)
    return corpus_score(tally, lambda: f"given@{GoldHash(examples).hexdigest()[:12]}")


def read_prediction(value: Prediction, settings: Settings) -> ParsedCompletion:
    """Bring any form of prediction to a parsed completion; None becomes no_answer."""
    if isinstance(value, str):
        return parse_completion(value, settings.schema, mode=settings.parse)
    if isinstance(value, ParsedCompletion):
        return value
    if isinstance(value, Extraction):
        return ParsedCompletion(items_of(value), "ok")
    if isinstance(value, Mapping) and "content" not in value:
        return parse_mapping(value, settings.schema, mode=settings.parse)
    if isinstance(value, Mapping | Sequence):
        return parse_completion(message_text(value), settings.schema, mode=settings.parse)
    if value is None:
        return ParsedCompletion(EMPTY, "no_answer")
    raise InputError(f"prediction: expected a completion, a mapping or an Extraction, got {type(value).__name__}")


def corpus_score(
    tally: Tally, gold_name: Callable[[], str], *, warnings: Iterable[str] = (), sample: int | None = None
) -> CorpusScore:
    """Turn sums into scores.

    Args:
        tally: all sentences.
        gold_name: gives name and hash of the gold; asked once.
        warnings: what the reader of the file has to say.
        sample: which of K samples was scored.
    """
    spoken = tally.spoken_tasks()
    counts = tally.counts()
    tasks = {
        task: _task_score(tally, task, counts[task]) if task in spoken else None for task in tally.settings.tasks
    }
    return CorpusScore(
        tasks=tasks,
        n_sentences=tally.n_sentences,
        missing=tally.missing,
        parse={status: tally.statuses[status] for status in STATUSES if tally.statuses[status]},
        issues=dict(tally.issues.most_common()),
        warnings=(*warnings, *_warnings(tally)),
        signature=signature(
            tally.settings,
            gold=gold_name(),
            items="offsets" if tally.scorer.spans else "text",
            sample=sample,
        ),
        counts=counts,
        documents=tuple(tally.documents),
    )


def _task_score(tally: Tally, task: Task, counts: Floats) -> TaskScore:
    settings = tally.settings
    names = settings.schema.entity_names if task == "ner" else settings.schema.relation_names
    rows = {label: Counts(_whole(row[0]), int(row[1]), int(row[2])) for label, row in tally.by_type[task].items()}
    by_type = {name: rows.pop(name, Counts(0, 0, 0)) for name in names}
    known = [counts.f1 for counts in by_type.values() if counts.f1 is not None]
    if rows:
        tp, n_pred, n_gold = map(sum, zip(*rows.values(), strict=True))
        by_type[OTHER] = Counts(tp, int(n_pred), int(n_gold))
    totals = counts.sum(axis=0)
    sentences = tally.sentence_f1(task)
    documents = tally.documents

    def interval() -> tuple[float, float] | None:
        if settings.cluster == "doc_id":
            return cluster_interval(cluster_totals(counts, documents), level=settings.ci)
        return bootstrap_interval(counts, level=settings.ci, resamples=settings.bootstrap, seed=settings.seed)

    return TaskScore(
        tp=_whole(float(totals[0])),
        n_pred=int(totals[1]),
        n_gold=int(totals[2]),
        by_type=by_type,
        macro_f1=sum(known) / len(known) if known else None,
        sentence_f1=_mean(sentences),
        sentence_f1_with_gold=_mean(sentences[counts[:, 2] > 0]),
        _interval=interval,
    )


def _mean(values: Floats) -> float | None:
    return float(np.sort(values).mean()) if len(values) else None


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


def _example(item: Example | Extraction | Mapping[str, Any], number: int, settings: Settings) -> Example:
    if isinstance(item, Example):
        return item
    if isinstance(item, Extraction):
        return Example(id=str(number), sentence="", gold=item)
    if isinstance(item, Mapping):
        gold = Extraction.from_scier(item, settings.schema, where=f"gold[{number}]")
        name, document = str(item.get("id", number)), str(item.get("doc_id", ""))
        return Example(id=name, doc_id=document, sentence=str(item.get("sentence", "")), gold=gold)
    raise InputError(f"gold[{number}]: expected an Example, an Extraction or a mapping, got {type(item).__name__}")


def _aligned(
    examples: list[Example], predicted: Sequence[Prediction] | Mapping[str, Prediction]
) -> Sequence[Prediction]:
    """The predictions in the order of the examples."""
    if isinstance(predicted, Mapping):
        known = {example.id for example in examples}
        if unknown := [name for name in predicted if name not in known]:
            raise InputError(f"predicted: {len(unknown)} ids are not in gold, the first is {unknown[0]!r}")
        return [predicted.get(example.id) for example in examples]
    if isinstance(predicted, str) or len(predicted) != len(examples):
        raise InputError(
            f"predicted: expected one prediction a sentence ({len(examples)}), got {len(predicted)}; "
            "give a mapping from example id to prediction where some are missing"
        )
    return predicted


def _warnings(tally: Tally) -> list[str]:
    found = []
    if tally.settings.compat:
        found.append(
            "compat=r2grpo imitates an evaluator that forgets the predictions of sentences with F1 = 0: "
            "precision is too high; use it only beside numbers from that evaluator"
        )
    if tally.unmatched and tally.spaced_out / tally.unmatched >= 0.05:
        found.append(
            f"{tally.spaced_out} of {tally.unmatched} unmatched predicted entities ({tally.spaced_out / tally.unmatched:.0%}) "
            "differ from gold in blanks only; --normalize spacing matches them"
        )
    if tally.missing and tally.missing >= 0.01 * tally.n_sentences:
        found.append(f"{tally.missing} of {tally.n_sentences} sentences have no prediction and count as empty")
    found.extend(_unknown_gold_labels(tally))
    return found


def _unknown_gold_labels(tally: Tally) -> list[str]:
    schema = tally.settings.schema
    found = []
    for task, names in (("ner", schema.entity_name_set), ("rel", schema.relation_name_set)):
        rows = tally.by_type.get(task, {})  # type: ignore[call-overload]
        unknown = sorted(label for label, row in rows.items() if row[2] and label not in names)
        if unknown:
            shown = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")
            found.append(f"gold has {task} labels that schema {schema.name} lacks ({shown}); give yours with --schema")
    return found
