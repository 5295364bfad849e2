"""One sentence, explained: every gold and every predicted item with its kind, its partner and its places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sciie_eval.audits import Flag, audit
from sciie_eval.exceptions import UsageError
from sciie_eval.matching import Match
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.places import Places
from sciie_eval.rules import Task
from sciie_eval.schema import Example, Extraction, Span
from sciie_eval.scoring import Prediction, tally_predictions
from sciie_eval.settings import Settings
from sciie_eval.sides import Item, Side
from sciie_eval.tally import Tally, tasks_of
from sciie_eval.taxonomy import Judge, Judged, Kind

__all__ = ["Classified", "Classifier", "Finding", "Stated", "classify", "error_settings"]


@dataclass(frozen=True, slots=True)
class Stated:
    """An item as gold or a prediction states it.

    Attributes:
        label: its type or relation.
        texts: the text of an entity, or subject and object.
        types: of subject and object, for rel+ alone: several joined by "|", "" where there is none.
        places: per text, the character offsets (start, end) at which it stands in the sentence.
    """

    label: str
    texts: tuple[str, ...]
    types: tuple[str, ...]
    places: tuple[tuple[Span, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        places = [[list(span) for span in found] for found in self.places]
        out: dict[str, Any] = {"label": self.label, "texts": list(self.texts), "places": places}
        return out | {"types": list(self.types)} if self.types else out


@dataclass(frozen=True, slots=True)
class Finding:
    """A gold item, a predicted item, or a pair of them, with its kind.

    Attributes:
        task: ner, rel or rel+.
        kind: one of `taxonomy.KINDS` of the task.
        gold: the gold item; None when spurious.
        predicted: the predicted item; None when missed.
        in_sentence: of a spurious item, whether all its texts stand in the sentence; None for others, and where the
            sentence is not known.
    """

    task: Task
    kind: Kind
    gold: Stated | None
    predicted: Stated | None
    in_sentence: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        out: dict[str, Any] = {"task": self.task, "kind": self.kind}
        for name, item in (("gold", self.gold), ("predicted", self.predicted)):
            out[name] = None if item is None else item.to_dict()
        return out if self.in_sentence is None else out | {"in_sentence": self.in_sentence}


@dataclass(frozen=True, slots=True)
class Classified:
    """A sentence with all its items.

    Attributes:
        id: of the example; likewise ``doc_id`` and ``sentence``.
        status: parse status of the prediction; ``missing`` where there is none.
        findings: sorted by task, kind and text; the order of gold and predictions does not matter.
        flags: what the audits found.
        spoken: tasks that the prediction speaks of, or all where it says nothing.
    """

    id: str
    doc_id: str
    sentence: str
    status: str
    findings: tuple[Finding, ...]
    flags: tuple[Flag, ...]
    spoken: frozenset[Task]

    def of(self, task: Task) -> list[Finding]:
        """The findings of one task."""
        return [finding for finding in self.findings if finding.task == task]

    @property
    def errors(self) -> int:
        """Findings that are not correct, in the tasks spoken of; what rel has counted is not counted again in rel+."""
        again = "rel" in self.spoken and any(finding.task == "rel" for finding in self.findings)
        return sum(
            finding.kind != "correct"
            and finding.task in self.spoken
            and (finding.task != "rel+" or finding.kind == "argument type" or not again)
            for finding in self.findings
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "id": self.id,
            "doc_id": self.doc_id,
            "sentence": self.sentence,
            "status": self.status,
            "errors": self.errors,
            "items": [finding.to_dict() for finding in self.findings],
            "audits": [{"audit": flag.code, "item": list(flag.item)} for flag in self.flags],
        }


class Classifier:
    """Explains sentences that were matched; stateless.

    Args:
        settings: how they were matched.
        spans: by offsets in place of texts.
    """

    def __init__(self, settings: Settings, spans: bool = False) -> None:
        self.settings, self.spans = settings, spans
        self._judge = Judge(settings.rule, spans)

    def explain(self, example: Example, parsed: ParsedCompletion | None, matches: Mapping[Task, Match]) -> Classified:
        """What became of every item of a sentence.

        Args:
            example: the sentence.
            parsed: its prediction; None where there is none.
            matches: of every task, made under the same settings.
        """
        places = Places(example.sentence)
        findings = [
            self._finding(task, judged, match, places)
            for task, match in matches.items()
            for judged in self._judge.judge(task, match, places)
        ]
        sections = parsed.items.sections if parsed is not None else ()
        return Classified(
            example.id,
            example.doc_id,
            example.sentence,
            "missing" if parsed is None else parsed.status,
            tuple(findings),
            tuple(audit(parsed, places, self.settings, self.spans)),
            frozenset(tasks_of(sections) if sections else matches),
        )

    def _finding(self, task: Task, judged: Judged, match: Match, places: Places) -> Finding:
        gold, other = judged.gold, judged.predicted
        stated = None if gold is None else self._stated(task, gold, match.gold, places)
        said = None if other is None else self._stated(task, other, match.predicted, places)
        known = judged.kind == "spurious" and said is not None and bool(places.sentence)
        return Finding(task, judged.kind, stated, said, all(said.places) if known and said is not None else None)

    def _stated(self, task: Task, item: Item, side: Side, places: Places) -> Stated:
        fields = item[:1] if task == "ner" else (item[0], item[2])
        if self.spans:
            texts = tuple(places.sentence[slice(*span)] or side.texts()[span] for span in fields)
            found: tuple[tuple[Span, ...], ...] = tuple((span,) for span in fields)
        else:
            behind = side.texts()
            texts = tuple(behind.get(text, text) for text in fields)
            found = tuple(places.find(text) for text in texts)
        types = tuple(map(_type, item[3:5])) if task == "rel+" else ()
        return Stated(item[1], texts, types, found)


def _type(types: str | tuple[str, ...] | None) -> str:
    return "" if types is None else types if isinstance(types, str) else "|".join(types)


def error_settings(settings: Settings) -> Settings:
    """The settings, if errors can be told under them.

    Raises:
        UsageError: ``compat`` forgets predictions, and partial credit has no whole items to count.
    """
    if settings.compat is not None:
        raise UsageError(f"compat={settings.compat} forgets predictions, and errors tells what became of all; leave it")
    if settings.credit != "count":
        raise UsageError(f"credit={settings.credit} counts parts of items, and errors whole ones; leave credit out")
    return settings


def classify(gold: Example | Extraction | Mapping[str, Any], predicted: Prediction, **settings: Any) -> Classified:
    """Say what became of every gold and every predicted item of one sentence.

    Args:
        gold: the sentence; without its text, nothing is said about places.
        predicted: any form of prediction (see `scoring.score`).
        **settings: the fields of `Settings`.

    Raises:
        InputError: something that is no gold or no prediction.
        UsageError: a wrong setting, or one that errors cannot be told under (compat, partial credit).

    >>> gold = {"sentence": "BERT solves NER .", "ner": [["BERT", "Method"], ["NER", "Task"]], "rel": []}
    >>> found = classify(gold, '{"ner": [["BERT", "Task"], ["solves", "Task"]], "rel": []}')
    >>> [(finding.kind, finding.predicted and finding.predicted.places) for finding in found.of("ner")]
    [('type', (((0, 4),),)), ('missed', None), ('spurious', (((5, 11),),))]
    """
    found: list[Classified] = []

    def watch(tally: Tally, example: Example, parsed: ParsedCompletion | None) -> None:
        classifier = Classifier(tally.settings, tally.scorer.spans)
        found.append(classifier.explain(example, parsed, tally.matches.pop()))

    tally_predictions([gold], [predicted], error_settings(Settings.of(**settings)), keep=False, watch=watch)
    return found[0]
