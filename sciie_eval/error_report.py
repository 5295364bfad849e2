"""`errors`: what a corpus of predictions got wrong, and how: kinds, confusions, audits, the worst sentences.

Every number of a task is a sum over one table: how often a gold label met a predicted label under which kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

from sciie_eval.audits import AUDITS
from sciie_eval.classification import Classified, Classifier, Stated, error_settings
from sciie_eval.evaluate import Gold, Reading, evaluate_file
from sciie_eval.exceptions import UsageError
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.results import OTHER, CorpusScore
from sciie_eval.rules import Task
from sciie_eval.schema import Example, Extraction
from sciie_eval.scoring import Prediction, tally_predictions
from sciie_eval.settings import Settings
from sciie_eval.tally import Tally
from sciie_eval.taxonomy import KINDS, Kind

__all__ = ["Audit", "ErrorReport", "Meeting", "TaskErrors", "TypeErrors", "errors", "errors_of_file"]

MAX_EXAMPLES = 5
"""Examples that an audit keeps."""


class Meeting(NamedTuple):
    """What met: a gold label and a predicted one (None where there is no such item), under a kind.

    Labels outside the schema are ``(other)``. ``in_sentence``: see `classification.Finding`.
    """

    gold: str | None
    predicted: str | None
    kind: Kind
    in_sentence: bool | None = None


@dataclass(frozen=True)
class TypeErrors:
    """The items of one type by kind: the gold items, and the predicted ones.

    A correct prediction is filed under the type of its gold item, any other under its own, as `score` does.
    """

    gold: dict[Kind, int]
    predicted: dict[Kind, int]

    @property
    def n_gold(self) -> int:
        """Gold items of the type."""
        return sum(self.gold.values())

    @property
    def n_pred(self) -> int:
        """Predicted items filed under the type."""
        return sum(self.predicted.values())


@dataclass(frozen=True)
class TaskErrors:
    """The errors of one task.

    Attributes:
        task: ner, rel or rel+.
        meetings: how often what met; all else is summed up from this.
        types: the schema's types, ``(other)`` last where it is needed.
    """

    task: Task
    meetings: Mapping[Meeting, int]
    types: tuple[str, ...]

    @cached_property
    def kinds(self) -> dict[Kind, int]:
        """Items, or pairs of items, by kind."""
        return self._kinds(self.meetings.items())

    @property
    def tp(self) -> int:
        """Correct pairs: the tp of `score`."""
        return self.kinds["correct"]

    @property
    def n_gold(self) -> int:
        """Gold items: all but the spurious."""
        return sum(self.kinds.values()) - self.kinds["spurious"]

    @property
    def n_pred(self) -> int:
        """Predicted items: all but the missed."""
        return sum(self.kinds.values()) - self.kinds["missed"]

    def spurious(self, in_sentence: bool | None) -> int:
        """Spurious items whose texts stand in the sentence, do not, or (None) of which it is not known."""
        return sum(n for met, n in self.meetings.items() if met.kind == "spurious" and met.in_sentence is in_sentence)

    @cached_property
    def by_type(self) -> dict[str, TypeErrors]:
        """The kinds of the items of every type; they sum to the task's counts."""
        out = {}
        for name in self.types:
            golds = [(met, n) for met, n in self.meetings.items() if met.gold == name]
            said = [
                (met, n)
                for met, n in self.meetings.items()
                if met.predicted is not None and (met.gold if met.kind == "correct" else met.predicted) == name
            ]
            out[name] = TypeErrors(self._kinds(golds, "spurious"), self._kinds(said, "missed"))
        return out

    @cached_property
    def confusion(self) -> dict[tuple[str | None, str | None], int]:
        """Pairs by gold and predicted label, whatever their kind; None in place of a label: spurious, or missed."""
        found: Counter[tuple[str | None, str | None]] = Counter()
        for met, n in self.meetings.items():
            found[met.gold, met.predicted] += n
        return {
            key: found[key]
            for key in ((one, two) for one in (*self.types, None) for two in (*self.types, None))
            if found[key]
        }

    def _kinds(self, met: Iterable[tuple[Meeting, int]], without: Kind | None = None) -> dict[Kind, int]:
        found: Counter[Kind] = Counter()
        for meeting, n in met:
            found[meeting.kind] += n
        return {kind: found[kind] for kind in KINDS[self.task] if kind != without}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        split = {"in_sentence": self.spurious(True), "not_in_sentence": self.spurious(False)}
        counts = {"tp": self.tp, "n_pred": self.n_pred, "n_gold": self.n_gold}
        return {**counts, "kinds": dict(self.kinds), "spurious": split}


