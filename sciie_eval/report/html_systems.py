"""What the HTML report needs of every prediction file: its scores, its curves over K, and all samples explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciie_eval.classification import Classified, Classifier
from sciie_eval.comparison import System, signature_of_tests
from sciie_eval.counting import GoldSentence, SentenceScorer
from sciie_eval.curve_results import SampleScores
from sciie_eval.evaluate import Evaluation, Gold, Reading, evaluate_file
from sciie_eval.evaluate_samples import evaluate_samples
from sciie_eval.exceptions import InputError
from sciie_eval.items import EMPTY, items_of
from sciie_eval.parsing import ParsedCompletion
from sciie_eval.predictions import Joined, PredictionFile
from sciie_eval.report.html_data import gold_data, kind_of, pairs_of, sample_data
from sciie_eval.rules import Task
from sciie_eval.sampling import Sampling
from sciie_eval.scoring import read_prediction
from sciie_eval.settings import Settings

__all__ = ["Read", "explain", "read_system", "relations_of"]


class _KeptFile(PredictionFile):
    """A file that can be gone through several times: standard input, too, is read once."""

    kept: list[Joined] | None = None

    def __iter__(self) -> Iterator[Joined]:
        if self.kept is None:
            self.kept = list(super().__iter__())
        return iter(self.kept)


@dataclass(frozen=True)
class _Once(Reading):
    """Reads a file the first time it is opened and gives the same rows every time after."""

    opened: list[_KeptFile] = field(default_factory=list)

    def open(
        self, path: str | Path, settings: Settings, gold: Gold | None, *, gold_needed: bool = True
    ) -> PredictionFile:
        if not self.opened:
            examples = gold.examples if gold is not None else None
            self.opened.append(
                _KeptFile(
                    path,
                    settings.schema,
                    examples,
                    self.join,
                    self.skip_bad_lines,
                    self.on_bytes,
                    gold_needed=gold_needed,
                )
            )
        return self.opened[0]


@dataclass
class Read:
    """One prediction file.

    Attributes:
        system: its scores and matches, as comparisons take them.
        rows: its sentences with their samples, in the order in which they were counted.
        spans: whether offsets were compared.
        sample: which sample the scores are of.
        curves: over K, where sentences have several samples.
        notes: what to know beside the scores' warnings.
        kinds: findings of the scored sample, by task and kind.
        pairs: the same by `html_data.pairs_of`.
        audits: flags of the scored sample, by code.
    """

    system: System
    rows: list[Joined]
    spans: bool
    sample: int
    curves: SampleScores | None
    notes: list[str]
    kinds: dict[Task, Counter[str]] = field(default_factory=dict)
    pairs: Counter[str] = field(default_factory=Counter)
    audits: Counter[str] = field(default_factory=Counter)


def read_system(name: str, path: Path, settings: Settings, gold: Gold | None, reading: Reading) -> Read:
    """Read a file once and score it, with its curves where there are several samples.

    Raises:
        InputError: what is wrong with the file, where, and what to do.
    """
    once = _Once(reading.join, reading.skip_bad_lines, reading.sample, reading.on_bytes)
    found = evaluate_file(path, settings, gold, once, keep=True)
    rows = once.opened[0].kept or []
    curves, notes = None, []
    if any(len(row.samples) > 1 for row in rows):
        try:
            curves = evaluate_samples(path, settings, Sampling(), gold, once)
        except InputError as error:
            notes.append(f"no curves over K: {error}")
    return Read(_system(name, found, settings), rows, found.tally.scorer.spans, reading.sample, curves, notes)


def _system(name: str, found: Evaluation, settings: Settings) -> System:
    score = found.score(signature_of_tests(settings))
    return System(name, score, found.tally.matches, found.examples)


def relations_of(systems: Sequence[Read]) -> Task:
    """Relations are shown with the types of their arguments where every system was scored on these."""
    typed = all(read.system.score.tasks.get("rel+") is not None for read in systems)
    return "rel+" if typed else "rel"


def explain(systems: Sequence[Read], settings: Settings) -> list[dict[str, Any]]:
    """Every sentence with all samples of all systems as JSON; the findings of the scored samples are counted."""
    relations = relations_of(systems)
    orders = [_by_occurrence(read.rows) for read in systems]
    sentences = []
    for key, row in orders[0].items():
        first = _Explainer(systems[0], row, settings)
        data, index = gold_data(row.example, first.nothing(), relations)
        data["systems"] = []
        for read, order in zip(systems, orders, strict=True):
            explainer = _Explainer(read, order[key], settings)
            explained = list(explainer.samples())
            _count(read, explained, explainer)
            data["systems"].append(
                [sample_data(sample, parsed, found, index, relations) for sample, parsed, found in explained]
            )
        sentences.append(data)
    return sentences


def _by_occurrence(rows: Sequence[Joined]) -> dict[tuple[str, int], Joined]:
    """Rows by id, and where several sentences have one id by the number of its occurrence."""
    seen: Counter[str] = Counter()
    found = {}
    for row in rows:
        found[row.example.id, seen[row.example.id]] = row
        seen[row.example.id] += 1
    return found


class _Explainer:
    """Explains the samples of one sentence, each different text once."""

    def __init__(self, read: Read, row: Joined, settings: Settings) -> None:
        self._row, self._settings = row, settings
        self._scorer = SentenceScorer(settings.rule, settings.tasks, read.spans)
        self._classifier = Classifier(settings, read.spans)
        self._gold = GoldSentence(items_of(row.example.gold))

    def nothing(self) -> Classified:
        """The sentence without a prediction."""
        return self._classifier.explain(self._row.example, None, self._scorer.matches(self._gold, EMPTY))

    def samples(self) -> Iterator[tuple[Any, ParsedCompletion, Classified]]:
        """Every sample with what it says and what became of it."""
        texts: dict[str, tuple[Any, ParsedCompletion, Classified]] = {}
        for sample in self._row.samples:
            known = texts.get(sample) if isinstance(sample, str) else None
            if known is None:
                parsed = read_prediction(sample, self._settings, self._row.example.id)
                matches = self._scorer.matches(self._gold, parsed.items)
                known = sample, parsed, self._classifier.explain(self._row.example, parsed, matches)
                if isinstance(sample, str):
                    texts[sample] = known
            yield known


def _count(read: Read, explained: Sequence[tuple[Any, ParsedCompletion, Classified]], explainer: _Explainer) -> None:
    """Add the scored sample's findings, or those of a prediction that is missing."""
    found = explained[min(read.sample, len(explained) - 1)][2] if explained else explainer.nothing()
    for finding in found.findings:
        read.kinds.setdefault(finding.task, Counter())[kind_of(finding)] += 1
        read.pairs[pairs_of(finding)] += 1
    read.audits.update(flag.code for flag in found.flags)