@dataclass
class Audit:
    """What one audit found.

    Attributes:
        n: findings.
        sentences: sentences with any.
        examples: (sentence id, fields of the item) of the first findings, at most five.
    """

    n: int = 0
    sentences: int = 0
    examples: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        shown = [{"id": name, "item": list(item)} for name, item in self.examples]
        return {"n": self.n, "sentences": self.sentences, "examples": shown}


@dataclass(frozen=True, repr=False)
class ErrorReport:
    """All that `errors` found; `to_dict` is what ``sciie-eval errors --format json`` prints.

    Attributes:
        score: the score of the same predictions under the same settings; its counts are the sums of the kinds.
        tasks: the errors of every task asked for; None for one that no prediction (or no gold) speaks of.
        audits: by code (`audits.AUDITS`), those that found something.
        worst: the sentences with most errors, worst first.
    """

    score: CorpusScore
    tasks: dict[Task, TaskErrors | None]
    audits: dict[str, Audit]
    worst: tuple[Classified, ...]

    def __repr__(self) -> str:
        wrong = (
            f"{task} {'–' if found is None else sum(found.kinds.values()) - found.tp}"
            for task, found in self.tasks.items()
        )
        return f"ErrorReport(errors: {', '.join(wrong)}; {self.score.n_sentences} sentences)"

    @property
    def signature(self) -> str:
        """That of the score: the line under which the counts can be compared."""
        return self.score.signature

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader of the numbers has to know."""
        return self.score.warnings

    @property
    def spoken(self) -> dict[Task, TaskErrors]:
        """The tasks that were scored."""
        return {task: found for task, found in self.tasks.items() if found is not None}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        score = self.score.to_dict()
        head = {name: score[name] for name in ("signature", "n_sentences", "missing", "parse", "issues", "warnings")}
        return {
            **head,
            "tasks": {task: None if found is None else found.to_dict() for task, found in self.tasks.items()},
            "by_type": {
                task: {name: {"gold": row.gold, "predicted": row.predicted} for name, row in found.by_type.items()}
                for task, found in self.spoken.items()
            },
            "confusion": {
                task: [{"gold": one, "predicted": two, "n": n} for (one, two), n in found.confusion.items()]
                for task, found in self.spoken.items()
            },
            "audits": {code: found.to_dict() for code, found in self.audits.items()},
            "worst": [self._shown(sentence) for sentence in self.worst],
        }

    def _shown(self, sentence: Classified) -> dict[str, Any]:
        """A sentence without the tasks that are not scored."""
        found = sentence.to_dict()
        return found | {"items": [item for item in found["items"] if item["task"] in self.spoken]}


def errors(
    gold: Sequence[Example | Extraction | Mapping[str, Any]],
    predicted: Sequence[Prediction] | Mapping[str, Prediction],
    *,
    show: int = 5,
    **settings: Any,
) -> ErrorReport:
    """Tell what became of every gold and every predicted item (definitions: docs/errors.md).

    Args:
        gold: one item a sentence, as for `scoring.score`.
        predicted: the predictions, likewise.
        show: how many of the sentences with most errors to keep, at least 0.
        **settings: the fields of `Settings`; compat and partial credit do not apply.

    Raises:
        InputError: lengths that differ, an unknown id, or something that is no prediction.
        UsageError: a wrong setting, or one that does not apply.

    >>> gold = [{"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]], "rel": []}]
    >>> found = errors(gold, ['{"ner": [["BERT", "Task"], ["GPT", "Method"]], "rel": []}'])
    >>> {kind: n for kind, n in found.tasks["ner"].kinds.items() if n}
    {'type': 1, 'missed': 1, 'spurious': 1}
    >>> found.audits["text_not_in_sentence"].examples
    [('0', ('GPT', 'Method'))]
    """
    collector = _Collector(error_settings(Settings.of(**settings)), show)
    tallied = tally_predictions(gold, predicted, collector.settings, keep=False, watch=collector.add)
    return collector.report(tallied.score())


def errors_of_file(
    path: str | Path, settings: Settings, gold: Gold | None = None, reading: Reading | None = None, *, show: int = 5
) -> ErrorReport:
    """The same for a prediction file, which is read row by row.

    Args:
        path: the file.
        settings: how items compare.
        gold: where gold is; None when every row holds its own.
        reading: how to read.
        show: how many of the sentences with most errors to keep, at least 0.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
        UsageError: a setting that does not apply.
    """
    found = evaluate_file(path, settings, gold, reading, watch=partial(_Collector, error_settings(settings), show))
    assert isinstance(found.watch, _Collector)
    return found.watch.report(found.score())


class _Collector:
    """Looks on while sentences are counted; keeps sums and the worst sentences."""

    def __init__(self, settings: Settings, show: int) -> None:
        if show < 0:
            raise UsageError(f"show: expected a number of sentences from 0 up, got {show}")
        self.settings, self._show = settings, show
        self._classifier: Classifier | None = None
        self._meetings: dict[Task, Counter[Meeting]] = {task: Counter() for task in settings.tasks}
        self._audits = {code: Audit() for code in AUDITS}
        self._worst: list[Classified] = []

    def add(self, tally: Tally, example: Example, parsed: ParsedCompletion | None) -> None:
        if self._classifier is None:
            self._classifier = Classifier(self.settings, tally.scorer.spans)
        sentence = self._classifier.explain(example, parsed, tally.matches.pop())
        for finding in sentence.findings:
            gold, said = (self._label(finding.task, item) for item in (finding.gold, finding.predicted))
            self._meetings[finding.task][Meeting(gold, said, finding.kind, finding.in_sentence)] += 1
        for code in dict.fromkeys(flag.code for flag in sentence.flags):
            self._audits[code].sentences += 1
        for flag in sentence.flags:
            audit = self._audits[flag.code]
            audit.n += 1
            if len(audit.examples) < MAX_EXAMPLES:
                audit.examples.append((sentence.id, flag.item))
        if sentence.errors:
            self._worst.append(sentence)
            if len(self._worst) > 2 * self._show + 100:
                self._cut()

    def merge(self, other: _Collector) -> None:
        for task, met in self._meetings.items():
            met.update(other._meetings[task])
        for code, audit in self._audits.items():
            more = other._audits[code]
            audit.n += more.n
            audit.sentences += more.sentences
            audit.examples += more.examples[: MAX_EXAMPLES - len(audit.examples)]
        self._worst += other._worst
        self._cut()

    def _cut(self) -> None:
        self._worst = sorted(self._worst, key=lambda sentence: (-sentence.errors, sentence.id))[: self._show]

    def _label(self, task: Task, item: Stated | None) -> str | None:
        if item is None:
            return None
        schema, label = self.settings.schema, item.label
        return label if label in (schema.entity_name_set if task == "ner" else schema.relation_name_set) else OTHER

    def report(self, score: CorpusScore) -> ErrorReport:
        self._cut()
        schema = self.settings.schema
        tasks: dict[Task, TaskErrors | None] = {}
        for task, met in self._meetings.items():
            names = schema.entity_names if task == "ner" else schema.relation_names
            others = (OTHER,) if any(OTHER in (meeting.gold, meeting.predicted) for meeting in met) else ()
            tasks[task] = None if score.tasks[task] is None else TaskErrors(task, met, (*names, *others))
        audits = {code: found for code, found in self._audits.items() if found.n}
        return ErrorReport(score, tasks, audits, tuple(self._worst))
